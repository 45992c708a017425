//! `saring generate`: a register of the size of a nation, as lists, as a register, or as checks with their answers.

use super::{Exit, Failure, grouped, import::one_of, print, written};
use crate::{
    batch::Model,
    day::Day,
    identity::Tac,
    import::{self, Input, Kind, Options},
    national::{Format, National, NationalSource, Profile, Question, Scale, Shape},
    policy::Settings,
    registry::{self, BulkStage},
};
use std::{
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Makes a register of the size of a nation from a seed: the same arguments give the same register.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring generate --imeis 2e9 --pairs 350e6 --data DIR            a register, ready to be served
  saring generate --imeis 1e6 --pairs 200e3 --lists DIR           its lists, for saring import
  saring generate --imeis 2e9 --pairs 350e6 --checks storm --count 1000   checks, and what must be answered

Numbers may be written as 2e9 or 2_000_000_000. A load that was cut off is no register: the same command starts anew.")]
#[command(group = clap::ArgGroup::new("what").required(true).args(["data", "lists", "checks"]))]
pub(super) struct GenerateArgs {
    /// Devices on the lists.
    #[arg(long, value_name = "N", value_parser = amount)]
    imeis: u64,
    /// Pairings, and subscribers.
    #[arg(long, value_name = "N", value_parser = amount, default_value = "0")]
    pairs: u64,
    /// What everything else follows from.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// 5 % of the serials of each model at random, instead of what registers look like.
    #[arg(long)]
    worst: bool,
    /// 0.1 % of the serials of each model at random.
    #[arg(long, conflicts_with = "worst")]
    sparse: bool,
    /// How many batches share the devices of a page: 1, 8 or 32.
    #[arg(long, value_name = "BATCHES", default_value_t = 1)]
    shared: u16,
    /// A list of models to use first (as `saring import tac` reads it).
    #[arg(long, value_name = "FILE")]
    catalogue: Option<PathBuf>,
    /// Load the register into this directory, which is empty or not there yet.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Write its lists into this directory.
    #[arg(long, value_name = "DIR")]
    lists: Option<PathBuf>,
    /// How lists are written.
    #[arg(long, default_value = "csv", value_parser = one_of::<Format>(Format::ALL.iter().map(|format| format.name())))]
    format: Format,
    /// Print checks of this profile as imei,msisdn,imsi,status,reason.
    #[arg(long, value_name = "PROFILE", value_parser = one_of::<Profile>(Profile::ALL.iter().map(|profile| profile.name())))]
    checks: Option<Profile>,
    /// How many checks.
    #[arg(long, value_name = "N", value_parser = amount, default_value = "1000")]
    count: u64,
    /// The day (WIB) on which they are answered [default: today].
    #[arg(long, value_name = "DATE")]
    on: Option<Day>,
    /// Memory for what is sorted while it is loaded, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(64..=1_048_576))]
    memory: u32,
    /// Print one JSON object instead of a summary for people.
    #[arg(long)]
    json: bool,
}

/// A number of things, also as `2e9`.
pub(super) fn amount(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is not a number of things, as 2000000000, 2_000_000_000 or 2e9");
    let bare = text.replace(['_', ','], "");
    let Some((digits, zeros)) = bare.split_once(['e', 'E']) else { return bare.parse().map_err(|_| wrong()) };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() {
        return Err(wrong());
    }
    let zeros: usize = zeros.parse().map_err(|_| wrong())?;
    let zeros = zeros.checked_sub(part.len()).filter(|zeros| *zeros < 20).ok_or_else(wrong)?;
    format!("{whole}{part}{}", "0".repeat(zeros)).parse().map_err(|_| wrong())
}

pub(super) fn run(args: &GenerateArgs) -> Result<Exit, Failure> {
    let shape = match (args.worst, args.sparse) {
        (true, _) => Shape::Worst,
        (_, true) => Shape::Sparse,
        _ => Shape::Mix,
    };
    let scale = Scale { imeis: args.imeis, pairs: args.pairs, seed: args.seed, shape, shared: args.shared };
    let models = args.catalogue.as_deref().map(catalogue).transpose()?.unwrap_or_default();
    let tacs: Vec<Tac> = models.iter().map(|(tac, _)| *tac).collect();
    let national = match National::new(scale, &tacs) {
        Ok(national) => national.with_names(models),
        Err(refusal) => {
            eprintln!("saring: {refusal}");
            return Ok(Exit::BadInput);
        }
    };
    match (&args.data, &args.lists, args.checks) {
        (Some(data), ..) => load(&national, data, args),
        (_, Some(lists), _) => write_lists(&national, lists, args),
        (.., Some(profile)) => write_checks(&national, profile, args),
        _ => Ok(Exit::BadInput),
    }
}

/// The models of a list.
fn catalogue(path: &Path) -> Result<Vec<(Tac, Model)>, Failure> {
    let options = Options::new(Kind::Tac);
    let inputs = [Input::File(path.to_owned())];
    let gathered = import::read(&options, &inputs, &*import::progress::on_terminal(), &AtomicBool::new(false))?;
    let models = gathered.tacs.into_iter().map(|row| {
        let model = Model {
            manufacturer: Model::clip(row.manufacturer),
            brand: Model::clip(row.brand),
            name: Model::clip(row.model),
            device_type: Model::clip(row.device_type),
            allocated: row.allocation_date,
        };
        (row.tac, model)
    });
    Ok(models.collect())
}

fn load(national: &National, data: &Path, args: &GenerateArgs) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let source = NationalSource::new(national);
    let all = national.devices() + 2 * national.scale().pairs;
    let (pulse, indexes) = (Pulse::new(all), OnceLock::new());
    let told = |stage: BulkStage| match stage {
        BulkStage::Rows { added, .. } => pulse.beat("loaded", added),
        BulkStage::Indexes { done, all } => indexes.get_or_init(|| Pulse::new(all)).beat("sorted into indexes", done),
        BulkStage::Tables => pulse.say("tables are taken in"),
        BulkStage::Activating => pulse.say("batches come into force"),
    };
    let memory = (args.memory as usize) << 20;
    let loaded = registry::load(data, &Settings::default(), &source, memory, &told)?;
    let seconds = begun.elapsed().as_secs_f64();
    let rate = loaded.added as f64 / seconds / 1e6;
    let text = if args.json {
        serde_json::json!({
            "devices": national.devices(),
            "pairings": national.scale().pairs,
            "models": national.models(),
            "batches": loaded.batches,
            "added": loaded.added,
            "revision": loaded.revision.to_string(),
            "seconds": seconds,
        })
        .to_string()
    } else {
        format!(
            "{} devices of {} models, {} pairings and subscribers, {} batches\nloaded in {seconds:.1} s, {rate:.1} M a second, revision {}",
            grouped(national.devices()),
            grouped(national.models() as u64),
            grouped(national.scale().pairs),
            grouped(loaded.batches),
            loaded.revision
        )
    };
    print(&text)?;
    Ok(Exit::Ok)
}

