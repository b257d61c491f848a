//! What requests about identities have in common.

use std::fmt;

use chainloom_fabric::identity::authority::AuthorityAddress;
use chainloom_fabric::identity::{KeyKind, Secret};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

/// A secret in a request. What is wrong with it is said without showing it.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Password)]
pub(super) struct SecretText(pub(super) Secret);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = SecretText;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<SecretText, E> {
                Ok(SecretText(Secret::new(text)))
            }

            fn visit_u64<E: de::Error>(self, _: u64) -> Result<SecretText, E> {
                Err(E::custom("a text is expected, not a number"))
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<SecretText, E> {
                Err(E::custom("a text is expected, not a number"))
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<SecretText, E> {
                Err(E::custom("a text is expected, not a number"))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

/// A CA on a Fabric CA server.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthorityRequest {
    /// Where the server listens, such as `https://localhost:7054`. Plain `http` is for this machine only.
    url: String,
    /// The CA's name on that server; the server's default one where there is none.
    name: Option<String>,
    /// The certificates in PEM that prove the server on TLS.
    tls_ca_certs: Option<String>,
    /// The name to expect in the server's certificate, where that is not the host of the URL.
    ssl_target_name_override: Option<String>,
}

impl From<AuthorityRequest> for AuthorityAddress {
    fn from(request: AuthorityRequest) -> Self {
        Self {
            url: request.url,
            name: request.name,
            tls_ca_certs: request.tls_ca_certs,
            ssl_target_name_override: request.ssl_target_name_override,
        }
    }
}

/// What kind of key to make.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum KeyChoice {
    /// ECDSA on P-256, which every channel takes.
    #[default]
    P256,
    /// ECDSA on P-384.
    P384,
    /// Ed25519, for channels with the capability V3_0.
    Ed25519,
}

impl From<KeyChoice> for KeyKind {
    fn from(choice: KeyChoice) -> Self {
        match choice {
            KeyChoice::P256 => Self::P256,
            KeyChoice::P384 => Self::P384,
            KeyChoice::Ed25519 => Self::Ed25519,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_is_no_text_is_refused_without_showing_it() {
        for text in ["12345", "-12345", "12345.5", "[12345]", "{\"a\":12345}"] {
            let error = serde_json::from_str::<SecretText>(text)
                .map(|_| ())
                .expect_err(text);
            assert!(!error.to_string().contains("12345"), "{error}");
        }
        let secret = serde_json::from_str::<SecretText>("\"adminpw\"").expect("a text");
        assert_eq!(secret.0.expose(), "adminpw");
    }
}
