//! How a ledger asks a witness for its cosignature.

use super::{MAX_PROOF_LINES, origin_hash};
use crate::https::{Roots, settings};
use crate::journal::{Hash, TreeHead};
use crate::proofs::ProofError;
use crate::proofs::checkpoint::{Checkpoint, decimal};
use crate::proofs::key::VerifierKey;
use crate::proofs::note::{Note, Signature, to_base64};
use crate::proofs::policy::Witness;
use parking_lot::Mutex;
use std::io::Read as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a witness may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// One that took longer than this and gave nothing is left alone for a while: it would hold up every checkpoint.
const SLOW: Duration = Duration::from_secs(1);
/// For so long.
const LEFT_ALONE: Duration = Duration::from_secs(30);
/// How long a connection is kept for the next request: less than servers keep it, so that none is met that was just closed.
const KEPT_OPEN: Duration = Duration::from_secs(1);
/// The most bytes of an answer that are read.
const MAX_ANSWER_BYTES: u64 = 64 << 10;

/// Why there is no cosignature.
#[derive(Debug)]
pub enum AskError {
    /// The witness cannot be reached, or refuses for reasons of its own: it may be asked again.
    Away(String),
    /// The witness has cosigned what this ledger does not have, and has shown that, signed.
    Contradicts(String),
    /// The ledger cannot prove what the witness asks for.
    Unproved(ProofError),
}

/// What a witness is asked to cosign, and what the ledger has that it is of.
pub struct Asking<'a> {
    /// The signed checkpoint.
    pub note: &'a Note,
    /// What it says.
    pub head: TreeHead,
    /// The key that the ledger has signed it with.
    pub log: &'a VerifierKey,
    /// Returns the consistency proof from an earlier size to the checkpoint's.
    pub prove: &'a (dyn Fn(u64) -> Result<Vec<Hash>, ProofError> + Sync),
    /// Returns the root of the ledger's first so many records, not more than the checkpoint has.
    pub root_at: &'a (dyn Fn(u64) -> Result<Hash, ProofError> + Sync),
}

/// A witness that is asked.
pub struct Asked {
    witness: Witness,
    /// Where it is, without a slash at the end.
    url: String,
    agent: ureq::Agent,
    /// The size that it has cosigned last, as far as that is known.
    known: AtomicU64,
    /// Until when it is left alone.
    left_alone: Mutex<Option<Instant>>,
}

impl Asked {
    /// A witness of a policy; `None` if the policy does not say where it is.
    #[must_use]
    pub fn of(witness: &Witness) -> Option<Self> {
        let url = witness.url.as_ref()?.trim_end_matches('/').to_owned();
        let config = settings(TIMEOUT, Roots::of_the_system()).max_idle_age(KEPT_OPEN).http_status_as_error(false).build();
        let agent = ureq::Agent::new_with_config(config);
        Some(Self { witness: witness.clone(), url, agent, known: AtomicU64::new(0), left_alone: Mutex::default() })
    }

