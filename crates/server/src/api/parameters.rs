use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use percent_encoding::percent_decode_str;

use crate::problem::Problem;

/// A request's query parameters.
///
/// Each is taken out by name; [`Parameters::finish`] refuses what is left, so that a misspelled
/// one is not silently ignored.
#[derive(Clone)]
pub(crate) struct Parameters {
    /// Names, and values as they stand in the address.
    given: Vec<(String, String)>,
    known: Vec<&'static str>,
}

/// Parameters of one request at most.
const PARAMETERS_MAX: usize = 32;

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Parameters, Problem> {
        Parameters::parse(parts.uri.query().unwrap_or_default())
    }
}

impl Parameters {
    fn parse(query: &str) -> Result<Parameters, Problem> {
        let given: Vec<(String, String)> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .take(PARAMETERS_MAX + 1)
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                let name = String::from_utf8_lossy(&decoded(name)).into_owned();
                (name, value.to_owned())
            })
            .collect();
        if given.len() > PARAMETERS_MAX {
            return Err(Problem::bad_request(
                "too_many_parameters",
                format!("more than {PARAMETERS_MAX} query parameters"),
            ));
        }
        Ok(Parameters {
            given,
            known: Vec::new(),
        })
    }

    /// Those that have a value: a form sends the fields too that were left empty.
    pub(crate) fn without_empty(mut self) -> Parameters {
        self.given.retain(|(_, value)| !value.is_empty());
        self
    }

    /// The value of a parameter that may be given once. What is no UTF-8 in it is replaced.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        let bytes = self.bytes(name)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// The value of a parameter that may be given once and hold any byte, percent-encoded.
    pub(crate) fn bytes(&mut self, name: &'static str) -> Result<Option<Vec<u8>>, Problem> {
        self.known.push(name);
        let Some(at) = self.given.iter().position(|(given, _)| given == name) else {
            return Ok(None);
        };
        let (_, value) = self.given.remove(at);
        if self.given.iter().any(|(given, _)| given == name) {
            return Err(Problem::bad_request(
                "repeated_parameter",
                format!("the query parameter `{name}` is given more than once"),
            ));
        }
        Ok(Some(decoded(&value)))
    }

    /// A key of a ledger: `key` percent-encoded, or `key_base64`.
    pub(crate) fn key(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        let key = self.bytes("key")?;
        let Some(base64) = self.text("key_base64")? else {
            return Ok(key);
        };
        if key.is_some() {
            return Err(Problem::bad_request(
                "two_keys",
                "give `key` or `key_base64`, not both",
            ));
        }
        let bytes = STANDARD.decode(&base64);
        let bytes = bytes.map_err(|error| {
            invalid("key_base64", &base64, &format!("standard base64 ({error})"))
        })?;
        Ok(Some(bytes))
    }

    /// The value of a parameter that a type reads from its text.
    pub(crate) fn parsed<T: FromStr<Err: fmt::Display>>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|error: T::Err| {
            Problem::bad_request("invalid_parameter", format!("`{name}`: {error}"))
        })
    }

    /// The value of a parameter that is a whole number.
    pub(crate) fn number<N: FromStr>(&mut self, name: &'static str) -> Result<Option<N>, Problem> {
        self.text(name)?.map(|text| number(name, &text)).transpose()
    }

    /// The value of a parameter that is one of some words.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        match choices.iter().find(|(word, _)| *word == text) {
            Some((_, choice)) => Ok(Some(*choice)),
            None => {
                let words: Vec<String> = choices
                    .iter()
                    .map(|(word, _)| format!("`{word}`"))
                    .collect();
                Err(invalid(name, &text, &words.join(" or ")))
            }
        }
    }

    /// Refuses what no one asked for.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let Some((unknown, _)) = self.given.first() else {
            return Ok(());
        };
        let known = if self.known.is_empty() {
            Cow::Borrowed("this route has none")
        } else {
            Cow::Owned(format!("known here: {}", self.known.join(", ")))
        };
        Err(Problem::bad_request(
            "unknown_parameter",
            format!("the query parameter `{}` is unknown; {known}", cut(unknown)),
        ))
    }
}

