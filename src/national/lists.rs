//! Lists: the register as files, one a door, as ministries, customs and operators would send them.
//!
//! CSV is what `saring import` reads; a register that takes all of them in is the generated one. The binary form is for
//! programs: about one byte a plain device (docs/operating.md has its bytes). Both stream: a list of any length takes
//! the memory of one model. What always holds: the same scale gives the same bytes.

use super::National;
use crate::{
    batch::{BodyRow, TacClass},
    day::Day,
    identity::{EquipmentKey, Msisdn, Tac, check_digit},
    import::Kind,
    listing::{Door, coded},
    page::{PageBits, PageId},
    pairing::{NumberKind, PairingKind},
};
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

coded! {
    /// How lists are written.
    Format, "a format of lists", {
        /// What `saring import` reads.
        Csv = 1, "csv";
        /// For programs: docs/operating.md.
        Binary = 2, "binary";
    }
}

/// A list: its file, what `saring import` has to be told, and its columns.
struct Sheet {
    name: &'static str,
    kind: Kind,
    door: Door,
    columns: &'static str,
}

const SHEETS: [Sheet; 13] = [
    Sheet { name: "models", kind: Kind::Tac, door: Door::GsmaTac, columns: "tac,manufacturer,model_name" },
    Sheet { name: "exempt-models", kind: Kind::ExemptTac, door: Door::NonHkt, columns: "tac" },
    Sheet { name: "barred-models", kind: Kind::BarredTac, door: Door::Barred, columns: "tac,hard" },
    Sheet { name: "production", kind: Kind::Registered, door: Door::TppProduction, columns: "imei" },
    Sheet { name: "import", kind: Kind::Registered, door: Door::TppImport, columns: "imei" },
    Sheet { name: "grandfathered", kind: Kind::Grandfathered, door: Door::Grandfathered, columns: "imei" },
    Sheet { name: "passengers", kind: Kind::Registered, door: Door::CustomsPassenger, columns: "imei" },
    Sheet { name: "parcels", kind: Kind::Registered, door: Door::CustomsParcel, columns: "imei,imei2" },
    Sheet {
        name: "tourists",
        kind: Kind::Temporary,
        door: Door::OperatorTourist,
        columns: "imei,valid_until,msisdn,operator",
    },
    Sheet { name: "state", kind: Kind::Exempt, door: Door::State, columns: "imei,valid_until" },
    Sheet { name: "stolen", kind: Kind::Stolen, door: Door::Stolen, columns: "imei,reporting_date,operator" },
    Sheet {
        name: "pairings",
        kind: Kind::Pairing,
        door: Door::Operator,
        columns: "imei,msisdn,imsi,binding,valid_until,operator",
    },
    Sheet { name: "subscribers", kind: Kind::Subscriber, door: Door::Operator, columns: "imsi,msisdn,operator" },
];

/// A list that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListWritten {
    /// The file.
    pub path: PathBuf,
    /// The kind by which it is imported.
    pub kind: Kind,
    /// The door by which it is imported.
    pub door: Door,
    /// Its rows, without the header.
    pub rows: u64,
}

impl National {
    /// Writes every list into a directory, which is made where it is missing. `progress` hears of rows now and then.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_lists(
        &self,
        directory: &Path,
        format: Format,
        progress: &mut dyn FnMut(u64),
    ) -> io::Result<Vec<ListWritten>> {
        std::fs::create_dir_all(directory)?;
        let mut pens = Vec::with_capacity(SHEETS.len());
        for sheet in &SHEETS {
            pens.push(Pen::open(directory, sheet, format)?);
        }
        let mut rows = 0;
        for part in self.parts() {
            self.rows(&part, &mut |batch, row| {
                let header = part.batches.get(batch);
                let pen = header.and_then(|header| {
                    pens.iter_mut().find(|pen| pen.sheet.door == header.door && pen.sheet.kind.name() == header.kind)
                });
                let Some((pen, header)) = pen.zip(header) else { return Ok(()) };
                rows += match format {
                    Format::Csv => pen.csv(&row, &header.operator)?,
                    Format::Binary => pen.binary(&row)?,
                };
                Ok::<(), io::Error>(())
            })?;
            progress(rows);
        }
        pens.into_iter().map(Pen::close).collect()
    }
}

