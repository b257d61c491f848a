use crate::arguments::SendArguments;
use crate::error::Error;

use super::invoke::{Call, submit};

/// Hands in a transfer. It goes the way of `invoke`, whose receipt has an id to ask for it, and
/// whose arguments are text: the amount arrives digit by digit.
pub(crate) async fn run(arguments: &SendArguments) -> Result<(), Error> {
    if !is_json_number(&arguments.amount) {
        return Err(Error::Amount(arguments.amount.clone()));
    }
    let call = Call {
        function: "transfer".to_owned(),
        args: vec![
            arguments.sender.clone(),
            arguments.recipient.clone(),
            arguments.amount.clone(),
        ],
        wait: None,
        idempotency_key: None,
    };
    submit(call, &arguments.remote).await
}

/// Whether the text is a number as RFC 8259 writes them: `-0.5e-3`, neither `+1` nor `01` nor `.5`.
fn is_json_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = split_digits(unsigned);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => split_digits(rest),
        None => ("0", rest),
    };
    let (exponent, rest) = match rest.strip_prefix(['e', 'E']) {
        Some(rest) => split_digits(rest.strip_prefix(['+', '-']).unwrap_or(rest)),
        None => ("0", rest),
    };
    let leads_with_zero = whole.len() > 1 && whole.starts_with('0');
    !whole.is_empty()
        && !leads_with_zero
        && !fraction.is_empty()
        && !exponent.is_empty()
        && rest.is_empty()
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_a_json_number() {
        for number in [
            "0",
            "-0",
            "5",
            "5.0",
            "0.1",
            "1e6",
            "1E+6",
            "-1.5e-3",
            "123456789012345678901234567890",
        ] {
            assert!(is_json_number(number), "{number}");
        }
        for text in [
            "", "-", "five", "+1", "01", ".5", "5.", "1e", "1e+", "NaN", "Infinity", "1_000", "1 ",
            "0x10", "--1", "٣",
        ] {
            assert!(!is_json_number(text), "{text}");
        }
    }
}
