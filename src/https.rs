//! How the ledger asks servers of others by HTTP: issuers for their keys, webhooks, witnesses.

use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::typestate::AgentScope;

/// The settings of all requests: each ends within a time, servers are checked by `roots`, redirects are not followed and proxies not
/// used. What is asked is the address that was written down.
pub fn settings(timeout: Duration, roots: Roots) -> ConfigBuilder<AgentScope> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = TlsConfig::builder().unversioned_rustls_crypto_provider(provider).root_certs(roots.0).build();
    Agent::config_builder().timeout_global(Some(timeout)).max_redirects(0).proxy(None).tls_config(tls)
}

/// The certificates that servers are checked by.
pub struct Roots(RootCerts);

impl Roots {
    /// Those of the system. Without any, no server is trusted.
    pub fn of_the_system() -> Self {
        Self::of(rustls_native_certs::load_native_certs().certs.iter().map(|der| Certificate::from_der(der).to_owned()))
    }

    /// Those of a PEM file.
    ///
    /// # Errors
    /// Why there are none.
    pub fn of_file(path: &str) -> Result<Self, String> {
        let pem = std::fs::read(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
        let certificates = parse_pem(&pem).filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        });
        let roots = Self::of(certificates);
        if roots.is_empty() { Err(format!("{path} has no certificates")) } else { Ok(roots) }
    }

    fn of(certificates: impl Iterator<Item = Certificate<'static>>) -> Self {
        Self(RootCerts::Specific(Arc::new(certificates.collect())))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, RootCerts::Specific(certificates) if certificates.is_empty())
    }
}
