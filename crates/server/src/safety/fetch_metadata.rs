use http::{HeaderMap, HeaderName};

use super::{Refusal, shown};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");

/// What a browser says about who asked; programs such as curl say nothing and are let in.
pub(crate) fn check(headers: &HeaderMap) -> Result<(), Refusal> {
    if let Some(purpose) = shown(headers, SEC_PURPOSE)
        && purpose.to_ascii_lowercase().contains("prefetch")
    {
        return Err(Refusal::Prefetch(purpose));
    }
    let foreign = headers
        .get_all(SEC_FETCH_SITE)
        .iter()
        .any(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"));
    if foreign {
        return Err(Refusal::CrossSite(
            shown(headers, SEC_FETCH_SITE).unwrap_or_default(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn verdict(name: HeaderName, value: &'static str) -> Result<(), Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        check(&headers)
    }

    #[test]
    fn programs_the_user_and_our_own_pages_are_let_in() {
        assert_eq!(check(&HeaderMap::new()), Ok(()));
        assert_eq!(verdict(SEC_FETCH_SITE, "same-origin"), Ok(()));
        assert_eq!(verdict(SEC_FETCH_SITE, "none"), Ok(()));
    }

    #[test]
    fn other_sites_are_not() {
        for site in ["cross-site", "same-site", "", "unheard-of"] {
            let refused = verdict(SEC_FETCH_SITE, site);
            assert_eq!(refused, Err(Refusal::CrossSite(site.to_owned())));
        }
    }

    #[test]
    fn nothing_is_asked_ahead() {
        for purpose in [
            "prefetch",
            "prefetch;prerender",
            "prefetch;anonymous-client-ip",
        ] {
            let refused = verdict(SEC_PURPOSE, purpose);
            assert_eq!(refused, Err(Refusal::Prefetch(purpose.to_owned())));
        }
    }
}
