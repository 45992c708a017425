//! Certificates for development: an authority, the node's certificate, and one for each operator.
//!
//! They are for trying a protected node out and for tests: the authority's key lies beside what it signed. What always
//! holds: no file is overwritten, a key is readable by its owner alone from its first byte on, and nothing is written
//! before everything has been made.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// Days that the authority is valid.
const AUTHORITY_DAYS: i64 = 3650;
/// Days that a certificate is valid.
const CERTIFICATE_DAYS: i64 = 365;
/// How this machine is called by clients on it.
const THIS_MACHINE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
const AUTHORITY_NAME: &str = "Saring development CA";

/// A certificate and its key on disk.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Pair {
    /// What its subject is called.
    pub name: String,
    /// The certificate, PEM.
    pub cert: PathBuf,
    /// Its key, PEM, mode 0600.
    pub key: PathBuf,
    /// Whether it was made now; else it was there.
    pub made: bool,
}

/// What lies in the directory now.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Certificates {
    /// The authority.
    pub ca: Pair,
    /// The node's.
    pub server: Pair,
    /// One for each operator that was named.
    pub operators: Vec<Pair>,
}

/// Why certificates could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CertsError {
    /// A file is there already.
    #[error("{path} is there already, and nothing is overwritten: {advice}", path = path.display())]
    There {
        /// The file.
        path: PathBuf,
        /// What to do.
        advice: &'static str,
    },
    /// Half of a pair is missing.
    #[error("{path} is missing beside its other half: move that away, or bring this one back", path = path.display())]
    Half {
        /// The missing file.
        path: PathBuf,
    },
    /// A name cannot stand in a certificate or a file's name.
    #[error("{name:?} is no name of {what}: {rule}")]
    Name {
        /// The name.
        name: String,
        /// Of what.
        what: &'static str,
        /// What a name is.
        rule: &'static str,
    },
    /// A file or the directory.
    #[error("{path}: {error}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's word.
        error: io::Error,
    },
    /// The library refuses.
    #[error("{path}: cannot be made: {error}", path = path.display())]
    Made {
        /// The file.
        path: PathBuf,
        /// The library's word.
        error: rcgen::Error,
    },
}

/// Makes what is missing in `dir`: the authority, the node's certificate for this machine and `names`, and a client
/// certificate for each of `operators`, whose subject is the operator's name. An authority and a node's certificate
/// that are there stay, so that operators can be added.
///
/// # Errors
/// When a file would be overwritten, a name is none, or the directory cannot be written. Then nothing was written,
/// unless the disk refused midway.
pub fn init(dir: &Path, names: &[String], operators: &[String]) -> Result<Certificates, CertsError> {
    let place = Place(dir);
    operators.iter().try_for_each(|name| check_operator(name))?;
    names.iter().try_for_each(|name| check_host(name))?;
    let mut made = Vec::new();
    let (ca, issuer) = place.authority(&mut made)?;
    let server = place.server(names, &issuer, &mut made)?;
    let mut pairs = Vec::new();
    for name in operators {
        let pair = place.pair(name, &format!("operator-{name}"), true);
        if pairs.contains(&pair) {
            continue;
        }
        place.must_be_free(&pair, "it is this operator's; move it away to make another")?;
        made.push(Made::new(&pair, CertificateParams::default(), ExtendedKeyUsagePurpose::ClientAuth, &issuer)?);
        pairs.push(pair);
    }
    place.write(&made)?;
    Ok(Certificates { ca, server, operators: pairs })
}

/// A pair in memory.
struct Made {
    cert: (PathBuf, String),
    key: (PathBuf, String),
}

impl Made {
    fn new(
        pair: &Pair,
        mut params: CertificateParams,
        purpose: ExtendedKeyUsagePurpose,
        issuer: &Issuer<'_, KeyPair>,
    ) -> Result<Self, CertsError> {
        subject(&mut params, &pair.name, CERTIFICATE_DAYS);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![purpose];
        params.use_authority_key_identifier_extension = true;
        let fail = |error| CertsError::Made { path: pair.cert.clone(), error };
        let key = KeyPair::generate().map_err(fail)?;
        let cert = params.signed_by(&key, issuer).map_err(fail)?;
        Ok(Self { cert: (pair.cert.clone(), cert.pem()), key: (pair.key.clone(), key.serialize_pem()) })
    }
}

/// The directory.
struct Place<'a>(&'a Path);

