//! One submission against the memory.
//!
//! What always holds: nothing is changed; alarms come in the order of their kinds; every alarm names what
//! was seen and what was expected.

use super::{
    Alarm, History, Kind, ModelCounts, Name, Severity, Subject, Submission,
    history::{Key, Lane, Part, Rates},
    rests_on_documents, same_name, silence,
    stream::{ALARM_AT, POOLED_AT, REFERENCE, Stream},
    weigh,
};
use crate::{
    day::Day,
    listing::Door,
    words::{Finding, Said, Value},
};

/// How improbable a share must be, in nats: its chance is at most e^-16 = 1e-7 (Chernoff), a tenth of the budget,
/// because devices of one batch are not independent.
pub(super) const SURPRISE_NATS: f64 = 16.0;
/// Deviations of the logarithm of the number of TACs.
const SPREAD_AT: f64 = 6.0;
/// A submission takes part in a stream's alarm if it brings at least this share of the day's sum.
const CONTRIBUTES: f64 = 0.05;
/// Fewer devices make no share.
const IMEIS_MIN: u64 = 20;

/// How improbable `hits` of `of` are when a share of `expected` is usual, in nats; 0 when it is not more.
pub(super) fn surprise(hits: u64, of: u64, expected: f64) -> f64 {
    let (p, q) = (weigh::share(hits, of), expected.clamp(1e-9, 1.0 - 1e-9));
    if p <= q {
        return 0.0;
    }
    let term = |a: f64, b: f64| if a > 0.0 { a * (a / b).ln() } else { 0.0 };
    of as f64 * (term(p, q) + term(1.0 - p, 1.0 - q))
}

fn severity(times_threshold: f64) -> Severity {
    if times_threshold >= 2.0 { Severity::Critical } else { Severity::Warning }
}

/// A figure that was estimated, without a fraction.
fn rounded(figure: f64) -> Value {
    Value::Count(figure.round_ties_even().max(0.0) as u64)
}

fn percent(share: f64) -> Value {
    let percent = share * 100.0;
    Value::Share(if percent < 1.0 { format!("{percent:.2}") } else { format!("{percent:.0}") })
}

impl History {
    /// Judges a submission before it is added. At a door with less than 14 active days only what the submission
    /// says of itself is judged (declared brand and model, quota, unknown models, half phones, listed elsewhere).
    pub fn judge(&self, submission: &Submission) -> Vec<Alarm> {
        if self.today.is_some_and(|today| today < submission.day) {
            let mut next = self.clone();
            next.advance(submission.day);
            return next.judge_today(submission);
        }
        self.judge_today(submission)
    }

    fn judge_today(&self, submission: &Submission) -> Vec<Alarm> {
        let none = Lane::of(submission.door);
        let lane = self.lanes.get(&(submission.door, submission.planned)).unwrap_or(&none);
        let mut alarms = shares(submission, &lane.rates);
        alarms.extend(declared(submission));
        alarms.extend(quota(submission));
        alarms.extend(spread(submission, lane));
        alarms.extend(self.streams(submission, lane));
        alarms.extend(self.desk(submission));
        alarms.sort_by(|a, b| (a.kind, &a.subject).cmp(&(b.kind, &b.subject)));
        alarms
    }

    /// The doors that are silent beyond their rhythm at the end of a day, and since when.
    pub fn silent_doors(&self, day: Day) -> Vec<Alarm> {
        let silent = |(door, rhythm): (&Door, &silence::Rhythm)| {
            let (days, surprise) = rhythm.silence(day)?;
            let last = Day::from_stored(rhythm.last()).map_or_else(|| "".into(), Value::Day);
            let what = Said::of(
                Finding::Silent.key(),
                [
                    ("door", (*door).into()),
                    ("days", Value::Count(days.into())),
                    ("day", last),
                    ("odds", rounded(surprise.min(30.0).exp())),
                ],
            );
            (surprise >= silence::ALARM_AT).then(|| Alarm {
                kind: Kind::DoorSilent,
                severity: severity(surprise / silence::ALARM_AT),
                subject: Subject::Door(*door),
                what,
            })
        };
        self.rhythms.iter().filter_map(silent).collect()
    }

