//! `saring config`: the node's own settings, and where each came from.

use super::{Exit, Failure, print};
use crate::config::{self, ConfigFlags};

/// The same flags as `serve` takes.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring config --config /etc/saring.toml
  SARING_THREADS=4 saring config --json

Register settings, which can change a verdict, are not here: see saring settings show.")]
pub(super) struct ConfigArgs {
    #[command(flatten)]
    flags: ConfigFlags,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &ConfigArgs) -> Result<Exit, Failure> {
    let config = config::load(&args.flags)?;
    if args.json {
        print(&serde_json::to_string(&config.origins)?)?;
    } else {
        for origin in &config.origins {
            print(&origin.to_string())?;
        }
    }
    Ok(Exit::Ok)
}
