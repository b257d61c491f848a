//! Handing a transaction to the orderers, and what their answers mean.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering as Relaxed};
use std::time::Duration;

use chainloom_ledger::{LedgerError, PeerReport, PeerRole};
use futures_util::future::join_all;
use futures_util::stream;
use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use tonic::Request;

use super::configuration::Ordering;
use crate::endpoint::Orderer;
use crate::failure::words_of;
use crate::gateway::Endorsed;
use crate::peer_reports::outcome;
use crate::wire::proto::common;

/// How long an orderer may take to say that it is there.
const IS_THERE_WITHIN: Duration = Duration::from_secs(3);
/// How long an orderer may take to answer, before another is given the same transaction.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// How long is waited before a transaction is sent again whose outcome is not known; doubles up to the second.
const AGAIN_AFTER: Duration = Duration::from_millis(250);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(4);

/// How an orderer of BFT says that it has the transaction already, from us or from another orderer, or put it into a block a moment ago.
const HAS_IT_ALREADY: [&str; 2] = ["request already exists", "request already processed"];

/// The orderers of a channel.
#[derive(Debug, Clone)]
pub(crate) struct Orderers {
    all: Arc<[Orderer]>,
    /// The one that answered last, which is asked first.
    preferred: Arc<AtomicUsize>,
}

/// What an orderer made of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    /// It will stand in a block.
    Taken,
    /// It will not, as far as this orderer goes.
    Refused {
        status: common::Status,
        said: String,
    },
    /// It may or may not.
    Unknown { said: String },
}

impl Orderers {
    /// `all` has at least one.
    pub(crate) fn new(all: Arc<[Orderer]>) -> Self {
        Self {
            all,
            preferred: Arc::default(),
        }
    }

    /// Asks all of them side by side whether they are there.
    pub(crate) async fn reports(&self) -> Vec<PeerReport> {
        let asked = self.all.iter().map(async |orderer| {
            let (asked_at, started) = (Timestamp::now(), std::time::Instant::now());
            let told = match is_there(orderer, Instant::now() + IS_THERE_WITHIN).await {
                Ok(()) => Ok("it takes transactions".to_owned()),
                Err(reason) => Err(("orderer_unavailable", reason)),
            };
            PeerReport {
                address: orderer.address.clone(),
                role: Some(PeerRole::Orderer),
                asked_at: Some(asked_at),
                outcome: Some(outcome(told, started)),
                ..PeerReport::default()
            }
        });
        join_all(asked).await
    }

    /// Makes sure that enough orderers are connected for a transaction to be ordered.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`], with what each said that is not.
    pub(crate) async fn check_connected(
        &self,
        ordering: Ordering,
        deadline: Instant,
    ) -> Result<(), LedgerError> {
        let soon = || deadline.min(Instant::now() + IS_THERE_WITHIN);
        let (needed, absent) = match ordering {
            Ordering::One => {
                let mut absent = Vec::new();
                for (index, orderer) in self.in_order() {
                    match is_there(orderer, soon()).await {
                        Ok(()) => {
                            self.preferred.store(index, Relaxed::Relaxed);
                            return Ok(());
                        }
                        Err(reason) => absent.push(reason),
                    }
                }
                (1, absent)
            }
            Ordering::Quorum(needed) => {
                let asked = self.all.iter().map(|orderer| is_there(orderer, soon()));
                let asked = join_all(asked).await;
                let absent: Vec<String> = asked.into_iter().filter_map(Result::err).collect();
                if self.all.len() - absent.len() >= needed {
                    return Ok(());
                }
                (needed, absent)
            }
        };
        Err(LedgerError::Unavailable {
            code: "orderers_unavailable",
            detail: format!(
                "{} of {} orderers can be reached, and {needed} must take a transaction, so nothing was proposed ({}); are they up, and are \
                 all in the connection profile?",
                self.all.len() - absent.len(),
                self.all.len(),
                absent.join("; ")
            ),
            endorsers: Vec::new(),
        })
    }

