//! `saring import`: reads lists and takes them into the register.

use super::{Exit, Failure, grouped, print};
use crate::{
    alarm::Alarm,
    batch::{BatchState, Declared},
    day::Day,
    import::{self, CheckDigit, Gathered, ImportError, Input, Kind, Mode, Options, progress},
    listing::Door,
    policy::Settings,
    registry::{ImportOrder, ImportSummary, Meter, Registry, SubmitOrder},
    spool::Room,
};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::{
    path::{Path, PathBuf},
    str::FromStr,
    sync::{Arc, atomic::AtomicBool},
};

/// Reads lists, checks and merges them, and puts them into the register as one batch.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring import registered approved.csv --data DIR --document TPP-2026-0117
  saring import stolen stolen.csv.gz --data DIR --rejects rejects.csv
  saring import temporary visitors.csv --valid-until 2026-12-31 --data DIR
  saring import tac tacdb.txt --data DIR
  zcat dump.gz | saring import grandfathered - --operator telkomsel --data DIR

A list is CSV with a header (in any column order), a GSMA list separated by |, a header-less
column of IMEIs, or header-less TAC,manufacturer,model; plain, .gz, .zst, or .zip with one file.
- is standard input.")]
pub(super) struct ImportArgs {
    /// What the lists hold.
    #[arg(value_parser = one_of::<Kind>(Kind::ALL.iter().map(|kind| kind.name())))]
    kind: Kind,
    /// The lists; several are one import. - is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Directory of the register.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The way by which the entries come [default: the usual one of the kind].
    #[arg(long, value_parser = one_of::<Door>(Door::ALL.iter().map(|door| door.name())), hide_possible_values = true)]
    door: Option<Door>,
    /// Document that the entries rest on.
    #[arg(long, value_name = "REF")]
    document: Option<String>,
    /// Last day (WIB, included) of rows that name none of their own.
    #[arg(long, value_name = "DATE")]
    valid_until: Option<Day>,
    /// Operator of rows that name none of their own.
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// CSV file for rows that are not taken: file,line,column,value,rule.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Import nothing when one row is rejected.
    #[arg(long)]
    all_or_nothing: bool,
    /// Add to the door's list, replace it, or obey a change_type column.
    #[arg(long, default_value = "add", value_parser = one_of::<Mode>(Mode::ALL.iter().map(|mode| mode.name())))]
    mode: Mode,
    /// What a 15th digit that does not fit does to its row: reject it, warn, or nothing.
    #[arg(long, default_value = "warn", value_parser = one_of::<CheckDigit>(CheckDigit::ALL.iter().map(|way| way.name())))]
    check_digit: CheckDigit,
    /// Settings (TOML) that a new register begins with [default: those of Indonesia].
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// By how many percent a full list may be shorter than the one that it replaces.
    #[arg(long, value_name = "PERCENT", default_value_t = 50, value_parser = clap::value_parser!(u8).range(0..=100))]
    max_drop: u8,
    /// Pairings that do not say what they do are bindings, not allowances.
    #[arg(long)]
    binding: bool,
    /// Bars of models that do not say how they bar are hard, not soft.
    #[arg(long)]
    hard: bool,
    /// Memory for pairings and subscribers that are sorted, in MiB; what exceeds it goes to files beside the register.
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    memory: u32,
    /// Threads that take lists apart, beside the one that reads [default: as many as the machine has].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Print one JSON object instead of a summary for people.
    #[arg(long)]
    json: bool,
}

/// Names with completion and a list in the help, read by [`FromStr`].
pub(super) fn one_of<T>(names: impl Iterator<Item = &'static str>) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names.collect::<Vec<_>>()).try_map(|name| name.parse())
}

