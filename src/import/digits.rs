//! Bare IMEIs out of text, sixteen bytes at a time.
//!
//! A line of a bare list is 14 to 16 digits and its end, and a national list has a hundred million of them. So digits
//! are checked and added up eight at a time in a word, and the end of a line is looked for only where it can be. What
//! always holds: what is taken here is what [`super::value::imei`] would make of the same line; whatever is odd about
//! a line is left to it.

/// A place: model, and serial number in the low [`SERIAL_BITS`] bits. It sorts as the key does.
pub(super) type Place = u64;

pub(super) const SERIAL_BITS: u32 = 20;

const fn each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// A line of 14 to 16 digits at the head of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The device; never 0.
    pub(super) place: Place,
    /// Whether there is a 15th digit and no 16th, and it does not fit the other 14.
    pub(super) unfit: bool,
    /// Bytes of the line with its end.
    pub(super) bytes: usize,
}

impl Head {
    /// Bytes of the shortest line.
    pub(super) const BYTES_MIN: usize = 15;
    /// Bytes that are looked at: 16 digits and a line end of two bytes.
    pub(super) const LOOKED_AT: usize = 18;

    /// `None` where the line is anything else.
    #[inline]
    pub(super) fn read(text: &[u8; Self::LOOKED_AT]) -> Option<Self> {
        // Whichever is first: digits alone stand before it, or nothing is taken.
        let end = match text {
            [.., b'\n', _, _, _] => 14,
            [.., b'\n', _, _] => 15,
            [.., b'\n', _] => 16,
            [.., b'\n'] => 17,
            _ => return None,
        };
        let length = if text[end - 1] == b'\r' { end - 1 } else { end };
        if !(14..=16).contains(&length) {
            return None;
        }
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = *text;
        let front = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
        let back = u64::from_le_bytes([i, j, k, l, m, n, o, p]);
        // Six digits of the serial number, and as many more as the line has.
        let within = u64::MAX >> (8 * (16 - length));
        if !are_digits(front) || !are_digits(back & within | each(b'0') & !within) {
            return None;
        }
        let serial = back << 16 | u64::from_le_bytes([b'0', b'0', 0, 0, 0, 0, 0, 0]);
        let place = number(front) << SERIAL_BITS | number(serial);
        if place == 0 {
            return None;
        }
        // Two digits before the serial number leave every second digit where it was.
        let unfit = length == 15 && !(luhn(front) + luhn(serial) + u64::from(o - b'0')).is_multiple_of(10);
        Some(Self { place, unfit, bytes: end + 1 })
    }
}

/// Whether eight bytes are digits.
#[inline]
const fn are_digits(text: u64) -> bool {
    // A digit has 3 in its high half, and still has it when 6 are added.
    let high = each(0xf0);
    text & high == each(b'0') && text.wrapping_add(each(6)) & high == each(b'0')
}

/// The number that eight digits are, the first in the lowest byte.
#[inline]
const fn number(text: u64) -> u64 {
    let ones = text & each(0x0f);
    // Pairs, then fours, then eight.
    let twos = (ones * 10 + (ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (twos * 100 + (twos >> 16)) & 0x0000_ffff_0000_ffff;
    (fours * 10_000 + (fours >> 32)) & 0xffff_ffff
}

/// The sum of eight digits, every second one doubled and 10 and more of it less 9.
#[inline]
const fn luhn(text: u64) -> u64 {
    let ones = text & each(0x0f);
    let doubled = ones + (ones & 0xff00_ff00_ff00_ff00);
    let above = (doubled + (each(0x80 - 10) & 0xff00_ff00_ff00_ff00)) & 0x8000_8000_8000_8000;
    let folded = doubled - (above >> 7) * 9;
    folded.wrapping_mul(each(1)) >> 56
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        identity::EquipmentKey,
        import::{CheckDigit, gathered::Warning, value::imei},
    };
    use proptest::prelude::*;

    fn head(text: &[u8]) -> Option<Head> {
        let mut bytes = [b'\n'; Head::LOOKED_AT];
        let length = text.len().min(bytes.len());
        bytes[..length].copy_from_slice(&text[..length]);
        Head::read(&bytes)
    }

    fn key(place: Place) -> EquipmentKey {
        EquipmentKey::new((place >> SERIAL_BITS) * 1_000_000 + (place & ((1 << SERIAL_BITS) - 1))).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn what_is_taken_is_what_the_slow_way_takes(
            line in prop_oneof![
                6 => "[0-9]{14,16}",
                1 => "[0-9]{12,17}[\r ]{0,2}",
                1 => "[0-9]{0,15}[ -~][0-9]{0,15}",
                1 => "0{13,16}[0-9]?",
                1 => "['\" ]?[0-9]{13,16}['\" a]?",
                1 => "\\PC{10,18}",
            ],
            place in 0_usize..18, byte in any::<u8>(), odd in 0_u8..8,
            end in prop::sample::select(&["\n", "\r\n", "\r\r\n", "\n\n\n\n"][..]),
            next in "[0-9\n]{0,6}",
        ) {
            let mut line = line.into_bytes();
            if odd == 0 && let Some(there) = line.get_mut(place).filter(|_| byte != b'\n') {
                *there = byte;
            }
            let text = [&line[..], end.as_bytes(), next.as_bytes()].concat();
            let first = text.split(|byte| *byte == b'\n').next().unwrap();
            let value = first.strip_suffix(b"\r").unwrap_or(first);
            let slow = std::str::from_utf8(value).map(|value| imei(value, CheckDigit::Warn));
            match head(&text) {
                Some(head) => {
                    prop_assert_eq!(slow, Ok(Ok((key(head.place), head.unfit.then_some(Warning::CheckDigit)))));
                    prop_assert_eq!(&text[..head.bytes], &[first, b"\n"].concat());
                }
                None => {
                    let clean = (14..=16).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
                    prop_assert!(!clean || value[..14].iter().all(|byte| *byte == b'0'), "{value:?} is not taken");
                }
            }
        }
    }

    #[test]
    fn all_bytes_at_all_places() {
        for length in 14..=16 {
            for (place, byte) in (0..length).flat_map(|place| (0..=u8::MAX).map(move |byte| (place, byte))) {
                let mut line = b"3582400598765432"[..length].to_vec();
                line[place] = byte;
                let taken = head(&[&line[..], b"\n3"].concat());
                // A line that ends earlier is another line.
                let earlier = byte == b'\n' || byte == b'\r' && place == length - 1;
                assert!(earlier || taken.is_some() == byte.is_ascii_digit(), "{byte:#x} at {place} of {length}");
            }
        }
    }
}
