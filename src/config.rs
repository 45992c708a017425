//! What concerns one node only: addresses, paths, threads, limits, diagnostics.
//!
//! Defaults, then a TOML file, then the environment (`SARING_LISTEN`, …), then flags: the later wins. Nothing here
//! can change a verdict: settings that can are register data (`saring settings`).
//! An unknown key in the file is refused, so that a typing error does not silently mean the default.

mod exposure;

pub use exposure::{Exposed, Unprotected};

use crate::{limits, telemetry::LogFormat};
use figment::{
    Figment, Profile, Source,
    providers::{Env, Format, Serialized, Toml},
};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Prefix of the environment's variables.
const ENV_PREFIX: &str = "SARING_";

/// A node's own settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// Address of the gRPC door.
    pub listen: SocketAddr,
    /// Address of the Registry door; none: two ports above the gRPC door.
    pub registry: Option<SocketAddr>,
    /// Address of the HTTP door: the console, /metrics, /healthz, /readyz.
    pub http: SocketAddr,
    /// Where browsers find the console, if a proxy stands before it: `https://saring.example`.
    pub console_url: Option<String>,
    /// The certificate of the HTTP door and what stands between it and its root, PEM. With it the door speaks TLS.
    pub http_tls_cert: Option<PathBuf>,
    /// The key of that certificate, PEM; its owner alone may read it.
    pub http_tls_key: Option<PathBuf>,
    /// The node's certificate and what stands between it and its root, PEM. With it the gRPC door speaks TLS.
    pub tls_cert: Option<PathBuf>,
    /// The key of that certificate, PEM; its owner alone may read it.
    pub tls_key: Option<PathBuf>,
    /// Authorities whose certificates clients may show, PEM.
    pub tls_client_ca: Option<PathBuf>,
    /// Whether clients must show one.
    pub tls_client_certs: ClientCertificates,
    /// Whether doors may be open beyond this machine without TLS and client certificates.
    pub allow_unprotected_beyond_loopback: bool,
    /// Whether a check needs a token or certificate of a principal; none: beyond loopback only.
    pub ask_who: Option<bool>,
    /// Directory of the register.
    pub data: PathBuf,
    /// Directory below which backups are made; none: the register's with `-backups` behind it.
    pub backups: Option<PathBuf>,
    /// Check runtimes; 0: one a core.
    pub threads: usize,
    /// Whether check runtimes are scheduled in real time, before everything else on this machine.
    pub realtime: bool,
    /// gRPC connections at a time.
    pub connections_max: usize,
    /// Seconds that a node which shuts down waits for accepted calls.
    pub drain_seconds: u64,
    /// Level of diagnostics, or `target=level` pairs.
    pub log: String,
    /// Form of diagnostics: `text` or `json`.
    pub log_format: LogFormat,
}

/// Whether a client must show a certificate, where `tls_client_ca` says whose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientCertificates {
    /// Without one it is refused.
    #[default]
    Required,
    /// Without one it is served; with a wrong one it is refused.
    Optional,
}

impl FromStr for ClientCertificates {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "required" => Ok(Self::Required),
            "optional" => Ok(Self::Optional),
            _ => Err(format!(
                "{text:?} does not say whether clients must show a certificate: write required or optional"
            )),
        }
    }
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7400)),
            registry: None,
            http: SocketAddr::from(([127, 0, 0, 1], 7401)),
            console_url: None,
            http_tls_cert: None,
            http_tls_key: None,
            tls_cert: None,
            tls_key: None,
            tls_client_ca: None,
            tls_client_certs: ClientCertificates::Required,
            allow_unprotected_beyond_loopback: false,
            ask_who: None,
            data: PathBuf::from("data"),
            backups: None,
            threads: 0,
            realtime: false,
            connections_max: limits::CONNECTIONS_MAX,
            drain_seconds: limits::DRAIN_GRACE.as_secs(),
            log: "info".into(),
            log_format: LogFormat::Text,
        }
    }
}

