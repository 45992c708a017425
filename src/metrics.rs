//! Figures for Prometheus.
//!
//! Check runtimes count into a [`Tally`] of their own: plain stores to memory that no other runtime writes, so
//! counting costs no contention. The figures are gathered when somebody reads them. What always holds: a counter
//! never falls, and no figure names a device or a person.

mod tally;

pub use tally::{Refusal, Tally};

use crate::{
    check::Checker,
    hot::EntryKind,
    policy::{Reason, Status},
};
use metrics::{Counter, Gauge, Label, Level, Metadata, Recorder, Unit};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

/// All figures of a node. Cloning copies references only.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    tallies: Vec<Arc<Tally>>,
    connections: AtomicUsize,
    connections_refused: AtomicU64,
    handshakes_refused: AtomicU64,
    resolved: Resolved,
}

/// Handles resolved once, so that gathering looks nothing up.
struct Resolved {
    checks: Vec<Counter>,
    refusals: Vec<Counter>,
    lag: Vec<Gauge>,
    connections: Gauge,
    connections_refused: Counter,
    handshakes_refused: Counter,
    ready: Gauge,
    epoch: Gauge,
    seq: Gauge,
    age: Gauge,
    hot_entries: Vec<Gauge>,
    hot_bytes: Vec<Gauge>,
    hot_bytes_all: Gauge,
}

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

/// Bounds of the latency histograms in seconds: from one lookup to the longest that a client waits.
const LATENCY_BOUNDS: [f64; 14] =
    [5e-7, 1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 5e-3, 2.5e-2, 0.1];

impl Metrics {
    /// Figures of a node with so many check runtimes.
    ///
    /// # Errors
    /// Never with the bounds above; the exporter refuses an empty list of them.
    pub fn new(runtimes: usize) -> Result<Self, metrics_exporter_prometheus::BuildError> {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &LATENCY_BOUNDS)?
            .build_recorder();
        describe(&recorder);
        let tallies = (0..runtimes)
            .map(|_| {
                let histogram =
                    |call| recorder.register_histogram(&key("saring_handler_seconds", &[("call", call)]), &METADATA);
                Arc::new(Tally::with(histogram("check"), histogram("batch")))
            })
            .collect();
        let resolved = Resolved::new(&recorder, runtimes);
        let handle = recorder.handle();
        let connections = AtomicUsize::new(0);
        let (connections_refused, handshakes_refused) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(Self(Arc::new(Inner {
            recorder,
            handle,
            tallies,
            connections,
            connections_refused,
            handshakes_refused,
            resolved,
        })))
    }

    /// The tallies, one a check runtime.
    pub fn tallies(&self) -> &[Arc<Tally>] {
        &self.0.tallies
    }

    /// Counts one open connection, unless so many are open already. It is open until the value is dropped.
    pub fn open_connection(&self, max: usize) -> Option<OpenConnection> {
        let connections = &self.0.connections;
        let opened =
            connections.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| (open < max).then_some(open + 1));
        if opened.is_err() {
            self.0.connections_refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(OpenConnection(self.clone()))
    }

    /// Counts one TLS handshake that came to nothing.
    pub fn refuse_handshake(&self) {
        self.0.handshakes_refused.fetch_add(1, Ordering::Relaxed);
    }

    /// A gauge of another part of the node (hot set sizes, imports), by its full name.
    pub fn gauge(&self, name: &'static str, labels: &[(&'static str, &'static str)]) -> Gauge {
        self.0.recorder.register_gauge(&key(name, labels), &METADATA)
    }

    /// A counter of another part of the node, by its full name.
    pub fn counter(&self, name: &'static str, labels: &[(&'static str, &'static str)]) -> Counter {
        self.0.recorder.register_counter(&key(name, labels), &METADATA)
    }

    /// Verdicts given so far by all runtimes.
    pub fn checks(&self) -> u64 {
        self.0.tallies.iter().map(|tally| tally.checks()).sum()
    }

    /// Calls refused so far by all runtimes for one cause.
    pub fn refused(&self, refusal: Refusal) -> u64 {
        self.0.tallies.iter().map(|tally| tally.refused(refusal)).sum()
    }

    /// Everything as Prometheus text.
    pub fn render(&self, checker: &Checker) -> String {
        self.gather();
        self.gather_sets(checker);
        self.0.handle.render()
    }

    /// Folds recorded times into the histograms, so that they do not pile up while nobody reads them.
    pub fn upkeep(&self) {
        self.0.handle.run_upkeep();
    }

    fn gather(&self) {
        let Inner { tallies, resolved, .. } = &*self.0;
        for ((status, reason), counter) in verdicts().zip(&resolved.checks) {
            counter.absolute(tallies.iter().map(|tally| tally.checks_of(status, reason)).sum());
        }
        for ((refusal, _), counter) in Refusal::ALL.into_iter().zip(&resolved.refusals) {
            counter.absolute(tallies.iter().map(|tally| tally.refused(refusal)).sum());
        }
        for (tally, gauge) in tallies.iter().zip(&resolved.lag) {
            gauge.set(tally.lag().as_secs_f64());
        }
        resolved.connections.set(self.0.connections.load(Ordering::Relaxed) as f64);
        resolved.connections_refused.absolute(self.0.connections_refused.load(Ordering::Relaxed));
        resolved.handshakes_refused.absolute(self.0.handshakes_refused.load(Ordering::Relaxed));
    }

    fn gather_sets(&self, checker: &Checker) {
        let resolved = &self.0.resolved;
        let Ok(sets) = checker.sets() else { return resolved.ready.set(0.0) };
        resolved.ready.set(1.0);
        resolved.epoch.set(f64::from(sets.revision().epoch));
        resolved.seq.set(sets.revision().seq as f64);
        // This node is the primary: it holds everything that was acknowledged.
        resolved.age.set(0.0);
        let stats = sets.stats();
        for (kind, gauge) in EntryKind::all().zip(&resolved.hot_entries) {
            gauge.set(stats.entries(kind) as f64);
        }
        for (kind, gauge) in EntryKind::all().zip(&resolved.hot_bytes) {
            gauge.set(stats.bytes(kind) as f64);
        }
        resolved.hot_bytes_all.set(stats.total_bytes() as f64);
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").field("runtimes", &self.0.tallies.len()).finish_non_exhaustive()
    }
}

