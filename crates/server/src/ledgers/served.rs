//! A ledger that is open.

use std::sync::Arc;

use chainloom_fabric::FabricLedger;
use chainloom_index::IndexedLedger;
use chainloom_ledger::{BoxFuture, Call, CreatorName, InvokeOptions, Ledger, Payload, Receipt};
use chainloom_tutorial::Node;
use http::StatusCode;
use tokio::sync::watch;

use crate::access::{Caller, Refusal};
use crate::problem::Problem;

/// The contract of a chain of the tutorial.
const COIN: &str = "coin";

/// A ledger that the server serves.
#[derive(Clone)]
pub struct ServedLedger {
    /// The ledger with its read model, which is to follow it already.
    pub(crate) ledger: Arc<IndexedLedger>,
    /// The node behind it, where it is a chain of the tutorial.
    pub(crate) node: Option<Node>,
    /// The channel behind it, where calls of it can be signed elsewhere.
    pub(crate) channel: Option<FabricLedger>,
    /// The contract that is meant where a call names none.
    pub(crate) default_contract: Option<String>,
    /// As whom a channel can be used, besides as the user that it was opened for.
    users: Option<Arc<dyn ChannelUsers>>,
    /// Becomes true when the server serves it no longer.
    ended: Arc<watch::Sender<bool>>,
}

/// The users of a channel.
pub(crate) trait ChannelUsers: Send + Sync {
    /// The channel for the user with this label in the wallet: what is submitted through it is that user's.
    fn acting_as<'a>(&'a self, label: &'a str) -> BoxFuture<'a, Result<Arc<dyn Ledger>, Problem>>;
}

impl ServedLedger {
    /// A chain of the tutorial; `ledger` stands above `node`.
    pub fn tutorial(ledger: Arc<IndexedLedger>, node: Node) -> ServedLedger {
        ServedLedger {
            ledger,
            node: Some(node),
            channel: None,
            default_contract: Some(COIN.to_owned()),
            users: None,
            ended: Arc::default(),
        }
    }

    /// A channel of Fabric, with the contract that is meant where a call names none.
    pub fn fabric(ledger: Arc<IndexedLedger>, default_contract: Option<String>) -> ServedLedger {
        ServedLedger {
            ledger,
            node: None,
            channel: None,
            default_contract,
            users: None,
            ended: Arc::default(),
        }
    }

    /// Lets callers with a token submit as the identity of that token.
    #[must_use]
    pub(crate) fn with_users(self, users: Arc<dyn ChannelUsers>) -> ServedLedger {
        ServedLedger {
            users: Some(users),
            ..self
        }
    }

    /// Has calls of this channel, which is the ledger's own, signed elsewhere.
    #[must_use]
    pub(crate) fn signed_outside(self, channel: FabricLedger) -> ServedLedger {
        ServedLedger {
            channel: Some(channel),
            ..self
        }
    }

    /// Submits a call as the caller: on a channel of Fabric as the identity of the caller's token, and as the ledger's own
    /// where the server asks for no tokens.
    pub(crate) async fn invoke(
        &self,
        caller: &Caller,
        call: Call,
        options: InvokeOptions,
    ) -> Result<Receipt, Problem> {
        if self.node.is_none()
            && let Some(label) = caller.identity()?
        {
            let users = self.users.as_ref().ok_or(Refusal::NoWallet)?;
            let ledger = users.acting_as(label).await?;
            return Ok(ledger.invoke(call, options).await?);
        }
        Ok(self.ledger.invoke(call, options).await?)
    }

    /// Who the caller is on this ledger: the identity of the caller's token, else the ledger's own user. None where it has no
    /// identities.
    pub(crate) async fn identity(&self, caller: &Caller) -> Result<Option<CreatorName>, Problem> {
        let own = caller.token().and_then(|token| token.identity());
        if let (Some(users), Some(label)) = (&self.users, own) {
            return Ok(users.acting_as(label).await?.identity());
        }
        Ok(self.ledger.identity())
    }

    /// Ends the event streams that read it.
    pub(super) fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Becomes true when the server serves it no longer.
    pub(crate) fn ended(&self) -> watch::Receiver<bool> {
        self.ended.subscribe()
    }

    /// A call as a request names it, for queries, invocations and the explorer's forms.
    pub(crate) fn call(
        &self,
        contract: Option<String>,
        function: String,
        args: Vec<Payload>,
    ) -> Result<Call, Problem> {
        let contract = contract.or_else(|| self.default_contract.clone());
        let contract = contract.ok_or_else(|| {
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "contract_missing",
                "the call names no contract, and none is meant by this ledger: add `contract` to the \
                 call (--contract), or give the ledger one: `contract` in the configuration, \
                 `chaincode_id` (--chaincode-id) of a connection",
            )
        })?;
        Ok(Call {
            contract,
            function,
            args,
        })
    }
}
