//! Agents at the console: many people who search at once, as a call centre does on a bad day.
//!
//! Each agent has a connection of its own and searches at random moments, whatever the server does. A search is what a browser
//! sends: the form, and then the result's page; it runs from the moment at which it was due until the page is whole. What
//! always holds: status and reason on every page are held against what the generator knows; agents share sessions,
//! because one principal has a few only.

mod visitor;

use super::{
    BenchError,
    arrivals::Arrivals,
    cpu::{Cpu, OfServer},
    judge::histogram,
    report::{Bottleneck, Percentiles},
};
use crate::{
    check::EquipmentValue,
    day::Day,
    grpc::Token,
    identity::Msisdn,
    national::{National, Profile, Question},
    policy::Settings,
};
use hdrhistogram::Histogram;
use serde::Serialize;
use std::{
    cell::RefCell,
    io,
    net::SocketAddr,
    ops::Range,
    rc::Rc,
    time::{Duration, Instant},
};
use visitor::{Page, Session, Visitor};

/// Sessions that agents share.
const SESSIONS: usize = 8;
/// A question that is no search gives way to one so much further on, so many times at most.
const TURN: u64 = 1 << 40;
const TRIES: u64 = 16;
/// Pages that were wrong and are shown.
const WRONG_SHOWN_MAX: usize = 5;
/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the agents shall do.
#[derive(Debug)]
pub struct AgentsOrder {
    /// The console.
    pub console: SocketAddr,
    /// A token of somebody who may search.
    pub token: Token,
    /// How many agents.
    pub agents: usize,
    /// Searches of an agent a second, on average.
    pub rate: f64,
    /// How long is measured.
    pub duration: Duration,
    /// How long is searched before, unmeasured.
    pub warm_up: Duration,
    /// What the moments follow from.
    pub seed: u64,
    /// The server's process on this machine.
    pub server_pid: Option<u32>,
}

/// What a search must show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// What is typed.
    pub text: String,
    /// The number beside it.
    pub number: Option<Msisdn>,
    /// The status, as pages have it in their style.
    pub status: &'static str,
    /// The reason.
    pub reason: &'static str,
}

/// The searches for a register that `saring generate` made.
#[derive(Debug)]
pub struct Searches {
    national: National,
    settings: Settings,
    today: Day,
}

impl Searches {
    /// `today`: the server's, in WIB, for end dates count.
    pub fn new(national: National, today: Day) -> Self {
        Self { national, settings: Settings::default(), today }
    }

    /// The nth one: devices of a busy hour, with the number where the network knew it.
    pub fn nth(&self, n: u64) -> Search {
        let questions = (0..TRIES).map(|turn| self.national.question(Profile::Attach, n + turn * TURN));
        // What is no IMEI may be anything to a search: a number, a case, a typing error.
        let is_imei = |asked: &Question| EquipmentValue::from_number(asked.equipment) != EquipmentValue::Malformed;
        let mut asked = questions.clone().find(is_imei).unwrap_or_else(|| self.national.question(Profile::Storm, n));
        // A form has no place for a SIM.
        asked.imsi = None;
        let verdict = self.national.expected(&asked, self.settings.policy(None), self.today);
        let (status, reason) = (verdict.status.word(), verdict.reason.name());
        Search { text: asked.equipment_text(), number: asked.msisdn, status, reason }
    }
}

/// What it was like.
#[derive(Clone, Debug, Serialize)]
pub struct AgentsMeasured {
    /// How many agents.
    pub agents: usize,
    /// Searches a second that were asked for, of all of them.
    pub asked_per_second: f64,
    /// How long was measured.
    pub seconds: f64,
    /// Searches that were due in that time.
    pub asked: u64,
    /// Pages with the right answer.
    pub right: u64,
    /// Pages with another answer.
    pub wrong: u64,
    /// Searches that got no page.
    pub failed: u64,
    /// From due to the whole page.
    pub latency_us: Percentiles,
    /// How late an idle agent was itself.
    pub late_us: Percentiles,
    /// The agents' own share of a core.
    pub busy: f64,
    /// Cores that the server's process had; none: not asked for.
    pub server_cores: Option<f64>,
    /// Some of what was wrong or failed.
    pub wrong_pages: Vec<String>,
}

/// What agents saw so far.
struct Told {
    asked: u64,
    right: u64,
    wrong: u64,
    failed: u64,
    latency: Histogram<u64>,
    late: Histogram<u64>,
    wrong_pages: Vec<String>,
}

impl Told {
    fn new() -> Result<Self, BenchError> {
        let (latency, late, wrong_pages) = (histogram()?, histogram()?, Vec::new());
        Ok(Self { asked: 0, right: 0, wrong: 0, failed: 0, latency, late, wrong_pages })
    }

