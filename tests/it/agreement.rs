//! The property that the call centre stands on: whoever asks the same question hears the same answer.
//!
//! Registers, policies, questions and times come by chance. A question at this moment goes to `Check` as a network asks it, to `Lookup`, to
//! the console's page, to the function that the command line prints from, to the command line itself, and its kind to the public page;
//! a question at another time to all of these that know times.

use crate::support::{
    ANI, ANI_SIM, Asked, BUDI, Register,
    browser::Browser,
    office::{Office, phone, run, shown},
    patiently,
};
use proptest::prelude::*;
use saring::{
    check::{Clock, EquipmentValue, Explain, Inquiry, When},
    day,
    explain::Explainer,
    identity::Pei,
    policy::{Reason, Status},
    proto::{self, FindRequest, find_response::Found, lookup_client::LookupClient},
    store::{OpenMode, Store},
    words::{Audience, Language, Words},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

const FIRST: u64 = 35_209_900_000_000;
/// The devices that lists and questions are about; a few are in no list, and one TAC has a rule.
const DEVICES: u64 = 16;
const RULED: u64 = 35_440_131_000_000;
const OPERATORS: [&str; 3] = ["", "telkomsel", "xl"];
/// Now, and moments before and behind the ends of things.
const TIMES: [&str; 4] = ["", "2025-06-01T00:30", "2026-01-01T12:00", "2031-03-01T23:59"];

/// Draws by a linear congruence: the same seed is the same register.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len() as u64) as usize]
    }

    fn device(&mut self) -> u64 {
        if self.below(8) == 0 { RULED + self.below(3) } else { FIRST + self.below(DEVICES) }
    }
}

/// Which devices lists name with a number or with Ani's SIM alone, and whose that SIM is.
#[derive(Debug, Default)]
struct Named {
    by_number: BTreeMap<&'static str, BTreeSet<u64>>,
    by_sim: BTreeSet<u64>,
    sim_has: Option<&'static str>,
}

impl Named {
    fn add(&mut self, list: &str) {
        for row in list.lines() {
            let (device, rest) = row.split_once(',').unwrap();
            let number = rest.rsplit(',').next().unwrap();
            let device = device.parse().unwrap();
            match [ANI, BUDI].into_iter().find(|known| *known == number) {
                Some(number) => _ = self.by_number.entry(number).or_default().insert(device),
                None => _ = self.by_sim.insert(device),
            }
        }
    }

    /// The devices on the page of a number, each with whether it is there by the SIM.
    fn of(&self, number: &str) -> BTreeMap<u64, bool> {
        let named = self.by_number.get(number).into_iter().flatten().map(|device| (*device, false));
        let by_sim = self.by_sim.iter().filter(|_| self.sim_has == Some(number)).map(|device| (*device, true));
        by_sim.chain(named).collect()
    }
}

/// A register by chance: lists of every kind, and now and then another policy.
fn register(draw: &mut Draw) -> (Register, Named) {
    let register = Register::new();
    let mut named = Named::default();
    let rows = |draw: &mut Draw, row: &dyn Fn(&mut Draw, u64) -> String| {
        let count = 1 + draw.below(8);
        let mut rows = BTreeMap::new();
        for _ in 0..count {
            let key = draw.device();
            rows.insert(key, row(draw, key));
        }
        rows.into_values().collect::<String>()
    };
    let list = rows(draw, &|_, key| format!("{key}\n"));
    register.import("registered", &format!("imei\n{list}"), "");
    if draw.below(2) == 0 {
        let settings = format!(
            "[national]\nnot_registered = \"{}\"\nexpired = \"{}\"\n[operator.xl]\nnot_registered = \"{}\"\n",
            draw.of(&["grey", "black", "unknown"]),
            draw.of(&["grey", "black", "white"]),
            draw.of(&["grey", "black"]),
        );
        register.file("settings.toml", settings);
        register.run("settings apply {}/settings.toml --effective-from 2020-01-01").ok();
    }
    let list = rows(draw, &|draw, key| {
        let until = draw.of(&["2025-12-31", "2026-01-01", "2031-02-28", "2099-12-31"]);
        format!("{key},{until},{}\n", draw.of(&[ANI, BUDI]))
    });
    named.add(&list);
    let operator = draw.of(&OPERATORS[1..]);
    register.import(
        "temporary",
        &format!("imei,valid_until,msisdn\n{list}"),
        &format!("--door operator-tourist --operator {operator}"),
    );
    let list = rows(draw, &|draw, key| format!("{key},{}\n", draw.of(&[ANI, BUDI])));
    named.add(&list);
    register.import("pairing", &format!("imei,msisdn\n{list}"), &format!("--operator {}", draw.of(&OPERATORS[1..])));
    if draw.below(3) > 0 {
        let list = rows(draw, &|_, key| format!("{key},{ANI_SIM}\n"));
        named.add(&list);
        register.import("pairing", &format!("imei,imsi\n{list}"), &format!("--operator {}", draw.of(&OPERATORS[1..])));
    }
    let list = rows(draw, &|draw, key| format!("{key},{}\n", draw.of(&["2019-05-01", "2024-05-01", ""])));
    register.import("grandfathered", &format!("imei,first_seen\n{list}"), "--operator xl");
    if draw.below(2) == 0 {
        let kind = draw.of(&["stolen", "lost"]);
        let list = rows(draw, &|_, key| format!("{key},2026-01-02\n"));
        register.import(kind, &format!("imei,reporting_date\n{list}"), "--operator xl");
    }
    if draw.below(2) == 0 {
        let list = rows(draw, &|_, key| format!("{key}\n"));
        register.import("exempt", &format!("imei\n{list}"), "--valid-until 2030-05-31");
    }
    match draw.below(4) {
        0 => drop(register.import("exempt-tac", "tac\n35440131\n", "")),
        1 => drop(register.import("barred-tac", "tac\n35440131\n", "")),
        2 => drop(register.import("barred-tac", "tac\n35440131\n", "--door court --hard")),
        _ => {}
    }
    // The last one counts.
    for _ in 0..draw.below(3) {
        let msisdn = [ANI, BUDI][draw.below(2) as usize];
        register.import("subscriber", &format!("imsi,msisdn\n{ANI_SIM},{msisdn}\n"), "--operator telkomsel");
        named.sim_has = Some(msisdn);
    }
    (register, named)
}

