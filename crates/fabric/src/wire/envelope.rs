use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use chainloom_ledger::Hash;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::creator::Creator;
use super::error::{DecodeError, Fault, Place, Within, decode};
use super::proto::common::{self, HeaderType};
use super::transaction::Body;

/// A signed message, with its header read. [`Envelope::body`] reads the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// What the header says.
    pub header: Header,
    /// What the creator signed.
    pub payload: Bytes,
    /// The creator's signature over the payload.
    pub signature: Bytes,
    /// What the header is about; a message that depends on the kind.
    pub data: Bytes,
    pub(super) place: Place,
}

/// The header of an envelope.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// What the envelope holds.
    pub kind: Kind,
    /// Of the message; 0 or 1.
    pub version: i32,
    /// The creator's own clock. `None` where it is missing or beyond the years that can be told.
    pub time: Option<Timestamp>,
    /// Name of the channel; empty for calls to a peer itself.
    pub channel: String,
    /// What the creator says the id is; [`Envelope::check_transaction_id`] computes it.
    pub transaction_id: String,
    /// Always 0 up to Fabric 3.1.
    pub epoch: u64,
    /// For an endorser transaction the name of the chaincode.
    pub extension: Bytes,
    /// Hash of the creator's TLS certificate, where mutual TLS is used.
    pub tls_certificate_hash: Bytes,
    /// A `msp.SerializedIdentity`; empty in block 0.
    pub creator: Bytes,
    /// Random bytes that make the id unique.
    pub nonce: Bytes,
}

/// What an envelope holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Opaque to Fabric.
    Message,
    /// The whole configuration of a channel.
    Config,
    /// A wish to change the configuration.
    ConfigUpdate,
    /// A call of a chaincode.
    EndorserTransaction,
    /// Of the orderers' own, up to Fabric 2.
    OrdererTransaction,
    /// A wish to be sent blocks.
    DeliverSeekInfo,
    /// Up to Fabric 1.
    ChaincodePackage,
    /// A number that Fabric 3.1 has no name for.
    Unknown(i32),
}

/// A transaction id that is not the hash of nonce and creator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the header says that the transaction id is `{got}`, but nonce and creator make it {expected}"
)]
pub struct WrongTransactionId {
    /// SHA-256 of nonce and creator.
    pub expected: Hash,
    /// The first 80 characters of what the header says.
    pub got: String,
}

impl Envelope {
    /// Reads a serialized `common.Envelope` and its header.
    pub fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        Self::from_message(decode(bytes)?)
    }

    /// Takes the message that a stream delivered, and reads its header.
    pub fn from_message(envelope: common::Envelope) -> Result<Self, DecodeError> {
        let payload: common::Payload = decode(envelope.payload.clone())?;
        let header = payload.header.ok_or(Fault::Missing("the header"))?;
        Ok(Self {
            header: Header::new(header).within(|| "header".to_owned())?,
            payload: envelope.payload,
            signature: envelope.signature,
            data: payload.data,
            place: Place::default(),
        })
    }

    /// Reads what the envelope holds.
    pub fn body(&self) -> Result<Body, DecodeError> {
        Body::decode(self.header.kind, self.data.clone()).map_err(|mut error| {
            error.place.block = self.place.block;
            error.place.transaction = self.place.transaction;
            error
        })
    }

    /// The id is the SHA-256 of nonce and creator, in hex.
    pub fn check_transaction_id(&self) -> Result<(), WrongTransactionId> {
        let header = &self.header;
        let expected = transaction_id(&header.nonce, &header.creator);
        if header.transaction_id != expected.to_string() {
            let got = header.transaction_id.chars().take(80).collect();
            return Err(WrongTransactionId { expected, got });
        }
        Ok(())
    }
}

/// The id of a transaction: SHA-256 of nonce and creator.
pub fn transaction_id(nonce: &[u8], creator: &[u8]) -> Hash {
    Hash(
        Sha256::new()
            .chain_update(nonce)
            .chain_update(creator)
            .finalize()
            .into(),
    )
}

impl Header {
    fn new(header: common::Header) -> Result<Self, DecodeError> {
        let channel: common::ChannelHeader = decode(header.channel_header)?;
        let signature: common::SignatureHeader = decode(header.signature_header)?;
        let time = channel
            .timestamp
            .and_then(|time| Timestamp::new(time.seconds, time.nanos).ok());
        Ok(Self {
            kind: channel.r#type.into(),
            version: channel.version,
            time,
            channel: channel.channel_id,
            transaction_id: channel.tx_id,
            epoch: channel.epoch,
            extension: channel.extension,
            tls_certificate_hash: channel.tls_cert_hash,
            creator: signature.creator,
            nonce: signature.nonce,
        })
    }

    /// The creator; `None` where the header names none, as in block 0.
    pub fn creator(&self) -> Result<Option<Creator>, DecodeError> {
        if self.creator.is_empty() {
            return Ok(None);
        }
        Creator::decode(self.creator.clone())
            .map(Some)
            .within(|| "creator".to_owned())
    }
}

