//! `saring serve`: answers checks until it is told to stop.

use super::{Exit, Failure};
use crate::{
    capacity::{self, Cost},
    check::Clock,
    config::{self, ConfigFlags, NodeConfig},
    day::Day,
    explain::Explainer,
    hot::{HotSets, Published, Stats},
    load,
    metrics::Metrics,
    principal::Token,
    registry::{self, Registry},
    serve::{self, LoadError, Loaded, ServeError},
    store::{Store, StoreError},
    telemetry,
};
use std::{io::Write, path::Path, sync::Arc};

/// A node's own settings.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring serve --data DIR
  saring serve --data DIR --listen 127.0.0.1:7400 --http 127.0.0.1:7401 --config /etc/saring.toml
  SARING_LOG_FORMAT=json saring serve --data DIR
  saring serve --data DIR --listen 0.0.0.0:7400 --tls-cert server.pem --tls-key server.key \\
    --tls-client-ca ca.pem                          (saring certs init makes such files)

Ports open at once; checks are answered UNAVAILABLE until the register is loaded (/readyz says
when). SIGTERM and SIGINT finish accepted calls and end the node.")]
pub(super) struct ServeArgs {
    #[command(flatten)]
    flags: ConfigFlags,
}

pub(super) fn run(args: &ServeArgs) -> Result<Exit, Failure> {
    let config = config::load(&args.flags)?.node;
    telemetry::install(&config.log, config.log_format)?;
    let data = config.data.clone();
    let here = config.registry_address().ip().is_loopback();
    serve(&config, move |metrics| open(&data, metrics), here)?;
    Ok(Exit::Ok)
}

/// Memory of the hot sets from which on a snapshot is kept: what is smaller is read in a second or two.
const SNAPSHOT_MIN_BYTES: u64 = 256 << 20;
/// Entries by which a snapshot is behind when it is written anew.
const SNAPSHOT_BEHIND: u64 = 10_000;

/// Writes the snapshot that the next start reads, beside the checks.
fn keep_snapshot(store: &Arc<Store>, sets: Arc<HotSets>) -> Result<(), LoadError> {
    let store = Arc::clone(store);
    let work = move || {
        let begun = std::time::Instant::now();
        match load::keep(&store, &sets) {
            Ok(bytes) => {
                tracing::info!(bytes, seconds = begun.elapsed().as_secs_f64(), "a snapshot of the hot sets is kept")
            }
            Err(error) => tracing::warn!(%error, "no snapshot of the hot sets is kept: the next start takes longer"),
        }
    };
    std::thread::Builder::new().name("snapshot".to_owned()).spawn(work)?;
    Ok(())
}

/// Opens a register for serving: the one process that writes it, with its hot sets built.
pub(super) fn open(data: &Path, metrics: &Metrics) -> Result<Loaded, LoadError> {
    let (registry, discarded) = Registry::open(data, false)?;
    for batch in discarded {
        tracing::warn!(batch, "a batch was left unfinished by an import and is discarded");
    }
    let store = Arc::clone(registry.store());
    show_doors(&store, metrics)?;
    let begun = std::time::Instant::now();
    let (sets, behind) = load::ready(&store, &mut |pages| tracing::info!(pages, "loading the register"))?;
    let stats = sets.stats();
    show_capacity(&store, &stats, metrics)?;
    tracing::info!(
        revision = %sets.revision(), bytes = stats.total_bytes(), seconds = begun.elapsed().as_secs_f64(), "loaded"
    );
    let sets = Arc::new(Published::new(sets));
    registry.keep_published(Arc::clone(&sets));
    if stats.total_bytes() >= SNAPSHOT_MIN_BYTES && behind.is_none_or(|behind| behind >= SNAPSHOT_BEHIND) {
        keep_snapshot(&store, Arc::clone(&sets.load()))?;
    }
    Ok(Loaded { sets, explain: Arc::new(Explainer::new(store, Clock::system()?)), registry: Some(registry) })
}

