use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE, HOST};

use super::refusal::Refusal;

/// How the cookie is called in which a browser keeps its token, before the port.
const COOKIE_NAME: &str = "chainloom_token_";

/// The token that a request carries: that of its `Authorization`, else that of its cookie.
pub(super) fn of(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return cookie(headers).ok_or(Refusal::Missing);
    };
    if values.next().is_some() {
        return Err(Refusal::Malformed);
    }
    let text = value.to_str().map_err(|_| Refusal::Malformed)?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(Refusal::Malformed),
    }
}

/// The name of the cookie. A browser does not tell the ports of a host apart when it sends cookies, and two servers on one
/// machine are not to take each other's.
pub(crate) fn cookie_name(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let port = host.and_then(|host| host.rsplit_once(':'));
    let port = port.map_or("", |(_, port)| port);
    let digits = port.chars().filter(char::is_ascii_digit).take(5);
    digits.fold(COOKIE_NAME.to_owned(), |mut name, digit| {
        name.push(digit);
        name
    })
}

/// The token that a browser kept.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let name = cookie_name(headers);
    let values = headers.get_all(COOKIE).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_token_comes_in_the_header_or_the_cookie() {
        for (pairs, expected) in [
            (&[][..], Err(Refusal::Missing)),
            (&[(AUTHORIZATION, "Bearer abc")], Ok("abc")),
            (&[(AUTHORIZATION, "bearer  abc ")], Ok("abc")),
            (&[(AUTHORIZATION, "Basic abc")], Err(Refusal::Malformed)),
            (&[(AUTHORIZATION, "abc")], Err(Refusal::Malformed)),
            (
                &[(AUTHORIZATION, "Bearer a"), (AUTHORIZATION, "Bearer a")],
                Err(Refusal::Malformed),
            ),
            (
                &[(HOST, "a:50"), (COOKIE, "x=1; chainloom_token_50=abc")],
                Ok("abc"),
            ),
            (
                &[(HOST, "a:51"), (COOKIE, "chainloom_token_50=abc")],
                Err(Refusal::Missing),
            ),
            (&[(HOST, "a"), (COOKIE, "chainloom_token_=abc")], Ok("abc")),
            (
                &[(HOST, "a"), (COOKIE, "chainloom_token_=")],
                Err(Refusal::Missing),
            ),
            (
                &[
                    (HOST, "a"),
                    (COOKIE, "chainloom_token_=abc"),
                    (AUTHORIZATION, "Bearer def"),
                ],
                Ok("def"),
            ),
        ] {
            assert_eq!(of(&headers(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_cookies_name_is_plain_whatever_the_host_says() {
        for (host, name) in [
            ("localhost:5000", "chainloom_token_5000"),
            ("[::1]:5000", "chainloom_token_5000"),
            ("localhost", "chainloom_token_"),
            ("a:5;0=0123456", "chainloom_token_50012"),
        ] {
            assert_eq!(cookie_name(&headers(&[(HOST, host)])), name);
        }
    }
}
