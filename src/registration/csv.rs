//! A list as an operator writes it: lines to rows.
//!
//! Pure. What always holds: an identity number is hashed in the moment in which its line is read; no error repeats one,
//! nor a number of a subscriber; a bad row is told by line, column and rule, and the rows around it stay.

use super::{Identity, Mode, State, calendar, sort::Record};
use crate::{
    day::Day,
    identity::Msisdn,
    keyed::Hmac,
    store::{Keyed, NumberKeys},
};
use std::{collections::HashMap, fmt, sync::Arc};

/// Digits of a value that an error may show.
const DIGITS_SHOWN_MAX: usize = 4;
/// Characters of a value that an error may show.
const SHOWN_CHARS_MAX: usize = 24;
/// Digits of a city's code: more would be somebody's number.
const CITY_DIGITS_MAX: usize = 6;
const NIK_DIGITS: usize = 16;

/// The columns, with all their names.
const COLUMNS: [(&str, &[&str]); 8] = [
    ("msisdn", &["msisdn", "number", "nomor"]),
    ("city", &["city", "city_code", "kota", "kode_kota"]),
    ("identity", &["identity", "identity_kind", "jenis_identitas"]),
    ("nik", &["nik", "nik_hash", "identity_number", "nomor_identitas"]),
    ("state", &["state", "status"]),
    ("since", &["since", "state_since", "sejak"]),
    ("change_type", &["change_type", "change"]),
    ("operator", &["operator"]),
];
const MSISDN: usize = 0;
const CITY: usize = 1;
const IDENTITY: usize = 2;
const NIK: usize = 3;
const STATE: usize = 4;
const SINCE: usize = 5;
const CHANGE: usize = 6;
const OPERATOR: usize = 7;

/// Why a list cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// A header that lacks a column, or names one twice.
    #[error("line 1: {0}")]
    Header(String),
    /// What no text is.
    #[error("line {0}: this is no list in CSV (UTF-8): a zero byte, or a line of more than a mebibyte")]
    Binary(u64),
    /// More lines than can be counted.
    #[error("the list has more than {} lines: hand it in in several parts", u32::MAX)]
    TooManyLines,
    /// Reading stopped.
    #[error("the list cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// More operators or cities than there are codes.
    #[error("line {0}: there are too many names of cities; codes of cities have 4 digits")]
    TooManyNames(u64),
    /// The bytes are not those that were named.
    #[error("the bytes that arrived are not those that sha256 names: send the list again")]
    Digest,
}

/// A row that is not taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Its line, from 1.
    pub line: u64,
    /// The column.
    pub column: &'static str,
    /// The value, masked.
    pub value: String,
    /// The rule that it breaks.
    pub rule: &'static str,
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, {} {:?}: {}", self.line, self.column, self.value, self.rule)
    }
}

/// How the rows of one list are to be read.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    columns: [Option<usize>; COLUMNS.len()],
    separator: u8,
    mode: Mode,
    operator: String,
    today: Day,
    keys: Arc<NumberKeys>,
    version: u8,
    hmac: Hmac,
}

