#![allow(clippy::unwrap_used)]
use std::future::{pending, ready};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use tokio::task::JoinSet;
use tonic::Code;

use super::*;

const BEGINS: Turn = Turn::Begins { bytes: 100 };

fn far() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}

/// A window whose places are all taken.
async fn full() -> (Window, Vec<Place>) {
    let window = Window::new(PLACES_MAX);
    let mut places = Vec::new();
    while window.state().has_room() {
        places.push(window.enter(BEGINS, far()).await.unwrap());
    }
    (window, places)
}

fn busy() -> Status {
    Status::new(
        Code::Unknown,
        "too many requests for /gateway.Gateway, exceeding concurrency limit (500)",
    )
}

fn code(error: LedgerError) -> &'static str {
    assert!(error.to_string().contains("nothing was submitted"));
    error.code()
}

/// Lets the tasks of this runtime go on until this is so.
async fn until(is_so: impl Fn() -> bool) {
    for _ in 0..1_000_000 {
        if is_so() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it does not come to that");
}

/// Lets them go on until so many wait.
async fn until_waiting(window: &Window, begin: usize, go_on: usize) {
    until(|| {
        let state = window.state();
        (state.waiting, state.first.len()) == (begin, go_on)
    })
    .await;
}

#[tokio::test]
async fn first_come_first_served_but_what_goes_on_before_what_begins() {
    let (window, mut places) = full().await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = JoinSet::new();
    for (name, turn, begin, go_on) in [
        ("a", BEGINS, 1, 0),
        ("b", BEGINS, 2, 0),
        ("c", Turn::GoesOn, 2, 1),
        ("d", Turn::GoesOn, 2, 2),
    ] {
        let (entering, order) = (window.clone(), order.clone());
        tasks.spawn(async move {
            let place = entering.enter(turn, far()).await.unwrap();
            order.lock().unwrap().push(name);
            drop(place);
        });
        until_waiting(&window, begin, go_on).await;
    }
    assert!(order.lock().unwrap().is_empty());
    drop(places.pop());
    tasks.join_all().await;
    assert_eq!(*order.lock().unwrap(), ["c", "d", "a", "b"]);
    assert_eq!(window.state().waiting, 0);
    assert_eq!(window.state().waiting_bytes, 0);
}

#[tokio::test]
async fn a_call_that_does_not_get_its_turn_in_time_is_told_when_to_come_again() {
    let (window, places) = full().await;
    window.state().call_time = Duration::from_secs(40);
    for turn in [BEGINS, Turn::GoesOn] {
        let soon = Instant::now() + Duration::from_millis(10);
        let error = window.enter(turn, soon).await.unwrap_err();
        assert!(Instant::now() >= soon);
        let LedgerError::TooManyRequests { retry_after_s, .. } = &error else {
            panic!("{error:?}");
        };
        // Of those that begin one waits for one of 32 places, for 40 s each.
        assert_eq!(*retry_after_s, if turn == BEGINS { 2 } else { 1 });
        assert_eq!(code(error), "queued_too_long");
    }
    assert_eq!(window.state().waiting, 0);
    drop(places);
    // Who went away took no place along.
    assert_eq!(window.state().under_way, 0);
}

#[test]
fn a_call_waits_to_begin_for_less_than_the_time_that_it_has() {
    let now = Instant::now();
    let far = now + Duration::from_secs(3600);
    assert_eq!(BEGINS.waits_until(far, now), now + WAITS_AT_MOST);
    assert_eq!(BEGINS.waits_until(now, now), now);
    assert_eq!(Turn::GoesOn.waits_until(far, now), far);
}

#[tokio::test]
async fn the_queue_is_bounded_and_goes_on_with_those_who_are_gone_forgotten() {
    let (window, places) = full().await;
    let wait = |turn| {
        let window = window.clone();
        async move { window.enter(turn, far()).await.map(drop) }
    };
    let mut tasks: JoinSet<_> = (0..WAITING_MAX).map(|_| wait(BEGINS)).collect();
    until_waiting(&window, WAITING_MAX, 0).await;
    assert_eq!(code(wait(BEGINS).await.unwrap_err()), "queue_full");
    // What goes on is let in all the same.
    tasks.spawn(wait(Turn::GoesOn));
    until_waiting(&window, WAITING_MAX, 1).await;

    tasks.shutdown().await;
    assert_eq!(window.state().waiting, 0);
    tasks.spawn(wait(BEGINS));
    until(|| window.state().waiting == 1).await;
    assert_eq!(window.state().then.len(), 1);
    drop(places);
    assert!(tasks.join_next().await.unwrap().unwrap().is_ok());
    assert_eq!(window.state().under_way, 0);
}

#[tokio::test]
async fn the_queue_holds_so_many_bytes() {
    let (window, places) = full().await;
    let wait = |bytes| {
        let window = window.clone();
        async move {
            let entered = window.enter(Turn::Begins { bytes }, far()).await;
            entered.map(drop)
        }
    };
    let mut tasks = JoinSet::new();
    // Alone it may be as large as it is.
    tasks.spawn(wait(WAITING_BYTES_MAX + 1));
    until_waiting(&window, 1, 0).await;
    assert_eq!(code(wait(1).await.unwrap_err()), "queue_full");
    drop(places);
    assert!(tasks.join_next().await.unwrap().unwrap().is_ok());
    wait(1).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_grows_only_while_calls_wait() {
    let window = Window::new(PLACES_MAX);
    let ok = || ready(Ok::<_, Status>(()));
    for _ in 0..1000 {
        window.run(BEGINS, far(), ok).await.unwrap();
    }
    assert_eq!(window.state().pace.places(), 32);
    let mut tasks: JoinSet<_> = (0..1000)
        .map(|_| {
            let window = window.clone();
            async move {
                let call = || async {
                    sleep(Duration::from_millis(10)).await;
                    Ok::<_, Status>(())
                };
                window.run(BEGINS, far(), call).await.map_err(|_| ())
            }
        })
        .collect();
    while let Some(outcome) = tasks.join_next().await {
        outcome.unwrap().unwrap();
        let state = window.state();
        assert!(state.under_way <= state.pace.places());
    }
    assert_eq!(window.state().pace.places(), PLACES_MAX);
}

#[tokio::test(start_paused = true)]
async fn a_busy_peer_is_asked_again_and_callers_do_not_see_it() {
    let window = Window::new(PLACES_MAX);
    let under_way = Arc::new(AtomicUsize::new(0));
    let mut tasks: JoinSet<_> = (0..500)
        .map(|_| {
            let (window, under_way) = (window.clone(), under_way.clone());
            async move {
                // As a peer does that takes ten at once.
                let call = || async {
                    let before = under_way.fetch_add(1, Relaxed);
                    if before < 10 {
                        sleep(Duration::from_millis(10)).await;
                    }
                    under_way.fetch_sub(1, Relaxed);
                    if before < 10 { Ok(()) } else { Err(busy()) }
                };
                window.run(BEGINS, far(), call).await.map_err(|_| ())
            }
        })
        .collect();
    while let Some(outcome) = tasks.join_next().await {
        outcome.unwrap().unwrap();
    }
    assert!(window.state().pace.places() <= 10, "{window:?}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_stays_busy_is_told_of_in_the_end() {
    let window = Window::new(PLACES_MAX);
    let call = || ready(Err::<(), _>(busy()));
    let refused = window.run(BEGINS, far(), call).await;
    assert!(matches!(refused, Err(NoAnswer::Refused(status)) if is_busy(&status)));
    assert!(window.state().pace.places() < 5, "{window:?}");
    // Before it is due once more the time is up.
    let soon = Instant::now() + AGAIN_AFTER;
    let refused = window.run(BEGINS, soon, call).await;
    assert!(matches!(refused, Err(NoAnswer::Refused(status)) if is_busy(&status)));
    assert!(Instant::now() < soon);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_answer_gives_its_place_back_at_the_deadline() {
    let window = Window::new(PLACES_MAX);
    let soon = Instant::now() + Duration::from_millis(10);
    let silent = window
        .run(BEGINS, soon, pending::<Result<(), Status>>)
        .await;
    let Err(NoAnswer::Refused(status)) = silent else {
        panic!("{silent:?}");
    };
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(window.state().under_way, 0);
    // It is no word of how much the peer takes.
    assert_eq!(window.state().pace.places(), 32);
}
