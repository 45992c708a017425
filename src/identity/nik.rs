//! Identity numbers of persons, which are seen and never kept: the NIK of a KTP-el, and the number of a KK.
//!
//! Both have 16 digits: province and district (6), a date (6: of birth, for women with 40 added to the day, or of the
//! card), a serial number (4). An IMEISV has 16 digits too, and few of those look like that. What always holds: what is
//! said here of a text has none of its digits.

/// Digits of a NIK and of the number of a KK.
const DIGITS: usize = 16;

/// Whether 16 digits somewhere in a text, with or without separators, look like a NIK or the number of a KK.
pub fn may_hold_nik(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '.' | '-' | '/');
    text.split(|c: char| !is_part(c)).any(piece_may_hold)
}

/// A piece of digits and separators: 16 digits that begin and end at a separator or an end.
fn piece_may_hold(piece: &str) -> bool {
    let (mut digits, mut edges) = (Vec::new(), vec![0]);
    for byte in piece.bytes() {
        if byte.is_ascii_digit() {
            digits.push(byte - b'0');
        } else if edges.last() != Some(&digits.len()) {
            edges.push(digits.len());
        }
    }
    edges.push(digits.len());
    let windows = edges.iter().filter(|start| edges.contains(&(*start + DIGITS)));
    windows.filter_map(|start| digits.get(*start..start + DIGITS)).any(looks_like)
}

fn looks_like(digits: &[u8]) -> bool {
    let two = |at: usize| match (digits.get(at), digits.get(at + 1)) {
        (Some(tens), Some(ones)) => tens * 10 + ones,
        _ => 0,
    };
    let (province, day, month) = (two(0), two(6), two(8));
    let serial = two(12) > 0 || two(14) > 0;
    let is_province = matches!(province, 11..=21 | 31..=36 | 51..=53 | 61..=65 | 71..=76 | 81..=82 | 91..=97);
    is_province && matches!(day, 1..=31 | 41..=71) && (1..=12).contains(&month) && serial
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_numbers_are_seen_in_every_form() {
        let held = [
            "3171011205900124",
            "NIK 3171011205900125",
            "KK: 3171 0112 0590 0127, Budi",
            "3171-011205-900128",
            "31.71.01.52.05.90.0124",
            "628110000001 3171015205900124",
            "(3171015205900124)",
        ];
        assert!(held.iter().all(|text| may_hold_nik(text)));
    }

    #[test]
    fn other_numbers_are_not() {
        let others = [
            "",
            "352099001761481",
            "35-209900-176148-1",
            "3520990017614823",
            "317101120590012",
            "31710112059001245",
            "3171013205900124",
            "3171011213900124",
            "0071011205900124",
            "3171011205900000",
            "K000-0017",
            "628110000001",
        ];
        assert_eq!(others.iter().find(|text| may_hold_nik(text)), None);
    }
}
