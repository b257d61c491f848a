//! A call as peers take it. What can be told of it without asking anybody is checked here.

use std::time::Duration;

use bytes::Bytes;
use chainloom_ledger::{Call, CallOptions, LedgerError};
use tokio::time::Instant;

use crate::proposal::Invocation;

/// How long a call may take where it does not say.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest that a call may ask for.
const CALL_TIMEOUT_MAX: Duration = Duration::from_secs(600);
/// The most arguments of a call.
const ARGUMENTS_MAX: usize = 1000;
/// The most values of its transient data.
const TRANSIENT_MAX: usize = 1000;
/// The most organizations, and the most peers, that it names.
const NAMES_MAX: usize = 100;
/// What function, arguments and transient data have together at most. Peers take messages of 100 MiB; the rest is for what stands around
/// the call: header, certificate, signature.
const CALL_BYTES_MAX: usize = 99 << 20;

/// A call on its way to a channel's peers.
#[derive(Debug, Clone)]
pub(crate) struct ChannelCall {
    /// What its creator signs.
    pub(crate) invocation: Invocation,
    /// The MSP ids of the organizations whose peers are to run it; empty leaves it open.
    pub(crate) organizations: Vec<String>,
    /// The names or addresses of the peers that are asked; empty leaves it open.
    pub(crate) peers: Vec<String>,
    pub(crate) deadline: Instant,
}

impl ChannelCall {
    /// A call of which nothing more is said. `args` begins with the function.
    pub(crate) fn plain(contract: &str, args: Vec<Bytes>, deadline: Instant) -> Self {
        Self {
            invocation: Invocation {
                contract: contract.to_owned(),
                args,
                ..Invocation::default()
            },
            organizations: Vec::new(),
            peers: Vec::new(),
            deadline,
        }
    }