    /// Hands an endorsed transaction over. Where the outcome is not known the same envelope is sent again until the deadline: it takes effect
    /// once at most, since its id can stand on the ledger as valid only once.
    ///
    /// # Errors
    /// [`LedgerError`] where every orderer that was tried refused it; [`LedgerError::Unconfirmed`] where one may have taken it. Once that is
    /// so no later refusal changes it.
    pub(crate) async fn broadcast(
        &self,
        endorsed: &Endorsed,
        ordering: Ordering,
        deadline: Instant,
    ) -> Result<(), LedgerError> {
        let mut unknown: Option<LedgerError> = None;
        let mut pause = AGAIN_AFTER;
        loop {
            let answers = match ordering {
                Ordering::One => self.to_one(&endorsed.envelope, deadline).await,
                Ordering::Quorum(needed) => self.to_all(&endorsed.envelope, needed, deadline).await,
            };
            let Err(answers) = answers else {
                return Ok(());
            };
            match refusal(&endorsed.transaction_id, &answers) {
                error @ LedgerError::Unconfirmed { .. } => unknown = Some(error),
                error => return Err(unknown.unwrap_or(error)),
            }
            if let Some(unknown) = unknown.clone()
                && Instant::now() + pause >= deadline
            {
                return Err(unknown);
            }
            sleep(pause).await;
            pause = (pause * 2).min(AGAIN_AFTER_MAX);
        }
    }

    /// Tries the orderers one after the other until one takes it; else what each answered.
    async fn to_one(
        &self,
        envelope: &common::Envelope,
        deadline: Instant,
    ) -> Result<(), Vec<Answer>> {
        let mut answers = Vec::new();
        for (index, orderer) in self.in_order() {
            match send(orderer.clone(), envelope.clone(), deadline).await {
                Answer::Taken => {
                    self.preferred.store(index, Relaxed::Relaxed);
                    return Ok(());
                }
                answer => answers.push(answer),
            }
        }
        Err(answers)
    }

    /// Gives it to all orderers at once, until `needed` of them have it; else what each answered.
    async fn to_all(
        &self,
        envelope: &common::Envelope,
        needed: usize,
        deadline: Instant,
    ) -> Result<(), Vec<Answer>> {
        let mut sent: JoinSet<Answer> = self
            .all
            .iter()
            .map(|orderer| send(orderer.clone(), envelope.clone(), deadline))
            .collect();
        let mut answers = Vec::new();
        let mut taken = 0;
        while let Some(answer) = sent.join_next().await {
            let answer = answer.unwrap_or_else(|error| Answer::Unknown {
                said: error.to_string(),
            });
            taken += usize::from(answer == Answer::Taken);
            if taken >= needed {
                // The slower ones are to get it, too.
                sent.detach_all();
                return Ok(());
            }
            answers.push(answer);
        }
        Err(answers)
    }

    /// The orderers, the one that answered last first.
    fn in_order(&self) -> impl Iterator<Item = (usize, &Orderer)> {
        let first = self.preferred.load(Relaxed::Relaxed) % self.all.len().max(1);
        let (before, from) = self.all.split_at(first);
        let from = from.iter().enumerate();
        let from = from.map(move |(index, orderer)| (first + index, orderer));
        from.chain(before.iter().enumerate())
    }
}

/// Opens a stream and closes it again, which an orderer answers that is there.
async fn is_there(orderer: &Orderer, deadline: Instant) -> Result<(), String> {
    let nothing = Request::new(stream::empty());
    let mut client = orderer.broadcast();
    let reason = match timeout_at(deadline, client.broadcast(nothing)).await {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(status)) => words_of(&status),
        Err(_) => "it does not answer".to_owned(),
    };
    Err(format!("{}: {reason}", orderer.address))
}

async fn send(orderer: Orderer, envelope: common::Envelope, deadline: Instant) -> Answer {
    let deadline = deadline.min(Instant::now() + ANSWERS_WITHIN);
    let answer = timeout_at(deadline, async {
        let request = Request::new(stream::iter([envelope]));
        let mut answers = orderer.broadcast().broadcast(request).await?.into_inner();
        answers.message().await
    });
    let said = |words: &str| format!("{} said: {words}", orderer.address);
    match answer.await {
        Ok(Ok(Some(response))) => {
            let status = common::Status::try_from(response.status);
            let status = status.unwrap_or(common::Status::Unknown);
            answer_of(status, &response.info, &orderer.address)
        }
        Ok(Ok(None)) => Answer::Unknown {
            said: said("nothing"),
        },
        Ok(Err(status)) => Answer::Unknown {
            said: said(status.message()),
        },
        Err(_) => Answer::Unknown {
            said: format!("{} did not answer in time", orderer.address),
        },
    }
}

