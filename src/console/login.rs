//! Logging in where callers are authenticated: an API key that is pasted once, or the login of an issuer.

use super::layout::{brand, document};
use super::parameters::{Parameters, href};
use super::reply::{self, Reply};
use super::session::Seal;
use super::{Console, oidc};
use crate::language::{Language, say};
use crate::proto::WhoAmIRequest;
use hyper::StatusCode;
use maud::html;
use std::net::IpAddr;

/// The parameter of the page that was asked for before.
const NEXT: &str = "next";

/// A visit to the pages of the login, by whoever is not known yet.
pub struct Guest<'a> {
    /// The console.
    pub console: &'a Console,
    /// The language.
    pub language: Language,
    /// What the address says.
    pub query: &'a Parameters,
    /// The cookies of the browser.
    pub cookies: &'a str,
    /// Where the browser is.
    pub address: Option<IpAddr>,
}

impl Guest<'_> {
    /// The page with the form.
    pub fn page(&self, status: StatusCode, wrong: Option<&str>) -> Reply {
        let (language, next) = (self.language, self.next());
        let token = self.console.seal.token(None);
        let action = href("/login", [("lang", language.tag())]);
        let body = html! {
            main.alone id="main" {
                (brand(language, "/"))
                section {
                    h1 { (say!(language, "console-log-in")) }
                    @if let Some(wrong) = wrong { p.wrong role="alert" { (wrong) } }
                    form.form method="post" action=(action) {
                        input type="hidden" name="token" value=(token);
                        input type="hidden" name=(NEXT) value=(next);
                        label {
                            span { (say!(language, "console-api-key")) }
                            input type="password" name="key" autocomplete="current-password" required autofocus;
                            small { (say!(language, "console-api-key-hint")) }
                        }
                        div.buttons { button.main type="submit" { (say!(language, "console-log-in")) } }
                    }
                    @if let Some(login) = &self.console.oidc {
                        p { a.button href=(href("/login/issuer", [(NEXT, next.as_str()), ("lang", language.tag())])) { (say!(language, "console-log-in-with", issuer = login.name())) } }
                    }
                }
            }
        };
        reply::page(status, document(language, &say!(language, "console-log-in"), &body))
    }

    /// Takes a key that was pasted.
    pub async fn with_key(&self, form: &Parameters) -> Reply {
        self.enter(form.get("key"), form.get(NEXT), false).await
    }

    /// Leads to the issuer's own login.
    pub async fn to_issuer(&self) -> Reply {
        let Some(login) = &self.console.oidc else { return self.page(StatusCode::NOT_FOUND, None) };
        match login.begin(&self.next()).await {
            Ok(begun) => match self.console.seal.login_cookie(&begun.kept) {
                Some(cookie) => reply::with_cookie(reply::see_other(&begun.href), &cookie),
                None => self.page(StatusCode::INTERNAL_SERVER_ERROR, None),
            },
            Err(why) => self.away(&why),
        }
    }

    /// Takes what the issuer's login leads back with.
    pub async fn after_issuer(&self) -> Reply {
        let (Some(login), Some(kept)) = (&self.console.oidc, self.console.seal.login(self.cookies)) else {
            return self.page(StatusCode::BAD_REQUEST, Some(&say!(self.language, "console-login-over")));
        };
        match login.finish(self.query, &kept).await {
            Ok(oidc::Finished { token, next }) => reply::with_cookie(self.enter(&token, &next, true).await, &Seal::login_ended()),
            Err(why) => self.away(&why),
        }
    }

    /// Says that the issuer's login did not come about; why stands in the log.
    fn away(&self, why: &str) -> Reply {
        tracing::warn!(why, "a login with the issuer did not come about");
        self.page(StatusCode::BAD_GATEWAY, Some(&say!(self.language, "console-login-failed")))
    }

    /// Begins a session if a credential is good.
    async fn enter(&self, credential: &str, next: &str, is_token: bool) -> Reply {
        let through = self.console.through(Some(credential), self.address);
        if let Err(status) = through.ledger().who_am_i(WhoAmIRequest {}).await {
            return self.page(StatusCode::UNAUTHORIZED, Some(status.message()));
        }
        match self.console.seal.cookie(credential) {
            Some(cookie) => reply::with_cookie(reply::see_other(own_path(next)), &cookie),
            None if is_token => self.page(StatusCode::BAD_GATEWAY, Some(&say!(self.language, "console-token-too-long"))),
            None => self.page(StatusCode::BAD_REQUEST, None),
        }
    }

    fn next(&self) -> String {
        own_path(self.query.get(NEXT)).to_owned()
    }
}

/// The address of the login, which leads to a page afterwards.
pub fn address(next: &str) -> String {
    href("/login", [(NEXT, next)])
}

/// A path of this console; that of the overview in place of an address of others.
fn own_path(path: &str) -> &str {
    let is_own = path.starts_with('/') && !path.starts_with("//") && !path.contains(|letter: char| letter == '\\' || letter.is_control());
    if is_own { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn a_login_leads_to_pages_of_the_console_alone() {
        assert_eq!(own_path("/leads?lang=th"), "/leads?lang=th");
        for foreign in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "",
            "javascript:alert(1)",
            "/a\r\nb",
            "/\t/evil.example",
            "/\u{1}x",
        ] {
            assert_eq!(own_path(foreign), "/", "{foreign}");
        }
    }
}
