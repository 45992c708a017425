//! What an agent says: an answer in Indonesian words.
//!
//! One table for agents, screens and the public, so that nobody words the same answer differently. What always
//! holds: every reason has words, a next step and somebody to turn to; of a police block the words tell no more
//! than its kind, and never a number, a name or a date.

use crate::{
    day::Day,
    policy::{Reason, Status},
};

/// An answer as it is told to a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// The answer in a few words, with its last day where it has one.
    pub headline: String,
    /// What the subscriber can do.
    pub next_step: &'static str,
    /// Whom to turn to.
    pub contact: &'static str,
}

impl Words {
    /// The words of an answer. `until`: the last day of what decided; for `EXPIRED` the day on which it ended.
    pub fn of(status: Status, reason: Reason, until: Option<Day>) -> Self {
        let headline = match (headline(status, reason), until) {
            (plain, None) => plain.to_owned(),
            (plain, Some(day)) => match date_word(reason) {
                Some(word) => format!("{plain}{word} {}", date(day)),
                None => plain.to_owned(),
            },
        };
        let (next_step, contact) = advice(reason);
        Self { headline, next_step, contact }
    }
}

const fn headline(status: Status, reason: Reason) -> &'static str {
    match reason {
        Reason::Malformed => "FORMAT IMEI TIDAK SAH",
        Reason::Court | Reason::Barred | Reason::TacBarred => "DIBLOKIR – KETENTUAN",
        Reason::Stolen | Reason::Lost => "DIBLOKIR – LAPORAN HILANG/DICURI",
        Reason::Exempt | Reason::ExemptType => "DIKECUALIKAN",
        Reason::Roamer => "KARTU LUAR NEGERI",
        Reason::TestTac => "IMEI UJI",
        Reason::Paired => "DIIZINKAN UNTUK NOMOR INI",
        Reason::Duplicate => "IMEI GANDA",
        Reason::Registered => "TERDAFTAR",
        Reason::Temporary => "TERDAFTAR SEMENTARA",
        Reason::Grandfathered => "DIIZINKAN – PERANGKAT LAMA",
        Reason::Suspended => "DITANGGUHKAN – DALAM PEMERIKSAAN",
        Reason::PairingMismatch => "NOMOR TIDAK SESUAI PASANGAN",
        Reason::NumberNeeded => "PERLU NOMOR",
        Reason::Expired => "MASA BERLAKU HABIS",
        Reason::NotRegistered => match status {
            Status::Blacklisted => "DIBLOKIR – TIDAK TERDAFTAR",
            _ => "BELUM TERDAFTAR",
        },
    }
}

/// How a last day is added to the headline. `None`: the day is not told.
const fn date_word(reason: Reason) -> Option<&'static str> {
    match reason {
        Reason::Temporary | Reason::Exempt | Reason::Paired | Reason::Registered => Some(" s.d."),
        Reason::Expired => Some(""),
        _ => None,
    }
}

/// Next step and contact.
const fn advice(reason: Reason) -> (&'static str, &'static str) {
    match reason {
        Reason::Malformed => ("Baca ulang IMEI dengan *#06#: 15 angka, tanpa huruf.", "operator"),
        Reason::Court | Reason::Barred | Reason::TacBarred => {
            ("Perangkat ini tidak boleh dipakai; tanyakan dasar ketentuannya.", "Call center 159")
        }
        Reason::Stolen | Reason::Lost => {
            ("Bila perangkat sudah ditemukan, minta keluar dari daftar hitam.", "operator pelapor dan polisi")
        }
        Reason::Exempt => ("Tidak perlu registrasi.", "Call center 159"),
        Reason::Roamer => ("Tidak perlu daftar selama memakai kartu luar negeri.", "operator"),
        Reason::TestTac => ("IMEI ini hanya untuk pengujian: klaim ke penjual.", "penjual atau merek"),
        Reason::Paired => ("Pakai dengan nomor ini saja; untuk nomor lain, minta ke operator.", "operator"),
        Reason::Duplicate => {
            ("Bawa perangkat dan bukti pembelian: IMEI ini dipakai lebih dari satu perangkat.", "operator")
        }
        Reason::Registered => {
            ("Tidak ada tindakan. Tanpa sinyal: cek IMEI tiap slot (*#06#), coba SIM lain.", "operator")
        }
        Reason::Temporary => ("Berlaku sampai pukul 24.00 WIB pada tanggal itu.", "operator"),
        Reason::ExemptType => ("EDC, modem, dan laptop di luar aturan HKT: tanpa registrasi.", "operator korporat"),
        Reason::Grandfathered => ("Dipakai sebelum aturan berlaku: tidak dibatasi, tanpa registrasi.", "operator"),
        Reason::Suspended => {
            ("Pendaftarannya sedang diperiksa: simpan bukti pembelian, tunggu hasilnya.", "Call center 159")
        }
        Reason::PairingMismatch => ("Pakai nomor yang didaftarkan bersama perangkat ini.", "operator"),
        Reason::NumberNeeded => ("Sebutkan nomor yang dipakai di perangkat ini, lalu cek lagi.", "operator"),
        Reason::Expired => ("Turis: daftar lagi di gerai operator dengan paspor.", "operator"),
        Reason::NotRegistered => (
            "Barang bawaan: daftar di kantor Bea Cukai sampai 60 hari; beli di sini: klaim ke penjual.",
            "Bea Cukai, penjual",
        ),
    }
}