    fn streams(&self, submission: &Submission, lane: &Lane) -> Vec<Alarm> {
        let (brands, models) = self.parts(submission);
        let id = (submission.door, submission.planned);
        let mut alarms = Vec::new();
        for (brand, part) in brands.iter().filter(|_| lane.is_ready()) {
            let fresh;
            let stream = match lane.streams.get(&lane.key(brand)) {
                Some(stream) => stream,
                None => {
                    fresh = lane.fresh(self.weekday());
                    &fresh
                }
            };
            if let Some(times) = crossed(stream, *part) {
                let subject = Subject::Brand { door: Some(submission.door), brand: brand.clone() };
                alarms.push(brand_alarm(times, subject, figures(Finding::Stream, stream, *part)));
            }
            let carried = self.pools.get(brand).copied().unwrap_or(0.0);
            let Some(z) = self.pooled(brand, Some((id, part.weighted))) else { continue };
            let pooled = (carried + z - REFERENCE) / POOLED_AT;
            if pooled >= 1.0 && contributes(stream, *part) && stream.z(part.weighted) > 1.0 {
                let what = figures(Finding::Pooled, stream, *part);
                alarms.push(brand_alarm(pooled, Subject::Brand { door: None, brand: brand.clone() }, what));
            }
        }
        for (model, part) in models.iter().filter(|_| self.models.is_ready()) {
            // A model that was never seen has no past to be far from; its brand has.
            let Some(stream) = self.models.streams.get(model) else { continue };
            if let Some(times) = crossed(stream, *part) {
                let subject = Subject::Model(model_name(model));
                let what = figures(Finding::Stream, stream, *part);
                alarms.push(Alarm { kind: Kind::TacMix, severity: severity(times), subject, what });
            }
        }
        alarms
    }

    fn desk(&self, submission: &Submission) -> Option<Alarm> {
        if rests_on_documents(submission.door) {
            return None;
        }
        let desk = submission.desk.as_ref().unwrap_or(&submission.submitter);
        let far = self.desks.judge(submission.door, &submission.operator, desk, submission.imeis())?;
        let finding = if far.own_usual.is_some() { Finding::Desk } else { Finding::NewDesk };
        let what = Said::of(
            finding.key(),
            [
                ("imeis", Value::Count(far.today)),
                ("own", rounded(far.own_usual.unwrap_or(0.0))),
                ("peers", rounded(far.peers_usual)),
            ],
        );
        Some(Alarm {
            kind: Kind::ClerkFarAbovePeers,
            severity: severity(far.times_threshold),
            subject: Subject::Desk(desk.clone()),
            what,
        })
    }
}

fn model_name((brand, model): &Key) -> Name {
    let model = model.as_deref().unwrap_or_default();
    if model.starts_with(&**brand) { model.into() } else { format!("{brand} {model}").into() }
}

fn brand_alarm(times: f64, subject: Subject, what: Said) -> Alarm {
    Alarm { kind: Kind::BrandMix, severity: severity(times), subject, what }
}

fn contributes(stream: &Stream, part: Part) -> bool {
    part.weighted >= 1.0 && part.weighted >= CONTRIBUTES * (stream.sum + part.weighted)
}

fn crossed(stream: &Stream, part: Part) -> Option<f64> {
    let times = stream.test(part.weighted) / ALARM_AT;
    (times >= 1.0 && contributes(stream, part)).then_some(times)
}

fn figures(finding: Finding, stream: &Stream, part: Part) -> Said {
    Said::of(
        finding.key(),
        [
            ("imeis", Value::Count(stream.imeis + part.imeis)),
            ("weight", rounded(stream.sum + part.weighted)),
            ("expected", rounded(stream.expected())),
            ("here", Value::Count(part.imeis)),
            ("carried", rounded(part.weighted)),
        ],
    )
}

/// A share that is judged: what, how many, of how many, its margin over the usual, the fewest that count.
struct Share {
    kind: Kind,
    what: Finding,
    hits: u64,
    of: u64,
    usual: f64,
    expected: f64,
    least: u64,
}

impl Share {
    fn alarm(&self) -> Option<Alarm> {
        let nats = surprise(self.hits, self.of, self.expected);
        (self.hits >= self.least && nats >= SURPRISE_NATS).then(|| Alarm {
            kind: self.kind,
            severity: severity(nats / SURPRISE_NATS / 5.0),
            subject: Subject::Submission,
            what: Said::of(
                self.what.key(),
                [
                    ("hits", Value::Count(self.hits)),
                    ("of", Value::Count(self.of)),
                    ("share", percent(weigh::share(self.hits, self.of))),
                    ("usual", percent(self.usual)),
                    ("tolerated", percent(self.expected)),
                ],
            ),
        })
    }
}

fn sum(submission: &Submission, of: impl Fn(&ModelCounts) -> u64) -> u64 {
    submission.models.iter().map(of).sum()
}

