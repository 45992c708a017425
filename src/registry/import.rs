//! Taking in a list: difference, batches, and the entry that makes them count.
//!
//! A small list is one atomic write: staged entries, rows and activating entries together. A large one is
//! staged first (its number is durable), then its rows are written ahead, and one atomic write activates
//! all batches of the import. What a crash leaves: nothing that a check could see, or everything.

use super::{
    Refusal, Registry, RegistryError,
    difference::{Difference, difference},
    order::{Goal, ImportOrder, Meter},
    part::{self, Part},
};
use crate::{
    alarm::Alarm,
    batch::{BatchHeader, BatchNumber, BatchState, BodyRow},
    day::Day,
    import::{Counts, Gathered, Kind},
    journal::{AlarmRaised, BOOTSTRAP, BatchActivated, BatchStaged, BatchSubmitted, Change, REGISTER, Source},
    listing::Door,
    revision::Revision,
    store::{BodySummary, Draft, Hands, Store, StoreError, Writer},
};
use fail::fail_point;

/// Rows up to which a body goes whole into the atomic write of its entries.
const ROWS_AT_ONCE_MAX: u64 = 8_192;

/// What an import did.
#[derive(Clone, Debug)]
pub struct ImportSummary {
    /// Kind of list.
    pub kind: Kind,
    /// Door.
    pub door: Door,
    /// The batches that were made, one an operator; none when everything was in force already.
    pub batches: Vec<BatchNumber>,
    /// Fates of the rows of the files.
    pub counts: Counts,
    /// Devices, pairings, subscribers, models or classes that came.
    pub added: u64,
    /// The same that left earlier batches.
    pub removed: u64,
    /// What the list says and was in force already.
    pub unchanged: u64,
    /// Removals of what was not in force.
    pub not_listed: u64,
    /// The register after the import.
    pub revision: Revision,
    /// The state of its batches.
    pub state: BatchState,
    /// The request had been carried out before; nothing was done now.
    pub repeated: bool,
}

impl ImportSummary {
    /// Of a list of which nothing was done yet.
    pub(super) fn nothing(kind: Kind, door: Door, counts: Counts, goal: Goal, revision: Revision) -> Self {
        Self {
            kind,
            door,
            batches: Vec::new(),
            counts,
            added: 0,
            removed: 0,
            unchanged: 0,
            not_listed: 0,
            revision,
            state: if goal == Goal::InForce { BatchState::Active } else { BatchState::Submitted },
            repeated: false,
        }
    }
}

impl Registry {
    /// The summary for a request that was carried out before, if it was.
    pub(super) fn imported_before(
        &self,
        hands: &Hands,
        kind: Kind,
        door: Door,
        goal: Goal,
    ) -> Result<Option<ImportSummary>, RegistryError> {
        let done = self.done_before(hands)?;
        let nothing = |revision| ImportSummary::nothing(kind, door, Counts::default(), goal, revision);
        Ok(done.map(|receipt| ImportSummary { repeated: true, ..nothing(receipt.revision) }))
    }

    /// Takes in a list. Lists that several threads bring at once share one synced write where they touch
    /// different devices.
    ///
    /// # Errors
    /// When a full list is much shorter than the one it replaces, or the store cannot write. In both cases
    /// nothing of the list is visible.
    pub fn import(&self, gathered: Gathered, order: &ImportOrder) -> Result<ImportSummary, RegistryError> {
        self.queue.submit(self, gathered, order.clone())
    }
}

/// Why nothing enters by one hand any more.
pub(super) const FOUNDED: &str = "this register has principals: lists and settings enter by two persons now. Show a token \
     (SARING_TOKEN) and hand the list in, so that another person can approve it (saring batch, saring proposal)";

/// A list that was held against the state and waits for its write.
pub(super) struct Prepared {
    pub(super) summary: ImportSummary,
    sources: Vec<Source>,
    work: Vec<(Part, Difference)>,
    hands: Hands,
    goal: Goal,
    alarms: Vec<Alarm>,
    meter: Meter,
}

impl Prepared {
    /// Takes the difference of a list to the state. The caller holds the right to write, so that the state
    /// stays as it is until the write.
    pub(super) fn new(store: &Store, gathered: Gathered, order: &ImportOrder) -> Result<Self, RegistryError> {
        let mut summary =
            ImportSummary::nothing(gathered.kind, gathered.door, gathered.counts, order.goal, store.applied());
        let (hands, goal, alarms) = (order.hands.clone(), order.goal, order.alarms.clone());
        let meter = order.meter.clone();
        if let Some(done) = repeated(store, &hands)? {
            summary.revision = Revision { seq: done, ..summary.revision };
            summary.repeated = true;
            return Ok(Self { summary, sources: Vec::new(), work: Vec::new(), hands, goal, alarms, meter });
        }
        if hands.principal == BOOTSTRAP && !store.ledger().principals().is_empty() {
            return Err(Refusal::not_allowed(FOUNDED));
        }
        order.guard.check(store)?;
        let sources = sources(&gathered);
        let mut work = Vec::new();
        for part in part::split(gathered, order) {
            let difference = difference(store, &part, order.mode, order.max_drop_percent, &order.meter)?;
            summary.added += difference.added;
            summary.removed += difference.removed;
            summary.unchanged += difference.unchanged;
            summary.not_listed += difference.not_listed;
            if !difference.rows.is_empty() {
                work.push((part, difference));
            }
        }
        Ok(Self { summary, sources, work, hands, goal, alarms, meter })
    }

    /// Whether it is in force once it is written.
    pub(super) fn is_in_force(&self) -> bool {
        self.goal == Goal::InForce
    }

