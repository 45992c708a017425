//! `saring preview`: what a change would do, without doing it; and the question before a change is made.

mod view;

use super::{
    Exit, Failure,
    change::{Sha256Hex, hex, question},
    import::one_of,
    print,
    server::RegistryFlags,
};
use crate::{
    day,
    grpc::RegistryCaller,
    listing::Door,
    proto::{self, preview_request},
};
use std::{io::Read, path::Path, path::PathBuf};

/// What would change.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring preview settings policy.toml
  saring preview tac 35209900 --rule bar-hard
  saring preview door tpp-import --state suspended
  saring preview proposal 14
  saring batch preview 12 --step approve

It counts the IMEIs and paired numbers whose answer changes, by door and brand, and changes
nothing. Its digest stands for exactly this change on exactly this data: `saring proposal approve 14
--preview DIGEST` carries out what was looked at, or nothing.")]
pub(super) struct PreviewArgs {
    #[command(subcommand)]
    verb: PreviewVerb,
    #[command(flatten)]
    there: RegistryFlags,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum PreviewVerb {
    /// Other settings
    Settings {
        /// The document (TOML)
        file: PathBuf,
        /// From when it would be in force [default: now]
        #[arg(long, value_name = "TIME", value_parser = day::moment)]
        effective_from: Option<i64>,
    },
    /// A rule for all devices of a model
    Tac {
        /// Eight digits
        #[arg(value_parser = tac)]
        tac: String,
        /// The rule
        #[arg(long, value_parser = ["exempt", "bar-soft", "bar-hard", "none"])]
        rule: String,
    },
    /// All batches of a door
    Door {
        /// The door
        #[arg(value_parser = one_of::<Door>(Door::ALL.iter().map(|door| door.name())))]
        door: Door,
        /// The state that they would have
        #[arg(long, value_parser = ["suspended", "withdrawn", "active"])]
        state: String,
    },
    /// What somebody proposed
    Proposal {
        /// Number of the proposal
        number: u64,
    },
}

pub(super) fn run(args: &PreviewArgs) -> Result<Exit, Failure> {
    let change = match &args.verb {
        PreviewVerb::Settings { file, effective_from } => preview_request::Change::Settings(proto::SettingsOrder {
            toml: document(file)?,
            effective_from_unix_s: effective_from.unwrap_or_default(),
        }),
        PreviewVerb::Tac { tac, rule } => {
            preview_request::Change::TacRule(proto::TacRulePreview { tac: tac.clone(), rule: rule.clone() })
        }
        PreviewVerb::Door { door, state } => {
            preview_request::Change::Door(proto::DoorStepPreview { door: door.name().to_owned(), state: state.clone() })
        }
        PreviewVerb::Proposal { number } => preview_request::Change::Proposal(*number),
    };
    show(&args.there, change)
}

/// Prints the preview of a change.
pub(super) fn show(there: &RegistryFlags, change: preview_request::Change) -> Result<Exit, Failure> {
    let preview = there.connect()?.preview(proto::PreviewRequest { change: Some(change) })?;
    print(&if there.json { view::as_json(&preview).to_string() } else { view::text(&preview) })?;
    Ok(Exit::Ok)
}

/// What was, or is to be, looked at before a change is made.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Looked {
    /// Digest of the preview that was looked at; nothing is asked
    #[arg(long, value_name = "HEX", conflicts_with_all = ["yes", "no_preview"])]
    preview: Option<Sha256Hex>,
    /// Do what the preview shows without asking
    #[arg(long)]
    yes: bool,
    /// Do it without a preview: for small changes
    #[arg(long, conflicts_with = "yes")]
    no_preview: bool,
}

impl Looked {
    /// Shows what is to be decided, where a person is going to be asked.
    pub(super) fn show(&self, there: &RegistryFlags, text: &str) -> Result<(), Failure> {
        if self.preview.is_some() || self.no_preview {
            return Ok(());
        }
        if there.json {
            eprintln!("{text}");
            return Ok(());
        }
        print(text)
    }

    /// The digest that goes with a change: of the preview that was named, or of one that is shown now and agreed to.
    /// Empty: none. None: the person does not want it.
    ///
    /// # Errors
    /// When there is no preview, or nobody to be asked.
    pub(super) fn digest(
        &self,
        there: &RegistryFlags,
        caller: &RegistryCaller,
        change: preview_request::Change,
        asked: &str,
    ) -> Result<Option<Vec<u8>>, Failure> {
        if let Some(Sha256Hex(digest)) = &self.preview {
            return Ok(Some(digest.clone()));
        }
        if self.no_preview {
            return Ok(Some(Vec::new()));
        }
        let is_proposal = matches!(change, preview_request::Change::Proposal(_));
        let digest = match caller.preview(proto::PreviewRequest { change: Some(change) }) {
            Ok(preview) => {
                self.show(there, &view::text(&preview))?;
                preview.sha256
            }
            // A role or a token changes no answer: there is nothing to preview.
            Err(error) if is_proposal && error.is_no_answer() => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        if self.yes {
            return Ok(Some(digest));
        }
        match question(asked)? {
            Some(true) => Ok(Some(digest)),
            Some(false) => {
                eprintln!("saring: nothing was done");
                Ok(None)
            }
            None => {
                let given = if digest.is_empty() { String::new() } else { format!(", or --preview {}", hex(&digest)) };
                Err(format!("there is nobody at a terminal to ask: add --yes{given}").into())
            }
        }
    }
}

/// A document; - is standard input.
pub(super) fn document(file: &Path) -> Result<String, Failure> {
    if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    Ok(std::fs::read_to_string(file).map_err(|error| format!("{}: cannot be read: {error}", file.display()))?)
}

fn tac(text: &str) -> Result<String, String> {
    let is_one = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_one { Ok(text.to_owned()) } else { Err("a TAC is 8 decimal digits".to_owned()) }
}
