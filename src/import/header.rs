//! Which column says what, and in which dialect a list is written.
//!
//! Headers are taken in any column order and letter case; blanks and hyphens in a name count as `_`.
//! A column that a kind has no use for is passed over, so that personal data nobody asked for (the number
//! of a thief's victim) is never kept. What always holds: a [`Layout`] has every column that its kind
//! needs, and no two columns that say the same.

use super::{
    error::ImportError,
    fields::{Cells, Dialect},
    kind::{Kind, Mode},
    rejects::without_long_numbers,
};
use std::sync::Arc;

macro_rules! columns {
    ($($variant:ident = $name:literal,)+) => {
        /// What a column says.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Column { $($variant,)+ }

        impl Column {
            const COUNT: usize = [$(Self::$variant),+].len();

            /// The name in messages and in the rejects file.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

columns! {
    Imei = "imei",
    Imei2 = "imei2",
    DeviceId = "device_id",
    ValidUntil = "valid_until",
    Msisdn = "msisdn",
    Imsi = "imsi",
    Operator = "operator",
    Since = "since",
    Status = "status",
    ChangeType = "change_type",
    Binding = "binding",
    Bar = "hard",
    From = "from",
    To = "to",
    Tac = "tac",
    Manufacturer = "manufacturer",
    Brand = "brand",
    Model = "model",
    MarketingName = "marketing_name",
    InternalModel = "internal_model_name",
    DeviceType = "device_type",
    AllocationDate = "allocation_date",
}

/// Every name that a header may have.
const NAMES: [(&str, Column); 45] = [
    ("imei", Column::Imei),
    ("approved_imei", Column::Imei),
    ("golden_imei", Column::Imei),
    ("imei1", Column::Imei),
    ("imei2", Column::Imei2),
    ("imei_2", Column::Imei2),
    ("device_id", Column::DeviceId),
    ("valid_until", Column::ValidUntil),
    ("end_date", Column::ValidUntil),
    ("msisdn", Column::Msisdn),
    ("imsi", Column::Imsi),
    ("operator", Column::Operator),
    ("operator_id", Column::Operator),
    ("first_seen", Column::Since),
    ("reporting_date", Column::Since),
    ("since", Column::Since),
    ("status", Column::Status),
    ("change_type", Column::ChangeType),
    ("binding", Column::Binding),
    ("type", Column::Binding),
    ("pairing_type", Column::Binding),
    ("hard", Column::Bar),
    ("bar", Column::Bar),
    ("from", Column::From),
    ("imei_from", Column::From),
    ("from_imei", Column::From),
    ("start", Column::From),
    ("start_imei", Column::From),
    ("imei_start", Column::From),
    ("to", Column::To),
    ("imei_to", Column::To),
    ("to_imei", Column::To),
    ("end", Column::To),
    ("end_imei", Column::To),
    ("imei_end", Column::To),
    ("tac", Column::Tac),
    ("manufacturer", Column::Manufacturer),
    ("brand_name", Column::Brand),
    ("brand", Column::Brand),
    ("model_name", Column::Model),
    ("model", Column::Model),
    ("marketing_name", Column::MarketingName),
    ("internal_model_name", Column::InternalModel),
    ("device_type", Column::DeviceType),
    ("allocation_date", Column::AllocationDate),
];

/// One of these columns must be there.
struct Need(&'static [Column], &'static str);

const NEED_IMEI: Need = Need(&[Column::Imei], "imei (also approved_imei, golden_imei)");
const NEED_FROM: Need = Need(&[Column::From], "from (also imei_from, start)");
const NEED_TO: Need = Need(&[Column::To], "to (also imei_to, end)");
const NEED_IMSI: Need = Need(&[Column::Imsi], "imsi");
const NEED_MSISDN: Need = Need(&[Column::Msisdn], "msisdn");
const NEED_NUMBER: Need = Need(&[Column::Msisdn, Column::Imsi], "msisdn or imsi");
const NEED_TAC: Need = Need(&[Column::Tac], "tac");

fn needs(kind: Kind) -> &'static [Need] {
    match kind {
        Kind::Ranges => &[NEED_FROM, NEED_TO],
        Kind::Pairing => &[NEED_IMEI, NEED_NUMBER],
        Kind::Subscriber => &[NEED_IMSI, NEED_MSISDN],
        Kind::Tac | Kind::ExemptTac | Kind::BarredTac => &[NEED_TAC],
        _ => &[NEED_IMEI],
    }
}

/// The headers that a kind is known by, for messages.
fn known(kind: Kind) -> &'static str {
    match kind {
        Kind::Ranges => "from,to | imei_from,imei_to | start,end | none: two columns of digits",
        Kind::Pairing => "imei,imsi,msisdn (imsi or msisdn may be left out) [,binding,valid_until,operator]",
        Kind::Subscriber => "imsi,msisdn [,operator,since]",
        Kind::Tac => {
            "TAC|Marketing Name|…|Device Type | tac|manufacturer|model_name|… | tac,manufacturer,model | none: TAC,manufacturer,model"
        }
        Kind::ExemptTac => "tac [,status] (a header is demanded)",
        Kind::BarredTac => "tac [,status,hard] (a header is demanded)",
        Kind::Stolen | Kind::Lost | Kind::Barred => {
            "imei [,reporting_date,status,imei2,operator,valid_until] | none: one column of IMEIs"
        }
        _ => {
            "imei | approved_imei | golden_imei [,status,imei2,device_id,valid_until,msisdn,operator,first_seen] | none: one column of IMEIs"
        }
    }
}

/// Columns that lists of devices carry about the model; passed over, and about nobody.
const OF_MODELS: &[&str] = &[
    "make",
    "model",
    "model_number",
    "brand_name",
    "device_type",
    "radio_interface",
    "bands",
    "country_code",
    "fixed_code",
    "manufacturer_code",
    "operating_system",
    "nfc",
    "bluetooth",
    "wlan",
    "optional_fields",
];

impl Column {
    /// Whether its values belong to a person.
    pub(super) const fn is_personal(self) -> bool {
        matches!(self, Self::Msisdn | Self::Imsi)
    }

    /// Whether its values name a device or a model, so that a person needs them whole.
    pub(super) const fn names_equipment(self) -> bool {
        matches!(self, Self::Imei | Self::Imei2 | Self::DeviceId | Self::From | Self::To | Self::Tac)
    }

    /// The column that a header names, whatever the kind.
    fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, column)| *column)
    }

    /// Whether a kind has a use for a column of this name.
    fn serves(self, kind: Kind, name: &str) -> bool {
        let (device, catalogue) = (kind.is_device(), kind == Kind::Tac);
        match self {
            Self::Imei => device || kind == Kind::Pairing,
            Self::Imei2 | Self::DeviceId => device,
            Self::ValidUntil => device || kind == Kind::Pairing,
            Self::Msisdn => device && !kind.is_black() || matches!(kind, Kind::Pairing | Kind::Subscriber),
            Self::Imsi => matches!(kind, Kind::Pairing | Kind::Subscriber),
            Self::Operator => device || matches!(kind, Kind::Pairing | Kind::Subscriber),
            Self::Since => match name {
                "first_seen" => kind == Kind::Grandfathered,
                "reporting_date" => device && kind.is_black(),
                _ => kind == Kind::Grandfathered || kind == Kind::Subscriber || device && kind.is_black(),
            },
            Self::Status => device || matches!(kind, Kind::Ranges | Kind::ExemptTac | Kind::BarredTac),
            Self::ChangeType => true,
            Self::Binding => kind == Kind::Pairing,
            Self::Bar => kind == Kind::BarredTac,
            Self::From | Self::To => kind == Kind::Ranges,
            Self::Tac => matches!(kind, Kind::Tac | Kind::ExemptTac | Kind::BarredTac),
            Self::Manufacturer | Self::Brand | Self::Model | Self::MarketingName => catalogue,
            Self::InternalModel | Self::DeviceType | Self::AllocationDate => catalogue,
        }
    }
}

