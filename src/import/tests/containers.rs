//! Every container gives what the plain list gives, and a damaged one gives nothing.

use super::*;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::io::Write;

const LIST: &str = "imei,make\n35824005000001,a\n35824005000002,b\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstandard(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 3).unwrap()
}

fn zipped(files: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    writer.add_directory("lists/", options).unwrap();
    for (name, bytes) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn read_one(name: &str, bytes: &[u8]) -> Result<Gathered, ImportError> {
    Lists::new().with(name, bytes).read(&Options::new(Kind::Registered))
}

fn message(name: &str, bytes: &[u8]) -> String {
    let lists = Lists::new().with(name, bytes);
    lists.plain(&lists.read(&Options::new(Kind::Registered)).unwrap_err().to_string())
}

/// The same list in every container, with the name that it needs.
fn packed(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let two_members = [gzip(&bytes[..bytes.len() / 2]), gzip(&bytes[bytes.len() / 2..])].concat();
    vec![
        ("a.csv", bytes.to_vec()),
        ("a", bytes.to_vec()),
        ("a.csv.gz", gzip(bytes)),
        ("a.GZ", two_members),
        ("a", gzip(bytes)),
        ("a.txt.zst", zstandard(bytes)),
        ("a.zip", zipped(&[("lists/a.csv", bytes)], zip::CompressionMethod::Deflated)),
        ("a.zip", zipped(&[("a", bytes)], zip::CompressionMethod::Stored)),
    ]
}

#[test]
fn every_container_gives_the_same() {
    let expected = gathered(Kind::Registered, LIST);
    for (name, bytes) in packed(LIST.as_bytes()) {
        let gathered = read_one(name, &bytes).unwrap();
        assert_eq!((&gathered.pages, gathered.counts), (&expected.pages, expected.counts), "{name}");
        let source = &gathered.sources[0];
        assert_eq!((source.bytes, source.sha256), (bytes.len() as u64, Sha256::digest(&bytes).into()), "{name}");
    }
}

#[test]
fn a_long_list_in_every_container() {
    let rows: String = (0..60_000).map(|serial| format!("35824005{serial:06}\r\n")).collect();
    for (name, bytes) in packed(rows.as_bytes()) {
        let gathered = read_one(name, &bytes).unwrap();
        assert_eq!((gathered.counts.accepted, gathered.listed_devices()), (60_000, 60_000), "{name}");
    }
}

#[test]
fn a_truncated_archive_is_refused() {
    // A gzip of two members that is cut between them is a whole one: no reader can tell.
    let archives = packed(LIST.as_bytes()).into_iter().skip(2).filter(|(name, _)| *name != "a.GZ");
    for (name, bytes) in archives {
        for cut in 1..bytes.len() {
            assert!(read_one(name, &bytes[..cut]).is_err(), "{name} cut at {cut}");
        }
    }
}

#[test]
fn messages_of_containers() {
    let gz = gzip(LIST.as_bytes());
    let zip = zipped(&[("a.csv", LIST.as_bytes())], zip::CompressionMethod::Deflated);
    insta::assert_snapshot!(message("a.gz", LIST.as_bytes()), @"a.gz: the suffix says gzip, the first bytes say plain text: rename the file, or export it again");
    insta::assert_snapshot!(message("a.csv", &gz), @"a.csv: the suffix says plain text, the first bytes say gzip: rename the file, or export it again");
    insta::assert_snapshot!(message("a.csv", &zip), @"a.csv: the suffix says plain text, the first bytes say zip (or an Excel workbook): rename the file, or export it again");
    insta::assert_snapshot!(message("a.zst", &gz), @"a.zst: the suffix says zstd, the first bytes say gzip: rename the file, or export it again");
    insta::assert_snapshot!(message("a.csv", b"%PDF-1.4"), @"a.csv: the suffix says plain text, the first bytes say PDF: rename the file, or export it again");
    insta::assert_snapshot!(message("a.csv.gz", &gz[..gz.len() - 6]), @"a.csv.gz: the archive is damaged or cut short (unexpected end of file): get the file again");
    insta::assert_snapshot!(message("a.csv.gz", &[&gz[..], b"tail"].concat()), @"a.csv.gz: the archive is damaged or cut short (unexpected end of file): get the file again");
    insta::assert_snapshot!(message("a.xlsx", &zip), @r#"a.xlsx: the suffix "xlsx" is not one of a list; known are .csv, .tsv, .txt, .lst, .list, .dat, .gz, .zst and .zip with one file. Export the list as CSV in UTF-8"#);
    insta::assert_snapshot!(message("a.tar.gz", &gz), @r#"a.tar.gz: the suffix "tar" is not one of a list; known are .csv, .tsv, .txt, .lst, .list, .dat, .gz, .zst and .zip with one file. Export the list as CSV in UTF-8"#);
    insta::assert_snapshot!(message("a.zip", &zipped(&[("a.csv", b"imei"), ("b.csv", b"imei")], zip::CompressionMethod::Stored)), @"a.zip: the zip holds 2 files; it must hold exactly one list");
    insta::assert_snapshot!(message("a.zip", &zipped(&[("sheet.xml", b"<a/>")], zip::CompressionMethod::Stored)), @r#"a.zip: sheet.xml: the suffix "xml" is not one of a list; known are .csv, .tsv, .txt, .lst, .list, .dat, .gz, .zst and .zip with one file. Export the list as CSV in UTF-8"#);
    let mut damaged = zipped(&[("a", LIST.as_bytes())], zip::CompressionMethod::Stored);
    let place = damaged.windows(4).position(|window| window == b"3582").unwrap();
    damaged[place + 13] = b'9';
    insta::assert_snapshot!(message("a.zip", &damaged), @"a.zip: the archive is damaged or cut short (size or CRC-32 of the file in the zip differ): get the file again");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_flipped_bit_in_an_archive_changes_nothing_silently(which in 0_usize..6, place in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let expected = gathered(Kind::Registered, LIST);
        let (name, mut bytes) = packed(LIST.as_bytes()).swap_remove(which + 2);
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        // Flags, times and names of a header may differ; rows may not. zstd has no checksum unless asked for.
        if let Ok(gathered) = read_one(name, &bytes) && !name.ends_with("zst") {
            prop_assert_eq!(gathered.pages, expected.pages);
        }
    }
}
