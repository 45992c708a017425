//! Laws on random lists: the quick way is the slow way, a naive model agrees, nothing panics.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Lines of an IMEI column: clean, odd and broken.
fn imei_line() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => (0_u32..3, 0_u32..5_000, "[0-9]{0,2}").prop_map(|(tac, serial, tail)| format!("3582400{tac}{serial:06}{tail}")),
        1 => "[0-9]{12,17}",
        1 => "[0-9]{14}[a-f#*]",
        1 => "0{14,16}",
        1 => " {0,2}'?\"?35824005[0-9]{6}\"? {0,2}",
        1 => "[ -~]{0,20}",
        1 => Just(String::new()),
    ]
}

fn options() -> impl Strategy<Value = Options> {
    (prop::sample::select(CheckDigit::ALL), any::<bool>()).prop_map(|(check_digit, dated)| Options {
        check_digit,
        valid_until: dated.then_some(Day::MAX),
        ..Options::new(Kind::Registered)
    })
}

fn places(gathered: &Gathered) -> BTreeSet<u64> {
    let keys = gathered.pages.iter().flat_map(|(id, bits)| bits.iter().map(|place| id.key(place).unwrap().get()));
    keys.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn quick_is_slow(
        lines in prop::collection::vec(imei_line(), 0..60),
        header in prop::sample::select(&["imei\n", "", "IMEI,make\n", "make;imei\n", "make|imei|model\n"][..]),
        options in options(),
    ) {
        let row = |line: &String| match header {
            "IMEI,make\n" => format!("{line},x"),
            "make;imei\n" => format!("x;{line}"),
            "make|imei|model\n" => format!("x|{line}|\""),
            _ => line.clone(),
        };
        let start = if header.is_empty() { "35824005999999\n" } else { header };
        let text = format!("{start}{}", lines.iter().map(row).collect::<Vec<_>>().join("\r\n"));
        let lists = Lists::new().with("a.csv", &text);
        let (quick, slow) = (lists.read(&options).unwrap(), lists.read_slowly(&options).unwrap());
        prop_assert!(slow.devices.is_empty() && slow.removed.is_empty());
        prop_assert_eq!(quick, slow);
    }

    #[test]
    fn a_naive_model_of_devices(rows in prop::collection::vec((0_u64..12, 0_u16..3, any::<bool>(), 0_u64..3, any::<bool>()), 0..40)) {
        // (serial, end date, removed, second IMEI, bad): fates by brute force over all pairs of rows.
        let keys = |row: &(u64, u16, bool, u64, bool)| match row.3 {
            0 => vec![row.0],
            step => vec![row.0, row.0 + step],
        };
        let good: Vec<usize> = (0..rows.len()).filter(|at| !rows[*at].4).collect();
        let clash = |a: usize, b: usize| {
            let (left, right) = (&rows[a], &rows[b]);
            keys(left).iter().any(|key| keys(right).contains(key))
                && (left.2 != right.2 || !left.2 && left.1 != right.1)
        };
        let contradictory: BTreeSet<usize> = good.iter().copied().filter(|a| good.iter().any(|b| clash(*a, *b))).collect();
        let (mut accepted, mut listed, mut removed) = (0, BTreeMap::new(), BTreeSet::new());
        for at in good.iter().filter(|at| !contradictory.contains(at)) {
            let row = &rows[*at];
            let new = keys(row).into_iter().filter(|key| if row.2 { removed.insert(*key) } else { listed.insert(*key, row.1).is_none() }).count();
            accepted += u64::from(new > 0);
        }
        let mut text = "imei,imei2,valid_until,status\n".to_owned();
        for row in &rows {
            let date = if row.1 == 0 { String::new() } else { format!("2030-01-0{}", row.1) };
            let second = keys(row).get(1).map(|key| format!("35824005{key:06}")).unwrap_or_default();
            let bad = if row.4 { "x" } else { "" };
            let status = if row.2 { "removed" } else { "" };
            text.push_str(&format!("{bad}35824005{:06},{second},{date},{status}\n", row.0));
        }
        let gathered = gathered(Kind::Registered, &text);
        let rejected = rows.len() - good.len() + contradictory.len();
        prop_assert_eq!((gathered.counts.accepted, gathered.counts.rejected), (accepted, rejected as u64));
        let plain: BTreeSet<u64> = listed.iter().filter(|(_, date)| **date == 0).map(|(key, _)| 35_824_005_000_000 + key).collect();
        prop_assert_eq!(places(&gathered), plain.clone());
        prop_assert_eq!(gathered.devices.len(), listed.len() - plain.len());
        prop_assert_eq!(gathered.removed.len(), removed.len());
        prop_assert!(gathered.devices.is_sorted_by(|a, b| a.key < b.key));
    }

    #[test]
    fn the_order_of_rows_means_nothing(mut rows in prop::collection::vec("3582400500000[0-9],(2030-01-0[12])?,(xl|isat)?", 0..20), seed in any::<prop::sample::Index>()) {
        let text = |rows: &[String]| format!("imei,valid_until,operator\n{}", rows.join("\n"));
        let before = gathered(Kind::Stolen, &text(&rows));
        if !rows.is_empty() {
            let by = seed.index(rows.len());
            rows.rotate_left(by);
        }
        let after = gathered(Kind::Stolen, &text(&rows));
        prop_assert_eq!((before.pages, before.devices, before.counts), (after.pages, after.devices, after.counts));
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in prop::sample::select(Kind::ALL)) {
        let _answer = Lists::new().with("a", &bytes).read(&Options::new(kind));
    }
}

