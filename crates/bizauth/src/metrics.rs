//! What the server counts, in the words of Prometheus. One value, made at start and handed down; no statics.
//!
//! Labels are `&'static str`, so that nothing a caller sends (a path, a key, a host) can ever become one: the number
//! of series stays bounded however wild the traffic.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds; the token path is expected in the first three, a slow password hash around the seventh.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByStatus {
    endpoint: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByEndpoint {
    endpoint: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByFault {
    door: &'static str,
    fault: &'static str,
}

/// The counters of one endpoint, found once: whoever counts every call of it need not look for them.
#[derive(Clone, Debug)]
pub struct Line {
    endpoint: &'static str,
    answered: Counter,
    span: Histogram,
}

/// The counters of one process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<ByStatus, Counter>,
    durations: Family<ByEndpoint, Histogram>,
    faults: Family<ByFault, Counter>,
    connections: Gauge,
}

impl Metrics {
    /// Fresh counters, all at zero.
    pub fn new() -> Metrics {
        let mut registry = Registry::with_prefix("bizauth");
        let requests = Family::default();
        let durations = Family::new_with_constructor(histogram as fn() -> Histogram);
        let faults = Family::default();
        let connections = Gauge::default();
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version that runs", build);
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register_with_unit("http_request_duration", "Time to the answer", Unit::Seconds, durations.clone());
        registry.register("faults", "Refusals by their name in the catalogue", faults.clone());
        registry.register("http_connections", "Connections now open", connections.clone());
        Metrics { registry, requests, durations, faults, connections }
    }

    /// Counts one answered request. The endpoint is the route's own name, never the path that was asked for.
    pub fn request(&self, endpoint: &'static str, status: u16, seconds: f64) {
        self.requests.get_or_create(&ByStatus { endpoint, status: class(status) }).inc();
        self.durations.get_or_create(&ByEndpoint { endpoint }).observe(seconds);
    }

    /// The counters of this endpoint.
    pub fn line(&self, endpoint: &'static str) -> Line {
        let answered = self.requests.get_or_create(&ByStatus { endpoint, status: class(200) }).clone();
        let span = self.durations.get_or_create(&ByEndpoint { endpoint }).clone();
        Line { endpoint, answered, span }
    }

    /// [`Metrics::request`] of the endpoint that `line` is for.
    pub fn request_on(&self, line: &Line, status: u16, seconds: f64) {
        if class(status) != class(200) {
            return self.request(line.endpoint, status, seconds);
        }
        line.answered.inc();
        line.span.observe(seconds);
    }

    /// Counts one refusal: the door it left by and its name in the catalogue.
    pub fn fault(&self, door: &'static str, name: &'static str) {
        self.faults.get_or_create(&ByFault { door, fault: name }).inc();
    }

    /// The number of open connections, for the listener to move.
    pub fn connections(&self) -> Gauge {
        self.connections.clone()
    }

    /// A counter of another room (the store, the sweeper), which moves it by itself.
    pub fn counter(&mut self, name: &'static str, help: &'static str) -> Counter<u64, AtomicU64> {
        let counter = Counter::default();
        self.registry.register(name, help, counter.clone());
        counter
    }

    /// All of it as OpenMetrics text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        text::encode(&mut text, &self.registry).expect("writing into a String does not fail");
        text
    }
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics::new()
    }
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

fn class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_in_the_text() {
        let mut metrics = Metrics::new();
        metrics.counter("swept_codes", "Codes swept").inc_by(3);
        metrics.request("kauth_token", 200, 0.002);
        let line = metrics.line("kauth_token");
        metrics.request_on(&line, 204, 0.2);
        metrics.request_on(&line, 401, 0.002);
        metrics.fault("kauth", "BadSecret");
        metrics.connections().inc();
        let text = metrics.text();
        for line in [
            "bizauth_http_requests_total{endpoint=\"kauth_token\",status=\"2xx\"} 2",
            "bizauth_http_requests_total{endpoint=\"kauth_token\",status=\"4xx\"} 1",
            "bizauth_http_request_duration_seconds_bucket{le=\"0.0025\",endpoint=\"kauth_token\"} 2",
            "bizauth_http_request_duration_seconds_count{endpoint=\"kauth_token\"} 3",
            "bizauth_faults_total{door=\"kauth\",fault=\"BadSecret\"} 1",
            "bizauth_http_connections 1",
            "bizauth_swept_codes_total 3",
            concat!("bizauth_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\nnot in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn every_status_has_a_class() {
        for (status, expected) in [(101, "1xx"), (302, "3xx"), (503, "5xx"), (0, "other"), (999, "other")] {
            assert_eq!(class(status), expected, "{status}");
        }
    }
}