impl From<i32> for Kind {
    fn from(number: i32) -> Self {
        match HeaderType::try_from(number) {
            Ok(HeaderType::Message) => Self::Message,
            Ok(HeaderType::Config) => Self::Config,
            Ok(HeaderType::ConfigUpdate) => Self::ConfigUpdate,
            Ok(HeaderType::EndorserTransaction) => Self::EndorserTransaction,
            Ok(HeaderType::OrdererTransaction) => Self::OrdererTransaction,
            Ok(HeaderType::DeliverSeekInfo) => Self::DeliverSeekInfo,
            Ok(HeaderType::ChaincodePackage) => Self::ChaincodePackage,
            Err(_) => Self::Unknown(number),
        }
    }
}

impl Kind {
    /// The number in the header.
    pub fn number(self) -> i32 {
        let known = match self {
            Self::Message => HeaderType::Message,
            Self::Config => HeaderType::Config,
            Self::ConfigUpdate => HeaderType::ConfigUpdate,
            Self::EndorserTransaction => HeaderType::EndorserTransaction,
            Self::OrdererTransaction => HeaderType::OrdererTransaction,
            Self::DeliverSeekInfo => HeaderType::DeliverSeekInfo,
            Self::ChaincodePackage => HeaderType::ChaincodePackage,
            Self::Unknown(number) => return number,
        };
        known.into()
    }

    /// Fabric's name of the type.
    pub fn name(self) -> Cow<'static, str> {
        match HeaderType::try_from(self.number()) {
            Ok(known) => known.as_str_name().into(),
            Err(_) => format!("UNKNOWN({})", self.number()).into(),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name())
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    fn envelope(channel: common::ChannelHeader, signature: common::SignatureHeader) -> Bytes {
        let header = common::Header {
            channel_header: channel.encode_to_vec().into(),
            signature_header: signature.encode_to_vec().into(),
        };
        let payload = common::Payload {
            header: Some(header),
            data: Bytes::from_static(b"data"),
        };
        let payload = payload.encode_to_vec().into();
        common::Envelope {
            payload,
            signature: Bytes::new(),
        }
        .encode_to_vec()
        .into()
    }

    #[test]
    fn unknown_kinds_are_kept_and_shown_raw() {
        let channel = common::ChannelHeader {
            r#type: 77,
            ..Default::default()
        };
        let envelope = Envelope::decode(envelope(channel, Default::default())).expect("a header");
        assert_eq!(envelope.header.kind, Kind::Unknown(77));
        assert_eq!(envelope.header.kind.to_string(), "UNKNOWN(77)");
        let data = Bytes::from_static(b"data");
        assert_eq!(
            envelope.body(),
            Ok(Body::Other {
                kind: Kind::Unknown(77),
                data
            })
        );
        for number in 0..8 {
            assert_eq!(Kind::from(number).number(), number);
        }
        assert_eq!(
            Kind::EndorserTransaction.to_string(),
            "ENDORSER_TRANSACTION"
        );
    }

    #[test]
    fn the_transaction_id_is_computed() {
        let signature = common::SignatureHeader {
            nonce: Bytes::from_static(b"a"),
            creator: Bytes::from_static(b"bc"),
        };
        let good = common::ChannelHeader {
            tx_id: Hash::of(b"abc").to_string(),
            ..Default::default()
        };
        let good = Envelope::decode(envelope(good, signature.clone())).expect("a header");
        assert_eq!(good.check_transaction_id(), Ok(()));
        let bad = common::ChannelHeader {
            tx_id: "x".repeat(1000),
            ..Default::default()
        };
        let bad = Envelope::decode(envelope(bad, signature)).expect("a header");
        let error = bad.check_transaction_id().expect_err("another id");
        assert_eq!((error.expected, error.got.len()), (Hash::of(b"abc"), 80));
    }

    #[test]
    fn impossible_times_do_not_hide_the_rest() {
        for (seconds, nanos) in [(i64::MAX, 0), (0, i32::MIN), (0, 2_000_000_000)] {
            let timestamp = Some(prost_types::Timestamp { seconds, nanos });
            let channel = common::ChannelHeader {
                timestamp,
                ..Default::default()
            };
            let envelope =
                Envelope::decode(envelope(channel, Default::default())).expect("a header");
            assert_eq!(envelope.header.time, None);
        }
    }

    #[test]
    fn a_header_that_lacks_or_breaks_is_said() {
        let error = Envelope::decode(Bytes::new()).expect_err("empty");
        assert_eq!(error.to_string(), "the header is missing");
        let header = common::Header {
            channel_header: Bytes::from_static(b"\xff"),
            ..Default::default()
        };
        let payload = common::Payload {
            header: Some(header),
            data: Bytes::new(),
        };
        let envelope = common::Envelope {
            payload: payload.encode_to_vec().into(),
            ..Default::default()
        };
        let error = Envelope::from_message(envelope).expect_err("no channel header");
        assert!(
            error
                .to_string()
                .starts_with("header: the bytes are no ChannelHeader"),
            "{error}"
        );
    }
}
