//! The questions to a server.

use super::{Asked, Failure, Told, calendars};
use crate::{cli::server::RegistryFlags, grpc::RegistrationCaller, import::progress::on_terminal, proto};
use sha2::{Digest, Sha256};
use std::{fs::File, io::Read, path::Path, sync::Arc};

/// Asks a server.
pub(super) fn answer(flags: &RegistryFlags, asked: Asked) -> Result<Told, Failure> {
    let caller = RegistrationCaller::connect(&flags.reach()?)?;
    Ok(match asked {
        Asked::Import { order, file, named } => {
            let order = proto::RegistrationListOrder { sha256: digest(&file)?, ..order };
            let progress = on_terminal();
            progress.start(std::fs::metadata(&file).ok().map(|file| file.len()));
            let progress = Arc::new(progress);
            let bar = Arc::clone(&progress);
            let sent: Arc<dyn Fn(u64) + Send + Sync> = Arc::new(move |bytes| bar.advance(bytes, 0));
            let submitted = named.carry_out(|request_id| {
                caller.submit_list(proto::RegistrationListOrder { request_id, ..order }, &file, &sent)
            });
            progress.finish();
            Told::List(submitted?)
        }
        Asked::Lists(request) => Told::Lists(caller.get_lists(request)?.lists),
        Asked::Counts(request) => Told::Counts(caller.get_counts(request)?),
        Asked::Show(request) => Told::Number(caller.show_number(request)?),
        Asked::AboveLimit(request) => Told::AboveLimit(caller.get_above_limit(request)?),
        Asked::Calendars(request, document) => calendars(caller.get_calendars(request)?, document)?,
        Asked::Propose(request) => Told::Calendar(caller.propose_calendar(request)?),
        Asked::Decide(request) => Told::Calendar(caller.decide_calendar(request)?),
        Asked::Preview(request) => Told::Moved(caller.preview_calendar(request)?),
        Asked::Rotate(request) => Told::Key(caller.rotate_identity_key(request)?.version),
    })
}

/// SHA-256 of a file.
pub(super) fn digest(path: &Path) -> Result<Vec<u8>, Failure> {
    let unread = |error: std::io::Error| format!("{}: cannot be read: {error}", path.display());
    let (mut file, mut hasher, mut buffer) = (File::open(path).map_err(unread)?, Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut buffer).map_err(unread)? {
            0 => return Ok(hasher.finalize().to_vec()),
            read => hasher.update(&buffer[..read]),
        }
    }
}
