//! The flags of every verb that asks a server: which one, and how to prove to each other who one is.

use super::Failure;
use crate::grpc::{Access, Token};
use std::path::PathBuf;

/// Where a token may stand: a command line is seen by other users of the machine, an environment is not.
pub(super) const TOKEN_VARIABLE: &str = "SARING_TOKEN";

/// A server. The token of `SARING_TOKEN` or of a file goes with every call.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ServerFlags {
    /// A running server, for example http://127.0.0.1:7400
    #[arg(long, value_name = "URL")]
    pub(super) server: Option<String>,
    /// Authority of the server's certificate (PEM), for https://
    #[arg(long, value_name = "FILE", requires = "server")]
    ca: Option<PathBuf>,
    /// Certificate to show to the server (PEM); may hold the key too
    #[arg(long, value_name = "FILE", requires = "server")]
    cert: Option<PathBuf>,
    /// Key of that certificate (PEM, mode 0600)
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// File with the token to show to the server (mode 0600) [default: SARING_TOKEN of the environment]
    #[arg(long, value_name = "FILE", requires = "server")]
    token_file: Option<PathBuf>,
}

impl ServerFlags {
    /// How to reach the server; None where none is named.
    ///
    /// # Errors
    /// When the token cannot be read.
    pub(super) fn access(&self) -> Result<Option<Access>, Failure> {
        let Some(url) = self.server.clone() else { return Ok(None) };
        let token = match (&self.token_file, std::env::var(TOKEN_VARIABLE)) {
            (Some(path), _) => Some(Token::read(path)?),
            (None, Ok(text)) if !text.trim().is_empty() => Some(Token::new(&text)?),
            (None, _) => None,
        };
        let Self { ca, cert, key, .. } = self.clone();
        Ok(Some(Access { url, ca, cert, key, token }))
    }
}