pub(super) fn run(args: &ImportArgs) -> Result<Exit, Failure> {
    // A register that is there is locked first: whoever cannot write should not read a long list in vain. One
    // that is not there is made after the lists were read, so that a wrong list leaves nothing behind.
    let exists = args.data.join("CURRENT").exists();
    let seed = match seed(args, exists) {
        Ok(seed) => seed,
        Err(refusal) => {
            eprintln!("saring: {refusal}");
            return Ok(Exit::BadInput);
        }
    };
    let mut opened = if exists { Some(open(args)?) } else { None };
    let cancel = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // The first signal asks, the second one ends the process at once.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&cancel))?;
        signal_hook::flag::register(signal, Arc::clone(&cancel))?;
    }
    let gathered = match import::read(&options(args), &inputs(args), &*progress::on_terminal(), &cancel) {
        Ok(gathered) => gathered,
        Err(error) => return refused(&error),
    };
    let report = Report::of(&gathered, args);
    let registry = match opened.take() {
        Some(registry) => registry,
        None => match seed {
            Some(settings) => Registry::found(&args.data, &settings)?,
            None => open(args)?,
        },
    };
    let (summary, alarms) = take_in(&registry, gathered, args)?;
    for alarm in alarms {
        eprintln!("saring: {} ({}): {}: {}", alarm.kind, alarm.severity, alarm.subject, alarm.what);
    }
    registry.store().flush()?;
    print(&if args.json { report.json(&summary).to_string() } else { report.text(&summary) })?;
    Ok(Exit::Ok)
}

/// Into force before there are principals; else on record, for another person to approve.
fn take_in(registry: &Registry, gathered: Gathered, args: &ImportArgs) -> Result<(ImportSummary, Vec<Alarm>), Failure> {
    let document = args.document.clone().unwrap_or_default();
    let meter = Meter::default();
    let told = meter.clone();
    let look = || {
        let (is_writing, done, total) = told.read();
        (if is_writing { "written" } else { "compared" }, done, total)
    };
    if registry.store().ledger().principals().is_empty() {
        let order = ImportOrder { meter, ..ImportOrder::bootstrap(args.mode, &document, args.max_drop) };
        return Ok((progress::watched(look, || registry.import(gathered, &order))?, Vec::new()));
    }
    let (mode, max_drop_percent, declared) = (args.mode, args.max_drop, Declared::default());
    let order = SubmitOrder { mode, document, max_drop_percent, declared, meter };
    let hands = super::hands(registry)?;
    let submitted = progress::watched(look, || registry.submit(&hands, gathered, order))?;
    Ok((submitted.summary, submitted.alarms))
}

fn open(args: &ImportArgs) -> Result<Registry, Failure> {
    let (registry, discarded) = Registry::open(&args.data, true)?;
    for batch in discarded {
        eprintln!("saring: batch {batch} was left unfinished by an earlier import and is discarded");
    }
    Ok(registry)
}

/// The settings that a new register begins with.
fn seed(args: &ImportArgs, exists: bool) -> Result<Option<Settings>, String> {
    let Some(path) = &args.settings else { return Ok(None) };
    if exists {
        return Err("--settings is for a new register; this one has settings: use saring settings apply".to_owned());
    }
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{shown}: cannot be read: {error}"))?;
    Settings::from_toml(&text).map(Some).map_err(|error| format!("{shown}: the settings are refused: {error}"))
}

fn refused(error: &ImportError) -> Result<Exit, Failure> {
    eprintln!("saring: {error}");
    Ok(match error {
        ImportError::Cancelled => Exit::Failed,
        _ => Exit::BadInput,
    })
}

/// What is told of an import beside what the register did.
struct Report {
    warnings: Vec<String>,
    sample_rejects: Vec<String>,
    rejects: Option<PathBuf>,
}

impl Report {
    fn of(gathered: &Gathered, args: &ImportArgs) -> Self {
        let warnings = gathered.warnings.iter().map(|warnings| {
            let (file, line) = &warnings.first;
            format!("{} x {} (first: {file}, line {line})", grouped(warnings.count), warnings.warning)
        });
        Self {
            warnings: warnings.collect(),
            sample_rejects: gathered.sample_rejects.iter().map(ToString::to_string).collect(),
            rejects: args.rejects.clone(),
        }
    }

    fn json(&self, summary: &ImportSummary) -> serde_json::Value {
        serde_json::json!({
            "kind": summary.kind.name(),
            "door": summary.door.name(),
            "batch": summary.batches.first(),
            "batches": summary.batches,
            "state": summary.state.name(),
            "rows": summary.counts.rows,
            "accepted": summary.counts.accepted,
            "rejected": summary.counts.rejected,
            "duplicates": summary.counts.duplicates,
            "warnings": summary.counts.warnings,
            "added": summary.added,
            "removed": summary.removed,
            "unchanged": summary.unchanged,
            "not_listed": summary.not_listed,
            "revision": summary.revision.to_string(),
            "rejects_sample": self.sample_rejects,
        })
    }