/// One list being written.
struct Pen {
    sheet: &'static Sheet,
    path: PathBuf,
    out: BufWriter<File>,
    rows: u64,
    last: u64,
}

impl Pen {
    const BUFFER_BYTES: usize = 1 << 20;

    fn open(directory: &Path, sheet: &'static Sheet, format: Format) -> io::Result<Self> {
        let suffix = if format == Format::Csv { "csv" } else { "bin" };
        let path = directory.join(format!("{}.{suffix}", sheet.name));
        let mut out = BufWriter::with_capacity(Self::BUFFER_BYTES, File::create(&path)?);
        match format {
            Format::Csv => writeln!(out, "{}", sheet.columns)?,
            Format::Binary => writeln!(out, "saring list 1 {} {}", sheet.kind, sheet.door)?,
        }
        Ok(Self { sheet, path, out, rows: 0, last: 0 })
    }

    fn close(self) -> io::Result<ListWritten> {
        let Self { sheet, path, out, rows, .. } = self;
        out.into_inner()?.sync_all()?;
        Ok(ListWritten { path, kind: sheet.kind, door: sheet.door, rows })
    }

    /// Writes what a row says; gives the lines that it took.
    fn csv(&mut self, row: &BodyRow, operator: &str) -> io::Result<u64> {
        let out = &mut self.out;
        let lines = match row {
            // A phone of two slots is one line, written with its link.
            BodyRow::Page { .. } if self.sheet.door == Door::CustomsParcel => 0,
            BodyRow::Page { id, bits, .. } => write_imeis(out, *id, bits)?,
            BodyRow::Link { key, others } => match others.first().filter(|other| *key < **other) {
                Some(other) => writeln!(out, "{},{}", imei(*key), imei(*other)).map(|()| 1)?,
                None => 0,
            },
            BodyRow::Mark { key, until, since, number } => {
                let imei = imei(*key);
                match self.sheet.kind {
                    Kind::Temporary => writeln!(out, "{imei},{},{},{operator}", shown(*until), shown(*number))?,
                    Kind::Stolen => writeln!(out, "{imei},{},{operator}", shown(*since))?,
                    _ => writeln!(out, "{imei},{}", shown(*until))?,
                }
                1
            }
            BodyRow::Pairing { key, number, kind, imsi, until, .. } => {
                let (msisdn, imsi) = match number.kind() {
                    NumberKind::Msisdn(msisdn) => (Some(msisdn), *imsi),
                    NumberKind::Imsi(imsi) => (None, Some(imsi)),
                };
                let kind = if *kind == PairingKind::Binding { "binding" } else { "allowance" };
                let (imei, msisdn, imsi, until) = (imei(*key), shown(msisdn), shown(imsi), shown(*until));
                writeln!(out, "{imei},{msisdn},{imsi},{kind},{until},{operator}").map(|()| 1)?
            }
            BodyRow::Subscriber { imsi, msisdn, .. } => {
                writeln!(out, "{imsi},{},{operator}", shown(*msisdn)).map(|()| 1)?
            }
            BodyRow::Tac { tac, model } => {
                let (maker, name) = model.as_ref().map_or(("", ""), |model| (&model.manufacturer, &model.name));
                writeln!(out, "{tac},{},{}", quoted(maker), quoted(name)).map(|()| 1)?
            }
            BodyRow::TacClass { tac, class: TacClass::Bar, level } => {
                writeln!(out, "{tac},{}", if *level == 2 { "hard" } else { "soft" }).map(|()| 1)?
            }
            BodyRow::TacClass { tac, .. } => writeln!(out, "{tac}").map(|()| 1)?,
            BodyRow::Holder { .. } => 0,
        };
        self.rows += lines;
        Ok(lines)
    }

