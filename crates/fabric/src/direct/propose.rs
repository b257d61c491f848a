//! Asking peers to run a call.

use chainloom_ledger::LedgerError;
use futures_util::future::join_all;
use tokio::time::Instant;

use super::refusal::{explain_response, is_success, said, together};
use crate::failure::{Step, explain, is_transport};
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
        match ask(call, target, deadline).await {
            Ok(response) => match response.response.clone().unwrap_or_default() {
                verdict if is_success(&verdict) => Ok(Answer { target, response }),
                verdict => Err(refused(
                    &verdict.message,
                    explain_response(target, &verdict),
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

/// Has one peer run the call: the first that can be reached.
///
/// # Errors
/// [`LedgerError`].
pub(crate) async fn evaluate(
    call: &SignedCall,
    targets: &[&Target],
    deadline: Instant,
) -> Result<protos::Response, LedgerError> {
    let mut refusal = None;
    for target in targets {
        match ask(call, target, deadline).await {
            Ok(response) => {
                let response = response.response.unwrap_or_default();
                return match is_success(&response) {
                    true => Ok(response),
                    false => Err(explain_response(target, &response)),
                };
            }
            Err(NoAnswer::NoPlace(error)) => refusal = refusal.or(Some(error)),
            Err(NoAnswer::Refused(status)) => {
                let shown = target.shown();
                let error = explain(Step::Evaluate, &shown, &call.transaction_id, &status);
                if !is_transport(&status) {
                    return Err(error);
                }
                refusal = Some(error);
            }
        }
    }
    Err(refusal.unwrap_or_else(|| LedgerError::Unavailable {
        code: "peer_unavailable",
        detail: "the connection has no peers".to_owned(),
        endorsers: Vec::new(),
    }))
}

async fn ask(
    call: &SignedCall,
    target: &Target,
    deadline: Instant,
) -> Result<protos::ProposalResponse, NoAnswer> {
    let turn = Turn::Begins {
        bytes: call.proposal.proposal_bytes.len(),
    };
    let ask = || async {
        let request = until(deadline, call.proposal.clone());
        let answer = target.peer.endorser().process_proposal(request).await;
        answer.map(tonic::Response::into_inner)
    };
    target.peer.windows.run(turn, deadline, ask).await
}
