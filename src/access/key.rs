//! API keys: `plk_<id>_<secret>`. The access file has their SHA-256, which is enough: a secret of 256 random bits cannot be
//! guessed, and a slow hash would be a way to overload.

use sha2::{Digest as _, Sha256};
use std::fmt;
use subtle::ConstantTimeEq as _;

/// What every key begins with, so that scanners of source code find one that was published.
const PREFIX: &str = "plk_";
/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;
/// Random bytes of an id.
const ID_BYTES: usize = 6;
/// The longest id, in characters.
const MAX_ID_LENGTH: usize = 32;

/// A key as its owner presents it. It is not shown by `Debug`.
#[derive(Clone, Copy)]
pub struct PresentedKey<'a> {
    /// What the access file finds it by.
    pub id: &'a str,
    whole: &'a str,
}

impl<'a> PresentedKey<'a> {
    /// Returns the key of a credential; `None` if it does not look like one.
    pub fn of(credential: &'a str) -> Option<Self> {
        let (id, secret) = credential.strip_prefix(PREFIX)?.split_once('_')?;
        (is_id(id) && !secret.is_empty()).then_some(Self { id, whole: credential })
    }

    /// Whether it is the key of a hash. Takes the same time whichever bytes differ.
    pub fn is(self, hash: KeyHash) -> bool {
        KeyHash::of(self.whole).0.ct_eq(&hash.0).into()
    }
}

/// Whether a text can be the id of a key: letters and digits.
pub fn is_id(text: &str) -> bool {
    (1..=MAX_ID_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The SHA-256 of a whole key, which the access file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The hash of a key.
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    /// Returns the hash of its text: 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Vec<u8> =
            text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect::<Option<_>>()?;
        let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
        (digits.len() == 64).then(|| bytes.try_into().ok().map(Self)).flatten()
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

/// Bytes as hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A new key. Its owner is told it once.
pub struct NewKey {
    /// The id, which is no secret.
    pub id: String,
    /// All of it.
    pub key: String,
    /// What the access file keeps.
    pub hash: KeyHash,
}

impl NewKey {
    /// Makes a key of the system's random numbers.
    ///
    /// # Errors
    /// If the system has none.
    pub fn make() -> Result<Self, getrandom::Error> {
        let mut random = [0; ID_BYTES + SECRET_BYTES];
        getrandom::fill(&mut random)?;
        let (id, secret) = random.split_at(ID_BYTES);
        let (id, secret) = (Hex(id).to_string(), Hex(secret));
        let key = format!("{PREFIX}{id}_{secret}");
        Ok(Self { hash: KeyHash::of(&key), id, key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_known_by_its_hash_and_no_other() {
        let [one, other] = [NewKey::make(), NewKey::make()].map(|key| key.expect("random numbers"));
        let presented = PresentedKey::of(&one.key).expect("a key");
        assert_eq!(presented.id, one.id);
        assert!(presented.is(one.hash) && !presented.is(other.hash));
        assert_eq!(KeyHash::parse(&one.hash.to_string()), Some(one.hash));
        assert_eq!(one.key.len(), "plk_".len() + 12 + 1 + 64);
    }

    #[test]
    fn what_is_no_key_is_not_read_as_one() {
        for text in ["", "plk_", "plk_ab", "plk_ab_", "plk__secret", "PLK_ab_cd", "plk_a-b_cd", "eyJhbGciOi.e30.x"] {
            assert!(PresentedKey::of(text).is_none(), "{text}");
        }
        for text in ["", "00", &"0".repeat(63), &"g".repeat(64), &"0".repeat(66)] {
            assert_eq!(KeyHash::parse(text), None, "{text}");
        }
    }
}
