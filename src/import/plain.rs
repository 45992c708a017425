//! Lists of bare IMEIs: straight from digits into bits.
//!
//! National lists have tens of millions of rows that say nothing but that a device is listed. They are never
//! held as rows: a line is split, its digits are read, a bit is set. Whatever is odd about a line goes the
//! way of all rows, so the quick ways and the slow way cannot differ.
//! What always holds: pages are handed out in ascending order and none is empty.

use super::{
    desk::{At, Desk, Part, RowView, Sink},
    device::Device,
    digits::{Head, Place},
    error::ImportError,
    fields::Dialect,
    gathered::{Gathered, Warning},
    header::{Column, Layout},
    kind::CheckDigit,
    pages::{PageSets, place_of},
    rejects::Fault,
    tray::Tray,
    value::quick_imei,
};
use memchr::{memchr, memchr_iter};
use std::{mem, sync::Arc};

/// Rows without attributes.
#[derive(Default)]
pub(super) struct Plain(Arc<PageSets>);

/// Rows of one block.
pub(super) struct Places {
    places: Vec<Place>,
    sets: Arc<PageSets>,
}

impl Part for Places {
    fn run(&mut self, bytes: &[u8], layout: &Layout, before: u64, tray: &mut Tray<'_>) -> (usize, u64) {
        if !is_single(layout) {
            return (0, 0);
        }
        if self.places.is_empty() {
            self.places.reserve(bytes.len() / Head::BYTES_MIN);
        }
        let (mut rest, mut lines) = (bytes, 0);
        while let Some(head) = rest.first_chunk().and_then(Head::read) {
            let Ok(at) = At::try_from(before + lines + 1) else { break };
            if head.unfit {
                match tray.options.check_digit {
                    CheckDigit::Verify => break,
                    CheckDigit::Warn => tray.warn(Warning::CheckDigit, at),
                    CheckDigit::Ignore => {}
                }
            }
            self.places.push(head.place);
            rest = &rest[head.bytes..];
            lines += 1;
        }
        (bytes.len() - rest.len(), lines)
    }

    #[inline]
    fn quick(&mut self, line: &[u8], layout: &Layout, at: At, tray: &mut Tray<'_>) -> bool {
        let Some((key, unfit)) = quick_field(line, layout).and_then(quick_imei) else { return false };
        if unfit {
            match tray.options.check_digit {
                CheckDigit::Verify => return false,
                CheckDigit::Warn => tray.warn(Warning::CheckDigit, at),
                CheckDigit::Ignore => {}
            }
        }
        self.places.push(place_of(key));
        true
    }

    fn row(&mut self, row: &RowView<'_>, tray: &mut Tray<'_>) -> Result<(), Fault> {
        let (device, warning) = Device::read(row, tray)?;
        warning.into_iter().for_each(|warning| tray.warn(warning, row.at));
        self.places.push(place_of(device.key));
        Ok(())
    }

    fn settle(&mut self) {
        self.sets.add(&mem::take(&mut self.places));
    }
}

impl Sink for Plain {
    type Part = Places;

    fn part(&self) -> Places {
        Places { places: Vec::new(), sets: Arc::clone(&self.0) }
    }

    fn join(&mut self, _part: Places, _desk: &mut Desk<'_>) {}

    fn finish(self, desk: &mut Desk<'_>, gathered: &mut Gathered) -> Result<(), ImportError> {
        // Of rows that name one device one is accepted, whichever came first.
        gathered.pages = self.0.take_pages();
        desk.accepted += gathered.listed_devices();
        Ok(())
    }
}

/// Whether a line is one field.
fn is_single(layout: &Layout) -> bool {
    matches!(layout.dialect(), Dialect::Literal | Dialect::Single) || layout.width() == Some(1)
}

/// The bytes of the IMEI in a line without quotes that has as many fields as the header.
#[inline]
fn quick_field<'a>(line: &'a [u8], layout: &Layout) -> Option<&'a [u8]> {
    let separator = match layout.dialect() {
        Dialect::Csv(separator) => separator,
        Dialect::Pipe => b'|',
        Dialect::Literal | Dialect::Single => return Some(line),
    };
    if is_single(layout) {
        return Some(line);
    }
    let width = layout.width()?;
    let place = layout.place(Column::Imei)?;
    if memchr(b'"', line).is_some() {
        return None;
    }
    let (mut start, mut fields, mut found) = (0, 0, &line[..0]);
    for end in memchr_iter(separator, line).chain(std::iter::once(line.len())) {
        if fields == place {
            found = &line[start..end];
        }
        start = end + 1;
        fields += 1;
    }
    (fields == width).then_some(found)
}
