//! Asking peers to run a call.

use chainloom_ledger::LedgerError;
use futures_util::future::join_all;
use tokio::time::Instant;

use super::refusal::{explain_response, is_success, said, together};
use crate::failure::{Step, explain, peer_unavailable};
use crate::first_answer::{Avoided, Leaves, first_answer};
use crate::gateway::until;
use crate::proposal::SignedCall;
use crate::target::Target;
use crate::window::{NoAnswer, Turn};
use crate::wire::proto::protos;

/// What a peer answered that endorsed the call.
#[derive(Debug, Clone)]
pub(crate) struct Answer<'a> {
    pub(crate) target: &'a Target,
    pub(crate) response: protos::ProposalResponse,
}

/// Has all these peers run the call side by side; each must do so.
///
/// # Errors
/// [`LedgerError`], with what each peer said that did not endorse it.
pub(crate) async fn propose<'a>(
    call: &SignedCall,
    targets: &[&'a Target],
    deadline: Instant,
) -> Result<Vec<Answer<'a>>, LedgerError> {
    let asked = targets.iter().map(|&target| async move {
        let refused = |message: &str, error| (said(target, message), error);
        match ask(call, target, deadline, &Leaves::default()).await {
            Ok(response) => match response.response.clone().unwrap_or_default() {
                verdict if is_success(&verdict) => Ok(Answer { target, response }),
                verdict => Err(refused(
                    &verdict.message,
                    explain_response(target, &response),
                )),
            },
            Err(NoAnswer::NoPlace(error)) => Err(refused(&error.to_string(), error)),
            Err(NoAnswer::Refused(status)) => Err(refused(
                status.message(),
                explain(
                    Step::Endorse,
                    &target.shown(),
                    &call.transaction_id,
                    &status,
                ),
            )),
        }
    });
    let mut answers = Vec::with_capacity(targets.len());
    let mut refusals = Vec::new();
    for outcome in join_all(asked).await {
        match outcome {
            Ok(answer) => answers.push(answer),
            Err(refusal) => refusals.push(refusal),
        }
    }
    match together(refusals) {
        Some(error) => Err(error),
        None => Ok(answers),
    }
}

/// Has one peer run the call: the first that answers.
///
/// # Errors
/// [`LedgerError`].
pub(crate) async fn evaluate(
    call: &SignedCall,
    targets: &[&Target],
    avoided: &Avoided,
    deadline: Instant,
) -> Result<protos::Response, LedgerError> {
    let ask = |target, leaves: Leaves| async move {
        Ok((target, ask(call, target, deadline, &leaves).await?))
    };
    match first_answer(targets, avoided, deadline, ask).await {
        Ok((target, answer)) => {
            let response = answer.response.clone().unwrap_or_default();
            match is_success(&response) {
                true => Ok(response),
                false => Err(explain_response(target, &answer)),
            }
        }
        Err(mut failures) => Err(match failures.pop() {
            Some((_, NoAnswer::NoPlace(error))) => error,
            Some((target, NoAnswer::Refused(status))) => {
                let shown = target.shown();
                explain(Step::Evaluate, &shown, &call.transaction_id, &status)
            }
            None => peer_unavailable("the connection has no peers"),
        }),
    }
}

async fn ask(
    call: &SignedCall,
    target: &Target,
    deadline: Instant,
    leaves: &Leaves,
) -> Result<protos::ProposalResponse, NoAnswer> {
    let turn = Turn::Begins {
        bytes: call.proposal.proposal_bytes.len(),
    };
    let ask = || async {
        leaves.now();
        let request = until(deadline, call.proposal.clone());
        let answer = target.peer.endorser().process_proposal(request).await;
        answer.map(tonic::Response::into_inner)
    };
    target.peer.windows.run(turn, deadline, ask).await
}
