//! Whatever lists came in: the check from memory and the explanation from the disk give the same verdict.
//!
//! Registers are made of random lists over few devices and numbers, so that rows meet. Afterwards every
//! question is asked both ways, as of the newest entry and as of every earlier import.
//! `SARING_EVIDENCE_REGISTERS` makes more registers, for a longer search.

use saring::{
    check::{Answer, AsOf, Checker, Clock, EquipmentValue, Explain, Inquiry, When},
    day::Day,
    explain::Explainer,
    hot::{HotSets, Published},
    identity::{EquipmentKey, Imsi, Msisdn},
    import::{self, Input, Kind, Mode, Options},
    load,
    lookup::{Asking, DevicePage, Finder, Found, LookupOrder},
    pairing::PairStanding,
    policy::{Reason, Status, Verdict},
    registry::{self, ImportOrder, Registry},
    revision::Revision,
    sample::SplitMix64,
};
use std::{
    fs,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

const REGISTERS: u64 = 12;
/// Of so many questions one is looked up, with all that a page has.
const LOOKUP_EVERY: usize = 7;
const LISTS: u64 = 14;
/// Two models and a test model, at the edges of pages of 2,048 serials.
const TACS: [u64; 3] = [35_440_071, 35_440_072, 123_456];
const SERIALS: [u64; 7] = [1, 2, 2_047, 2_048, 4_096, 65_535, 999_999];
const NUMBERS: [u64; 4] = [6_281_234_567_801, 6_281_234_567_802, 6_281_234_567_803, 6_581_234_567];
const SIMS: [u64; 4] = [510_101_234_567_801, 510_101_234_567_802, 510_101_234_567_803, 525_011_234_567_890];
const OPERATORS: [&str; 3] = ["", "telkomsel", "xl"];
const ENDS: [&str; 4] = ["", "2026-03-31", "2026-04-01", "2090-12-31"];
const DAYS: [&str; 3] = ["2026-03-31", "2026-04-01", "2026-06-01"];
const DOCUMENTS: [&str; 3] = [
    "[national]\ngrandfathered_mode = \"paired-only\"\nexpired = \"grey\"\n",
    "[national]\nnot_registered_without_number = \"unknown\"\n[bounds]\nexpired = [\"grey\", \"black\"]\n[operator.xl]\nexpired = \"grey\"\n",
    "[national]\nsuspended_black_from = \"2026-04-01\"\ngrandfathered_cutoff = \"2020-09-01\"\n",
];

/// Random choices.
struct Dice(SplitMix64);

impl Dice {
    fn one_in(&mut self, sides: u64) -> bool {
        self.0.below(sides) == 0
    }

    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.0.below(values.len() as u64) as usize]
    }

    fn imei(&mut self) -> String {
        format!("{:08}{:06}", self.of(&TACS), self.of(&SERIALS))
    }

    /// A number, or nothing in one of three cases.
    fn number(&mut self, values: &[u64]) -> String {
        if self.one_in(3) { String::new() } else { self.of(values).to_string() }
    }

    fn mode(&mut self) -> Mode {
        self.of(&[Mode::Add, Mode::Add, Mode::Add, Mode::Full, Mode::Delta])
    }

    /// A list of a kind: header and rows. A delta has a change type, a list of the others sometimes a status.
    fn list(&mut self, kind: Kind, mode: Mode) -> String {
        let mut header = match kind {
            Kind::Ranges => "from,to",
            Kind::Pairing => "imei,msisdn,imsi,valid_until,binding,operator",
            Kind::Subscriber => "imsi,msisdn,operator",
            Kind::Tac => "tac,manufacturer,model",
            Kind::ExemptTac => "tac",
            Kind::BarredTac => "tac,hard",
            Kind::Stolen | Kind::Lost | Kind::Barred => "imei,reporting_date,valid_until,operator",
            Kind::Grandfathered => "imei,first_seen,valid_until,msisdn",
            _ => "imei,imei2,valid_until,msisdn",
        }
        .to_owned();
        let status = kind.is_device() && mode != Mode::Delta && self.one_in(2);
        if mode == Mode::Delta {
            header.push_str(",change_type");
        } else if status {
            header.push_str(",status");
        }
        let mut text = header + "\n";
        for _ in 0..=self.0.below(8) {
            text.push_str(&self.row(kind));
            if mode == Mode::Delta {
                text.push_str(self.of(&[",add", ",update", ",remove"]));
            } else if status {
                text.push_str(self.of(&[",", ",", ",recovered"]));
            }
            text.push('\n');
        }
        text
    }

    fn row(&mut self, kind: Kind) -> String {
        let (imei, end, tac) = (self.imei(), self.of(&ENDS), self.of(&TACS));
        match kind {
            Kind::Ranges => format!("{tac:08}{:06},{tac:08}{:06}", self.of(&[0, 2_000]), self.of(&[2_100, 4_100])),
            Kind::Pairing => {
                let binding = self.of(&["", "allowance", "binding"]);
                let operator = self.of(&OPERATORS);
                format!("{imei},{},{},{end},{binding},{operator}", self.number(&NUMBERS), self.number(&SIMS))
            }
            Kind::Subscriber => format!("{},{},{}", self.of(&SIMS), self.of(&NUMBERS), self.of(&OPERATORS)),
            Kind::Tac => format!("{tac:08},PT Merek,{}", self.of(&["Satu", "Dua"])),
            Kind::ExemptTac => format!("{tac:08}"),
            Kind::BarredTac => format!("{tac:08},{}", self.of(&["yes", "no"])),
            Kind::Stolen | Kind::Lost | Kind::Barred => format!("{imei},2026-01-01,{end},{}", self.of(&OPERATORS)),
            Kind::Grandfathered => {
                let seen = self.of(&["", "2020-04-18", "2020-04-19", "2019-01-01"]);
                format!("{imei},{seen},{end},{}", self.number(&NUMBERS))
            }
            _ => {
                let second = if self.one_in(4) { self.imei() } else { String::new() };
                format!("{imei},{second},{end},{}", self.number(&NUMBERS))
            }
        }
    }
}

