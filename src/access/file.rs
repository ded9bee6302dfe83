//! The access file: TOML that says who may do what. Reading it finds everything that is wrong with it at once.

use super::event_types::EventTypes;
use super::key::{KeyHash, is_id};
use super::limits::{LEAST_BURST_EVENTS, Limits};
use super::principal::{ANONYMOUS, Scope};
use super::role::Roles;
use crate::domain::calendar::Time;
use crate::domain::ids::Id;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use toml::{Table, Value};

/// The longest name of a principal, in characters.
const MAX_NAME_LENGTH: usize = 64;
/// Names that records have had before there were principals.
const RESERVED: [&str; 2] = [ANONYMOUS, "preview"];

/// What is wrong with an access file: where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where: `principal "crm-sync": key 1`.
    pub place: String,
    /// What is wrong, and how to mend it.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() { f.write_str(&self.what) } else { write!(f, "{}: {}", self.place, self.what) }
    }
}

/// What an access file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessFile {
    /// Who issues tokens.
    pub issuers: Vec<IssuerEntry>,
    /// Who may do what.
    pub principals: Vec<PrincipalEntry>,
}

/// An issuer of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerEntry {
    /// What principals call it.
    pub name: String,
    /// The `iss` of its tokens.
    pub issuer: String,
    /// What `aud` must name one of.
    pub audiences: Vec<String>,
    /// Where its keys are: a file, or a URL.
    pub keys: String,
    /// A file of certificates that the URL's server is checked by; the system's if it is not said.
    pub ca: Option<String>,
}

/// A principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalEntry {
    /// Its name.
    pub name: String,
    /// What it is there for.
    pub roles: Roles,
    /// What it may append.
    pub event_types: EventTypes,
    /// What its events must be about.
    pub scope: Option<Scope>,
    /// Of the role `partner`: whose business it sees.
    pub partner: Option<Id>,
    /// How much it may ask for.
    pub limits: Limits,
    /// By which API keys it is known.
    pub keys: Vec<KeyEntry>,
    /// By which claims of tokens it is known.
    pub claims: Vec<ClaimEntry>,
    /// By which names of certificates it is known.
    pub certificates: Vec<String>,
}

/// An API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// What it is found by.
    pub id: String,
    /// What it is checked by.
    pub hash: KeyHash,
    /// When it expires.
    pub not_after: Option<Time>,
}

