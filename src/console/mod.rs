//! The console and the partner portal: the ledger in a browser. Every page is made on the server and works without a script;
//! its address says what it shows, as of when and in which language, so that it can be cited.
//!
//! The way of a visit: `Console::answer` finds out who it is (`session`), what the address says (`visit`, `moment`) and which page
//! that is (`show`). A page (`pages/`) asks the services of the contract as every client does, through the same edge and with
//! the person's own credential (`through`), and says what stands where (`page`, `table`, `charts`); `layout` puts the frame
//! around it. What is recorded here is recorded by `Append`, after a preview (`act`). No rule and no figure is made here.

mod act;
mod assets;
mod charts;
mod components;
mod failed;
mod layout;
mod links;
mod login;
mod moment;
mod oidc;
mod page;
mod pages;
mod parameters;
mod person;
mod reply;
mod session;
mod table;
mod through;
mod timeline;
mod visit;

pub use oidc::OidcSettings;
pub use reply::Reply;

use crate::grpc::{Edge, Peer};
use crate::language::Language;
use crate::ledger::Memory;
use crate::proto::WhoAmIRequest;
use failed::Failed;
use hyper::header::{ACCEPT_LANGUAGE, COOKIE, HOST};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, StatusCode};
use login::Guest;
use moment::Moment;
use oidc::Oidc;
use page::Page;
use parameters::Parameters;
use person::Person;
use session::{Seal, Session};
use std::net::IpAddr;
use through::Through;
use tokio::sync::Semaphore;
use tonic::service::Routes;
use visit::{LANGUAGE, Visit};

/// The services of the contract behind their edge, called within the process.
pub type Inside = Edge<Routes>;

/// How a console is set up.
pub struct Settings {
    /// Whether callers are authenticated: without it whoever reaches the address may do everything.
    pub authenticates: bool,
    /// Whether connections are encrypted.
    pub encrypts: bool,
    /// The key that sessions are sealed by; servers that share it serve each other's sessions.
    pub key: [u8; 32],
    /// How people log in with an issuer; without it they have API keys.
    pub oidc: Option<OidcSettings>,
}

/// The console of a ledger.
pub struct Console {
    inside: Inside,
    memory: Memory,
    seal: Seal,
    oidc: Option<Oidc>,
    authenticates: bool,
    encrypts: bool,
    /// Tables that are being made into files.
    files: Semaphore,
}

/// Tables that may be made into files at a time: one of 100 000 rows takes some hundred MiB meanwhile.
const MOST_FILES: usize = 2;

/// What a path has.
enum Shown {
    Page(Page),
    File { name: String, body: Vec<u8>, kind: &'static str },
}

impl From<Page> for Shown {
    fn from(page: Page) -> Self {
        Self::Page(page)
    }
}

impl Console {
    /// A console that asks the services of a ledger. What its calls hold counts in `memory`.
    ///
    /// # Errors
    /// If the key is refused, which it is not.
    pub fn new(inside: Inside, memory: Memory, settings: &Settings) -> std::io::Result<Self> {
        let seal = Seal::new(&settings.key).map_err(|_| std::io::Error::other("the key of the sessions is refused"))?;
        let oidc = settings.oidc.clone().map(Oidc::new);
        let files = Semaphore::new(MOST_FILES);
        Ok(Self { inside, memory, seal, oidc, authenticates: settings.authenticates, encrypts: settings.encrypts, files })
    }

    /// Answers a request, which came from an address.
    pub async fn answer(&self, request: &Parts, body: &[u8], address: Option<IpAddr>) -> Reply {
        let reply = self.reply(request, body, address).await;
        reply::guarded(reply, self.encrypts)
    }

