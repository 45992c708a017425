//! Entries in words.

use super::{super::print, Exit, Failure, From};
use crate::{
    journal::{self, Entry},
    store::{OpenMode, Store},
    tree,
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use prost::Message;
use serde_json::{Value, json};

pub(super) fn one(from: &From, seq: u64) -> Result<Exit, Failure> {
    let store = Store::open(&from.data, OpenMode::Read)?;
    let newest = store.applied().seq;
    let stored = if seq == 0 { None } else { store.journal(seq)?.next().transpose()? };
    let Some(stored) = stored.filter(|_| seq <= newest) else {
        return Err(format!("there is no entry {seq}: the journal has the entries 1 to {newest}").into());
    };
    let entry = Entry::decode(stored.as_slice()).map_err(|error| format!("entry {seq} is unreadable: {error}"))?;
    let leaf = tree::hash_text(&tree::leaf(&stored));
    if from.json {
        let mut object = as_json(&entry);
        object["leaf"] = leaf.into();
        object["stored"] = BASE64_STANDARD.encode(&stored).into();
        print(&object.to_string())?;
        return Ok(Exit::Ok);
    }
    print(&format!("entry      {} of {newest}, epoch {}", entry.seq, entry.epoch))?;
    print(&told(&entry))?;
    print(&format!("leaf       {leaf}"))?;
    Ok(Exit::Ok)
}

/// Everything an entry says but its number.
pub(super) fn told(entry: &Entry) -> String {
    let mut lines = vec![
        format!("time       {}", journal::time_text(entry.time_unix_ms)),
        format!("principal  {}", entry.principal),
        format!("approver   {}", if entry.approver.is_empty() { "-" } else { &entry.approver }),
    ];
    if !entry.partition.is_empty() {
        lines.push(format!("partition  {}", entry.partition));
    }
    lines.push(format!("change     {}", journal::words(entry)));
    lines.join("\n")
}

pub(super) fn as_json(entry: &Entry) -> Value {
    json!({
        "seq": entry.seq,
        "epoch": entry.epoch,
        "time": journal::time_text(entry.time_unix_ms),
        "time_unix_ms": entry.time_unix_ms,
        "principal": entry.principal,
        "approver": entry.approver,
        "partition": entry.partition,
        "change": journal::kind(entry),
        "words": journal::words(entry),
    })
}

pub(super) fn tail(from: &From, number: u64) -> Result<Exit, Failure> {
    let store = Store::open(&from.data, OpenMode::Read)?;
    let first = (store.applied().seq + 1).saturating_sub(number).max(1);
    lines(&store, from.json, first, u64::MAX)
}

pub(super) fn list(from: &From, first: u64, last: Option<u64>) -> Result<Exit, Failure> {
    let store = Store::open(&from.data, OpenMode::Read)?;
    lines(&store, from.json, first.max(1), last.unwrap_or(u64::MAX))
}

/// A line an entry; with JSON an object a line.
fn lines(store: &Store, json: bool, first: u64, last: u64) -> Result<Exit, Failure> {
    let width = store.applied().seq.to_string().len();
    for entry in store.entries(first)? {
        let entry = entry?;
        if entry.seq > last {
            break;
        }
        if json {
            print(&as_json(&entry).to_string())?;
        } else {
            let (time, words) = (journal::time_text(entry.time_unix_ms), journal::words(&entry));
            print(&format!("{:>width$}  {time}  {}  {words}", entry.seq, journal::hands(&entry)))?;
        }
    }
    Ok(Exit::Ok)
}
