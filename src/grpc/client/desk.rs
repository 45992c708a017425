//! The clients of the services Audit and Cases: one blocking call after the other.
//!
//! What always holds: a server that is busy or starts is asked again for as long as an answer is waited for; no other
//! call is made twice.

use super::{Access, Authorised, ClientError, Dialled, dial::TIMEOUT};
use crate::{
    limits,
    proto::{self, audit_client::AuditClient, cases_client::CasesClient},
};
use std::time::Instant;
use tonic::{Code, Response, Status};

/// Bytes of an answer: a breach pack has many entries.
pub(super) const ANSWER_BYTES_MAX: usize = 256 << 20;

macro_rules! caller {
    ($(#[$meta:meta])* $caller:ident of $client:ident { $($name:ident: $request:ident -> $answer:ident;)+ }) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $caller {
            runtime: tokio::runtime::Runtime,
            client: $client<Authorised>,
        }

        impl $caller {
            /// Connects to a server's Registry door.
            ///
            /// # Errors
            /// When address, files and token do not fit together, or nobody answers.
            pub fn connect(access: &Access) -> Result<Self, ClientError> {
                let Dialled { runtime, channel } = Dialled::connect(access)?;
                Ok(Self { runtime, client: $client::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX) })
            }

            $(
                #[doc = concat!("The call `", stringify!($name), "`.\n\n# Errors\n",
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

caller! {
    /// Reads the record of the desk at a server.
    AuditCaller of AuditClient {
        list_entries: ListEntriesRequest -> ListEntriesResponse;
        who_looked: WhoLookedRequest -> ListEntriesResponse;
        verify_record: VerifyRecordRequest -> VerifyRecordResponse;
        make_breach_pack: BreachPackRequest -> BreachPack;
        get_desk_rules: GetDeskRulesRequest -> DeskRules;
        set_desk_rules: SetDeskRulesRequest -> DeskRules;
    }
}

caller! {
    /// Opens, shows and changes cases at a server.
    CasesCaller of CasesClient {
        open_case: OpenCaseRequest -> OpenCaseResponse;
        show_case: ShowCaseRequest -> Case;
        list_cases: ListCasesRequest -> ListCasesResponse;
        change_case: ChangeCaseRequest -> ChangeCaseResponse;
        get_case_figures: GetCaseFiguresRequest -> GetCaseFiguresResponse;
        get_case_state: GetCaseStateRequest -> CaseState;
    }
}

pub(super) fn ask<T, F>(runtime: &tokio::runtime::Runtime, call: impl Fn() -> F) -> Result<T, ClientError>
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    let asked = Instant::now();
    loop {
        match runtime.block_on(call()) {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) if may_ask_again(&status) && asked.elapsed() < TIMEOUT => {
                std::thread::sleep(limits::RETRY_BUSY);
            }
            Err(status) => return Err(status.into()),
        }
    }
}

/// A server that wants to be asked again says when: only then it has done nothing.
fn may_ask_again(status: &Status) -> bool {
    use tonic_types::StatusExt;
    matches!(status.code(), Code::ResourceExhausted | Code::Unavailable)
        && status.get_error_details().retry_info().is_some()
}
