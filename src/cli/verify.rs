//! `saring verify`: whether store, hot sets and journal agree.

use super::{Exit, Failure, grouped, print};
use crate::{
    registry,
    store::{OpenMode, Store},
    tree::hash_text,
};
use std::path::PathBuf;

/// Which register.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Example:
  saring verify --data DIR

Makes the journal's tree anew from the entries and holds it against the stored hashes and the signed checkpoint,
reads every body and holds it against the digest in its journal entry, folds journal and bodies anew, and
compares the digest of that state with the stored pages and with hot sets built from them. Runs beside a server.")]
pub(super) struct VerifyArgs {
    /// Directory of the register
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &VerifyArgs) -> Result<Exit, Failure> {
    let store = Store::open(&args.data, OpenMode::Read)?;
    let verified = registry::verify(&store)?;
    if args.json {
        let object = serde_json::json!({
            "revision": verified.revision.to_string(),
            "entries": verified.entries,
            "root": hash_text(&verified.head.root),
            "signed": verified.signed,
            "bodies": verified.bodies,
            "pages": verified.pages,
            "digest": verified.digest.to_string(),
        });
        print(&object.to_string())?;
    } else {
        print(&format!("revision  {}", verified.revision))?;
        print(&format!("journal   {} entries, none missing", grouped(verified.entries)))?;
        let signed =
            verified.signed.map_or_else(|| "no checkpoint".to_owned(), |size| format!("signed up to entry {size}"));
        print(&format!("tree      {} (entries = stored hashes), {signed}", hash_text(&verified.head.root)))?;
        print(&format!("bodies    {}, each with the digest of its entry", grouped(verified.bodies)))?;
        print(&format!("pages     {}", grouped(verified.pages)))?;
        print(&format!("digest    {} (journal and bodies = stored pages = hot sets)", verified.digest))?;
    }
    Ok(Exit::Ok)
}
