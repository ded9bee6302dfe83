//! An endpoint: a small HTTP server that keeps what it gets, and answers as it is told.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What an endpoint got.
#[derive(Clone, Debug)]
pub struct Got {
    pub at: Instant,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    /// The status that it was answered with.
    pub status: u16,
}

/// How it answers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A status, with headers and a body.
    With(u16, String, String),
    /// Bytes for ever, as part of the head.
    EndlessHead,
    /// A status, and bytes for ever as its body.
    EndlessBody(u16),
    /// Nothing.
    Silence,
}

impl Answer {
    pub fn status(status: u16) -> Self {
        Self::With(status, String::new(), String::new())
    }
}

/// What is answered to a request, by its number.
type Answering = Box<dyn FnMut(usize) -> Answer + Send>;

/// An endpoint on this machine.
pub struct Receiver {
    pub url: String,
    got: Arc<Mutex<Vec<Got>>>,
    answer: Arc<Mutex<Answering>>,
}

impl Receiver {
    /// One that takes everything.
    pub fn start() -> Self {
        Self::answering(|_| Answer::status(204))
    }

    /// One that answers each request by its number from 0.
    pub fn answering(answer: impl FnMut(usize) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let receiver = Self { url, got: Arc::default(), answer: Arc::new(Mutex::new(Box::new(answer))) };
        let (got, answer) = (Arc::clone(&receiver.got), Arc::clone(&receiver.answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (got, answer) = (Arc::clone(&got), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &got, &answer));
            }
        });
        receiver
    }

    /// Answers otherwise from now on.
    pub fn answer(&self, answer: impl FnMut(usize) -> Answer + Send + 'static) {
        *self.answer.lock().expect("no panic") = Box::new(answer);
    }

    /// All that it got, also what it did not take.
    pub fn got(&self) -> Vec<Got> {
        self.got.lock().expect("no panic").clone()
    }

    /// Waits until it has got as much as that.
    pub fn until(&self, what: &str, is_so: impl Fn(&[Got]) -> bool) -> Vec<Got> {
        let begun = Instant::now();
        loop {
            let got = self.got();
            if is_so(&got) {
                return got;
            }
            assert!(begun.elapsed() < crate::PATIENCE, "{what}: {} requests", got.len());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until what it took comes up to a position; returns the positions that it took, in the order of arrival.
    pub fn taken_until(&self, position: u64) -> Vec<u64> {
        let got = self.until(&format!("position {position}"), |got| taken(got).iter().any(|taken| *taken >= position));
        taken(&got)
    }
}

/// The positions of all records that were taken.
pub fn taken(got: &[Got]) -> Vec<u64> {
    got.iter().filter(|got| (200..300).contains(&got.status)).flat_map(Got::positions).collect()
}

impl Got {
    pub fn events(&self) -> Vec<Value> {
        serde_json::from_slice(&self.body).expect("a batch")
    }

    pub fn positions(&self) -> Vec<u64> {
        let positions = self.events().into_iter().map(|event| event["position"].as_str().and_then(|text| text.parse().ok()));
        positions.map(|position| position.expect("a position")).collect()
    }

    /// Its signatures of a version, as bytes.
    fn signatures(&self, version: &str) -> Vec<Vec<u8>> {
        let each = self.headers["webhook-signature"].split(' ').filter_map(|signature| signature.split_once(','));
        each.filter(|(of, _)| *of == version).map(|(_, text)| STANDARD.decode(text).expect("base64")).collect()
    }

    fn content(&self) -> Vec<u8> {
        let head = format!("{}.{}.", self.headers["webhook-id"], self.headers["webhook-timestamp"]);
        [head.as_bytes(), &self.body].concat()
    }

    /// Whether it is signed with a secret.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let secret = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        self.signatures("v1").iter().any(|signature| hmac::verify(&key, &self.content(), signature).is_ok())
    }

    /// Whether it is signed with the key of a public key.
    pub fn is_signed_by(&self, public_key: &str) -> bool {
        let key = STANDARD.decode(public_key.strip_prefix("whpk_").expect("a key")).expect("base64");
        let key = UnparsedPublicKey::new(&ED25519, key);
        self.signatures("v1a").iter().any(|signature| key.verify(&self.content(), signature).is_ok())
    }
}

fn serve(stream: TcpStream, got: &Mutex<Vec<Got>>, answer: &Mutex<Answering>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    assert!(line.starts_with("POST /hook HTTP/1.1"), "{line}");
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.to_owned()),
            None => break,
        };
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    let number = got.lock().expect("no panic").len();
    let answer = (answer.lock().expect("no panic"))(number);
    let status = match &answer {
        Answer::With(status, ..) | Answer::EndlessBody(status) => *status,
        Answer::EndlessHead | Answer::Silence => 0,
    };
    got.lock().expect("no panic").push(Got { at: Instant::now(), headers, body, status });
    let mut stream = stream;
    match answer {
        Answer::With(status, headers, body) => {
            let length = body.len();
            write!(stream, "HTTP/1.1 {status} Told\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}").ok()
        }
        Answer::EndlessHead => {
            write!(stream, "HTTP/1.1 200 OK\r\nx-long: ").ok()?;
            loop {
                stream.write_all(b"x").ok()?;
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Answer::EndlessBody(status) => {
            write!(stream, "HTTP/1.1 {status} Told\r\ntransfer-encoding: chunked\r\n\r\n").ok()?;
            loop {
                stream.write_all(b"4\r\nwait\r\n").ok()?;
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        Answer::Silence => {
            std::thread::sleep(crate::PATIENCE);
            None
        }
    }
}
