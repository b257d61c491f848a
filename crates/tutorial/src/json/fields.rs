//! The parts of a value in its compact form, without a tree.

use super::lexer::plain_length;

/// The members of an object in its compact form: each key as it is written (its quotes included) and its value's text.
///
/// Made for text that this crate has written. Of anything else it yields members until it no longer understands, and
/// never panics.
#[derive(Debug, Clone)]
pub struct Fields<'a>(Parts<'a>);

/// The elements of an array in its compact form, each as its text. See [`Fields`].
#[derive(Debug, Clone)]
pub struct Elements<'a>(Parts<'a>);

impl<'a> Fields<'a> {
    /// The members of an object; none of another value.
    #[must_use]
    pub fn of(compact: &'a [u8]) -> Self {
        Self(Parts::of(compact, b'{'))
    }

    /// The text of the value under a key that Python writes without escapes.
    #[must_use]
    pub fn find(mut self, key: &str) -> Option<&'a [u8]> {
        self.find_map(|(known, value)| {
            let known = known.get(1..known.len().saturating_sub(1))?;
            (known == key.as_bytes()).then_some(value)
        })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let parts = &mut self.0;
        parts.before_next()?;
        let key = parts.take_value()?;
        parts.rest = parts.rest.strip_prefix(b":")?;
        Some((key, parts.take_value()?))
    }
}

impl<'a> Elements<'a> {
    /// The elements of an array; none of another value.
    #[must_use]
    pub fn of(compact: &'a [u8]) -> Self {
        Self(Parts::of(compact, b'['))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        self.0.before_next()?;
        self.0.take_value()
    }
}

/// What of an array or object has not been yielded yet.
#[derive(Debug, Clone)]
struct Parts<'a> {
    rest: &'a [u8],
    begun: bool,
}

impl<'a> Parts<'a> {
    fn of(compact: &'a [u8], opening: u8) -> Self {
        let rest = match compact {
            [first, rest @ ..] if *first == opening => rest,
            _ => &[],
        };
        Self { rest, begun: false }
    }

    /// Goes to the next part; none at the end.
    fn before_next(&mut self) -> Option<()> {
        if matches!(self.rest.first()?, b']' | b'}') {
            return None;
        }
        if self.begun {
            self.rest = self.rest.strip_prefix(b",")?;
        }
        self.begun = true;
        Some(())
    }

    /// Takes the value that begins here.
    fn take_value(&mut self) -> Option<&'a [u8]> {
        let (value, rest) = self.rest.split_at(value_length(self.rest)?);
        self.rest = rest;
        Some(value)
    }
}

/// How long the value is that these bytes begin with.
fn value_length(bytes: &[u8]) -> Option<usize> {
    match bytes.first()? {
        b'"' => string_length(bytes),
        b'{' | b'[' => nested_length(bytes),
        _ => bytes
            .iter()
            .position(|byte| matches!(byte, b',' | b']' | b'}' | b':')),
    }
    .filter(|&length| length > 0)
}

/// How long the string is that begins here.
fn string_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += plain_length(&bytes[at..]);
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
        if at > bytes.len() {
            return None;
        }
    }
}

/// How long the array or object is that begins here.
fn nested_length(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at += string_length(&bytes[at..])?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Vec<&'a str> {
        parts
            .map(|part| std::str::from_utf8(part).unwrap_or("?"))
            .collect()
    }

    #[test]
    fn members_and_elements_are_found() {
        let block = br#"{"a\"}":"]\\","index":-1.5e+16,"list":[{"x":[]},"},",[1,2],null],"z":{}}"#;
        let fields = Fields::of(block);
        assert_eq!(fields.clone().find("index"), Some(&b"-1.5e+16"[..]));
        assert_eq!(fields.clone().find("z"), Some(&b"{}"[..]));
        assert_eq!(fields.clone().find("x"), None);
        assert_eq!(texts(fields.clone().map(|(key, _)| key))[0], r#""a\"}""#);
        let list = fields.find("list").unwrap_or_default();
        assert_eq!(
            texts(Elements::of(list)),
            [r#"{"x":[]}"#, r#""},""#, "[1,2]", "null"]
        );
    }

    #[test]
    fn nothing_is_found_in_other_values() {
        for other in ["", "{}", "[1,2]", "5", r#""{""#] {
            assert_eq!(Fields::of(other.as_bytes()).count(), 0, "{other}");
        }
        for other in ["", "[]", r#"{"a":1}"#, "5"] {
            assert_eq!(Elements::of(other.as_bytes()).count(), 0, "{other}");
        }
    }

    #[test]
    fn text_that_is_no_compact_form_ends_the_walk() {
        for broken in [
            "{",
            "{,",
            "{\"",
            "{\"a",
            "{\"a\\",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":[",
            "{\"a\":[\"",
            "{\"a\": 1}",
            "{]",
        ] {
            assert!(Fields::of(broken.as_bytes()).count() <= 1, "{broken}");
        }
        assert_eq!(texts(Elements::of(b"[1 2,,3]")), ["1 2"]);
    }
}
