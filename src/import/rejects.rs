//! Rows that are not taken, and why.
//!
//! Rejects go to a file as they are found, one CSV line each: `file,line,column,value,rule`; rows that
//! contradict each other follow at the end. What always holds: no value of a person (MSISDN, IMSI) is
//! written whole; the first rejects are kept for the summary.

use super::{error::ImportError, header::Column};
use std::{borrow::Cow, fmt, fs::File, io, path::PathBuf, sync::Arc};

/// How many rejects a summary shows.
const SAMPLE_ROWS: usize = 20;
/// Longest value that is shown, in characters.
const VALUE_CHARS_MAX: usize = 60;

/// A row that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The file as it was named.
    pub file: Arc<str>,
    /// Its line: physical, from 1, the header counted.
    pub line: u64,
    /// The column; empty where it is the row as a whole.
    pub column: &'static str,
    /// The value, cut; masked where it is an MSISDN or an IMSI.
    pub value: String,
    /// The rule that it breaks.
    pub rule: Cow<'static, str>,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, value, rule } = self;
        match (column.is_empty(), value.is_empty()) {
            (true, true) => write!(f, "{file} line {line}: {rule}"),
            (true, false) => write!(f, "{file} line {line}: {value:?}: {rule}"),
            (false, _) => write!(f, "{file} line {line}, column {column}: {value:?}: {rule}"),
        }
    }
}

/// What is wrong with a row, before its place is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    column: Option<Column>,
    value: String,
    rule: Cow<'static, str>,
}

impl Fault {
    /// A value that breaks a rule.
    pub(super) fn new(column: Column, value: &str, rule: impl Into<Cow<'static, str>>) -> Self {
        let value = match column {
            _ if column.is_personal() => masked(value),
            _ if column.names_equipment() => cut(value),
            // Where columns are shifted, a person's number stands in any of the others.
            _ => cut(&without_long_numbers(value)),
        };
        Self { column: Some(column), value, rule: rule.into() }
    }

    /// A row that breaks a rule as a whole. Its text is not repeated: numbers of persons may be in it.
    pub(super) fn row(rule: impl Into<Cow<'static, str>>) -> Self {
        Self { column: None, value: String::new(), rule: rule.into() }
    }
}

/// A text in which the ends of long numbers are hidden, since they may be a person's.
pub(super) fn without_long_numbers(text: &str) -> String {
    let mut run = 0;
    let hidden = |c: char| {
        run = if c.is_ascii_digit() { run + 1 } else { 0 };
        if run > 8 { '*' } else { c }
    };
    text.chars().map(hidden).collect()
}

fn cut(value: &str) -> String {
    let mut shown: String = value.chars().take(VALUE_CHARS_MAX).collect();
    if value.chars().nth(VALUE_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

/// Head and tail of a value that may be a person's number.
fn masked(value: &str) -> String {
    let count = value.chars().count();
    let (head, tail) = match count {
        10.. => (5, 3),
        6.. => (2, 1),
        _ => (0, 0),
    };
    let hidden = |(at, c): (usize, char)| if at < head || at + tail >= count { c } else { '*' };
    cut(&value.chars().enumerate().map(hidden).collect::<String>())
}

/// Where rejects go.
pub(super) struct Rejects {
    file: Option<(PathBuf, csv::Writer<File>)>,
    sample: Vec<Reject>,
    count: u64,
}

impl Rejects {
    pub(super) fn new(path: Option<PathBuf>) -> Result<Self, ImportError> {
        let mut rejects = Self { file: None, sample: Vec::new(), count: 0 };
        if let Some(path) = path {
            let file = File::create(&path).map_err(|source| ImportError::Rejects { path: path.clone(), source })?;
            rejects.file = Some((path, csv::Writer::from_writer(file)));
            rejects.write(&["file", "line", "column", "value", "rule"])?;
        }
        Ok(rejects)
    }

    pub(super) fn add(&mut self, file: &Arc<str>, line: u64, fault: Fault) -> Result<(), ImportError> {
        let column = fault.column.map_or("", Column::name);
        self.count += 1;
        if self.file.is_some() {
            self.write(&[file, &line.to_string(), column, &fault.value, &fault.rule])?;
        }
        if self.sample.len() < SAMPLE_ROWS {
            let Fault { value, rule, .. } = fault;
            self.sample.push(Reject { file: file.clone(), line, column, value, rule });
        }
        Ok(())
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Writes out what is pending and gives the first rejects.
    pub(super) fn finish(mut self) -> Result<Vec<Reject>, ImportError> {
        if let Some((path, writer)) = &mut self.file {
            writer.flush().map_err(|source| ImportError::Rejects { path: path.clone(), source })?;
        }
        Ok(self.sample)
    }

    fn write(&mut self, record: &[&str]) -> Result<(), ImportError> {
        let Some((path, writer)) = &mut self.file else { return Ok(()) };
        writer
            .write_record(record)
            .map_err(|error| ImportError::Rejects { path: path.clone(), source: io::Error::other(error) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_persons_are_masked() {
        let shown = |column, value| Fault::new(column, value, "rule").value;
        assert_eq!(shown(Column::Msisdn, "InvalidMSIDN"), "Inval****IDN");
        assert_eq!(shown(Column::Imsi, "5101012345678901"), "51010********901");
        assert_eq!(shown(Column::Msisdn, "08123"), "*****");
        assert_eq!(shown(Column::Imei, "35824005111111"), "35824005111111");
        assert_eq!(shown(Column::Status, "6281234567801 20260101"), "62812345***** 20260101");
        assert_eq!(shown(Column::Imei, &"9".repeat(100)).chars().count(), VALUE_CHARS_MAX + 1);
    }
}
