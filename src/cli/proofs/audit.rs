//! `audit`: looks through a running ledger without trusting it: every record is hashed again, and what is signed must go on from what was
//! signed the last time.

use super::read_policy;
use crate::cli::backup::source::Source;
use crate::cli::client::{AuditClient, Session};
use crate::cli::failure::Failure;
use crate::cli::json;
use crate::cli::language::{Language, say};
use crate::cli::output::Output;
use crate::cli::text::{line, list};
use partnership_ledger::backup::hex;
use partnership_ledger::journal::Hash;
use partnership_ledger::proofs::audit::{Audit, Auditor, Finding, StateError};
use partnership_ledger::proofs::{Note, Policy, Unbelieved};
use partnership_ledger::proto::{GetCheckpointRequest, GetConsistencyProofRequest, Record};
use prost::Message as _;
use serde_json::json;
use std::path::{Path, PathBuf};
use tonic::Code;

#[derive(clap::Args)]
pub struct Args {
    /// Whom to believe: the ledger's key and those of witnesses (c2sp.org/tlog-policy). Have it from somebody whom you trust
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The directory in which the auditor keeps the checkpoint that it has seen last, and evidence; created if it is not there
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
}

/// Why an audit does not end well.
enum Ended {
    /// It could not be made.
    Failed(Failure),
    /// Something is wrong with the ledger; the consistency proof that it offered, if it came so far.
    Found(Finding, Vec<Hash>),
}

impl<E: Into<Failure>> From<E> for Ended {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn found(finding: Finding) -> Ended {
    Ended::Found(finding, Vec::new())
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    // Who may not look has found nothing.
    audit(args, session).await.map_err(Failure::of_access)
}

async fn audit(args: Args, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let policy = read_policy(&args.policy, language)?;
    let mut auditor = Auditor::open(&args.state, &policy)?;
    let mut client = session.signing_audit().await?;
    let offered = client.get_checkpoint(GetCheckpointRequest { min_position: 0 }).await?.into_inner().checkpoint;
    let outcome = examine(&auditor, &offered, &policy, &mut client, session).await;
    match outcome {
        Ok((note, audit)) => {
            let before = auditor.last().map(|last| last.head.size);
            // Only what is kept for the next time is well.
            auditor.keep(&note, audit.checkpoint().clone())?;
            report(&audit, before, &mut session.out)
        }
        Err(Ended::Failed(failure)) => Err(failure),
        Err(Ended::Found(finding, proof)) => {
            let evidence = finding.is_evidence().then(|| auditor.keep_evidence(&finding, &offered, &proof)).transpose()?;
            tell(&finding, evidence.as_deref(), &mut session.out)
        }
    }
}

async fn examine(
    auditor: &Auditor,
    offered: &str,
    policy: &Policy,
    client: &mut AuditClient,
    session: &Session,
) -> Result<(Note, Audit), Ended> {
    let malformed = |error: String| found(Unbelieved::Malformed(error).into());
    let note = Note::parse(offered).map_err(|error| malformed(error.to_string()))?;
    let mut audit = auditor.begin(&note, policy).map_err(found)?;
    rehash(&mut audit, session).await?;
    check_proof(&audit, client).await?;
    Ok((note, audit))
}

/// Fetches all records as they are stored, and hashes them.
async fn rehash(audit: &mut Audit, session: &Session) -> Result<(), Ended> {
    let language = session.out.language;
    let mut source = Source::served(session).await?;
    let mut copying = source.begin(0, language).await?;
    let said = copying.head;
    while let Some(page) = copying.next(language).await? {
        for record in page.records.records() {
            audit.take(record, Record::decode(record).map(|record| record.position).unwrap_or_default());
        }
    }
    audit.check_records(said).map_err(found)
}

/// The ledger must also prove what the records show already: others rely on its proofs alone.
async fn check_proof(audit: &Audit, client: &mut AuditClient) -> Result<(), Ended> {
    let Some(before) = audit.before() else { return Ok(()) };
    let request = GetConsistencyProofRequest { first: before.size, second: Some(audit.checkpoint().head.size) };
    let answer = match client.get_consistency_proof(request).await {
        Ok(answer) => answer.into_inner(),
        Err(status) if says_nothing_of_records(status.code()) => return Err(status.into()),
        Err(status) => return Err(found(Finding::Proof(line(status.message())))),
    };
    let proof: Option<Vec<Hash>> = answer.hashes.iter().map(|hash| Hash::try_from(&hash[..]).ok()).collect();
    let proof = proof.ok_or_else(|| found(Finding::Proof("a hash of its proof does not have 32 bytes".to_owned())))?;
    audit.check_proof(&proof).map_err(|finding| Ended::Found(finding, proof))
}

/// Whether the ledger is away, or the caller may not ask.
fn says_nothing_of_records(code: Code) -> bool {
    let away = matches!(code, Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded);
    away || matches!(code, Code::Unauthenticated | Code::PermissionDenied)
}

fn report(audit: &Audit, before: Option<u64>, out: &mut Output) -> Result<(), Failure> {
    let (checkpoint, language) = (audit.checkpoint(), out.language);
    let witnesses: Vec<String> = audit.cosigned().by.iter().map(|(name, _)| name.clone()).collect();
    let (size, root) = (checkpoint.head.size.to_string(), hex(&checkpoint.head.root));
    if out.json {
        let answer = json!({
            "origin": checkpoint.origin, "position": size, "tree_root": root, "seen_before": before.map(|before| before.to_string()),
            "cosigned_by": witnesses, "finding": null, "evidence": null,
        });
        return out.line(&json::text(&answer));
    }
    out.line(&say!(language, "audit-well", origin = line(&checkpoint.origin), size = size, root = root))?;
    out.line(&seen_before(before, language))?;
    if witnesses.is_empty() { Ok(()) } else { out.line(&say!(language, "checkpoint-cosigned", witnesses = list(&witnesses))) }
}

fn seen_before(before: Option<u64>, language: Language) -> String {
    match before {
        Some(before) => say!(language, "audit-goes-on", before = before.to_string()),
        None => say!(language, "audit-first"),
    }
}

fn tell(finding: &Finding, evidence: Option<&Path>, out: &mut Output) -> Result<(), Failure> {
    let (finding_text, directory) = (line(&finding.to_string()), evidence.map(|evidence| evidence.display().to_string()));
    if out.json {
        let answer = json!({ "finding": finding_text, "is_fork": finding.is_fork(), "evidence": directory });
        out.line(&json::text(&answer))?;
        out.flush()?;
    }
    Err(Failure::check(match directory {
        Some(directory) => say!(out.language, "audit-found", finding = finding_text, directory = directory),
        None => finding_text,
    }))
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        let text = error.to_string();
        match error {
            StateError::InUse { .. } => Self::unavailable(text),
            StateError::Io { .. } | StateError::Unbelieved { .. } => Self::usage(text),
        }
    }
}