/// A name or value of a query, of which a plus means a space.
fn decoded(text: &str) -> Vec<u8> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).collect()
}

/// Reads a whole number that a caller wrote.
pub(crate) fn number<N: FromStr>(name: &str, text: &str) -> Result<N, Problem> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain
        .then(|| text.parse().ok())
        .flatten()
        .ok_or_else(|| invalid(name, text, "a whole number, not negative and not too large"))
}

/// A parameter whose value is not what it should be.
pub(crate) fn invalid(name: &str, text: &str, expected: &str) -> Problem {
    Problem::bad_request(
        "invalid_parameter",
        format!("`{name}` is `{}`; expected {expected}", cut(text)),
    )
}

pub(super) fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(query: &str) -> Parameters {
        Parameters::parse(query).unwrap()
    }

    #[test]
    fn reads_what_is_given() {
        let mut parameters = parse("from=7&account=a%20b+c&order=up");
        assert_eq!(parameters.number("from").unwrap(), Some(7_u64));
        assert_eq!(parameters.text("account").unwrap().unwrap(), "a b c");
        let order = parameters.choice("order", &[("up", 1), ("down", 2)]);
        assert_eq!(order.unwrap(), Some(1));
        assert_eq!(parameters.number::<u64>("limit").unwrap(), None);
        assert!(parameters.finish().is_ok());
    }

    #[test]
    fn fields_that_were_left_empty_ask_for_nothing() {
        let mut parameters = parse("from=&account=a&order").without_empty();
        assert_eq!(parameters.number::<u64>("from").unwrap(), None);
        assert_eq!(parameters.text("account").unwrap().unwrap(), "a");
        assert!(parameters.finish().is_ok());
    }

    #[test]
    fn a_key_holds_any_byte() {
        for query in [
            "key=%00%ff+x",
            "key_base64=AP8geA%3D%3D",
            "key_base64=AP8geA==",
        ] {
            assert_eq!(parse(query).key().unwrap(), Some(b"\0\xff x".to_vec()));
        }
        assert_eq!(parse("key=").key().unwrap(), Some(Vec::new()));
        assert_eq!(parse("").key().unwrap(), None);
        let problem = parse("key=a&key_base64=YQ==").key().unwrap_err();
        assert!(problem.detail().contains("not both"));
        let problem = parse("key_base64=%3F").key().unwrap_err();
        assert!(problem.detail().contains("standard base64"));
    }

    #[test]
    fn refuses_the_rest_by_name() {
        let mut parameters = parse("form=7");
        parameters.number::<u64>("from").unwrap();
        parameters.number::<u64>("limit").unwrap();
        let problem = parameters.finish().unwrap_err();
        assert_eq!(
            problem.detail(),
            "the query parameter `form` is unknown; known here: from, limit"
        );
        let problem = parse("x").finish().unwrap_err();
        assert!(problem.detail().ends_with("this route has none"));
    }

    #[test]
    fn refuses_wrong_values() {
        for query in [
            "from=",
            "from=-1",
            "from=+1",
            "from=1.0",
            "from=99999999999999999999",
        ] {
            assert!(parse(query).number::<u64>("from").is_err(), "{query}");
        }
        let problem = parse("order=left").choice("order", &[("up", 1), ("down", 2)]);
        assert_eq!(
            problem.unwrap_err().detail(),
            "`order` is `left`; expected `up` or `down`"
        );
        let problem = parse("from=1&from=2").number::<u64>("from").unwrap_err();
        assert!(problem.detail().contains("more than once"));
        assert!(Parameters::parse(&"a&".repeat(40)).is_err());
    }
}