impl NodeConfig {
    /// Address of the Registry door. Where the gRPC door takes a free port, it does too.
    pub fn registry_address(&self) -> SocketAddr {
        let port = match self.listen.port() {
            0 => 0,
            port => port.checked_add(2).unwrap_or(0),
        };
        self.registry.unwrap_or_else(|| SocketAddr::new(self.listen.ip(), port))
    }

    /// Whether a check needs a token or certificate of a principal.
    pub fn asks_who(&self) -> bool {
        let beyond = !self.listen.ip().to_canonical().is_loopback();
        self.ask_who.unwrap_or(beyond && !self.allow_unprotected_beyond_loopback)
    }

    /// Directory below which backups are made.
    pub fn backups_directory(&self) -> PathBuf {
        self.backups.clone().unwrap_or_else(|| {
            let mut beside = self.data.clone().into_os_string();
            beside.push("-backups");
            beside.into()
        })
    }

    /// Check runtimes to start.
    pub fn runtimes(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        }
    }
}

/// What the command line says; what is absent is not said.
#[derive(Clone, Debug, Default, Serialize, clap::Args)]
pub struct ConfigFlags {
    /// File with the node's own settings (TOML)
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Address of the gRPC door [default: 127.0.0.1:7400]
    #[arg(long, value_name = "ADDR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// Address of the Registry door [default: two ports above --listen]
    #[arg(long, value_name = "ADDR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry: Option<SocketAddr>,
    /// Address of the console, /metrics, /healthz and /readyz [default: 127.0.0.1:7401]
    #[arg(long, value_name = "ADDR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<SocketAddr>,
    /// Where browsers find the console, if a proxy with TLS stands before it: https://NAME
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub console_url: Option<String>,
    /// Certificate of the HTTP door (PEM): console and figures over TLS
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_tls_cert: Option<PathBuf>,
    /// Key of that certificate (PEM, mode 0600)
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_tls_key: Option<PathBuf>,
    /// Certificate of the gRPC door (PEM): it speaks TLS
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_cert: Option<PathBuf>,
    /// Key of that certificate (PEM, mode 0600)
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// Authorities whose certificates clients may show (PEM)
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_ca: Option<PathBuf>,
    /// Whether clients must show one: required or optional [default: required]
    #[arg(long, value_name = "WHETHER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_certs: Option<ClientCertificates>,
    /// Let everybody who reaches this machine ask: no TLS, no client certificates
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub allow_unprotected_beyond_loopback: bool,
    /// Directory of the register [default: data]
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Directory below which backups are made [default: that of --data with -backups behind it]
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backups: Option<PathBuf>,
    /// Whether a check needs a token or certificate of a principal [default: beyond loopback]
    #[arg(long, value_name = "BOOL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask_who: Option<bool>,
    /// Check runtimes [default: one a core]
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// Schedule check runtimes in real time, before everything else on this machine (the system must allow it)
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    pub realtime: bool,
    /// gRPC connections at a time
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections_max: Option<usize>,
    /// Seconds to wait for accepted calls when the node shuts down
    #[arg(long, value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain_seconds: Option<u64>,
    /// Level of diagnostics (error, warn, info, debug) or target=level pairs [default: info]
    #[arg(long, value_name = "FILTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Form of diagnostics: text or json [default: text]
    #[arg(long, value_name = "FORM")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,
}

/// A flag that is absent says nothing, so that file and environment count.
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A node's own settings and where each came from.
#[derive(Clone, Debug)]
pub struct EffectiveConfig {
    /// The settings.
    pub node: NodeConfig,
    /// Where each value came from, in the order of the fields.
    pub origins: Vec<Origin>,
}

/// Where one value came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The setting.
    pub name: String,
    /// Its value, as TOML writes it; empty: none.
    pub value: String,
    /// `default`, `flag`, `environment SARING_…`, or the file's path.
    pub origin: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<33} {:<24} {}", self.name, self.value, self.origin)
    }
}

