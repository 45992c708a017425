//! A client of the door, for the command line: one blocking call after the other.
//!
//! [`Dialled`] opens the channel for any service; [`ExplainClient`] is the client of the checks, [`RegistryCaller`]
//! that of the changes, [`LookupCaller`] that of what agents ask. [`Line`] is a bare connection, for who speaks HTTP/2
//! itself.

mod desk;
mod dial;
mod line;
mod lookup;
mod registration;
mod registry;

pub use desk::{AuditCaller, CasesCaller};
pub use dial::{Access, Authorised, Bearer, Dialled, Token};
pub use line::Line;
pub use lookup::LookupCaller;
pub use registration::RegistrationCaller;
pub use registry::{RegistryCaller, Transfer};

use crate::{
    limits,
    proto::{self, equipment_check_client::EquipmentCheckClient},
    tls::FileError,
};
use dial::TIMEOUT;
use std::time::Instant;

/// Why a server gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is none.
    #[error("{url:?} is no server address: write http://HOST:PORT or https://HOST:PORT")]
    Url {
        /// The address.
        url: String,
    },
    /// The system gives no runtime.
    #[error("cannot start the client: {0}")]
    System(#[from] std::io::Error),
    /// Nobody answers there.
    #[error("no Saring answers at {url}: {why}")]
    Connect {
        /// The address.
        url: String,
        /// What the transport says.
        why: String,
    },
    /// A file of certificates, a key or a token.
    #[error(transparent)]
    File(#[from] FileError),
    /// TLS without anybody to believe.
    #[error("{url}: https needs the authority of the server's certificate: give --ca FILE")]
    NoAuthority {
        /// The address.
        url: String,
    },
    /// Certificates for a server without TLS.
    #[error("--ca, --cert and --key are for https://HOST:PORT, and {url:?} is none")]
    NeedsHttps {
        /// The address.
        url: String,
    },
    /// A key without its certificate.
    #[error("--key is given without the certificate that it belongs to: give --cert FILE")]
    KeyAlone,
    /// A token that would be read on its way.
    #[error("the token would go to {url} in clear: use https://, or a server on this machine")]
    TokenInClear {
        /// The address.
        url: String,
    },
    /// A token that is none.
    #[error("the token is empty or has characters that are no letters, digits or signs")]
    Token,
    /// The call left and no answer came: it may have been carried out.
    #[error("no answer came: {why}")]
    Broken {
        /// What the transport says.
        why: String,
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

impl From<tonic::Status> for ClientError {
    fn from(status: tonic::Status) -> Self {
        dial::refused(&status)
    }
}

impl ClientError {
    /// Whether the question itself breaks a rule, so that another one may well be answered.
    pub const fn is_bad_question(&self) -> bool {
        matches!(self, Self::Refused { code: tonic::Code::InvalidArgument, .. })
    }

    /// Whether the server has nothing to say to such a question, whoever asks it.
    pub const fn is_no_answer(&self) -> bool {
        use tonic::Code::{FailedPrecondition, InvalidArgument, Unimplemented};
        matches!(self, Self::Refused { code: InvalidArgument | FailedPrecondition | Unimplemented, .. })
    }

    /// Whether who asks may not ask this.
    pub const fn is_denied(&self) -> bool {
        matches!(self, Self::Refused { code: tonic::Code::PermissionDenied, .. })
    }

    /// Whether a call left and may have been carried out: the same request can be sent again.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Broken { .. })
    }
}

/// Asks a server. Cheap to keep, and one call at a time.
#[derive(Debug)]
pub struct ExplainClient {
    runtime: tokio::runtime::Runtime,
    client: EquipmentCheckClient<Authorised>,
}

impl ExplainClient {
    /// Connects to a server.
    ///
    /// # Errors
    /// When address, files and token do not fit together, or nobody answers.
    pub fn connect(access: &Access) -> Result<Self, ClientError> {
        let Dialled { runtime, channel } = Dialled::connect(access)?;
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

    fn ask<T, F>(&self, call: impl Fn(EquipmentCheckClient<Authorised>) -> F) -> Result<T, ClientError>
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
                Err(status) => return Err(status.into()),
            }
        }
    }
}
