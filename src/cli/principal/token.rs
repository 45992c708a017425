//! Where a new token goes: to standard output, or into a file that its owner alone can read.
//!
//! What always holds: nothing is overwritten; the file is there before the token is made, so that none is lost to a
//! path that cannot be written.

use crate::cli::{Exit, Failure, change::done, print};
use crate::proto;
use serde_json::{Value, json};
use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

/// Where the token goes.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct TokenOut {
    /// New file for the token (mode 0600) [default: standard output]
    #[arg(long, value_name = "FILE")]
    token_out: Option<PathBuf>,
}

/// A place that waits for a token. Dropped without one, its file goes.
#[derive(Debug)]
pub(super) struct Place {
    file: Option<(PathBuf, File)>,
}

impl TokenOut {
    /// Makes the file, where one is named.
    pub(super) fn open(&self) -> Result<Place, Failure> {
        let Some(path) = self.token_out.clone() else { return Ok(Place { file: None }) };
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(|error| format!("{}: cannot be made for the token: {error}", path.display()))?;
        Ok(Place { file: Some((path, file)) })
    }
}

impl Place {
    /// Shows what was done, and the token this once: in its file, or as the last line of standard output.
    pub(super) fn show(
        mut self,
        in_json: bool,
        said: &str,
        receipt: Option<&proto::Receipt>,
        token: &str,
        mut more: Value,
    ) -> Result<Exit, Failure> {
        if token.is_empty() {
            let repeated = receipt.is_some_and(|receipt| receipt.repeated);
            let lost = if repeated {
                "\na token is shown the first time only: where it is lost, have another issued"
            } else {
                ""
            };
            return done(in_json, &format!("{said}{lost}"), receipt, more);
        }
        if let Some((path, mut file)) = self.file.take() {
            match writeln!(file, "{token}").and_then(|()| file.sync_all()) {
                Ok(()) => {
                    let shown = path.display();
                    more["token_file"] = json!(path);
                    return done(
                        in_json,
                        &format!("{said}\nits token is in {shown}: use it with --token-file"),
                        receipt,
                        more,
                    );
                }
                // The token is made and cannot be had again: better shown than lost.
                Err(error) => eprintln!("saring: {}: cannot be written: {error}", path.display()),
            }
        }
        if in_json {
            more["token"] = json!(token);
            return done(true, said, receipt, more);
        }
        done(false, said, receipt, more)?;
        print(&format!("Its token is shown this once; use it by export SARING_TOKEN=…\n{token}"))?;
        Ok(Exit::Ok)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((path, _)) = self.file.take() {
            // Empty, and made by this process.
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_token_goes_into_a_new_file_of_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        let out = TokenOut { token_out: Some(path.clone()) };
        drop(out.open().unwrap());
        assert!(!path.exists(), "no token, no file");
        out.open().unwrap().show(true, "made", None, "saring_00", json!({})).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "saring_00\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        let refused = out.open().unwrap_err().to_string();
        assert!(refused.contains("cannot be made for the token"), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "saring_00\n", "nothing is overwritten");
    }
}