/// A claim that a principal is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimEntry {
    /// Whose tokens.
    pub issuer: String,
    /// The claim's name.
    pub claim: String,
    /// Its value, or one of its values.
    pub value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerTable {
    name: String,
    issuer: String,
    audience: OneOrMore,
    keys: String,
    ca: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrincipalTable {
    name: String,
    roles: Vec<String>,
    events: Option<Vec<String>>,
    partner: Option<String>,
    scope: Option<Table>,
    limits: Option<Table>,
    #[serde(default)]
    key: Vec<Table>,
    #[serde(default)]
    claim: Vec<Table>,
    #[serde(default)]
    certificate: Vec<Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScopeTable {
    #[serde(default)]
    partners: Vec<String>,
    #[serde(default)]
    agreements: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsTable {
    events_per_second: Option<NonZeroU32>,
    bytes_per_second: Option<NonZeroU32>,
    burst_events: Option<NonZeroU32>,
    streams: Option<NonZeroU32>,
    subscriptions: Option<NonZeroU32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyTable {
    id: String,
    sha256: String,
    not_after: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimTable {
    issuer: String,
    claim: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CertificateTable {
    san: String,
}

/// Collects what is wrong, with where it stands.
#[derive(Default)]
struct Faults {
    place: String,
    found: Vec<Fault>,
}

impl Faults {
    fn add(&mut self, what: impl Into<String>) {
        self.found.push(Fault { place: self.place.clone(), what: what.into() });
    }

    /// Runs with more said of the place.
    fn within<R>(&mut self, place: &str, run: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.place.clone();
        if !self.place.is_empty() {
            self.place.push_str(": ");
        }
        self.place.push_str(place);
        let result = run(self);
        self.place = before;
        result
    }

    /// Reads a table as what it should be.
    fn read<T: for<'a> Deserialize<'a>>(&mut self, table: Table) -> Option<T> {
        Value::Table(table).try_into().map_err(|error: toml::de::Error| self.add(error.message().to_owned())).ok()
    }

    fn id(&mut self, text: &str) -> Option<Id> {
        let id = Id::new(text);
        if id.is_none() {
            self.add(format!("{text:?} is no id of the ledger: 1 to 64 characters of A–Z a–z 0–9 . _ : -"));
        }
        id
    }
}

impl AccessFile {
    /// Reads an access file.
    ///
    /// # Errors
    /// Everything that is wrong with it, in its order; of what is not TOML the first fault.
    pub fn read(text: &str) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let mut table: Table = match toml::from_str(text) {
            Ok(table) => table,
            Err(error) => return Err(vec![Fault { place: String::new(), what: error.to_string() }]),
        };
        let issuers = tables(&mut table, "issuer", &mut faults);
        let principals = tables(&mut table, "principal", &mut faults);
        for name in table.keys() {
            faults.add(format!("there is no section {name}; those are [[issuer]] and [[principal]]"));
        }
        let file = Self {
            issuers: each(issuers, "issuer", &mut faults, issuer),
            principals: each(principals, "principal", &mut faults, principal),
        };
        file.check(&mut faults);
        if faults.found.is_empty() { Ok(file) } else { Err(faults.found) }
    }

    /// Finds what is wrong between entries that are well each by itself.
    fn check(&self, faults: &mut Faults) {
        if self.principals.is_empty() && faults.found.is_empty() {
            faults.add("names no principal, so nobody would get in; add [[principal]]");
        }
        twice(self.issuers.iter().map(|issuer| &issuer.name), "issuer", faults);
        twice(self.issuers.iter().map(|issuer| &issuer.issuer), "issuer's address", faults);
        twice(self.principals.iter().map(|principal| &principal.name), "principal", faults);
        twice(self.principals.iter().flat_map(|principal| &principal.keys).map(|key| &key.id), "key id", faults);
        twice(self.principals.iter().flat_map(|principal| &principal.certificates), "certificate name", faults);
        let claims: Vec<String> = self.principals.iter().flat_map(|principal| &principal.claims).map(ToString::to_string).collect();
        twice(claims.iter(), "claim", faults);
        for principal in &self.principals {
            for claim in &principal.claims {
                if !self.issuers.iter().any(|issuer| issuer.name == claim.issuer) {
                    faults.within(&format!("principal {:?}", principal.name), |faults| {
                        faults.add(format!("a claim names the issuer {:?}; there is no [[issuer]] of that name", claim.issuer));
                    });
                }
            }
        }
    }
}

impl fmt::Display for ClaimEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {:?} of {}", self.claim, self.value, self.issuer)
    }
}

/// Takes the tables of a section out of the file.
fn tables(file: &mut Table, section: &str, faults: &mut Faults) -> Vec<Table> {
    match file.remove(section) {
        None => Vec::new(),
        Some(Value::Array(values)) if values.iter().all(Value::is_table) => {
            values.into_iter().filter_map(|value| if let Value::Table(table) = value { Some(table) } else { None }).collect()
        }
        Some(_) => {
            faults.add(format!("{section} must be written as [[{section}]], once for each"));
            Vec::new()
        }
    }
}

/// Reads the entries of a section, each with its name in its place.
fn each<T>(tables: Vec<Table>, section: &str, faults: &mut Faults, read: impl Fn(Table, &mut Faults) -> Option<T>) -> Vec<T> {
    let entries = tables.into_iter().enumerate();
    let read = |(index, table): (usize, Table)| {
        let name = table.get("name").and_then(Value::as_str).map_or_else(|| format!("{}", index + 1), |name| format!("{name:?}"));
        faults.within(&format!("{section} {name}"), |faults| read(table, faults))
    };
    entries.filter_map(read).collect()
}

/// Finds values that occur twice.
fn twice<'a>(values: impl Iterator<Item = &'a String>, what: &str, faults: &mut Faults) {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    for (value, count) in counts.into_iter().filter(|(_, count)| *count > 1) {
        faults.add(format!("the {what} {value:?} occurs {count} times; each must occur once"));
    }
}

fn issuer(table: Table, faults: &mut Faults) -> Option<IssuerEntry> {
    let IssuerTable { name, issuer, audience, keys, ca } = faults.read(table)?;
    let audiences = match audience {
        OneOrMore::One(audience) => vec![audience],
        OneOrMore::More(audiences) => audiences,
    };
    if audiences.is_empty() || audiences.iter().any(String::is_empty) {
        faults.add("audience must name at least one: without it a token for any other service would get in");
    }
    if issuer.is_empty() {
        faults.add("issuer must be the iss of its tokens");
    }
    if keys.contains("://") && !keys.starts_with("https://") && !is_loopback(&keys) {
        faults.add("keys must come by https:// or from a file: over http:// anybody on the way could put in keys of his own");
    }
    Some(IssuerEntry { name, issuer, audiences, keys, ca })
}

/// Whether a URL is of this machine, where nobody is on the way.
fn is_loopback(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    ["localhost", "127.0.0.1", "[::1]"].contains(&host)
}

fn principal(table: Table, faults: &mut Faults) -> Option<PrincipalEntry> {
    let PrincipalTable { name, roles, events, partner, scope, limits, key, claim, certificate } = faults.read(table)?;
    check_name(&name, faults);
    let roles = roles_of(&roles, faults);
    let event_types = event_types_of(events.as_deref(), roles, faults);
    let is_partner = roles.intersects(Roles::PARTNER);
    if is_partner && roles != Roles::PARTNER {
        faults.add("the role partner goes with no other: who sees one partner's business alone cannot see all; make it two principals");
    }
    if is_partner != partner.is_some() {
        faults.add(if is_partner { "the role partner needs partner = \"its id\"" } else { "partner is for the role partner alone" });
    }
    let partner = partner.and_then(|id| faults.within("partner", |faults| faults.id(&id)));
    let scope = scope.and_then(|table| faults.within("scope", |faults| scope_of(table, faults)));
    if scope.is_some() && event_types == EventTypes::NONE {
        faults.add("scope says what its events must be about, and it appends none; leave it out");
    }
    let limits = limits.and_then(|table| faults.within("limits", |faults| limits_of(table, faults))).unwrap_or_default();
    let keys = each_of(key, "key", faults, key_of);
    let claims = each_of(claim, "claim", faults, |table, faults| {
        let ClaimTable { issuer, claim, value } = faults.read(table)?;
        Some(ClaimEntry { issuer, claim, value })
    });
    let certificates = each_of(certificate, "certificate", faults, |table, faults| Some(faults.read::<CertificateTable>(table)?.san));
    Some(PrincipalEntry { name, roles, event_types, scope, partner, limits, keys, claims, certificates })
}

fn each_of<T>(tables: Vec<Table>, what: &str, faults: &mut Faults, read: impl Fn(Table, &mut Faults) -> Option<T>) -> Vec<T> {
    let entries = tables.into_iter().enumerate();
    let read = |(index, table)| faults.within(&format!("{what} {}", index + 1), |faults| read(table, faults));
    entries.filter_map(read).collect()
}

fn check_name(name: &str, faults: &mut Faults) {
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | ':' | '-' | '/');
    if name.contains('@') {
        faults.add("the name goes into every record for good, so it must be no e-mail address: a person has the right to be forgotten");
    } else if name.is_empty() || name.len() > MAX_NAME_LENGTH || !name.chars().all(is_allowed) {
        faults.add(format!("the name must be 1 to {MAX_NAME_LENGTH} characters of A–Z a–z 0–9 . _ : - /"));
    }
    if RESERVED.contains(&name) {
        faults.add(format!("the name {name:?} is taken by what has no identity; choose another"));
    }
}

fn roles_of(names: &[String], faults: &mut Faults) -> Roles {
    let mut roles = Roles::default();
    for name in names {
        match Roles::named(name) {
            Some(role) => roles = roles.and(role),
            None => faults.add(format!("there is no role {name:?}; there are {}", Roles::NAMES.join(", "))),
        }
    }
    if names.is_empty() {
        faults.add(format!("needs a role: {}", Roles::NAMES.join(", ")));
    }
    roles
}

/// What it may append: what is named, within what its roles may; what its roles append, if nothing is.
fn event_types_of(names: Option<&[String]>, roles: Roles, faults: &mut Faults) -> EventTypes {
    let by_roles = EventTypes::of_roles(roles);
    let is_emitter = roles.intersects(Roles::EMITTER);
    let Some(names) = names else {
        if is_emitter {
            faults.add("an emitter needs events = [...]: the event types, or groups of them, that it may append");
        }
        return by_roles;
    };
    let mut allowed = EventTypes::NONE;
    for name in names {
        match EventTypes::named(name) {
            Some(types) if is_emitter || by_roles.contains(types) => allowed = allowed.and(types),
            Some(_) => {
                faults.add(format!("its roles ({}) do not append {name}; give it the role emitter as well", roles.names().join(", ")));
            }
            None => {
                let groups: Vec<_> = EventTypes::groups().collect();
                faults.add(format!("there is no event type and no group {name:?}; the groups are {}", groups.join(", ")));
            }
        }
    }
    if names.is_empty() {
        faults.add("events = [] lets it append nothing; name some, or choose the role auditor");
    }
    allowed
}

fn scope_of(table: Table, faults: &mut Faults) -> Option<Scope> {
    let ScopeTable { partners, agreements } = faults.read(table)?;
    if partners.is_empty() && agreements.is_empty() {
        faults.add("names neither partners nor agreements, so no event would be within it; name some, or leave it out for all");
    }
    let mut ids = |texts: Vec<String>| texts.iter().filter_map(|text| faults.id(text)).collect();
    Some(Scope { partners: ids(partners), agreements: ids(agreements) })
}

fn limits_of(table: Table, faults: &mut Faults) -> Option<Limits> {
    let LimitsTable { events_per_second, bytes_per_second, burst_events, streams, subscriptions } = faults.read(table)?;
    if burst_events.is_some_and(|burst| burst.get() < LEAST_BURST_EVENTS) {
        faults.add(format!(
            "burst_events must be at least {LEAST_BURST_EVENTS}, the events of the largest request: fewer could never be sent"
        ));
    }
    if burst_events.is_some() && events_per_second.is_none() {
        faults.add("burst_events says how far events_per_second may be exceeded for a moment; say that too");
    }
    Some(Limits { events_per_second, bytes_per_second, burst_events, streams, subscriptions })
}

fn key_of(table: Table, faults: &mut Faults) -> Option<KeyEntry> {
    let KeyTable { id, sha256, not_after } = faults.read(table)?;
    if !is_id(&id) {
        faults.add("id must be letters and digits, as `access add-key` makes it");
    }
    let hash = KeyHash::parse(&sha256);
    if hash.is_none() {
        faults.add("sha256 must be 64 hexadecimal digits: the SHA-256 of the whole key, as `access add-key` writes it");
    }
    let not_after = match not_after {
        None => None,
        Some(value) => {
            let text = value.as_datetime().map(ToString::to_string).or_else(|| value.as_str().map(str::to_owned)).unwrap_or_default();
            let time = chrono::DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc());
            time.map_err(|_| faults.add("not_after must be a time with its zone, such as 2027-01-31T00:00:00Z")).ok()
        }
    };
    Some(KeyEntry { id, hash: hash?, not_after })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = r#"
        [[issuer]]
        name = "id"
        issuer = "https://id.example"
        audience = "ledger"
        keys = "https://id.example/jwks"

        [[principal]]
        name = "crm-sync"
        roles = ["emitter"]
        events = ["leads", "sale_recorded"]
        scope = { partners = ["acme"] }
        limits = { events_per_second = 500, burst_events = 10000, streams = 4 }
        [[principal.key]]
        id = "k1"
        sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
        not_after = 2027-01-31T00:00:00Z

        [[principal]]
        name = "portal:acme"
        roles = ["partner"]
        partner = "acme"
        [[principal.claim]]
        issuer = "id"
        claim = "partner"
        value = "acme"
        [[principal.certificate]]
        san = "spiffe://acme/portal"
    "#;

    #[test]
    fn a_good_file_is_read() {
        let file = AccessFile::read(GOOD).expect("it is good");
        let [emitter, partner] = &file.principals[..] else { panic!("{file:?}") };
        assert!(
            emitter.event_types.has("lead_lost") && emitter.event_types.has("sale_recorded") && !emitter.event_types.has("sale_refunded")
        );
        assert_eq!(emitter.keys[0].not_after.map(|time| time.to_rfc3339()), Some("2027-01-31T00:00:00+00:00".to_owned()));
        assert_eq!(partner.partner, Id::new("acme"));
        assert_eq!(partner.claims[0].to_string(), "partner = \"acme\" of id");
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let bad = r#"
            [[issuer]]
            name = "id"
            issuer = "https://id.example"
            audience = []
            keys = "http://id.example/jwks"
            [[principal]]
            name = "ann@example.com"
            roles = ["emitter", "boss"]
            [[principal.key]]
            id = "k-1"
            sha256 = "00"
            not_after = "tomorrow"
            [[principal]]
            name = "finance"
            roles = ["finance"]
            events = ["sale_recorded", "nothing"]
            limits = { events_per_second = 5, burst_events = 10 }
            [[principal]]
            name = "finance"
            roles = ["partner", "auditor"]
            scope = {}
            [[principal.claim]]
            issuer = "elsewhere"
            claim = "sub"
            value = "x"
            [[principal]]
            name = "typo"
            roles = ["auditor"]
            role = "auditor"
            [server]
        "#;
        let faults = AccessFile::read(bad).expect_err("it is bad");
        let said = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        for part in [
            "issuer \"id\": audience must name at least one",
            "issuer \"id\": keys must come by https://",
            "principal \"ann@example.com\": the name goes into every record",
            "principal \"ann@example.com\": there is no role \"boss\"",
            "principal \"ann@example.com\": an emitter needs events",
            "principal \"ann@example.com\": key 1: id must be letters and digits",
            "principal \"ann@example.com\": key 1: sha256 must be",
            "principal \"ann@example.com\": key 1: not_after must be",
            "principal \"finance\": its roles (finance) do not append sale_recorded",
            "principal \"finance\": there is no event type and no group \"nothing\"",
            "principal \"finance\": limits: burst_events must be at least 8189",
            "principal \"finance\": the role partner goes with no other",
            "principal \"finance\": the role partner needs partner",
            "principal \"finance\": scope: names neither",
            "principal \"finance\": a claim names the issuer \"elsewhere\"",
            "the principal \"finance\" occurs 2 times",
            "principal \"typo\": unknown field `role`",
            "there is no section server",
        ] {
            assert!(said.contains(part), "{part}\nis not in\n{said}");
        }
    }

    #[test]
    fn what_is_not_toml_or_names_nobody_is_refused() {
        assert!(AccessFile::read("[[principal").expect_err("no TOML")[0].what.contains("TOML"));
        assert!(AccessFile::read("").expect_err("nobody")[0].what.contains("nobody would get in"));
        assert!(AccessFile::read("principal = 1").expect_err("no table")[0].what.contains("[[principal]]"));
    }

    proptest! {
        /// Whatever a file has, reading it ends with what is wrong or a good file; what is cut or changed is no exception.
        #[test]
        fn no_file_is_too_strange_to_be_read(text in "\\PC{0,200}", cut in 0..GOOD.len(), letter in any::<char>()) {
            let _ = AccessFile::read(&text);
            let mut changed: Vec<char> = GOOD.chars().collect();
            let place = cut.min(changed.len() - 1);
            changed[place] = letter;
            let changed: String = changed.into_iter().collect();
            match AccessFile::read(&changed) {
                Ok(file) => prop_assert!(!file.principals.is_empty()),
                Err(faults) => prop_assert!(!faults.is_empty()),
            }
            let _ = AccessFile::read(&changed.chars().take(place).collect::<String>());
        }
    }

    #[test]
    fn loopback_is_the_host_and_not_its_beginning() {
        for (url, expected) in [
            ("http://127.0.0.1:80/jwks", true),
            ("http://localhost/jwks", true),
            ("http://localhost.example/jwks", false),
            ("http://127.0.0.1.example/jwks", false),
            ("http://localhost:x@evil.example/jwks", false),
            ("HTTP://localhost/jwks", false),
        ] {
            assert_eq!(is_loopback(url), expected, "{url}");
        }
    }
}