fn shares(submission: &Submission, rates: &Rates) -> Vec<Alarm> {
    let all = submission.imeis();
    let of_dual =
        |of: fn(&ModelCounts) -> u64| sum(submission, |counts| if weigh::is_dual(counts) { of(counts) } else { 0 });
    let share = |kind, what, hits, usual: f64, floor: f64| {
        let expected = (2.0 * usual + floor).min(0.95);
        Share { kind, what, hits, of: all, usual, expected, least: IMEIS_MIN / 2 }
    };
    let unknown = sum(submission, |counts| if counts.model.is_none() { counts.imeis } else { 0 });
    let here = sum(submission, |counts| counts.listed_here);
    let elsewhere = sum(submission, |counts| counts.listed_elsewhere);
    let black = sum(submission, |counts| counts.blacklisted);
    let lone = rates.lone.usual();
    let mut alarms: Vec<Alarm> = [
        share(Kind::UnknownTacs, Finding::UnknownTacs, unknown, rates.unknown.usual(), 0.005),
        share(Kind::AlreadyListed, Finding::ListedHere, here, rates.here.usual(), 0.005),
        share(Kind::AlreadyListed, Finding::ListedElsewhere, elsewhere, rates.elsewhere.usual(), 0.005),
        Share { least: 3, ..share(Kind::AlreadyListed, Finding::Black, black, rates.black.usual(), 0.0005) },
        Share {
            kind: Kind::HalfOfDualSim,
            what: Finding::Half,
            hits: of_dual(|counts| counts.lone),
            of: of_dual(|counts| counts.imeis),
            usual: lone,
            expected: (1.5 * lone + 0.2).min(0.95),
            least: IMEIS_MIN,
        },
    ]
    .iter()
    .filter_map(Share::alarm)
    .collect();
    for alarm in alarms.iter_mut().filter(|alarm| alarm.what.key() == Finding::Black.key()) {
        alarm.severity = Severity::Critical;
    }
    alarms
}

/// What the document declares, against what the catalogue says of the devices.
fn declared(submission: &Submission) -> Vec<Alarm> {
    let Some(document) = &submission.document else { return Vec::new() };
    let Some(brand) = &document.brand else { return Vec::new() };
    let is_brand = |counts: &ModelCounts| counts.model.as_ref().map(|model| same_name(&model.brand, brand));
    let known = sum(submission, |counts| if counts.model.is_some() { counts.imeis } else { 0 });
    let other = sum(submission, |counts| if is_brand(counts) == Some(false) { counts.imeis } else { 0 });
    let of_brand = known - other;
    let other_model = document.model.as_ref().map_or(0, |declared| {
        let differs = |counts: &ModelCounts| {
            is_brand(counts) == Some(true)
                && counts.model.as_ref().is_some_and(|model| !same_name(&model.model, declared))
        };
        sum(submission, |counts| if differs(counts) { counts.imeis } else { 0 })
    });
    let declared = format!("{brand}{}", named(document.model.as_ref()));
    let share = |kind, what, hits, of, expected| Share { kind, what, hits, of, usual: 0.0, expected, least: IMEIS_MIN };
    [
        share(Kind::BrandMix, Finding::OtherBrand, other, known, 0.01),
        share(Kind::TacMix, Finding::OtherModel, other_model, of_brand, 0.02),
    ]
    .iter()
    .filter_map(Share::alarm)
    .map(|alarm| Alarm {
        what: alarm.what.with("document", &*document.number).with("declared", declared.as_str()),
        subject: Subject::Document(document.number.clone()),
        ..alarm
    })
    .collect()
}

fn named(model: Option<&Name>) -> String {
    model.map_or_else(String::new, |model| format!(" {model}"))
}

fn quota(submission: &Submission) -> Option<Alarm> {
    let document = submission.document.as_ref().filter(|_| submission.is_over_quota())?;
    Some(Alarm {
        kind: Kind::OverQuota,
        severity: Severity::Critical,
        subject: Subject::Document(document.number.clone()),
        what: Said::of(
            Finding::Quota.key(),
            [
                ("imeis", Value::Count(submission.imeis())),
                ("drawn", Value::Count(document.drawn)),
                ("allowed", Value::Count(document.quantity)),
            ],
        ),
    })
}

/// Far more models than the door's batches have.
fn spread(submission: &Submission, lane: &Lane) -> Option<Alarm> {
    let tacs = submission.models.len();
    if !rests_on_documents(submission.door) || !lane.is_ready() || tacs < 10 || submission.imeis() < 100 {
        return None;
    }
    let z = lane.spread.z((tacs as f64).ln(), 0.5);
    (z >= SPREAD_AT).then(|| Alarm {
        kind: Kind::TacMix,
        severity: severity(z / SPREAD_AT),
        subject: Subject::Submission,
        what: Said::of(
            Finding::Spread.key(),
            [("tacs", Value::Count(tacs as u64)), ("usual", rounded(lane.spread.mean().exp()))],
        ),
    })
}
