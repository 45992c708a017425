//! Submitters, approvers, clerks and checks at once: the revision of each answer says what it must have seen.
//!
//! Each player changes devices of its own, which share pages with those of the others, and writes down at which
//! revision they became what. Meanwhile streams ask for the devices in play. What always holds: an answer is exactly
//! what the newest change up to its revision made of the device; on one stream revisions never fall; nothing is lost.

use crate::support::office::{Office, phone, register, run};
use saring::proto::{
    BatchOrder, CheckBatchRequest, CheckRequest, LiftOperation, OperateRequest, Reason, Receipt, ReportOperation,
    check_request::Equipment, operate_request::Operation,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Response};

const TRADERS: u64 = 3;
const CLERKS: u64 = 2;
const PLAYERS: u64 = TRADERS + CLERKS;
const CHECKERS: usize = 2;
/// Packed questions that have their moment, so many a second; the changes go on until so many are answered.
const CHECKS_A_SECOND: u64 = 100_000;
const CHECKS: u64 = 600_000;
const PACKED: u64 = 256;
/// Packed messages under way.
const WINDOW: usize = 16;
/// Devices of a round.
const DEVICES: u64 = 4;
const ROUNDS: u64 = 10_000;
/// Rounds begin within this time. It bounds the test and is measured by nothing.
const PLAY: Duration = Duration::from_secs(60);
const FIRST: u64 = 35_209_900_200_000;
/// Questions that a stream sends before it reads the answers.
const RUN: u64 = 64;

/// What became of the devices: at which revision, and why they get their answer from there on.
type Story = BTreeMap<u64, Vec<(u64, Reason)>>;

/// What players and checkers share.
struct Play {
    office: Office,
    story: Mutex<Story>,
    /// The round of each player.
    rounds: [AtomicU64; PLAYERS as usize],
    playing: AtomicUsize,
    /// Packed questions that were answered.
    checked: AtomicU64,
    begun: Instant,
}

/// The devices of a round.
fn devices(player: u64, round: u64) -> std::ops::Range<u64> {
    let first = FIRST + (round * PLAYERS + player) * DEVICES;
    first..first + DEVICES
}

impl Play {
    fn became(&self, player: u64, round: u64, receipt: Option<Receipt>, reason: Reason) {
        let seq = receipt.unwrap().revision.unwrap().seq;
        let mut story = self.story.lock().unwrap();
        devices(player, round).for_each(|device| story.entry(device).or_default().push((seq, reason)));
    }

