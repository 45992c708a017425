//! `saring backup`: a copy of a register, and the way back.

use super::{Exit, Failure, grouped, print, server::RegistryFlags};
use crate::{
    proto,
    registry::{self, Until},
    store::{OpenMode, Store, StoreError},
};
use std::path::{Path, PathBuf};

/// What to do.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  saring backup create saring-2026-12-31                       of the server that runs
  saring backup create /backup/saring-2026-12-31 --data DIR    of a register that nobody has open
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
    /// Copy a register: that of a running server, or with --data one that nobody has open
    Create {
        /// Name of the backup below the server's --backups; with --data its directory, not there yet or empty
        backup: PathBuf,
        /// Directory of the register, where no server runs on it
        #[arg(long, value_name = "DIR", conflicts_with_all = ["server", "ca", "cert", "key", "token_file"])]
        data: Option<PathBuf>,
        #[command(flatten)]
        there: RegistryFlags,
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
        Action::Create { backup, data: Some(data), there } => create(backup, data, there.json),
        Action::Create { backup, data: None, there } => ask(backup, there),
        Action::Restore { backup, data, until, epoch, json } => restore(backup, data, *until, *epoch, *json),
    }
}

fn create(backup: &Path, data: &Path, json: bool) -> Result<Exit, Failure> {
    let store = Store::open(data, OpenMode::Write).map_err(|error| match error {
        StoreError::Locked { path } => Failure::from(format!(
            "{} is in use by another Saring process, and only that process can copy it while it runs: have the server make the backup (leave --data out)",
            path.display()
        )),
        error => error.into(),
    })?;
    let made = store.backup(backup)?;
    told(&made.revision.to_string(), made.bytes, &backup.display().to_string(), json)
}

/// Has the server that runs make the backup.
fn ask(backup: &Path, there: &RegistryFlags) -> Result<Exit, Failure> {
    let name = backup.to_str().ok_or("a backup on a server has a plain name")?.to_owned();
    let made = there.connect()?.create_backup(proto::CreateBackupRequest { name })?;
    let revision = made.revision.map(|revision| format!("{}.{}", revision.epoch, revision.seq)).unwrap_or_default();
    told(&revision, made.bytes, &made.path, there.json)
}

fn told(revision: &str, bytes: u64, path: &str, json: bool) -> Result<Exit, Failure> {
    if json {
        print(&serde_json::json!({"revision": revision, "bytes": bytes, "path": path}).to_string())?;
    } else {
        print(&format!("revision {revision} is in {path}, {} bytes", grouped(bytes)))?;
        print(&format!("prove it with: saring verify --data {path}"))?;
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
            "carried": restored.carried,
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
        if restored.carried > 0 {
            print(&format!(
                "people    {} entries of those stay: who was taken back, and newer tokens",
                restored.carried
            ))?;
        }
        print(&format!("revision  {} in {}, verified", verified.revision, data.display()))?;
        print(&format!("digest    {}", verified.digest))?;
    }
    Ok(Exit::Ok)
}
