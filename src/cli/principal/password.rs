//! `saring principal password`: a person's password, set by whoever runs the node.
//!
//! What always holds: a password comes from the terminal, unseen and typed twice, or from a file that its owner alone can read; it is
//! in no argument, which other users of the machine see, and in no message.

use crate::{
    cli::{Exit, Failure, change::done},
    registry::Registry,
};
use serde_json::json;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

#[derive(Clone, Debug, clap::Args)]
pub(super) struct PasswordArgs {
    /// Whose
    name: String,
    /// Directory of the register; no server may run
    #[arg(long, value_name = "DIR", conflicts_with_all = ["server", "ca", "cert", "key", "token_file"])]
    data: PathBuf,
    /// File with the password as its only line (mode 0600) [default: the terminal asks for it, twice]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

pub(super) fn run(args: &PasswordArgs, in_json: bool) -> Result<Exit, Failure> {
    let (registry, _) = Registry::open(&args.data, false)?;
    let password = match &args.password_file {
        Some(path) => of_file(path)?,
        None => of_terminal()?,
    };
    registry.set_password(&args.name, &password)?;
    done(in_json, &format!("the new password of {} counts", args.name), None, json!({"name": args.name}))
}

fn of_terminal() -> Result<String, Failure> {
    let unread = |error: std::io::Error| format!("the terminal cannot be asked ({error}): use --password-file");
    let password = rpassword::prompt_password("New password: ").map_err(unread)?;
    let again = rpassword::prompt_password("Once more: ").map_err(unread)?;
    if password == again { Ok(password) } else { Err("the two passwords differ: nothing was changed".into()) }
}

fn of_file(path: &Path) -> Result<String, Failure> {
    let wrong = |what: String| format!("{}: {what}", path.display());
    let mode = fs::metadata(path).map_err(|error| wrong(format!("cannot be read: {error}")))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(wrong("others can read this file: chmod 600 it, and take another password".to_owned()).into());
    }
    let text = fs::read_to_string(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let mut lines = text.lines();
    match (lines.next(), lines.next()) {
        (Some(password), None) if !password.is_empty() => Ok(password.to_owned()),
        _ => Err(wrong("the password is the only line of this file".to_owned()).into()),
    }
}
