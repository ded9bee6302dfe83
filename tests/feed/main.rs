//! The feed: everybody who follows gets the same sequence, nothing twice and nothing missing, whoever is slow, killed or kept out.

#[path = "../common/mod.rs"]
mod common;
mod ends;
mod filters;
mod follow;
mod kills;
#[path = "../access/kit.rs"]
#[allow(dead_code, reason = "it is shared with the tests of access")]
mod kit;
mod receiver;
mod sequence;
mod webhook_changes;
mod webhook_kills;
mod webhooks;

use common::service::Service;
use partnership_ledger::proto::audit_service_client::AuditServiceClient;
use partnership_ledger::proto::subscribe_response::Item;
use partnership_ledger::proto::{Record, RecordFilter, SubscribeRequest, SubscribeResponse};
use std::time::Duration;
use tonic::codegen::{Body, Bytes, StdError};
use tonic::{Status, Streaming};

/// How long anything may take here: only what has gone wrong takes as long.
const PATIENCE: Duration = Duration::from_secs(30);
/// The largest answer that is taken.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// What a subscriber has got.
struct Follower {
    stream: Streaming<SubscribeResponse>,
    records: Vec<Record>,
    position: u64,
    /// How often it was told that it has all that was there.
    caught_up: usize,
    heartbeats: usize,
}

impl Follower {
    /// Subscribes on a connection of its own.
    async fn of(service: &Service, after_position: u64, filter: Option<RecordFilter>) -> Self {
        let channel = service.connect().await;
        Self::begin(AuditServiceClient::new(channel), SubscribeRequest { after_position, filter }).await.expect("it begins")
    }

    async fn begin<T>(client: AuditServiceClient<T>, request: SubscribeRequest) -> Result<Self, Status>
    where
        T: tonic::client::GrpcService<tonic::body::Body>,
        T::Error: Into<StdError>,
        T::ResponseBody: Body<Data = Bytes> + Send + 'static,
        <T::ResponseBody as Body>::Error: Into<StdError> + Send,
    {
        let position = request.after_position;
        let mut client = client.max_decoding_message_size(MAX_ANSWER_BYTES);
        let stream = client.subscribe(request).await?.into_inner();
        Ok(Self { stream, records: Vec::new(), position, caught_up: 0, heartbeats: 0 })
    }

    /// Takes what comes next.
    async fn next(&mut self) -> Result<(), Status> {
        let response = tokio::time::timeout(PATIENCE, self.stream.message()).await.expect("something comes")?.expect("it does not end");
        assert!(response.position >= self.position, "positions rise");
        match response.item.expect("an item") {
            Item::Records(page) => {
                assert!(!page.records.is_empty(), "a page has at least one record");
                let before = self.records.last().map_or(self.position, |record| record.position);
                let positions = page.records.iter().map(|record| record.position);
                let rise = std::iter::once(before).chain(positions).collect::<Vec<_>>();
                assert!(rise.windows(2).all(|pair| pair[0] < pair[1]), "nothing comes twice: {rise:?}");
                assert!(rise.last() <= Some(&response.position), "the position is beyond its records");
                self.records.extend(page.records);
            }
            Item::CaughtUp(_) => self.caught_up += 1,
            Item::Heartbeat(_) => self.heartbeats += 1,
        }
        self.position = response.position;
        Ok(())
    }

    /// Takes what comes up to a position.
    async fn until(&mut self, position: u64) {
        while self.position < position {
            self.next().await.unwrap_or_else(|status| panic!("at {} of {position}: {status:?}", self.position));
        }
    }

    /// How it ends.
    async fn end(&mut self) -> Status {
        loop {
            if let Err(status) = self.next().await {
                return status;
            }
        }
    }

    fn positions(&self) -> Vec<u64> {
        self.records.iter().map(|record| record.position).collect()
    }
}
