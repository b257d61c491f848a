//! Reads numbers and addresses, and says in everyday words what is expected.

use std::net::SocketAddr;
use std::str::FromStr;

/// A whole number.
pub(super) fn number<T: FromStr>(text: &str) -> Result<T, &'static str> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().map_err(|_| match is_number {
        true => "the number is too large",
        false => "a whole number from 0 on is expected",
    })
}

/// A name and a value, with an equals sign between them.
pub(super) fn named_value(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("NAME=VALUE is expected, such as price=1250"),
    }
}

/// A port.
pub(super) fn port(text: &str) -> Result<u16, &'static str> {
    text.parse()
        .map_err(|_| "a port is a number from 0 to 65535")
}

/// An address with its port.
pub(super) fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "an IP address and a port are expected, such as 127.0.0.1:5000 or [::1]:5000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_is_said_in_everyday_words() {
        assert_eq!(number::<u32>("20"), Ok(20));
        assert_eq!(number::<u32>("4294967296"), Err("the number is too large"));
        for text in ["", "-1", "x", "1.5"] {
            assert!(number::<u64>(text).is_err_and(|said| said.contains("whole number")));
        }
        let pair = |name: &str, value: &str| Ok((name.to_owned(), value.to_owned()));
        assert_eq!(named_value("price=1=2"), pair("price", "1=2"));
        assert_eq!(named_value("price="), pair("price", ""));
        for text in ["price", "=1", ""] {
            assert!(named_value(text).is_err_and(|said| said.contains("NAME=VALUE")));
        }
        assert_eq!(port("5000"), Ok(5000));
        assert!(port("65536").is_err_and(|said| said.contains("65535")));
        assert!(address("[::1]:0").is_ok());
        assert!(address("localhost:5000").is_err_and(|said| said.contains("127.0.0.1:5000")));
    }
}
