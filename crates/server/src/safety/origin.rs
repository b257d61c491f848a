use http::HeaderMap;
use http::header::ORIGIN;

use super::{Refusal, shown};

/// A write needs our own origin where the request names one; programs name none.
pub(crate) fn check(headers: &HeaderMap, host: &str) -> Result<(), Refusal> {
    let mut values = headers.get_all(ORIGIN).iter();
    let Some(first) = values.next() else {
        return Ok(());
    };
    let ours = first.to_str().is_ok_and(|origin| is_same(origin, host));
    if ours && values.next().is_none() {
        Ok(())
    } else {
        Err(Refusal::OriginForeign(
            shown(headers, ORIGIN).unwrap_or_default(),
        ))
    }
}

/// Whether an origin is the one that `host` stands for. A proxy in front may speak TLS, so both
/// schemes count; what is served on our port is ours in either.
fn is_same(origin: &str, host: &str) -> bool {
    let (rest, default_port) = if let Some(rest) = origin.strip_prefix("http://") {
        (rest, ":80")
    } else if let Some(rest) = origin.strip_prefix("https://") {
        (rest, ":443")
    } else {
        return false;
    };
    let plain = |authority: &str| {
        let authority = authority.to_ascii_lowercase();
        authority
            .strip_suffix(default_port)
            .map(str::to_owned)
            .unwrap_or(authority)
    };
    plain(rest) == plain(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(origins: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for origin in origins {
            headers.append(ORIGIN, http::HeaderValue::from_static(origin));
        }
        headers
    }

    #[test]
    fn takes_our_own_origin_or_none() {
        for (origins, host) in [
            (&[][..], "localhost:5000"),
            (&["http://localhost:5000"], "localhost:5000"),
            (&["http://LOCALHOST"], "localhost:80"),
            (&["https://chain.example"], "chain.example"),
            (&["http://[::1]:5000"], "[::1]:5000"),
        ] {
            assert_eq!(check(&headers(origins), host), Ok(()), "{origins:?}");
        }
    }

    #[test]
    fn refuses_every_other() {
        for origins in [
            &["null"][..],
            &["http://localhost:3000"],
            &["http://evil.example"],
            &["http://localhost:5000.evil.example"],
            &["file://"],
            &[""],
            &["http://localhost:5000", "http://evil.example"],
        ] {
            let refused = check(&headers(origins), "localhost:5000");
            assert!(
                matches!(refused, Err(Refusal::OriginForeign(_))),
                "{origins:?}"
            );
        }
    }
}
