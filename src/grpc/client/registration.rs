//! The client of the service Registration: one blocking call after the other.
//!
//! What always holds: a list goes from its file to the wire as it is, with the digest of its bytes before it; a server that
//! is busy or starts is asked again only where it has done nothing.

use super::{
    Access, Authorised, ClientError, Dialled,
    desk::{ANSWER_BYTES_MAX, ask},
    dial,
};
use crate::{
    limits,
    proto::{self, registration_client::RegistrationClient, submit_list_request::Part},
};
use std::{fs::File, io::Read, path::Path, sync::Arc};
use tonic::Code;

/// Bytes of a list in one message: the largest that the door takes, less what frames them.
const PIECE_BYTES: usize = limits::MESSAGE_BYTES_MAX - 1024;

/// Asks a server about registrations of subscribers.
#[derive(Debug)]
pub struct RegistrationCaller {
    runtime: tokio::runtime::Runtime,
    client: RegistrationClient<Authorised>,
}

macro_rules! calls {
    ($($name:ident: $request:ident -> $answer:ident;)+) => {
        impl RegistrationCaller {
            $(
                #[doc = concat!("The call `", stringify!($name), "` of the service Registration.\n\n# Errors\n",
                    "When the server refuses it, or it is not known whether it did.")]
                pub fn $name(&self, request: proto::$request) -> Result<proto::$answer, ClientError> {
                    ask(&self.runtime, || {
                        let (mut client, request) = (self.client.clone(), request.clone());
                        async move { client.$name(request).await }
                    })
                }
            )+
        }
    };
}

calls! {
    get_lists: GetListsRequest -> GetListsResponse;
    get_counts: GetCountsRequest -> GetCountsResponse;
    show_number: ShowNumberRequest -> ShowNumberResponse;
    get_above_limit: GetAboveLimitRequest -> GetAboveLimitResponse;
    get_calendars: GetCalendarsRequest -> GetCalendarsResponse;
    propose_calendar: ProposeCalendarRequest -> BlockingCalendar;
    decide_calendar: DecideCalendarRequest -> BlockingCalendar;
    preview_calendar: PreviewCalendarRequest -> PreviewCalendarResponse;
    rotate_identity_key: RotateIdentityKeyRequest -> RotateIdentityKeyResponse;
}

impl RegistrationCaller {
    /// Connects to a server's Registry door.
    ///
    /// # Errors
    /// When address, files and token do not fit together, or nobody answers.
    pub fn connect(access: &Access) -> Result<Self, ClientError> {
        let Dialled { runtime, channel } = Dialled::connect_patiently(access)?;
        Ok(Self { runtime, client: RegistrationClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX) })
    }

    /// Hands a list in. `sent` is told how many bytes have left.
    ///
    /// # Errors
    /// When the file cannot be read, the server refuses it, or the transfer breaks: it is begun again with the same
    /// request, and not carried out twice.
    pub fn submit_list(
        &self,
        order: proto::RegistrationListOrder,
        path: &Path,
        sent: &Arc<dyn Fn(u64) + Send + Sync>,
    ) -> Result<proto::SubmitListResponse, ClientError> {
        let pieces = Pieces { file: File::open(path)?, at: 0, sent: Arc::clone(sent) };
        let parts = std::iter::once(Part::Order(order)).chain(pieces.map(Part::Data));
        let messages = tokio_stream::iter(parts.map(|part| proto::SubmitListRequest { part: Some(part) }));
        let mut client = self.client.clone();
        self.runtime.block_on(client.submit_list(messages)).map(tonic::Response::into_inner).map_err(|status| {
            let is_open = matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled);
            match dial::refused(&status) {
                ClientError::Refused { message, .. } if is_open => ClientError::Broken { why: message },
                refused => refused,
            }
        })
    }
}

/// The bytes of a file. One that cannot be read to its end has another digest than was named, and is refused.
struct Pieces {
    file: File,
    at: u64,
    sent: Arc<dyn Fn(u64) + Send + Sync>,
}

impl Iterator for Pieces {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        let read = self.file.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut piece);
        if read.is_err() || piece.is_empty() {
            return None;
        }
        self.at += piece.len() as u64;
        (self.sent)(self.at);
        Some(piece)
    }
}