/// Why a node's settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {path}: {error}", path = path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// The system's word.
        error: std::io::Error,
    },
    /// A value does not fit its setting, or a setting is unknown.
    #[error("bad configuration: {0}")]
    Value(#[source] Box<figment::Error>),
}

/// Reads defaults, file, environment and flags.
///
/// # Errors
/// When the file is missing, a setting is unknown, or a value does not fit.
pub fn load(flags: &ConfigFlags) -> Result<EffectiveConfig, ConfigError> {
    let mut figment = Figment::from(Serialized::defaults(NodeConfig::default()));
    if let Some(path) = &flags.config {
        // Asked for here, so that a file that cannot be read is told apart from one that says nonsense.
        std::fs::File::open(path).map_err(|error| ConfigError::File { path: path.clone(), error })?;
        figment = figment.merge(Toml::file_exact(path));
    }
    let known: Vec<String> = names(&NodeConfig::default());
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    figment = figment.merge(Env::prefixed(ENV_PREFIX).only(&names));
    figment = figment.merge(Serialized::from(flags, Profile::Default));
    let node: NodeConfig = figment.extract().map_err(|error| ConfigError::Value(Box::new(error)))?;
    let origins = known.iter().map(|name| origin(&figment, &node, name, flags)).collect();
    Ok(EffectiveConfig { node, origins })
}

fn names(node: &NodeConfig) -> Vec<String> {
    fields(node).map(|(name, _)| name).collect()
}

fn fields(node: &NodeConfig) -> impl Iterator<Item = (String, String)> {
    let object = match serde_json::to_value(node) {
        Ok(serde_json::Value::Object(object)) => object,
        _ => serde_json::Map::new(),
    };
    object.into_iter().map(|(name, value)| {
        let text = if value.is_null() { String::new() } else { value.to_string() };
        (name, text)
    })
}

fn origin(figment: &Figment, node: &NodeConfig, name: &str, flags: &ConfigFlags) -> Origin {
    let value = fields(node).find(|(field, _)| field == name).map(|(_, value)| value).unwrap_or_default();
    let said = serde_json::to_value(flags).is_ok_and(|flags| flags.get(name).is_some());
    let metadata = figment.find_metadata(name);
    let origin = match metadata {
        _ if said => "flag".into(),
        Some(metadata) => match &metadata.source {
            Some(Source::File(path)) => shown(path),
            _ if metadata.name.contains("environment") => format!("environment {ENV_PREFIX}{}", name.to_uppercase()),
            _ => "default".into(),
        },
        None => "default".into(),
    };
    Origin { name: name.into(), value, origin }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Write;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn origin_of<'a>(config: &'a EffectiveConfig, name: &str) -> &'a str {
        &config.origins.iter().find(|origin| origin.name == name).unwrap().origin
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let file = file("listen = \"0.0.0.0:1\"\nthreads = 3\n");
        let flags = ConfigFlags {
            config: Some(file.path().into()),
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 2))),
            ..ConfigFlags::default()
        };
        let config = load(&flags).unwrap();
        assert_eq!(config.node.listen.port(), 2);
        assert_eq!((config.node.threads, config.node.runtimes()), (3, 3));
        assert_eq!(config.node.data, Path::new("data"));
        assert_eq!(origin_of(&config, "listen"), "flag");
        assert_eq!(origin_of(&config, "threads"), file.path().to_str().unwrap());
        assert_eq!(origin_of(&config, "data"), "default");
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        let file = file("lisen = \"0.0.0.0:1\"\n");
        let flags = ConfigFlags { config: Some(file.path().into()), ..ConfigFlags::default() };
        let error = load(&flags).unwrap_err().to_string();
        assert!(error.contains("lisen"), "{error}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let flags = ConfigFlags { config: Some("nowhere.toml".into()), ..ConfigFlags::default() };
        assert!(load(&flags).unwrap_err().to_string().contains("nowhere.toml"));
    }
}