/// One open connection; counted until it is dropped.
#[derive(Debug)]
pub struct OpenConnection(Metrics);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Resolved {
    fn new(recorder: &PrometheusRecorder, runtimes: usize) -> Self {
        let counter = |name, labels: &[_]| recorder.register_counter(&key(name, labels), &METADATA);
        let gauge = |name| recorder.register_gauge(&key(name, &[]), &METADATA);
        let labelled = |name: &'static str, label: &'static str, value: String| {
            recorder.register_gauge(&metrics::Key::from_parts(name, vec![Label::new(label, value)]), &METADATA)
        };
        Self {
            checks: verdicts()
                .map(|(s, r)| counter("saring_checks_total", &[("status", s.name()), ("reason", r.name())]))
                .collect(),
            refusals: Refusal::ALL
                .iter()
                .map(|(_, name)| counter("saring_refused_total", &[("cause", *name)]))
                .collect(),
            lag: (0..runtimes).map(|i| labelled("saring_runtime_lag_seconds", "runtime", i.to_string())).collect(),
            connections: gauge("saring_connections"),
            connections_refused: counter("saring_connections_refused_total", &[]),
            handshakes_refused: counter("saring_handshakes_refused_total", &[]),
            ready: gauge("saring_ready"),
            epoch: gauge("saring_revision_epoch"),
            seq: gauge("saring_revision_seq"),
            age: gauge("saring_data_age_seconds"),
            hot_entries: EntryKind::all().map(|kind| labelled("saring_hot_entries", "kind", kind.name())).collect(),
            hot_bytes: EntryKind::all().map(|kind| labelled("saring_hot_bytes", "kind", kind.name())).collect(),
            hot_bytes_all: labelled("saring_hot_bytes", "kind", "all".into()),
        }
    }
}

fn key(name: &'static str, labels: &[(&'static str, &'static str)]) -> metrics::Key {
    metrics::Key::from_parts(name, labels.iter().map(|(k, v)| Label::from_static_parts(k, v)).collect::<Vec<_>>())
}

/// Every status with every reason.
fn verdicts() -> impl Iterator<Item = (Status, Reason)> {
    Status::ALL.iter().flat_map(|status| Reason::ALL.iter().map(move |reason| (*status, *reason)))
}

fn describe(recorder: &PrometheusRecorder) {
    let counters = [
        ("saring_checks_total", "Verdicts given, by status and reason."),
        ("saring_refused_total", "Calls refused without a verdict, by cause."),
        ("saring_black_answers_recorded_total", "Black answers that went on record for the desk."),
        ("saring_black_answers_dropped_total", "Black answers that did not: the ring or the desk was full, or failed."),
        ("saring_public_checks_total", "Questions of the public, by outcome: answered, refused, limited."),
        ("saring_connections_refused_total", "Connections refused because too many were open."),
        ("saring_handshakes_refused_total", "TLS handshakes that failed, took too long or were given up."),
    ];
    for (name, text) in counters {
        recorder.describe_counter(name.into(), Some(Unit::Count), text.into());
    }
    let gauges = [
        ("saring_runtime_lag_seconds", "How many seconds late a check runtime runs its tasks."),
        ("saring_connections", "Open gRPC connections."),
        ("saring_ready", "1 when checks are answered, 0 while the register is loaded."),
        ("saring_revision_epoch", "Epoch of the data."),
        ("saring_revision_seq", "Sequence number of the data."),
        ("saring_hot_entries", "Entries of the hot sets, by kind."),
        ("saring_hot_bytes", "Bytes of the hot sets, by kind; all: with directories and what the allocator rounds up."),
        ("saring_import_batches", "Batches put in force, by door."),
        ("saring_import_added", "Entries that the batches of a door added."),
        ("saring_import_removed", "Entries that the batches of a door removed."),
        ("saring_import_rejected_rows", "Rows of the lists of a door that were refused."),
        ("saring_import_last_timestamp_seconds", "When the last batch of a door was put in force (Unix time)."),
        ("saring_capacity_imeis", "IMEIs by door and state of their batches."),
        ("saring_capacity_growth_imeis_per_day", "Growth: mean of 30 days, and of the highest week of 90 days."),
        ("saring_capacity_bytes_per_billion", "What a billion IMEIs take, as measured on this register."),
        ("saring_cases_open", "Cases of the desk that are not closed, by owner."),
        ("saring_cases_overdue", "Of these, cases whose owner is late."),
        ("saring_alarms", "Alarms that stand in the journal, by kind."),
        ("saring_data_age_seconds", "Seconds since this node last confirmed that it holds everything acknowledged."),
    ];
    for (name, text) in gauges {
        recorder.describe_gauge(name.into(), None, text.into());
    }
    let text = "Time in the handler; 1 call in 64 and every batch is timed.";
    recorder.describe_histogram("saring_handler_seconds".into(), Some(Unit::Seconds), text.into());
}
