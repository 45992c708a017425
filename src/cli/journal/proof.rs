//! Checkpoints, exports and proofs: made with a register, checked without one.

use super::{
    super::{grouped, print, written},
    Exit, Failure, From, Trust, read_text, show,
};
use crate::{
    journal::time_text,
    store::{OpenMode, Store},
    transparency::{self, Proven, TransparencyError},
    tree::{Head, Proof, hash_text},
};
use serde_json::json;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

pub(super) fn checkpoint(from: &From) -> Result<Exit, Failure> {
    let store = Store::open(&from.data, OpenMode::Read)?;
    let signed = transparency::checkpoint(&store)?;
    if from.json {
        let Head { size, root } = signed.head();
        let key = store.journal_key()?;
        let object = json!({"size": size, "root": hash_text(&root), "key": key.line(), "checkpoint": signed.note()});
        print(&object.to_string())?;
    } else {
        written(io::stdout().lock().write_all(signed.note().as_bytes()))?;
    }
    Ok(Exit::Ok)
}

pub(super) fn export(from: &From, output: Option<&Path>) -> Result<Exit, Failure> {
    let store = Store::open(&from.data, OpenMode::Read)?;
    let Some(output) = output else {
        match transparency::export(&store, &mut io::BufWriter::new(io::stdout().lock())) {
            Err(TransparencyError::Io(error)) => written(Err(error))?,
            done => _ = done?,
        }
        return Ok(Exit::Ok);
    };
    let file = NewFile::create(output)?;
    let signed = transparency::export(&store, &mut io::BufWriter::new(&file.file))?;
    file.keep()?;
    let Head { size, root } = signed.head();
    if from.json {
        print(&json!({"file": output, "size": size, "root": hash_text(&root)}).to_string())?;
    } else {
        print(&format!("{}: {} entries, root {}", output.display(), grouped(size), hash_text(&root)))?;
    }
    Ok(Exit::Ok)
}

/// A file that stands under its name only when it is whole.
struct NewFile {
    file: File,
    partial: PathBuf,
    name: PathBuf,
}

impl NewFile {
    fn create(name: &Path) -> Result<Self, Failure> {
        let mut partial = name.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let file = File::create(&partial).map_err(|error| format!("{}: cannot be made: {error}", partial.display()))?;
        Ok(Self { file, partial, name: name.to_owned() })
    }

    fn keep(self) -> Result<(), Failure> {
        self.file.sync_all()?;
        Ok(fs::rename(&self.partial, &self.name)
            .map_err(|error| format!("{}: cannot be made: {error}", self.name.display()))?)
    }
}

pub(super) fn verify(file: &Path, trust: &Trust, json: bool) -> Result<Exit, Failure> {
    let opened = File::open(file).map_err(|error| format!("{}: cannot be read: {error}", file.display()))?;
    let (key, kept) = (trust.key()?, trust.kept()?);
    let verified = transparency::verify_export(opened, key.as_ref(), kept.as_deref(), &mut |_| {})
        .map_err(|error| format!("{}: {error}", file.display()))?;
    let Head { size, root } = verified.head;
    if json {
        let object = json!({
            "size": size,
            "root": hash_text(&root),
            "key": verified.key,
            "key_is_trusted": key.is_some(),
            "newest": time_text(verified.time_unix_ms),
            "continues": verified.continues,
        });
        print(&object.to_string())?;
        return Ok(Exit::Ok);
    }
    print(&format!("entries   {}, none missing, the last of {}", grouped(size), time_text(verified.time_unix_ms)))?;
    print(&format!("root      {}, as signed", hash_text(&root)))?;
    let whose = if key.is_some() { "as you named it" } else { "the export's own: compare it with the one you know" };
    print(&format!("key       {} ({whose})", verified.key))?;
    if let Some(size) = verified.continues {
        print(&format!("kept      the first {} entries are those of the kept checkpoint", grouped(size)))?;
    }
    Ok(Exit::Ok)
}

pub(super) fn inclusion(
    from: &From,
    seq: u64,
    checkpoint: Option<&Path>,
    output: Option<&Path>,
) -> Result<Exit, Failure> {
    let store = Store::open(&from.data, OpenMode::Read)?;
    let signed = match checkpoint {
        Some(file) => transparency::kept(&store, &read_text(file)?)?,
        None => transparency::checkpoint(&store)?,
    };
    hand_out(&transparency::prove_inclusion(&store, seq, &signed)?, from.json, output)
}

pub(super) fn consistency(from: &From, earlier: &str, output: Option<&Path>) -> Result<Exit, Failure> {
    let store = Store::open(&from.data, OpenMode::Read)?;
    let size = match earlier.parse() {
        Ok(size) => size,
        Err(_) => transparency::kept(&store, &read_text(Path::new(earlier))?)?.head().size,
    };
    hand_out(&transparency::prove_consistency(&store, size)?, from.json, output)
}

fn hand_out(proof: &Proof, json: bool, output: Option<&Path>) -> Result<Exit, Failure> {
    let text = proof.to_text();
    if let Some(output) = output {
        let mut file = NewFile::create(output)?;
        file.file.write_all(text.as_bytes())?;
        file.keep()?;
    }
    if json {
        let (kind, about, path) = match proof {
            Proof::Inclusion { seq, path, .. } => ("inclusion", seq, path),
            Proof::Consistency { from, path, .. } => ("consistency", from, path),
        };
        let path: Vec<String> = path.iter().map(hash_text).collect();
        print(&json!({"proof": kind, "about": about, "path": path, "text": text}).to_string())?;
    } else if output.is_none() {
        written(io::stdout().lock().write_all(text.as_bytes()))?;
    }
    Ok(Exit::Ok)
}

pub(super) fn check(file: &Path, trust: &Trust, json: bool) -> Result<Exit, Failure> {
    let proof = Proof::from_text(&read_text(file)?)
        .map_err(|error| format!("{} is no proof: {error} should stand there", file.display()))?;
    let Some(key) = trust.key()? else {
        return Err(
            "a proof is checked with the register's key: name it with --key (the register's journal.pub)".into()
        );
    };
    let proven = transparency::check(&proof, &key, trust.kept()?.as_deref())
        .map_err(|error| format!("{}: {error}", file.display()))?;
    let root = |head: &Head| hash_text(&head.root);
    match proven {
        Proven::Included { entry, seq, head } if json => {
            let entry = entry.as_deref().map(show::as_json);
            let object =
                json!({"proof": "inclusion", "seq": seq, "size": head.size, "root": root(&head), "entry": entry});
            print(&object.to_string())?;
        }
        Proven::Included { entry, seq, head } => {
            print(&format!("proven     entry {seq} is one of the {} entries of {}", grouped(head.size), root(&head)))?;
            print(&entry.as_deref().map_or_else(|| "this build cannot read it".to_owned(), show::told))?;
        }
        Proven::Continued { from, to } if json => {
            let object = json!({
                "proof": "consistency", "from": from.size, "to": to.size, "from_root": root(&from), "root": root(&to),
            });
            print(&object.to_string())?;
        }
        Proven::Continued { from, to } => {
            let (from, to) = (grouped(from.size), grouped(to.size));
            print(&format!("proven  the journal of {to} entries begins with the {from} of the kept checkpoint"))?;
        }
    }
    Ok(Exit::Ok)
}