/// How the rows of a list are to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    dialect: Dialect,
    /// Whether the first line is a header.
    header: bool,
    /// How many columns the header has. 0: any number.
    width: usize,
    places: [Option<usize>; Column::COUNT],
    /// Whether every column is known to say nothing of a person.
    anonymous: bool,
}

impl Layout {
    /// Finds out how a list is written from its first line.
    pub(super) fn recognise(file: &Arc<str>, kind: Kind, mode: Mode, first: &[u8]) -> Result<Self, ImportError> {
        let first = super::fields::text(first);
        let layout = match Names::best(kind, &first) {
            Some(names) => names.layout(file, kind)?,
            None => Self::without_header(kind, &first).ok_or_else(|| no_header(file, kind, &first))?,
        };
        let asked = mode == Mode::Delta;
        match layout.place(Column::ChangeType).is_some() {
            false if asked => Err(ImportError::NoChangeType { file: file.clone(), found: shown(&first) }),
            true if !asked => Err(ImportError::UnaskedChangeType { file: file.clone(), mode }),
            _ => Ok(layout),
        }
    }

    fn without_header(kind: Kind, first: &str) -> Option<Self> {
        let mut cells = Cells::default();
        let fits = |dialect, columns: &[Column], width| {
            let mut places = [None; Column::COUNT];
            columns.iter().enumerate().for_each(|(place, column)| places[*column as usize] = Some(place));
            Some(Self { dialect, header: false, width, places, anonymous: true })
        };
        match kind {
            Kind::Ranges => {
                let dialect = Dialect::TABLES.into_iter().find(|dialect| {
                    cells.split(*dialect, first).is_ok() && cells.len() == 2 && cells.iter().all(is_digits)
                })?;
                fits(dialect, &[Column::From, Column::To], 2)
            }
            Kind::Tac => {
                cells.split(Dialect::Literal, first).ok()?;
                let tac = cells.get(0);
                (tac.len() == 8 && is_digits(tac)).then(|| fits(Dialect::Literal, &[Column::Tac], 0))?
            }
            _ if kind.is_device() => {
                cells.split(Dialect::Single, first).ok()?;
                let value = cells.get(0);
                let value = value.strip_prefix('\'').unwrap_or(value);
                let single = value.starts_with(|c: char| c.is_ascii_digit()) && !value.contains([';', '\t', '|']);
                // A comma stands in 3,5E+14 too: the row is then rejected with a better message.
                let single = single && (!value.contains(',') || super::value::is_scientific(value));
                single.then(|| fits(Dialect::Single, &[Column::Imei], 1))?
            }
            _ => None,
        }
    }

