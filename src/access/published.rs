//! The keys that an issuer publishes: a JSON Web Key Set, from a file or a URL.

use crate::https::{Roots, settings};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use std::fmt;
use std::io::Read as _;
use std::time::Duration;

/// How long an issuer may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The largest set of keys, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The keys of an issuer that signatures can be checked by.
#[derive(Default)]
pub struct KeySet {
    keys: Vec<(Option<String>, DecodingKey)>,
}

impl KeySet {
    /// Reads a JSON Web Key Set. Keys of unknown kinds, of symmetric algorithms and for encryption are left out.
    ///
    /// # Errors
    /// If it is none.
    fn parse(json: &[u8]) -> Result<Self, String> {
        let set: serde_json::Value = serde_json::from_slice(json).map_err(|error| format!("is no JSON: {error}"))?;
        let keys = set.get("keys").and_then(serde_json::Value::as_array).ok_or("is no JSON Web Key Set: it has no list of keys")?;
        // One by one: a key of a kind that is not known here must not spoil the others.
        let known = keys.iter().filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok());
        let signing = JwkSet { keys: known.filter(|key| !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption))).collect() };
        let keys = signing.keys.iter().filter_map(|key| Some((key.common.key_id.clone(), DecodingKey::from_jwk(key).ok()?)));
        Ok(Self { keys: keys.filter(|(_, key)| !matches!(key.family(), jsonwebtoken::AlgorithmFamily::Hmac)).collect() })
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The keys that may have signed what names a key and an algorithm; of what names none, all of the algorithm's family.
    pub fn of(&self, id: Option<&str>, algorithm: Algorithm) -> impl Iterator<Item = &DecodingKey> {
        let keys =
            self.keys.iter().filter(move |(known, key)| (id.is_none() || known.as_deref() == id) && key.family() == algorithm.family());
        keys.map(|(_, key)| key)
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(id, _)| id)).finish()
    }
}

/// Reads the keys of a file.
///
/// # Errors
/// Why they cannot be read.
pub fn read_file(path: &str) -> Result<KeySet, String> {
    let is_file = std::fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() <= MAX_BYTES);
    if !is_file {
        return Err(format!("{path} is no regular file of at most {MAX_BYTES} bytes"));
    }
    let json = std::fs::read(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    KeySet::parse(&json).map_err(|error| format!("{path} {error}"))
}

/// Asks a URL for its keys. Blocks. Redirects are not followed and proxies not used: what is trusted is
/// the address that was written down.
///
/// # Errors
/// Why they cannot be had.
pub fn fetch(url: &str, ca: Option<&str>) -> Result<KeySet, String> {
    let mut response = agent(ca)?.get(url).call().map_err(|error| format!("{url}: {error}"))?;
    let mut json = Vec::new();
    response.body_mut().as_reader().take(MAX_BYTES + 1).read_to_end(&mut json).map_err(|error| format!("{url}: {error}"))?;
    if json.len() as u64 > MAX_BYTES {
        return Err(format!("{url} says more than {MAX_BYTES} bytes"));
    }
    KeySet::parse(&json).map_err(|error| format!("{url} {error}"))
}

/// What asks an issuer, whose server is checked by the certificates of a file, or by the system's. It follows no redirects and uses
/// no proxy: what is trusted is the address that was written down.
///
/// # Errors
/// If there are no certificates.
pub fn agent(ca: Option<&str>) -> Result<ureq::Agent, String> {
    let roots = ca.map_or_else(|| Ok(Roots::of_the_system()), Roots::of_file)?;
    if roots.is_empty() {
        return Err("the system has no certificates".to_owned());
    }
    Ok(ureq::Agent::new_with_config(settings(TIMEOUT, roots).build()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_cannot_check_a_signature_are_left_out() {
        let json = br#"{"keys": [
            {"kty": "oct", "kid": "symmetric", "k": "c2VjcmV0"},
            {"kty": "OKP", "crv": "Ed25519", "kid": "good", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
            {"kty": "OKP", "crv": "Ed25519", "kid": "encrypts", "use": "enc", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
            {"kty": "of the future", "kid": "unknown"}
        ]}"#;
        let set = KeySet::parse(json).expect("a set");
        assert_eq!(format!("{set:?}"), r#"[Some("good")]"#);
        assert_eq!(set.of(Some("good"), Algorithm::EdDSA).count(), 1);
        assert_eq!(set.of(None, Algorithm::EdDSA).count(), 1);
        assert_eq!(set.of(Some("good"), Algorithm::RS256).count() + set.of(Some("other"), Algorithm::EdDSA).count(), 0);
        assert!(KeySet::parse(b"[]").is_err() && KeySet::parse(b"<html>").is_err());
    }
}
