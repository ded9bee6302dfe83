//! `AuditService`: the records as they were recorded, and the proof that they are whole.

use super::edge::{account_of, caller_of, check_sees_all, deadline_of, sight_of};
use super::followed::Followed;
use super::notes::Noting;
use super::pages::{Holder, Next, Pages};
use super::proofs::Proving;
use super::services::AuditService;
use super::status::to_status;
use super::{Answers, answered, look_up, read};
use crate::feed::Feed;
use crate::ledger::Ledger;
use crate::proofs::Proofs;
use crate::proto::{self, get_record_request::Key};
use crate::queries::backup::Copy;
use crate::queries::own;
use crate::queries::records::{GetRecord, Progress, RecordsPage, SCAN_BYTES};
use crate::queries::trial_balance::GetTrialBalance;
use crate::wire::{ReadRecordsResponse, SubscribeResponse};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// Shows the records as they were recorded.
#[derive(Clone)]
pub struct Audit {
    ledger: Ledger,
    feed: Feed,
    proofs: Arc<Proofs>,
}

impl Audit {
    /// The service of a ledger, with its feed and what it proves.
    pub fn new(ledger: Ledger, feed: Feed, proofs: Arc<Proofs>) -> Self {
        Self { ledger, feed, proofs }
    }

    fn proving(&self) -> Proving<'_> {
        Proving { ledger: &self.ledger, proofs: &self.proofs }
    }
}

#[tonic::async_trait]
impl AuditService for Audit {
    async fn get_record(&self, request: Request<proto::GetRecordRequest>) -> Result<Response<proto::GetRecordResponse>, Status> {
        let (sight, noting) = (sight_of(&request)?, Noting::of(&request));
        if let Some(Key::EventId(event_id)) = &request.get_ref().key {
            noting.subject("event_id", event_id);
        }
        look_up::<GetRecord>(&self.ledger, sight, &noting, request.into_inner()).await
    }

    type ReadRecordsStream = Answers<ReadRecordsResponse>;

    async fn read_records(&self, request: Request<proto::ReadRecordsRequest>) -> Result<Response<Self::ReadRecordsStream>, Status> {
        let (caller, deadline, account) = (caller_of(&request)?, deadline_of(&request), account_of(&request));
        let noting = Noting::of(&request);
        noting.asked(request.get_ref());
        let holder = Holder::of(caller, noting.clone())?;
        let pages = Pages { ledger: self.ledger.clone(), account, bytes: SCAN_BYTES, deadline, closing: None, holder };
        let (sight, request) = (sight_of(&request)?, request.into_inner());
        let mut scan = answered(self.ledger.look_up(move |ledger| own::scan(ledger.clone(), &sight, request)).await, &noting)?;
        Ok(Response::new(pages.stream(move |bytes, cancellation| Ok(to_next(scan.next(bytes, cancellation)?, &noting)))))
    }

    type SubscribeStream = Answers<SubscribeResponse>;

    async fn subscribe(&self, request: Request<proto::SubscribeRequest>) -> Result<Response<Self::SubscribeStream>, Status> {
        let (caller, deadline, account) = (caller_of(&request)?, deadline_of(&request), account_of(&request));
        let noting = Noting::of(&request);
        noting.asked(request.get_ref());
        let holder = Holder::of(caller, noting.clone())?;
        let (sight, request) = (sight_of(&request)?, request.into_inner());
        let after = request.after_position;
        let following = answered(self.ledger.look_up(move |ledger| own::follow(ledger, &sight, request)).await, &noting)?;
        let subscription = self.feed.subscribe(after, following).map_err(to_status)?;
        let closing = self.ledger.closing();
        Ok(Response::new(Followed { subscription, account, deadline, closing, holder, noting }.stream()))
    }

    async fn get_trial_balance(
        &self,
        request: Request<proto::GetTrialBalanceRequest>,
    ) -> Result<Response<proto::GetTrialBalanceResponse>, Status> {
        read::<GetTrialBalance>(&self.ledger, request).await
    }

    async fn get_tree_head(&self, request: Request<proto::GetTreeHeadRequest>) -> Result<Response<proto::GetTreeHeadResponse>, Status> {
        check_sees_all(&request)?;
        let noting = Noting::of(&request);
        let head = self.ledger.tree_head();
        noting.read_at(head.size);
        Ok(Response::new(proto::GetTreeHeadResponse { size: head.size, root: head.root.to_vec(), position: head.size }))
    }

    async fn get_checkpoint(
        &self,
        request: Request<proto::GetCheckpointRequest>,
    ) -> Result<Response<proto::GetCheckpointResponse>, Status> {
        self.proving().checkpoint(request).await
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<proto::GetInclusionProofRequest>,
    ) -> Result<Response<proto::GetInclusionProofResponse>, Status> {
        self.proving().inclusion(request).await
    }

    async fn get_consistency_proof(
        &self,
        request: Request<proto::GetConsistencyProofRequest>,
    ) -> Result<Response<proto::GetConsistencyProofResponse>, Status> {
        self.proving().consistency(request).await
    }

    async fn get_proof(&self, request: Request<proto::GetProofRequest>) -> Result<Response<proto::GetProofResponse>, Status> {
        self.proving().proof(request).await
    }

    type StreamBackupStream = Answers<proto::StreamBackupResponse>;

    async fn stream_backup(&self, request: Request<proto::StreamBackupRequest>) -> Result<Response<Self::StreamBackupStream>, Status> {
        check_sees_all(&request)?;
        let (ledger, closing, account) = (self.ledger.clone(), Some(self.ledger.closing()), account_of(&request));
        let holder = Holder::of(caller_of(&request)?, Noting::of(&request))?;
        let pages = Pages { ledger, account, bytes: 0, deadline: deadline_of(&request), closing, holder };
        let (after, noting) = (request.get_ref().after_position, Noting::of(&request));
        let copy = self.ledger.look_up(move |ledger| Copy::begin(ledger.clone(), after)).await;
        let mut copy = copy.map_err(to_status)?;
        noting.read_at(self.ledger.last());
        Ok(Response::new(pages.stream(move |_, _| Ok(copy.next_part()?.map_or(Next::End, Next::Page)))))
    }
}

/// A page as the contract has it: the records' stored bytes, as they are.
fn to_next(progress: Progress, noting: &Noting) -> Next<ReadRecordsResponse> {
    match progress {
        Progress::Page(RecordsPage { records, position }) => {
            noting.read_at(position);
            Next::Page(ReadRecordsResponse { records: records.into_iter().map(|record| record.bytes).collect(), position })
        }
        Progress::Searching => Next::Later,
        Progress::End => Next::End,
    }
}
