//! The calls that prove: they translate between the contract and `proofs`. Which records a caller may have proofs of is what
//! `GetRecord` says.

use super::edge::sight_of;
use super::look_up;
use super::notes::Noting;
use super::status::{proof_status, to_status};
use crate::ledger::{Error, Ledger};
use crate::proofs::{ProofError, Proofs};
use crate::proto::{self, get_inclusion_proof_request, get_proof_request, get_record_request};
use crate::queries::own::Sight;
use crate::queries::records::GetRecord;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// What proves.
pub struct Proving<'a> {
    pub ledger: &'a Ledger,
    pub proofs: &'a Arc<Proofs>,
}

impl Proving<'_> {
    /// `GetCheckpoint`.
    pub async fn checkpoint(self, request: Request<proto::GetCheckpointRequest>) -> Result<Response<proto::GetCheckpointResponse>, Status> {
        // Who may call sees all of it: it names nobody.
        sight_of(&request)?;
        let noting = Noting::of(&request);
        let (at_least, last) = (request.get_ref().min_position, self.ledger.last());
        if at_least > last {
            return Err(proof_status(&ProofError::Beyond { field: "min_position", asked: at_least, last }));
        }
        let published = self.proofs.checkpoint(at_least).await.map_err(|error| proof_status(&error))?;
        noting.read_at(published.head.size);
        Ok(Response::new(proto::GetCheckpointResponse {
            checkpoint: published.note.to_string(),
            origin: self.proofs.origin().unwrap_or_default().to_owned(),
            position: published.head.size,
            root: published.head.root.to_vec(),
            verifier_key: self.proofs.verifier().map(ToString::to_string).unwrap_or_default(),
            cosigned_by: published.cosigned.by.iter().map(|(name, _)| name.clone()).collect(),
            is_quorum: published.cosigned.is_quorum,
            not_cosigned: published.missing.clone(),
        }))
    }

    /// `GetInclusionProof`.
    pub async fn inclusion(
        self,
        request: Request<proto::GetInclusionProofRequest>,
    ) -> Result<Response<proto::GetInclusionProofResponse>, Status> {
        use get_inclusion_proof_request::Key;
        let (sight, noting) = (sight_of(&request)?, Noting::of(&request));
        let proto::GetInclusionProofRequest { key, tree_size } = request.into_inner();
        let key = key.map(|key| match key {
            Key::Position(position) => get_record_request::Key::Position(position),
            Key::EventId(event_id) => get_record_request::Key::EventId(event_id),
        });
        let record = self.position_of(key, sight, &noting).await?;
        let included = self.prove(move |proofs| proofs.inclusion(record, tree_size)).await?;
        Ok(Response::new(proto::GetInclusionProofResponse {
            leaf_index: record - 1,
            leaf_hash: included.leaf_hash.to_vec(),
            tree_size: included.head.size,
            root: included.head.root.to_vec(),
            hashes: included.hashes.iter().map(|hash| hash.to_vec()).collect(),
            position: self.ledger.last(),
        }))
    }

    /// `GetConsistencyProof`.
    pub async fn consistency(
        self,
        request: Request<proto::GetConsistencyProofRequest>,
    ) -> Result<Response<proto::GetConsistencyProofResponse>, Status> {
        // Who may call sees all of it: it names nobody.
        sight_of(&request)?;
        let noting = Noting::of(&request);
        let proto::GetConsistencyProofRequest { first, second } = request.into_inner();
        let (first, second, hashes) = self.prove(move |proofs| proofs.consistency(first, second)).await?;
        noting.read_at(second.size);
        Ok(Response::new(proto::GetConsistencyProofResponse {
            first: first.size,
            first_root: first.root.to_vec(),
            second: second.size,
            second_root: second.root.to_vec(),
            hashes: hashes.iter().map(|hash| hash.to_vec()).collect(),
            position: self.ledger.last(),
        }))
    }

    /// `GetProof`.
    pub async fn proof(self, request: Request<proto::GetProofRequest>) -> Result<Response<proto::GetProofResponse>, Status> {
        use get_proof_request::Key;
        let (sight, noting) = (sight_of(&request)?, Noting::of(&request));
        let key = request.into_inner().key.map(|key| match key {
            Key::Position(position) => get_record_request::Key::Position(position),
            Key::EventId(event_id) => get_record_request::Key::EventId(event_id),
        });
        let record_position = self.position_of(key, sight, &noting).await?;
        let published = self.proofs.checkpoint(record_position).await.map_err(|error| proof_status(&error))?;
        let (ledger, signed) = (self.ledger.clone(), published.head.size);
        let (proof, record) = self
            .prove(move |proofs| {
                let stored = ledger.durable_records(record_position, 1, usize::MAX)?;
                let record = stored.into_iter().find(|record| record.position == record_position);
                let record = record.ok_or_else(|| Error::Damaged(format!("the journal does not give record {record_position}")))?;
                Ok((proofs.proof_file(record_position, &published)?.to_string(), record.bytes))
            })
            .await?;
        Ok(Response::new(proto::GetProofResponse { proof, record, record_position, position: signed }))
    }

    /// The position of a record that the caller is shown.
    async fn position_of(&self, key: Option<get_record_request::Key>, sight: Sight, noting: &Noting) -> Result<u64, Status> {
        if let Some(get_record_request::Key::EventId(event_id)) = &key {
            noting.subject("event_id", event_id);
        }
        let answer = look_up::<GetRecord>(self.ledger, sight, noting, proto::GetRecordRequest { key }).await?.into_inner();
        Ok(answer.record.map(|record| record.position).unwrap_or_default())
    }

    /// Makes a proof on a thread that may read files.
    async fn prove<T: Send + 'static>(&self, make: impl FnOnce(&Proofs) -> Result<T, ProofError> + Send + 'static) -> Result<T, Status> {
        let proofs = Arc::clone(self.proofs);
        let made = self.ledger.look_up(move |_| Ok(make(&proofs))).await.map_err(to_status)?;
        made.map_err(|error| proof_status(&error))
    }
}
