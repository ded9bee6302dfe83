//! Keys of logs and of cosigners: Ed25519, written as C2SP's vkeys, and secret ones as Go's `sumdb/note` has them.

use super::note::{Note, Signature, from_base64, is_key_name, to_base64};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// What a key signs, by the byte that signed notes have for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum KeyKind {
    /// A note's text, as a log does (0x01).
    Log = 0x01,
    /// A checkpoint with the time, as a witness does (0x04).
    Cosigner = 0x04,
}

impl KeyKind {
    fn of(byte: u8) -> Option<Self> {
        [Self::Log, Self::Cosigner].into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// What secret keys begin with.
const SECRET: &str = "PRIVATE+KEY+";

/// A public key with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    /// Its name; of a log the origin of its checkpoints.
    pub name: String,
    /// What it signs.
    pub kind: KeyKind,
    key: VerifyingKey,
}

/// A secret key with its name. `Debug` does not show it.
pub struct SecretKey {
    name: String,
    kind: KeyKind,
    key: SigningKey,
}

/// Why a text is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no key: {0}")]
pub struct NotAKey(&'static str);

/// Why a note counts as not signed by a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// It has no signature of the key.
    #[error("it has no signature of {0}")]
    Absent(String),
    /// It has one that is wrong.
    #[error("the signature of {0} is wrong")]
    Wrong(String),
}

/// The first four bytes of the hash of a key, its name and its kind.
fn key_id(name: &str, kind: KeyKind, key: &VerifyingKey) -> u32 {
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update([b'\n', kind as u8]);
    hasher.update(key.as_bytes());
    let hash: [u8; 32] = hasher.finalize().into();
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}

/// Takes name, id, and the 33 bytes of kind and key, apart.
fn parts(text: &str) -> Result<(String, u32, KeyKind, [u8; 32]), NotAKey> {
    let mut fields = text.splitn(3, '+');
    let (Some(name), Some(id), Some(encoded)) = (fields.next(), fields.next(), fields.next()) else {
        return Err(NotAKey("it must be NAME+ID+KEY"));
    };
    if !is_key_name(name) {
        return Err(NotAKey("its name is empty, or has spaces"));
    }
    let id = u32::from_str_radix(id, 16).ok().filter(|_| id.len() == 8).ok_or(NotAKey("its id is not of 8 hexadecimal digits"))?;
    let bytes = from_base64(encoded).ok_or(NotAKey("its last part is not base64"))?;
    let (kind, key) = bytes.split_first().ok_or(NotAKey("its last part is empty"))?;
    let kind =
        KeyKind::of(*kind).ok_or(NotAKey("it is of a kind that is not known here: Ed25519 of a log (1) or of a cosigner (4) are"))?;
    let key = key.try_into().map_err(|_| NotAKey("it does not have 32 bytes"))?;
    Ok((name.to_owned(), id, kind, key))
}

impl VerifierKey {
    /// Parses a vkey.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        let (name, id, kind, key) = parts(text)?;
        let key = VerifyingKey::from_bytes(&key).map_err(|_| NotAKey("its bytes are no key of Ed25519"))?;
        if key_id(&name, kind, &key) != id {
            return Err(NotAKey("its id is not that of its name and its bytes: one of them was changed"));
        }
        Ok(Self { name, kind, key })
    }

    /// The number that tells the keys of a name apart.
    #[must_use]
    pub fn id(&self) -> u32 {
        key_id(&self.name, self.kind, &self.key)
    }

    /// Whether the bytes of the key are the same, whatever it is called.
    #[must_use]
    pub fn is_same_key(&self, other: &Self) -> bool {
        self.key == other.key
    }

    /// Checks that a note has a signature of this key; returns the time that a cosignature says, in seconds since 1970, and 0 of a
    /// log's signature.
    ///
    /// # Errors
    /// `Absent` if it has none, `Wrong` if any of them is wrong.
    pub fn check(&self, note: &Note) -> Result<u64, NotSigned> {
        let own = note.signatures.iter().filter(|signature| signature.name == self.name && signature.key_id == self.id());
        let mut time = None;
        for signature in own {
            time = Some(self.time_of(&note.text, &signature.bytes).ok_or_else(|| NotSigned::Wrong(self.name.clone()))?);
        }
        time.ok_or_else(|| NotSigned::Absent(self.name.clone()))
    }

    /// The time of a signature that is right.
    fn time_of(&self, text: &str, bytes: &[u8]) -> Option<u64> {
        let (time, bytes) = match self.kind {
            KeyKind::Log => (0, bytes),
            KeyKind::Cosigner => bytes.split_first_chunk::<8>().map(|(time, rest)| (u64::from_be_bytes(*time), rest))?,
        };
        let message = match self.kind {
            KeyKind::Log => text.to_owned(),
            KeyKind::Cosigner => cosigned(text, time),
        };
        let signature = ed25519_dalek::Signature::from_slice(bytes).ok()?;
        self.key.verify_strict(message.as_bytes(), &signature).ok().filter(|()| i64::try_from(time).is_ok())?;
        Some(time)
    }
}

/// What a cosigner signs.
fn cosigned(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[self.kind as u8], &self.key.as_bytes()[..]].concat();
        write!(f, "{}+{:08x}+{}", self.name, self.id(), to_base64(&bytes))
    }
}

impl SecretKey {
    /// Makes a new key of a name.
    ///
    /// # Errors
    /// If the name cannot be one, or the system gives no random numbers.
    pub fn make(name: &str, kind: KeyKind) -> Result<Self, NotAKey> {
        if !is_key_name(name) {
            return Err(NotAKey("its name is empty, or has spaces or plus signs"));
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| NotAKey("the system gives no random numbers"))?;
        Ok(Self { name: name.to_owned(), kind, key: SigningKey::from_bytes(&seed) })
    }

