use std::fmt;

/// How many digits an integer may have: Python reads no more.
pub const INTEGER_DIGITS_MAX: usize = 4300;

/// An integer of any size that Python reads.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Integer(Repr);

/// Exactly one form for each value: `Big` holds only what does not fit `Small`.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Small(i64),
    /// Decimal digits without leading zeros, after a minus sign for a negative number.
    Big(Box<str>),
}

impl Integer {
    /// Of a JSON integer's own text: an optional minus sign and digits without leading zeros.
    pub(super) fn from_token(token: &str) -> Self {
        match token.parse() {
            Ok(number) => Self(Repr::Small(number)),
            Err(_) => Self(Repr::Big(token.into())),
        }
    }

    /// The number, if it fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Repr::Small(number) => Some(number),
            Repr::Big(_) => None,
        }
    }

    /// The number, if it fits.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match &self.0 {
            Repr::Small(number) => (*number).try_into().ok(),
            Repr::Big(digits) => digits.parse().ok(),
        }
    }
}

impl From<i64> for Integer {
    fn from(number: i64) -> Self {
        Self(Repr::Small(number))
    }
}

impl From<u64> for Integer {
    fn from(number: u64) -> Self {
        match i64::try_from(number) {
            Ok(number) => Self(Repr::Small(number)),
            Err(_) => Self(Repr::Big(number.to_string().into())),
        }
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Small(number) => fmt::Display::fmt(number, formatter),
            Repr::Big(digits) => formatter.write_str(digits),
        }
    }
}

impl fmt::Debug for Integer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_big_meet_without_a_gap() {
        let largest = Integer::from_token("9223372036854775807");
        assert_eq!(largest, Integer::from(i64::MAX));
        let beyond = Integer::from_token("9223372036854775808");
        assert_eq!(beyond.as_i64(), None);
        assert_eq!(beyond.as_u64(), Some(1 << 63));
        assert_eq!(beyond, Integer::from(1_u64 << 63));
        assert_eq!(beyond.to_string(), "9223372036854775808");
        assert_eq!(
            Integer::from_token("-9223372036854775808"),
            Integer::from(i64::MIN)
        );
        assert_eq!(Integer::from_token("-1").as_u64(), None);
        assert_eq!(Integer::from_token("18446744073709551616").as_u64(), None);
        assert_eq!(Integer::from(7_u64), Integer::from(7_i64));
    }

    #[test]
    fn minus_zero_is_zero() {
        assert_eq!(Integer::from_token("-0").to_string(), "0");
    }
}
