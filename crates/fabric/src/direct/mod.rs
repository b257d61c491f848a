//! The transaction flow without a gateway, as Fabric's first clients had it: the peers and the orderers are spoken to one by one, and what peers
//! say is checked here.

mod broadcast;
mod configuration;
mod difference;
mod endorsements;
mod membership;
mod propose;
mod refusal;
#[cfg(test)]
mod testing;
mod transaction;

use std::sync::Arc;

use bytes::Bytes;
use chainloom_ledger::{LedgerError, PeerReport};
use jiff::Timestamp;
use tokio::time::Instant;

use self::broadcast::Orderers;
use self::configuration::Configurations;
pub(crate) use self::configuration::config_in;
use self::endorsements::{NotEndorsed, agree};
pub(crate) use self::membership::Membership;
use self::propose::{evaluate, propose};
use self::transaction::Parts;
use crate::call::ChannelCall;
use crate::endpoint::Orderer;
use crate::first_answer::Avoided;
use crate::gateway::{Endorsed, Unsigned};
use crate::identity::{CurrentIdentity, Identity};
use crate::proposal::{SignedCall, sign_call};
use crate::target::{Selection, Target};

/// A user among the peers and orderers of a channel.
#[derive(Debug, Clone)]
pub(crate) struct Direct {
    identity: CurrentIdentity,
    channel: String,
    /// Those of the user's organization first.
    targets: Arc<[Target]>,
    orderers: Orderers,
    configurations: Arc<Configurations>,
    avoided: Avoided,
}

impl Direct {
    /// A user among these; there is at least one of each.
    pub(crate) fn new(
        identity: CurrentIdentity,
        channel: String,
        mut targets: Vec<Target>,
        orderers: Vec<Orderer>,
    ) -> Self {
        own_first(&mut targets, &identity);
        let avoided = Avoided::default();
        let configurations =
            Configurations::new(identity.clone(), channel.clone(), avoided.clone());
        Self {
            configurations: Arc::new(configurations),
            avoided,
            identity,
            channel,
            targets: targets.into(),
            orderers: Orderers::new(orderers.into()),
        }
    }

    /// The same peers and orderers for somebody else.
    pub(crate) fn acting_as(&self, identity: CurrentIdentity) -> Self {
        let mut targets = self.targets.to_vec();
        own_first(&mut targets, &identity);
        Self {
            configurations: self.configurations.clone(),
            avoided: self.avoided.clone(),
            orderers: self.orderers.clone(),
            channel: self.channel.clone(),
            targets: targets.into(),
            identity,
        }
    }

    pub(crate) fn identity(&self) -> &CurrentIdentity {
        &self.identity
    }

    pub(crate) fn channel(&self) -> &str {
        &self.channel
    }

    pub(crate) fn all_targets(&self) -> &[Target] {
        &self.targets
    }

    /// Asks all orderers side by side whether they are there.
    pub(crate) async fn orderer_reports(&self) -> Vec<PeerReport> {
        self.orderers.reports().await
    }

    /// Whether enough orderers are there for a transaction to be ordered.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`].
    pub(crate) async fn check_orderers(&self, deadline: Instant) -> Result<(), LedgerError> {
        let configuration = self
            .configurations
            .current(&self.configuration_peers(), deadline)
            .await?;
        self.orderers
            .check_connected(configuration.ordering, deadline)
            .await
    }