    /// Parses what `secret` gives.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        let rest =
            text.trim_end().strip_prefix(SECRET).ok_or(NotAKey("it must begin with PRIVATE+KEY+, as `checkpoint-key new` makes it"))?;
        let (name, id, kind, seed) = parts(rest)?;
        let key = Self { name, kind, key: SigningKey::from_bytes(&seed) };
        if key.verifier().id() != id {
            return Err(NotAKey("its id is not that of its name and its bytes: one of them was changed"));
        }
        Ok(key)
    }

    /// The key as a text, to be kept in a file that nobody else reads.
    #[must_use]
    pub fn secret(&self) -> String {
        let bytes = [&[self.kind as u8], &self.key.to_bytes()[..]].concat();
        format!("{SECRET}{}+{:08x}+{}", self.name, self.verifier().id(), to_base64(&bytes))
    }

    /// What others check its signatures by.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey { name: self.name.clone(), kind: self.kind, key: self.key.verifying_key() }
    }

    /// Signs a text: of a log's key as a note, of a cosigner's with the time, in seconds since 1970.
    #[must_use]
    pub fn sign(&self, text: &str, time: u64) -> Signature {
        let bytes = match self.kind {
            KeyKind::Log => self.key.sign(text.as_bytes()).to_bytes().to_vec(),
            KeyKind::Cosigner => {
                let signature = self.key.sign(cosigned(text, time).as_bytes());
                [&time.to_be_bytes()[..], &signature.to_bytes()].concat()
            }
        };
        Signature { name: self.name.clone(), key_id: self.verifier().id(), bytes }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signed_note::{Signer as _, StandardSigner, StandardVerifier, Verifier as _, VerifierList};

    /// The example of the specification.
    const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const NOTE: &str = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    #[test]
    fn the_example_of_the_specification_is_signed() {
        let key = VerifierKey::parse(VKEY).expect("a key");
        assert_eq!(key.to_string(), VKEY);
        let note = Note::parse(NOTE).expect("a note");
        assert_eq!(key.check(&note), Ok(0));
        let changed = Note { text: "This is another message.\n".to_owned(), ..note.clone() };
        assert_eq!(key.check(&changed), Err(NotSigned::Wrong("example.com/foo".to_owned())));
        let other = SecretKey::make("example.com/foo", KeyKind::Log).expect("a key").verifier();
        assert_eq!(other.check(&note), Err(NotSigned::Absent("example.com/foo".to_owned())));
    }

    #[test]
    fn keys_are_read_as_they_are_written_and_changed_ones_refused() {
        for kind in [KeyKind::Log, KeyKind::Cosigner] {
            let key = SecretKey::make("ledger.example/1", kind).expect("a key");
            assert_eq!(SecretKey::parse(&format!("{}\n", key.secret())).expect("a key").verifier(), key.verifier());
            assert_eq!(VerifierKey::parse(&key.verifier().to_string()), Ok(key.verifier()));
            assert!(!format!("{key:?}").contains(&to_base64(&key.key.to_bytes())));
            for text in [key.secret(), key.verifier().to_string()] {
                for changed in [text.replace("/1", "/2"), text.replace('+', "-"), text[..text.len() - 4].to_owned(), String::new()] {
                    assert!(SecretKey::parse(&changed).is_err() && VerifierKey::parse(&changed).is_err(), "{changed}");
                }
            }
        }
        for name in ["", "a b", "a+b", "a\nb", "a\u{2003}b"] {
            assert!(SecretKey::make(name, KeyKind::Log).is_err(), "{name}");
        }
    }

    #[test]
    fn a_cosignature_binds_the_time_and_the_text() {
        let key = SecretKey::make("witness.example", KeyKind::Cosigner).expect("a key");
        let text = "ledger.example\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n".to_owned();
        let note = Note { signatures: vec![key.sign(&text, 1_679_315_147)], text };
        assert_eq!(key.verifier().check(&note), Ok(1_679_315_147));
        let mut later = note.clone();
        later.signatures[0].bytes[7] ^= 1;
        let mut cut = note.clone();
        cut.signatures[0].bytes.truncate(40);
        for wrong in [later, cut, Note { text: note.text.replace('1', "2"), ..note }] {
            assert!(matches!(key.verifier().check(&wrong), Err(NotSigned::Wrong(_))));
        }
    }

    #[test]
    fn another_implementation_takes_our_keys_and_signatures_and_we_theirs() {
        let ours = SecretKey::make("ledger.example/1", KeyKind::Log).expect("a key");
        let text = "ledger.example/1\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
        let note = Note { text: text.to_owned(), signatures: vec![ours.sign(text, 0)] };
        let verifier = StandardVerifier::new(&ours.verifier().to_string()).expect("a key");
        assert_eq!((verifier.name(), verifier.key_id()), ("ledger.example/1", ours.verifier().id()));
        let theirs = signed_note::Note::from_bytes(note.to_string().as_bytes()).expect("a note");
        let (good, _) = theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).expect("verified");
        assert_eq!(good.len(), 1);
        let signer = StandardSigner::new(&ours.secret()).expect("a key");
        let mut note = signed_note::Note::new(text.as_bytes(), &[]).expect("a note");
        note.add_sigs(&[&signer]).expect("signed");
        assert_eq!(signer.name(), "ledger.example/1");
        let note = Note::parse(&String::from_utf8(note.to_bytes()).expect("text")).expect("a note");
        assert_eq!(ours.verifier().check(&note), Ok(0));
    }
}
