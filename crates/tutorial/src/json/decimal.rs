use super::Json;
use super::float::write_float;
use bigdecimal::BigDecimal;

/// The exact value of a finite number, for sums: an integer as it stands, a float by the digits that Python prints.
///
/// None of everything else: `NaN` and `Infinity`, booleans (which Python would count), strings of digits.
#[must_use]
pub fn decimal(value: &Json) -> Option<BigDecimal> {
    match value {
        Json::Integer(integer) => match integer.as_i64() {
            Some(number) => Some(number.into()),
            None => integer.to_string().parse().ok(),
        },
        Json::Float(number) if number.is_finite() => {
            let mut text = Vec::new();
            write_float(*number, &mut text);
            std::str::from_utf8(&text).ok()?.parse().ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::json::{Limits, parse};

    fn of(document: &str) -> Option<BigDecimal> {
        decimal(&parse(document.as_bytes(), &Limits::default()).unwrap())
    }

    #[test]
    fn floats_count_by_their_shortest_digits() {
        let tenth = of("0.1").unwrap();
        let fifth = of("0.2").unwrap();
        assert_eq!(tenth + fifth, of("0.3").unwrap());
        assert_eq!(of("1e16"), "10000000000000000".parse().ok());
        assert_eq!(of("5.0"), of("5"));
        assert_eq!(of("-0.0"), of("0"));
        assert!(of("5e-324").is_some());
    }

    #[test]
    fn integers_of_any_size_are_exact() {
        let digits = "9".repeat(4300);
        let one_more = of(&digits).unwrap() + 1;
        let expected: BigDecimal = format!("1{}", "0".repeat(4300)).parse().unwrap();
        assert_eq!(one_more, expected);
        assert_eq!(
            of("-9223372036854775809"),
            "-9223372036854775809".parse().ok()
        );
    }

    #[test]
    fn what_is_no_finite_number_has_no_value() {
        for document in [
            "NaN",
            "Infinity",
            "-Infinity",
            "1e400",
            "true",
            "null",
            r#""5""#,
            "[5]",
            "{}",
        ] {
            assert_eq!(of(document), None, "{document}");
        }
    }
}
