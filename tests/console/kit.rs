//! Servers with a console, and a browser that knows nothing but HTTP: it keeps its session's cookie, follows links, sends forms.

use crate::common::program::{Running, finish, process, program};
use crate::common::server::{ANY_PORT, Server};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{ChildStdout, Stdio};
use tempfile::TempDir;
use uuid::Uuid;

/// Stories of the demo whose partners share customers, deals and programmes.
pub const STORIES: [&str; 8] = [
    include_str!("../../src/cli/demo/stories/referral.jsonl"),
    include_str!("../../src/cli/demo/stories/claims.jsonl"),
    include_str!("../../src/cli/demo/stories/termination.jsonl"),
    include_str!("../../src/cli/demo/stories/split.jsonl"),
    include_str!("../../src/cli/demo/stories/trial.jsonl"),
    include_str!("../../src/cli/demo/stories/void.jsonl"),
    include_str!("../../src/cli/demo/stories/instalments.jsonl"),
    include_str!("../../src/cli/demo/stories/circle.jsonl"),
];

/// The ledger of the demo with all of its stories, shown by a console.
pub struct Demo {
    _process: Running,
    _out: BufReader<ChildStdout>,
    pub address: String,
}

impl Demo {
    /// Plays the stories, and waits until the console is there.
    pub fn start() -> Self {
        let mut command = process();
        command.args(["demo", "--console", ANY_PORT]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Running(command.spawn().expect("the program starts"));
        let mut out = BufReader::new(process.0.stdout.take().expect("its output"));
        loop {
            let mut line = String::new();
            assert!(out.read_line(&mut line).expect("text") > 0, "the demo ended without a console");
            if let Some((_, url)) = line.trim_end().rsplit_once("http://") {
                return Self { _process: process, _out: out, address: url.trim_end_matches('/').to_owned() };
            }
        }
    }
}

/// A server with a console, an access file, and the stories.
pub struct Guarded {
    pub server: Server,
    pub address: String,
    pub dir: TempDir,
    pub keys: BTreeMap<&'static str, String>,
}

/// Who may do what: name, and lines of the section.
pub const PEOPLE: [(&str, &str); 5] = [
    ("admin", "roles = [\"admin\"]"),
    ("auditor", "roles = [\"auditor\"]"),
    ("finance", "roles = [\"finance\"]"),
    ("harbor", "roles = [\"partner\"]\npartner = \"harbor\""),
    ("crm", "roles = [\"emitter\"]\nevents = [\"leads\"]"),
];

impl Guarded {
    /// Serves the stories.
    pub fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut keys = BTreeMap::new();
        let mut text = String::new();
        for (name, lines) in PEOPLE {
            let key = partnership_ledger::access::NewKey::make().expect("random numbers");
            let _ = write!(
                text,
                "[[principal]]\nname = \"{name}\"\n{lines}\n[[principal.key]]\nid = \"{}\"\nsha256 = \"{}\"\n\n",
                key.id, key.hash
            );
            keys.insert(name, key.key.clone());
        }
        let access = dir.path().join("access.toml");
        std::fs::write(&access, text).expect("written");
        let access = access.display().to_string();
        let options = ["--access", access.as_str(), "--console", ANY_PORT];
        let mut server = Server::with_options(&dir.path().join("ledger"), &options);
        server.says();
        let said = server.says();
        let address = said.strip_prefix("the console is at http://").unwrap_or_else(|| panic!("{said}")).trim_end_matches('/').to_owned();
        let guarded = Self { server, address, dir, keys };
        let mut append = program();
        append.args(["append", "--address", &format!("http://{}", guarded.server.address)]);
        let outcome = finish(append.env("PARTNERSHIP_LEDGER_KEY", &guarded.keys["admin"]).write_stdin(stories()));
        assert_eq!(outcome.code, 0, "{}", outcome.error);
        guarded
    }

    /// Somebody's browser, logged in.
    pub fn browser_of(&self, name: &str) -> Browser {
        let mut browser = Browser::new(&self.address);
        let page = browser.get("/login");
        let answer = browser.send("/login", &[("key", &self.keys[name]), ("token", &page.value("token")), ("next", "/")]);
        assert_eq!((answer.status, answer.header("location")), (303, "/"), "{name}: {}", answer.body);
        browser
    }
}

