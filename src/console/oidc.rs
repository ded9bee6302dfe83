//! The login of an OpenID Connect issuer: the code flow with PKCE. What comes of it is a token, which the gate of the services
//! checks as it checks every token; nothing here decides who somebody is.

use super::parameters::Parameters;
use crate::access::https_agent;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::io::Read as _;

/// The largest answer of an issuer, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// How people log in with an issuer.
#[derive(Clone, Debug)]
pub struct OidcSettings {
    /// What the access file calls it.
    pub name: String,
    /// Its address, the `iss` of its tokens.
    pub issuer: String,
    /// A file of certificates that its server is checked by; the system's if it is not said.
    pub ca: Option<String>,
    /// What the issuer knows the console by.
    pub client_id: String,
    /// What the console shows itself to the issuer by, if it has to.
    pub client_secret: Option<String>,
    /// The address of the console, as browsers have it: `https://console.example`.
    pub console_url: String,
}

/// The login of an issuer.
#[derive(Clone)]
pub struct Oidc(OidcSettings);

/// A login that has begun.
pub struct Begun {
    /// Where the issuer asks the person.
    pub href: String,
    /// What the login is finished by, to be kept by the browser, sealed.
    pub kept: String,
}

/// A login that is finished.
pub struct Finished {
    /// What the person has shown itself by.
    pub token: String,
    /// The page that was asked for before.
    pub next: String,
}

/// What a login is finished by.
#[derive(Serialize, Deserialize)]
struct Kept {
    state: String,
    nonce: String,
    verifier: String,
    next: String,
}

/// What an issuer says of itself.
#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
}

#[derive(Deserialize)]
struct Claims {
    nonce: String,
}

impl Oidc {
    /// The login of these settings.
    pub fn new(settings: OidcSettings) -> Self {
        Self(settings)
    }

    /// What the access file calls the issuer.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Begins a login, which leads to a page afterwards.
    ///
    /// # Errors
    /// Why the issuer cannot be asked.
    pub async fn begin(&self, next: &str) -> Result<Begun, String> {
        let settings = self.0.clone();
        let next = next.to_owned();
        let begin = move || {
            let found = settings.discover()?;
            let kept = Kept { state: random()?, nonce: random()?, verifier: random()?, next };
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(kept.verifier.as_bytes()));
            let redirect = settings.redirect();
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs([
                ("response_type", "code"),
                ("client_id", settings.client_id.as_str()),
                ("redirect_uri", redirect.as_str()),
                ("scope", "openid"),
                ("state", kept.state.as_str()),
                ("nonce", kept.nonce.as_str()),
                ("code_challenge", challenge.as_str()),
                ("code_challenge_method", "S256"),
            ]);
            let joint = if found.authorization_endpoint.contains('?') { '&' } else { '?' };
            let href = format!("{}{joint}{}", found.authorization_endpoint, query.finish());
            let kept = serde_json::to_string(&kept).map_err(|error| error.to_string())?;
            Ok(Begun { href, kept })
        };
        tokio::task::spawn_blocking(begin).await.map_err(|error| error.to_string())?
    }

    /// Finishes a login by what the issuer leads back with.
    ///
    /// # Errors
    /// Why there is no token.
    pub async fn finish(&self, query: &Parameters, kept: &str) -> Result<Finished, String> {
        let kept: Kept = serde_json::from_str(kept).map_err(|error| error.to_string())?;
        if query.get("state") != kept.state {
            return Err("the state is that of another login".to_owned());
        }
        let code = query.some("code").ok_or_else(|| format!("the issuer says {:?}", query.get("error")))?;
        let settings = self.0.clone();
        let finish = move || {
            let token = settings.exchange(&code, &kept.verifier)?;
            // The gate checks the signature; here it is only whether the token is of this login.
            let claims = token.split('.').nth(1).and_then(|claims| URL_SAFE_NO_PAD.decode(claims).ok());
            let claims = claims.and_then(|claims| serde_json::from_slice::<Claims>(&claims).ok());
            match claims {
                Some(claims) if claims.nonce == kept.nonce => Ok(Finished { token, next: kept.next }),
                _ => Err("the token is not of this login".to_owned()),
            }
        };
        tokio::task::spawn_blocking(finish).await.map_err(|error| error.to_string())?
    }
}

impl OidcSettings {
    /// Where the issuer leads back to.
    fn redirect(&self) -> String {
        format!("{}/login/callback", self.console_url.trim_end_matches('/'))
    }

    /// Asks the issuer for its addresses. Blocks.
    fn discover(&self) -> Result<Discovered, String> {
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let mut response = https_agent(self.ca.as_deref())?.get(&url).call().map_err(|error| format!("{url}: {error}"))?;
        let found: Discovered = read(response.body_mut())?;
        if found.issuer != self.issuer {
            return Err(format!("{url} is of the issuer {:?}", found.issuer));
        }
        Ok(found)
    }

    /// Exchanges a code for a token. Blocks.
    fn exchange(&self, code: &str, verifier: &str) -> Result<String, String> {
        let url = self.discover()?.token_endpoint;
        let redirect = self.redirect();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect.as_str()),
            ("client_id", self.client_id.as_str()),
            ("code_verifier", verifier),
        ];
        let mut request = https_agent(self.ca.as_deref())?.post(&url);
        if let Some(secret) = &self.client_secret {
            // RFC 6749, 2.3.1: both are written as in a form first.
            let part = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let basic = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", part(&self.client_id), part(secret)));
            request = request.header("authorization", format!("Basic {basic}"));
            form.retain(|(name, _)| *name != "client_id");
        }
        let mut response = request.send_form(form).map_err(|error| format!("{url}: {error}"))?;
        read::<TokenAnswer>(response.body_mut()).map(|answer| answer.id_token)
    }
}

/// Reads an answer in JSON.
fn read<T: for<'a> Deserialize<'a>>(body: &mut ureq::Body) -> Result<T, String> {
    let mut json = Vec::new();
    body.as_reader().take(MAX_BYTES).read_to_end(&mut json).map_err(|error| error.to_string())?;
    serde_json::from_slice(&json).map_err(|error| format!("the issuer's answer cannot be read: {error}"))
}

/// A text of 32 random bytes.
fn random() -> Result<String, String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
