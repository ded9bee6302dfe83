//! Signatures as Standard Webhooks has them: `v1`, HMAC-SHA256 with a shared secret, and `v1a`, Ed25519, over the message's id, the
//! time of sending and the body.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// Random bytes of a secret, and of an Ed25519 seed.
const SECRET_BYTES: usize = 32;

/// What the deliveries to an endpoint are signed with. It is not shown by `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub struct SigningKeys {
    /// Base64 of the shared secret.
    hmac: String,
    /// Base64 of the seed of the Ed25519 key.
    ed25519: String,
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeys").finish_non_exhaustive()
    }
}

impl SigningKeys {
    /// New ones, at random.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn make() -> Result<Self, String> {
        let random = || {
            let mut bytes = [0; SECRET_BYTES];
            getrandom::fill(&mut bytes).map_err(|error| format!("no random numbers: {error}"))?;
            Ok::<_, String>(STANDARD.encode(bytes))
        };
        Ok(Self { hmac: random()?, ed25519: random()? })
    }

    /// The shared secret as its owner gets it: `whsec_…`.
    pub fn secret(&self) -> String {
        format!("whsec_{}", self.hmac)
    }

    /// The public key of `v1a`: `whpk_…`.
    ///
    /// # Errors
    /// If the stored key is none.
    pub fn public_key(&self) -> Result<String, String> {
        Ok(format!("whpk_{}", STANDARD.encode(self.pair()?.public_key().as_ref())))
    }

    /// The signatures of a message, `v1` and `v1a`.
    ///
    /// # Errors
    /// If a stored key is none.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Result<String, String> {
        let content = [format!("{id}.{timestamp}.").as_bytes(), body].concat();
        let secret = STANDARD.decode(&self.hmac).map_err(|error| format!("the stored secret is none: {error}"))?;
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), &content);
        let signature = self.pair()?.sign(&content);
        Ok(format!("v1,{} v1a,{}", STANDARD.encode(tag.as_ref()), STANDARD.encode(signature.as_ref())))
    }

    fn pair(&self) -> Result<Ed25519KeyPair, String> {
        let seed = STANDARD.decode(&self.ed25519).map_err(|error| format!("the stored key is none: {error}"))?;
        Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|error| format!("the stored key is none: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    #[test]
    fn the_example_of_the_standard_has_its_signature() {
        // Of the standard's own libraries' tests.
        let keys = SigningKeys { hmac: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into(), ed25519: STANDARD.encode([7; SECRET_BYTES]) };
        let signed = keys.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#).expect("signed");
        let (v1, v1a) = signed.split_once(' ').expect("two");
        assert_eq!(v1, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let public = STANDARD.decode(&keys.public_key().expect("a key")["whpk_".len()..]).expect("base64");
        let signature = STANDARD.decode(&v1a["v1a,".len()..]).expect("base64");
        let content = br#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#;
        UnparsedPublicKey::new(&ED25519, public).verify(content, &signature).expect("its signature");
        assert_eq!(keys.secret(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        assert!(!format!("{keys:?}").contains("MfKQ"), "it is not shown");
    }

    #[test]
    fn keys_that_are_made_differ() {
        let [one, two] = [(); 2].map(|()| SigningKeys::make().expect("random numbers"));
        assert!(one.secret() != two.secret() && one.public_key() != two.public_key());
    }
}
