//! How many calls are under way at a peer at once: a window that adapts to what the peer takes, and a bounded queue before it.
//!
//! A peer refuses what goes beyond its own limits, by default 500 calls of its gateway at once for all clients together. So that no caller
//! meets that, a call waits here for its place. First come, first served, but what goes on with a call (the orderers are to get what was
//! endorsed) comes before what begins one. Only a call on its way to the peer and back has a place; a wait for a block has none.

mod pace;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chainloom_ledger::LedgerError;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout_at};
use tonic::Status;

use self::pace::Pace;
use crate::failure::is_busy;

/// The most calls under way at once: below the 500 that a peer takes by default, as it may have other clients.
const PLACES_MAX: usize = 400;
/// The same of waits for blocks at the peer, of which there are any only where it sends no blocks.
const WAIT_PLACES_MAX: usize = 64;
/// The most calls that wait to begin, and the most bytes of their arguments.
const WAITING_MAX: usize = 10_000;
const WAITING_BYTES_MAX: usize = 64 << 20;
/// How long a call waits to begin: less than the time that it has, as it is to be answered while its caller is there.
const WAITS_AT_MOST: Duration = Duration::from_secs(20);
/// How often a call goes to a peer that says that it is too busy, and how long after it does so again; doubles up to the second.
const TRIES_MAX: u32 = 8;
const AGAIN_AFTER: Duration = Duration::from_millis(20);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(1);
/// The longest that a caller is told to stay away.
const RETRY_AFTER_S_MAX: u32 = 30;
/// How many entries of callers who are gone may stay in the queue.
const LEFTOVERS_MAX: usize = 1_000;

/// What waits for a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// A call begins; so many bytes of it are held meanwhile.
    Begins { bytes: usize },
    /// A call goes on that was let in before. It is never turned away for want of room, and goes first.
    GoesOn,
    /// A call waits for its block at the peer, where it cannot be seen otherwise. Such waits have places of their own, and calls none there.
    AwaitsBlock,
}

impl Turn {
    fn waits_until(self, deadline: Instant, now: Instant) -> Instant {
        match self {
            Self::Begins { .. } => deadline.min(now + WAITS_AT_MOST),
            Self::GoesOn | Self::AwaitsBlock => deadline,
        }
    }
}

/// Why a peer gave no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// The call never got a place; the peer has not heard of it.
    NoPlace(LedgerError),
    /// What the peer said, or the connection.
    Refused(Status),
}

/// The calls under way at a peer.
#[derive(Debug, Clone)]
pub(crate) struct Windows {
    calls: Window,
    waits: Window,
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            calls: Window::new(PLACES_MAX),
            waits: Window::new(WAIT_PLACES_MAX),
        }
    }
}

impl Windows {
    /// Makes a call at the peer when it is its turn, and again where the peer is too busy to begin with it.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub(crate) async fn run<T, F>(
        &self,
        turn: Turn,
        deadline: Instant,
        call: impl Fn() -> F,
    ) -> Result<T, NoAnswer>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let window = match turn {
            Turn::Begins { .. } | Turn::GoesOn => &self.calls,
            Turn::AwaitsBlock => &self.waits,
        };
        window.run(turn, deadline, call).await
    }
}

/// Calls under way, and those that wait for their turn.
#[derive(Clone)]
struct Window(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    pace: Pace,
    under_way: usize,
    /// Those that go on, and those that begin.
    first: VecDeque<oneshot::Sender<Place>>,
    then: VecDeque<oneshot::Sender<Place>>,
    /// How many wait to begin, without those who are gone, and how large they are.
    waiting: usize,
    waiting_bytes: usize,
    /// How long a call is under way, about.
    call_time: Duration,
}

/// A place of a call under way, which is free again when this is dropped.
#[derive(Debug)]
struct Place {
    window: Option<Window>,
    epoch: u64,
    since: Instant,
}