/// A day as Indonesians write it: `31 Des 2026`.
fn date(day: Day) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"];
    let date = day.date();
    let month = usize::try_from(date.month() - 1).ok().and_then(|index| MONTHS.get(index));
    month.map_or_else(|| day.to_string(), |month| format!("{} {month} {}", date.day(), date.year()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_reason_has_words_a_next_step_and_a_contact() {
        for &reason in Reason::ALL {
            for &status in Status::ALL {
                for until in [None, Some(Day::MAX)] {
                    let words = Words::of(status, reason, until);
                    assert!(words.headline.len() > 5, "{reason} {status}");
                    assert!(words.next_step.ends_with('.') && !words.contact.is_empty(), "{reason} {status}");
                }
            }
        }
    }

    #[test]
    fn headlines_are_those_that_agents_know() {
        let day = Some("2026-05-01".parse().unwrap());
        let line = |&reason: &Reason| format!("{reason}: {}", Words::of(Status::Blacklisted, reason, day).headline);
        insta::assert_snapshot!(Reason::ALL.iter().map(line).collect::<Vec<_>>().join("\n"), @r"
        MALFORMED: FORMAT IMEI TIDAK SAH
        COURT: DIBLOKIR – KETENTUAN
        BARRED: DIBLOKIR – KETENTUAN
        STOLEN: DIBLOKIR – LAPORAN HILANG/DICURI
        LOST: DIBLOKIR – LAPORAN HILANG/DICURI
        TAC_BARRED: DIBLOKIR – KETENTUAN
        EXEMPT: DIKECUALIKAN s.d. 1 Mei 2026
        ROAMER: KARTU LUAR NEGERI
        TEST_TAC: IMEI UJI
        PAIRED: DIIZINKAN UNTUK NOMOR INI s.d. 1 Mei 2026
        DUPLICATE: IMEI GANDA
        REGISTERED: TERDAFTAR s.d. 1 Mei 2026
        TEMPORARY: TERDAFTAR SEMENTARA s.d. 1 Mei 2026
        EXEMPT_TYPE: DIKECUALIKAN
        GRANDFATHERED: DIIZINKAN – PERANGKAT LAMA
        SUSPENDED: DITANGGUHKAN – DALAM PEMERIKSAAN
        PAIRING_MISMATCH: NOMOR TIDAK SESUAI PASANGAN
        NUMBER_NEEDED: PERLU NOMOR
        EXPIRED: MASA BERLAKU HABIS 1 Mei 2026
        NOT_REGISTERED: DIBLOKIR – TIDAK TERDAFTAR
        ");
    }

    #[test]
    fn an_unlisted_device_that_is_served_is_not_said_to_be_blocked() {
        for status in [Status::Whitelisted, Status::Greylisted, Status::Unknown] {
            assert_eq!(Words::of(status, Reason::NotRegistered, None).headline, "BELUM TERDAFTAR");
        }
    }

    #[test]
    fn a_police_block_tells_its_kind_only() {
        for reason in [Reason::Court, Reason::Barred, Reason::Stolen, Reason::Lost] {
            let words = Words::of(Status::Blacklisted, reason, Some(Day::MAX));
            assert!(!words.headline.contains(|c: char| c.is_ascii_digit()), "{}", words.headline);
        }
    }

    #[test]
    fn months_are_indonesian_from_january_to_december() {
        let day = |month: u8| format!("2026-{month:02}-09").parse::<Day>().unwrap();
        let months: Vec<_> = (1..=12).map(|month| date(day(month))).collect();
        insta::assert_snapshot!(months.join(", "), @"9 Jan 2026, 9 Feb 2026, 9 Mar 2026, 9 Apr 2026, 9 Mei 2026, 9 Jun 2026, 9 Jul 2026, 9 Agu 2026, 9 Sep 2026, 9 Okt 2026, 9 Nov 2026, 9 Des 2026");
    }
}
