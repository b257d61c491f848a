use std::borrow::Cow;
use std::fmt;

/// A string as Python has them: any sequence of code points, lone surrogates among them.
///
/// Held as WTF-8: UTF-8 in which a surrogate that is no half of a pair is encoded like any other code point. A pair is
/// always the one character it stands for, so equal texts have equal bytes, and the order of the bytes is that of the
/// code points.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(Box<[u8]>);

impl Text {
    /// Of bytes that are known to be WTF-8.
    pub(crate) fn from_wtf8(bytes: Vec<u8>) -> Self {
        Self(bytes.into_boxed_slice())
    }

    /// The text, unless it holds a lone surrogate.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The WTF-8 bytes.
    #[must_use]
    pub fn as_wtf8(&self) -> &[u8] {
        &self.0
    }

    /// The text with U+FFFD in place of each lone surrogate.
    #[must_use]
    pub fn to_lossy(&self) -> Cow<'_, str> {
        match self.as_str() {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(
                self.code_points()
                    .map(|code_point| {
                        char::from_u32(code_point).unwrap_or(char::REPLACEMENT_CHARACTER)
                    })
                    .collect(),
            ),
        }
    }

    /// The code points in their order.
    pub fn code_points(&self) -> impl Iterator<Item = u32> + '_ {
        let mut rest: &[u8] = &self.0;
        std::iter::from_fn(move || {
            let (code_point, length) = decode(rest)?;
            rest = &rest[length..];
            Some(code_point)
        })
    }
}

/// The first code point of well-formed WTF-8 and its length in bytes; none of nothing.
pub(super) fn decode(bytes: &[u8]) -> Option<(u32, usize)> {
    let first = *bytes.first()?;
    let (length, mut code_point) = match first {
        0..0x80 => return Some((u32::from(first), 1)),
        0x80..0xe0 => (2, u32::from(first & 0x1f)),
        0xe0..0xf0 => (3, u32::from(first & 0x0f)),
        0xf0.. => (4, u32::from(first & 0x07)),
    };
    for &byte in bytes.get(1..length)? {
        code_point = code_point << 6 | u32::from(byte & 0x3f);
    }
    Some((code_point, length))
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from_wtf8(text.into_bytes())
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other.as_bytes()
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

/// As a JSON string, in ASCII.
impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut written = Vec::new();
        super::string::write_string(&self.0, &mut written);
        formatter.write_str(&String::from_utf8_lossy(&written))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::json::{Json, Limits, parse};

    fn text(document: &str) -> Text {
        match parse(document.as_bytes(), &Limits::default()).unwrap() {
            Json::String(text) => text,
            other => panic!("{other:?} is no string"),
        }
    }

    #[test]
    fn a_lone_surrogate_is_kept_and_is_no_str() {
        let lone = text(r#""a\ud800b""#);
        assert_eq!(lone.as_str(), None);
        assert_eq!(lone.to_lossy(), "a\u{fffd}b");
        assert_eq!(lone.code_points().collect::<Vec<_>>(), [0x61, 0xd800, 0x62]);
        assert_eq!(format!("{lone:?}"), r#""a\ud800b""#);
    }

    #[test]
    fn order_is_that_of_code_points() {
        let mut texts = [
            text(r#""\ud83d\ude00""#),
            text(r#""\uffff""#),
            text(r#""\ud800""#),
            text(r#""é""#),
            text(r#""z""#),
            text(r#""""#),
        ];
        texts.sort();
        let firsts: Vec<_> = texts.iter().map(|text| text.code_points().next()).collect();
        assert_eq!(
            firsts,
            [
                None,
                Some(0x7a),
                Some(0xe9),
                Some(0xd800),
                Some(0xffff),
                Some(0x1f600)
            ]
        );
    }

    #[test]
    fn plain_text_compares_with_str() {
        assert_eq!(Text::from("链"), "链");
        assert_eq!(Text::from("链".to_owned()).as_str(), Some("链"));
        assert_eq!(Text::from("é").as_wtf8(), "é".as_bytes());
    }
}
