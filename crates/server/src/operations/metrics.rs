use std::time::Duration;

use http::{Method, StatusCode};
use metrics::{Key, KeyName, Label, Level, Metadata, Recorder, SharedString, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

const REQUESTS: &str = "chainloom_http_requests_total";
const DURATIONS: &str = "chainloom_http_request_duration_seconds";

/// Upper bounds of the durations' buckets, in seconds.
const DURATION_BUCKETS: [f64; 12] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0,
];

const METADATA: Metadata<'static> = Metadata::new("chainloom", Level::INFO, None);

/// What a ledger shows at the moment of a scrape: name, what it is, how to read it.
const LEDGER_GAUGES: [(&str, &str); 12] = [
    ("chainloom_ledger_height", "Number of the last block"),
    (
        "chainloom_ledger_replacements",
        "How many times the chain has been replaced",
    ),
    (
        "chainloom_ledger_pending_transactions",
        "Transactions that wait for a block",
    ),
    ("chainloom_ledger_peers", "Registered peers"),
    (
        "chainloom_ledger_indexed_height",
        "Number of the last block in the read model",
    ),
    (
        "chainloom_ledger_index_total_blocks",
        "Blocks that the read model found to read, while it reads what was there before",
    ),
    (
        "chainloom_ledger_index_done_blocks",
        "How many of them it has read",
    ),
    (
        "chainloom_ledger_index_blocks_per_second",
        "Rate at which it reads them, 0 when it has them all",
    ),
    (
        "chainloom_ledger_chain_bytes",
        "Size of the chain as /chain sends it",
    ),
    (
        "chainloom_mining_hashes_per_second",
        "Rate of the search under way, 0 without one",
    ),
    (
        "chainloom_mining_hashes",
        "Digests computed in the search under way",
    ),
    (
        "chainloom_mining_waiting",
        "Requests that wait for their turn to mine",
    ),
];

/// The server's own counts; one for each server, so that several in a process do not mix.
pub(crate) struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Metrics {
    pub(crate) fn new() -> Metrics {
        let recorder = PrometheusBuilder::new()
            .set_buckets(&DURATION_BUCKETS)
            .expect("there are buckets")
            .build_recorder();
        let describe = |name: &'static str| KeyName::from_const_str(name);
        recorder.describe_counter(
            describe(REQUESTS),
            Some(Unit::Count),
            SharedString::const_str("Requests answered, by route, method and status"),
        );
        recorder.describe_histogram(
            describe(DURATIONS),
            Some(Unit::Seconds),
            SharedString::const_str("Time until an answer began, by route"),
        );
        let handle = recorder.handle();
        Metrics { recorder, handle }
    }

    /// Counts an answered request.
    pub(crate) fn count_request(
        &self,
        route: &str,
        method: &Method,
        status: StatusCode,
        duration: Duration,
    ) {
        let route = SharedString::from_owned(route.to_owned());
        let counter = Key::from_parts(
            REQUESTS,
            vec![
                Label::new("route", route.clone()),
                Label::from_static_parts("method", method_label(method)),
                Label::new("status", status.as_u16().to_string()),
            ],
        );
        self.recorder
            .register_counter(&counter, &METADATA)
            .increment(1);
        let histogram = Key::from_parts(DURATIONS, vec![Label::new("route", route)]);
        self.recorder
            .register_histogram(&histogram, &METADATA)
            .record(duration.as_secs_f64());
    }

    /// Folds recorded durations into their buckets; without it they would pile up.
    pub(crate) fn fold(&self) {
        self.handle.run_upkeep();
    }

    /// Everything in Prometheus' text format.
    pub(crate) fn render(&self) -> String {
        self.handle.render()
    }
}

/// What the ledgers show at one scrape. Made anew each time, so that a ledger which is served no longer shows nothing.
pub(crate) struct LedgerGauges(PrometheusRecorder);

impl LedgerGauges {
    pub(crate) fn new() -> LedgerGauges {
        let recorder = PrometheusBuilder::new().build_recorder();
        for (name, text) in LEDGER_GAUGES {
            let name = KeyName::from_const_str(name);
            recorder.describe_gauge(name, None, SharedString::const_str(text));
        }
        LedgerGauges(recorder)
    }

    /// Sets one of [`LEDGER_GAUGES`].
    pub(crate) fn set(&self, name: &'static str, ledger: &str, value: f64) {
        let labels = vec![Label::new("ledger", ledger.to_owned())];
        let key = Key::from_parts(name, labels);
        self.0.register_gauge(&key, &METADATA).set(value);
    }

    /// All of them in Prometheus' text format.
    pub(crate) fn render(&self) -> String {
        self.0.handle().render()
    }
}

/// A caller may send any word as a method; it must not make a new count each time.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_template_method_and_status() {
        let metrics = Metrics::new();
        let invented = Method::from_bytes(b"INVENTED").expect("a token");
        for method in [Method::GET, Method::GET, invented] {
            metrics.count_request("/chain", &method, StatusCode::OK, Duration::from_millis(2));
        }
        metrics.fold();
        let gauges = LedgerGauges::new();
        gauges.set("chainloom_ledger_height", "tutorial", 7.0);
        let text = metrics.render() + &gauges.render();
        for line in [
            r#"chainloom_http_requests_total{route="/chain",method="GET",status="200"} 2"#,
            r#"chainloom_http_requests_total{route="/chain",method="other",status="200"} 1"#,
            r#"chainloom_http_request_duration_seconds_bucket{route="/chain",le="0.0025"} 3"#,
            r#"chainloom_ledger_height{ledger="tutorial"} 7"#,
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
