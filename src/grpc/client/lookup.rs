//! The client of the service Lookup.

use super::{Access, Authorised, ClientError, Dialled, dial::TIMEOUT};
use crate::{
    limits,
    proto::{self, lookup_client::LookupClient},
};
use std::time::Instant;
use tonic::{Code, Response, Status};

/// Looks up at a server: one blocking call after the other.
#[derive(Debug)]
pub struct LookupCaller {
    runtime: tokio::runtime::Runtime,
    client: LookupClient<Authorised>,
}

impl LookupCaller {
    /// Connects to a server's Registry door.
    ///
    /// # Errors
    /// When address, files and token do not fit together, or nobody answers.
    pub fn connect(access: &Access) -> Result<Self, ClientError> {
        let Dialled { runtime, channel } = Dialled::connect(access)?;
        Ok(Self { runtime, client: LookupClient::new(channel) })
    }

    /// Looks something up.
    ///
    /// # Errors
    /// When the server refuses it, or does not answer in time. One that still loads its register is asked again.
    pub fn find(&self, request: proto::FindRequest) -> Result<proto::FindResponse, ClientError> {
        self.ask(|mut client| {
            let request = request.clone();
            async move { client.find(request).await }
        })
    }

    /// Shows a number in full.
    ///
    /// # Errors
    /// As [`LookupCaller::find`].
    pub fn reveal(&self, request: proto::RevealRequest) -> Result<proto::RevealResponse, ClientError> {
        self.ask(|mut client| {
            let request = request.clone();
            async move { client.reveal(request).await }
        })
    }

    /// The questions of callers.
    ///
    /// # Errors
    /// As [`LookupCaller::find`].
    pub fn help(&self, request: proto::HelpRequest) -> Result<proto::HelpResponse, ClientError> {
        self.ask(|mut client| {
            let request = request.clone();
            async move { client.help(request).await }
        })
    }

    fn ask<T, F>(&self, call: impl Fn(LookupClient<Authorised>) -> F) -> Result<T, ClientError>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let asked = Instant::now();
        loop {
            match self.runtime.block_on(call(self.client.clone())) {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status)
                    if matches!(status.code(), Code::ResourceExhausted | Code::Unavailable)
                        && asked.elapsed() < TIMEOUT =>
                {
                    std::thread::sleep(limits::RETRY_BUSY);
                }
                Err(status) => return Err(status.into()),
            }
        }
    }
}
