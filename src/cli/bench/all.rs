//! `saring bench all` and `saring bench report`.

use super::{RegisterArgs, duration};
use crate::{
    bench::{
        all::{All, all as measure},
        html,
        measurements::Measurements,
        node::Program,
    },
    cli::{Exit, Failure, print},
};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// What is measured, and where.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring bench all --out figures.json
  saring bench all --imeis 2000000000 --pairs 350000000 --dir /var/tmp --out figures.json

Makes two registers of so many IMEIs, without and with pairings, one after the other; each is served, killed with kill -9
and served again; the second one is asked at rising rates. Ten minutes at the usual size. Nothing else should run on the
machine: the load generator gives no figures where it was itself what was slow.")]
pub(super) struct AllArgs {
    #[command(flatten)]
    register: RegisterArgs,
    /// How long each rate is asked
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = duration)]
    duration: Duration,
    /// Check runtimes of the server; the load generator needs a core too
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    server_threads: u16,
    /// Where the registers go while they are measured [default: the system's temporary directory]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// File for the figures (JSON)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// A directory of its own, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(parent: Option<&Path>) -> Result<Self, Failure> {
        let parent = parent.map_or_else(std::env::temp_dir, Path::to_path_buf);
        let place = Self(parent.join(format!("saring-bench-{}", std::process::id())));
        fs::create_dir_all(&place.0)
            .map_err(|error| format!("cannot make {}: {error}; name a directory with --dir", place.0.display()))?;
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What is left in a temporary directory does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(super) fn all(args: &AllArgs) -> Result<Exit, Failure> {
    // Told before minutes of work, not after them.
    let parent = args.out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    if !parent.is_dir() {
        return Err(format!("{} is no directory: name another file with --out", parent.display()).into());
    }
    let place = Place::new(args.dir.as_deref())?;
    let RegisterArgs { imeis, pairs, seed } = args.register;
    // As a nation has them: 350 million beside two billion.
    let pairs = pairs.unwrap_or(imeis * 7 / 40);
    let register = RegisterArgs { pairs: Some(pairs), ..args.register.clone() };
    let threads = args.server_threads;
    let order = All {
        imeis,
        pairs,
        seed,
        duration: args.duration,
        server_threads: usize::from(threads),
        command: format!(
            "saring bench all --imeis {imeis} --pairs {pairs} --seed {seed} --duration {}ms --server-threads {threads}",
            args.duration.as_millis()
        ),
        made: jiff::Zoned::now().strftime("%Y-%m-%d %H:%M %:z").to_string(),
    };
    let script = |profile| register.script(profile);
    let measured = measure(&order, &Program::this()?, &place.0, script, &mut |what| eprintln!("{what}"))?;
    fs::write(&args.out, serde_json::to_string_pretty(&measured)? + "\n")?;
    let out = args.out.display();
    print(&format!("{out} has the figures; a page of them: saring bench report {out} --out figures.html"))?;
    Ok(Exit::Ok)
}

/// Which figures, and where the page goes.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Example:
  saring bench report figures.json --out figures.html")]
pub(super) struct ReportArgs {
    /// File with the figures of saring bench all
    measurements: PathBuf,
    /// The page
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn report(args: &ReportArgs) -> Result<Exit, Failure> {
    let page = html::report(&Measurements::read(&args.measurements)?)?;
    fs::write(&args.out, page).map_err(|error| format!("cannot write {}: {error}", args.out.display()))?;
    Ok(Exit::Ok)
}
