use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// Bytes of an argument, value or result.
///
/// In JSON a string where they are UTF-8, else `{"base64": "..."}`; both forms are read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Payload(pub Vec<u8>);

/// A payload that cannot be taken as what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// The bytes are not text.
    #[error("the bytes are not UTF-8 text (first wrong byte at {0})")]
    NotText(usize),
}

impl Payload {
    /// The bytes as text.
    pub fn as_text(&self) -> Result<&str, PayloadError> {
        std::str::from_utf8(&self.0).map_err(|error| PayloadError::NotText(error.valid_up_to()))
    }
}

/// The longest result that is shown as JSON too, in bytes.
pub const RESULT_JSON_BYTES_MAX: usize = 1024 * 1024;

impl Payload {
    /// The bytes as JSON without white space around its parts, its numbers digit by digit, where they are an object or an array: of
    /// at most [`RESULT_JSON_BYTES_MAX`], and not deeper than readers of JSON take (127). A text that happens to read as a number is
    /// left a text, so that an answer has the same form each time.
    #[must_use]
    pub fn to_json(&self) -> Option<Box<RawValue>> {
        if self.0.len() > RESULT_JSON_BYTES_MAX {
            return None;
        }
        let text = self.as_text().ok()?;
        if !text.trim_ascii_start().starts_with(['{', '[']) {
            return None;
        }
        // Refuses what is too deep, which a raw value would take.
        serde_json::from_str::<Value>(text).ok()?;
        RawValue::from_string(without_space(text)).ok()
    }
}

/// JSON without the white space around its parts.
fn without_space(json: &str) -> String {
    let mut is_text = false;
    let mut is_escaped = false;
    let kept = json.chars().filter(|character| {
        let is_kept = is_text || !character.is_ascii_whitespace();
        let ends_or_begins = *character == '"' && !is_escaped;
        is_escaped = is_text && *character == '\\' && !is_escaped;
        is_text ^= ends_or_begins;
        is_kept
    });
    kept.collect()
}

impl From<&str> for Payload {
    fn from(text: &str) -> Payload {
        Payload(text.as_bytes().to_vec())
    }
}

impl From<String> for Payload {
    fn from(text: String) -> Payload {
        Payload(text.into_bytes())
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_text() {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("base64", &STANDARD.encode(&self.0))?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Payload, D::Error> {
        struct PayloadVisitor;

        impl<'de> Visitor<'de> for PayloadVisitor {
            type Value = Payload;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a string or {\"base64\": \"...\"}")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Payload, E> {
                Ok(Payload::from(text))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Payload, A::Error> {
                let Some((key, text)) = map.next_entry::<String, String>()? else {
                    return Err(de::Error::custom(
                        "an empty object; expected {\"base64\": \"...\"}",
                    ));
                };
                if key != "base64" {
                    return Err(de::Error::unknown_field(&key, &["base64"]));
                }
                if map.next_key::<String>()?.is_some() {
                    return Err(de::Error::custom("only one field, `base64`, is expected"));
                }
                STANDARD
                    .decode(&text)
                    .map(Payload)
                    .map_err(|error| de::Error::custom(format!("not base64: {error}")))
            }
        }

        deserializer.deserialize_any(PayloadVisitor)
    }
}

impl utoipa::PartialSchema for Payload {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
        let text = ObjectBuilder::new().schema_type(Type::String);
        let binary = ObjectBuilder::new()
            .property("base64", ObjectBuilder::new().schema_type(Type::String))
            .required("base64");
        OneOfBuilder::new()
            .item(text)
            .item(binary)
            .description(Some("Text, or base64 where the bytes are not UTF-8"))
            .into()
    }
}

impl utoipa::ToSchema for Payload {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_a_string_and_other_bytes_are_base64() {
        let text = Payload::from("héllo");
        assert_eq!(
            serde_json::to_string(&text).expect("serializes"),
            "\"héllo\""
        );
        let bytes = Payload(vec![0xff, 0]);
        assert_eq!(bytes.as_text(), Err(PayloadError::NotText(0)));
        let json = serde_json::to_string(&bytes).expect("serializes");
        assert_eq!(json, r#"{"base64":"/wA="}"#);
        assert_eq!(
            serde_json::from_str::<Payload>(&json).expect("reads"),
            bytes
        );
    }

    #[test]
    fn refuses_other_shapes() {
        for (json, reason) in [
            ("5", "a string or"),
            ("{}", "empty object"),
            (r#"{"hex":"00"}"#, "unknown field `hex`"),
            (r#"{"base64":"?"}"#, "not base64"),
            (r#"{"base64":"","more":""}"#, "only one field"),
        ] {
            let error = serde_json::from_str::<Payload>(json)
                .expect_err(json)
                .to_string();
            assert!(error.contains(reason), "{json}: {error}");
        }
    }

    #[test]
    fn json_is_shown_digit_by_digit_and_without_space() {
        let shown = |text: &str| Payload::from(text).to_json().map(|json| json.to_string());
        let json = " {\"a b\\\\\" :\n [ 12345678901234567890123, 1.10 ], \"\\\" c\": \" d\" } ";
        let short = r#"{"a b\\":[12345678901234567890123,1.10],"\" c":" d"}"#;
        assert_eq!(shown(json).as_deref(), Some(short));
        assert_eq!(shown("[]").as_deref(), Some("[]"));
        for text in [
            "",
            "5",
            "true",
            "null",
            "\"text\"",
            "blue",
            "NaN",
            "{",
            &"[".repeat(200),
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        assert_eq!(shown(&deep), None);
        assert_eq!(
            shown(&format!("[\"{}\"]", "x".repeat(RESULT_JSON_BYTES_MAX))),
            None
        );
        assert_eq!(
            Payload(vec![b'[', b'"', 0xff, b'"', b']'])
                .to_json()
                .map(|json| json.to_string()),
            None
        );
    }
}