fn write_lists(national: &National, directory: &Path, args: &GenerateArgs) -> Result<Exit, Failure> {
    let pulse = Pulse::new(national.devices() + 2 * national.scale().pairs);
    let lists = national.write_lists(directory, args.format, &mut |rows| pulse.beat("wrote", rows))?;
    for list in lists {
        let name = list.path.display();
        let line = match (args.json, args.format, list.door) {
            (true, ..) => serde_json::json!({
                "file": name.to_string(), "kind": list.kind.name(), "door": list.door.name(), "rows": list.rows,
            })
            .to_string(),
            (_, Format::Binary, _) => format!("{:>14} rows  {name}", grouped(list.rows)),
            (_, _, door) => {
                let door = if door == list.kind.default_door() { String::new() } else { format!(" --door {door}") };
                format!("{:>14} rows  saring import {} {name}{door} --data DIR", grouped(list.rows), list.kind)
            }
        };
        print(&line)?;
    }
    Ok(Exit::Ok)
}

fn write_checks(national: &National, profile: Profile, args: &GenerateArgs) -> Result<Exit, Failure> {
    let settings = Settings::default();
    let today = args.on.unwrap_or_else(|| Day::of_unix_seconds(jiff::Timestamp::now().as_second()));
    let mut out = BufWriter::new(std::io::stdout().lock());
    written(writeln!(out, "imei,msisdn,imsi,status,reason"))?;
    for index in 0..args.count {
        let question = national.question(profile, index);
        let verdict = national.expected(&question, settings.policy(None), today);
        let Question { msisdn, imsi, .. } = question;
        let msisdn = msisdn.map_or_else(String::new, |msisdn| msisdn.to_string());
        let imsi = imsi.map_or_else(String::new, |imsi| imsi.to_string());
        let (imei, status, reason) = (question.equipment_text(), verdict.status.name(), verdict.reason.name());
        written(writeln!(out, "{imei},{msisdn},{imsi},{status},{reason}"))?;
    }
    written(out.flush())?;
    Ok(Exit::Ok)
}

/// Says on standard error how far a long work is, at what rate, and how long it will take.
struct Pulse {
    begun: Instant,
    all: u64,
    last: AtomicU64,
    line: Mutex<()>,
}

impl Pulse {
    const EVERY: Duration = Duration::from_secs(2);

    fn new(all: u64) -> Self {
        Self { begun: Instant::now(), all, last: AtomicU64::new(0), line: Mutex::new(()) }
    }

    fn beat(&self, what: &str, done: u64) {
        let now = self.begun.elapsed();
        let last = self.last.load(Ordering::Relaxed);
        let due = now.as_millis() as u64 >= last + Self::EVERY.as_millis() as u64;
        let mine = || self.last.compare_exchange(last, now.as_millis() as u64, Ordering::Relaxed, Ordering::Relaxed);
        if due && mine().is_ok() {
            let rate = done as f64 / now.as_secs_f64();
            let left = self.all.saturating_sub(done) as f64 / rate.max(1.0);
            let (done, all) = (grouped(done), grouped(self.all));
            self.say(&format!("{what} {done} of {all}, {:.1} M a second, {left:.0} s left", rate / 1e6));
        }
    }

    fn say(&self, text: &str) {
        let _held = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        eprintln!("saring: {text}");
    }
}

#[cfg(test)]
mod tests {
    use super::amount;

    #[test]
    fn numbers_of_things_are_read_as_people_write_them() {
        for (text, number) in
            [("0", 0), ("2_000", 2_000), ("2,000", 2_000), ("2e9", 2_000_000_000), ("1.59e8", 159_000_000)]
        {
            assert_eq!(amount(text), Ok(number), "{text}");
        }
        for text in ["", "2e", "e9", "1.5", "1.55e1", "-1", "2e99", "x"] {
            assert!(amount(text).is_err(), "{text}");
        }
    }
}
