//! What reading costs: identities off the wire and off a form, whole lists, and the answers of a batch in two encodings.
//!
//! `SARING_BENCH_IMEIS` sets the rows of a list (1,000,000 if absent). Every answer is asserted.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, dead_code, missing_docs)]

#[path = "common/setup.rs"]
mod setup;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use saring::{
    check::EquipmentValue,
    identity::{EquipmentKey, Imei, Msisdn, Pei},
    import::{self, Input, Kind, Options, progress::Silent},
    proto::CheckBatchResponse,
    sample,
};
use std::{hint::black_box, io::Write, sync::atomic::AtomicBool};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROWS: u64 = 1_000_000;
const VALUES: usize = 4096;
const BATCH: usize = 256;

fn keys(count: u64) -> Vec<EquipmentKey> {
    sample::keys(3, sample::clustered(3, count), 1)
}

/// One value after the other, around and around.
fn each<T>(c: &mut Criterion, name: &str, values: &[T], read: impl Fn(&T) -> bool) {
    let mut group = c.benchmark_group("parse");
    group.throughput(Throughput::Elements(1));
    let mut next = 0;
    group.bench_function(name, |b| {
        b.iter(|| {
            next = (next + 1) % values.len();
            assert!(read(black_box(&values[next])));
        });
    });
    group.finish();
}

fn identities(c: &mut Criterion) {
    let keys: Vec<_> = keys(VALUES as u64).into_iter().take(VALUES).collect();
    let wire: Vec<_> = keys.iter().map(|key| (key.get(), *key)).collect();
    each(c, "key/fixed64", &wire, |(number, key)| EquipmentValue::from_number(*number) == EquipmentValue::Key(*key));
    let texts: Vec<_> = keys.iter().map(|key| (Imei::from_key(*key).to_string(), *key)).collect();
    each(c, "imei/wire", &texts, |(text, key)| EquipmentValue::from(Pei::parse(text)) == EquipmentValue::Key(*key));
    each(c, "imei/typed", &texts, |(text, key)| Imei::from_typed(text).is_ok_and(|imei| imei.key() == *key));
    let number = |i: usize| 6_281_200_000_000 + i as u64 * 7919;
    let numbers: Vec<_> = (0..VALUES).map(|i| (number(i).to_string(), number(i))).collect();
    each(c, "msisdn/wire", &numbers, |(_, number)| Msisdn::new(*number).is_ok_and(|read| read.get() == *number));
    each(c, "msisdn/text", &numbers, |(text, number)| text.parse::<Msisdn>().is_ok_and(|read| read.get() == *number));
    let national: Vec<_> = numbers.iter().map(|(text, number)| (format!("0{}", &text[2..]), *number)).collect();
    each(c, "msisdn/08", &national, |(text, number)| text.parse::<Msisdn>().is_ok_and(|read| read.get() == *number));
}

/// Whole lists, read from a file as the command line reads them.
fn lists(c: &mut Criterion) {
    let keys = keys(setup::imeis(ROWS));
    let imei = |key: &EquipmentKey| Imei::from_key(*key).to_string();
    let lists: [(&str, Kind, &str, &dyn Fn(&EquipmentKey) -> String); 3] = [
        ("list/imei", Kind::Registered, "imei", &imei),
        ("list/imei,brand", Kind::Registered, "brand,imei", &|key| format!("Brand,{}", imei(key))),
        ("list/imei,date", Kind::Stolen, "imei,reporting_date,status", &|key| format!("{},20260310,", imei(key))),
    ];
    for (name, kind, header, row) in lists {
        let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        let rows: Vec<_> = keys.iter().map(row).collect();
        write!(file, "{header}\n{}\n", rows.join("\n")).unwrap();
        let inputs = [Input::File(file.path().to_owned())];
        let mut group = c.benchmark_group("parse");
        group.sample_size(10).throughput(Throughput::Elements(keys.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| {
                let gathered = import::read(&Options::new(kind), &inputs, &Silent, &AtomicBool::new(false)).unwrap();
                assert_eq!(gathered.counts.accepted, keys.len() as u64);
                gathered
            });
        });
        group.finish();
    }
}

/// What a batch's answers could have been: packed enums in the place of bytes.
#[derive(Clone, PartialEq, prost::Message)]
struct EnumAnswers {
    #[prost(int32, repeated, tag = "1")]
    statuses: Vec<i32>,
    #[prost(int32, repeated, tag = "2")]
    reasons: Vec<i32>,
    #[prost(int32, repeated, tag = "3")]
    pairings: Vec<i32>,
}

/// Answers of a packed batch to the wire and back.
fn batch_answers(c: &mut Criterion) {
    fn both_ways<M: prost::Message + Default + PartialEq>(c: &mut Criterion, name: &str, answers: &M) {
        let mut group = c.benchmark_group("wire");
        group.throughput(Throughput::Elements(BATCH as u64));
        group.bench_function(name, |b| {
            b.iter(|| assert!(M::decode(black_box(answers).encode_to_vec().as_slice()).as_ref() == Ok(answers)));
        });
        group.finish();
    }
    let mixed: Vec<u8> = (0..BATCH).map(|i| 1 + (i % 20) as u8).collect();
    let enums: Vec<i32> = mixed.iter().map(|value| i32::from(*value)).collect();
    let (statuses, reasons, pairings) = (mixed.clone(), mixed.clone(), mixed);
    let answers = CheckBatchResponse { statuses, reasons, pairings, ..Default::default() };
    both_ways(c, "batch256/bytes", &answers);
    let (statuses, reasons, pairings) = (enums.clone(), enums.clone(), enums);
    both_ways(c, "batch256/enums", &EnumAnswers { statuses, reasons, pairings });
}

criterion_group!(benches, identities, lists, batch_answers);
criterion_main!(benches);
