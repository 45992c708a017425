//! `saring alarms`: what looked wrong with what was handed in.

use super::{
    Exit, Failure, print,
    server::RegistryFlags,
    table::{table, time},
};
use crate::proto;
use serde_json::{Value, json};

/// The alarms that batches and doors raised.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring alarms
  saring alarms -n 20 --json

Approvers see those of a batch beside it as well: saring batch show 17.")]
pub(super) struct AlarmsArgs {
    /// How many
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100)]
    number: u32,
    #[command(flatten)]
    there: RegistryFlags,
}

pub(super) fn run(args: &AlarmsArgs) -> Result<Exit, Failure> {
    let caller = args.there.connect()?;
    let alarms = caller.list_alarms(proto::ListAlarmsRequest { limit: args.number })?.alarms;
    if args.there.json {
        let object = |alarm: &proto::Alarm| {
            json!({
                "number": alarm.number,
                "kind": alarm.kind,
                "what": alarm.what,
                "batch": alarm.batch,
                "time": time(alarm.time_unix_s),
            })
        };
        return print(&Value::from(alarms.iter().map(object).collect::<Vec<_>>()).to_string()).map(|()| Exit::Ok);
    }
    let row = |alarm: &proto::Alarm| {
        let batch = if alarm.batch == 0 { String::new() } else { alarm.batch.to_string() };
        [alarm.number.to_string(), time(alarm.time_unix_s), batch, alarm.kind.clone(), alarm.what.clone()]
    };
    let rows: Vec<[String; 5]> = alarms.iter().map(row).collect();
    print(&table(["alarm", "time", "batch", "kind", "what"], &rows))?;
    Ok(Exit::Ok)
}
