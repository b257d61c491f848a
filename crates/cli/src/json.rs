//! Reads the JSON of a server, however deep a stranger's transaction in it is nested.

use serde::de::{DeserializeOwned, Error};

/// How many arrays and objects may be open at once. A server takes a thousand in a chain and puts
/// a few around them; reading twice as many fits well into [`STACK_BYTES`].
pub(crate) const DEPTH_MAX: usize = 2000;
/// How much stack a thread needs that reads, shows and drops so deep a value: all three go by
/// recursion. Memory is taken only as far as it is used.
pub(crate) const STACK_BYTES: usize = 64 << 20;

/// Reads JSON of at most [`DEPTH_MAX`] levels, on a thread with a stack of [`STACK_BYTES`].
/// `serde_json` by itself gives up at 128.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    if depth(text) > DEPTH_MAX {
        return Err(Error::custom(format_args!(
            "it is nested deeper than {DEPTH_MAX} levels"
        )));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.disable_recursion_limit();
    let value = T::deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// How many brackets are open at once, those in strings aside. Of text that is no JSON it says too
/// much rather than too little.
fn depth(text: &str) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    let mut in_string = false;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                bytes.next();
            }
            b'[' | b'{' if !in_string => {
                open += 1;
                deepest = deepest.max(open);
            }
            b']' | b'}' if !in_string => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::Value;

    use super::*;

    /// Carries it out with the stack that the commands have.
    fn with_stack(work: impl FnOnce() + Send + 'static) {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        thread.spawn(work).unwrap().join().unwrap();
    }

    #[test]
    fn a_thousand_levels_are_read_and_millions_are_refused() {
        with_stack(|| {
            for levels in [1, 128, 1000, DEPTH_MAX] {
                let text = "[".repeat(levels) + &"]".repeat(levels);
                let value: Value = read(&text).unwrap();
                assert_eq!(value.clone().to_string(), text);
            }
            for open in ["[", "{\"a\":"] {
                let error = read::<Value>(&open.repeat(1_000_000)).unwrap_err();
                assert!(error.to_string().contains("deeper than"), "{error}");
            }
        });
    }

    #[test]
    fn brackets_in_strings_do_not_count() {
        let text = format!(r#"{{"a\"{}": ["\\", 1]}}"#, "[".repeat(5000));
        assert_eq!(depth(&text), 2);
        read::<Value>(&text).unwrap();
        assert!(read::<Value>("{} x").is_err());
    }
}
