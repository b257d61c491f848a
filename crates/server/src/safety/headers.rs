use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-opener-policy");

/// For answers that are data.
pub(crate) const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// For the explorer: everything from this server, no script or style in a page itself.
pub(crate) const EXPLORER_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
    manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// For Swagger UI, which sets styles in its page and shows pictures from `data:`.
pub(crate) const SWAGGER_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Adds the headers by which browsers keep an answer to this site.
pub(crate) fn protect(headers: &mut HeaderMap, policy: &'static str) {
    let mut add = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    add(CONTENT_SECURITY_POLICY, policy);
    add(X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(X_FRAME_OPTIONS, "DENY");
    add(REFERRER_POLICY, "same-origin");
    add(CROSS_ORIGIN_RESOURCE_POLICY, "same-origin");
    add(CROSS_ORIGIN_OPENER_POLICY, "same-origin");
    // What a chain says now is not what it says after the next block; assets say their own.
    add(CACHE_CONTROL, "no-store");
}
