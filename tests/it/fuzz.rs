//! A million random and mutated texts at everything that reads what people and machines send: none panics, and
//! what is accepted reads back as itself. `SARING_FUZZ_STRINGS` changes the number.

use prost::Message;
use saring::{
    check::AsOf,
    day::{self, Day},
    identity::{Equipment, EquipmentKey, Imsi, Msisdn, Pei, Tac},
    journal::{BatchActivated, Change, Entry, Source},
    policy::Settings,
    proto::{
        CheckBatchRequest, CheckRequest, ExplainRequest,
        check_request::{Equipment as Asked, SubscriberNumber},
    },
    revision::Revision,
    sample::SplitMix64,
};
use std::{fmt::Debug, str::FromStr};

const STRINGS: u64 = 1_000_000;
const THREADS: u64 = 2;
/// One string in so many is a settings document: they take longest to read.
const STRINGS_A_DOCUMENT: u64 = 32;

const SEEDS: [&str; 20] = [
    "350000010000079",
    "imei-350000010000079",
    "imeisv-3500000100000799",
    "mac-00-11-22-33-44-55",
    "eui-0011223344556677",
    "00000000000000",
    "+62 812-3456-7801",
    "081234567801",
    "msisdn-6281234567801",
    "+62 (0)812 3456 7801",
    "510101234567801",
    "imsi-001010123456789",
    "35000001",
    "2026-12-31",
    "20261231",
    "2026-12-31T18:00",
    "2026-12-31T18:00:00+07:00",
    "2149-06-05T23:59:59.999999999Z",
    "1.42",
    "4294967295.18446744073709551615",
];
const DOCUMENTS: [&str; 2] = [
    "[national]\nnot_registered = \"grey\"\ngrandfathered_cutoff = 2020-04-18\ntourist_days = 30\n",
    "[bounds]\nexpired = [\"grey\", \"black\"]\n[operator.telkomsel]\nexpired = \"grey\"\n[national]\nemergency_never_black = true\n",
];
/// What texts of this kind are made of, with digits of other scripts and characters of several bytes among them.
const ALPHABET: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '6', '2', '+', '-', ' ', '.', ':', 'T', 'Z', '/', '(', ')',
    'i', 'm', 'e', '٣', '５', 'é', '\u{0}', '\u{202e}', '𝟘',
];

struct Fuzz {
    random: SplitMix64,
    accepted: u64,
}

impl Fuzz {
    fn below(&mut self, limit: usize) -> usize {
        self.random.below(limit as u64) as usize
    }