fn answer_of(status: common::Status, info: &str, address: &str) -> Answer {
    let said = format!("{address} said {}: {info}", status.as_str_name());
    match status as i32 {
        200..300 => Answer::Taken,
        _ if HAS_IT_ALREADY.iter().any(|words| info.contains(words)) => Answer::Taken,
        400..500 => Answer::Refused { status, said },
        _ => Answer::Unknown { said },
    }
}

/// What it means that too few orderers took a transaction.
fn refusal(transaction_id: &str, answers: &[Answer]) -> LedgerError {
    let words: Vec<&str> = answers
        .iter()
        .map(|answer| match answer {
            Answer::Taken => "one took it",
            Answer::Refused { said, .. } | Answer::Unknown { said } => said,
        })
        .collect();
    let words = words.join("; ");
    let refused: Option<Vec<common::Status>> = answers
        .iter()
        .map(|answer| match answer {
            Answer::Refused { status, .. } => Some(*status),
            _ => None,
        })
        .collect();
    match refused.as_deref() {
        None | Some([]) => LedgerError::Unconfirmed {
            transaction_id: transaction_id.to_owned(),
            detail: format!(
                "whether the orderers took the transaction is not known ({words}); ask for it by its id, do not submit it anew before"
            ),
        },
        Some([common::Status::Forbidden, ..]) => LedgerError::AccessDenied {
            detail: format!(
                "the orderers do not accept the transaction from this identity ({words}); look at its certificate and at the channel's policy \
                 for writers"
            ),
        },
        Some([common::Status::RequestEntityTooLarge, ..]) => orderers_refused("too_large", &words),
        Some(_) if words.contains("exceeds maximum allowed") => {
            orderers_refused("too_large", &words)
        }
        Some(_) => orderers_refused("refused", &words),
    }
}

fn orderers_refused(code: &'static str, words: &str) -> LedgerError {
    LedgerError::Refused {
        code,
        detail: format!("the orderers refused the transaction: {words}"),
        transaction_id: None,
        endorsers: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::Status;

    fn answer(status: Status, info: &str) -> Answer {
        answer_of(status, info, "orderer0:7050")
    }

    fn meaning(answers: &[Answer]) -> &'static str {
        refusal("id", answers).code()
    }

    #[test]
    fn an_orderer_that_has_it_already_has_taken_it() {
        assert_eq!(answer(Status::Success, ""), Answer::Taken);
        for again in [
            "failed to submit request: request already exists",
            "failed to submit request: request already processed",
        ] {
            assert_eq!(answer(Status::ServiceUnavailable, again), Answer::Taken);
        }
    }

    #[test]
    fn only_a_refusal_by_every_orderer_that_was_tried_is_final() {
        let refused = |status| answer(status, "no");
        assert_eq!(meaning(&[refused(Status::BadRequest)]), "refused");
        assert_eq!(
            meaning(&[refused(Status::Forbidden), refused(Status::Forbidden)]),
            "access_denied"
        );
        assert_eq!(
            meaning(&[refused(Status::RequestEntityTooLarge)]),
            "too_large"
        );
        let size = "message payload is 9 bytes and exceeds maximum allowed 8 bytes";
        assert_eq!(meaning(&[answer(Status::BadRequest, size)]), "too_large");
        for unknown in [Status::ServiceUnavailable, Status::InternalServerError] {
            assert_eq!(
                meaning(&[refused(Status::BadRequest), refused(unknown)]),
                "outcome_unknown"
            );
        }
        assert_eq!(
            meaning(&[refused(Status::BadRequest), Answer::Taken]),
            "outcome_unknown"
        );
        assert_eq!(meaning(&[]), "outcome_unknown");
    }
}
