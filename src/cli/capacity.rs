//! `saring capacity`: how full the register is, and for how long it will last.

use super::{Exit, Failure, grouped, print};
use crate::{
    capacity::{self, Capacity, Cost, days_left},
    day::Day,
    load,
    store::{OpenMode, Store},
};
use std::path::PathBuf;

/// Which register, and what it may hold.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Example:
  saring capacity --data DIR --limit 2000000000

Used are IMEIs that are active, suspended, or expired and still held. Plans take no place until they are realised.
Growth is by the days on which batches first came in force: the mean of the last 30 days, and the highest week of the
last 90. Builds the hot sets as a server does, and runs beside one.")]
pub(super) struct CapacityArgs {
    /// Directory of the register
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// IMEIs that the register may hold
    #[arg(long, value_name = "IMEIS", default_value_t = capacity::LIMIT_DEFAULT)]
    limit: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CapacityArgs) -> Result<Exit, Failure> {
    let store = Store::open(&args.data, OpenMode::Read)?;
    let today = Day::of_unix_seconds(jiff::Timestamp::now().as_second());
    let found = capacity::capacity(&store, today)?;
    let (hot, _) = load::ready(&store, &mut |_| {})?;
    let cost = Cost::measure(&hot.stats(), store.disk_bytes());
    if args.json {
        return print(&json(args, &store, &found, cost).to_string()).map(|()| Exit::Ok);
    }
    let total = found.total();
    let names = total.states().map(|(name, _)| format!("{name:>13}")).concat();
    print(&format!("{:<18}{names}", "door"))?;
    let doors = found.doors.iter().map(|(door, figures)| (door.name(), *figures));
    for (name, figures) in doors.chain([("all", total)]) {
        let figures = figures.states().map(|(_, figure)| format!("{:>13}", grouped(figure))).concat();
        print(&format!("{name:<18}{figures}"))?;
    }
    let share = total.used() as f64 * 100.0 / args.limit.max(1) as f64;
    print(&format!("\nused      {} of {} ({share:.1} %)", grouped(total.used()), grouped(args.limit)))?;
    for (name, rate) in [("the mean of 30 days", found.growth.mean), ("the highest week of 90 days", found.growth.peak)]
    {
        let left = match days_left(total.used(), args.limit, rate) {
            Some(days) => format!("full in {} days", grouped(days as u64)),
            None => "never full".to_owned(),
        };
        print(&format!("growth    {rate:.0} a day, {name}: {left}"))?;
    }
    if let (Some(memory), Some(disk)) = (cost.memory_per_billion(), cost.disk_per_billion()) {
        let gigabytes = |bytes: u64| format!("{:.2} GB", bytes as f64 / 1e9);
        print(&format!(
            "a billion {} of memory, {} of disk, as measured on {} IMEIs with all that is held beside them",
            gigabytes(memory),
            gigabytes(disk),
            grouped(cost.imeis)
        ))?;
    }
    Ok(Exit::Ok)
}

fn json(args: &CapacityArgs, store: &Store, found: &Capacity, cost: Cost) -> serde_json::Value {
    let object = |figures: capacity::DoorUse| -> serde_json::Map<_, _> {
        figures.states().into_iter().map(|(name, figure)| (name.to_owned(), figure.into())).collect()
    };
    let total = found.total();
    let growth =
        |rate: f64| serde_json::json!({"imeis_per_day": rate, "days_left": days_left(total.used(), args.limit, rate)});
    let doors: serde_json::Map<_, _> =
        found.doors.iter().map(|(door, figures)| (door.name().to_owned(), object(*figures).into())).collect();
    serde_json::json!({
        "revision": store.applied().to_string(),
        "limit": args.limit,
        "used": total.used(),
        "all": object(total),
        "doors": doors,
        "growth": {"mean_30_days": growth(found.growth.mean), "highest_week_of_90_days": growth(found.growth.peak)},
        "measured": {
            "imeis": cost.imeis,
            "memory_bytes": cost.memory,
            "disk_bytes": cost.disk,
            "memory_bytes_per_billion": cost.memory_per_billion(),
            "disk_bytes_per_billion": cost.disk_per_billion(),
        },
    })
}
