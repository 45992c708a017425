//! The command line: one file a verb. What was typed comes in, what it means goes down, words come out.
//!
//! Output is for people by default and JSON with `--json`; diagnostics go to standard error. Exit codes are
//! part of the interface: [`Exit`].

mod alarms;
mod audit;
mod backup;
mod batch;
mod bench;
mod capacity;
mod cases;
mod certs;
mod change;
mod check;
mod completions;
mod config;
mod demo;
mod device;
mod document;
mod generate;
mod history;
mod import;
mod journal;
mod lookup;
mod overrides;
mod pairing;
mod plan;
mod preview;
mod principal;
mod proposal;
mod registration;
mod serve;
mod server;
mod settings;
mod stats;
mod table;
mod verify;
mod view;

use clap::{CommandFactory, Parser, Subcommand};
use std::process::ExitCode;

/// Any reason why a command fails, in words for people.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How a command ended. The numbers are forever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Done; for a check: whitelisted.
    Ok = 0,
    /// Something failed: a file, the register, the network.
    Failed = 1,
    /// The command line, or a line of the input, cannot be read.
    BadInput = 2,
    /// A check: greylisted.
    Grey = 3,
    /// A check: blacklisted.
    Black = 4,
    /// A check: unknown equipment.
    Unknown = 5,
}

/// Saring, an equipment identity register: may this device use the networks, and with this number?
#[derive(Debug, Parser)]
#[command(name = "saring", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
Examples:
  saring demo                                       a small national register, served and asked
  saring import registered approved.csv --data DIR  take in a list
  saring serve --data DIR                           answer checks over gRPC
  saring check 352099001761481 --data DIR           ask by hand
  saring check 352099001761481 --msisdn 081234567890 --server http://127.0.0.1:7400 --explain

Exit codes: 0 done or whitelisted, 1 failed, 2 bad input, 3 greylisted, 4 blacklisted, 5 unknown equipment.")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a small national register, serve it and ask it: a first look
    Demo(demo::DemoArgs),
    /// Answer checks over gRPC until told to stop
    Serve(serve::ServeArgs),
    /// Take lists into the register
    Import(import::ImportArgs),
    /// Ask whether a device may be used, and with which number
    Check(check::CheckArgs),
    /// Look up a device, a number, a document or a batch: what an agent says, on one screen
    Lookup(lookup::LookupArgs),
    /// The cases of the call centre: open, note, hand over, close
    Case(cases::CaseArgs),
    /// Registrations of subscribers: lists, counts, the calendar of blocking
    Registration(registration::RegistrationArgs),
    /// Show who looked at what, and prove that the record of it is whole
    Audit(audit::AuditArgs),
    /// Tell the whole story of a device or a number, in order
    History(history::HistoryArgs),
    /// Show how much the register holds and what it costs
    Stats(stats::StatsArgs),
    /// Show or change the settings that can change a verdict
    Settings(settings::SettingsArgs),
    /// Show this node's own settings and where each came from
    Config(config::ConfigArgs),
    /// Who may change the register: principals, roles, tokens
    Principal(principal::PrincipalArgs),
    /// Changes that take two persons: see, ask, approve, reject
    Proposal(proposal::ProposalArgs),
    /// Hand lists in, approve, suspend, restore and withdraw them
    Batch(batch::BatchArgs),
    /// Show what looked wrong with what was handed in
    Alarms(alarms::AlarmsArgs),
    /// See what a change would do, without doing it
    Preview(preview::PreviewArgs),
    /// Documents with a quantity that batches draw down
    Document(document::DocumentArgs),
    /// One phone: report, lift, register, correct, exempt, suspect
    Device(device::DeviceArgs),
    /// Which number a device is served with
    Pairing(pairing::PairingArgs),
    /// Set the answers for a time: break-glass
    Override(overrides::OverrideArgs),
    /// Make certificates for development
    Certs(certs::CertsArgs),
    /// Show the journal, and prove or verify that nothing in it was altered
    Journal(journal::JournalArgs),
    /// Show how full the register is, and in how many days it will be full
    Capacity(capacity::CapacityArgs),
    /// Copy a register, and make one of a copy
    Backup(backup::BackupArgs),
    /// Prove that store, hot sets and journal agree
    Verify(verify::VerifyArgs),
    /// Measure: ask a server as networks do
    Bench(bench::BenchArgs),
    /// Say which machines a nation needs, by what was measured
    Plan(plan::PlanArgs),
    /// Make a register of the size of a nation, its lists, or checks with their answers
    Generate(generate::GenerateArgs),
    /// Print completions for a shell
    Completions(completions::CompletionsArgs),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // The help goes to standard output and is no failure; clap knows which it is.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { Exit::BadInput as u8 } else { Exit::Ok as u8 });
        }
    };
    let outcome = match cli.verb {
        Verb::Demo(args) => demo::run(&args),
        Verb::Serve(args) => serve::run(&args),
        Verb::Import(args) => import::run(&args),
        Verb::Check(args) => check::run(&args),
        Verb::Lookup(args) => lookup::run(&args),
        Verb::Stats(args) => stats::run(&args),
        Verb::Settings(args) => settings::run(&args),
        Verb::Config(args) => config::run(&args),
        Verb::Principal(args) => change::told(principal::run(&args)),
        Verb::Proposal(args) => change::told(proposal::run(&args)),
        Verb::Batch(args) => change::told(batch::run(&args)),
        Verb::Alarms(args) => change::told(alarms::run(&args)),
        Verb::Preview(args) => change::told(preview::run(&args)),
        Verb::Document(args) => change::told(document::run(&args)),
        Verb::Device(args) => change::told(device::run(&args)),
        Verb::Pairing(args) => change::told(pairing::run(&args)),
        Verb::Override(args) => change::told(overrides::run(&args)),
        Verb::Certs(args) => certs::run(&args),
        Verb::Case(args) => change::told(cases::run(&args)),
        Verb::Registration(args) => change::told(registration::run(&args)),
        Verb::Audit(args) => change::told(audit::run(&args)),
        Verb::Journal(args) => journal::run(&args),
        Verb::History(args) => history::run(&args),
        Verb::Capacity(args) => capacity::run(&args),
        Verb::Backup(args) => backup::run(&args),
        Verb::Verify(args) => verify::run(&args),
        Verb::Bench(args) => bench::run(&args),
        Verb::Plan(args) => plan::run(&args),
        Verb::Generate(args) => generate::run(&args),
        Verb::Completions(args) => completions::run(&args, &mut Cli::command()),
    };
    match outcome {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(failure) => {
            eprintln!("saring: {failure}");
            ExitCode::from(Exit::Failed as u8)
        }
    }
}

/// Prints to standard output.
fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write;
    written(writeln!(std::io::stdout().lock(), "{text}"))
}

/// Whoever reads standard output may have gone (`| head`): that is no failure, and the command ends.
fn written(written: std::io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(Exit::Ok as i32),
        other => Ok(other?),
    }
}

/// Who changes a register that has principals and is opened here: the token of the environment says it.
fn hands(registry: &crate::registry::Registry) -> Result<crate::store::Hands, Failure> {
    let token = std::env::var(server::TOKEN_VARIABLE).map_err(|_| {
        "this register has principals: show your token in the environment (SARING_TOKEN), and another person approves"
    })?;
    Ok(crate::store::Hands::of(&registry.principal_of_token(&token)?, ""))
}

/// A number with its thousands set apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
