//! `saring journal`: what was changed, when, by whom; and proof that the record itself was not.

mod proof;
mod show;

use super::{Exit, Failure};
use crate::tree::Verifier;
use std::path::{Path, PathBuf};

/// What to do with the journal.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring journal tail -n 20 --data DIR
  saring journal show 42 --data DIR
  saring journal checkpoint --data DIR > kept.checkpoint     keep this where nobody of the register can reach it
  saring journal prove consistency kept.checkpoint --data DIR -o later.proof
  saring journal check-proof later.proof --checkpoint kept.checkpoint --key DIR/journal.pub
  saring journal export --data DIR -o journal.export
  saring journal verify journal.export --checkpoint kept.checkpoint --key journal.pub

Checkpoints are signed by the register's key (journal.pub). Whoever keeps one can have proven later that nothing in
front of it was altered, dropped, slipped in or reordered; verify and check-proof need no register.")]
pub(super) struct JournalArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Action {
    /// Show one entry
    Show {
        /// Number of the entry
        seq: u64,
        #[command(flatten)]
        from: From,
    },
    /// Show the newest entries, a line each
    Tail {
        /// How many
        #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
        number: u64,
        #[command(flatten)]
        from: From,
    },
    /// Show entries in order, a line each
    List {
        /// First entry
        #[arg(long, value_name = "SEQ", default_value_t = 1)]
        first: u64,
        /// Last entry [default: the newest]
        #[arg(long, value_name = "SEQ")]
        last: Option<u64>,
        #[command(flatten)]
        from: From,
    },
    /// Print the newest signed checkpoint: what an operator or auditor keeps
    Checkpoint {
        #[command(flatten)]
        from: From,
    },
    /// Write the journal up to its newest checkpoint into one file
    Export {
        /// The file [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        from: From,
    },
    /// Verify an export, without a register
    Verify {
        /// The export
        file: PathBuf,
        #[command(flatten)]
        trust: Trust,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a proof that can be checked without a register
    Prove {
        #[command(subcommand)]
        what: Prove,
    },
    /// Check a proof, without a register
    CheckProof {
        /// The proof
        file: PathBuf,
        #[command(flatten)]
        trust: Trust,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Prove {
    /// That an entry is in the journal
    Inclusion {
        /// Number of the entry
        seq: u64,
        /// A checkpoint that was kept, against which it is to be proven [default: the newest]
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
        /// The proof [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        from: From,
    },
    /// That the journal still begins with the entries of an earlier checkpoint
    Consistency {
        /// The checkpoint that was kept, or its size
        #[arg(value_name = "CHECKPOINT|SIZE")]
        earlier: String,
        /// The proof [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        from: From,
    },
}

/// Which register, and how to print.
#[derive(Clone, Debug, clap::Args)]
struct From {
    /// Directory of the register
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is known from elsewhere.
#[derive(Clone, Debug, clap::Args)]
struct Trust {
    /// The register's key as you got it from the register's keeper: the line of journal.pub, or a file with it
    #[arg(long, value_name = "KEY|FILE")]
    key: Option<String>,
    /// A checkpoint that you kept
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

impl Trust {
    fn key(&self) -> Result<Option<Verifier>, Failure> {
        let Some(given) = &self.key else { return Ok(None) };
        let line = if given.contains('+') { given.clone() } else { read_text(Path::new(given))? };
        Ok(Some(Verifier::parse(&line)?))
    }

    fn kept(&self) -> Result<Option<String>, Failure> {
        self.checkpoint.as_deref().map(read_text).transpose()
    }
}

fn read_text(path: &Path) -> Result<String, Failure> {
    Ok(std::fs::read_to_string(path).map_err(|error| format!("{}: cannot be read: {error}", path.display()))?)
}

pub(super) fn run(args: &JournalArgs) -> Result<Exit, Failure> {
    match &args.action {
        Action::Show { seq, from } => show::one(from, *seq),
        Action::Tail { number, from } => show::tail(from, *number),
        Action::List { first, last, from } => show::list(from, *first, *last),
        Action::Checkpoint { from } => proof::checkpoint(from),
        Action::Export { output, from } => proof::export(from, output.as_deref()),
        Action::Verify { file, trust, json } => proof::verify(file, trust, *json),
        Action::Prove { what: Prove::Inclusion { seq, checkpoint, output, from } } => {
            proof::inclusion(from, *seq, checkpoint.as_deref(), output.as_deref())
        }
        Action::Prove { what: Prove::Consistency { earlier, output, from } } => {
            proof::consistency(from, earlier, output.as_deref())
        }
        Action::CheckProof { file, trust, json } => proof::check(file, trust, *json),
    }
}
