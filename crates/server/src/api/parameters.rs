use std::borrow::Cow;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::problem::Problem;

/// A request's query parameters.
///
/// Each is taken out by name; [`Parameters::finish`] refuses what is left, so that a misspelled
/// one is not silently ignored.
pub(crate) struct Parameters {
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
        let given: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .take(PARAMETERS_MAX + 1)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
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

    /// The value of a parameter that may be given once.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
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
        Ok(Some(value))
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

fn cut(text: &str) -> String {
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
