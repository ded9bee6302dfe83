//! `AuditService`: the records as they were recorded, and the proof that they are whole.

use super::backup::Copy;
use super::edge::deadline_of;
use super::read::ask;
use super::records::Scan;
use super::services::AuditService;
use super::status::unimplemented;
use super::{Answers, off_thread};
use crate::domain::ids::EventId;
use crate::ledger::{Error, Ledger};
use crate::proto::{self, get_record_request::Key};
use crate::queries::trial_balance::GetTrialBalance;
use crate::wire::ReadRecordsResponse;
use tonic::{Request, Response, Status};

/// Shows the records as they were recorded.
#[derive(Clone)]
pub struct Audit {
    ledger: Ledger,
}

impl Audit {
    /// The service of a ledger.
    pub fn new(ledger: Ledger) -> Self {
        Self { ledger }
    }
}

#[tonic::async_trait]
impl AuditService for Audit {
    async fn get_record(&self, request: Request<proto::GetRecordRequest>) -> Result<Response<proto::GetRecordResponse>, Status> {
        let ledger = self.ledger.clone();
        off_thread(move || get_record(&ledger, request.into_inner())).await
    }

    type ReadRecordsStream = Answers<ReadRecordsResponse>;

    async fn read_records(&self, request: Request<proto::ReadRecordsRequest>) -> Result<Response<Self::ReadRecordsStream>, Status> {
        let (ledger, deadline) = (self.ledger.clone(), deadline_of(&request));
        let scan = off_thread(move || Scan::new(ledger, request.into_inner())).await?.into_inner();
        Ok(Response::new(scan.stream(deadline)))
    }

    type SubscribeStream = Answers<proto::SubscribeResponse>;

    async fn subscribe(&self, _: Request<proto::SubscribeRequest>) -> Result<Response<Self::SubscribeStream>, Status> {
        Err(unimplemented("Subscribe (ReadRecords from the last position on gives the same records)"))
    }

    async fn get_trial_balance(
        &self,
        request: Request<proto::GetTrialBalanceRequest>,
    ) -> Result<Response<proto::GetTrialBalanceResponse>, Status> {
        let ledger = self.ledger.clone();
        off_thread(move || trial_balance(&ledger, request.get_ref())).await
    }

    async fn get_tree_head(&self, _: Request<proto::GetTreeHeadRequest>) -> Result<Response<proto::GetTreeHeadResponse>, Status> {
        let head = self.ledger.tree_head();
        Ok(Response::new(proto::GetTreeHeadResponse { size: head.size, root: head.root.to_vec(), position: head.size }))
    }

    type StreamBackupStream = Answers<proto::StreamBackupResponse>;

    async fn stream_backup(&self, request: Request<proto::StreamBackupRequest>) -> Result<Response<Self::StreamBackupStream>, Status> {
        let (ledger, deadline) = (self.ledger.clone(), deadline_of(&request));
        let after = request.get_ref().after_position;
        let copy = off_thread(move || Copy::begin(ledger, after)).await?.into_inner();
        Ok(Response::new(copy.stream(deadline)))
    }
}

fn get_record(ledger: &Ledger, request: proto::GetRecordRequest) -> Result<proto::GetRecordResponse, Error> {
    let record = match request.key {
        None => return Err(Error::malformed("key", "is required: give position or event_id")),
        Some(Key::Position(0)) => return Err(Error::malformed("position", "must be 1 or more")),
        Some(Key::Position(position)) => ledger.record(position)?,
        Some(Key::EventId(text)) => {
            let malformed = || Error::malformed("event_id", "must be a UUID, such as 01890a5d-ac96-774b-bcce-b302099a8057");
            ledger.record_of(EventId::parse(&text).ok_or_else(malformed)?)?
        }
    };
    Ok(proto::GetRecordResponse { record: Some(record), position: ledger.last() })
}

/// Every account over everything that is seen, and whether it adds up to zero in every currency (rules 7.6).
fn trial_balance(ledger: &Ledger, request: &proto::GetTrialBalanceRequest) -> Result<proto::GetTrialBalanceResponse, Error> {
    let balance = ask::<GetTrialBalance>(ledger, request)?;
    if !balance.is_balanced {
        tracing::error!(?balance, "the trial balance is not zero");
    }
    Ok(balance)
}
