//! `saring stats`: how much the register holds, and what it costs.

use super::{Exit, Failure, grouped, print};
use crate::{
    batch::BatchState,
    hot::{EntryKind, Stats},
    load,
    store::{OpenMode, Store},
};
use std::path::PathBuf;

/// Which register.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Example:
  saring stats --data DIR --json

Builds the hot sets as a server does, and runs beside one.")]
pub(super) struct StatsArgs {
    /// Directory of the register
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &StatsArgs) -> Result<Exit, Failure> {
    let store = Store::open(&args.data, OpenMode::Read)?;
    let (hot, _) = load::ready(&store, &mut |_| {})?;
    let stats = hot.stats();
    let disk = store.disk_bytes();
    let active = store.with_batches(|batches| {
        let is_active = |state: &(u64, BatchState)| state.1 == BatchState::Active;
        batches.iter().filter(|(_, batch)| batch.states.last().is_some_and(is_active)).count()
    });
    if args.json {
        let classes: serde_json::Map<_, _> = EntryKind::all()
            .map(|kind| {
                let bytes = stats.bytes(kind);
                let entries = stats.entries(kind);
                let each = (entries > 0).then(|| bytes as f64 / entries as f64);
                let object = serde_json::json!({"entries": entries, "bytes": bytes, "bytes_per_entry": each});
                (kind.name(), object)
            })
            .collect();
        let object = serde_json::json!({
            "revision": hot.revision().to_string(),
            "age_seconds": 0,
            "batches_active": active,
            "classes": classes,
            "directory_bytes": stats.directory_bytes(),
            "memory_bytes": stats.total_bytes(),
            "disk_bytes": disk,
        });
        return print(&object.to_string()).map(|()| Exit::Ok);
    }
    print(&format!(
        "revision {}, age 0 s (this is the primary's own data), {active} active batches\n",
        hot.revision()
    ))?;
    print(&format!("{:<22} {:>15} {:>15} {:>12}", "class", "entries", "bytes", "bytes/entry"))?;
    for kind in EntryKind::all().filter(|kind| stats.entries(*kind) > 0) {
        print(&row(&kind.name(), stats.entries(kind), stats.bytes(kind)))?;
    }
    print(&row("directories", 0, stats.directory_bytes()))?;
    print(&row("memory in all", total_entries(&stats), stats.total_bytes()))?;
    print(&row("disk (table files)", total_entries(&stats), disk))?;
    Ok(Exit::Ok)
}

fn total_entries(stats: &Stats) -> u64 {
    EntryKind::all().map(|kind| stats.entries(kind)).sum()
}

fn row(name: &str, entries: u64, bytes: u64) -> String {
    let (count, each) = match entries {
        0 => (String::new(), String::new()),
        _ => (grouped(entries), format!("{:.2}", bytes as f64 / entries as f64)),
    };
    format!("{name:<22} {count:>15} {:>15} {each:>12}", grouped(bytes)).trim_end().to_owned()
}
