use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use chainloom_ledger::{InvokeOptions, Payload, ReceiptStatus, Wait};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::call_request::CallRequest;
use super::json_body::JsonBody;
use super::parameters::Parameters;
use super::path::PathParts;
use super::receipt::ReceiptAnswer;
use super::responses::Problems;
use crate::access::Caller;
use crate::problem::Problem;
use crate::state::AppState;

/// Length of an idempotency key at most, in characters.
const IDEMPOTENCY_KEY_MAX: usize = 255;
/// The most retries that a call may ask for.
const RETRIES_MAX: u32 = 10;

/// A call that is to change the ledger.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InvokeRequest {
    /// The contract; where absent the ledger's own default, `coin` on the tutorial's chain.
    contract: Option<String>,
    /// The function: `transfer` on the tutorial's chain. On Fabric `Contract:name` where the chaincode has several contracts.
    function: String,
    /// Its arguments: sender, recipient and amount for a transfer.
    #[serde(default)]
    args: Vec<Payload>,
    /// Data for those peers only that run the call, by name; they never stand on the ledger. Fabric only. Where neither `organizations`
    /// nor `peers` are named they go to the own organization's peers.
    #[serde(default)]
    transient: BTreeMap<String, Payload>,
    /// The organizations (MSP ids) whose peers are to endorse; left to the ledger where absent. Fabric only.
    #[serde(default)]
    organizations: Vec<String>,
    /// The peers that are asked, by address or by their name in the connection profile, in this order but for the own organization's,
    /// which come first; left to the ledger where absent. Fabric only.
    #[serde(default)]
    peers: Vec<String>,
    /// Whether it is the call with which a contract begins whose definition asks for one. Fabric only.
    #[serde(default)]
    is_init: bool,
    /// What to wait for; where absent `ordered` on the tutorial's chain (until it is stored), `committed` on Fabric.
    wait: Option<Wait>,
    /// How long it may take, in milliseconds, the wait for a block included: on the tutorial's chain 30,000 where absent and at most, on
    /// Fabric 60,000 where absent and 600,000 at most.
    timeout_ms: Option<u64>,
    /// How often to submit the call anew, as another transaction, where it met a conflict (`mvcc_read_conflict`,
    /// `phantom_read_conflict`): at most 10, 0 where absent. Nothing else is ever submitted anew.
    #[serde(default)]
    #[schema(maximum = 10)]
    retry: u32,
    /// As whom the caller means to submit: a label of the wallet. Only the identity of the caller's own token can be, which
    /// is meant where this is absent; anything else is refused with 403.
    identity: Option<String>,
}

/// Submits a call. It is stored when the answer comes; `pending` until it stands in a block.
#[utoipa::path(
    post,
    path = "/ledgers/{ledger}/invoke",
    tag = "calls",
    params(
        ("ledger" = String, Path, description = "The ledger's name"),
        ("Idempotency-Key" = Option<String>, Header, description = "As long as the ledger remembers the key, the same call under it gives the same answer and submits nothing again: 24 hours, or the `idempotency_keep_h` of its configuration; on a channel from when the call stands in a block. Another call under it is refused with 422, and with 409 while the first is under way"),
    ),
    request_body = InvokeRequest,
    responses(
        (status = 200, description = "It stands in a block", body = ReceiptAnswer),
        (status = 202, description = "It is stored and waits for a block", body = ReceiptAnswer),
        Problems,
    )
)]
pub(super) async fn invoke(
    State(state): State<AppState>,
    PathParts(name): PathParts<String>,
    parameters: Parameters,
    caller: Caller,
    headers: HeaderMap,
    JsonBody(request): JsonBody<InvokeRequest>,
) -> Result<(StatusCode, Json<ReceiptAnswer>), Problem> {
    parameters.finish()?;
    if let Some(label) = &request.identity {
        caller.check_identity(label)?;
    }
    let served = state.ledgers.get(&name)?;
    let call = CallRequest {
        contract: request.contract,
        function: request.function,
        args: request.args,
        transient: request.transient,
        organizations: request.organizations,
        peers: request.peers,
        is_init: request.is_init,
        timeout_ms: request.timeout_ms,
    };
    let (call, options) = call.into_call(&served)?;
    if request.retry > RETRIES_MAX {
        return Err(Problem::bad_request(
            "invalid_retry",
            format!(
                "`retry` is {}; at most {RETRIES_MAX} are taken",
                request.retry
            ),
        ));
    }
    let options = InvokeOptions {
        call: options,
        wait: request.wait,
        idempotency_key: idempotency_key(&headers)?,
        retries: request.retry,
    };
    let receipt = served.invoke(&caller, call, options).await?;
    let status = match receipt.status {
        ReceiptStatus::Committed => StatusCode::OK,
        ReceiptStatus::Pending | ReceiptStatus::Ordered => StatusCode::ACCEPTED,
    };
    Ok((status, Json(receipt.into())))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    const NAME: &str = "idempotency-key";
    let mut values = headers.get_all(NAME).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let usable = value.to_str().ok().filter(|key| {
        let length = key.len();
        (1..=IDEMPOTENCY_KEY_MAX).contains(&length) && values.next().is_none()
    });
    match usable {
        Some(key) => Ok(Some(key.to_owned())),
        None => Err(Problem::bad_request(
            "invalid_idempotency_key",
            format!(
                "the header Idempotency-Key must come once, with 1 to {IDEMPOTENCY_KEY_MAX} \
                 ASCII characters"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn reads_the_idempotency_key() {
        let mut headers = HeaderMap::new();
        assert!(matches!(idempotency_key(&headers), Ok(None)));
        headers.insert("idempotency-key", HeaderValue::from_static("a-1"));
        assert!(matches!(idempotency_key(&headers), Ok(Some(key)) if key == "a-1"));
        headers.append("idempotency-key", HeaderValue::from_static("a-2"));
        assert!(idempotency_key(&headers).is_err());
        for value in ["", &"x".repeat(256), "é"] {
            let value = HeaderValue::from_str(value).expect("a header value");
            headers.insert("idempotency-key", value);
            assert!(idempotency_key(&headers).is_err());
        }
    }
}