/// The events of the stories, each with an id.
fn stories() -> String {
    let lines = STORIES.iter().flat_map(|story| story.lines()).filter(|line| !line.is_empty()).enumerate();
    let with_id = |(number, line): (usize, &str)| {
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("console {number}").as_bytes());
        format!("{{\"event_id\": \"{id}\", {}\n", line.trim_start_matches('{'))
    };
    lines.map(with_id).collect()
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// The value of a header; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The value of the last field of a name in the page.
    pub fn value(&self, name: &str) -> String {
        let place = self.body.rfind(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no field {name}: {}", self.body));
        let rest = &self.body[place..];
        let tag = &rest[..rest.find('>').expect("the tag ends")];
        tag.split_once("value=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(value, _)| unescaped(value)).unwrap_or_default()
    }

    /// The addresses that the page leads to within the console.
    pub fn links(&self) -> Vec<String> {
        self.body
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split_once('"'))
            .map(|(href, _)| unescaped(href))
            .filter(|href| href.starts_with('/'))
            .collect()
    }

    /// What stands in the first heading.
    pub fn heading(&self) -> String {
        let heading = self.body.split_once("<h1>").and_then(|(_, rest)| rest.split_once("</h1>"));
        heading.map(|(heading, _)| unescaped(heading)).unwrap_or_default()
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// A browser.
pub struct Browser {
    address: String,
    cookie: String,
}

impl Browser {
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned(), cookie: String::new() }
    }

    /// What it sends as its cookie.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Forgets its session.
    pub fn set_cookie(&mut self, cookie: &str) {
        cookie.clone_into(&mut self.cookie);
    }

    /// Asks for a page.
    pub fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    /// Sends a form as a page of the console does.
    pub fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send_with(path, fields, &[("Sec-Fetch-Site", "same-origin")])
    }

    /// Sends a form with these headers.
    pub fn send_with(&mut self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [&[("Content-Type", "application/x-www-form-urlencoded")], headers].concat();
        self.ask("POST", path, &headers, &body)
    }

    /// Asks, with more headers and a body; keeps the session's cookie.
    pub fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        let host = if headers.iter().any(|(name, _)| *name == "Host") { String::new() } else { format!("Host: {}\r\n", self.address) };
        let cookie = if self.cookie.is_empty() { String::new() } else { format!("Cookie: {}\r\n", self.cookie) };
        let more = headers.iter().fold(String::new(), |more, (name, value)| more + name + ": " + value + "\r\n");
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\n{host}{cookie}{more}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}")
            .expect("sent");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("an answer");
        let text = String::from_utf8(bytes).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok()).expect("a status");
        let headers: Vec<(String, String)> =
            lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        for (_, set) in headers.iter().filter(|(name, _)| name == "set-cookie") {
            let pair = set.split(';').next().unwrap_or_default();
            if pair.starts_with("__Host-session=") {
                self.cookie = if set.contains("Max-Age=0") { String::new() } else { pair.to_owned() };
            }
        }
        Answer { status, headers, body: body.to_owned() }
    }

    /// Follows every link from a page on, up to so many pages; `look` is shown each. Files, pages that lead elsewhere and the other
    /// language are followed as well, forms are not.
    pub fn crawl(&mut self, from: &str, most: usize, mut look: impl FnMut(&str, &Answer)) -> usize {
        let mut known: BTreeSet<String> = [from.to_owned()].into();
        let mut next: VecDeque<String> = known.iter().cloned().collect();
        let mut seen = 0;
        while let Some(path) = next.pop_front().filter(|_| seen < most) {
            let answer = self.get(&path);
            seen += 1;
            look(&path, &answer);
            let further = answer.links().into_iter().chain(Some(answer.header("location").to_owned()).filter(|href| href.starts_with('/')));
            for href in further.map(|href| href.split('#').next().unwrap_or_default().to_owned()) {
                if !href.is_empty() && known.insert(href.clone()) {
                    next.push_back(href);
                }
            }
        }
        seen
    }
}
