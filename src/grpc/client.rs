//! A client of the door, for the command line: one blocking call after the other.

use crate::{
    limits,
    proto::{self, equipment_check_client::EquipmentCheckClient},
};
use std::time::{Duration, Instant};
use tonic::transport::{Channel, Endpoint};

/// Time after which a server is given up.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why a server gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is none.
    #[error("{url:?} is no server address: write http://HOST:PORT")]
    Url {
        /// The address.
        url: String,
    },
    /// The system gives no runtime.
    #[error("cannot start the client: {0}")]
    System(#[from] std::io::Error),
    /// Nobody answers there.
    #[error("no Saring answers at {url}: {error}")]
    Connect {
        /// The address.
        url: String,
        /// What the transport says.
        error: tonic::transport::Error,
    },
    /// The server refused.
    #[error("the server refused ({code:?}): {message}")]
    Refused {
        /// The status code.
        code: tonic::Code,
        /// The server's words.
        message: String,
    },
}

impl ClientError {
    /// Whether the question itself breaks a rule, so that another one may well be answered.
    pub const fn is_bad_question(&self) -> bool {
        matches!(self, Self::Refused { code: tonic::Code::InvalidArgument, .. })
    }
}

/// Asks a server. Cheap to keep, and one call at a time.
#[derive(Debug)]
pub struct ExplainClient {
    runtime: tokio::runtime::Runtime,
    client: EquipmentCheckClient<Channel>,
}

impl ExplainClient {
    /// Connects to a server, for example `http://127.0.0.1:7400`.
    ///
    /// # Errors
    /// When the address is none, or nobody answers.
    pub fn connect(url: &str) -> Result<Self, ClientError> {
        let endpoint = Endpoint::from_shared(url.to_owned()).map_err(|_| ClientError::Url { url: url.to_owned() })?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let channel = runtime
            .block_on(endpoint.timeout(TIMEOUT).connect_timeout(TIMEOUT).connect())
            .map_err(|error| ClientError::Connect { url: url.to_owned(), error })?;
        Ok(Self { runtime, client: EquipmentCheckClient::new(channel) })
    }

    /// Asks one question.
    ///
    /// # Errors
    /// When the server refuses it, is not ready, or does not answer in time. One that is too busy is asked again
    /// when it wants to be, for as long as an answer is waited for.
    pub fn explain(&self, request: proto::ExplainRequest) -> Result<proto::ExplainResponse, ClientError> {
        self.ask(|mut client| {
            let request = request.clone();
            async move { client.explain(request).await }
        })
    }

    /// Asks one question as a network does.
    ///
    /// # Errors
    /// As [`ExplainClient::explain`].
    pub fn check(&self, request: proto::CheckRequest) -> Result<proto::CheckResponse, ClientError> {
        self.ask(|mut client| {
            let request = request.clone();
            async move { client.check(request).await }
        })
    }

    fn ask<T, F>(&self, call: impl Fn(EquipmentCheckClient<Channel>) -> F) -> Result<T, ClientError>
    where
        F: Future<Output = Result<tonic::Response<T>, tonic::Status>>,
    {
        let asked = Instant::now();
        loop {
            match self.runtime.block_on(call(self.client.clone())) {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) if status.code() == tonic::Code::ResourceExhausted && asked.elapsed() < TIMEOUT => {
                    std::thread::sleep(limits::RETRY_BUSY);
                }
                Err(status) => {
                    return Err(ClientError::Refused { code: status.code(), message: status.message().to_owned() });
                }
            }
        }
    }
}
