//! `saring backup`: a copy of a register, and the way back.

use super::{Exit, Failure, grouped, print};
use crate::{
    registry::{self, Until},
    store::{OpenMode, Store, StoreError},
};
use std::path::{Path, PathBuf};

/// What to do.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring backup create /backup/saring-2026-12-31 --data DIR
  saring backup restore /backup/saring-2026-12-31 --data NEWDIR
  saring backup restore /backup/saring-2026-12-31 --data NEWDIR --until 1.4711
  saring backup restore /backup/saring-2026-12-31 --data NEWDIR --until 2026-12-30T18:00

A restore begins a new epoch: its revisions are 2.… where those of the backup were 1.….")]
pub(super) struct BackupArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Action {
    /// Copy a register that nobody else writes
    Create {
        /// Directory of the backup; not there yet, or empty
        backup: PathBuf,
        /// Directory of the register
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a register of a backup
    Restore {
        /// Directory of the backup; it is not changed
        backup: PathBuf,
        /// Directory of the new register; not there yet, or empty
        #[arg(long, value_name = "NEWDIR")]
        data: PathBuf,
        /// As it was at this entry, revision or time [default: all that the backup holds]
        #[arg(long, value_name = "SEQ|REVISION|TIME")]
        until: Option<Until>,
        /// Number of the new epoch; name one that no other restore of this register has [default: the next]
        #[arg(long, value_name = "N")]
        epoch: Option<u32>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(args: &BackupArgs) -> Result<Exit, Failure> {
    match &args.action {
        Action::Create { backup, data, json } => create(backup, data, *json),
        Action::Restore { backup, data, until, epoch, json } => restore(backup, data, *until, *epoch, *json),
    }
}

fn create(backup: &Path, data: &Path, json: bool) -> Result<Exit, Failure> {
    let store = Store::open(data, OpenMode::Write).map_err(|error| match error {
        StoreError::Locked { path } => Failure::from(format!(
            "{} is in use by another Saring process, and only that process can copy it while it runs: have the server make the backup, or stop it for the moment of the copy",
            path.display()
        )),
        error => error.into(),
    })?;
    let made = store.backup(backup)?;
    if json {
        let object = serde_json::json!({"revision": made.revision.to_string(), "bytes": made.bytes});
        print(&object.to_string())?;
    } else {
        print(&format!("revision {} is in {}, {} bytes", made.revision, backup.display(), grouped(made.bytes)))?;
        print(&format!("prove it with: saring verify --data {}", backup.display()))?;
    }
    Ok(Exit::Ok)
}

fn restore(backup: &Path, data: &Path, until: Option<Until>, epoch: Option<u32>, json: bool) -> Result<Exit, Failure> {
    let restored = registry::restore(backup, data, until, epoch)?;
    let verified = &restored.verified;
    if json {
        let object = serde_json::json!({
            "backup": restored.backup.to_string(),
            "kept": restored.kept.to_string(),
            "dropped": restored.backup.seq - restored.kept.seq,
            "revision": verified.revision.to_string(),
            "digest": verified.digest.to_string(),
        });
        print(&object.to_string())?;
    } else {
        print(&format!("backup    {}", restored.backup))?;
        print(&format!(
            "kept      up to {}; {} later entries are left out",
            restored.kept,
            grouped(restored.backup.seq - restored.kept.seq)
        ))?;
        print(&format!("revision  {} in {}, verified", verified.revision, data.display()))?;
        print(&format!("digest    {}", verified.digest))?;
    }
    Ok(Exit::Ok)
}
