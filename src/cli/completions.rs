//! `saring completions`: for bash, zsh, fish and others.

use super::{Exit, Failure};

/// Which shell.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Example:
  saring completions bash > /etc/bash_completion.d/saring")]
pub(super) struct CompletionsArgs {
    shell: clap_complete::Shell,
}

pub(super) fn run(args: &CompletionsArgs, command: &mut clap::Command) -> Result<Exit, Failure> {
    clap_complete::generate(args.shell, command, "saring", &mut std::io::stdout());
    Ok(Exit::Ok)
}
