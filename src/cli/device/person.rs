//! The passport or identity number of a person: not on a command line that others can see.

use crate::cli::{Failure, change::BadInput};
use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
};

/// Bytes of such a number at most.
const BYTES_MAX: u64 = 256;

/// Where the number of a person stands.
#[derive(Clone, Default, clap::Args)]
pub(super) struct PersonArgs {
    /// Passport or identity number; - reads it from standard input
    #[arg(long, value_name = "NUMBER|-", conflicts_with = "person_file")]
    person: Option<String>,
    /// File whose first line is the passport or identity number
    #[arg(long, value_name = "FILE")]
    person_file: Option<PathBuf>,
}

impl std::fmt::Debug for PersonArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonArgs(…)")
    }
}

impl PersonArgs {
    /// The number; empty where none was named.
    pub(super) fn read(&self) -> Result<String, Failure> {
        match (&self.person, &self.person_file) {
            (Some(dash), _) if dash == "-" => first_line(std::io::stdin().lock()),
            (Some(number), _) => Ok(number.trim().to_owned()),
            (None, Some(path)) => {
                let file = std::fs::File::open(path);
                first_line(file.map_err(|error| format!("{}: cannot be read: {error}", path.display()))?)
            }
            (None, None) => Ok(String::new()),
        }
    }
}

fn first_line(from: impl Read) -> Result<String, Failure> {
    let mut line = String::new();
    BufReader::new(from.take(BYTES_MAX)).read_line(&mut line)?;
    match line.trim() {
        "" => Err(BadInput("the person's number is empty".to_owned()).into()),
        number => Ok(number.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_number_is_the_first_line() {
        assert_eq!(first_line(&b" X1234567 \r\nmore"[..]).unwrap(), "X1234567");
        assert!(first_line(&b"\n"[..]).is_err());
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), "B7654321\n").unwrap();
        let args = PersonArgs { person: None, person_file: Some(path.path().to_owned()) };
        assert_eq!(args.read().unwrap(), "B7654321");
        assert_eq!(PersonArgs::default().read().unwrap(), "");
        assert!(!format!("{args:?}").contains("B7654321"));
    }
}
