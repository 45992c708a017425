//! A disk in memory: what the kernel was told, and what of it lies there for good.
//!
//! The model is the harshest that POSIX allows. Syncing a file makes its bytes and its length durable, and not its
//! name; syncing a directory makes the names in it durable, and not the bytes of what they name. Nothing else does.
//! What is not durable may be on the disk in part: of names any, of writes any, of one write any sectors.
//!
//! It is softer for a manifest only, as far as RocksDB itself asks more of a file system than POSIX promises: it is on
//! the disk in the order in which it was written, and syncing it makes its name durable too (docs/decisions.md).

use super::record::{Kind, Op};
use saring::sample::SplitMix64;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What is never written in part.
const SECTOR: usize = 512;

/// Files and folders by path below the root; `None`: a folder.
pub(crate) type Tree = BTreeMap<PathBuf, Option<Arc<Vec<u8>>>>;

/// How much of what was not synced is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// All: the process was killed, and the machine goes on.
    Nothing,
    /// None.
    All,
    /// Any part of it.
    Any(u64),
}

/// A change of a file that is not durable.
#[derive(Clone, Debug)]
enum Change {
    Write(usize, Arc<Vec<u8>>),
    Length(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(at, written) => {
                bytes.resize(bytes.len().max(at + written.len()), 0);
                bytes[*at..at + written.len()].copy_from_slice(written);
            }
            Self::Length(length) => bytes.resize(*length, 0),
        }
    }
}

/// A change of names: which name means what from now on. A rename has two.
#[derive(Clone, Debug)]
struct Naming {
    serial: u64,
    name: String,
    means: Option<usize>,
}

#[derive(Clone, Debug)]
enum Node {
    File { now: Arc<Vec<u8>>, durable: Arc<Vec<u8>>, waiting: Vec<Change> },
    Folder { now: BTreeMap<String, usize>, durable: BTreeMap<String, usize>, waiting: Vec<Naming> },
}

impl Node {
    fn file() -> Self {
        Self::File { now: Arc::default(), durable: Arc::default(), waiting: Vec::new() }
    }

    const fn folder() -> Self {
        Self::Folder { now: BTreeMap::new(), durable: BTreeMap::new(), waiting: Vec::new() }
    }
}

/// The disk below one directory.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    root: PathBuf,
    nodes: Vec<Node>,
    /// By number of the opening.
    open: BTreeMap<u64, usize>,
    serial: u64,
}

impl Disk {
    /// What lies below a directory, all of it durable.
    pub(crate) fn load(root: &Path) -> Self {
        let mut disk = Self { root: root.to_owned(), nodes: vec![Node::folder()], open: BTreeMap::new(), serial: 0 };
        disk.load_folder(root, 0);
        disk
    }

