//! `saring demo`: a small national register, made, served and asked before your eyes.
//!
//! Nothing here is a short cut: the lists go through the reader and the registry of `saring import`, the node is
//! that of `saring serve`, and the answers come over gRPC. What always holds: each question has the answer that
//! it must have, and the network's answer and the agent's are the same verdict; else the demo fails.

mod cases;
mod lists;
mod tour;

use super::{Exit, Failure, grouped, print, serve};
use crate::{
    config::NodeConfig,
    day::Day,
    import::{self, Input, Options, progress},
    registry::{ImportOrder, ImportSummary, Registry},
    serve::{self as node, Node},
    telemetry::{self, LogFormat},
};
use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
    time::Instant,
};

/// Where the demo runs.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring demo
  saring demo --data /tmp/register             keeps the register and its lists
  saring demo --once                           ends after the table; exit code 1 when an answer is not the expected one
  saring demo --listen 127.0.0.1:7500 --http 127.0.0.1:7501")]
pub(super) struct DemoArgs {
    /// Directory of the register: a new or an empty one [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address of the gRPC door
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7400")]
    listen: SocketAddr,
    /// Address of /metrics, /healthz and /readyz
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7401")]
    http: SocketAddr,
    /// End after the table instead of serving on
    #[arg(long)]
    once: bool,
}

/// Who is told what happens, line by line.
type Say<'a> = &'a mut dyn FnMut(&str) -> Result<(), Failure>;

pub(super) fn run(args: &DemoArgs) -> Result<Exit, Failure> {
    telemetry::install("warn", LogFormat::Text)?;
    ask_port(args.listen, "--listen")?;
    ask_port(args.http, "--http")?;
    let place = Place::new(args.data.as_deref())?;
    make(&place.directory, &mut print)?;
    serve_and_ask(args, &place.directory)
}

/// A port that is taken is told before any work is done.
fn ask_port(address: SocketAddr, flag: &str) -> Result<(), Failure> {
    let taken = |error| format!("cannot listen on {address}: {error}; give another address with {flag}");
    TcpListener::bind(address).map(drop).map_err(|error| taken(error).into())
}

/// The directory of the register. A temporary one goes when the demo ends.
struct Place {
    directory: PathBuf,
    temporary: bool,
}