/// One register of random lists.
struct Story {
    registry: Registry,
    published: Arc<Published>,
    dice: Dice,
    list: std::path::PathBuf,
    told: String,
}

impl Story {
    fn begin(folder: &Path, seed: u64) -> Self {
        let (registry, _) = Registry::open(&folder.join("data"), true).unwrap();
        let published = Arc::new(Published::new(load::hot_sets(registry.store(), &mut |_| {}).unwrap()));
        registry.keep_published(Arc::clone(&published));
        Self {
            registry,
            published,
            dice: Dice(SplitMix64::new(seed)),
            list: folder.join("list.csv"),
            told: format!("seed {seed}"),
        }
    }

    /// Takes in one random list, or a settings document. The list is then taken in once more: nothing changes.
    fn go_on(&mut self) {
        if self.dice.one_in(8) {
            let (document, from) = (self.dice.of(&DOCUMENTS), self.dice.of(&DAYS));
            self.told += &format!("\nsettings from {from}: {document}");
            self.registry.apply_settings(document, unix(from)).unwrap();
            return;
        }
        let kind = self.dice.of(Kind::ALL);
        let mode = if kind == Kind::Ranges { Mode::Add } else { self.dice.mode() };
        let text = self.dice.list(kind, mode);
        let dated = kind == Kind::Temporary || kind.is_device() && self.dice.one_in(3);
        let mut options = Options { mode, door: self.dice.of(kind.doors()), ..Options::new(kind) };
        options.valid_until = dated.then(|| self.dice.of(&ENDS[1..]).parse().unwrap());
        options.operator = Some(self.dice.of(&OPERATORS).to_owned()).filter(|name| !name.is_empty());
        self.told += &format!("\n{kind} {mode} {:?} {:?}:\n{text}", options.door, options.valid_until);
        fs::write(&self.list, &text).unwrap();
        let take = || {
            let inputs = [Input::File(self.list.clone())];
            let gathered = import::read(&options, &inputs, &import::progress::Silent, &AtomicBool::new(false)).unwrap();
            let order = ImportOrder::bootstrap(mode, "", 100);
            self.registry.import(gathered, &order).unwrap()
        };
        let first = take();
        let again = take();
        assert!(again.batches.is_empty(), "{first:?} and again {again:?}: {}", self.told);
    }

    /// The hot sets, loaded anew; those that every change was published to are the same.
    fn hot(&self) -> HotSets {
        let loaded = load::hot_sets(self.registry.store(), &mut |_| {}).unwrap();
        let published = self.published.load();
        assert_eq!(published.digest(), loaded.digest(), "published and loaded: {}", self.told);
        assert_eq!(published.revision(), loaded.revision(), "{}", self.told);
        loaded
    }
}

/// Noon of a day in WIB.
fn unix(day: &str) -> i64 {
    day.parse::<Day>().unwrap().end_unix_seconds() - 12 * 3600
}

fn inquiries() -> Vec<Inquiry> {
    let mut inquiries = Vec::new();
    for tac in TACS {
        for serial in SERIALS.into_iter().chain([3, 2_046, 500_000]) {
            let key = EquipmentKey::new(tac * 1_000_000 + serial).unwrap();
            for msisdn in [None].into_iter().chain(NUMBERS.map(Some)) {
                for imsi in [None].into_iter().chain(SIMS.map(Some)) {
                    inquiries.push(Inquiry {
                        equipment: EquipmentValue::Key(key),
                        msisdn: msisdn.map(|number| Msisdn::new(number).unwrap()),
                        imsi: imsi.map(|number| Imsi::from_number(number).unwrap()),
                        emergency: serial == 2,
                    });
                }
            }
        }
    }
    inquiries
}

/// What decided is an index into evidence that both sides keep in an order of their own.
fn plain(verdict: &Verdict) -> (Status, Reason, PairStanding, Option<Day>, bool) {
    (verdict.status, verdict.reason, verdict.pairing, verdict.valid_until, verdict.sim_changed)
}