/// Serves the register that `load` opens, until SIGTERM or SIGINT; prints one line when the doors are open and
/// checks are answered.
///
/// # Errors
/// When the doors cannot be opened or the register cannot be loaded.
pub(super) fn serve(
    config: &NodeConfig,
    load: impl FnOnce(&Metrics) -> Result<Loaded, LoadError> + Send + 'static,
    found: bool,
) -> Result<(), ServeError> {
    // From the thread that loads to the one that says that all is ready.
    let (founded, first) = std::sync::mpsc::channel();
    let load = move |metrics: &Metrics| {
        let loaded = load(metrics)?;
        if let Some(registry) = &loaded.registry {
            // The receiver lives as long as the node.
            let _ = founded.send(first_administrator(registry, found)?);
        }
        Ok(loaded)
    };
    serve::run(config, load, move |node, revision| {
        let line = format!(
            "saring serves gRPC on {}, Registry on {}, HTTP on {}, revision {revision}",
            node.grpc_addr(),
            node.registry_addr(),
            node.http_url()
        );
        // Whoever started the node may have closed its standard output: it serves all the same.
        let mut out = std::io::stdout();
        let _ = writeln!(out, "{line}");
        let console = config.console_url.clone().unwrap_or_else(|| node.http_url());
        let _ = writeln!(out, "console at {}/, in a browser", console.trim_end_matches('/'));
        if let Ok(Some(token)) = first.try_recv() {
            let _ = writeln!(out, "{}", welcome(&token, node));
        }
        tracing::info!(
            grpc = %node.grpc_addr(), http = %node.http_addr(), %revision, runtimes = config.runtimes(), "ready"
        );
    })
}

/// The token of the first administrator of a register without principals. Only for a door that this machine alone
/// reaches: elsewhere somebody else might read it.
fn first_administrator(registry: &Registry, found: bool) -> Result<Option<Token>, LoadError> {
    if !found {
        if registry.store().ledger().principals().is_empty() {
            tracing::warn!(
                "nobody may change this register: serve it once on loopback to make its first administrator"
            );
        }
        return Ok(None);
    }
    Ok(registry.found_administrator(FIRST_ADMINISTRATOR)?.and_then(|issued| issued.token))
}

fn welcome(token: &Token, node: &serve::Node) -> String {
    format!(
        "This register had nobody who may change it. Its first administrator is {FIRST_ADMINISTRATOR}, with the token below;\n\
         it is shown this once and kept as its hash only. From now on lists enter by two persons (saring batch).\n  \
         export SARING_TOKEN={}\n  \
         saring principal add NAME --kind person --server http://{address}\n  \
         saring principal grant NAME --role administrator --server http://{address}",
        token.reveal(),
        address = node.registry_addr()
    )
}

/// Name of the administrator that a register gets when it is first served.
const FIRST_ADMINISTRATOR: &str = "admin";

/// How full the register is. Days to a limit follow from these: whoever watches knows the limit.
fn show_capacity(store: &Store, stats: &Stats, metrics: &Metrics) -> Result<(), StoreError> {
    let today = Day::of_unix_seconds(jiff::Timestamp::now().as_second());
    let found = capacity::capacity(store, today)?;
    for (door, figures) in &found.doors {
        for (state, imeis) in figures.states() {
            metrics.gauge("saring_capacity_imeis", &[("door", door.name()), ("state", state)]).set(imeis as f64);
        }
    }
    let rates = [("mean_30_days", found.growth.mean), ("highest_week_of_90_days", found.growth.peak)];
    for (rate, imeis) in rates {
        metrics.gauge("saring_capacity_growth_imeis_per_day", &[("rate", rate)]).set(imeis);
    }
    let cost = Cost::measure(stats, store.disk_bytes());
    for (of, bytes) in [("memory", cost.memory_per_billion()), ("disk", cost.disk_per_billion())] {
        if let Some(bytes) = bytes {
            metrics.gauge("saring_capacity_bytes_per_billion", &[("of", of)]).set(bytes as f64);
        }
    }
    Ok(())
}

/// Figures of the imports, by door: the age of a door's data is alarmed on.
fn show_doors(store: &Store, metrics: &Metrics) -> Result<(), StoreError> {
    for (door, figures) in registry::doors(store)? {
        let labels = [("door", door.name())];
        metrics.gauge("saring_import_batches", &labels).set(figures.batches as f64);
        metrics.gauge("saring_import_added", &labels).set(figures.added as f64);
        metrics.gauge("saring_import_removed", &labels).set(figures.removed as f64);
        metrics.gauge("saring_import_rejected_rows", &labels).set(figures.rejected as f64);
        metrics.gauge("saring_import_last_timestamp_seconds", &labels).set(figures.last_unix_seconds as f64);
    }
    Ok(())
}
