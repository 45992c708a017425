//! Certificates and keys in PEM files, and what is wrong with them in words: which file, which line.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tokio_rustls::rustls::pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{self, PemObject},
};
use x509_parser::{certificate::X509Certificate, prelude::FromDer, time::ASN1Time};

const CERTIFICATE_BEGINS: &str = "-----BEGIN CERTIFICATE-----";
const ENCRYPTED_KEY_BEGINS: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
/// How the older form of an encrypted key says that it is one.
const ENCRYPTED_KEY_HEADER: &str = "Proc-Type: 4,ENCRYPTED";

/// Bytes of a PEM file at most: hundreds of certificates.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Bits of a mode that let others read, or let anybody but the owner write.
const MODE_OPEN: u32 = 0o027;
/// The bit that lets the group read.
const MODE_GROUP_READS: u32 = 0o040;

/// What is wrong with a file of certificates or a key.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {fault}", path = path.display())]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: FileFault,
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unread(#[from] io::Error),
    /// It is no such file at all.
    #[error("is longer than 1 MiB: no file of certificates")]
    TooLong,
    /// It is not text.
    #[error("is no PEM file: certificates and keys are text here, between lines of -----BEGIN … and -----END …")]
    NotText,
    /// It has no certificate.
    #[error("has no certificate (-----BEGIN CERTIFICATE-----)")]
    NoCertificate,
    /// It has no key.
    #[error("has no private key (-----BEGIN PRIVATE KEY-----)")]
    NoKey,
    /// The key wants a password, and a node has nobody to ask.
    #[error("line {line}: the key is encrypted; a node cannot ask for its password: write it without (mode 0600)")]
    Encrypted {
        /// Where it begins.
        line: usize,
    },
    /// A part of the file cannot be read.
    #[error("line {line}: {what}")]
    Section {
        /// Where it begins; lines count from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// Others could take the key.
    #[error("mode {mode:04o} lets others read or change the key: chmod 600 it")]
    Open {
        /// The mode of the file.
        mode: u32,
    },
}

/// A certificate with its key.
pub(crate) struct Material {
    /// The certificate, then what stands between it and its root.
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    /// Its key.
    pub(crate) key: PrivateKeyDer<'static>,
    /// The file of the certificates as it was read.
    pub(crate) certificates_pem: String,
    /// The file of the key as it was read.
    pub(crate) key_pem: String,
}

/// Reads a certificate and its key. Both may lie in one file.
pub(crate) fn read_identity(cert: &Path, key: &Path) -> Result<Material, FileError> {
    let (certificates_pem, certificates) = read_certificates(cert)?;
    let (key_pem, key) = read_key(key)?;
    warn_of_its_end(cert, &certificates);
    Ok(Material { certificates, key, certificates_pem, key_pem })
}

/// Reads certificates, in their order; at least one.
pub(crate) fn read_certificates(path: &Path) -> Result<(String, Vec<CertificateDer<'static>>), FileError> {
    let text = read_text(path, |_| Ok(()))?;
    let certificates = certificates(&text).map_err(|fault| FileError { path: path.to_owned(), fault })?;
    Ok((text, certificates))
}

/// Reads the certificates of authorities.
pub(super) fn read_authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let (text, certificates) = read_certificates(path)?;
    for (nth, certificate) in certificates.iter().enumerate() {
        let (_, parsed) = X509Certificate::from_der(certificate).map_err(|error| section(path, &text, nth, &error))?;
        if !parsed.is_ca() {
            let what = format!("the certificate of {} is no authority's (CA)", parsed.subject());
            return Err(section(path, &text, nth, &what));
        }
    }
    Ok(certificates)
}

fn section(path: &Path, text: &str, nth: usize, what: &dyn std::fmt::Display) -> FileError {
    let fault = FileFault::Section { line: line_of(text, nth), what: what.to_string() };
    FileError { path: path.to_owned(), fault }
}