/// The page that an agent gets for a question.
fn looked_up(explainer: &Explainer, inquiry: &Inquiry, operator: Option<&str>, when: When) -> DevicePage {
    let EquipmentValue::Key(key) = inquiry.equipment else { panic!("{inquiry:?}") };
    let order = LookupOrder {
        text: key.to_string(),
        msisdn: inquiry.msisdn,
        imsi: inquiry.imsi,
        operator: operator.map(str::to_owned),
        when,
        only: None,
    };
    match Finder::new(explainer.clone()).find(&order).unwrap().found {
        Found::Device(page) => *page,
        other => panic!("{other:?}"),
    }
}

/// Every answer on the page is the network's to the same question.
fn agree(page: &DevicePage, inquiry: &Inquiry, operator: Option<&str>, checker: &Checker, told: &str) {
    let same = |answer: &Answer, inquiry: &Inquiry, operator: Option<&str>| {
        let network = checker.check(inquiry, operator).unwrap();
        assert_eq!(plain(&answer.verdict), plain(&network.verdict), "{inquiry:?} {operator:?}: {told}");
        assert_eq!(answer.basis, network.basis, "{told}");
    };
    same(&page.answer, inquiry, operator);
    assert!(page.operators[0].operator.is_none());
    for of in &page.operators {
        for (asking, answer) in &of.answers {
            let (msisdn, imsi) = match asking {
                Asking::WithoutNumber => (None, None),
                Asking::WithNumber => (inquiry.msisdn, inquiry.imsi),
                Asking::ForeignSim => (None, Some(Imsi::from_number(525_019_999_999_999).unwrap())),
            };
            same(answer, &Inquiry { msisdn, imsi, ..*inquiry }, of.operator.as_deref());
        }
    }
    for (key, answer) in &page.linked {
        same(answer, &Inquiry { equipment: EquipmentValue::Key(*key), ..*inquiry }, operator);
    }
    // What would change the answer changes it, and never for the worse.
    for (remedy, after) in &page.outlook.remedies {
        let now = &page.answer.verdict;
        let after = after.as_ref().map(|after| (after.status, after.reason));
        assert!(
            after.is_none_or(|after| after.0 <= now.status && after != (now.status, now.reason)),
            "{remedy:?} {told}"
        );
    }
}

/// Every question both ways. Gives how many were asked.
fn compare(story: &Story, hot: HotSets, as_of: AsOf, inquiries: &[Inquiry], every: usize) -> usize {
    let store = Arc::clone(story.registry.store());
    let sets = Arc::new(Published::new(hot));
    let mut count = 0;
    for (nth, day) in DAYS.into_iter().enumerate() {
        let checker = Checker::new(Arc::clone(&sets), Clock::fixed(unix(day)));
        let explainer = Explainer::new(Arc::clone(&store), Clock::fixed(0));
        let when = When { on: Some(unix(day)), as_of };
        for operator in [None, Some("xl")] {
            for inquiry in inquiries.iter().skip(nth).step_by(every) {
                let checked = checker.check(inquiry, operator).unwrap();
                let explained = explainer.explain(inquiry, operator, when).unwrap().answer;
                let both = (plain(&checked.verdict), plain(&explained.verdict));
                assert_eq!(both.0, both.1, "{inquiry:?} {operator:?} on {day}, {as_of:?}: {}", story.told);
                assert_eq!(checked.basis, explained.basis, "{}", story.told);
                count += 1;
                if count % LOOKUP_EVERY == 0 && !inquiry.emergency {
                    let page = looked_up(&explainer, inquiry, operator, when);
                    agree(&page, inquiry, operator, &checker, &story.told);
                    let at = |on: i64| {
                        let when = When { on: Some(on), as_of };
                        plain(&explainer.explain(inquiry, operator, when).unwrap().answer.verdict)
                    };
                    if let Some(turn) = page.outlook.next {
                        assert_eq!(plain(&turn.verdict), at(turn.unix_seconds), "{}", story.told);
                        let (before, now) = (at(turn.unix_seconds - 1), plain(&page.answer.verdict));
                        assert_eq!((before.0, before.1), (now.0, now.1), "{}", story.told);
                    }
                }
            }
        }
    }
    count
}

#[test]
fn a_check_and_its_explanation_agree_whatever_lists_came_in() {
    let registers = std::env::var("SARING_EVIDENCE_REGISTERS").map_or(REGISTERS, |count| count.parse().unwrap());
    let inquiries = inquiries();
    let mut asked = 0;
    for seed in 0..registers {
        let folder = tempfile::tempdir().unwrap();
        let mut story = Story::begin(folder.path(), seed);
        let mut states: Vec<(Revision, HotSets)> = Vec::new();
        for _ in 0..LISTS {
            story.go_on();
            states.push((story.registry.store().applied(), story.hot()));
        }
        let verified = registry::verify(story.registry.store()).unwrap_or_else(|e| panic!("{e}: {}", story.told));
        assert_eq!(story.hot().digest(), verified.digest, "{}", story.told);
        asked += compare(&story, story.hot(), AsOf::Now, &inquiries, 5);
        for (revision, hot) in states {
            asked += compare(&story, hot, AsOf::Revision(revision), &inquiries, 97);
        }
    }
    println!("{asked} questions to {registers} registers");
    assert!(asked as u64 > registers * 1_000);
}