impl Shape {
    /// Reads the header.
    pub(super) fn read(
        header: &[u8],
        mode: Mode,
        operator: &str,
        today: Day,
        keys: &Arc<NumberKeys>,
    ) -> Result<Self, CsvError> {
        let header = header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header);
        let header = String::from_utf8_lossy(header);
        let separator = if header.contains(';') { b';' } else { b',' };
        let names: Vec<String> = header
            .trim()
            .split(char::from(separator))
            .map(|name| name.trim().trim_matches('"').to_ascii_lowercase())
            .collect();
        let mut columns = [None; COLUMNS.len()];
        for (at, name) in names.iter().enumerate() {
            let Some(nth) = COLUMNS.iter().position(|(_, names)| names.contains(&name.as_str())) else { continue };
            if columns[nth].replace(at).is_some() {
                return Err(CsvError::Header(format!("two columns mean {}: keep one", COLUMNS[nth].0)));
            }
        }
        let mut needed = vec![MSISDN];
        match (mode, columns[CHANGE]) {
            (Mode::Delta, _) => needed.extend([STATE, CHANGE]),
            (Mode::Full, Some(_)) => {
                return Err(CsvError::Header(
                    "a full list obeys no change_type: hand it in as a delta, or drop the column".into(),
                ));
            }
            (Mode::Full, None) => needed.push(STATE),
        }
        let missing: Vec<&str> =
            needed.into_iter().filter(|nth| columns[*nth].is_none()).map(|nth| COLUMNS[nth].0).collect();
        if !missing.is_empty() {
            let known = COLUMNS.map(|(name, _)| name).join(", ");
            return Err(CsvError::Header(format!(
                "the header lacks {}; columns are {known}; the line is not repeated here, it may hold numbers",
                missing.join(", ")
            )));
        }
        let (version, hmac) = keys.ready();
        Ok(Self {
            columns,
            separator,
            mode,
            operator: operator.to_owned(),
            today,
            keys: Arc::clone(keys),
            version,
            hmac,
        })
    }

    /// Reads one line. The second of the pair is a record all the same where only the number of a bad row is good.
    pub(super) fn row(
        &self,
        line: u64,
        text: &[u8],
        cities: &mut Cities<'_>,
    ) -> Result<Record, (Reject, Option<Record>)> {
        let bad = |column: usize, value: &str, rule| Reject {
            line,
            column: COLUMNS[column].0,
            value: shown(column, value),
            rule,
        };
        let Ok(text) = std::str::from_utf8(text) else {
            return Err((Reject { line, column: "-", value: String::new(), rule: "the line is not UTF-8" }, None));
        };
        let Some(fields) = self.fields(text) else {
            return Err((
                Reject { line, column: "-", value: String::new(), rule: "its quotes do not fit together" },
                None,
            ));
        };
        let field = |nth: usize| self.columns[nth].and_then(|at| fields[..].get(at)).map_or("", |field| field.trim());
        let number = field(MSISDN);
        let Ok(msisdn) = number.parse::<Msisdn>() else {
            return Err((
                bad(MSISDN, number, "5 to 15 digits with country code (62812…), or national with a leading 0"),
                None,
            ));
        };
        let named = Record {
            msisdn: msisdn.get(),
            line: line as u32,
            state: None,
            kind: None,
            city: 0,
            since: self.today,
            hash: None,
        };
        self.rest(named, &field, cities).map_err(|(column, rule)| (bad(column, field(column), rule), Some(named)))
    }

    fn rest<'a>(
        &self,
        named: Record,
        field: &dyn Fn(usize) -> &'a str,
        cities: &mut Cities<'_>,
    ) -> Result<Record, (usize, &'static str)> {
        let lower = |nth: usize| field(nth).to_ascii_lowercase();
        if !field(OPERATOR).is_empty() && lower(OPERATOR) != self.operator {
            return Err((OPERATOR, "the operator of this list: a list has the numbers of one operator only"));
        }
        let since = match field(SINCE) {
            "" => self.today,
            text => text.parse().map_err(|_| (SINCE, "a day, as 2018-03-01"))?,
        };
        if since > self.today {
            return Err((SINCE, "a day that has come: a state cannot begin later than today"));
        }
        let withdrawn = Record { state: Some(State::Withdrawn), since, ..named };
        if self.mode == Mode::Delta {
            match lower(CHANGE).as_str() {
                "add" | "update" => {}
                "remove" => return Ok(withdrawn),
                _ => return Err((CHANGE, "add, update or remove")),
            }
        }
        let state = lower(STATE).parse::<State>();
        let state = state.map_err(|_| (STATE, "registered, unregistered, kk-mismatch, nik-inactive or withdrawn"))?;
        if state == State::Withdrawn {
            return Ok(withdrawn);
        }
        let kind = match lower(IDENTITY).as_str() {
            "" => None,
            name => Some(name.parse::<Identity>().map_err(|_| (IDENTITY, "ktp-el, suket or passport"))?),
        };
        let hash = match (field(NIK), kind) {
            ("", _) => None,
            (_, None) => {
                return Err((IDENTITY, "what kind of identity the number in nik is: ktp-el, suket or passport"));
            }
            (text, Some(kind)) => Some(self.hash(text, kind).map_err(|rule| (NIK, rule))?),
        };
        if state == State::Registered && hash.is_none() {
            return Err((NIK, "who is registered has an identity number, or its keyed hash as v1:…"));
        }
        let city = lower(CITY);
        let is_code = city.is_empty() || calendar::is_name(&city);
        if !is_code || city.bytes().filter(u8::is_ascii_digit).count() > CITY_DIGITS_MAX {
            return Err((CITY, "a city's code: 1 to 32 of a-z, 0-9, - _ and ., with at most 6 digits"));
        }
        let city = cities.code(&city).ok_or((CITY, "a city that is known: one list brings at most 1,000 new ones"))?;
        Ok(Record { state: Some(state), kind, city, since, hash, ..named })
    }

    /// The fields of a line.
    fn fields<'a>(&self, text: &'a str) -> Option<Vec<std::borrow::Cow<'a, str>>> {
        if !text.contains('"') {
            return Some(text.split(char::from(self.separator)).map(Into::into).collect());
        }
        let mut reader = csv::ReaderBuilder::new();
        reader.has_headers(false).delimiter(self.separator).flexible(true);
        let mut records = reader.from_reader(text.as_bytes()).into_records();
        let record = records.next()?.ok()?;
        // A quote that is not closed takes the line's end in.
        let whole = records.next().is_none() && text.bytes().filter(|byte| *byte == b'"').count().is_multiple_of(2);
        whole.then(|| record.iter().map(|field| field.to_owned().into()).collect())
    }

    /// The keyed hash of an identity number, or the one that was handed in for it.
    fn hash(&self, text: &str, kind: Identity) -> Result<Keyed, &'static str> {
        if let Some((version, hex)) = text.strip_prefix('v').and_then(|rest| rest.split_once(':')) {
            const RULE: &str =
                "a keyed hash is v, the version of a key that this register has, : and 32 hexadecimal digits";
            let version = version.parse().ok().filter(|version| *version > 0 && self.keys.has(*version)).ok_or(RULE)?;
            let mut hash = Keyed::default();
            hash[0] = version;
            if hex.len() != 32 || !hex.is_ascii() {
                return Err(RULE);
            }
            for (at, byte) in hash[1..].iter_mut().enumerate() {
                *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).map_err(|_| RULE)?;
            }
            return Ok(hash);
        }
        let message = match kind {
            Identity::KtpEl | Identity::Suket => format!("nik:{}", nik(text)?),
            Identity::Passport => format!("passport:{}", passport(text)?),
        };
        let mut hash = Keyed::default();
        hash[0] = self.version;
        let whole = self.hmac.hash(message.as_bytes());
        let bytes = hash.len() - 1;
        hash[1..].copy_from_slice(&whole[..bytes]);
        Ok(hash)
    }
}

