//! Every state that a loss of power can leave of a recorded run, and what each of them must be.

use super::{
    disk::{self, Disk, Loss},
    record::{Kind, Op},
};
use saring::{
    journal::{Change, SettingsApplied},
    policy::Settings,
    registry::{Registry, verify},
    sample::SplitMix64,
    store::{Draft, Hands, OpenMode, Store, StoreError},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A run that was recorded.
pub(crate) struct Run {
    pub(crate) before: Disk,
    pub(crate) ops: Vec<Op>,
}

/// How many states are looked at, and which ones where there are more.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    /// Moments at most.
    pub(crate) moments: usize,
    /// How often what was not synced is lost in part, at each moment.
    pub(crate) parts: u64,
    pub(crate) seed: u64,
}

/// Memory, where there is such a directory: the states are many, and none of them has to last.
pub(crate) fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

impl Run {
    /// Steps behind which something else can be left than before.
    fn moments(&self, sample: Sample) -> Vec<usize> {
        let mut paths: BTreeMap<u64, &str> = BTreeMap::new();
        let mut moments = vec![0];
        let mut told = Vec::new();
        for (n, op) in self.ops.iter().enumerate() {
            if let Kind::Open { .. } = op.kind {
                paths.insert(op.file, &op.path);
            }
            let path = if op.path.is_empty() { paths.get(&op.file).copied().unwrap_or_default() } else { &op.path };
            let is_of_register = !disk::is_of_a_process(path.rsplit('/').next().unwrap_or_default());
            match op.kind {
                Kind::Told(_) => told.push(n + 1),
                Kind::Open { created: false, truncated: false, .. } | Kind::Failed(_) => {}
                _ if is_of_register => moments.push(n + 1),
                _ => {}
            }
        }
        moments.push(self.ops.len());
        let mut random = SplitMix64::new(sample.seed);
        let silent = sample.moments.saturating_sub(told.len()).max(sample.moments / 2);
        while moments.len() > silent {
            moments.swap_remove(random.below(moments.len() as u64) as usize);
        }
        moments.extend(told);
        moments.sort_unstable();
        moments.dedup();
        moments
    }

    /// All that was told.
    pub(crate) fn told(&self) -> String {
        let told = self.ops.iter().filter_map(|op| if let Kind::Told(words) = &op.kind { Some(words) } else { None });
        told.cloned().collect()
    }

    /// Makes each state and has it judged: the directory, and all that was told before the power went. Gives how many
    /// states there were.
    ///
    /// Fails with all that the judge said.
    pub(crate) fn at_every_loss(&self, sample: Sample, judge: impl Fn(&Path, &str) -> Result<(), String>) -> usize {
        let mut random = SplitMix64::new(sample.seed ^ 1);
        let (mut disk, mut told, mut done) = (self.before.clone(), String::new(), 0);
        let (mut seen, mut wrong) = (HashSet::new(), Vec::new());
        for moment in self.moments(sample) {
            for op in &self.ops[done..moment] {
                if let Kind::Told(words) = &op.kind {
                    told.push_str(words);
                }
                disk.take(op);
            }
            done = moment;
            let parts = (0..sample.parts).map(|_| Loss::Any(random.next_u64()));
            for loss in [Loss::Nothing, Loss::All].into_iter().chain(parts) {
                let tree = disk.left(loss);
                let mut hasher = DefaultHasher::new();
                (&tree, &told).hash(&mut hasher);
                if !seen.insert(hasher.finish()) {
                    continue;
                }
                let directory = scratch();
                disk::write(&tree, directory.path());
                if let Err(what) = judge(directory.path(), &told) {
                    let behind = moment.checked_sub(1).map(|at| self.describe(at)).unwrap_or_default();
                    wrong.push(format!(
                        "{loss:?} is lost behind step {moment} of {} ({behind}): {what}",
                        self.ops.len()
                    ));
                }
            }
        }
        assert!(
            wrong.is_empty(),
            "{} of {} states are wrong, seed {}:\n{}",
            wrong.len(),
            seen.len(),
            sample.seed,
            wrong.iter().take(12).cloned().collect::<Vec<_>>().join("\n")
        );
        seen.len()
    }

    /// Judges what can be left once the run has ended: all, what was synced, or any part.
    pub(crate) fn at_the_end(
        &self,
        parts: u64,
        judge: impl Fn(&Path, &str) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut disk = self.before.clone();
        self.ops.iter().for_each(|op| disk.take(op));
        for loss in [Loss::Nothing, Loss::All].into_iter().chain((0..parts).map(Loss::Any)) {
            let directory = scratch();
            disk::write(&disk.left(loss), directory.path());
            judge(directory.path(), &self.told()).map_err(|what| format!("{loss:?} is lost: {what}"))?;
        }
        Ok(())
    }

    /// Calls that were made to fail.
    pub(crate) fn failed(&self) -> Vec<&str> {
        self.ops
            .iter()
            .filter_map(|op| if let Kind::Failed(what) = &op.kind { Some(what.as_str()) } else { None })
            .collect()
    }

    /// Steps that a fault can be put at.
    pub(crate) fn calls(&self) -> u64 {
        self.moments(Sample { moments: usize::MAX, parts: 0, seed: 0 }).len() as u64
    }

