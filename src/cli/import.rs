//! `saring import`: its arguments, and what they mean.

use crate::{
    day::Day,
    import::{CheckDigit, Input, Kind, Mode, Options},
    listing::Door,
};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::{path::PathBuf, str::FromStr};

/// Reads lists, checks and merges them, and puts them into the register as one batch.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring import registered approved.csv --data DIR --document TPP-2026-0117
  saring import stolen stolen.csv.gz --data DIR --rejects rejects.csv
  saring import temporary visitors.csv --valid-until 2026-12-31 --data DIR
  saring import tac tacdb.txt --data DIR
  zcat dump.gz | saring import grandfathered - --operator telkomsel --data DIR

A list is CSV with a header (in any column order), a GSMA list separated by |, a header-less column of IMEIs,
or header-less TAC,manufacturer,model; plain, .gz, .zst, or .zip with one file. - is standard input.")]
pub struct ImportArgs {
    /// What the lists hold.
    #[arg(value_parser = one_of::<Kind>(Kind::ALL.iter().map(|kind| kind.name())))]
    pub kind: Kind,
    /// The lists; several are one import. - is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Directory of the register.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The way by which the entries come [default: the usual one of the kind].
    #[arg(long, value_parser = one_of::<Door>(Door::ALL.iter().map(|door| door.name())), hide_possible_values = true)]
    pub door: Option<Door>,
    /// Document that the entries rest on.
    #[arg(long, value_name = "REF")]
    pub document: Option<String>,
    /// Last day (WIB, included) of rows that name none of their own.
    #[arg(long, value_name = "DATE")]
    pub valid_until: Option<Day>,
    /// Operator of rows that name none of their own.
    #[arg(long, value_name = "NAME")]
    pub operator: Option<String>,
    /// CSV file for rows that are not taken: file,line,column,value,rule.
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Import nothing when one row is rejected.
    #[arg(long)]
    pub all_or_nothing: bool,
    /// Add to the door's list, replace it, or obey a change_type column.
    #[arg(long, default_value = "add", value_parser = one_of::<Mode>(Mode::ALL.iter().map(|mode| mode.name())))]
    pub mode: Mode,
    /// What a 15th digit that does not fit does to its row: reject it, warn, or nothing.
    #[arg(long, default_value = "warn", value_parser = one_of::<CheckDigit>(CheckDigit::ALL.iter().map(|way| way.name())))]
    pub check_digit: CheckDigit,
    /// Pairings that do not say what they do are bindings, not allowances.
    #[arg(long)]
    pub binding: bool,
    /// Bars of models that do not say how they bar are hard, not soft.
    #[arg(long)]
    pub hard: bool,
    /// Print one JSON object instead of a summary for people.
    #[arg(long)]
    pub json: bool,
}

/// Names with completion and a list in the help, read by [`FromStr`].
fn one_of<T>(names: impl Iterator<Item = &'static str>) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names.collect::<Vec<_>>()).try_map(|name| name.parse())
}

/// How the lists are to be read.
pub fn options(args: &ImportArgs) -> Options {
    Options {
        door: args.door.unwrap_or(args.kind.default_door()),
        valid_until: args.valid_until,
        operator: args.operator.clone(),
        mode: args.mode,
        check_digit: args.check_digit,
        binding: args.binding,
        hard: args.hard,
        all_or_nothing: args.all_or_nothing,
        rejects: args.rejects.clone(),
        ..Options::new(args.kind)
    }
}

/// The lists that were named.
pub fn inputs(args: &ImportArgs) -> Vec<Input> {
    args.files.iter().cloned().map(Input::from).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        import: ImportArgs,
    }

    fn parse(line: &str) -> Result<ImportArgs, String> {
        let words = std::iter::once("saring").chain(line.split(' '));
        Line::try_parse_from(words).map(|line| line.import).map_err(|error| error.to_string())
    }

    #[test]
    fn arguments_become_options() {
        let args =
            parse("stolen a.csv - --data d --mode delta --check-digit verify --operator xl --valid-until 2026-12-31")
                .unwrap();
        assert_eq!(inputs(&args), [Input::File("a.csv".into()), Input::Stdin]);
        let expected = Options {
            mode: Mode::Delta,
            check_digit: CheckDigit::Verify,
            operator: Some("xl".to_owned()),
            valid_until: Some("2026-12-31".parse().unwrap()),
            ..Options::new(Kind::Stolen)
        };
        assert_eq!(options(&args), expected);
        assert_eq!(options(&parse("barred a --data d --door court").unwrap()).door, Door::Court);
    }

    #[test]
    fn what_is_unknown_is_refused() {
        for line in ["stollen a.csv --data d", "stolen --data d", "stolen a.csv", "stolen a --data d --mode replace"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