#[derive(Clone, Debug)]
struct Question {
    imei: String,
    msisdn: &'static str,
    operator: &'static str,
    on: &'static str,
}

fn questions(draw: &mut Draw) -> Vec<Question> {
    let devices = (FIRST..FIRST + DEVICES).chain(RULED..RULED + 3);
    let mut questions = Vec::new();
    for key in devices {
        for _ in 0..4 {
            let imei = match draw.below(24) {
                0 => "3520990000000".to_owned(),
                1 => "352099O0000000".to_owned(),
                2 => "00000000000000".to_owned(),
                3 => format!("{key}77"),
                _ => phone(key, 1)[0].clone(),
            };
            let operator = OPERATORS[draw.below(3) as usize];
            let msisdn = ["", ANI, BUDI][draw.below(3) as usize];
            questions.push(Question { imei, msisdn, operator, on: TIMES[draw.below(6).min(3) as usize] });
        }
    }
    questions
}

/// Status and reason.
type Said = (String, String);

fn of_wire(verdict: Option<&proto::Verdict>) -> Said {
    let verdict = verdict.expect("a verdict");
    let status = match verdict.status().as_str_name() {
        "WHITELISTED" => "white",
        "GREYLISTED" => "grey",
        "BLACKLISTED" => "black",
        _ => "unknown",
    };
    (status.to_owned(), verdict.reason().as_str_name().to_owned())
}

fn moment(on: &str) -> Option<i64> {
    (!on.is_empty()).then(|| day::moment(on).unwrap())
}

/// What the command line itself prints: one process for each operator and time, with all questions as its lines.
fn command_line(register: &Register, questions: &[Question]) -> BTreeMap<usize, Said> {
    let mut told = BTreeMap::new();
    for operator in OPERATORS {
        for on in TIMES {
            let of: Vec<_> = questions
                .iter()
                .enumerate()
                .filter(|(_, asked)| asked.operator == operator && asked.on == on)
                .collect();
            if of.is_empty() {
                continue;
            }
            let lines: String = of.iter().map(|(_, asked)| format!("{},{}\n", asked.imei, asked.msisdn)).collect();
            let option =
                |name: &str, value: &str| if value.is_empty() { String::new() } else { format!(" {name} {value}") };
            let line = format!("check -{}{}", option("--operator", operator), option("--on", on));
            let out = register.run_with(&line, lines.as_bytes()).ok().out;
            let rows: Vec<Vec<&str>> = out.lines().skip(1).map(|row| row.split(',').collect()).collect();
            assert_eq!(rows.len(), of.len(), "{out}");
            for ((at, _), row) in of.iter().zip(rows) {
                told.insert(*at, (short(row[2]), row[3].to_owned()));
            }
        }
    }
    told
}

fn short(status: &str) -> String {
    let lower = status.to_lowercase();
    ["white", "grey", "black"].into_iter().find(|word| lower.starts_with(word)).unwrap_or("unknown").to_owned()
}

/// The headline that the public hears for a status and a reason.
fn of_public(said: &Said) -> String {
    let status = Status::ALL.iter().copied().find(|status| status.word() == said.0).unwrap();
    let reason = Reason::ALL.iter().copied().find(|reason| reason.name() == said.1).unwrap();
    Words::of(Language::Indonesian, Audience::Public, status, reason, None).headline
}

