//! From an address, files and a token to an open channel.
//!
//! What always holds: a server is believed for a certificate of the authority that was named, never for one that the
//! machine happens to trust; a token leaves the machine within TLS only.

use super::ClientError;
use crate::tls::{Material, read_certificates, read_identity, read_secret};
use std::{
    error::Error,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};

/// Time after which a server is given up.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// A channel whose calls carry the token, where there is one.
pub type Authorised = InterceptedService<Channel, Bearer>;

/// Which server, and how to prove to each other who one is.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// `http://HOST:PORT` or `https://HOST:PORT`.
    pub url: String,
    /// Authorities of the server's certificate, PEM. Needed for https.
    pub ca: Option<PathBuf>,
    /// The client's certificate, PEM.
    pub cert: Option<PathBuf>,
    /// Its key, PEM. None: it lies in the file of the certificate.
    pub key: Option<PathBuf>,
    /// A token to show with every call.
    pub token: Option<Token>,
}

impl Access {
    /// A server on this machine or a trusted network, without TLS.
    pub fn plain(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }
}

/// A secret that says who calls. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Token {
    /// The token of a text; blanks and line ends around it do not count.
    ///
    /// # Errors
    /// When it is empty or cannot stand in a header.
    pub fn new(text: &str) -> Result<Self, ClientError> {
        let text = text.trim();
        let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text.to_owned())) } else { Err(ClientError::Token) }
    }

    /// The value of the header `authorization` that shows it.
    pub(crate) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// The secret itself, for a form.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Reads the token from a file that its owner alone can read.
    ///
    /// # Errors
    /// When it cannot be read, others can read it, or it holds no token.
    pub fn read(path: &Path) -> Result<Self, ClientError> {
        Self::new(&read_secret(path)?)
    }
}

/// Writes the token into each call.
#[derive(Clone, Debug)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Bearer {
    fn new(token: Option<&Token>) -> Result<Self, ClientError> {
        let value = |token: &Token| -> Result<_, ClientError> {
            let mut value: MetadataValue<Ascii> = token.header().parse().map_err(|_| ClientError::Token)?;
            // Kept out of HPACK's tables and of debug output.
            value.set_sensitive(true);
            Ok(value)
        };
        Ok(Self(token.map(value).transpose()?))
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

/// An open channel and the runtime that it lives on. For the clients of the command line: block on calls with
/// `runtime`, make a client of `channel`.
#[derive(Debug)]
pub struct Dialled {
    /// Where calls run.
    pub runtime: tokio::runtime::Runtime,
    /// What a generated client is made of.
    pub channel: Authorised,
}

impl Dialled {
    /// Connects. A status of a call on it becomes a [`ClientError`] by `into`.
    ///
    /// # Errors
    /// When address, files and token do not fit together, or nobody answers.
    pub fn connect(access: &Access) -> Result<Self, ClientError> {
        Self::open(access, endpoint(access)?.timeout(TIMEOUT))
    }

    /// Connects for calls that take their time: each sets its own limit, and a server that is gone is noticed by
    /// unanswered pings.
    ///
    /// # Errors
    /// As [`Dialled::connect`].
    pub fn connect_patiently(access: &Access) -> Result<Self, ClientError> {
        Self::open(access, endpoint(access)?.http2_keep_alive_interval(TIMEOUT).keep_alive_timeout(TIMEOUT))
    }

    fn open(access: &Access, endpoint: Endpoint) -> Result<Self, ClientError> {
        let bearer = Bearer::new(access.token.as_ref())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let channel = runtime
            .block_on(endpoint.connect_timeout(TIMEOUT).connect())
            .map_err(|error| ClientError::Connect { url: access.url.clone(), why: causes(&error) })?;
        Ok(Self { runtime, channel: InterceptedService::new(channel, bearer) })
    }
}

/// Where to connect to and with what. Address, files and token fit together.
pub(super) fn endpoint(access: &Access) -> Result<Endpoint, ClientError> {
    let url = || ClientError::Url { url: access.url.clone() };
    let endpoint = Endpoint::from_shared(access.url.clone()).map_err(|_| url())?;
    let host = endpoint.uri().host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    match endpoint.uri().scheme_str() {
        Some("http") => {
            if access.ca.is_some() || access.cert.is_some() || access.key.is_some() {
                return Err(ClientError::NeedsHttps { url: access.url.clone() });
            }
            let loopback = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.to_canonical().is_loopback());
            if access.token.is_some() && !loopback {
                return Err(ClientError::TokenInClear { url: access.url.clone() });
            }
            Ok(endpoint)
        }
        Some("https") => endpoint
            .tls_config(tls(access, host)?)
            .map_err(|error| ClientError::Connect { url: access.url.clone(), why: causes(&error) }),
        _ => Err(url()),
    }
}

fn tls(access: &Access, host: String) -> Result<ClientTlsConfig, ClientError> {
    let Some(ca) = &access.ca else { return Err(ClientError::NoAuthority { url: access.url.clone() }) };
    let (roots, _) = read_certificates(ca)?;
    let config = ClientTlsConfig::new().domain_name(host).ca_certificate(Certificate::from_pem(roots));
    match (&access.cert, &access.key) {
        (None, None) => Ok(config),
        (None, Some(_)) => Err(ClientError::KeyAlone),
        (Some(cert), key) => {
            let Material { certificates_pem, key_pem, .. } = read_identity(cert, key.as_ref().unwrap_or(cert))?;
            Ok(config.identity(Identity::from_pem(certificates_pem, key_pem)))
        }
    }
}

/// A refused call in words: the server's own, or what broke on the way.
pub(super) fn refused(status: &Status) -> ClientError {
    let why = match status.source() {
        Some(source) => format!("{}: {}", status.message(), causes(source)),
        None => status.message().to_owned(),
    };
    ClientError::Refused { code: status.code(), message: advised(why) }
}

/// An error with all that lies behind it, each said once.
pub(super) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        next = cause.source();
    }
    advised(text)
}

/// What to do about the usual breaks of a handshake. A server that refuses a certificate closes the connection; its
/// reason comes through only where it is read before the end is noticed.
fn advised(why: String) -> String {
    let closed = "the server closed the connection: it may want TLS (https://) or another client certificate (--cert)";
    let advice = [
        ("CertificateRequired", "the server wants a client certificate: give --cert and --key"),
        ("alert: UnknownCA", "the server does not know the authority of the certificate in --cert"),
        ("CertificateExpired", "the certificate in --cert has run out"),
        ("UnknownIssuer", "the server's certificate is not of the authority in --ca"),
        ("InvalidContentType", "no TLS is spoken there: write http://"),
        ("frame with invalid size", "something else than HTTP/2 is spoken there: it may want TLS (https://)"),
        ("connection closed", closed),
        ("onnection reset", closed),
        ("roken pipe", closed),
    ];
    match advice.iter().find(|(word, advice)| why.contains(word) && !why.contains(advice)) {
        Some((_, advice)) => format!("{why} ({advice})"),
        None => why,
    }
}
