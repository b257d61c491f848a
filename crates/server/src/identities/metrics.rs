//! How long certificates hold, for Prometheus.

use std::fmt::Write;

use chainloom_fabric::identity::wallet::Record;
use jiff::Timestamp;

const NAME: &str = "chainloom_identity_expiry_days";
const DAY_S: f64 = 24.0 * 60.0 * 60.0;

/// The days until each certificate ends, in Prometheus' text format. Written from the wallet each time, so that what is
/// forgotten is gone.
pub(crate) fn render(records: &[Record], now: Timestamp) -> String {
    if records.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "# HELP {NAME} Days until an identity's certificate ends, negative once it has\n# TYPE {NAME} gauge\n"
    );
    for record in records {
        let left = record.certificate.not_after().duration_since(now);
        let days = left.as_secs_f64() / DAY_S;
        // A label has no letter that would have to be escaped. Writing to a String cannot fail.
        let _ = writeln!(text, "{NAME}{{identity=\"{}\"}} {days:.3}", record.label);
    }
    text
}
