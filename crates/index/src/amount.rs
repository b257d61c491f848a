//! Exact amounts: what of an amount counts, and how a sum of them is written.

use bigdecimal::{BigDecimal, Zero};

/// How many digits an amount may have before its decimal point, and how many behind it.
///
/// It leaves room for everything that the tutorial's chain can hold: integers of 4,300 digits and
/// floats down to 5e-324. An amount beyond it moves nothing, as one that is no number moves
/// nothing: `1e999999999` is three bytes of digits on the wire and a gigabyte in a sum.
pub const AMOUNT_DIGITS_MAX: u64 = 5_000;

/// How long a balance can be as text: the digits on both sides, the carry of 2^64 additions, the
/// sign and the decimal point.
pub const BALANCE_TEXT_BYTES_MAX: usize = 2 * AMOUNT_DIGITS_MAX as usize + 22;

/// The amount that counts: `None` where it has too many digits.
///
/// The digits are those of the number as it was given: `1.000` has three behind the point.
pub(crate) fn bounded(amount: &BigDecimal) -> Option<BigDecimal> {
    if amount.is_zero() {
        return Some(BigDecimal::zero());
    }
    let (digits, scale) = amount.as_bigint_and_scale();
    // A number of n bits has at most n * 0.302 + 1 digits; the product cannot overflow, for no
    // machine holds numbers of 2^54 bits.
    let digit_count = i64::try_from(digits.bits() * 302 / 1000 + 1).ok()?;
    let limit = AMOUNT_DIGITS_MAX as i64;
    let fits = scale <= limit && digit_count.saturating_sub(scale) <= limit;
    fits.then(|| amount.normalized())
}

/// A sum as plain decimal digits: no exponent, no zeros behind the last digit of a fraction.
pub(crate) fn plain_text(sum: &BigDecimal) -> String {
    sum.normalized().to_plain_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn text_of(amount: &str) -> Option<String> {
        bounded(&amount.parse().unwrap()).map(|amount| plain_text(&amount))
    }

    #[test]
    fn sums_are_plain_and_exact() {
        let sum: BigDecimal = ["0.1", "0.2", "1e22", "-5.0"]
            .iter()
            .map(|amount| bounded(&amount.parse().unwrap()).unwrap())
            .sum();
        assert_eq!(plain_text(&sum), "9999999999999999999995.3");
        assert_eq!(plain_text(&(sum.clone() - sum)), "0");
        assert_eq!(text_of("1E+3").unwrap(), "1000");
        assert_eq!(text_of("-2.50").unwrap(), "-2.5");
        assert_eq!(text_of("5e-324").unwrap().len(), 2 + 324);
        assert_eq!(text_of("1e308").unwrap().len(), 309);
        assert_eq!(text_of(&"9".repeat(4300)).unwrap().len(), 4300);
    }

    #[test]
    fn what_has_too_many_digits_does_not_count() {
        for amount in [
            "1e999999999",
            "-1e999999999",
            "1e-999999999",
            &"9".repeat(5_100),
            "1e5000",
            "1e-5001",
        ] {
            assert_eq!(text_of(amount), None, "{amount}");
        }
        assert_eq!(text_of("0e999999999").unwrap(), "0");
        let widest = [
            bounded(&"1e4998".parse().unwrap()).unwrap(),
            bounded(&"1e-5000".parse().unwrap()).unwrap(),
        ];
        let text = plain_text(&-widest.iter().sum::<BigDecimal>());
        assert!(text.len() <= BALANCE_TEXT_BYTES_MAX, "{}", text.len());
    }
}
