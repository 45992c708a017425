//! What memory there is does not show in what a list gives.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Rows of a list of pairings: few devices and numbers, so that rows repeat and contradict each other.
fn pairing_line() -> impl Strategy<Value = String> {
    let row = (0_u32..6, 0_u32..4, 0_u32..4, 0_u32..12, 0_u32..8, 0_u32..6);
    row.prop_map(|(device, number, sim, extra, change, operator)| {
        let number = ["", "081234567801", "081234567802", "6281234567803"][number as usize];
        let sim = ["", "510101234567801", "510101234567802", "001012345678901"][sim as usize];
        let (binding, until) = [("", ""), ("binding", ""), ("", "2030-01-01")].get(extra as usize).unwrap_or(&("", ""));
        let change = ["remove", "", "drop"].get(change as usize).unwrap_or(&"add");
        let operator = ["xl", "telkomsel", "x,y"].get(operator as usize).unwrap_or(&"");
        format!("3582400500000{device},{number},{sim},{binding},{until},{change},\"{operator}\"")
    })
}

fn subscriber_line() -> impl Strategy<Value = String> {
    (0_u32..9, 0_u32..8, 0_u32..8, 0_u32..8, 0_u32..6).prop_map(|(sim, number, since, change, operator)| {
        let number = if number < 6 { "081234567801" } else { ["", "08123456780a"][number as usize - 6] };
        let since = ["2020-01-01", "x"].get(since as usize).unwrap_or(&"");
        let change = ["remove", ""].get(change as usize).unwrap_or(&"add");
        let operator = ["xl", "telkomsel"].get(operator as usize).unwrap_or(&"");
        format!("51010123456780{sim},{number},{since},{change},{operator}")
    })
}

/// A list in two files, read with some memory: what it gives, and its rejects as they are written.
fn read_with(memory_bytes: usize, kind: Kind, mode: Mode, header: &str, lines: &[String]) -> (Gathered, String) {
    let (first, second) = lines.split_at(lines.len() / 3);
    let text = |lines: &[String]| format!("{header}\n{}\n", lines.join("\n"));
    let lists = Lists::new().with("a.csv", text(first)).with("b.csv", text(second));
    let (folder, rejects) = (lists.path("room"), lists.path("rejects.csv"));
    std::fs::create_dir(&folder).unwrap();
    let room = Room { folder: folder.clone(), memory_bytes };
    let options = Options { mode, room, rejects: Some(rejects.clone()), ..Options::new(kind) };
    let mut gathered = lists.read(&options).unwrap();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "a file was left");
    // The directory differs from run to run.
    gathered.sources.iter_mut().for_each(|source| source.name = lists.plain(&source.name).into());
    gathered.sample_rejects.iter_mut().for_each(|reject| {
        (reject.file, reject.rule) = (lists.plain(&reject.file).into(), lists.plain(&reject.rule).into());
    });
    gathered.warnings.iter_mut().for_each(|warning| warning.first.0 = lists.plain(&warning.first.0).into());
    (gathered, lists.plain(&std::fs::read_to_string(rejects).unwrap()))
}

/// Of the good rows, those that nothing contradicts, once each: by brute force.
fn naive(lines: &[String], key: impl Fn(&[String]) -> String, rest: impl Fn(&[String]) -> String) -> usize {
    let mut by_key: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in lines {
        let cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        by_key.entry(key(&cells)).or_default().push(rest(&cells));
    }
    by_key.values().filter(|said| said.iter().all(|one| *one == said[0])).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pairings_are_the_same_in_little_memory(
        lines in prop::collection::vec(pairing_line(), 0..400), delta in any::<bool>(), full in any::<bool>(),
    ) {
        let mode = if delta { Mode::Delta } else if full { Mode::Full } else { Mode::Add };
        let header = if delta { "imei,msisdn,imsi,binding,valid_until,change_type,operator" }
            else { "imei,msisdn,imsi,binding,valid_until,remark,operator" };
        let much = read_with(64 << 20, Kind::Pairing, mode, header, &lines);
        for memory_bytes in [0, 4_000, 40_000] {
            let little = read_with(memory_bytes, Kind::Pairing, mode, header, &lines);
            prop_assert_eq!(&little, &much, "{} bytes", memory_bytes);
        }
        let good = |line: &&String| {
            let cells: Vec<&str> = line.split(',').collect();
            let nobody = cells[1].is_empty() && cells[2].is_empty();
            let no_change = delta && ["", "drop"].contains(&cells[5]);
            !(nobody || no_change || line.ends_with("y\""))
        };
        let good: Vec<String> = lines.iter().filter(good).cloned().collect();
        let key = |cells: &[String]| cells[..3].join(",");
        // What ends a pairing needs to say no more than which.
        let rest = |cells: &[String]| match delta && cells[5] == "remove" {
            true => format!("remove,{}", cells[6]),
            false => format!("{},{},{}", cells[3], cells[4], cells[6]),
        };
        prop_assert_eq!(much.0.pairings.len() as usize, naive(&good, key, rest));
        prop_assert!(much.0.pairings.iter().map(|row| row.unwrap().order()).is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn subscribers_are_the_same_in_little_memory(
        lines in prop::collection::vec(subscriber_line(), 0..400), delta in any::<bool>(), full in any::<bool>(),
    ) {
        let mode = if delta { Mode::Delta } else if full { Mode::Full } else { Mode::Add };
        let header = if delta { "imsi,msisdn,since,change_type,operator" } else { "imsi,msisdn,since,remark,operator" };
        let much = read_with(64 << 20, Kind::Subscriber, mode, header, &lines);
        for memory_bytes in [0, 4_000] {
            let little = read_with(memory_bytes, Kind::Subscriber, mode, header, &lines);
            prop_assert_eq!(&little, &much, "{} bytes", memory_bytes);
        }
        let good = |line: &&String| {
            let cells: Vec<&str> = line.split(',').collect();
            let ends = delta && cells[3] == "remove";
            !cells[1].ends_with('a') && (ends || !cells[1].is_empty()) && cells[2] != "x" && !(delta && cells[3].is_empty())
        };
        let good: Vec<String> = lines.iter().filter(good).cloned().collect();
        let rest = |cells: &[String]| format!("{},{},{},{}", cells[1], cells[2], if delta { &cells[3] } else { "" }, cells[4]);
        prop_assert_eq!(much.0.subscribers.len() as usize, naive(&good, |cells| cells[0].clone(), rest));
    }
}

#[test]
fn a_folder_that_is_gone_refuses_the_list() {
    let lines: String = (0..200).map(|n| format!("35824005{n:06},08123456{n:04}\n")).collect();
    let lists = Lists::new().with("a.csv", format!("imei,msisdn\n{lines}"));
    let room = Room { folder: lists.path("gone"), memory_bytes: 0 };
    let refused = lists.read(&Options { room, ..Options::new(Kind::Pairing) }).unwrap_err().to_string();
    assert!(refused.contains("cannot be kept on disk"), "{refused}");
}