fn certificates(text: &str) -> Result<Vec<CertificateDer<'static>>, FileFault> {
    let mut certificates = Vec::new();
    for (nth, certificate) in CertificateDer::pem_slice_iter(text.as_bytes()).enumerate() {
        let fault = |what: String| FileFault::Section { line: line_of(text, nth), what };
        let certificate = certificate.map_err(|error| fault(in_words(&error)))?;
        X509Certificate::from_der(&certificate).map_err(|error| fault(format!("is no certificate: {error}")))?;
        certificates.push(certificate);
    }
    if certificates.is_empty() { Err(FileFault::NoCertificate) } else { Ok(certificates) }
}

fn read_key(path: &Path) -> Result<(String, PrivateKeyDer<'static>), FileError> {
    let text = read_text(path, |file| guarded(path, file.metadata()?.permissions().mode()))?;
    let fail = |fault| FileError { path: path.to_owned(), fault };
    let encrypted = |line: &str| line.starts_with(ENCRYPTED_KEY_BEGINS) || line.starts_with(ENCRYPTED_KEY_HEADER);
    if let Some(at) = text.lines().position(encrypted) {
        return Err(fail(FileFault::Encrypted { line: at + 1 }));
    }
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|error| match error {
        pem::Error::NoItemsFound => fail(FileFault::NoKey),
        error => {
            let at = text.lines().position(|line| line.starts_with("-----BEGIN") && line.contains("PRIVATE KEY"));
            fail(FileFault::Section { line: at.map_or(1, |at| at + 1), what: in_words(&error) })
        }
    })?;
    Ok((text, key))
}

/// Whether a key's mode keeps it to its owner.
fn guarded(path: &Path, mode: u32) -> Result<(), FileFault> {
    if mode & MODE_OPEN != 0 {
        return Err(FileFault::Open { mode: mode & 0o7777 });
    }
    if mode & MODE_GROUP_READS != 0 {
        tracing::warn!(file = %path.display(), "the group of this key's file can read it; 0600 is safer");
    }
    Ok(())
}

/// The text of a file, once its handle has passed the guard: what was looked at is what is read.
fn read_text(path: &Path, guard: impl FnOnce(&File) -> Result<(), FileFault>) -> Result<String, FileError> {
    let read = || -> Result<String, FileFault> {
        // A pipe without writer would hold the node for ever.
        if !fs::metadata(path)?.is_file() {
            return Err(FileFault::Unread(io::Error::other("it is not a file")));
        }
        let file = File::open(path)?;
        guard(&file)?;
        let mut bytes = Vec::new();
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(FileFault::TooLong);
        }
        String::from_utf8(bytes).map_err(|_| FileFault::NotText)
    };
    read().map_err(|fault| FileError { path: path.to_owned(), fault })
}

/// Reads a secret of one line, which its owner alone may read: a token.
pub(crate) fn read_secret(path: &Path) -> Result<String, FileError> {
    read_text(path, |file| guarded(path, file.metadata()?.permissions().mode()))
}

/// The line where the nth certificate begins.
fn line_of(text: &str, nth: usize) -> usize {
    let mut lines = text.lines().enumerate().filter(|(_, line)| line.starts_with(CERTIFICATE_BEGINS));
    lines.nth(nth).map_or(1, |(at, _)| at + 1)
}

fn in_words(error: &pem::Error) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match error {
        pem::Error::MissingSectionEnd { end_marker } => {
            format!("what begins here has no end: the line -----END {}----- is missing", text(end_marker))
        }
        pem::Error::IllegalSectionStart { line } => format!("{:?} begins nothing", text(line)),
        pem::Error::Base64Decode(_) => "what stands between BEGIN and END is no base64".into(),
        error => error.to_string(),
    }
}

/// A certificate that has run out is served all the same: clients refuse it, and say so.
fn warn_of_its_end(path: &Path, certificates: &[CertificateDer<'_>]) {
    let now = ASN1Time::now();
    for certificate in certificates {
        let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { continue };
        let validity = certificate.validity();
        if !validity.is_valid_at(now) {
            tracing::warn!(
                file = %path.display(), from = %validity.not_before, until = %validity.not_after,
                "this certificate is not valid today: the other side will refuse it"
            );
        }
    }
}