/// A NIK: 16 digits, with the day of birth (40 more for women) and the month in the 7th to 10th.
fn nik(text: &str) -> Result<&str, &'static str> {
    if text.len() != NIK_DIGITS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("a NIK has 16 digits");
    }
    let two = |at: usize| text[at..at + 2].parse::<u8>().unwrap_or(0);
    let (day, month) = (two(6), two(8));
    let is_date = matches!(day, 1..=31 | 41..=71) && matches!(month, 1..=12);
    if is_date { Ok(text) } else { Err("a NIK has a day (01 to 31, 41 to 71) and a month in its 7th to 10th digit") }
}

fn passport(text: &str) -> Result<String, &'static str> {
    let fits = (5..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits { Ok(text.to_ascii_uppercase()) } else { Err("a passport's number has 5 to 15 letters and digits") }
}

/// A value as an error may show it: nobody's number.
fn shown(column: usize, value: &str) -> String {
    let short: String =
        value.chars().take(SHOWN_CHARS_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let is_date = short.len() == 10
        && short
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    if column == NIK || column == MSISDN {
        return format!("({} characters)", value.chars().count());
    }
    // A column that slipped may hold anything.
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    if digits > DIGITS_SHOWN_MAX && !(column == SINCE && is_date) {
        return short.chars().map(|c| if c.is_alphanumeric() { '*' } else { c }).collect();
    }
    short
}

/// The codes of cities that a reader has met, before a table that several readers share.
pub(super) struct Cities<'a> {
    shared: &'a std::sync::Mutex<super::Names>,
    /// How many there may be: a column that slipped must not use up the codes.
    most: usize,
    met: HashMap<String, u16>,
}

impl<'a> Cities<'a> {
    pub(super) fn new(shared: &'a std::sync::Mutex<super::Names>, most: usize) -> Self {
        Self { shared, most, met: HashMap::new() }
    }

    fn code(&mut self, name: &str) -> Option<u16> {
        if let Some(code) = self.met.get(name) {
            return Some(*code);
        }
        let code =
            self.shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner).city_code_below(name, self.most)?;
        self.met.insert(name.to_owned(), code);
        Some(code)
    }
}