    /// Each value as LEB128: of a key the distance to the one before, of what may be missing one more.
    fn binary(&mut self, row: &BodyRow) -> io::Result<u64> {
        let day = |day: Option<Day>| day.map_or(0, |day| u64::from(day.get()) + 1);
        let devices = match row {
            BodyRow::Page { id, bits, .. } => {
                for key in bits.iter().filter_map(|place| id.key(place)) {
                    self.device(key, &[])?;
                }
                u64::from(bits.count())
            }
            BodyRow::Mark { key, until, since, number } => {
                let number = number.map_or(0, Msisdn::get);
                self.device(*key, &[day(*until), day(*since), number]).map(|()| 1)?
            }
            BodyRow::Pairing { key, number, kind, imsi, until, .. } => {
                let imsi = imsi.map_or(0, |imsi| imsi.packed());
                self.device(*key, &[number.to_stored(), imsi, *kind as u64, day(*until)]).map(|()| 1)?
            }
            BodyRow::Subscriber { imsi, msisdn, .. } => {
                self.step(imsi.packed(), &[msisdn.map_or(0, Msisdn::get)]).map(|()| 1)?
            }
            BodyRow::Tac { tac, .. } => self.step(u64::from(tac.get()), &[]).map(|()| 1)?,
            BodyRow::TacClass { tac, level, .. } => {
                self.step(u64::from(tac.get()), &[u64::from(*level)]).map(|()| 1)?
            }
            BodyRow::Link { .. } | BodyRow::Holder { .. } => 0,
        };
        self.rows += devices;
        Ok(devices)
    }

    fn device(&mut self, key: EquipmentKey, more: &[u64]) -> io::Result<()> {
        self.step(key.get(), more)
    }

    /// Batches of one page come one behind the other, so a step may lead back: zigzag.
    fn step(&mut self, to: u64, more: &[u64]) -> io::Result<()> {
        let step = to.wrapping_sub(self.last) as i64;
        self.last = to;
        write_leb(&mut self.out, (step << 1 ^ step >> 63) as u64)?;
        more.iter().try_for_each(|value| write_leb(&mut self.out, *value))
    }
}

fn write_leb(out: &mut impl Write, mut value: u64) -> io::Result<()> {
    while value >= 128 {
        out.write_all(&[value as u8 | 128])?;
        value >>= 7;
    }
    out.write_all(&[value as u8])
}

/// Writes the IMEIs of a page, a line each.
fn write_imeis(out: &mut impl Write, id: PageId, bits: &PageBits) -> io::Result<u64> {
    let mut lines = [0_u8; 16 * 64];
    let mut count = 0;
    let head = luhn(id.tac());
    let text = id.tac().to_string();
    for (at, word) in (0..).zip(&bits.0) {
        let (mut word, mut length) = (*word, 0);
        while word != 0 {
            let serial = u32::from(id.page()) * crate::page::PAGE_SERIALS + at * 64 + word.trailing_zeros();
            word &= word - 1;
            let line = &mut lines[length..length + 16];
            line[..8].copy_from_slice(text.as_bytes());
            let (mut rest, mut sum) = (serial, head);
            for place in (8..14).rev() {
                let digit = rest % 10;
                rest /= 10;
                line[place] = b'0' + digit as u8;
                sum += if place % 2 == 1 { DOUBLED[digit as usize] } else { digit };
            }
            line[14] = b'0' + ((10 - sum % 10) % 10) as u8;
            line[15] = b'\n';
            length += 16;
            count += 1;
        }
        out.write_all(&lines[..length])?;
    }
    Ok(count)
}

/// What a digit adds to the check sum where it is doubled.
const DOUBLED: [u32; 10] = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];

/// The share of a TAC in the check sum of its IMEIs.
fn luhn(tac: Tac) -> u32 {
    let digit = |place: u32| tac.get() / 10_u32.pow(7 - place) % 10;
    (0..8).map(|place| if place % 2 == 1 { DOUBLED[digit(place) as usize] } else { digit(place) }).sum()
}

fn imei(key: EquipmentKey) -> String {
    format!("{key}{}", check_digit(key))
}

fn shown<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// A text as CSV takes it.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