    /// Its name in the policy.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.witness.name
    }

    /// Asks for a cosignature of a checkpoint.
    ///
    /// # Errors
    /// Why there is none.
    pub fn ask(&self, asking: &Asking<'_>) -> Result<Signature, AskError> {
        let Asking { note, head, .. } = *asking;
        let mut old = self.known.load(Ordering::Relaxed).min(head.size);
        // It says what it has seen last; somebody else may submit at the same time, so it may say so twice.
        for _ in 0..3 {
            let proof = (asking.prove)(old).map_err(AskError::Unproved)?;
            if proof.len() > MAX_PROOF_LINES {
                return Err(AskError::Away("the proof is too long for it".to_owned()));
            }
            let (status, body) = self.in_time(|| self.post(&request(old, &proof, note))).map_err(AskError::Away)?;
            match status {
                200 => {
                    let signature = self.signature(note, &body)?;
                    self.known.store(head.size, Ordering::Relaxed);
                    return Ok(signature);
                }
                409 => {
                    let seen =
                        body.strip_suffix('\n').and_then(decimal).ok_or_else(|| AskError::Away("its answer is malformed".to_owned()))?;
                    if seen > head.size {
                        return Err(self.contradiction(asking, &format!("it answers that it has cosigned {seen} records")));
                    }
                    old = seen;
                }
                // Every tree goes on from the empty one.
                422 if old > 0 => return Err(self.contradiction(asking, &format!("it answers 422 to what goes on from {old} records"))),
                _ => return Err(AskError::Away(format!("it answers {status}: {}", first_line(&body)))),
            }
        }
        Err(AskError::Away("others submit to it at the same time".to_owned()))
    }

    /// What comes of an answer that claims another history. A status has no signature and may be anybody's, a proxy's for one: only a
    /// checkpoint that the witness has cosigned, or that the ledger's own key has signed, is evidence of it.
    fn contradiction(&self, asking: &Asking<'_>, claim: &str) -> AskError {
        let unproved = |why: &str| AskError::Away(format!("{claim}, which is not proved: {why}"));
        let own = match Checkpoint::parse(&asking.note.text) {
            Ok(own) => own,
            Err(error) => return unproved(&error.to_string()),
        };
        let (status, body) = match self.in_time(|| self.get(&own.origin)) {
            Ok(answer) => answer,
            Err(why) => return unproved(&why),
        };
        if status != 200 {
            return unproved(&format!("asked for its last checkpoint it answers {status}"));
        }
        let (shown, seen) = match Note::parse(&body).map(|shown| (Checkpoint::parse(&shown.text), shown)) {
            Ok((Ok(seen), shown)) if seen.origin == own.origin => (shown, seen.head),
            _ => return unproved("asked for its last checkpoint it gives none of this ledger"),
        };
        if self.witness.key.check(&shown).is_err() && asking.log.check(&shown).is_err() {
            return unproved("its last checkpoint is signed neither by it nor by this ledger");
        }
        if seen.size > asking.head.size {
            return AskError::Contradicts(format!("{} records, and there are {}", seen.size, asking.head.size));
        }
        match (asking.root_at)(seen.size) {
            Err(error) => AskError::Unproved(error),
            Ok(root) if root == seen.root => unproved("its last checkpoint is one of this ledger"),
            Ok(_) => AskError::Contradicts(format!("{0} records, which are not the first {0} of this ledger", seen.size)),
        }
    }

    /// Sends a request, unless it was slow to give nothing a while ago.
    fn in_time(&self, send: impl FnOnce() -> Result<(u16, String), String>) -> Result<(u16, String), String> {
        let began = Instant::now();
        if self.left_alone.lock().is_some_and(|until| began < until) {
            return Err("it did not answer in time, and is left alone for half a minute".to_owned());
        }
        let answered = send();
        let is_slow = answered.is_err() && began.elapsed() > SLOW;
        *self.left_alone.lock() = is_slow.then(|| Instant::now() + LEFT_ALONE);
        answered
    }

    fn post(&self, body: &str) -> Result<(u16, String), String> {
        let request = self.agent.post(format!("{}/add-checkpoint", self.url)).content_type("text/plain; charset=utf-8");
        answer_of(request.send(body))
    }

    /// Asks for the checkpoint of an origin that it has cosigned last.
    fn get(&self, origin: &str) -> Result<(u16, String), String> {
        answer_of(self.agent.get(format!("{}/{}/checkpoint", self.url, origin_hash(origin))).call())
    }

    /// The witness's own signature in its answer, if it is right.
    fn signature(&self, note: &Note, answer: &str) -> Result<Signature, AskError> {
        let signatures = Note::parse_signatures(answer).map_err(|error| AskError::Away(error.to_string()))?;
        let key = &self.witness.key;
        let own = signatures.into_iter().find(|signature| signature.name == key.name && signature.key_id == key.id());
        let own = own.ok_or_else(|| AskError::Away("its answer has no cosignature of the key that the policy has".to_owned()))?;
        let cosigned = Note { text: note.text.clone(), signatures: vec![own.clone()] };
        key.check(&cosigned).map_err(|error| AskError::Away(error.to_string()))?;
        Ok(own)
    }
}

/// The status and the text of an answer, as far as that is read.
fn answer_of(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<(u16, String), String> {
    let mut response = answer.map_err(|error| error.to_string())?;
    let mut text = String::new();
    let read = response.body_mut().as_reader().take(MAX_ANSWER_BYTES).read_to_string(&mut text);
    read.map_err(|error| error.to_string())?;
    Ok((response.status().as_u16(), text))
}

fn request(old: u64, proof: &[Hash], note: &Note) -> String {
    let lines = proof.iter().fold(String::new(), |lines, hash| lines + &to_base64(hash) + "\n");
    format!("old {old}\n{lines}\n{note}")
}

/// What is said of an answer: not more than a line, without what would move a terminal's cursor.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().filter(|letter| !letter.is_control()).take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proofs::key::{KeyKind, SecretKey};
    use std::net::TcpListener;

    #[test]
    fn a_witness_that_says_nothing_is_waited_for_once_in_a_while() {
        // What connects waits for ever.
        let silent = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let url = format!("http://{}/", silent.local_addr().expect("an address"));
        let key = SecretKey::make("witness.example", KeyKind::Cosigner).expect("a key").verifier();
        let asked = Asked::of(&Witness { name: "w".to_owned(), key, url: Some(url) }).expect("it has an address");
        let note = Note { text: "text\n".to_owned(), signatures: Vec::new() };
        let log = SecretKey::make("ledger.example", KeyKind::Log).expect("a key").verifier();
        let head = TreeHead { size: 1, root: [7; 32] };
        let asking = Asking { note: &note, head, log: &log, prove: &|_| Ok(Vec::new()), root_at: &|_| Ok([7; 32]) };
        let ask = || {
            let began = Instant::now();
            let outcome = asked.ask(&asking);
            (matches!(outcome, Err(AskError::Away(_))), began.elapsed())
        };
        let (is_away, took) = ask();
        assert!(is_away && took > SLOW && took < TIMEOUT * 2, "{took:?}");
        let (is_away, took) = ask();
        assert!(is_away && took < SLOW, "{took:?}");
    }
}