impl Place<'_> {
    fn pair(&self, name: &str, file: &str, made: bool) -> Pair {
        let path = |suffix: &str| self.0.join(format!("{file}.{suffix}"));
        Pair { name: name.to_owned(), cert: path("pem"), key: path("key"), made }
    }

    /// Whether a pair is there; half of one is an error.
    fn has(&self, pair: &Pair) -> Result<bool, CertsError> {
        match (pair.cert.exists(), pair.key.exists()) {
            (there, same) if there == same => Ok(there),
            (true, _) => Err(CertsError::Half { path: pair.key.clone() }),
            (false, _) => Err(CertsError::Half { path: pair.cert.clone() }),
        }
    }

    fn must_be_free(&self, pair: &Pair, advice: &'static str) -> Result<(), CertsError> {
        let there = [&pair.cert, &pair.key].into_iter().find(|path| path.exists());
        there.map_or(Ok(()), |path| Err(CertsError::There { path: path.clone(), advice }))
    }

    fn authority(&self, made: &mut Vec<Made>) -> Result<(Pair, Issuer<'static, KeyPair>), CertsError> {
        let mut pair = self.pair(AUTHORITY_NAME, "ca", true);
        let of = |path: &Path| {
            let path = path.to_owned();
            move |error| CertsError::Made { path, error }
        };
        if self.has(&pair)? {
            pair.made = false;
            let key = KeyPair::from_pem(&read(&pair.key)?).map_err(of(&pair.key))?;
            let issuer = Issuer::from_ca_cert_pem(&read(&pair.cert)?, key).map_err(of(&pair.cert))?;
            return Ok((pair, issuer));
        }
        let key = KeyPair::generate().map_err(of(&pair.key))?;
        let mut params = CertificateParams::default();
        // Two authorities of one name would be taken for each other until a signature does not fit.
        let mark: String = params.key_identifier(&key).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        pair.name = format!("{AUTHORITY_NAME} {mark}");
        subject(&mut params, &pair.name, AUTHORITY_DAYS);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let cert = params.self_signed(&key).map_err(of(&pair.cert))?;
        made.push(Made { cert: (pair.cert.clone(), cert.pem()), key: (pair.key.clone(), key.serialize_pem()) });
        Ok((pair, Issuer::new(params, key)))
    }

    fn server(&self, names: &[String], issuer: &Issuer<'_, KeyPair>, made: &mut Vec<Made>) -> Result<Pair, CertsError> {
        let pair = self.pair(THIS_MACHINE[0], "server", true);
        if self.has(&pair)? {
            if !names.is_empty() {
                let advice = "move server.pem and server.key away to make them for other names";
                return Err(CertsError::There { path: pair.cert, advice });
            }
            return Ok(Pair { made: false, ..pair });
        }
        let all: Vec<String> = THIS_MACHINE.iter().map(|name| (*name).to_owned()).chain(names.to_vec()).collect();
        let fail = |error| CertsError::Made { path: pair.cert.clone(), error };
        let params = CertificateParams::new(all).map_err(fail)?;
        made.push(Made::new(&pair, params, ExtendedKeyUsagePurpose::ServerAuth, issuer)?);
        Ok(pair)
    }

    fn write(&self, made: &[Made]) -> Result<(), CertsError> {
        let fail = |path: &Path, error| CertsError::File { path: path.to_owned(), error };
        DirBuilder::new().recursive(true).mode(0o700).create(self.0).map_err(|error| fail(self.0, error))?;
        for pair in made {
            for ((path, text), mode) in [(&pair.key, 0o600), (&pair.cert, 0o644)] {
                write(path, text, mode).map_err(|error| fail(path, error))?;
            }
        }
        File::open(self.0).and_then(|dir| dir.sync_all()).map_err(|error| fail(self.0, error))
    }
}

fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn read(path: &Path) -> Result<String, CertsError> {
    fs::read_to_string(path).map_err(|error| CertsError::File { path: path.to_owned(), error })
}

/// Name and validity, from yesterday on: clocks of two machines differ.
fn subject(params: &mut CertificateParams, name: &str, days: i64) {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = |offset: i64| {
        let day = today.saturating_add(jiff::Span::new().days(offset));
        rcgen::date_time_ymd(day.year().into(), day.month().unsigned_abs(), day.day().unsigned_abs())
    };
    (params.not_before, params.not_after) = (day(-1), day(days));
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
}

fn check_operator(name: &str) -> Result<(), CertsError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if (1..=32).contains(&name.len()) && name.chars().all(fits) {
        return Ok(());
    }
    let rule = "write 1 to 32 of a-z 0-9 - _";
    Err(CertsError::Name { name: name.chars().take(40).collect(), what: "an operator", rule })
}

fn check_host(name: &str) -> Result<(), CertsError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let label = |label: &str| (1..=63).contains(&label.len()) && label.chars().all(fits);
    if name.parse::<std::net::IpAddr>().is_ok() || (name.len() <= 253 && name.split('.').all(label)) {
        return Ok(());
    }
    let rule = "write a host name without scheme and port, or an IP address";
    Err(CertsError::Name { name: name.chars().take(40).collect(), what: "a host", rule })
}