    /// Rounds until the time is over.
    fn rounds(&self, player: u64) -> impl Iterator<Item = u64> + '_ {
        let goes_on = |_: &u64| self.checked.load(Ordering::Relaxed) < CHECKS && self.begun.elapsed() < PLAY;
        (0..ROUNDS).take_while(goes_on).inspect(move |round| {
            self.rounds[player as usize].store(*round, Ordering::Relaxed);
        })
    }

    /// Hands small lists in and has them approved; some are suspended, restored or withdrawn after that.
    async fn trade(&self, player: u64, submitter: &str, approver: &str) {
        for round in self.rounds(player) {
            let list: String = devices(player, round).map(|device| format!("{device}\n")).collect();
            let request_id = format!("trade-{player}-{round}");
            let door = "customs-passenger".to_owned();
            let order = BatchOrder { request_id, door, ..BatchOrder::default() };
            let submitted = self.office.hand_in(submitter, &format!("imei\n{list}"), order).await.unwrap();
            let [batch] = submitted.batches[..] else { panic!("{submitted:?}") };
            let mut steps = vec![("approve", Reason::Registered)];
            match round % 4 {
                1 => steps.extend([("suspend", Reason::Suspended), ("restore", Reason::Registered)]),
                2 => steps.push(("withdraw", Reason::NotRegistered)),
                _ => {}
            }
            for (step, reason) in steps {
                let taken = self.office.step(approver, step, batch).await.unwrap();
                self.became(player, round, taken.receipt, reason);
            }
        }
    }

    /// Reports phones stolen and lifts every second report.
    async fn report(&self, player: u64, clerk: &str) {
        for round in self.rounds(player) {
            let imeis = phone(devices(player, round).start, DEVICES);
            let kind = "stolen".to_owned();
            let report = ReportOperation { kind: kind.clone(), imeis: imeis.clone(), ..Default::default() };
            let letter = OperateRequest { document: "police/1".into(), ..OperateRequest::default() };
            let done = self.office.operate_with(clerk, letter, Operation::Report(report)).await.unwrap();
            self.became(player, round, done.receipt, Reason::Stolen);
            if round % 2 == 1 {
                let lift = Operation::Lift(LiftOperation { kind, imeis });
                let done = self.office.operate(clerk, lift).await.unwrap();
                self.became(player, round, done.receipt, Reason::NotRegistered);
            }
        }
    }

    /// The devices in play, one after the other.
    fn in_play(&self, at: u64) -> u64 {
        let player = at % PLAYERS;
        let round = self.rounds[player as usize].load(Ordering::Relaxed);
        let earlier = (at / PLAYERS / DEVICES) % 3;
        devices(player, round.saturating_sub(earlier)).start + at / PLAYERS % DEVICES
    }

    /// Asks in packed messages, each at its moment. Gives device, revision and reason of each answer.
    async fn check_packed(&self) -> Vec<(u64, u64, Reason)> {
        let (mut seen, mut at) = (Vec::new(), 0);
        'streams: while self.playing.load(Ordering::Acquire) > 0 {
            let (questions, waiting) = mpsc::channel(WINDOW);
            let mut client = self.office.server.client().await;
            let answers = client.check_batch_stream(ReceiverStream::new(waiting)).await;
            let Ok(mut answers) = answers.map(Response::into_inner) else { continue };
            let (mut asked, mut newest) = (VecDeque::<Vec<u64>>::new(), 0);
            while self.playing.load(Ordering::Acquire) > 0 || !asked.is_empty() {
                if self.playing.load(Ordering::Acquire) > 0 {
                    tokio::time::sleep_until(
                        (self.begun + Duration::from_micros(at * 1_000_000 / CHECKS_A_SECOND)).into(),
                    )
                    .await;
                    let devices: Vec<u64> = (at..at + PACKED).map(|at| self.in_play(at)).collect();
                    at += PACKED;
                    let request = CheckBatchRequest { equipment_key: devices.clone(), ..Default::default() };
                    questions.send(request).await.unwrap();
                    asked.push_back(devices);
                    if asked.len() < WINDOW {
                        continue;
                    }
                }
                let (Some(devices), answer) = (asked.pop_front(), answers.message().await) else { break };
                let answer = match answer {
                    Ok(answer) => answer.unwrap(),
                    Err(busy) => {
                        assert_eq!(busy.code(), Code::ResourceExhausted, "{busy:?}");
                        continue 'streams;
                    }
                };
                let seq = answer.basis.unwrap().revision.unwrap().seq;
                assert!(seq >= newest, "revision {seq} after {newest}");
                newest = seq;
                let reasons = answer.reasons.iter().map(|reason| Reason::try_from(i32::from(*reason)).unwrap());
                seen.extend(devices.into_iter().zip(reasons).map(|(device, reason)| (device, seq, reason)));
                self.checked.fetch_add(PACKED, Ordering::Relaxed);
            }
        }
        seen
    }

    /// Asks as fast as it is answered. Gives device, revision and reason of each answer.
    async fn check(&self) -> Vec<(u64, u64, Reason)> {
        let (mut seen, mut at, mut newest) = (Vec::new(), 0, 0);
        'streams: while self.playing.load(Ordering::Acquire) > 0 {
            let (questions, waiting) = mpsc::channel(RUN as usize);
            let mut client = self.office.server.client().await;
            let answers = client.check_stream(ReceiverStream::new(waiting)).await;
            let mut answers = match answers {
                Ok(answers) => answers.into_inner(),
                Err(busy) => {
                    assert_eq!(busy.code(), Code::ResourceExhausted, "{busy:?}");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            };
            // One last run after the last change, so that the end is seen too.
            let mut goes_on = true;
            while goes_on {
                goes_on = self.playing.load(Ordering::Acquire) > 0;
                let asked: Vec<u64> = (at..at + RUN).map(|at| self.in_play(at)).collect();
                at += RUN;
                for device in &asked {
                    let equipment = Some(Equipment::EquipmentKey(*device));
                    questions.send(CheckRequest { equipment, ..CheckRequest::default() }).await.unwrap();
                }
                for device in asked {
                    let answer = match answers.message().await {
                        Ok(answer) => answer.unwrap(),
                        Err(busy) => {
                            assert_eq!(busy.code(), Code::ResourceExhausted, "{busy:?}");
                            continue 'streams;
                        }
                    };
                    let seq = answer.basis.unwrap().revision.unwrap().seq;
                    assert!(seq >= newest, "revision {seq} after {newest}");
                    newest = seq;
                    seen.push((device, seq, answer.verdict.unwrap().reason()));
                }
            }
        }
        seen
    }
}