    fn load_folder(&mut self, path: &Path, into: usize) {
        for entry in fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let is_folder = entry.file_type().unwrap().is_dir();
            let id = self.add(if is_folder { Node::folder() } else { Node::file() });
            if is_folder {
                self.load_folder(&entry.path(), id);
            } else {
                let bytes = Arc::new(fs::read(entry.path()).unwrap());
                self.nodes[id] = Node::File { now: Arc::clone(&bytes), durable: bytes, waiting: Vec::new() };
            }
            let Node::Folder { now, durable, .. } = &mut self.nodes[into] else { unreachable!() };
            let name = entry.file_name().into_string().unwrap();
            now.insert(name.clone(), id);
            durable.insert(name, id);
        }
    }

    fn add(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// The folder and the name of a path; the root has none.
    fn place(&self, path: &str) -> Option<(usize, String)> {
        let below = Path::new(path).strip_prefix(&self.root).ok()?;
        let name = below.file_name()?.to_str()?.to_owned();
        Some((self.find(below.parent()?)?, name))
    }

    fn find(&self, below: &Path) -> Option<usize> {
        below.iter().try_fold(0, |at, part| match &self.nodes[at] {
            Node::Folder { now, .. } => now.get(part.to_str()?).copied(),
            Node::File { .. } => None,
        })
    }

    fn at(&self, path: &str) -> Option<usize> {
        self.find(Path::new(path).strip_prefix(&self.root).ok()?)
    }

    fn name(&mut self, path: &str, means: Option<usize>) {
        let (folder, name) = self.place(path).unwrap_or_else(|| panic!("{path} has no folder"));
        let serial = self.serial;
        let Node::Folder { now, waiting, .. } = &mut self.nodes[folder] else { panic!("{path} is in a file") };
        match means {
            Some(id) => now.insert(name.clone(), id),
            None => now.remove(&name),
        };
        waiting.push(Naming { serial, name, means });
    }

    fn change(&mut self, file: u64, change: Change) {
        let Node::File { now, waiting, .. } = &mut self.nodes[self.open[&file]] else { panic!("a folder is written") };
        change.apply(Arc::make_mut(now));
        waiting.push(change);
    }

    /// Takes one step.
    pub(crate) fn take(&mut self, op: &Op) {
        self.serial += 1;
        match &op.kind {
            Kind::Open { created, truncated, is_folder } => {
                if *created && self.at(&op.path).is_none() {
                    let id = self.add(Node::file());
                    self.name(&op.path, Some(id));
                }
                let id = self.at(&op.path).unwrap_or_else(|| panic!("{} was made unseen", op.path));
                assert_eq!(*is_folder, matches!(self.nodes[id], Node::Folder { .. }), "{}", op.path);
                self.open.insert(op.file, id);
                if *truncated {
                    self.change(op.file, Change::Length(0));
                }
            }
            Kind::Write { at, bytes } => self.change(op.file, Change::Write(*at, Arc::clone(bytes))),
            Kind::Length(length) => self.change(op.file, Change::Length(*length)),
            Kind::Sync => {
                let synced = self.open[&op.file];
                match &mut self.nodes[synced] {
                    Node::File { durable, waiting, .. } => {
                        let bytes = Arc::make_mut(durable);
                        waiting.drain(..).for_each(|change| change.apply(bytes));
                        self.sync_name_of_manifest(synced);
                    }
                    Node::Folder { durable, waiting, .. } => {
                        waiting.drain(..).for_each(|naming| take_name(durable, &naming));
                    }
                }
            }
            // What the kernel could not write it forgets: a later sync finds nothing to do.
            Kind::SyncFailed => {
                if let Node::File { waiting, .. } = &mut self.nodes[self.open[&op.file]] {
                    waiting.clear();
                }
            }
            Kind::Rename { to } => {
                let moved = self.at(&op.path).unwrap_or_else(|| panic!("{} was made unseen", op.path));
                self.name(&op.path, None);
                self.name(to, Some(moved));
            }
            Kind::Link { to } => {
                let linked = self.at(&op.path).unwrap_or_else(|| panic!("{} was made unseen", op.path));
                self.name(to, Some(linked));
            }
            Kind::Unlink => self.name(&op.path, None),
            Kind::MakeFolder => {
                let id = self.add(Node::folder());
                self.name(&op.path, Some(id));
            }
            Kind::Told(_) | Kind::Failed(_) => {}
        }
    }

    /// RocksDB syncs a new manifest and then renames `CURRENT` to name it, without a sync of the folder between the two.
    fn sync_name_of_manifest(&mut self, synced: usize) {
        for node in &mut self.nodes {
            let Node::Folder { durable, waiting, .. } = node else { continue };
            for naming in waiting.extract_if(.., |n| n.means == Some(synced) && is_manifest(&n.name)) {
                take_name(durable, &naming);
            }
        }
    }

    /// What is on the disk after a loss.
    pub(crate) fn left(&self, loss: Loss) -> Tree {
        let mut tree = Tree::new();
        let mut random = SplitMix64::new(if let Loss::Any(seed) = loss { seed } else { 0 });
        // Both halves of a rename are there, or neither.
        let chosen: Vec<bool> = (0..=self.serial).map(|_| random.below(2) == 0).collect();
        self.leave(0, Path::new(""), loss, &chosen, &mut random, &mut tree);
        tree
    }

    fn leave(&self, id: usize, path: &Path, loss: Loss, chosen: &[bool], random: &mut SplitMix64, tree: &mut Tree) {
        match &self.nodes[id] {
            Node::File { now, durable, waiting } => {
                let bytes = match loss {
                    Loss::Nothing => Arc::clone(now),
                    Loss::All => Arc::clone(durable),
                    Loss::Any(_) => Arc::new(torn(durable, waiting, is_in_order(path), random)),
                };
                tree.insert(path.to_owned(), Some(bytes));
            }
            Node::Folder { now, durable, waiting } => {
                let mut names = if loss == Loss::Nothing { now.clone() } else { durable.clone() };
                if matches!(loss, Loss::Any(_)) {
                    let kept = waiting.iter().filter(|naming| chosen[naming.serial as usize]);
                    kept.for_each(|naming| take_name(&mut names, naming));
                }
                tree.insert(path.to_owned(), None);
                for (name, &id) in names.iter().filter(|(name, _)| !is_of_a_process(name)) {
                    self.leave(id, &path.join(name), loss, chosen, random, tree);
                }
            }
        }
    }
}