    async fn reply(&self, request: &Parts, body: &[u8], address: Option<IpAddr>) -> Reply {
        let path = request.uri.path();
        if let Some((asset, kind)) = assets::find(path) {
            return reply::asset(asset, kind);
        }
        // Links to the page itself would lead to a host of that name.
        if path.starts_with("//") {
            return plain(StatusCode::NOT_FOUND, "there is no such page\n");
        }
        if !self.authenticates && !is_own_name(&request.headers) {
            return plain(StatusCode::MISDIRECTED_REQUEST, "call the console by its address, or as localhost\n");
        }
        let cookies = request.headers.get(COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let session = self.seal.session(cookies).filter(|_| self.authenticates);
        let query = Parameters::read(request.uri.query().unwrap_or_default().as_bytes());
        let language = language_of(&query, &request.headers);
        let mut visit = self.visit(path, query, language, session.as_ref(), address);
        let form = match request.method {
            Method::GET | Method::HEAD => None,
            Method::POST => Some(Parameters::read(body)),
            _ => return plain(StatusCode::METHOD_NOT_ALLOWED, "pages are asked for with GET, forms are sent with POST\n"),
        };
        if let Some(form) = &form
            && !self.is_own_form(&request.headers, form, session.as_ref())
        {
            return plain(StatusCode::FORBIDDEN, "this form is not of this console, or its session has ended: load the page again\n");
        }
        if self.authenticates && (path == "/login" || path.starts_with("/login/")) {
            let guest = Guest { console: self, language, query: &visit.query, cookies, address };
            return match (path, &form) {
                ("/login", None) => guest.page(StatusCode::OK, None),
                ("/login", Some(form)) => guest.with_key(form).await,
                ("/login/issuer", None) => guest.to_issuer().await,
                ("/login/callback", None) => guest.after_issuer().await,
                _ => guest.page(StatusCode::NOT_FOUND, None),
            };
        }
        if self.authenticates && session.is_none() {
            return to_login(request, form.is_some());
        }
        if path == "/logout" && form.is_some() {
            return reply::with_cookie(reply::see_other("/login"), &Seal::ended());
        }
        // A table as a file is made in memory, whole.
        let place = visit.csv().map(|_| self.files.try_acquire());
        if let Some(Err(_)) = place {
            return plain(StatusCode::SERVICE_UNAVAILABLE, "other tables are being made into files: try again in a moment\n");
        }
        let reply = match self.look(&mut visit, form.as_ref()).await {
            Ok(Shown::Page(page)) => shown(&visit, &page),
            Ok(Shown::File { name, body, kind }) => reply::file(&name, body, kind),
            Err(Failed::Elsewhere(href)) => reply::see_other(&href),
            Err(failed) if failed.is_unauthenticated() && self.authenticates => {
                return reply::with_cookie(to_login(request, form.is_some()), &Seal::ended());
            }
            Err(failed) => reply::page(failed.code(), layout::page(&visit, &failed.page(&visit))),
        };
        match session.filter(|session| session.is_aging).and_then(|session| self.seal.cookie(&session.credential)) {
            Some(cookie) => reply::with_cookie(reply, &cookie),
            None => reply,
        }
    }

    fn visit(&self, path: &str, query: Parameters, language: Language, session: Option<&Session>, address: Option<IpAddr>) -> Visit {
        let credential = session.map(|session| session.credential.as_str());
        Visit {
            path: path.to_owned(),
            query,
            language,
            moment: Moment::default(),
            person: Person::default(),
            services: self.through(credential, address),
            token: self.seal.token(credential),
        }
    }

    /// The way to the services for whoever presents a credential, and where its browser is.
    fn through(&self, credential: Option<&str>, address: Option<IpAddr>) -> Through {
        let peer = Peer { account: self.memory.account(), address, certificate: None };
        Through::new(self.inside.clone(), peer, credential)
    }

    /// Whether a form was sent by a page of this console, as browsers say and as its token proves.
    fn is_own_form(&self, headers: &HeaderMap, form: &Parameters, session: Option<&Session>) -> bool {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let is_from_here = match (header("sec-fetch-site"), header("origin")) {
            (Some(site), _) => site == "same-origin",
            (None, Some(origin)) => origin.split_once("://").map(|(_, host)| host) == header("host"),
            // No browser: nothing is sent by mistake.
            (None, None) => true,
        };
        is_from_here && self.seal.is_token(form.get("token"), session.map(|session| session.credential.as_str()))
    }

    /// Finds out who looks and as of when, and makes the page; of a form that was sent, does what it says.
    async fn look(&self, visit: &mut Visit, form: Option<&Parameters>) -> Result<Shown, Failed> {
        let who = visit.services.ledger().who_am_i(WhoAmIRequest {}).await?.into_inner();
        visit.person = Person::new(who);
        visit.moment = Moment::read(&visit.query, visit.language).map_err(Failed::Bad)?;
        match form {
            None => show(visit).await,
            Some(form) => match visit.path.strip_prefix("/act/") {
                Some(name) => act::take(visit, name, form).await.map(Shown::Page),
                None => Err(Failed::NoPage),
            },
        }
    }
}

/// Which path has which page.
async fn show(visit: &Visit) -> Result<Shown, Failed> {
    let segments: Vec<&str> = visit.path.trim_matches('/').split('/').collect();
    Ok(match segments[..] {
        [""] => pages::overview::page(visit).await?.into(),
        ["search"] => pages::search::page(visit).await?.into(),
        ["act", name] => act::form(visit, name)?.into(),
        ["partners"] => pages::partners::page(visit).await?.into(),
        ["partners", id] => pages::partner::page(visit, id).await?.into(),
        ["partners", id, "statement"] => pages::statement::page(visit, id).await?.into(),
        ["agreements"] => pages::agreements::page(visit).await?.into(),
        ["agreements", id] => pages::agreement::page(visit, id).await?.into(),
        ["leads"] => pages::leads::page(visit).await?.into(),
        ["leads", id] => pages::lead::page(visit, id).await?.into(),
        ["sales"] => pages::sales::page(visit).await?.into(),
        ["sales", id] => pages::sale::page(visit, id).await?.into(),
        ["payables"] => pages::payables::page(visit).await?.into(),
        ["payouts"] => pages::payouts::page(visit).await?.into(),
        ["disputes"] => pages::disputes::page(visit).await?.into(),
        ["campaigns"] => pages::campaigns::page(visit).await?.into(),
        ["campaigns", id] => pages::campaign::page(visit, id).await?.into(),
        ["metrics"] => pages::metrics::page(visit).await?.into(),
        ["alerts"] => pages::alerts::page(visit).await?.into(),
        ["records"] => pages::records::page(visit).await?.into(),
        ["records", name] => pages::record::page(visit, name).await?.into(),
        ["records", position, "proof"] => {
            let position = position.parse().map_err(|_| Failed::NoPage)?;
            let body = pages::record::proved(visit, position).await?.proof.into_bytes();
            Shown::File { name: format!("record-{position}.tlog-proof"), body, kind: "text/plain; charset=utf-8" }
        }
        ["records", position, "json"] => {
            let position = position.parse().map_err(|_| Failed::NoPage)?;
            let body = pages::record::as_json(visit, position).await?;
            Shown::File { name: format!("record-{position}.json"), body, kind: "application/json" }
        }
        ["records", position, "bytes"] => {
            let position = position.parse().map_err(|_| Failed::NoPage)?;
            let body = pages::record::proved(visit, position).await?.record;
            Shown::File { name: format!("record-{position}.bin"), body, kind: "application/octet-stream" }
        }
        _ => return Err(Failed::NoPage),
    })
}

/// A page as HTML, or the table of it that is asked for as CSV.
fn shown(visit: &Visit, page: &Page) -> Reply {
    let Some(name) = visit.csv() else { return reply::page(StatusCode::OK, layout::page(visit, page)) };
    let Some(table) = page.find(name) else { return plain(StatusCode::NOT_FOUND, "this page has no such table\n") };
    match table.to_csv(visit.language) {
        Ok(body) => reply::file(&format!("{}-{name}.csv", visit.path.trim_matches('/').replace('/', "-")), body, "text/csv; charset=utf-8"),
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the table cannot be written\n"),
    }
}

/// Leads to the login, and from there to the page that was asked for.
fn to_login(request: &Parts, is_form: bool) -> Reply {
    let asked = request.uri.path_and_query().filter(|_| !is_form).map_or("/", |path| path.as_str());
    reply::see_other(&login::address(asked))
}

fn plain(status: StatusCode, text: &'static str) -> Reply {
    reply::with_body(status, text, "text/plain; charset=utf-8")
}

/// The language that an address says, else the first one that the browser asks for and there is.
fn language_of(query: &Parameters, headers: &HeaderMap) -> Language {
    let asked = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let asked = asked.split(',').map(|tag| tag.split([';', '-']).next().unwrap_or_default().trim());
    Language::of_tag(query.get(LANGUAGE)).or_else(|| asked.into_iter().find_map(Language::of_tag)).unwrap_or_default()
}

/// Whether a request calls this machine by an address, or as localhost: a name of somebody else's that leads here is how pages of
/// the internet reach what is open on this machine.
fn is_own_name(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: hyper::header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().expect("a value"))])
    }

    #[test]
    fn a_foreign_name_is_not_answered_where_everybody_may_do_everything() {
        for own in ["127.0.0.1:8080", "localhost:8080", "localhost", "[::1]:8080", "10.0.0.7"] {
            assert!(is_own_name(&headers(HOST, own)), "{own}");
        }
        for foreign in ["ledger.example:8080", "127.0.0.1.nip.example", "", "localhost.example"] {
            assert!(!is_own_name(&headers(HOST, foreign)), "{foreign}");
        }
    }

    #[test]
    fn the_address_says_the_language_before_the_browser_does() {
        let thai = headers(ACCEPT_LANGUAGE, "fr;q=0.9, th-TH, en");
        assert_eq!(language_of(&Parameters::default(), &thai), Language::Thai);
        assert_eq!(language_of(&Parameters::read(b"lang=en"), &thai), Language::English);
        assert_eq!(language_of(&Parameters::read(b"lang=xx"), &HeaderMap::new()), Language::English);
    }
}
