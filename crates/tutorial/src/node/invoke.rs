//! Calls of the contract `coin` that change the ledger.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chainloom_ledger::{
    Call, Hash, InvokeOptions, LedgerError, Receipt, ReceiptStatus, ValidationCode, Wait,
};
use sha2::{Digest, Sha256};

use super::Core;
use super::decode::{TRANSFER, ticket_text};
use super::post::{encode, full};
use super::query::{arguments, refuse_what_endorsers_do, require_contract, unknown_function};
use crate::json::{Json, Limits, parse};
use crate::store::{IdempotencyKey, Posted, TicketPlace};

/// How long a caller may wait for its transaction to stand in a block.
const WAIT_MAX: Duration = Duration::from_secs(30);

impl Core {
    pub(super) async fn invoke(
        self: &Arc<Self>,
        call: Call,
        options: InvokeOptions,
    ) -> Result<Receipt, LedgerError> {
        require_contract(&call)?;
        refuse_what_endorsers_do(&options.call)?;
        if call.function != TRANSFER {
            return Err(unknown_function(
                &call.function,
                "call `transfer(sender, recipient, amount)`",
            ));
        }
        let [sender, recipient, amount] = arguments(&call, "transfer(sender, recipient, amount)")?;
        let compact = encode(sender.into(), recipient.into(), number(amount)?)?;
        let key = options
            .idempotency_key
            .as_deref()
            .map(|key| IdempotencyKey {
                digest: Hash::of(key.as_bytes()),
                request: request_digest(&call),
                now_s: SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default()
                    .as_secs(),
            });
        let ticket = uuid::Uuid::new_v4().into_bytes();
        let ticket = match self.post(compact, Some((ticket, key))).await? {
            Posted::Accepted { .. } => ticket,
            Posted::Repeated { ticket } => ticket,
            Posted::Full => return Err(full()),
            Posted::KeyReused => {
                return Err(LedgerError::InvalidCall {
                    code: "idempotency_key_reused",
                    detail: "this idempotency key was used for another call within the last 24 \
                             hours; give each call a key of its own"
                        .to_owned(),
                });
            }
        };
        match options.wait {
            Some(Wait::Committed) => {
                let timeout = options.call.timeout.unwrap_or(WAIT_MAX).min(WAIT_MAX);
                self.committed(ticket, timeout).await
            }
            Some(Wait::Ordered) | None => self.receipt(ticket).await,
        }
    }

    /// How far the transaction of a ticket has come.
    async fn receipt(self: &Arc<Self>, ticket: [u8; 16]) -> Result<Receipt, LedgerError> {
        let place = self.read(move |_, snapshot| Ok(snapshot.ticket(&ticket)?));
        let version = match place.await? {
            Some(TicketPlace::Mined(version)) => Some(version),
            Some(TicketPlace::Pending(_)) | None => None,
        };
        Ok(Receipt {
            transaction_id: ticket_text(&ticket),
            status: match version {
                Some(_) => ReceiptStatus::Committed,
                None => ReceiptStatus::Pending,
            },
            version,
            validation_code: version.map(|_| ValidationCode::valid()),
            result: None,
        })
    }

    /// Waits until the transaction of a ticket stands in a block.
    async fn committed(
        self: &Arc<Self>,
        ticket: [u8; 16],
        timeout: Duration,
    ) -> Result<Receipt, LedgerError> {
        let mut head = self.store.head();
        let waiting = async {
            loop {
                let tip = head.borrow_and_update().tip_hash;
                let receipt = self.receipt(ticket).await?;
                if receipt.status == ReceiptStatus::Committed {
                    return Ok(receipt);
                }
                head.wait_for(|head| head.tip_hash != tip)
                    .await
                    .map_err(|_| LedgerError::ShuttingDown)?;
            }
        };
        let unconfirmed = |what_ended: String| LedgerError::Unconfirmed {
            transaction_id: ticket_text(&ticket),
            detail: format!("the transaction is stored, but {what_ended}"),
        };
        tokio::select! {
            biased;
            committed = waiting => committed,
            () = self.stopped() => Err(unconfirmed(
                "stood in no block when the server stopped; ask for it by its id when it is back"
                    .to_owned(),
            )),
            () = tokio::time::sleep(timeout) => Err(unconfirmed(format!(
                "stood in no block after {} ms; ask for it by its id, or mine a block",
                timeout.as_millis()
            ))),
        }
    }
}

/// The amount of a transfer: a finite JSON number.
fn number(amount: &str) -> Result<Json, LedgerError> {
    let value = parse(amount.as_bytes(), &Limits::default());
    match value {
        Ok(Json::Integer(integer)) => Ok(Json::Integer(integer)),
        Ok(Json::Float(number)) if number.is_finite() => Ok(Json::Float(number)),
        _ => Err(LedgerError::InvalidCall {
            code: "invalid_amount",
            detail: format!(
                "the amount `{}` is not a number; write it as JSON does, such as 5 or 2.5",
                amount.chars().take(80).collect::<String>()
            ),
        }),
    }
}

/// SHA-256 of what was called, each part with its length in front.
fn request_digest(call: &Call) -> Hash {
    let mut hasher = Sha256::new();
    let parts = [call.contract.as_bytes(), call.function.as_bytes()];
    let args = call.args.iter().map(|argument| argument.0.as_slice());
    for part in parts.into_iter().chain(args) {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    Hash(hasher.finalize().into())
}
