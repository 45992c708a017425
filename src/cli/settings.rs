//! `saring settings`: what can change a verdict, on record with a date.

use super::{Exit, Failure, print};
use crate::{
    day,
    registry::{self, Order, Registry},
    store::{OpenMode, Store},
};
use std::{io::Read, path::PathBuf};

/// What to do with the settings.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring settings show --data DIR
  saring settings apply policy.toml --data DIR --effective-from 2027-01-01

A document names only what it sets; the rest has the default for Indonesia:
  [national]
  not_registered = \"black\"
  [bounds]
  not_registered = [\"grey\", \"black\"]
  [operator.telkomsel]
  not_registered = \"grey\"")]
pub(super) struct SettingsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Action {
    /// Show every setting in force, its value and where it came from
    Show {
        /// Directory of the register
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// At this moment [default: now]
        #[arg(long, value_name = "TIME", value_parser = day::moment)]
        on: Option<i64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take in a settings document; it replaces the one in force from its date on
    Apply {
        /// The document (TOML); - is standard input
        file: PathBuf,
        /// Directory of the register
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// From when it is in force [default: now]
        #[arg(long, value_name = "TIME", value_parser = day::moment)]
        effective_from: Option<i64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(args: &SettingsArgs) -> Result<Exit, Failure> {
    match &args.action {
        Action::Show { data, on, json } => show(data, on.unwrap_or_else(now), *json),
        Action::Apply { file, data, effective_from, json } => {
            apply(file, data, effective_from.unwrap_or_else(now), *json)
        }
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn show(data: &std::path::Path, on: i64, json: bool) -> Result<Exit, Failure> {
    let store = Store::open(data, OpenMode::Read)?;
    let timeline = registry::timeline(&store, store.applied().seq)?;
    let settings = timeline.at(on).effective();
    if json {
        let rows: Vec<_> = settings
            .iter()
            .map(|row| serde_json::json!({"name": row.name, "value": row.value, "origin": row.origin.to_string()}))
            .collect();
        print(&serde_json::Value::from(rows).to_string())?;
    } else {
        let width = settings.iter().map(|row| row.name.len()).max().unwrap_or(0);
        for row in &settings {
            print(&format!("{:width$}  {:<24} {}", row.name, row.value, row.origin))?;
        }
    }
    Ok(Exit::Ok)
}

fn apply(file: &std::path::Path, data: &std::path::Path, effective_from: i64, json: bool) -> Result<Exit, Failure> {
    let text = if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        text
    } else {
        std::fs::read_to_string(file).map_err(|error| format!("{}: cannot be read: {error}", file.display()))?
    };
    let (registry, _) = Registry::open(data, false)?;
    if !registry.store().ledger().principals().is_empty() {
        let order = Order::ApplySettings { toml: text, effective_from_unix_s: effective_from };
        let made = registry.propose(&super::hands(&registry)?, &order, "saring settings apply")?;
        let words =
            format!("proposal {}: another administrator has to approve it (saring proposal approve)", made.number);
        let object = serde_json::json!({ "changed": false, "proposal": made.number });
        print(&if json { object.to_string() } else { words })?;
        return Ok(Exit::Ok);
    }
    let revision = registry.apply_settings(&text, effective_from)?;
    let from = jiff::Timestamp::from_second(effective_from).map_or_else(|_| String::new(), |time| time.to_string());
    if json {
        let object = serde_json::json!({
            "changed": revision.is_some(),
            "revision": registry.store().applied().to_string(),
            "effective_from": from,
        });
        print(&object.to_string())?;
    } else {
        match revision {
            Some(revision) => print(&format!("settings taken in as entry {}, in force from {from}", revision.seq))?,
            None => print("these settings are in force already: nothing changed")?,
        }
    }
    Ok(Exit::Ok)
}