    fn bytes(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len().max(1));
            match self.below(7) {
                _ if bytes.is_empty() => bytes.push(self.random.next_u64() as u8),
                0 => bytes[at] = self.random.next_u64() as u8,
                1 => bytes[at] ^= 1 << self.below(8),
                2 => bytes.truncate(at),
                3 => bytes.extend_from_within(at..),
                4 => _ = bytes.remove(at),
                5 => bytes.insert(at, b'0' + self.below(10) as u8),
                _ => bytes[at] = b'0' + self.below(10) as u8,
            }
        }
        bytes
    }

    fn text(&mut self) -> String {
        match self.below(4) {
            0 => (0..self.below(24)).map(|_| ALPHABET[self.below(ALPHABET.len())]).collect(),
            1 => {
                let bytes: Vec<u8> = (0..self.below(40)).map(|_| self.random.next_u64() as u8).collect();
                String::from_utf8_lossy(&bytes).into_owned()
            }
            _ => {
                let seed = SEEDS[self.below(SEEDS.len())].as_bytes();
                String::from_utf8_lossy(&self.bytes(seed)).into_owned()
            }
        }
    }

    /// What is accepted has one text, which reads back as the same value; what is refused is told in few words.
    fn reads_back<T: FromStr<Err: ToString> + ToString + PartialEq + Debug>(&mut self, text: &str) {
        match text.parse::<T>() {
            Ok(value) => {
                let written = value.to_string();
                assert!(written.parse::<T>().is_ok_and(|again| again == value), "{text:?} became {written:?}");
                self.accepted += 1;
            }
            Err(error) => assert!(error.to_string().len() < 500, "{text:?}: {}", error.to_string()),
        }
    }

    fn text_parsers(&mut self, text: &str) {
        match Pei::parse(text) {
            Pei::Equipment(equipment) => {
                self.accepted += 1;
                assert_eq!(Pei::parse(&equipment.to_string()), Pei::Equipment(equipment), "{text:?}");
                assert!(equipment.key().get() < EquipmentKey::LIMIT);
            }
            Pei::Malformed(error) => assert!(error.to_string().len() < 500, "{text:?}"),
            Pei::Other => {}
        }
        self.reads_back::<Equipment>(text);
        self.reads_back::<EquipmentKey>(text);
        self.reads_back::<Msisdn>(text);
        self.reads_back::<Imsi>(text);
        self.reads_back::<Tac>(text);
        self.reads_back::<Day>(text);
        self.reads_back::<Revision>(text);
        if let Ok(typed) = Equipment::from_typed(text) {
            assert!(!typed.key().is_zero(), "{text:?}");
        }
        if let Ok(moment) = day::moment(text) {
            Day::of_unix_seconds(moment);
            assert!(text.parse::<AsOf>().is_ok(), "{text:?}");
        }
    }

    fn document(&mut self) {
        let seed = DOCUMENTS[self.below(DOCUMENTS.len())].as_bytes();
        let text = String::from_utf8_lossy(&self.bytes(seed)).into_owned();
        match Settings::from_toml(&text) {
            Ok(settings) => {
                assert_eq!(Settings::from_toml(&settings.to_toml()).as_ref(), Ok(&settings), "{text:?}");
                self.accepted += 1;
            }
            Err(error) => assert!(error.to_string().len() < 2_000, "{text:?}: {error}"),
        }
    }

    /// What is decoded encodes to bytes that decode to the same.
    fn decodes_back<M: Message + Default + PartialEq + Debug>(&mut self, bytes: &[u8]) {
        if let Ok(message) = M::decode(bytes) {
            assert_eq!(M::decode(message.encode_to_vec().as_slice()).as_ref(), Ok(&message));
            self.accepted += 1;
        }
    }

    fn messages(&mut self, seeds: &[Vec<u8>]) {
        let seed = &seeds[self.below(seeds.len())];
        let bytes = self.bytes(seed);
        self.decodes_back::<CheckRequest>(&bytes);
        self.decodes_back::<CheckBatchRequest>(&bytes);
        self.decodes_back::<ExplainRequest>(&bytes);
        self.decodes_back::<Entry>(&bytes);
    }
}

fn messages() -> Vec<Vec<u8>> {
    let request = CheckRequest {
        equipment: Some(Asked::EquipmentText("350000010000079".into())),
        subscriber_number: Some(SubscriberNumber::Msisdn(6_281_234_567_801)),
        operator: "telkomsel".into(),
        emergency: true,
        ..Default::default()
    };
    let batch = CheckBatchRequest {
        equipment_key: vec![35_000_001_000_007; 5],
        msisdn: vec![6_281_234_567_801; 5],
        with_valid_until: true,
        ..Default::default()
    };
    let sources = vec![Source { name: "a.csv".into(), bytes: 9, sha256: vec![7; 32] }];
    let activated = BatchActivated { batch: 3, body_sha256: vec![1; 32], rows: 5, sources, ..Default::default() };
    let entry = Entry { seq: 4, epoch: 1, change: Some(Change::BatchActivated(activated)), ..Default::default() };
    vec![request.encode_to_vec(), batch.encode_to_vec(), entry.encode_to_vec()]
}

#[test]
fn no_text_and_no_message_makes_a_parser_panic() {
    let strings = std::env::var("SARING_FUZZ_STRINGS").map_or(STRINGS, |count| count.parse().unwrap());
    let seeds = messages();
    let accepted: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let seeds = &seeds;
                scope.spawn(move || {
                    let mut fuzz = Fuzz { random: SplitMix64::new(20_260_416 + thread), accepted: 0 };
                    for nth in 0..strings / THREADS {
                        let text = fuzz.text();
                        fuzz.text_parsers(&text);
                        fuzz.messages(seeds);
                        if nth % STRINGS_A_DOCUMENT == 0 {
                            fuzz.document();
                        }
                    }
                    fuzz.accepted
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    println!("{strings} texts and as many messages; {accepted} times something was accepted");
    assert!(accepted > strings / 10, "the texts are near enough to what is meant: {accepted}");
}
