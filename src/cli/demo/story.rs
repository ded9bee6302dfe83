//! The stories: what happens, what is refused, and which commands one would run then. Their events are in `stories/`, their
//! sentences among the texts of the command line.

use super::customers;
use crate::cli::client::LedgerClient;
use crate::cli::failure::{Failure, Refusal};
use crate::cli::language::{Key, Language, say};
use crate::cli::{json, text};
use partnership_ledger::proto::{AppendRequest, Event};
use uuid::Uuid;

/// One story.
pub struct Chapter {
    /// Its title.
    pub title: Key,
    /// What happens, in a sentence or two.
    pub says: Key,
    steps: &'static [Step],
    /// Commands that are run afterwards.
    pub commands: &'static [&'static [&'static str]],
}

/// Events as JSON lines without ids, which are added when they are played.
enum Step {
    /// Events that are recorded together.
    Record(&'static str),
    /// Events that break a rule and are refused.
    Refused(&'static str),
    /// Generated events of many customers who do the same.
    Customers(fn() -> String),
}

macro_rules! events {
    ($story:literal) => {
        include_str!(concat!("stories/", $story, ".jsonl"))
    };
}

/// The stories in order.
pub const CHAPTERS: [Chapter; 19] = [
    Chapter {
        title: Key::of("demo-referral"),
        says: Key::of("demo-referral-says"),
        steps: &[Step::Record(events!("referral"))],
        commands: &[&["records", "--type", "sale_recorded"]],
    },
    Chapter {
        title: Key::of("demo-marketplace"),
        says: Key::of("demo-marketplace-says"),
        steps: &[Step::Record(events!("marketplace")), Step::Customers(customers::of_the_marketplace)],
        commands: &[&["balance", "northwind"], &["payables"]],
    },
    Chapter {
        title: Key::of("demo-payout"),
        says: Key::of("demo-payout-says"),
        steps: &[Step::Record(events!("payout")), Step::Refused(events!("payout-too-many"))],
        commands: &[&["statement", "northwind", "--from", "2025-07-01"], &["payouts"]],
    },
    Chapter {
        title: Key::of("demo-claims"),
        says: Key::of("demo-claims-says"),
        steps: &[Step::Record(events!("claims"))],
        commands: &[&["lead", "lead-harbor-17", "--as-of", "2025-04-02"], &["disputes", "--open"]],
    },
    Chapter {
        title: Key::of("demo-webinar"),
        says: Key::of("demo-webinar-says"),
        steps: &[Step::Record(events!("webinar")), Step::Customers(customers::of_the_webinar), Step::Record(events!("webinar-over"))],
        commands: &[&["metrics", "--campaign", "webinar-2025"]],
    },
    Chapter {
        title: Key::of("demo-content"),
        says: Key::of("demo-content-says"),
        steps: &[Step::Record(events!("content"))],
        commands: &[&["metrics", "--campaign", "guide-2025"]],
    },
    Chapter {
        title: Key::of("demo-bundle"),
        says: Key::of("demo-bundle-says"),
        steps: &[Step::Record(events!("bundle")), Step::Customers(customers::of_the_bundle)],
        commands: &[&["balance", "tranquil"]],
    },
    Chapter {
        title: Key::of("demo-badges"),
        says: Key::of("demo-badges-says"),
        steps: &[Step::Record(events!("badges"))],
        commands: &[&["alerts", "--partner", "payline", "--as-of", "2025-10-15"]],
    },
    Chapter {
        title: Key::of("demo-booth"),
        says: Key::of("demo-booth-says"),
        steps: &[Step::Record(events!("booth")), Step::Customers(customers::of_the_booth)],
        commands: &[&["campaign", "booth-2025"], &["balance", "orbit"]],
    },
    Chapter {
        title: Key::of("demo-venture"),
        says: Key::of("demo-venture-says"),
        steps: &[Step::Record(events!("venture"))],
        commands: &[&["statement", "nordvox"]],
    },
    Chapter {
        title: Key::of("demo-relationship"),
        says: Key::of("demo-relationship-says"),
        steps: &[Step::Record(events!("relationship"))],
        commands: &[&["launch", "lumen-webinars"], &["alerts", "--agreement", "lumen-webinars", "--as-of", "2025-09-01"]],
    },
    Chapter {
        title: Key::of("demo-exclusivity"),
        says: Key::of("demo-exclusivity-says"),
        steps: &[
            Step::Record(events!("storefront")),
            Step::Refused(events!("exclusivity-broken")),
            Step::Record(events!("exclusivity-over")),
        ],
        commands: &[],
    },
    Chapter {
        title: Key::of("demo-termination"),
        says: Key::of("demo-termination-says"),
        steps: &[Step::Record(events!("termination"))],
        commands: &[&["agreement", "beacon-referral", "--as-of", "2025-12-01"]],
    },
    Chapter {
        title: Key::of("demo-split"),
        says: Key::of("demo-split-says"),
        steps: &[Step::Record(events!("split"))],
        commands: &[&["explain", "sale-fleet-1"]],
    },
    Chapter {
        title: Key::of("demo-trial"),
        says: Key::of("demo-trial-says"),
        steps: &[Step::Record(events!("trial"))],
        commands: &[&["statement", "juniper"]],
    },
    Chapter {
        title: Key::of("demo-void"),
        says: Key::of("demo-void-says"),
        steps: &[Step::Record(events!("void"))],
        commands: &[&["explain", "sale-studio-3"]],
    },
    Chapter {
        title: Key::of("demo-instalments"),
        says: Key::of("demo-instalments-says"),
        steps: &[Step::Record(events!("instalments"))],
        commands: &[&["balance", "kestrel"], &["statement", "kestrel"]],
    },
    Chapter {
        title: Key::of("demo-circle"),
        says: Key::of("demo-circle-says"),
        steps: &[Step::Record(events!("circle"))],
        commands: &[&["programme", "circle"], &["explain", "sale-cedar-1"]],
    },
    Chapter {
        title: Key::of("demo-failed"),
        says: Key::of("demo-failed-says"),
        steps: &[Step::Record(events!("payout-failed"))],
        commands: &[&["payouts", "--partner", "cedar"], &["balance", "cedar"]],
    },
];

/// The house's own business, with which the partners' part is compared.
pub const OWN_BUSINESS: Chapter = Chapter {
    title: Key::of("demo-programme"),
    says: Key::of("demo-programme-says"),
    steps: &[Step::Record(events!("own-sales"))],
    commands: &[&["metrics", "--from", "2025-01-01", "--to", "2025-12-31"]],
};

/// Plays chapters to a ledger.
pub struct Player {
    client: LedgerClient,
    language: Language,
    /// Events that were played, whose ids are made of their numbers.
    played: u32,
}

impl Player {
    /// Plays to a ledger; sentences are in `language`.
    pub fn new(client: LedgerClient, language: Language) -> Self {
        Self { client, language, played: 0 }
    }

    /// Plays a chapter and returns a sentence about each step that deserves one.
    pub async fn play(&mut self, chapter: &Chapter) -> Result<Vec<String>, Failure> {
        let mut outcomes = Vec::new();
        for step in chapter.steps {
            let (lines, is_refused) = match step {
                Step::Record(lines) => ((*lines).to_owned(), false),
                Step::Refused(lines) => ((*lines).to_owned(), true),
                Step::Customers(lines) => (lines(), false),
            };
            let request = AppendRequest { events: self.events(&lines)?, expected_last_position: None };
            let count = request.events.len();
            match self.client.append(request).await {
                Ok(_) if !is_refused => outcomes.push(say!(self.language, "demo-recorded", count = count)),
                Err(status) if is_refused => {
                    let Refusal { reason, message, .. } = Refusal::from(status);
                    outcomes.push(say!(self.language, "demo-refused", reason = reason, message = text::line(&message)));
                }
                Ok(_) => return Err(Failure::check("the demo's ledger recorded what it should refuse")),
                Err(status) => return Err(status.into()),
            }
        }
        Ok(outcomes)
    }

    /// Parses the events of JSON lines and gives each an id.
    fn events(&mut self, lines: &str) -> Result<Vec<Event>, Failure> {
        let lines = lines.lines().filter(|line| !line.is_empty());
        let events = lines.map(|line| {
            self.played += 1;
            let mut event: Event =
                json::read(line.as_bytes()).map_err(|error| Failure::check(format!("{} in {line}", error.text(Language::English))))?;
            event.event_id = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("demo {}", self.played).as_bytes()).to_string();
            Ok(event)
        });
        events.collect()
    }
}
