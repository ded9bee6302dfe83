//! `webhooks`: the endpoints that a running ledger delivers its records to. For admins.

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::output::Output;
use super::records::Selection;
use super::table::Table;
use super::text::line;
use partnership_ledger::proto::{
    AddWebhookRequest, ListWebhooksRequest, PauseWebhookRequest, RemoveWebhookRequest, ReplayWebhookRequest, ResumeWebhookRequest,
    RotateWebhookSecretRequest, TestWebhookRequest, Webhook, WebhookState,
};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Deliver to an endpoint from now on, and show its secret, once
    Add(Box<AddArgs>),
    /// The endpoints, and how far they are
    List,
    /// Deliver nothing more to one until it is resumed
    Pause(Name),
    /// Go on with one where it was, at once
    Resume(Name),
    /// Deliver again what follows a position
    Replay {
        #[command(flatten)]
        name: Name,
        /// The position; 0: everything
        #[arg(long, value_name = "POSITION")]
        after: u64,
    },
    /// Deliver an event of its own, now, and say what came of it
    Test(Name),
    /// Make a new secret, and show it once; those before sign as well for a while
    Rotate {
        #[command(flatten)]
        name: Name,
        /// For how many seconds; 0: the new one alone [default: 86400]
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(0..))]
        overlap: Option<i64>,
    },
    /// Forget one, with its cursor and secrets
    Remove(Name),
}

#[derive(clap::Args)]
struct Name {
    /// The endpoint's name
    name: String,
}

#[derive(clap::Args)]
struct AddArgs {
    #[command(flatten)]
    name: Name,
    /// Where records are delivered to, such as <https://example.com/ledger>
    url: String,
    /// The partner whose own records alone it gets
    #[arg(long, value_name = "ID")]
    of_partner: Option<String>,
    /// What follows this position, instead of what is recorded from now on; 0: everything
    #[arg(long, value_name = "POSITION")]
    after: Option<u64>,
    #[command(flatten)]
    selection: Selection,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let mut client = session.webhooks().await?;
    let out = &mut session.out;
    match args.command {
        Command::Add(args) => {
            let added = client.add_webhook(args.request()).await?.into_inner();
            if out.json { out.message(&added) } else { with_secret(added.webhook.as_ref(), &added.secret, out) }
        }
        Command::List => {
            let listed = client.list_webhooks(ListWebhooksRequest {}).await?.into_inner();
            if out.json {
                return listed.webhooks.iter().try_for_each(|webhook| out.message(webhook));
            }
            out.answer(table(out.language, &listed.webhooks), &say!(out.language, "webhooks-none"), listed.position)
        }
        Command::Pause(Name { name }) => show(client.pause_webhook(PauseWebhookRequest { name }).await?.into_inner().webhook, out),
        Command::Resume(Name { name }) => show(client.resume_webhook(ResumeWebhookRequest { name }).await?.into_inner().webhook, out),
        Command::Replay { name: Name { name }, after } => {
            let request = ReplayWebhookRequest { name, after_position: after };
            show(client.replay_webhook(request).await?.into_inner().webhook, out)
        }
        Command::Test(Name { name }) => {
            let tested = client.test_webhook(TestWebhookRequest { name: name.clone() }).await?.into_inner();
            if out.json {
                out.message(&tested)?;
            } else if tested.is_taken {
                out.line(&say!(out.language, "webhooks-taken", status = tested.status.to_string()))?;
            }
            let failed = say!(out.language, "webhooks-not-taken", name = name, why = line(&tested.failure));
            if tested.is_taken { Ok(()) } else { Err(Failure::check(failed)) }
        }
        Command::Rotate { name: Name { name }, overlap } => {
            let overlap = overlap.map(|seconds| prost_types::Duration { seconds, nanos: 0 });
            let rotated = client.rotate_webhook_secret(RotateWebhookSecretRequest { name, overlap }).await?.into_inner();
            if out.json { out.message(&rotated) } else { with_secret(rotated.webhook.as_ref(), &rotated.secret, out) }
        }
        Command::Remove(Name { name }) => {
            let removed = client.remove_webhook(RemoveWebhookRequest { name: name.clone() }).await?.into_inner();
            if out.json { out.message(&removed) } else { out.line(&say!(out.language, "webhooks-removed", name = name)) }
        }
    }
}

impl AddArgs {
    fn request(self) -> AddWebhookRequest {
        let Self { name: Name { name }, url, of_partner, after, selection } = self;
        let filter = Some(selection.into());
        AddWebhookRequest { name, url, filter, partner_id: of_partner.unwrap_or_default(), after_position: after }
    }
}

/// Shows an endpoint as it is now.
fn show(webhook: Option<Webhook>, out: &mut Output) -> Result<(), Failure> {
    let webhook = webhook.unwrap_or_default();
    if out.json { out.message(&webhook) } else { out.table(table(out.language, &[webhook])) }
}

/// Shows the secret, which nobody shows again: alone on the standard output, so that it can be kept in a file.
fn with_secret(webhook: Option<&Webhook>, secret: &str, out: &mut Output) -> Result<(), Failure> {
    out.line(secret)?;
    let webhook = webhook.cloned().unwrap_or_default();
    eprintln!("{}", say!(out.language, "webhooks-secret", name = webhook.name, key = webhook.public_key));
    Ok(())
}

fn table(language: Language, webhooks: &[Webhook]) -> Table {
    let mut table = Table::new(
        columns![language; "webhooks-name", "webhooks-state", > "column-position", > "webhooks-lag", > "webhooks-failures", "webhooks-url", "webhooks-why"],
    );
    for webhook in webhooks {
        let Webhook { name, url, position, lag_records, failures, last_failure, .. } = webhook;
        let state = language.word::<WebhookState>(webhook.state);
        table.row([line(name), state, position.to_string(), lag_records.to_string(), failures.to_string(), line(url), line(last_failure)]);
    }
    table
}