    fn text(&self, summary: &ImportSummary) -> String {
        let counts = &summary.counts;
        let mut lines = vec![match summary.batches.as_slice() {
            [] => format!("{} through {}: nothing new, no batch was made", summary.kind, summary.door),
            [batch] => format!("{} through {}: batch {batch}", summary.kind, summary.door),
            many => format!("{} through {}: batches {many:?}, one an operator", summary.kind, summary.door),
        }];
        if summary.state == BatchState::Submitted && !summary.batches.is_empty() {
            lines.push("waits       for the approval of another person (saring batch approve)".to_owned());
        }
        lines.push(format!(
            "rows        {} = {} accepted + {} rejected + {} duplicates",
            grouped(counts.rows),
            grouped(counts.accepted),
            grouped(counts.rejected),
            grouped(counts.duplicates)
        ));
        lines.push(format!(
            "register    {} added, {} removed, {} in force already",
            grouped(summary.added),
            grouped(summary.removed),
            grouped(summary.unchanged)
        ));
        if summary.not_listed > 0 {
            lines.push(format!("not listed  {} removals of what was not in force", grouped(summary.not_listed)));
        }
        lines.extend(self.warnings.iter().map(|warning| format!("warning     {warning}")));
        lines.extend(self.sample_rejects.iter().map(|reject| format!("rejected    {reject}")));
        if counts.rejected > 0 {
            lines.push(match &self.rejects {
                Some(path) => format!("            every rejected row is in {}", path.display()),
                None => "            --rejects FILE writes every rejected row".to_owned(),
            });
        }
        lines.push(format!("revision    {}", summary.revision));
        lines.join("\n")
    }
}

/// How the lists are to be read.
fn options(args: &ImportArgs) -> Options {
    let usual = Options::new(args.kind);
    Options {
        door: args.door.unwrap_or(args.kind.default_door()),
        valid_until: args.valid_until,
        operator: args.operator.clone(),
        mode: args.mode,
        check_digit: args.check_digit,
        binding: args.binding,
        hard: args.hard,
        all_or_nothing: args.all_or_nothing,
        rejects: args.rejects.clone(),
        room: Room { folder: beside(&args.data), memory_bytes: (args.memory as usize) << 20 },
        threads: args.threads.map_or(usual.threads, usize::from),
        ..usual
    }
}

/// The directory of the register, or where it will be made: the first one above it that is there.
fn beside(data: &Path) -> PathBuf {
    let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    data.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/")).to_owned()
}

/// The lists that were named.
fn inputs(args: &ImportArgs) -> Vec<Input> {
    args.files.iter().cloned().map(Input::from).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        import: ImportArgs,
    }

    fn parse(line: &str) -> Result<ImportArgs, String> {
        let words = std::iter::once("saring").chain(line.split(' '));
        Line::try_parse_from(words).map(|line| line.import).map_err(|error| error.to_string())
    }

    #[test]
    fn arguments_become_options() {
        let args =
            parse("stolen a.csv - --data d --mode delta --check-digit verify --operator xl --valid-until 2026-12-31 --threads 3")
                .unwrap();
        assert_eq!(inputs(&args), [Input::File("a.csv".into()), Input::Stdin]);
        let expected = Options {
            mode: Mode::Delta,
            check_digit: CheckDigit::Verify,
            operator: Some("xl".to_owned()),
            valid_until: Some("2026-12-31".parse().unwrap()),
            room: Room { folder: std::env::current_dir().unwrap(), memory_bytes: 512 << 20 },
            threads: 3,
            ..Options::new(Kind::Stolen)
        };
        assert_eq!(options(&args), expected);
        assert_eq!(options(&parse("barred a --data d --door court").unwrap()).door, Door::Court);
    }

    #[test]
    fn what_is_unknown_is_refused() {
        for line in ["stollen a.csv --data d", "stolen --data d", "stolen a.csv", "stolen a --data d --mode replace"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
