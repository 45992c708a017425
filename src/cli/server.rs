//! The flags of every verb that asks a server: which one, and how to prove to each other who one is.

use super::Failure;
use crate::grpc::{Access, RegistryCaller, Token};
use std::path::{Path, PathBuf};

/// Where a token may stand: a command line is seen by other users of the machine, an environment is not.
pub(super) const TOKEN_VARIABLE: &str = "SARING_TOKEN";

/// Where the address of the Registry door may stand.
const SERVER_VARIABLE: &str = "SARING_SERVER";

/// The Registry door of a node on this machine.
const REGISTRY_DOOR: &str = "http://127.0.0.1:7402";

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
        let token = token(self.token_file.as_deref())?;
        let Self { ca, cert, key, .. } = self.clone();
        Ok(Some(Access { url, ca, cert, key, token }))
    }
}

/// The token of a file, else of the environment.
pub(super) fn token(file: Option<&Path>) -> Result<Option<Token>, Failure> {
    Ok(match (file, std::env::var(TOKEN_VARIABLE)) {
        (Some(path), _) => Some(Token::read(path)?),
        (None, Ok(text)) if !text.trim().is_empty() => Some(Token::new(&text)?),
        (None, _) => None,
    })
}

/// The flags of every verb that asks the Registry: its door, who one is, and in which form the answer comes.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct RegistryFlags {
    /// The server's Registry door [default: SARING_SERVER of the environment, else http://127.0.0.1:7402]
    #[arg(long, value_name = "URL", global = true)]
    server: Option<String>,
    /// Authority of the server's certificate (PEM), for https://
    #[arg(long, value_name = "FILE", global = true)]
    ca: Option<PathBuf>,
    /// Certificate to show to the server (PEM); may hold the key too
    #[arg(long, value_name = "FILE", global = true)]
    cert: Option<PathBuf>,
    /// Key of that certificate (PEM, mode 0600)
    #[arg(long, value_name = "FILE", global = true)]
    key: Option<PathBuf>,
    /// File with the token to show to the server (mode 0600) [default: SARING_TOKEN of the environment]
    #[arg(long, value_name = "FILE", global = true)]
    token_file: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
}

impl RegistryFlags {
    /// Connects to the Registry.
    ///
    /// # Errors
    /// When the token cannot be read, or nobody answers.
    pub(super) fn connect(&self) -> Result<RegistryCaller, Failure> {
        Ok(RegistryCaller::connect(&self.reach()?)?)
    }

    /// How to reach the door, for the other services behind it.
    ///
    /// # Errors
    /// When the token cannot be read.
    pub(super) fn reach(&self) -> Result<Access, Failure> {
        self.access(std::env::var(SERVER_VARIABLE).ok())
    }

    fn access(&self, environment: Option<String>) -> Result<Access, Failure> {
        let Self { server, ca, cert, key, token_file, .. } = self.clone();
        let given = server.or(environment).filter(|url| !url.trim().is_empty());
        let url = given.unwrap_or_else(|| REGISTRY_DOOR.to_owned());
        Ok(Access { url, ca, cert, key, token: token(token_file.as_deref())? })
    }
}
