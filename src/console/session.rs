//! Sessions: what a person has shown itself by, sealed in a cookie. Whoever has the key can serve it, so no server keeps any
//! session, and a credential that is taken away is refused at the next page.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::time::{Duration, SystemTime};

/// How long a session lasts without a visit.
pub const IDLE: Duration = Duration::from_mins(15);
/// How old a cookie may get before a visit brings a new one.
const FRESH: Duration = Duration::from_mins(1);
/// The longest cookie, in bytes: browsers keep no longer ones.
const LONGEST: usize = 4_000;
/// The name of the session's cookie. The prefix has browsers keep it for this host alone, and only over HTTPS or on this machine.
const COOKIE: &str = "__Host-session";
/// The name of the cookie of a login that is under way.
const LOGIN: &str = "__Host-login";

/// The key that seals.
pub struct Seal {
    sealing: RandomizedNonceKey,
    signing: hmac::Key,
}

/// A session that a browser has presented.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// What the person has shown itself by: an API key or a token.
    pub credential: String,
    /// Whether the browser should be given a new cookie.
    pub is_aging: bool,
}

impl Seal {
    /// A seal of a key of 32 bytes, from which one is made for each purpose.
    ///
    /// # Errors
    /// If the library refuses the key, which it does not.
    pub fn new(key: &[u8; 32]) -> Result<Self, aws_lc_rs::error::Unspecified> {
        let root = hmac::Key::new(HMAC_SHA256, key);
        let sealing = RandomizedNonceKey::new(&AES_256_GCM, hmac::sign(&root, b"console session").as_ref())?;
        let signing = hmac::Key::new(HMAC_SHA256, hmac::sign(&root, b"console form").as_ref());
        Ok(Self { sealing, signing })
    }

    /// Reads the session of a request's cookies.
    pub fn session(&self, cookies: &str) -> Option<Session> {
        let (age, credential) = self.opened(cookies, COOKIE, IDLE)?;
        Some(Session { credential, is_aging: age >= FRESH })
    }

    /// The cookie of a session; `None` if the credential is too long for one.
    pub fn cookie(&self, credential: &str) -> Option<String> {
        self.sealed(COOKIE, credential, IDLE, "Lax")
    }

    /// The cookie that ends a session.
    pub fn ended() -> String {
        format!("{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
    }

    /// The cookie of a login that is under way, with what it is continued by.
    pub fn login_cookie(&self, state: &str) -> Option<String> {
        self.sealed(LOGIN, state, IDLE, "Lax")
    }

    /// What a login that is under way is continued by.
    pub fn login(&self, cookies: &str) -> Option<String> {
        self.opened(cookies, LOGIN, IDLE).map(|(_, state)| state)
    }

    /// The cookie that ends a login.
    pub fn login_ended() -> String {
        format!("{LOGIN}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
    }

    /// What forms of a session prove themselves by: nobody else can make or read it.
    pub fn token(&self, credential: Option<&str>) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.signing, credential.unwrap_or_default().as_bytes()))
    }

    /// Whether a form has the token of its session.
    pub fn is_token(&self, token: &str, credential: Option<&str>) -> bool {
        let tag = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
        hmac::verify(&self.signing, credential.unwrap_or_default().as_bytes(), &tag).is_ok()
    }

    fn sealed(&self, name: &str, text: &str, lasting: Duration, same_site: &str) -> Option<String> {
        let mut sealed = now().to_be_bytes().to_vec();
        sealed.extend_from_slice(text.as_bytes());
        let nonce = self.sealing.seal_in_place_append_tag(Aad::from(name), &mut sealed).ok()?;
        let mut all = nonce.as_ref().to_vec();
        all.extend_from_slice(&sealed);
        let seconds = lasting.as_secs();
        let cookie = format!("{name}={}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite={same_site}", URL_SAFE_NO_PAD.encode(all));
        Some(cookie).filter(|cookie| cookie.len() <= LONGEST)
    }

    /// How old the content of a cookie is, and its content; `None` if there is none that this key has sealed, or it is too old.
    fn opened(&self, cookies: &str, name: &str, lasting: Duration) -> Option<(Duration, String)> {
        let value = cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))?;
        let sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let mut sealed = sealed.to_vec();
        let opened = self.sealing.open_in_place(Nonce::try_assume_unique_for_key(nonce).ok()?, Aad::from(name), &mut sealed).ok()?;
        let (made, text) = opened.split_at_checked(8)?;
        let age = Duration::from_secs(now().saturating_sub(u64::from_be_bytes(made.try_into().ok()?)));
        let text = String::from_utf8(text.to_vec()).ok()?;
        (age <= lasting).then_some((age, text))
    }
}

/// Seconds of the present time.
fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(byte: u8) -> Seal {
        Seal::new(&[byte; 32]).expect("a key")
    }

    /// What a browser sends of a cookie that it was given.
    fn sent(cookie: &str) -> String {
        cookie.split(';').next().unwrap_or_default().to_owned()
    }

    #[test]
    fn a_session_is_read_by_whoever_has_the_key_and_by_nobody_else() {
        let cookie = seal(1).cookie("plk_secret").expect("it fits");
        assert!(cookie.contains("; Secure; HttpOnly; SameSite=Lax") && cookie.starts_with("__Host-") && !cookie.contains("secret"));
        let cookies = format!("other=1; {}", sent(&cookie));
        assert_eq!(seal(1).session(&cookies).map(|session| session.credential).as_deref(), Some("plk_secret"));
        assert!(seal(2).session(&cookies).is_none(), "of another key");
        assert!(seal(1).login(&cookies.replace(COOKIE, LOGIN)).is_none(), "a cookie is good for its purpose alone");
        let mut changed = sent(&cookie);
        let last = if changed.pop() == Some('A') { 'B' } else { 'A' };
        changed.push(last);
        assert!(seal(1).session(&changed).is_none(), "changed");
        assert!(seal(1).cookie(&"x".repeat(5_000)).is_none(), "no browser keeps it");
    }

    #[test]
    fn a_form_proves_itself_by_the_token_of_its_session() {
        let token = seal(1).token(Some("one"));
        assert!(seal(1).is_token(&token, Some("one")));
        for (seal, credential) in [(seal(1), Some("two")), (seal(1), None), (seal(2), Some("one"))] {
            assert!(!seal.is_token(&token, credential));
        }
        assert!(!seal(1).is_token("", Some("one")));
    }
}