    pub(super) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(super) const fn has_header(&self) -> bool {
        self.header
    }

    /// How many columns the header has; `None` where rows may have any number.
    pub(super) fn width(&self) -> Option<usize> {
        (self.width > 0).then_some(self.width)
    }

    /// Where a column stands.
    pub(super) const fn place(&self, column: Column) -> Option<usize> {
        self.places[column as usize]
    }

    /// Whether every column is known to say nothing of a person. A column that is passed over may be a name.
    pub(super) const fn is_anonymous(&self) -> bool {
        self.anonymous
    }

    /// Whether the only column that counts is the IMEI.
    pub(super) fn is_plain(&self) -> bool {
        self.place(Column::Imei).is_some() && self.places.iter().flatten().count() == 1
    }
}

fn is_digits(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// The names of a header, split in one dialect.
struct Names {
    dialect: Dialect,
    names: Vec<String>,
}

impl Names {
    /// The header in the dialect in which most of its columns are known. `None` where none is.
    fn best(kind: Kind, first: &str) -> Option<Self> {
        let mut cells = Cells::default();
        let mut best: Option<(usize, Self)> = None;
        for dialect in Dialect::TABLES {
            if cells.split(dialect, first).is_err() {
                continue;
            }
            let names = Self { dialect, names: cells.iter().map(normal).collect() };
            // A column of this kind counts for more than one that only other kinds know.
            let known = names.columns(kind).count() * 2 + names.names.iter().filter_map(|n| Column::named(n)).count();
            if known > 0 && best.as_ref().is_none_or(|(most, _)| known > *most) {
                best = Some((known, names));
            }
        }
        best.map(|(_, names)| names)
    }

    fn columns(&self, kind: Kind) -> impl Iterator<Item = (usize, Column)> {
        self.names.iter().enumerate().filter_map(move |(place, name)| {
            Column::named(name).filter(|column| column.serves(kind, name)).map(|column| (place, column))
        })
    }

    fn layout(&self, file: &Arc<str>, kind: Kind) -> Result<Layout, ImportError> {
        let repeated = |first: usize, second: usize| ImportError::RepeatedColumn {
            file: file.clone(),
            first: self.names[first].clone(),
            second: self.names[second].clone(),
        };
        for (second, name) in self.names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            if let Some(first) = self.names[..second].iter().position(|other| other == name) {
                return Err(repeated(first, second));
            }
        }
        let mut places = [None; Column::COUNT];
        for (place, column) in self.columns(kind) {
            if let Some(first) = places[column as usize].replace(place) {
                return Err(repeated(first, place));
            }
        }
        for Need(columns, missing) in needs(kind) {
            if columns.iter().all(|column| places[*column as usize].is_none()) {
                let found = self.names.join(", ");
                return Err(ImportError::MissingColumn {
                    file: file.clone(),
                    kind,
                    missing,
                    found,
                    known: known(kind),
                });
            }
        }
        let anonymous = self.names.iter().all(|name| {
            name.is_empty()
                || OF_MODELS.contains(&name.as_str())
                || Column::named(name).is_some_and(|column| !column.is_personal())
        });
        Ok(Layout { dialect: self.dialect, header: true, width: self.names.len(), places, anonymous })
    }
}

/// A name of a header in lower case, blanks and hyphens as `_`.
fn normal(name: &str) -> String {
    let name = name.replace('"', "");
    name.trim().chars().map(|c| if c == ' ' || c == '-' { '_' } else { c.to_ascii_lowercase() }).collect()
}

fn no_header(file: &Arc<str>, kind: Kind, first: &str) -> ImportError {
    ImportError::NoHeader { file: file.clone(), kind, found: shown(first), known: known(kind) }
}

/// A first line for a message: cut, and with long numbers masked, since they may be a person's.
fn shown(first: &str) -> String {
    let head: String = first.chars().take(80).collect();
    let mut text = without_long_numbers(&head);
    if first.chars().nth(80).is_some() {
        text.push('…');
    }
    text
}
