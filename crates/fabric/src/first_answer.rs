//! The first answer of several peers. One that is silent is not waited for alone: it may have been stopped, and takes connections all the same.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tonic::Status;

use crate::failure::{is_busy, is_transport};
use crate::target::Target;
use crate::window::NoAnswer;

/// The longest that a silent peer is waited for before the next is asked, too.
const SILENT_FOR_MAX: Duration = Duration::from_secs(5);
/// How long a peer that failed is asked after the others.
const AVOIDED_FOR: Duration = Duration::from_secs(10);

/// The peers that failed a moment ago, by their addresses.
#[derive(Debug, Clone, Default)]
pub(crate) struct Avoided(Arc<Mutex<HashMap<String, Instant>>>);

impl Avoided {
    /// The peers in their order, those last that failed a moment ago.
    fn last<'a>(&self, targets: &[&'a Target]) -> VecDeque<&'a Target> {
        let mut failed = self.failed();
        let now = Instant::now();
        failed.retain(|_, until| *until > now);
        let mut ordered = targets.to_vec();
        ordered.sort_by_key(|target| failed.contains_key(&target.peer.address));
        ordered.into()
    }

    /// Whether this one failed, by what came of asking it.
    fn learn<T>(&self, target: &Target, answer: &Result<T, NoAnswer>) {
        match answer {
            Err(NoAnswer::NoPlace(_)) => {}
            Err(NoAnswer::Refused(status)) if is_transport(status) => {
                // Who is busy works.
                if !is_busy(status) {
                    self.add(target);
                }
            }
            Ok(_) | Err(NoAnswer::Refused(_)) => self.remove(target),
        }
    }

    fn add(&self, target: &Target) {
        let until = Instant::now() + AVOIDED_FOR;
        self.failed().insert(target.peer.address.clone(), until);
    }

    fn remove(&self, target: &Target) {
        self.failed().remove(&target.peer.address);
    }

    fn failed(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Told when a call leaves for a peer. Before that it waits for its turn here, which is nothing that the peer could be blamed for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leaves(Arc<OnceLock<Instant>>);

impl Leaves {
    pub(crate) fn now(&self) {
        // A call that is sent again has left before.
        self.0.get_or_init(Instant::now);
    }
}

/// One that was asked and has not answered yet.
struct Silent<'a> {
    target: &'a Target,
    left: Leaves,
}

