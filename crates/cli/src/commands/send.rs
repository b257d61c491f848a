use crate::arguments::{CallFlags, SendArguments};
use crate::client::Client;
use crate::error::Error;
use crate::output::shortened;

use super::COIN;
use super::invoke::{Call, submit};

/// How many digits Python reads of a whole number.
const DIGITS_MAX: usize = 4300;
/// How much of an amount is shown that is refused.
const SHOWN_WIDTH: usize = 60;

/// Hands in a transfer. It goes the way of `invoke`, whose receipt has an id to ask for it, and
/// whose arguments are text: the amount arrives digit by digit.
pub(crate) async fn run(arguments: &SendArguments) -> Result<(), Error> {
    let amount = arguments.amount.trim();
    check_amount(amount)?;
    let call = Call {
        contract: Some(COIN.to_owned()),
        function: "transfer".to_owned(),
        args: vec![
            arguments.sender.clone(),
            arguments.recipient.clone(),
            amount.to_owned(),
        ],
        how: CallFlags::default(),
        wait: None,
        idempotency_key: None,
        retry: None,
    };
    let client = Client::of_tutorial(&arguments.remote, "send").await?;
    submit(&client, call, arguments.remote.json).await
}

/// Refuses here what the server would, which does not know that a number was meant.
fn check_amount(amount: &str) -> Result<(), Error> {
    if !is_json_number(amount) {
        return Err(Error::Amount(shortened(amount, SHOWN_WIDTH)));
    }
    if amount.contains(['.', 'e', 'E']) {
        // Python keeps these as binary fractions of 64 bits.
        return match amount.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(()),
            _ => Err(Error::AmountBeyondRange(shortened(amount, SHOWN_WIDTH))),
        };
    }
    let digits = amount.trim_start_matches('-').len();
    if digits > DIGITS_MAX {
        return Err(Error::AmountTooLong {
            digits,
            digits_max: DIGITS_MAX,
        });
    }
    Ok(())
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
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_amount_beyond_all_numbers_is_refused_for_what_it_is() {
        for amount in ["5", "-1.5e308", "1e-400", &"9".repeat(DIGITS_MAX)] {
            check_amount(amount).unwrap();
        }
        for amount in ["1e400", "-1E+400", "2.0e308"] {
            let error = check_amount(amount).unwrap_err();
            assert!(matches!(error, Error::AmountBeyondRange(_)), "{error}");
            assert!(error.to_string().contains(amount), "{error}");
        }
        let error = check_amount(&"9".repeat(5000)).unwrap_err();
        assert!(matches!(error, Error::AmountTooLong { digits: 5000, .. }));
        let error = check_amount(&"x".repeat(5000)).unwrap_err();
        assert!(error.to_string().len() < 300, "{error}");
    }

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