impl Window {
    fn new(places_max: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            pace: Pace::new(places_max),
            under_way: 0,
            first: VecDeque::new(),
            then: VecDeque::new(),
            waiting: 0,
            waiting_bytes: 0,
            call_time: Duration::ZERO,
        })))
    }

    async fn run<T, F>(
        &self,
        mut turn: Turn,
        deadline: Instant,
        call: impl Fn() -> F,
    ) -> Result<T, NoAnswer>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let mut pause = AGAIN_AFTER;
        let mut tries = 0;
        loop {
            let place = self.enter(turn, deadline).await;
            let place = place.map_err(NoAnswer::NoPlace)?;
            let answer = timeout_at(deadline, call()).await;
            let status = match answer {
                Ok(Ok(answer)) => {
                    place.answered();
                    return Ok(answer);
                }
                Ok(Err(status)) => status,
                Err(_) => Status::deadline_exceeded("it did not answer in time"),
            };
            if !is_busy(&status) {
                place.answered();
                return Err(NoAnswer::Refused(status));
            }
            place.refused();
            tries += 1;
            if tries >= TRIES_MAX || Instant::now() + pause >= deadline {
                return Err(NoAnswer::Refused(status));
            }
            sleep(pause).await;
            pause = (pause * 2).min(AGAIN_AFTER_MAX);
            // It has waited for its turn already.
            turn = Turn::GoesOn;
        }
    }

    async fn enter(&self, turn: Turn, deadline: Instant) -> Result<Place, LedgerError> {
        let deadline = turn.waits_until(deadline, Instant::now());
        let (granted, _waiting) = {
            let mut state = self.state();
            if state.has_room() {
                return Ok(state.place(self));
            }
            let (grant, granted) = oneshot::channel();
            match turn {
                Turn::GoesOn | Turn::AwaitsBlock => {
                    state.first.push_back(grant);
                    (granted, None)
                }
                Turn::Begins { bytes } => {
                    state.check_room(bytes)?;
                    state.forget_leftovers();
                    state.then.push_back(grant);
                    state.waiting += 1;
                    state.waiting_bytes += bytes;
                    let window = self.clone();
                    (granted, Some(Waiting { window, bytes }))
                }
            }
        };
        match timeout_at(deadline, granted).await {
            Ok(Ok(place)) => Ok(place),
            // Nobody drops a grant but with its window, of which there is one here.
            Ok(Err(_)) | Err(_) => {
                let state = self.state();
                Err(state.overloaded("queued_too_long", "the call did not get its turn in time"))
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics in between.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        let (under_way, places) = (state.under_way, state.pace.places());
        write!(formatter, "Window({under_way} of {places})")
    }
}

impl State {
    fn has_room(&self) -> bool {
        self.under_way < self.pace.places()
    }

    fn place(&mut self, window: &Window) -> Place {
        self.under_way += 1;
        Place {
            window: Some(window.clone()),
            epoch: self.pace.epoch(),
            since: Instant::now(),
        }
    }

    /// Gives free places to those who wait.
    fn grant(&mut self, window: &Window) {
        while self.has_room() {
            let next = self.first.pop_front().or_else(|| self.then.pop_front());
            let Some(next) = next else {
                return;
            };
            if next.is_closed() {
                continue;
            }
            if let Err(mut place) = next.send(self.place(window)) {
                // Who waited went away just now. Dropped whole it would lock this again.
                place.window = None;
                self.under_way -= 1;
            }
        }
    }

    fn check_room(&self, bytes: usize) -> Result<(), LedgerError> {
        // Large ones are let in where they are alone.
        let is_too_large = self.waiting > 0 && self.waiting_bytes + bytes > WAITING_BYTES_MAX;
        match self.waiting >= WAITING_MAX || is_too_large {
            true => Err(self.overloaded(
                "queue_full",
                &format!("{} calls wait for the peer already", self.waiting),
            )),
            false => Ok(()),
        }
    }

    fn forget_leftovers(&mut self) {
        if self.then.len() > self.waiting + LEFTOVERS_MAX {
            self.then.retain(|grant| !grant.is_closed());
        }
    }

    fn overloaded(&self, code: &'static str, reason: &str) -> LedgerError {
        let retry_after_s = self.retry_after_s();
        LedgerError::TooManyRequests {
            code,
            detail: format!("{reason}; nothing was submitted, try again in {retry_after_s} s"),
            retry_after_s,
        }
    }

    /// When those who wait now will have had their turn, about.
    fn retry_after_s(&self) -> u32 {
        let rounds = self.waiting as f64 / self.pace.places() as f64;
        let seconds = (self.call_time.as_secs_f64() * rounds).ceil();
        // Saturates.
        (seconds as u32).clamp(1, RETRY_AFTER_S_MAX)
    }
}

impl Place {
    /// The peer answered, whatever it said.
    fn answered(self) {
        if let Some(window) = &self.window {
            let mut state = window.state();
            let now = Instant::now();
            let taken = now.duration_since(self.since);
            state.call_time = (state.call_time * 7 + taken) / 8;
            if state.waiting > 0 || !state.first.is_empty() {
                state.pace.answered(now);
            }
        }
    }

    /// The peer refused, since too many calls were under way.
    fn refused(self) {
        if let Some(window) = &self.window {
            window.state().pace.refused(self.epoch, Instant::now());
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(window) = self.window.take() {
            let mut state = window.state();
            state.under_way -= 1;
            state.grant(&window);
        }
    }
}

/// One that waits to begin.
struct Waiting {
    window: Window,
    bytes: usize,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.window.state();
        state.waiting -= 1;
        state.waiting_bytes -= self.bytes;
    }
}

#[cfg(test)]
mod tests;
