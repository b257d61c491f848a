use super::float::write_float;
use super::string::read_string;
use super::{Json, Text};
use std::borrow::Cow;

/// Why a value has no place in the string whose hash is a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PythonStrError {
    /// Python prints arrays; this implementation does not imitate that.
    #[error("it is an array; use an integer or a string")]
    Array,
    /// Python prints objects; this implementation does not imitate that.
    #[error("it is an object; use an integer or a string")]
    Object,
    /// Python cannot encode it.
    #[error("it holds a lone surrogate, which Python cannot encode either")]
    LoneSurrogate,
}

/// What Python's `str()` prints of a value: a text as it is, numbers as JSON has them but `nan` and `inf`, and `True`,
/// `False` and `None`.
///
/// # Errors
/// [`PythonStrError`] for arrays and objects (a deviation: Python prints those too) and for lone surrogates.
pub fn python_str(value: &Json) -> Result<Cow<'_, str>, PythonStrError> {
    let text = match value {
        Json::Null => "None".into(),
        Json::Bool(true) => "True".into(),
        Json::Bool(false) => "False".into(),
        Json::Integer(integer) => integer.to_string().into(),
        Json::Float(number) if number.is_nan() => "nan".into(),
        Json::Float(number) if number.is_infinite() => {
            if *number > 0.0 { "inf" } else { "-inf" }.into()
        }
        Json::Float(number) => {
            let mut text = Vec::new();
            write_float(*number, &mut text);
            String::from_utf8(text).expect("digits are ASCII").into()
        }
        Json::String(text) => text.as_str().ok_or(PythonStrError::LoneSurrogate)?.into(),
        Json::Array(_) => return Err(PythonStrError::Array),
        Json::Object(_) => return Err(PythonStrError::Object),
    };
    Ok(text)
}

/// [`python_str`] of a value in its compact (or canonical) form.
pub(crate) fn python_str_of_compact(written: &[u8]) -> Result<Cow<'_, str>, PythonStrError> {
    let text = match written {
        [b'[', ..] => return Err(PythonStrError::Array),
        [b'{', ..] => return Err(PythonStrError::Object),
        [b'"', ..] => {
            let mut text = Vec::with_capacity(written.len());
            read_string(written, 1, &mut text).map_err(|_| PythonStrError::LoneSurrogate)?;
            let text = Text::from_wtf8(text);
            return match text.as_str() {
                Some(text) => Ok(text.to_owned().into()),
                None => Err(PythonStrError::LoneSurrogate),
            };
        }
        b"null" => "None",
        b"true" => "True",
        b"false" => "False",
        b"NaN" => "nan",
        b"Infinity" => "inf",
        b"-Infinity" => "-inf",
        number => std::str::from_utf8(number).expect("written JSON is ASCII"),
    };
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::json::{Limits, compact, parse};

    #[test]
    fn prints_what_python_prints() {
        let cases = [
            ("35293", Ok("35293")),
            ("-0", Ok("0")),
            ("52040.0", Ok("52040.0")),
            ("1e16", Ok("1e+16")),
            ("NaN", Ok("nan")),
            ("1e400", Ok("inf")),
            ("-Infinity", Ok("-inf")),
            ("true", Ok("True")),
            ("false", Ok("False")),
            ("null", Ok("None")),
            (r#""35293""#, Ok("35293")),
            (r#""a\"\u94fe\ud83d\ude00""#, Ok("a\"链😀")),
            (r#""\ud83d""#, Err(PythonStrError::LoneSurrogate)),
            ("[1]", Err(PythonStrError::Array)),
            ("{}", Err(PythonStrError::Object)),
        ];
        for (document, expected) in cases {
            let value = parse(document.as_bytes(), &Limits::default()).unwrap();
            assert_eq!(
                python_str(&value).as_deref(),
                expected.as_ref().copied(),
                "{document}"
            );
            let written = compact(&value);
            let printed = python_str_of_compact(written.as_bytes());
            assert_eq!(printed.as_deref(), expected.as_ref().copied(), "{document}");
        }
    }
}
