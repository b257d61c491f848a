//! Lists that may be written as one text: `"127.0.0.1:5000"`, in the environment with commas.

use std::net::SocketAddr;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};

struct Texts;

impl<'de> Visitor<'de> for Texts {
    type Value = Vec<String>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a text or a list of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<String>, E> {
        let parts = text.split(',').map(str::trim);
        Ok(parts
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<String>, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = sequence.next_element()? {
            texts.push(text);
        }
        Ok(texts)
    }
}

/// Names.
pub(super) fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    deserializer.deserialize_any(Texts)
}

/// Addresses with their ports; at least one.
pub(super) fn addresses<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<SocketAddr>, D::Error> {
    let texts = deserializer.deserialize_any(Texts)?;
    if texts.is_empty() {
        return Err(D::Error::custom(
            "no address is named: ADDR:PORT is expected, such as 127.0.0.1:5000",
        ));
    }
    texts
        .iter()
        .map(|text| {
            text.parse().map_err(|_| {
                D::Error::custom(format_args!(
                    "`{text}` is no address: ADDR:PORT is expected, such as 127.0.0.1:5000 or \
                     [::1]:5000"
                ))
            })
        })
        .collect()
}