    fn alarm_draft(&self, alarm: &Alarm, batch: BatchNumber) -> Draft {
        let raised = AlarmRaised::of(alarm, batch, u32::from(self.summary.door.code()));
        let hands = Hands::of(REGISTER, "");
        Draft { hands, partition: String::new(), change: Change::AlarmRaised(raised) }
    }

    fn draft(&self, part: &Part, change: Change) -> Draft {
        Draft { hands: self.hands.clone(), partition: partition(&part.header), change }
    }

    /// Gives the rows that it brings.
    pub(super) fn each_row(&self, take: &mut dyn FnMut(&BodyRow)) -> Result<(), StoreError> {
        let mut taking = |row: &BodyRow| {
            take(row);
            Ok(())
        };
        self.work.iter().try_for_each(|(_, difference)| difference.rows.each(&mut taking))
    }

    fn activated_draft(&self, batch: BatchNumber, part: &Part, difference: &Difference, body: &BodySummary) -> Draft {
        let activated = BatchActivated {
            batch,
            body_sha256: body.sha256.to_vec(),
            rows: body.rows,
            added: difference.added,
            removed: difference.removed,
            rejected: self.summary.counts.rejected,
            sources: self.sources.clone(),
        };
        let change = match self.goal {
            Goal::InForce => Change::BatchActivated(activated),
            Goal::Submitted => Change::BatchSubmitted(BatchSubmitted { body: Some(activated) }),
        };
        self.draft(part, change)
    }
}

/// Writes a group of lists and tells each its batches and the revision.
pub(super) fn write_group(writer: &mut Writer<'_>, group: &mut [Prepared]) -> Result<(), StoreError> {
    let parts =
        || group.iter().flat_map(|list| list.work.iter().map(move |(part, difference)| (list, part, difference)));
    let rows: u64 = parts().map(|(_, _, difference)| difference.rows.len()).sum();
    if rows == 0 {
        return Ok(());
    }
    fail_point!("import-before-stage");
    let first = writer.next_seq();
    let mut drafts: Vec<Draft> = parts().map(|(list, part, _)| list.draft(part, staged(&part.header))).collect();
    let ahead = rows > ROWS_AT_ONCE_MAX;
    if ahead {
        writer.commit(std::mem::take(&mut drafts), Vec::new())?;
        fail_point!("import-after-stage");
    }
    let (mut bodies, mut activating) = (Vec::new(), Vec::new());
    for (number, (list, part, difference)) in (first..).zip(parts()) {
        let mut body = writer.body(number, ahead)?;
        list.meter.begin(true, difference.rows.len());
        difference.rows.each(&mut |row| {
            list.meter.advance();
            body.push(row)
        })?;
        activating.push(list.activated_draft(number, part, difference, &body.summary()));
        bodies.push(body);
    }
    drafts.extend(activating);
    let mut next = first;
    for list in group.iter() {
        // A list of several operators has its alarms on its first batch.
        let batch = next;
        next += list.work.len() as u64;
        drafts.extend(list.alarms.iter().filter(|_| next > batch).map(|alarm| list.alarm_draft(alarm, batch)));
    }
    fail_point!("import-before-activate");
    let revision = writer.commit(drafts, bodies)?;
    fail_point!("import-after-activate");
    let mut numbers = first..;
    for list in group.iter_mut().filter(|list| !list.work.is_empty()) {
        list.summary.batches = numbers.by_ref().take(list.work.len()).collect();
        list.summary.revision = revision;
    }
    Ok(())
}

/// Pairings and subscribers lie in their operator's partition, everything else in the national one.
pub(super) fn partition(header: &BatchHeader) -> String {
    if matches!(header.kind.as_str(), "pairing" | "subscriber") { header.operator.clone() } else { String::new() }
}

pub(super) fn staged(header: &BatchHeader) -> Change {
    Change::BatchStaged(BatchStaged {
        kind: header.kind.clone(),
        door: u32::from(header.door.code()),
        class: header.class.map_or(0, |class| u32::from(class.code())),
        document: header.document.clone(),
        valid_until_plus_one: plus_one(header.valid_until),
        operator: header.operator.clone(),
        quantity: header.declared.quantity,
        submitter: header.submitter.clone(),
        brand: header.declared.brand.clone(),
        model: header.declared.model.clone(),
        planned: header.declared.planned,
        lapses_plus_one: plus_one(header.declared.lapses),
        mode: header.declared.mode.clone(),
        outlet: header.declared.outlet.clone(),
        reason: header.declared.reason.clone(),
    })
}

/// The entry that carried out this request before.
pub(super) fn repeated(store: &Store, hands: &Hands) -> Result<Option<u64>, StoreError> {
    if hands.request.is_empty() { Ok(None) } else { store.request(&hands.principal, &hands.request) }
}

fn plus_one(day: Option<Day>) -> u32 {
    day.map_or(0, |day| u32::from(day.get()) + 1)
}

/// The files, for the journal. The digest of a list with more in it than equipment would let a short list be
/// guessed, so such lists are named without it.
pub(super) fn sources(gathered: &Gathered) -> Vec<Source> {
    let name = |source: &crate::import::Source| {
        let path = std::path::Path::new(&*source.name);
        path.file_name().map_or_else(|| source.name.to_string(), |name| name.to_string_lossy().into_owned())
    };
    let sources = gathered.sources.iter().map(|source| Source {
        name: name(source),
        bytes: source.bytes,
        sha256: if source.anonymous { source.sha256.to_vec() } else { Vec::new() },
    });
    sources.collect()
}