    /// Runs a function on one peer; nothing is written.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn evaluate(&self, call: &ChannelCall) -> Result<Bytes, LedgerError> {
        let identity = self.identity.get()?;
        let signed = self.sign(call, &identity)?;
        self.evaluate_signed(&signed, call, identity.msp_id()).await
    }

    /// The same, once somebody of the `own` organization has signed the call.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) async fn evaluate_signed(
        &self,
        signed: &SignedCall,
        call: &ChannelCall,
        own: &str,
    ) -> Result<Bytes, LedgerError> {
        let targets = self.targets(call, own)?;
        let response = evaluate(signed, &targets, &self.avoided, call.deadline).await?;
        Ok(response.payload)
    }

    /// Has a call endorsed by every peer that it is for, checks what they answer, and signs what came of it.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing has been submitted then.
    pub(crate) async fn endorse(&self, call: &ChannelCall) -> Result<Endorsed, LedgerError> {
        // The envelope has to be signed by who signed the proposal.
        let identity = self.identity.get()?;
        let signed = self.sign(call, &identity)?;
        let unsigned = self.endorse_signed(&signed, call, identity.msp_id());
        let unsigned = unsigned.await?;
        let signature = identity.sign(&unsigned.payload);
        let signature = signature.map_err(|error| broken(error.to_string()))?;
        Ok(unsigned.signed(signature))
    }

    /// The same, once somebody of the `own` organization has signed the call; the transaction is left for them to sign.
    ///
    /// # Errors
    /// [`LedgerError`]; nothing has been submitted then.
    pub(crate) async fn endorse_signed(
        &self,
        signed: &SignedCall,
        call: &ChannelCall,
        own: &str,
    ) -> Result<Unsigned, LedgerError> {
        let targets = self.targets(call, own)?;
        let configuration = self
            .configurations
            .current(&self.configuration_peers(), call.deadline)
            .await?;
        self.orderers
            .check_connected(configuration.ordering, call.deadline)
            .await?;
        let parts = Parts::of(signed).map_err(|error| broken(error.to_string()))?;
        let answers = propose(signed, &targets, call.deadline).await?;
        let hash = parts.hash();
        let agreed = match agree(&answers, &configuration.membership, &hash) {
            // The channel may have changed.
            Err(NotEndorsed::Untrusted { .. }) => {
                let newest = self
                    .configurations
                    .newest(&self.configuration_peers(), call.deadline)
                    .await?;
                agree(&answers, &newest.membership, &hash)?
            }
            agreed => agreed?,
        };
        Ok(Unsigned {
            transaction_id: signed.transaction_id.clone(),
            payload: parts.transaction(&agreed),
            result: agreed.result,
        })
    }

    /// Hands an endorsed transaction to the orderers.
    ///
    /// # Errors
    /// [`LedgerError`]; [`LedgerError::Unconfirmed`] where it may have been taken all the same.
    pub(crate) async fn submit(
        &self,
        endorsed: &Endorsed,
        deadline: Instant,
    ) -> Result<(), LedgerError> {
        let configuration = match self.configurations.last() {
            Some(configuration) => configuration,
            None => {
                let peers = self.configuration_peers();
                self.configurations.current(&peers, deadline).await?
            }
        };
        self.orderers
            .broadcast(endorsed, configuration.ordering, deadline)
            .await
    }

    fn targets(&self, call: &ChannelCall, own: &str) -> Result<Vec<&Target>, LedgerError> {
        let selection = Selection {
            organizations: &call.organizations,
            peers: &call.peers,
            has_transient: !call.invocation.transient.is_empty(),
        };
        selection.of(&self.targets, own)
    }

    /// The peers that are asked for the channel's configuration: those of the connection's own organization, whoever calls.
    fn configuration_peers(&self) -> Vec<&Target> {
        let identity = self.configurations.identity().latest();
        let all = || self.targets.iter();
        let own: Vec<&Target> = all()
            .filter(|target| *target.organization == *identity.msp_id())
            .collect();
        match own.is_empty() {
            true => all().collect(),
            false => own,
        }
    }

    fn sign(&self, call: &ChannelCall, identity: &Identity) -> Result<SignedCall, LedgerError> {
        let refused = identity.check_validity(Timestamp::now());
        refused.map_err(|error| LedgerError::AccessDenied {
            detail: error.to_string(),
        })?;
        let invocation = call.invocation.clone();
        sign_call(identity, &self.channel, invocation).map_err(|error| broken(error.to_string()))
    }
}

/// The peers of the user's organization come first.
fn own_first(targets: &mut [Target], identity: &CurrentIdentity) {
    let identity = identity.latest();
    targets.sort_by_key(|target| *target.organization != *identity.msp_id());
}

/// This machine did something that no caller can mend.
fn broken(detail: String) -> LedgerError {
    LedgerError::Storage { detail }
}

#[cfg(test)]
mod tests;
