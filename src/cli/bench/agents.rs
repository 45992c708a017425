//! `saring bench agents`: many people who search at the console at once.

use super::{
    super::{Exit, Failure, print, server},
    RegisterArgs, duration, show,
};
use crate::{
    bench::agents::{self, AgentsMeasured, AgentsOrder, Searches},
    day::Day,
};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Agents at a console.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring bench agents --token-file TOKEN --imeis 1e7 --pairs 1750e3
  saring bench agents --agents 200 --rate 5 --duration 30s &
  saring bench check --server http://127.0.0.1:7400 --rate 50000 --duration 30s      beside them

Every page is held against what the generator knows. A search's time runs from the moment at which it was due until
the result's page is there. The token is that of somebody who may search, for instance of an agent; all agents use it.

Exit codes: 0 no page was wrong or missing, 1 one was, or the agents themselves were what was slow.")]
pub(super) struct AgentsArgs {
    /// Address of the console, as serve prints it; without TLS
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7401", value_parser = console)]
    console: SocketAddr,
    /// File with the token to sign in with (mode 0600) [default: SARING_TOKEN of the environment]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    register: RegisterArgs,
    /// Agents
    #[arg(long, value_name = "N", default_value_t = 200)]
    agents: usize,
    /// Searches of an agent a second, on average
    #[arg(long, value_name = "R", default_value_t = 5.0)]
    rate: f64,
    /// How long is measured: 500ms, 10s, 2m
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    duration: Duration,
    /// How long is searched before, unmeasured
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    warm_up: Duration,
    /// The server's process on this machine: its CPU is told too
    #[arg(long, value_name = "PID")]
    server_pid: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &AgentsArgs) -> Result<Exit, Failure> {
    let Some(token) = server::token(args.token_file.as_deref())? else {
        eprintln!("saring: name a token with --token-file or SARING_TOKEN");
        return Ok(Exit::BadInput);
    };
    if !(args.rate.is_finite() && args.rate > 0.0) {
        eprintln!("saring: --rate {}: write searches a second, above 0", args.rate);
        return Ok(Exit::BadInput);
    }
    let today = Day::of_unix_seconds(jiff::Timestamp::now().as_second());
    let searches = Searches::new(args.register.national()?, today);
    let order = AgentsOrder {
        console: args.console,
        token,
        agents: args.agents,
        rate: args.rate,
        duration: args.duration,
        warm_up: args.warm_up,
        seed: args.register.seed,
        server_pid: args.server_pid,
    };
    let measured = agents::run(&order, searches)?;
    print(&if args.json { serde_json::to_string(&measured)? } else { show::agents(&measured) })?;
    judged(&measured)
}

/// An address, with or without `http://` in front.
fn console(text: &str) -> Result<SocketAddr, String> {
    let address = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
    address.parse().map_err(|_| format!("{text:?} is no address: write 127.0.0.1:7401"))
}

fn judged(measured: &AgentsMeasured) -> Result<Exit, Failure> {
    if measured.right == measured.asked && measured.asked > 0 {
        return Ok(Exit::Ok);
    }
    for wrong in &measured.wrong_pages {
        eprintln!("saring: {wrong}");
    }
    let AgentsMeasured { asked, wrong, failed, .. } = measured;
    let hint = if *wrong > 0 { ": does the server hold the register of this seed and size?" } else { "" };
    Err(format!("of {asked} searches {wrong} showed another answer and {failed} none{hint}").into())
}
