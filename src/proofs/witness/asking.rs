//! How a ledger asks a witness for its cosignature.

use super::MAX_PROOF_LINES;
use crate::journal::{Hash, TreeHead};
use crate::proofs::ProofError;
use crate::proofs::checkpoint::decimal;
use crate::proofs::note::{Note, Signature, to_base64};
use crate::proofs::policy::Witness;
use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// How long a witness may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The most bytes of an answer that are read.
const MAX_ANSWER_BYTES: u64 = 64 << 10;

/// Why there is no cosignature.
#[derive(Debug)]
pub enum AskError {
    /// The witness cannot be reached, or refuses for reasons of its own: it may be asked again.
    Away(String),
    /// The witness has cosigned what this ledger does not have.
    Contradicts(String),
    /// The ledger cannot prove what the witness asks for.
    Unproved(ProofError),
}

/// A witness that is asked.
pub struct Asked {
    witness: Witness,
    url: String,
    agent: ureq::Agent,
    /// The size that it has cosigned last, as far as that is known.
    known: AtomicU64,
}

impl Asked {
    /// A witness of a policy; `None` if the policy does not say where it is.
    #[must_use]
    pub fn of(witness: &Witness) -> Option<Self> {
        let url = format!("{}/add-checkpoint", witness.url.as_ref()?.trim_end_matches('/'));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let roots = rustls_native_certs::load_native_certs().certs.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
        let tls =
            TlsConfig::builder().unversioned_rustls_crypto_provider(provider).root_certs(RootCerts::Specific(Arc::new(roots))).build();
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .max_redirects(0)
            .proxy(None)
            .http_status_as_error(false)
            .tls_config(tls)
            .build();
        Some(Self { witness: witness.clone(), url, agent: ureq::Agent::new_with_config(config), known: AtomicU64::new(0) })
    }

    /// Its name in the policy.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.witness.name
    }

    /// Asks for a cosignature of a checkpoint. `prove` returns the consistency proof from an earlier size to the checkpoint's.
    ///
    /// # Errors
    /// Why there is none.
    pub fn ask(&self, note: &Note, head: TreeHead, prove: &dyn Fn(u64) -> Result<Vec<Hash>, ProofError>) -> Result<Signature, AskError> {
        let mut old = self.known.load(Ordering::Relaxed).min(head.size);
        // It says what it has seen last; somebody else may submit at the same time, so it may say so twice.
        for _ in 0..3 {
            let proof = prove(old).map_err(AskError::Unproved)?;
            if proof.len() > MAX_PROOF_LINES {
                return Err(AskError::Away("the proof is too long for it".to_owned()));
            }
            let (status, body) = self.post(&request(old, &proof, note)).map_err(AskError::Away)?;
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
                        return Err(AskError::Contradicts(format!("{seen} records, and there are {}", head.size)));
                    }
                    old = seen;
                }
                422 => return Err(AskError::Contradicts(format!("{old} records, which are not the first {old} of this ledger"))),
                _ => return Err(AskError::Away(format!("it answers {status}: {}", first_line(&body)))),
            }
        }
        Err(AskError::Away("others submit to it at the same time".to_owned()))
    }

    fn post(&self, body: &str) -> Result<(u16, String), String> {
        let mut response =
            self.agent.post(&self.url).content_type("text/plain; charset=utf-8").send(body).map_err(|error| error.to_string())?;
        let mut answer = String::new();
        let read = response.body_mut().as_reader().take(MAX_ANSWER_BYTES).read_to_string(&mut answer);
        read.map_err(|error| error.to_string())?;
        Ok((response.status().as_u16(), answer))
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

fn request(old: u64, proof: &[Hash], note: &Note) -> String {
    let lines = proof.iter().fold(String::new(), |lines, hash| lines + &to_base64(hash) + "\n");
    format!("old {old}\n{lines}\n{note}")
}

/// What is said of an answer: not more than a line, without what would move a terminal's cursor.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().filter(|letter| !letter.is_control()).take(120).collect()
}