impl Place {
    fn new(asked: Option<&Path>) -> Result<Self, Failure> {
        let temporary = || std::env::temp_dir().join(format!("saring-demo-{}", std::process::id()));
        let place = Self { directory: asked.map_or_else(temporary, Path::to_path_buf), temporary: asked.is_none() };
        fs::create_dir_all(&place.directory)?;
        if fs::read_dir(&place.directory)?.next().is_some() {
            let message = "is not empty, and the demo mixes with nobody's register: name a new directory with --data";
            return Err(format!("{} {message}", place.directory.display()).into());
        }
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.temporary {
            // What is left in the system's temporary directory does no harm.
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}

/// Writes the lists and imports each of them.
fn make(directory: &Path, say: Say<'_>) -> Result<(), Failure> {
    let files = directory.join("lists");
    fs::create_dir(&files)?;
    let lists = lists::write(&files, today())?;
    say(&format!("A small national register in {}; its lists are in {}\n", directory.display(), files.display()))?;
    say(&format!(
        "{:<18} {:<14} {:<18} {:>8} {:>8} {:>8} {:>8} {:>7}",
        "list", "kind", "door", "rows", "rejected", "doubled", "added", "seconds"
    ))?;
    let (registry, _) = Registry::open(directory, true)?;
    for list in &lists {
        import_list(&registry, &files, list, say)?;
    }
    registry.store().flush()?;
    say("")
}

fn today() -> Day {
    Day::of_unix_seconds(jiff::Timestamp::now().as_second())
}

fn import_list(registry: &Registry, files: &Path, list: &lists::List, say: Say<'_>) -> Result<(), Failure> {
    let begun = Instant::now();
    let options = Options { door: list.door, ..Options::new(list.kind) };
    let inputs = [Input::File(files.join(list.file))];
    let gathered = import::read(&options, &inputs, &*progress::on_terminal(), &AtomicBool::new(false))?;
    let rejects = gathered.sample_rejects.clone();
    let order = ImportOrder::bootstrap(options.mode, list.document, 0);
    let summary = registry.import(gathered, &order)?;
    say(&import_line(list.file, &summary, begun.elapsed().as_secs_f64()))?;
    for reject in rejects {
        say(&format!("  line {}, {}: {:?}: {}", reject.line, reject.column, reject.value, reject.rule))?;
    }
    Ok(())
}

fn import_line(file: &str, summary: &ImportSummary, seconds: f64) -> String {
    let ImportSummary { kind, door, counts, added, .. } = summary;
    let [rows, rejected, doubled, added] = [counts.rows, counts.rejected, counts.duplicates, *added].map(grouped);
    let (kind, door) = (kind.name(), door.name());
    format!("{file:<18} {kind:<14} {door:<18} {rows:>8} {rejected:>8} {doubled:>8} {added:>8} {seconds:>7.2}")
}

/// Serves the register, asks all questions, and serves on.
fn serve_and_ask(args: &DemoArgs, directory: &Path) -> Result<Exit, Failure> {
    let config = NodeConfig { listen: args.listen, http: args.http, data: directory.into(), ..NodeConfig::default() };
    let data = directory.to_owned();
    let mut outcome = None;
    node::run(
        &config,
        move |metrics| serve::open(&data, metrics),
        |node, revision| {
            let asked = print(&format!(
                "Served over gRPC on {}, HTTP on {}, revision {revision}\n",
                node.grpc_addr(),
                node.http_addr()
            ))
            .and_then(|()| tour::ask(node.grpc_addr(), &mut print))
            .and_then(|wrong| after_the_tour(args, directory, node, wrong).map(|()| wrong));
            if args.once || asked.is_err() {
                node.stopper().stop();
            }
            outcome = Some(asked);
        },
    )?;
    // None: it was told to stop before the register was loaded.
    Ok(if outcome.transpose()?.unwrap_or(0) == 0 { Exit::Ok } else { Exit::Failed })
}

/// How to ask more, while it is served.
fn after_the_tour(args: &DemoArgs, directory: &Path, node: &Node, wrong: usize) -> Result<(), Failure> {
    if args.once || wrong > 0 {
        return Ok(());
    }
    let saring = std::env::current_exe().map_or_else(|_| "saring".into(), |path| path.display().to_string());
    let (grpc, http, imei) = (node.grpc_addr(), node.http_addr(), lists::TOURIST);
    print(&format!(
        "\nAsk more, in another terminal:
  {saring} check {imei} --msisdn {msisdn} --server http://{grpc} --explain
  {saring} stats --data {data}
  grpcurl -plaintext -d '{{\"equipment_text\": \"{imei}\"}}' {grpc} saring.v1.EquipmentCheck/Check
  curl -s http://{http}/metrics
Ctrl-C ends the demo{end}.",
        msisdn = lists::TOURIST_MSISDN,
        data = directory.display(),
        end =
            if args.data.is_some() { "; the register stays" } else { " and removes its register; --data DIR keeps it" }
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_directory_with_something_in_it_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("CURRENT"), "x").unwrap();
        let refused = Place::new(Some(directory.path())).err().unwrap().to_string();
        assert!(refused.contains("is not empty") && refused.contains("--data"), "{refused}");
        assert!(directory.path().join("CURRENT").exists());
    }

    #[test]
    fn a_taken_port_is_told_with_its_flag() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let refused = ask_port(taken.local_addr().unwrap(), "--http").unwrap_err().to_string();
        assert!(refused.ends_with("give another address with --http"), "{refused}");
    }

    #[test]
    fn every_answer_is_the_expected_one() {
        let directory = tempfile::tempdir().unwrap();
        let mut said = String::new();
        let mut say = |text: &str| {
            said.push_str(text);
            Ok(())
        };
        make(directory.path(), &mut say).unwrap();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let config = NodeConfig { listen: any, http: any, threads: 1, ..NodeConfig::default() };
        let data = directory.path().to_owned();
        let node = Node::start(&config, move |metrics| serve::open(&data, metrics)).unwrap();
        let mut wrong = None;
        node.run(|node, _| {
            wrong = tour::ask(node.grpc_addr(), &mut say).ok();
            node.stopper().stop();
        })
        .unwrap();
        assert_eq!(wrong, Some(0), "{said}");
        assert!(said.contains("62811*****011") && !said.contains(lists::TOURIST_MSISDN), "numbers are masked: {said}");
    }
}
