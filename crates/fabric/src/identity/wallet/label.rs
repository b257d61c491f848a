//! The names of identities in a wallet.

use std::fmt;
use std::str::FromStr;

/// The longest label, in characters.
const LENGTH_MAX: usize = 128;

/// The name of an identity in a wallet, unique there: `alice@Org1MSP`. It is the name of a file too, so it has 1 to 128
/// letters, digits and `@._+-`, and begins with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(String);

/// A text that is no label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no label: 1 to {LENGTH_MAX} letters, digits and @._+- name an identity, as in alice@Org1MSP"
)]
pub struct LabelError(String);

impl Label {
    /// The label of somebody in an organization: `alice@Org1MSP`.
    ///
    /// # Errors
    /// [`LabelError`] where the names hold other characters; the caller then has to choose a label.
    pub fn of(enrollment_id: &str, msp_id: &str) -> Result<Self, LabelError> {
        format!("{enrollment_id}@{msp_id}").parse()
    }

    /// The label's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Label {
    type Err = LabelError;

    fn from_str(text: &str) -> Result<Self, LabelError> {
        let begins = text.starts_with(|first: char| first.is_ascii_alphanumeric());
        let rest = text
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || "@._+-".contains(one));
        if begins && rest && text.len() <= LENGTH_MAX {
            Ok(Self(text.to_owned()))
        } else {
            Err(LabelError(text.chars().take(LENGTH_MAX).collect()))
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_label_can_be_the_name_of_a_file() {
        assert_eq!(
            Label::of("alice", "Org1MSP").unwrap().to_string(),
            "alice@Org1MSP"
        );
        assert!("User1@org1.example.com@Org1MSP".parse::<Label>().is_ok());
        let long = "a".repeat(LENGTH_MAX + 1);
        for wrong in [
            "", ".", "..", ".a", "-a", "a/b", "a b", "a\\b", "a\0", "älice", &long,
        ] {
            let error = wrong.parse::<Label>().unwrap_err();
            assert!(error.to_string().contains("is no label"), "{wrong}");
        }
    }
}
