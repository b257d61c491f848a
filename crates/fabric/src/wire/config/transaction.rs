use bytes::Bytes;

use super::channel::ChannelConfig;
use crate::wire::envelope::Envelope;
use crate::wire::error::{DecodeError, Fault, Within, decode};
use crate::wire::proto::common;

/// A configuration transaction: the whole configuration from its block on.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigTransaction {
    /// The configuration.
    pub config: ChannelConfig,
    /// The update that led to it, whose creator asked for it; none in block 0.
    pub last_update: Option<Envelope>,
}

/// A wish to change the configuration, with those who agreed.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigUpdate {
    /// Name of the channel.
    pub channel: String,
    /// The versions on which the change relies.
    pub read_set: common::ConfigGroup,
    /// What is to change.
    pub write_set: common::ConfigGroup,
    /// Who agreed.
    pub signatures: Vec<ConfigSignature>,
    /// The serialized `common.ConfigUpdate` that the signatures are over.
    pub update: Bytes,
}

/// A signature under a change of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigSignature {
    /// A `msp.SerializedIdentity`.
    pub creator: Bytes,
    /// Random bytes.
    pub nonce: Bytes,
    /// Over the signature header and the update.
    pub signature: Bytes,
    /// The serialized header, as signed.
    pub signature_header: Bytes,
}

impl ConfigTransaction {
    /// Reads a serialized `common.ConfigEnvelope`.
    pub fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        let envelope: common::ConfigEnvelope = decode(bytes)?;
        let config = envelope.config.ok_or(Fault::Missing("the configuration"))?;
        // Block 0 holds an update whose payload is empty.
        let update = envelope
            .last_update
            .filter(|update| !update.payload.is_empty());
        let update = update.map(Envelope::from_message).transpose();
        Ok(Self {
            config: ChannelConfig::new(config)?,
            last_update: update.within(|| "last update".to_owned())?,
        })
    }
}

impl ConfigUpdate {
    /// Reads a serialized `common.ConfigUpdateEnvelope`.
    pub fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        let envelope: common::ConfigUpdateEnvelope = decode(bytes)?;
        let update: common::ConfigUpdate = decode(envelope.config_update.clone())?;
        let signatures = envelope
            .signatures
            .into_iter()
            .enumerate()
            .map(|(index, signature)| {
                ConfigSignature::new(signature).within(|| format!("signature {index}"))
            });
        Ok(Self {
            channel: update.channel_id,
            read_set: update.read_set.unwrap_or_default(),
            write_set: update.write_set.unwrap_or_default(),
            signatures: signatures.collect::<Result<_, _>>()?,
            update: envelope.config_update,
        })
    }
}

impl ConfigSignature {
    fn new(signature: common::ConfigSignature) -> Result<Self, DecodeError> {
        let header: common::SignatureHeader = decode(signature.signature_header.clone())?;
        Ok(Self {
            creator: header.creator,
            nonce: header.nonce,
            signature: signature.signature,
            signature_header: signature.signature_header,
        })
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    #[test]
    fn what_lacks_is_said() {
        let error = ConfigTransaction::decode(Bytes::new()).expect_err("empty");
        assert_eq!(error.to_string(), "the configuration is missing");
        let bare = common::ConfigEnvelope {
            config: Some(Default::default()),
            last_update: None,
        };
        let error = ConfigTransaction::decode(bare.encode_to_vec().into()).expect_err("no group");
        assert_eq!(error.to_string(), "the root group is missing");
    }

    #[test]
    fn broken_updates_say_where() {
        let bad = Bytes::from_static(b"\xff");
        let signature = common::ConfigSignature {
            signature_header: bad.clone(),
            ..Default::default()
        };
        let update = common::ConfigUpdateEnvelope {
            signatures: vec![signature],
            ..Default::default()
        };
        let error = ConfigUpdate::decode(update.encode_to_vec().into()).expect_err("no header");
        assert!(
            error
                .to_string()
                .starts_with("signature 0: the bytes are no SignatureHeader"),
            "{error}"
        );

        let config = common::Config {
            channel_group: Some(Default::default()),
            ..Default::default()
        };
        let last_update = Some(common::Envelope {
            payload: bad,
            ..Default::default()
        });
        let envelope = common::ConfigEnvelope {
            config: Some(config),
            last_update,
        };
        let error =
            ConfigTransaction::decode(envelope.encode_to_vec().into()).expect_err("no update");
        assert!(
            error
                .to_string()
                .starts_with("last update: the bytes are no Payload"),
            "{error}"
        );
    }
}
