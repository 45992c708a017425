//! Lines to fields.
//!
//! What always holds: one line is one row. A quote that is not closed on its line costs that row only,
//! since lists with names such as `4.7" screen` are common and lists with line ends in a value are not.

use std::borrow::Cow;

/// How the fields of a line are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Separated by a byte; a field may be quoted (RFC 4180).
    Csv(u8),
    /// Separated by `|`; quotes mean nothing and are removed (GSMA).
    Pipe,
    /// Separated by `,`; quotes are literal (header-less TAC lists).
    Literal,
    /// One column; quotes around it are removed.
    Single,
}

impl Dialect {
    /// Those that a header may have.
    pub(super) const TABLES: [Self; 4] = [Self::Csv(b','), Self::Csv(b';'), Self::Csv(b'\t'), Self::Pipe];
}

/// Text as UTF-8, else as Windows-1252.
pub(super) fn text(line: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(line) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(line).0,
    }
}

/// The fields of one line, trimmed. One value serves all lines, so that rows allocate nothing.
#[derive(Debug, Default)]
pub(super) struct Cells {
    text: String,
    ranges: Vec<(u32, u32)>,
}

impl Cells {
    /// Takes a line apart.
    pub(super) fn split(&mut self, dialect: Dialect, line: &str) -> Result<(), &'static str> {
        self.text.clear();
        self.ranges.clear();
        match dialect {
            Dialect::Csv(separator) => return self.split_csv(separator, line),
            Dialect::Pipe => line.split('|').for_each(|field| self.push_without_quotes(field)),
            Dialect::Literal => line.split(',').for_each(|field| self.push(field)),
            Dialect::Single => {
                let value = line.trim();
                let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
                self.push(inner.unwrap_or(value));
            }
        }
        Ok(())
    }

    fn split_csv(&mut self, separator: u8, line: &str) -> Result<(), &'static str> {
        let separator = char::from(separator);
        if !line.contains('"') {
            line.split(separator).for_each(|field| self.push(field));
            return Ok(());
        }
        let mut rest = Some(line);
        while let Some(field) = rest {
            let blank = |c: char| c == ' ' && c != separator;
            let Some(quoted) = field.trim_start_matches(blank).strip_prefix('"') else {
                let (value, after) = cut(field, separator);
                self.push(value);
                rest = after;
                continue;
            };
            rest = self.push_quoted(quoted, separator)?;
        }
        Ok(())
    }

    /// Takes a field that begins with a quote. Gives what follows its separator.
    fn push_quoted<'a>(&mut self, field: &'a str, separator: char) -> Result<Option<&'a str>, &'static str> {
        let start = self.text.len();
        let mut rest = field;
        let after = loop {
            let (value, after) = rest.split_once('"').ok_or("a quote is not closed on its line")?;
            self.text.push_str(value);
            match after.strip_prefix('"') {
                Some(next) => {
                    self.text.push('"');
                    rest = next;
                }
                None => break after,
            }
        };
        // What stands behind the closing quote belongs to the value: it is somebody's sloppiness, not a field.
        let (tail, after) = cut(after, separator);
        self.text.push_str(tail);
        self.close(start);
        Ok(after)
    }

    fn push(&mut self, field: &str) {
        let start = self.text.len();
        self.text.push_str(field);
        self.close(start);
    }

    fn push_without_quotes(&mut self, field: &str) {
        let start = self.text.len();
        field.split('"').for_each(|part| self.text.push_str(part));
        self.close(start);
    }

    fn close(&mut self, start: usize) {
        let value = &self.text[start..];
        let left = start + value.len() - value.trim_start().len();
        let right = left + value.trim().len();
        self.ranges.push((left as u32, right as u32));
    }

    /// How many fields there are, at least one.
    pub(super) const fn len(&self) -> usize {
        self.ranges.len()
    }

    /// A field by its place; empty past the end.
    pub(super) fn get(&self, place: usize) -> &str {
        self.ranges.get(place).map_or("", |(left, right)| &self.text[*left as usize..*right as usize])
    }

    /// All fields.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.ranges.iter().map(|(left, right)| &self.text[*left as usize..*right as usize])
    }
}

/// A field and what follows its separator.
fn cut(text: &str, separator: char) -> (&str, Option<&str>) {
    text.split_once(separator).map_or((text, None), |(field, rest)| (field, Some(rest)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn split(dialect: Dialect, line: &str) -> Vec<String> {
        let mut cells = Cells::default();
        cells.split(dialect, line).unwrap();
        cells.iter().map(str::to_owned).collect()
    }

    #[test]
    fn each_dialect_has_its_quotes() {
        assert_eq!(split(Dialect::Csv(b','), r#"a, "b, ""c""" ,d"e, "#), ["a", r#"b, "c""#, r#"d"e"#, ""]);
        assert_eq!(split(Dialect::Csv(b';'), "a;b,c;"), ["a", "b,c", ""]);
        assert_eq!(split(Dialect::Csv(b'\t'), "a\t \"b\tc\"\t"), ["a", "b\tc", ""]);
        assert_eq!(split(Dialect::Pipe, r#"a|  "  b  |"c"""|"#), ["a", "b", "c", ""]);
        assert_eq!(split(Dialect::Literal, r#"1,"a,b 4.7","#), ["1", "\"a", "b 4.7\"", ""]);
        assert_eq!(split(Dialect::Single, r#" "35824005111111" "#), ["35824005111111"]);
        assert_eq!(split(Dialect::Csv(b','), r#""a"b,c"#), ["ab", "c"]);
        assert!(Cells::default().split(Dialect::Csv(b','), r#"1,"two,3"#).is_err());
    }

    #[test]
    fn text_is_utf8_else_windows_1252() {
        assert_eq!(text("MT–411".as_bytes()), "MT–411");
        assert_eq!(text(b"MT\x96411"), "MT–411");
    }

    proptest! {
        #[test]
        fn what_the_csv_crate_writes_is_read(fields in prop::collection::vec("[ -~]{0,9}", 1..6)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(&fields).unwrap();
            let line = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let expected: Vec<&str> = fields.iter().map(|field| field.trim()).collect();
            prop_assert_eq!(split(Dialect::Csv(b','), line.trim_end_matches('\n')), expected);
        }

        #[test]
        fn any_text_is_taken_apart(line in any::<String>()) {
            let mut cells = Cells::default();
            for dialect in [Dialect::Csv(b','), Dialect::Pipe, Dialect::Literal, Dialect::Single] {
                if cells.split(dialect, &line).is_ok() {
                    prop_assert!(cells.len() > 0);
                    prop_assert!(cells.iter().all(|field| field == field.trim()));
                }
            }
        }
    }
}