/// Asks one peer after the other: the next where one could not be asked or failed in a way that lets another do better, and, without giving up on
/// it, where one is silent for its share of the time. The request must bear being made twice.
///
/// # Errors
/// Every peer that was asked, with what came of it; the last is what counted.
pub(crate) async fn first_answer<'a, T, F>(
    targets: &[&'a Target],
    avoided: &Avoided,
    deadline: Instant,
    ask: impl Fn(&'a Target, Leaves) -> F,
) -> Result<T, Vec<(&'a Target, NoAnswer)>>
where
    F: Future<Output = Result<T, NoAnswer>>,
{
    // Where there is one only, nobody else is to be asked when it is silent.
    if let [only] = targets {
        let answer = ask(only, Leaves::default()).await;
        avoided.learn(only, &answer);
        return answer.map_err(|no_answer| vec![(*only, no_answer)]);
    }
    let mut next = avoided.last(targets);
    let mut asked = Vec::new();
    let mut silent: Vec<Silent<'_>> = Vec::new();
    let mut share = Duration::ZERO;
    // When the next is asked, too.
    let mut patience = Instant::now();
    let mut failures = Vec::new();
    loop {
        let now = Instant::now();
        if silent.is_empty() || patience <= now {
            // Who was asked last may not have heard of it yet.
            let left = silent.last().map(|last| last.left.0.get());
            match left {
                Some(None) => patience = now + share,
                Some(Some(left)) if *left + share > now => patience = *left + share,
                _ => {
                    if let Some(target) = next.pop_front() {
                        let left = Leaves::default();
                        let answer = ask(target, left.clone());
                        asked.push(Box::pin(async move { (target, answer.await) }));
                        silent.push(Silent { target, left });
                        let peers = u32::try_from(next.len() + 1).unwrap_or(u32::MAX);
                        let remaining = deadline.saturating_duration_since(now);
                        share = (remaining / peers).min(SILENT_FOR_MAX);
                        patience = now + share;
                    }
                }
            }
        }
        let answered = tokio::select! {
            biased;
            answered = poll_fn(|context| poll_any(&mut asked, context)) => answered,
            () = sleep_until(patience), if !next.is_empty() => continue,
        };
        let Some((target, answer)) = answered else {
            return Err(failures);
        };
        silent.retain(|other| !std::ptr::eq(other.target, target));
        avoided.learn(target, &answer);
        let no_answer = match answer {
            Ok(answer) => {
                silent.iter().for_each(|other| avoided.add(other.target));
                return Ok(answer);
            }
            Err(no_answer) => no_answer,
        };
        let is_final = matches!(&no_answer, NoAnswer::Refused(status) if !is_transport(status));
        if is_final {
            for other in silent {
                avoided.add(other.target);
                failures.push((other.target, NoAnswer::Refused(too_late())));
            }
            failures.push((target, no_answer));
            return Err(failures);
        }
        failures.push((target, no_answer));
    }
}

/// Whichever is ready; `None` where there is none. There are few, so each is looked at; a set that wakes each by itself would cost a call another turn.
fn poll_any<F: Future>(
    futures: &mut Vec<Pin<Box<F>>>,
    context: &mut Context<'_>,
) -> Poll<Option<F::Output>> {
    for index in 0..futures.len() {
        if let Poll::Ready(output) = futures[index].as_mut().poll(context) {
            drop(futures.swap_remove(index));
            return Poll::Ready(Some(output));
        }
    }
    match futures.is_empty() {
        true => Poll::Ready(None),
        false => Poll::Pending,
    }
}

fn too_late() -> Status {
    Status::deadline_exceeded("it did not answer in time")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::future::pending;

    use chainloom_ledger::LedgerError;

    use super::*;
    use crate::endpoint::Peer;
    use crate::profile::NodeEntry;

    fn target(name: &str) -> Target {
        let entry = NodeEntry {
            name: name.to_owned(),
            url: format!("grpc://{name}:7051"),
            tls_roots: None,
            server_name: None,
        };
        Target {
            name: name.to_owned(),
            organization: "Org1MSP".into(),
            peer: Peer::new(&entry, None).unwrap(),
        }
    }

    /// What a peer does: answers its name, says that it is away or that it refuses, or nothing.
    async fn act(target: &Target, leaves: Leaves) -> Result<String, NoAnswer> {
        if target.name.starts_with("queued") {
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
        leaves.now();
        let answer = match target.name.split('-').next().unwrap() {
            "good" | "queued" => Ok(target.name.clone()),
            "busy" => Err(Status::unknown(
                "too many requests for /gateway.Gateway, exceeding concurrency limit (500)",
            )),
            "away" => Err(Status::unavailable("away")),
            "silent" => pending().await,
            "full" => return Err(NoAnswer::NoPlace(LedgerError::ShuttingDown)),
            _ => Err(Status::aborted("no")),
        };
        answer.map_err(NoAnswer::Refused)
    }

    async fn ask(names: &[&str], avoided: &Avoided) -> Result<String, Vec<String>> {
        let targets: Vec<Target> = names.iter().map(|name| target(name)).collect();
        let targets: Vec<&Target> = targets.iter().collect();
        let deadline = Instant::now() + Duration::from_secs(60);
        let answer = first_answer(&targets, avoided, deadline, act).await;
        answer.map_err(|failures| {
            let said = failures.into_iter().map(|(target, no_answer)| {
                let said = match no_answer {
                    NoAnswer::NoPlace(error) => error.to_string(),
                    NoAnswer::Refused(status) => status.message().to_owned(),
                };
                format!("{}: {said}", target.name)
            });
            said.collect()
        })
    }

    fn order(names: &[&str], avoided: &Avoided) -> Vec<String> {
        let targets: Vec<Target> = names.iter().map(|name| target(name)).collect();
        let targets: Vec<&Target> = targets.iter().collect();
        let ordered = avoided.last(&targets);
        ordered.iter().map(|target| target.name.clone()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_is_asked_where_one_is_away_or_silent() {
        let avoided = Avoided::default();
        let began = Instant::now();
        let answer = ask(&["away", "good-1", "good-2"], &avoided).await;
        assert_eq!(answer.as_deref(), Ok("good-1"));
        assert_eq!(began.elapsed(), Duration::ZERO);
        let answer = ask(&["silent", "good-1"], &avoided).await;
        assert_eq!(answer.as_deref(), Ok("good-1"));
        assert!(began.elapsed() <= SILENT_FOR_MAX + Duration::from_millis(1));
        // Who failed comes last for a while.
        let names = ["away", "silent", "good-1"];
        assert_eq!(order(&names, &avoided), ["good-1", "away", "silent"]);
        let began = Instant::now();
        let answer = ask(&["silent", "good-1"], &avoided).await;
        assert_eq!(answer.as_deref(), Ok("good-1"));
        assert_eq!(began.elapsed(), Duration::ZERO);
        tokio::time::advance(AVOIDED_FOR).await;
        assert_eq!(order(&names, &avoided), names);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_the_answer() {
        let avoided = Avoided::default();
        let answer = ask(&["away", "refuses", "good"], &avoided).await;
        assert_eq!(
            answer,
            Err(vec!["away: away".to_owned(), "refuses: no".to_owned()])
        );
        // It answered.
        assert_eq!(order(&["refuses", "good"], &avoided), ["refuses", "good"]);
        let answer = ask(&["silent", "refuses"], &avoided).await;
        let silent = "silent: it did not answer in time".to_owned();
        assert_eq!(answer, Err(vec![silent, "refuses: no".to_owned()]));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_alone_is_waited_for_and_remembered_all_the_same() {
        let avoided = Avoided::default();
        let answer = ask(&["away"], &avoided).await;
        assert_eq!(answer, Err(vec!["away: away".to_owned()]));
        assert_eq!(order(&["away", "good"], &avoided), ["good", "away"]);
        assert_eq!(ask(&["refuses"], &avoided).await.unwrap_err().len(), 1);
        assert_eq!(ask(&["good"], &avoided).await.as_deref(), Ok("good"));
        assert_eq!(order(&["refuses", "good"], &avoided), ["refuses", "good"]);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_only_slow_is_not_given_up() {
        let avoided = Avoided::default();
        let targets = [target("slow"), target("away")];
        let targets: Vec<&Target> = targets.iter().collect();
        let deadline = Instant::now() + Duration::from_secs(60);
        let slow = |target: &Target, leaves: Leaves| {
            let name = target.name.clone();
            leaves.now();
            async move {
                match name.as_str() {
                    "slow" => {
                        tokio::time::sleep(Duration::from_secs(50)).await;
                        Ok(name)
                    }
                    _ => Err(NoAnswer::Refused(Status::unavailable("away"))),
                }
            }
        };
        let answer = first_answer(&targets, &avoided, deadline, slow).await;
        assert_eq!(answer.unwrap(), "slow");
        let none = first_answer(&[], &avoided, deadline, slow).await;
        assert!(none.unwrap_err().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_is_not_blamed_for_what_waits_here() {
        let avoided = Avoided::default();
        let answer = ask(&["queued", "good"], &avoided).await;
        assert_eq!(answer.as_deref(), Ok("queued"));
        let answer = ask(&["full", "busy", "good"], &avoided).await;
        assert_eq!(answer.as_deref(), Ok("good"));
        let names = ["queued", "full", "busy", "good"];
        assert_eq!(order(&names, &avoided), names);
        assert_eq!(ask(&["full", "busy"], &avoided).await.unwrap_err().len(), 2);
    }
}