    fn note(&mut self, what: String) {
        if self.wrong_pages.len() < WRONG_SHOWN_MAX {
            self.wrong_pages.push(what);
        }
    }

    fn take(&mut self, search: &Search, page: Result<Page, io::Error>, took: Duration) {
        match page {
            Ok(page) if (page.status.as_str(), page.reason.as_str()) == (search.status, search.reason) => {
                self.right += 1;
                self.latency.saturating_record(took.as_nanos() as u64);
            }
            Ok(Page { status, reason }) => {
                self.wrong += 1;
                let Search { text, status: right, reason: because, .. } = search;
                self.note(format!("{text}: {right} {because} expected, the page says {status} {reason}"));
            }
            Err(error) => {
                self.failed += 1;
                self.note(format!("{}: {error}", search.text));
            }
        }
    }
}

/// Lets the agents search.
///
/// # Errors
/// When nobody can sign in, or the agents themselves were what was slow.
pub fn run(order: &AgentsOrder, searches: Searches) -> Result<AgentsMeasured, BenchError> {
    if order.agents == 0 {
        return Err(BenchError::Order("agents: one at least".into()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, all(order, Rc::new(searches)))
}

async fn all(order: &AgentsOrder, searches: Rc<Searches>) -> Result<AgentsMeasured, BenchError> {
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS.min(order.agents) {
        sessions.push(Rc::new(Visitor::connect(order.console).await?.sign_in(&order.token).await?));
    }
    let told = Rc::new(RefCell::new(Told::new()?));
    let begun = Instant::now();
    let span = order.warm_up..order.warm_up + order.duration;
    let mut agents = Vec::new();
    for (nth, session) in (0..order.agents).zip(sessions.iter().cycle()) {
        let agent = Agent {
            nth: nth as u64,
            agents: order.agents as u64,
            visitor: Visitor::connect(order.console).await?,
            session: Rc::clone(session),
            searches: Rc::clone(&searches),
            told: Rc::clone(&told),
        };
        let moments = Arrivals::new(order.seed.wrapping_mul(0x9e37_79b9).wrapping_add(nth as u64), order.rate);
        agents.push(tokio::task::spawn_local(agent.work(moments, begun, span.clone())));
    }
    let server = || order.server_pid.map(OfServer::of).transpose();
    tokio::time::sleep_until((begun + span.start).into()).await;
    let (cpu, before) = (Cpu::of_this_thread()?, server()?);
    tokio::time::sleep_until((begun + span.end).into()).await;
    let (cpu, after) = (Cpu::of_this_thread()?.since(cpu), server()?);
    for agent in agents {
        agent.await.map_err(|_| BenchError::Thread)?;
    }
    let seconds = order.duration.as_secs_f64();
    let cores = before.zip(after).map(|(before, after)| after.since(&before).1.ran.as_secs_f64() / seconds);
    let told = told.borrow();
    let measured = AgentsMeasured {
        agents: order.agents,
        asked_per_second: order.rate * order.agents as f64,
        seconds,
        asked: told.asked,
        right: told.right,
        wrong: told.wrong,
        failed: told.failed,
        latency_us: Percentiles::of(&told.latency),
        late_us: Percentiles::of(&told.late),
        busy: cpu.ran.as_secs_f64() / seconds,
        server_cores: cores,
        wrong_pages: told.wrong_pages.clone(),
    };
    Bottleneck::of_agents(measured.busy)?;
    Ok(measured)
}

/// One agent with a connection of its own.
struct Agent {
    nth: u64,
    agents: u64,
    visitor: Visitor,
    session: Rc<Session>,
    searches: Rc<Searches>,
    told: Rc<RefCell<Told>>,
}

impl Agent {
    /// Searches until the end; what was due before it is finished.
    async fn work(mut self, moments: Arrivals, begun: Instant, measured: Range<Duration>) {
        for (turn, due) in moments.map(Duration::from_nanos).take_while(|due| *due < measured.end).enumerate() {
            let search = self.searches.nth(turn as u64 * self.agents + self.nth);
            let due_at = begun + due;
            let is_idle = Instant::now() < due_at;
            tokio::time::sleep_until(due_at.into()).await;
            let late = due_at.elapsed();
            let found = tokio::time::timeout(PATIENCE, self.visitor.search(&self.session, &search)).await;
            let page = found.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
            let is_broken = page.is_err();
            if measured.contains(&due) {
                let mut told = self.told.borrow_mut();
                told.asked += 1;
                if is_idle {
                    told.late.saturating_record(late.as_nanos() as u64);
                }
                told.take(&search, page, due_at.elapsed());
            }
            if is_broken && let Ok(again) = self.visitor.again().await {
                self.visitor = again;
            }
        }
    }
}
