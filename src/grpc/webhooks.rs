//! `WebhookService`: the endpoints that records are delivered to. Only admins come here.

use super::edge::check_sees_all;
use super::notes::Noting;
use super::status::{no_webhooks, webhook_refused};
use crate::feed::webhooks::{Outcome, Refused, Webhooks};
use crate::proto::webhook_service_server::WebhookService;
use crate::proto::{
    AddWebhookRequest, AddWebhookResponse, ListWebhooksRequest, ListWebhooksResponse, PauseWebhookRequest, PauseWebhookResponse,
    RemoveWebhookRequest, RemoveWebhookResponse, ReplayWebhookRequest, ReplayWebhookResponse, ResumeWebhookRequest, ResumeWebhookResponse,
    RotateWebhookSecretRequest, RotateWebhookSecretResponse, TestWebhookRequest, TestWebhookResponse,
};
use tonic::{Request, Response, Status};

/// Sets endpoints.
#[derive(Clone)]
pub struct Endpoints {
    webhooks: Option<Webhooks>,
}

impl Endpoints {
    /// The service of a data directory's endpoints; `None` for a ledger without a directory.
    pub fn new(webhooks: Option<Webhooks>) -> Self {
        Self { webhooks }
    }

    /// Does what is asked, on a thread for what waits for a disk or an endpoint.
    async fn asked<R, T: Send + 'static>(
        &self,
        request: &Request<R>,
        work: impl FnOnce(&Webhooks) -> Result<T, Refused> + Send + 'static,
    ) -> Result<Response<T>, Status> {
        check_sees_all(request)?;
        let webhooks = self.webhooks.clone().ok_or_else(no_webhooks)?;
        let done = tokio::task::spawn_blocking(move || work(&webhooks)).await;
        let done = done.unwrap_or_else(|panic| Err(Refused::System(format!("a defect: {panic}"))));
        done.map(Response::new).map_err(webhook_refused)
    }
}

#[tonic::async_trait]
impl WebhookService for Endpoints {
    async fn add_webhook(&self, request: Request<AddWebhookRequest>) -> Result<Response<AddWebhookResponse>, Status> {
        Noting::of(&request).subject("name", &request.get_ref().name);
        let asked = request.get_ref().clone();
        let added = self.asked(&request, move |webhooks| {
            let (webhook, secret) = webhooks.add(asked)?;
            Ok(AddWebhookResponse { webhook: Some(webhook), secret })
        });
        added.await
    }

    async fn list_webhooks(&self, request: Request<ListWebhooksRequest>) -> Result<Response<ListWebhooksResponse>, Status> {
        let listed = self.asked(&request, |webhooks| {
            let (position, webhooks) = webhooks.list()?;
            Ok(ListWebhooksResponse { webhooks, position })
        });
        listed.await
    }

    async fn pause_webhook(&self, request: Request<PauseWebhookRequest>) -> Result<Response<PauseWebhookResponse>, Status> {
        let name = noted(&request, |request| &request.name);
        self.asked(&request, move |webhooks| Ok(PauseWebhookResponse { webhook: Some(webhooks.pause(&name)?) })).await
    }

    async fn resume_webhook(&self, request: Request<ResumeWebhookRequest>) -> Result<Response<ResumeWebhookResponse>, Status> {
        let name = noted(&request, |request| &request.name);
        self.asked(&request, move |webhooks| Ok(ResumeWebhookResponse { webhook: Some(webhooks.resume(&name)?) })).await
    }

    async fn replay_webhook(&self, request: Request<ReplayWebhookRequest>) -> Result<Response<ReplayWebhookResponse>, Status> {
        let (name, after) = (noted(&request, |request| &request.name), request.get_ref().after_position);
        self.asked(&request, move |webhooks| Ok(ReplayWebhookResponse { webhook: Some(webhooks.replay(&name, after)?) })).await
    }

    async fn test_webhook(&self, request: Request<TestWebhookRequest>) -> Result<Response<TestWebhookResponse>, Status> {
        let name = noted(&request, |request| &request.name);
        let tested = self.asked(&request, move |webhooks| {
            let (is_taken, status, failure) = match webhooks.test(&name)? {
                Outcome::Taken(status) => (true, status, String::new()),
                Outcome::Gone => (false, 410, "it answered 410: it wants no more".to_owned()),
                Outcome::Failed { status, why, .. } => (false, status.unwrap_or_default(), why),
            };
            Ok(TestWebhookResponse { is_taken, status: status.into(), failure })
        });
        tested.await
    }

    async fn rotate_webhook_secret(
        &self,
        request: Request<RotateWebhookSecretRequest>,
    ) -> Result<Response<RotateWebhookSecretResponse>, Status> {
        let (name, overlap) = (noted(&request, |request| &request.name), request.get_ref().overlap);
        let rotated = self.asked(&request, move |webhooks| {
            let (webhook, secret) = webhooks.rotate(&name, overlap)?;
            Ok(RotateWebhookSecretResponse { webhook: Some(webhook), secret })
        });
        rotated.await
    }

    async fn remove_webhook(&self, request: Request<RemoveWebhookRequest>) -> Result<Response<RemoveWebhookResponse>, Status> {
        let name = noted(&request, |request| &request.name);
        self.asked(&request, move |webhooks| webhooks.remove(&name).map(|()| RemoveWebhookResponse {})).await
    }
}

/// The name in a request, which is noted.
fn noted<R>(request: &Request<R>, name: impl Fn(&R) -> &String) -> String {
    let name = name(request.get_ref());
    Noting::of(request).subject("name", name);
    name.clone()
}