/// A small generator, so that the mutations below are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }
}

#[test]
fn mutated_lists_never_panic_and_add_up() {
    let seeds: [(&[u8], Kind); 8] = [
        (b"imei,imei2,device_id,status,valid_until,msisdn,operator\n35824005000001,35824005000002,1,whitelist,2030-01-01,0812345678,xl\n", Kind::Registered),
        (b"IMEI,reporting_date,status\n622222222222222,,\n348477333700263,2020-01-01,recovered\n", Kind::Stolen),
        (b"35824005000001\n35824005000002\n", Kind::Grandfathered),
        (b"from;to\n35824005000001;35824005000900\n", Kind::Ranges),
        (b"IMEI,IMSI,MSISDN\n3555555555555555,41111111111111,666666666666500\n", Kind::Pairing),
        (b"imsi\tmsisdn\tsince\n510101234567890\t08123456789\t20200101\n", Kind::Subscriber),
        (b"tac|manufacturer|model_name|allocation_date\n01234401|A \"x|M|01-Mar-2004\n", Kind::Tac),
        (b"35604000,Motorola,MT\x96411G31,,\n35604001,M\n", Kind::Tac),
    ];
    const SPICE: [&[u8]; 14] = [
        b"\"",
        b",",
        b"|",
        b"\n",
        b"\r",
        b"'",
        b"E+14",
        b"\xef\xbb\xbf",
        b"\xff",
        b"\x1f\x8b",
        b"0",
        b";",
        b"remove",
        b"\t",
    ];
    let (mut dice, mut answered) = (Dice(1), 0);
    let lists = Lists::new().with("a", "");
    for round in 0..20_000 {
        let (seed, kind) = seeds[round % seeds.len()];
        let mut bytes = seed.to_vec();
        for _ in 0..1 + dice.roll(4) {
            let place = dice.roll(bytes.len() + 1);
            match dice.roll(4) {
                0 => bytes.truncate(place),
                1 if place < bytes.len() => bytes[place] = dice.roll(256) as u8,
                2 => drop(bytes.splice(place..place, SPICE[dice.roll(SPICE.len())].iter().copied())),
                _ => bytes.extend_from_within(place..),
            }
        }
        // A new file each time: to write over one makes some file systems wait for the disk.
        std::fs::remove_file(lists.path("a")).unwrap();
        std::fs::write(lists.path("a"), &bytes).unwrap();
        // `read` of the helper holds the law of counts.
        answered += usize::from(lists.read(&Options::new(kind)).is_ok());
    }
    assert!(answered > 5_000, "only {answered} of 20,000 mutated lists were read at all");
}
