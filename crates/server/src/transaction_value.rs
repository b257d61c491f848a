//! The values of a transaction one by one, for downloads: a page shows the beginnings of long ones.

use std::fmt;
use std::str::FromStr;

use chainloom_ledger::{Payload, Transaction};

/// Which value of a transaction is meant. Places are counted from 0, as they stand in the transaction's JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueName {
    /// `args.N`: an argument of the call.
    Argument(usize),
    /// `result`: what the contract answered.
    Result,
    /// `reads.N.key`: a key that was read.
    ReadKey(usize),
    /// `writes.N.key`: a key that was written.
    WrittenKey(usize),
    /// `writes.N.value`: what was written to it.
    Written(usize),
    /// `events.N.payload`: what an event says.
    Event(usize),
    /// `raw`: what the transaction holds where it cannot be told otherwise.
    Raw,
}

/// A text that names no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no value of a transaction; expected result, raw, args.N, reads.N.key, writes.N.key, writes.N.value or \
     events.N.payload, with N from 0 on"
)]
pub(crate) struct ValueNameError(String);

impl FromStr for ValueName {
    type Err = ValueNameError;

    fn from_str(text: &str) -> Result<ValueName, ValueNameError> {
        let parts: Vec<&str> = text.splitn(4, '.').collect();
        let place = |text: &str| {
            let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
            is_plain.then(|| text.parse().ok()).flatten()
        };
        let named = match parts[..] {
            ["result"] => Some(ValueName::Result),
            ["raw"] => Some(ValueName::Raw),
            ["args", n] => place(n).map(ValueName::Argument),
            ["reads", n, "key"] => place(n).map(ValueName::ReadKey),
            ["writes", n, "key"] => place(n).map(ValueName::WrittenKey),
            ["writes", n, "value"] => place(n).map(ValueName::Written),
            ["events", n, "payload"] => place(n).map(ValueName::Event),
            _ => None,
        };
        named.ok_or_else(|| ValueNameError(text.chars().take(80).collect()))
    }
}

impl fmt::Display for ValueName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValueName::Argument(n) => write!(formatter, "args.{n}"),
            ValueName::Result => formatter.write_str("result"),
            ValueName::ReadKey(n) => write!(formatter, "reads.{n}.key"),
            ValueName::WrittenKey(n) => write!(formatter, "writes.{n}.key"),
            ValueName::Written(n) => write!(formatter, "writes.{n}.value"),
            ValueName::Event(n) => write!(formatter, "events.{n}.payload"),
            ValueName::Raw => formatter.write_str("raw"),
        }
    }
}

impl ValueName {
    /// The value, where the transaction has it.
    pub(crate) fn of(self, transaction: Transaction) -> Option<Payload> {
        let endorsed = transaction.endorsed.map(|endorsed| *endorsed);
        let endorsed = endorsed.unwrap_or_default();
        match self {
            ValueName::Argument(n) => nth(transaction.call?.args, n),
            ValueName::Result => Some(endorsed.response?.payload),
            ValueName::ReadKey(n) => Some(nth(endorsed.reads, n)?.key),
            ValueName::WrittenKey(n) => Some(nth(endorsed.writes, n)?.key),
            ValueName::Written(n) => nth(endorsed.writes, n)?.value,
            ValueName::Event(n) => Some(nth(endorsed.events, n)?.payload),
            ValueName::Raw => endorsed.raw,
        }
    }
}

fn nth<T>(items: Vec<T>, n: usize) -> Option<T> {
    items.into_iter().nth(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for name in [
            "result",
            "raw",
            "args.0",
            "reads.1.key",
            "writes.22.key",
            "writes.0.value",
            "events.3.payload",
        ] {
            let read: ValueName = name.parse().expect(name);
            assert_eq!(read.to_string(), name);
        }
        for name in [
            "",
            "args",
            "args.",
            "args.-1",
            "args.+1",
            "args.x",
            "writes.0",
            "result.0",
            "args.99999999999999999999",
            "writes.0.value.1",
        ] {
            let error = name.parse::<ValueName>().expect_err(name).to_string();
            assert!(
                error.contains("names no value") && error.contains("args.N"),
                "{error}"
            );
        }
    }
}