    fn describe(&self, at: usize) -> String {
        let op = &self.ops[at];
        let opened = self.ops[..at].iter().rev().find(|o| o.file == op.file && matches!(o.kind, Kind::Open { .. }));
        let path = if op.path.is_empty() { opened.map_or("", |opened| opened.path.as_str()) } else { &op.path };
        let name = path.rsplit('/').next().unwrap_or_default();
        match &op.kind {
            Kind::Write { at, bytes } => format!("write {} bytes at {at} of {name}", bytes.len()),
            Kind::Told(_) => "told".into(),
            kind => format!("{kind:?} {name}"),
        }
    }

    /// Sizes of the journal at which a head was signed: groups end there and nowhere else.
    pub(crate) fn groups(&self) -> BTreeSet<u64> {
        let written = self.ops.iter().filter_map(|op| match &op.kind {
            Kind::Write { bytes, .. } if bytes.starts_with(b"saring/") => std::str::from_utf8(bytes).ok(),
            _ => None,
        });
        // The desk signs a record of its own.
        let of_journal = written.filter(|note| note.lines().next().is_some_and(|name| !name.ends_with("/desk")));
        of_journal.filter_map(|note| note.lines().nth(1)?.parse().ok()).collect()
    }
}

/// What a register must be after any loss.
pub(crate) struct Truth {
    /// Directory of the register, below the recorded one.
    pub(crate) data: PathBuf,
    /// Entries that were acknowledged before the run.
    pub(crate) had: u64,
    /// The journal as it is when nothing is lost.
    journal: Vec<Vec<u8>>,
    /// Sizes of the journal at which a group ends.
    groups: BTreeSet<u64>,
}

impl Truth {
    /// From the register that the run left.
    pub(crate) fn of(left: &Path, data: &str, had: u64, groups: BTreeSet<u64>) -> Self {
        let journal = match Store::open(&left.join(data), OpenMode::Read) {
            Ok(store) => store.journal(1).unwrap().map(Result::unwrap).collect(),
            Err(StoreError::Missing { .. } | StoreError::NotARegister { .. }) if had == 0 => Vec::new(),
            Err(error) => panic!("{error}"),
        };
        let groups: BTreeSet<_> = groups.into_iter().chain([had]).collect();
        assert!(groups.contains(&(journal.len() as u64)), "{} entries, and groups end at {groups:?}", journal.len());
        Self { data: data.into(), had, journal, groups }
    }

    /// All that was acknowledged is there, nothing is there by half, and the next process goes on.
    pub(crate) fn judge(&self, root: &Path, told: &str) -> Result<(), String> {
        let data = root.join(&self.data);
        let acknowledged = acknowledged(told).max(self.had);
        match Store::open(&data, OpenMode::Read) {
            Ok(store) => {
                self.is_whole(&store, acknowledged)?;
                if told.contains("SARING_TOKEN=") && store.ledger().principals().is_empty() {
                    return Err("a token was shown, and nobody has it".into());
                }
            }
            Err(StoreError::Missing { .. } | StoreError::NotARegister { .. }) if acknowledged == 0 => {}
            Err(error) => return Err(format!("reading, {acknowledged} acknowledged: {error}")),
        }
        self.goes_on(&data, acknowledged)
    }

    fn is_whole(&self, store: &Store, acknowledged: u64) -> Result<(), String> {
        let held = store.applied().seq;
        if held < acknowledged {
            return Err(format!("entry {acknowledged} was acknowledged, and {held} are there"));
        }
        if !self.groups.contains(&held) {
            return Err(format!("{held} entries are there, and groups end at {:?}", self.groups));
        }
        for (seq, entry) in (1..).zip(store.journal(1).map_err(|error| error.to_string())?) {
            let entry = entry.map_err(|error| error.to_string())?;
            if self.journal.get(seq as usize - 1) != Some(&entry) {
                return Err(format!("entry {seq} is another one"));
            }
        }
        verify(store).map(drop).map_err(|error| error.to_string())
    }

    /// The next process discards what was left unfinished, writes an entry of its own, and all of it is there.
    fn goes_on(&self, data: &Path, acknowledged: u64) -> Result<(), String> {
        let told = |error: &dyn std::fmt::Display| format!("writing, {acknowledged} acknowledged: {error}");
        let (registry, _) = Registry::open(data, true).map_err(|error| told(&error))?;
        let store = registry.store();
        let held = store.applied().seq;
        if held < acknowledged {
            return Err(format!("entry {acknowledged} was acknowledged, and a writer finds {held}"));
        }
        let change = SettingsApplied { toml: Settings::default().to_toml(), effective_from_unix_s: 1 };
        let change = Change::SettingsApplied(change);
        let draft = Draft { hands: Hands::bootstrap(), partition: String::new(), change };
        let next = store.writer().and_then(|mut writer| writer.commit(vec![draft], Vec::new()));
        let next = next.map_err(|error| told(&error))?;
        drop(registry);
        let store = Store::open(data, OpenMode::Read).map_err(|error| told(&error))?;
        if store.applied() != next || next.seq != held + 1 {
            return Err(format!("{next} was written behind {held}, and {} is there", store.applied()));
        }
        verify(&store).map(drop).map_err(|error| told(&error))
    }
}

/// The newest revision that was told to anybody, by its number of entries.
pub(crate) fn acknowledged(told: &str) -> u64 {
    let revisions = told.lines().filter_map(|line| line.strip_prefix("revision ")?.trim().split_once('.'));
    revisions.filter_map(|(_, seq)| seq.split_whitespace().next()?.parse().ok()).max().unwrap_or(0)
}