    /// A caller's call. `contract` is meant where it names none.
    ///
    /// # Errors
    /// [`LedgerError::InvalidCall`] where no peer could carry it out.
    pub(crate) fn new(
        call: Call,
        options: CallOptions,
        contract: Option<&str>,
    ) -> Result<Self, LedgerError> {
        let invalid = |code, detail: String| LedgerError::InvalidCall { code, detail };
        let contract = match call.contract.is_empty() {
            true => contract.map(str::to_owned),
            false => Some(call.contract),
        };
        let contract = contract.ok_or_else(|| {
            invalid(
                "contract_missing",
                "the call names no contract, and the ledger's configuration none either".to_owned(),
            )
        })?;
        if call.function.is_empty() {
            return Err(invalid(
                "function_missing",
                "the call names no function".to_owned(),
            ));
        }
        for (code, what, count, count_max) in [
            (
                "too_many_arguments",
                "arguments",
                call.args.len(),
                ARGUMENTS_MAX,
            ),
            (
                "too_many_transient_values",
                "values of transient data",
                options.transient.len(),
                TRANSIENT_MAX,
            ),
            (
                "too_many_organizations",
                "organizations",
                options.organizations.len(),
                NAMES_MAX,
            ),
            ("too_many_peers", "peers", options.peers.len(), NAMES_MAX),
        ] {
            if count > count_max {
                let detail = format!("the call has {count} {what}; at most {count_max} are taken");
                return Err(invalid(code, detail));
            }
        }
        let args: usize = call.args.iter().map(|argument| argument.0.len()).sum();
        let transient = options.transient.iter();
        let transient: usize = transient
            .map(|(name, value)| name.len() + value.0.len())
            .sum();
        let bytes = call.function.len() + args + transient;
        if bytes > CALL_BYTES_MAX {
            let detail = format!(
                "the call has {bytes} bytes in its function, arguments and transient data; peers take {CALL_BYTES_MAX} at most"
            );
            return Err(invalid("call_too_large", detail));
        }
        let function = Bytes::from(call.function);
        let args = call
            .args
            .into_iter()
            .map(|argument| Bytes::from(argument.0));
        let transient = options.transient.into_iter();
        Ok(Self {
            invocation: Invocation {
                contract,
                args: std::iter::once(function).chain(args).collect(),
                transient: transient
                    .map(|(name, value)| (name, Bytes::from(value.0)))
                    .collect(),
                is_init: options.is_init,
            },
            organizations: options.organizations,
            peers: options.peers,
            deadline: Instant::now()
                + options
                    .timeout
                    .unwrap_or(CALL_TIMEOUT)
                    .min(CALL_TIMEOUT_MAX),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chainloom_ledger::Payload;

    use super::*;

    fn call() -> Call {
        Call {
            contract: String::new(),
            function: "put".to_owned(),
            args: vec!["key".into(), "value".into()],
        }
    }

    fn refused(call: Call, options: CallOptions) -> (&'static str, String) {
        let error = ChannelCall::new(call, options, Some("probe")).unwrap_err();
        (error.code(), error.to_string())
    }

    #[test]
    fn a_call_is_taken_as_it_is() {
        let options = CallOptions {
            transient: [("value".to_owned(), Payload(vec![0xff]))].into(),
            organizations: vec!["Org1MSP".to_owned()],
            peers: vec!["peer0:7051".to_owned()],
            is_init: true,
            timeout: Some(Duration::from_secs(3600)),
        };
        let mut named = call();
        named.function = "Contract:put".to_owned();
        let before = Instant::now();
        let taken = ChannelCall::new(named, options, Some("probe")).unwrap();
        assert_eq!(taken.invocation.contract, "probe");
        assert_eq!(taken.invocation.args, ["Contract:put", "key", "value"]);
        assert_eq!(taken.invocation.transient["value"], [0xff][..]);
        assert_eq!(taken.organizations, ["Org1MSP"]);
        assert_eq!(taken.peers, ["peer0:7051"]);
        assert!(taken.invocation.is_init);
        assert!(taken.deadline >= before + CALL_TIMEOUT_MAX);
        assert!(taken.deadline <= Instant::now() + CALL_TIMEOUT_MAX);
        assert!(!format!("{taken:?}").contains("xff"));
        let own = Call {
            contract: "basic".to_owned(),
            ..call()
        };
        let taken = ChannelCall::new(own, CallOptions::default(), Some("probe")).unwrap();
        assert_eq!(taken.invocation.contract, "basic");
    }

    #[test]
    fn what_no_peer_could_carry_out_is_refused() {
        let error = ChannelCall::new(call(), CallOptions::default(), None).unwrap_err();
        assert_eq!(error.code(), "contract_missing");
        let mut wrong = call();
        wrong.function.clear();
        assert_eq!(refused(wrong, CallOptions::default()).0, "function_missing");

        let mut most = call();
        most.args = vec!["".into(); ARGUMENTS_MAX];
        assert!(ChannelCall::new(most.clone(), CallOptions::default(), Some("probe")).is_ok());
        most.args.push("".into());
        let (code, detail) = refused(most, CallOptions::default());
        assert_eq!(code, "too_many_arguments");
        assert!(
            detail.contains("1001") && detail.contains("1000"),
            "{detail}"
        );

        let names = |count: usize| (0..count).map(|number| number.to_string());
        let transient = CallOptions {
            transient: names(TRANSIENT_MAX + 1)
                .map(|name| (name, "".into()))
                .collect(),
            ..CallOptions::default()
        };
        assert_eq!(refused(call(), transient).0, "too_many_transient_values");
        let organizations = CallOptions {
            organizations: names(NAMES_MAX + 1).collect(),
            ..CallOptions::default()
        };
        assert_eq!(refused(call(), organizations).0, "too_many_organizations");
        let peers = CallOptions {
            peers: names(NAMES_MAX + 1).collect(),
            ..CallOptions::default()
        };
        assert_eq!(refused(call(), peers).0, "too_many_peers");
    }

    #[test]
    fn arguments_and_transient_data_count_together() {
        // The function has three bytes, the name of the value five.
        let mut large = call();
        large.args = vec![Payload(vec![0; CALL_BYTES_MAX - 3 - 5])];
        let with = |value: &str| CallOptions {
            transient: [("value".to_owned(), value.into())].into(),
            ..CallOptions::default()
        };
        assert!(ChannelCall::new(large.clone(), with(""), Some("probe")).is_ok());
        assert_eq!(refused(large, with("1")).0, "call_too_large");
    }
}
