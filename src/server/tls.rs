//! TLS: certificate, key, client CA and revocation list, read together and exchanged together while connections are served.

use super::small_file::read_small;
use crate::access::{CertificateNames, Trust};
use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The files of TLS, all PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate, followed by those between it and the CA.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The CA of client certificates; without it none is asked for.
    pub client_ca: Option<PathBuf>,
    /// The CA's revocation lists.
    pub client_crl: Option<PathBuf>,
}

impl TlsFiles {
    /// All files.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        [Some(&self.certificate), Some(&self.key), self.client_ca.as_ref(), self.client_crl.as_ref()]
            .into_iter()
            .flatten()
            .map(PathBuf::as_path)
    }
}

/// What new connections are encrypted with.
#[derive(Debug)]
pub struct Tls {
    files: TlsFiles,
    present: ArcSwap<Loaded>,
    /// How often the files were taken.
    generation: AtomicU64,
}

/// What the files said when they were read.
#[derive(Debug)]
struct Loaded {
    config: Arc<ServerConfig>,
    not_after: DateTime<Utc>,
    /// What client certificates are checked by.
    verifier: Option<Arc<dyn ClientCertVerifier>>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// What is wrong with them, and with how they fit together.
    pub fn open(files: &TlsFiles) -> Result<Self, String> {
        Ok(Self { files: files.clone(), present: ArcSwap::from_pointee(load(files)?), generation: AtomicU64::new(1) })
    }

    /// Reads the files anew, for connections to come.
    ///
    /// # Errors
    /// As for `open`; what was read before stays.
    pub fn reload(&self) -> Result<(), String> {
        self.present.store(Arc::new(load(&self.files)?));
        self.generation.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// The files.
    pub fn files(&self) -> &TlsFiles {
        &self.files
    }

    /// What the next connection is encrypted with.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.present.load().config)
    }

    /// The same for a connection of HTTP/1, which browsers are told.
    pub fn config_of_http(&self) -> Arc<ServerConfig> {
        let mut config = ServerConfig::clone(&self.config());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }

    /// When the server's certificate expires.
    pub fn not_after(&self) -> DateTime<Utc> {
        self.present.load().not_after
    }
}

fn load(files: &TlsFiles) -> Result<Loaded, String> {
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?);
    let key = key.map_err(|error| format!("{} has no private key that can be read: {error}", files.key.display()))?;
    let not_after = not_after(&chain[0]).map_err(|error| format!("{}: {error}", files.certificate.display()))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    let verifier = files.client_ca.as_ref().map(|ca| verifier(ca, files.client_crl.as_deref(), provider)).transpose()?;
    let builder = match &verifier {
        None => builder.with_no_client_auth(),
        Some(verifier) => builder.with_client_cert_verifier(Arc::clone(verifier)),
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|error| format!("{} and {} do not fit together: {error}", files.certificate.display(), files.key.display()))?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    if files.client_ca.is_some() {
        // A session that is resumed is not checked again: a certificate that was revoked meanwhile would still get in.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(Loaded { config: Arc::new(config), not_after, verifier })
}

fn verifier(ca: &Path, crl: Option<&Path>, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca)? {
        roots.add(certificate).map_err(|error| format!("{} has a certificate that cannot be trusted: {error}", ca.display()))?;
    }
    let lists: Vec<CertificateRevocationListDer<'static>> = match crl {
        None => Vec::new(),
        Some(crl) => CertificateRevocationListDer::pem_slice_iter(&read(crl)?)
            .collect::<Result<_, _>>()
            .map_err(|error| format!("{} has no revocation list that can be read: {error}", crl.display()))?,
    };
    if crl.is_some_and(|_| lists.is_empty()) {
        return Err(format!("{} has no revocation list in PEM: with none nothing would be revoked", crl.unwrap_or(ca).display()));
    }
    // Without a certificate callers come by key or token.
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).with_crls(lists).allow_unauthenticated();
    let builder = if crl.is_some() { builder.enforce_revocation_expiration() } else { builder.allow_unknown_revocation_status() };
    builder.build().map_err(|error| format!("client certificates cannot be checked by {}: {error}", ca.display()))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    read_small(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

/// The certificates of a file, at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        Ok(_) => Err(format!("{} has no certificate in PEM", path.display())),
        Err(error) => Err(format!("{} has a certificate that cannot be read: {error}", path.display())),
    }
}

fn not_after(certificate: &CertificateDer<'_>) -> Result<DateTime<Utc>, String> {
    let (_, parsed) = X509Certificate::from_der(certificate).map_err(|error| format!("the certificate cannot be read: {error}"))?;
    DateTime::from_timestamp(parsed.validity().not_after.timestamp(), 0).ok_or_else(|| "the certificate's end is no time".to_owned())
}

/// The names in a client certificate that was checked, and what it is checked by again.
pub fn names_of(chain: &[CertificateDer<'_>], tls: &Arc<Tls>) -> Option<CertificateNames> {
    let mut names = CertificateNames::default();
    let (_, parsed) = X509Certificate::from_der(chain.first()?).ok()?;
    if let Ok(Some(alternatives)) = parsed.subject_alternative_name() {
        for name in &alternatives.value.general_names {
            match name {
                GeneralName::URI(uri) => names.uris.push((*uri).to_owned()),
                GeneralName::DNSName(name) => names.dns_names.push((*name).to_owned()),
                _ => {}
            }
        }
    }
    names.trust = Some(Arc::new(Certified {
        tls: Arc::clone(tls),
        chain: chain.iter().map(|certificate| certificate.clone().into_owned()).collect(),
        not_after: DateTime::from_timestamp(parsed.validity().not_after.timestamp(), 0)?,
        checked: AtomicU64::new(tls.generation.load(Ordering::Acquire)),
    }));
    Some(names)
}

/// A client certificate with those up to its CA. It is checked again when the CA or its revocation lists were read anew.
#[derive(Debug)]
struct Certified {
    tls: Arc<Tls>,
    chain: Vec<CertificateDer<'static>>,
    not_after: DateTime<Utc>,
    /// With which generation of the files it was good.
    checked: AtomicU64,
}

impl Trust for Certified {
    fn check(&self, now: DateTime<Utc>) -> Result<(), String> {
        if self.not_after <= now {
            return Err(format!("it expired at {}", self.not_after));
        }
        let generation = self.tls.generation.load(Ordering::Acquire);
        if self.checked.load(Ordering::Relaxed) == generation {
            return Ok(());
        }
        let verifier = self.tls.present.load().verifier.clone().ok_or("client certificates are not asked for any more")?;
        let (leaf, others) = self.chain.split_first().ok_or("there is none")?;
        verifier.verify_client_cert(leaf, others, UnixTime::now()).map_err(|error| error.to_string())?;
        self.checked.store(generation, Ordering::Relaxed);
        Ok(())
    }

    fn not_after(&self) -> DateTime<Utc> {
        self.not_after
    }
}