fn take_name(names: &mut BTreeMap<String, usize>, naming: &Naming) {
    match naming.means {
        Some(id) => names.insert(naming.name.clone(), id),
        None => names.remove(&naming.name),
    };
}

/// A file of which a part of what was not synced is on the disk. What came later may be there without what came before,
/// but a sector holds what it held at one moment.
fn torn(durable: &[u8], waiting: &[Change], is_in_order: bool, random: &mut SplitMix64) -> Vec<u8> {
    let mut versions = vec![durable.to_vec()];
    for change in waiting {
        let mut next = versions[versions.len() - 1].clone();
        change.apply(&mut next);
        versions.push(next);
    }
    let mut any = || random.below(versions.len() as u64) as usize;
    let (newest, length) = (any(), versions[any()].len());
    if is_in_order || newest % 2 == 0 {
        // All up to a byte.
        let mut bytes = versions[newest].clone();
        if let Some(Change::Write(at, written)) = waiting.get(newest) {
            let mut cut = random.below(written.len() as u64 + 1) as usize;
            // What is written over something is a sector's to hold, the old or the new.
            if at + cut < bytes.len() {
                cut = ((at + cut) / SECTOR * SECTOR).saturating_sub(*at);
            }
            Change::Write(*at, Arc::new(written[..cut].to_vec())).apply(&mut bytes);
        }
        return bytes;
    }
    let mut bytes = vec![0; length];
    for (n, sector) in bytes.chunks_mut(SECTOR).enumerate() {
        let held = &versions[any()];
        let held = &held[held.len().min(n * SECTOR)..];
        let count = held.len().min(sector.len());
        sector[..count].copy_from_slice(&held[..count]);
    }
    bytes
}

/// Whether a file is on the disk in the order in which it was written. RocksDB takes no manifest whose end has sectors
/// of nothing in it, and no database would: it is as if somebody had altered it (docs/decisions.md).
fn is_in_order(path: &Path) -> bool {
    path.file_name().is_some_and(|name| is_manifest(&name.to_string_lossy()))
}

fn is_manifest(name: &str) -> bool {
    name.starts_with("MANIFEST-")
}

/// RocksDB's lock and diagnostics.
pub(crate) fn is_of_a_process(name: &str) -> bool {
    name == "LOCK" || name.starts_with("LOG")
}

/// Writes what was left into an empty directory.
pub(crate) fn write(tree: &Tree, into: &Path) {
    for (path, bytes) in tree {
        match bytes {
            None => fs::create_dir_all(into.join(path)).unwrap(),
            Some(bytes) => fs::write(into.join(path), &**bytes).unwrap(),
        }
    }
}