/// What a device is as of a revision.
fn as_of(story: &Story, device: u64, seq: u64) -> Reason {
    let changes = story.get(&device).map_or(&[][..], Vec::as_slice);
    changes.iter().rev().find(|(since, _)| *since <= seq).map_or(Reason::NotRegistered, |(_, reason)| *reason)
}

#[test]
fn each_answer_is_what_its_revision_says_while_many_change_the_register() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let mut people = Vec::new();
        for player in 0..PLAYERS {
            let name = |what: &str| format!("{what}-{player}");
            if player < TRADERS {
                let doors = ["customs-passenger"];
                let submitter = office.person(&second, &name("submitter"), "submitter", &doors).await;
                people.push((submitter, office.person(&second, &name("approver"), "approver", &doors).await));
            } else {
                let clerk = office.person_of(&second, &name("clerk"), "telkomsel", "submitter", &["stolen"]).await;
                people.push((clerk, String::new()));
            }
        }
        let play = Arc::new(Play {
            office,
            story: Mutex::default(),
            rounds: Default::default(),
            playing: AtomicUsize::new(people.len()),
            checked: AtomicU64::new(0),
            begun: Instant::now(),
        });
        let checkers: Vec<_> = (0..CHECKERS)
            .map(|_| {
                let play = Arc::clone(&play);
                tokio::spawn(async move { play.check().await })
            })
            .collect();
        let packed = {
            let play = Arc::clone(&play);
            tokio::spawn(async move { play.check_packed().await })
        };
        let players: Vec<_> = (0..PLAYERS)
            .zip(people)
            .map(|(player, (one, two))| {
                let play = Arc::clone(&play);
                tokio::spawn(async move {
                    let playing = Playing(Arc::clone(&play));
                    match player < TRADERS {
                        true => play.trade(player, &one, &two).await,
                        false => play.report(player, &one).await,
                    }
                    drop(playing);
                })
            })
            .collect();
        for player in players {
            player.await.unwrap();
        }
        let mut seen = packed.await.unwrap();
        let (checked, took) = (seen.len() as u64, play.begun.elapsed());
        for checker in checkers {
            seen.extend(checker.await.unwrap());
        }

        let story = play.story.lock().unwrap().clone();
        assert!(story.len() as u64 >= PLAYERS * DEVICES, "nothing was changed");
        assert!(checked >= CHECKS, "only {checked} packed checks in {took:?}");
        let changes: usize = story.values().map(Vec::len).sum::<usize>() / DEVICES as usize;
        let rate = checked as f64 / took.as_secs_f64();
        println!(
            "{checked} packed checks, {rate:.0} a second, and {} others beside {changes} changes",
            seen.len() as u64 - checked
        );
        let mut early = 0;
        for (device, seq, reason) in &seen {
            assert_eq!(*reason, as_of(&story, *device, *seq), "device {device} as of revision {seq}");
            early += u64::from(story.get(device).is_some_and(|changes| *seq < changes[0].0));
        }
        assert!(early > 0, "no device was asked for before its change");
        // Nothing is lost: each device is what its last change made of it, here and on disk.
        for (device, changes) in &story {
            let reason = play.office.reason(&device.to_string()).await;
            assert_eq!(reason, changes.last().unwrap().1.as_str_name(), "device {device}");
        }
        let office = Arc::into_inner(play).unwrap().office;
        let (register, _) = office.close();
        register.digest();
        let last = story.iter().next_back().unwrap();
        let answer = register.check(&last.0.to_string(), "").1;
        assert_eq!(answer["reason"].as_str().unwrap(), last.1.last().unwrap().1.as_str_name());
    });
}

/// A player that plays; also one that panicked plays no more.
struct Playing(Arc<Play>);

impl Drop for Playing {
    fn drop(&mut self) {
        self.0.playing.fetch_sub(1, Ordering::Release);
    }
}
