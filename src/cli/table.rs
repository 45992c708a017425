//! Tables and lines for people, made of what a server said.
//!
//! What always holds: no sign of a text steers the terminal that shows it.

use crate::proto;
use std::fmt::Write as _;

/// Columns under their headings; those of numbers stand to the right, empty ones are left out.
pub(super) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| clean(first_line(cell)))).collect();
    let width = |at: usize| {
        rows.iter().map(|row| row[at].chars().count()).chain([head[at].chars().count()]).max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let is_number = |cell: &str| cell.chars().all(|c| c.is_ascii_digit() || c == ',');
    let right: [bool; N] = std::array::from_fn(|at| {
        rows.iter().all(|row| is_number(&row[at])) && rows.iter().any(|row| !row[at].is_empty())
    });
    // A column in which nothing stands says nothing.
    let shown: [bool; N] = std::array::from_fn(|at| rows.is_empty() || rows.iter().any(|row| !row[at].is_empty()));
    let mut text = String::new();
    let mut line = |cells: [&str; N]| {
        let mut line = String::new();
        for (at, cell) in cells.into_iter().enumerate().filter(|(at, _)| shown[*at]) {
            let gap = if at == 0 { "" } else { "  " };
            let width = widths[at];
            let _ = if right[at] { write!(line, "{gap}{cell:>width$}") } else { write!(line, "{gap}{cell:<width$}") };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    };
    line(head);
    rows.iter().for_each(|row| line(row.each_ref().map(String::as_str)));
    text.truncate(text.trim_end().len());
    text
}

/// Names with their values, which may have several lines; those without value are left out.
pub(super) fn lines(pairs: &[(&str, String)]) -> String {
    let given = pairs.iter().filter(|(_, value)| !value.is_empty());
    let mut text = Vec::new();
    for (name, value) in given {
        for (nth, line) in value.trim_end().lines().enumerate() {
            text.push(format!("{:<12} {}", if nth == 0 { name } else { "" }, clean(line)).trim_end().to_owned());
        }
    }
    text.join("\n")
}

/// A text's first line.
fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// A text without signs that steer a terminal.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A moment; none is empty.
pub(super) fn time(unix_s: i64) -> String {
    let time = jiff::Timestamp::from_second(unix_s).ok().filter(|_| unix_s != 0);
    time.map_or_else(String::new, |time| time.to_string())
}

/// A revision as everywhere: `1.42`.
pub(super) fn revision(revision: Option<&proto::Revision>) -> String {
    revision.map_or_else(String::new, |revision| format!("{}.{}", revision.epoch, revision.seq))
}

/// `or` where a text is empty.
pub(super) fn or<'a>(text: &'a str, or: &'a str) -> &'a str {
    if text.is_empty() { or } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_their_headings() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned);
        let rows = [row(["7", "tpp-import", "1,204"]), row(["12", "stolen\u{1b}[2J", "3"])];
        insta::assert_snapshot!(table(["batch", "door", "added"], &rows), @r"
        batch  door        added
            7  tpp-import  1,204
           12  stolen�[2J      3
        ");
        insta::assert_snapshot!(table(["batch", "door"], &[]), @"batch  door");
    }

    #[test]
    fn moments_are_those_of_the_calendar() {
        assert_eq!((time(0), time(1_790_000_000)), (String::new(), "2026-09-21T14:13:20Z".to_owned()));
        assert_eq!(lines(&[("state", "active".into()), ("reason", String::new())]), "state        active");
    }
}
