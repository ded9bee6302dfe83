//! `AuditService`: the records as they were recorded, and the proof that they are whole.

use super::edge::{account_of, deadline_of};
use super::pages::Pages;
use super::services::AuditService;
use super::status::unimplemented;
use super::{Answers, off_thread};
use crate::ledger::Ledger;
use crate::proto;
use crate::queries::Query;
use crate::queries::backup::Copy;
use crate::queries::records::{GetRecord, RecordsPage, Scan};
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
        off_thread(move || GetRecord::ask(&ledger, request.get_ref())).await
    }

    type ReadRecordsStream = Answers<ReadRecordsResponse>;

    async fn read_records(&self, request: Request<proto::ReadRecordsRequest>) -> Result<Response<Self::ReadRecordsStream>, Status> {
        let (ledger, deadline, account) = (self.ledger.clone(), deadline_of(&request), account_of(&request));
        let mut scan = off_thread(move || Scan::new(ledger, request.into_inner())).await?.into_inner();
        let pages = Pages { account, bytes: scan.bytes(), deadline, closing: None };
        Ok(Response::new(pages.stream(move |bytes| Ok(scan.next_page(bytes)?.map(to_message)))))
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
        off_thread(move || GetTrialBalance::ask(&ledger, request.get_ref())).await
    }

    async fn get_tree_head(&self, _: Request<proto::GetTreeHeadRequest>) -> Result<Response<proto::GetTreeHeadResponse>, Status> {
        let head = self.ledger.tree_head();
        Ok(Response::new(proto::GetTreeHeadResponse { size: head.size, root: head.root.to_vec(), position: head.size }))
    }

    type StreamBackupStream = Answers<proto::StreamBackupResponse>;

    async fn stream_backup(&self, request: Request<proto::StreamBackupRequest>) -> Result<Response<Self::StreamBackupStream>, Status> {
        let (ledger, deadline) = (self.ledger.clone(), deadline_of(&request));
        let pages = Pages { account: account_of(&request), bytes: 0, deadline, closing: Some(ledger.closing()) };
        let after = request.get_ref().after_position;
        let mut copy = off_thread(move || Copy::begin(ledger, after)).await?.into_inner();
        Ok(Response::new(pages.stream(move |_| copy.next_part())))
    }
}

/// A page as the contract has it: the records' stored bytes, as they are.
fn to_message(page: RecordsPage) -> ReadRecordsResponse {
    ReadRecordsResponse { records: page.records.into_iter().map(|record| record.bytes).collect(), position: page.position }
}