async fn holds(seed: u64) -> usize {
    let mut draw = Draw(seed);
    let (register, named) = register(&mut draw);
    let questions = questions(&mut draw);
    let by_command = command_line(&register, &questions);
    let store = Arc::new(Store::open(&register.data(), OpenMode::Read).unwrap());
    let explainer = Explainer::new(store, Clock::fixed(now()));

    let office = Office::open(register);
    let second = office.second_administrator().await;
    let agnes = office.person(&second, "agnes", "agent", &[]).await;
    let mut browser = Browser::signed_in(office.server.http, &agnes);
    let mut public = Browser::new(office.server.http);
    let lookup = LookupClient::connect(format!("http://{}", office.server.registry)).await.unwrap();
    for (at, asked) in questions.iter().enumerate() {
        let Question { imei, msisdn, operator, on } = asked;
        // As the network asks: at this moment, or by Explain, which moves the clock.
        let network = if on.is_empty() {
            of_wire(office.answer(&Asked { imei, msisdn, imsi: "" }, operator).await.verdict.as_ref())
        } else {
            let request = proto::ExplainRequest {
                equipment: imei.clone(),
                msisdn: (*msisdn).into(),
                operator: (*operator).into(),
                on_unix_seconds: moment(on),
                ..Default::default()
            };
            let mut client = office.server.client().await;
            of_wire(client.explain(shown(&agnes, request)).await.unwrap().into_inner().verdict.as_ref())
        };
        let request = FindRequest {
            text: format!("imei {imei}"),
            msisdn: (*msisdn).into(),
            operator: (*operator).into(),
            on_unix_seconds: moment(on),
            ..Default::default()
        };
        let found = patiently(|| async { lookup.clone().find(shown(&agnes, request.clone())).await }).await;
        let Some(Found::Device(page)) = found.found else { panic!("{asked:?}") };
        assert_eq!(of_wire(page.verdict.as_ref()), network, "Lookup: {asked:?}, seed {seed}");

        let q = format!("imei {imei}");
        let shown = browser.find(&[("q", &q), ("number", msisdn), ("operator", operator), ("on", on)]);
        assert_eq!(shown.verdict(), network, "the console: {asked:?}, seed {seed}");

        let equipment = EquipmentValue::from(Pei::parse(imei));
        let inquiry = Inquiry { msisdn: msisdn.parse().ok(), ..Inquiry::of(equipment) };
        let when = When { on: moment(on), ..When::default() };
        let of = Some(*operator).filter(|operator| !operator.is_empty());
        let verdict = explainer.explain(&inquiry, of, when).unwrap().answer.verdict;
        let here = (verdict.status.word().to_owned(), verdict.reason.name().to_owned());
        assert_eq!(here, network, "the command line's function: {asked:?}, seed {seed}");
        assert_eq!(by_command[&at], network, "the command line: {asked:?}, seed {seed}");
    }
    // The page of a number names every device that names the number, or only a SIM that has it, with the answer that the
    // network gets that asks with them.
    for number in [ANI, BUDI] {
        let request = FindRequest { text: number.to_owned(), ..Default::default() };
        let found = patiently(|| async { lookup.clone().find(shown(&agnes, request.clone())).await }).await;
        let Some(Found::Number(page)) = found.found else { panic!("{number}") };
        let expected = named.of(number).into_iter().map(|(device, by_sim)| (phone(device, 1)[0].clone(), by_sim));
        let told = page.devices.iter().map(|device| (device.imei.clone(), !device.by_sim.is_empty()));
        assert_eq!(told.collect::<BTreeMap<_, _>>(), expected.collect(), "{number}: {named:?}, seed {seed}");
        for device in &page.devices {
            let imsi = if device.by_sim.is_empty() { "" } else { ANI_SIM };
            let network = office.answer(&Asked { imei: &device.imei, msisdn: number, imsi }, &device.operator).await;
            let answer = device.answer.clone().unwrap();
            assert_eq!(of_wire(answer.verdict.as_ref()), of_wire(network.verdict.as_ref()), "{device:?}, seed {seed}");
        }
    }
    // The public: all 15 digits, no number, no operator, now. Each from its own address.
    let devices = (FIRST..FIRST + DEVICES).chain(RULED..RULED + 3);
    for (nth, key) in devices.enumerate() {
        let imei = &phone(key, 1)[0];
        let asked = Asked { imei, msisdn: "", imsi: "" };
        let network = of_wire(office.answer(&asked, "").await.verdict.as_ref());
        let from = format!("198.51.100.{nth}");
        let page = public.post_with("/public", "", &[("imei", imei)], &[("X-Forwarded-For", &from)]);
        let (_, rest) = page.body.split_once("<section class=\"verdict ").unwrap_or_else(|| panic!("{}", page.body));
        let headline = rest.split("id=\"headline\">").nth(1).unwrap().split('<').next().unwrap();
        let told = (rest.split('"').next().unwrap().to_owned(), headline.to_owned());
        assert_eq!(told, (network.0.clone(), of_public(&network)), "the public page: {imei}, seed {seed}");
    }
    questions.len()
}

fn now() -> i64 {
    i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn whoever_asks_the_same_question_hears_the_same_answer(seed in any::<u64>()) {
        run(async move {
            let asked = holds(seed).await;
            assert!(asked > 70, "{asked}");
        });
    }
}
