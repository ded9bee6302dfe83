//! Readers: records, balances, owners and the like, of now and of earlier positions, against the model and the disk.

use chrono::TimeDelta;
use partnership_ledger::clock::Clock as _;
use partnership_ledger::domain::ids::EventId;
use partnership_ledger::journal::StoredRecord;
use partnership_ledger::ledger::{Cancellation, Error, Ledger};
use partnership_ledger::proto::{RecordFilter, SubscribeRequest, event::Body, get_metrics_request::Scope};
use partnership_ledger::queries::records::{Following, Progress};
use rand::RngExt as _;

use super::asking::Asked;
use super::oracle::{Kept, index, same};
use super::world::World;
use crate::outside::ledger::When;
use crate::outside::questions::Question;

/// Answers that are kept to be asked for again.
const REMEMBERED: usize = 6;

/// What a scan of what is followed comes to.
fn scanned(following: &Following, ledger: &Ledger, after: u64, until: u64) -> Result<Vec<StoredRecord>, Error> {
    let mut scan = following.scan(ledger.clone(), after, until);
    let (mut records, mut passed) = (Vec::new(), after);
    loop {
        let progress = scan.next(500, &Cancellation::NEVER)?;
        assert!((passed..=until).contains(&scan.passed()), "it comes further");
        passed = scan.passed();
        match progress {
            Progress::Page(page) => {
                assert!(page.records.iter().all(|record| record.position <= passed));
                records.extend(page.records);
            }
            Progress::Searching => {}
            Progress::End => {
                assert_eq!(passed, until);
                return Ok(records);
            }
        }
    }
}

impl World {
    /// Somebody reads.
    pub fn read(&mut self) {
        if self.committing.is_some() {
            self.reach("a read during a sync");
        }
        let kept = match self.below(9) {
            8 => self.follow(),
            0 | 1 => self.read_records(),
            2 => self.read_by_id(),
            3 => self.ask_again(),
            4 => self.read_head(),
            _ => self.ask(),
        };
        self.keep(kept);
    }

    /// Records are those on the disk, and none that is not published.
    fn read_records(&mut self) -> Kept {
        let published = self.oracle.published;
        let from = self.rng.random_range(0..published + 3);
        let count = self.rng.random_range(1..20);
        let read = self.ledger.ledger().records(from, count, usize::MAX).map_err(|error| error.to_string())?;
        let bytes: Vec<Vec<u8>> = read.iter().map(prost::Message::encode_to_vec).collect();
        let first = index(from.max(1) - 1);
        let durable = self.disk.range(first, first.saturating_add(count).min(index(published).max(first)));
        if bytes == durable {
            return Ok(());
        }
        Err(format!("records from {from}, {count} of them, with {published} published: {} are due, {read:?}", durable.len()))
    }

    /// Who follows has everything that is on the disk and published; or of a part the same whether it was there or came.
    fn follow(&mut self) -> Kept {
        let published = self.oracle.published;
        let middle = self.rng.random_range(0..=published);
        let known = self.oracle.model.records[..index(published)].iter();
        let partners = known.filter_map(|record| match record.body() {
            Body::PartnerRegistered(body) => Some(body.partner_id.clone()),
            _ => None,
        });
        let partners: Vec<String> = partners.collect();
        let mut filter = RecordFilter::default();
        match self.below(3) {
            0 if !partners.is_empty() => filter.partner_ids = vec![partners[self.rng.random_range(0..partners.len())].clone()],
            1 => filter.body_types = vec!["lead_referred".to_owned(), "sale_recorded".to_owned()],
            _ => {}
        }
        let is_all = filter == RecordFilter::default();
        let ledger = self.ledger.ledger();
        let followed = || {
            let following = Following::new(ledger, SubscribeRequest { after_position: middle, filter: Some(filter.clone()) })?;
            let (before, after) = (scanned(&following, ledger, 0, middle)?, scanned(&following, ledger, middle, published)?);
            let came = following.among(ledger, middle + 1..published + 1, |position| {
                ledger.stored_records(position, 1, 1).ok()?.into_iter().next().map(|record| record.bytes)
            })?;
            Ok::<_, Error>((before, after, came))
        };
        let (before, after, came) = followed().map_err(|error| error.to_string())?;
        if after != came {
            return Err(format!("after {middle} of {published}, {filter:?}: {} were there, and {} came", after.len(), came.len()));
        }
        let bytes: Vec<_> = before.into_iter().chain(after).map(|record| record.bytes).collect();
        if is_all && bytes != self.disk.range(0, index(published)) {
            return Err(format!("{} records were followed, and {published} are published", bytes.len()));
        }
        Ok(())
    }

    /// A record is found by its id if it is published, and not before.
    fn read_by_id(&mut self) -> Kept {
        let decided = u32::try_from(self.oracle.model.records.len()).expect("a few");
        if decided == 0 {
            return Ok(());
        }
        let number = self.below(decided) as usize;
        let record = &self.oracle.model.records[number];
        let id = EventId::parse(&record.event.event_id).ok_or("an id that is none")?;
        let position = record.position;
        match self.ledger.ledger().record_of(id) {
            Ok(found) if found.position == position && position <= self.oracle.published => Ok(()),
            Err(Error::UnknownEvent(_)) if position > self.oracle.published => {
                self.reach("a reader who asked for what is not durable");
                Ok(())
            }
            other => Err(format!("{id} is at {position}, {} are published, and a reader gets {other:?}", self.oracle.published)),
        }
    }

    /// The last position, and the tree over what is on the disk.
    fn read_head(&mut self) -> Kept {
        let (last, head) = (self.ledger.ledger().last(), self.ledger.ledger().tree_head());
        let published = self.oracle.published;
        if last != published || head.size < published || index(head.size) > self.disk.len() {
            return Err(format!("{published} are published; the ledger says {last}, its tree {}, the disk {}", head.size, self.disk.len()));
        }
        Ok(())
    }

    /// Any question, as of any time and position, is answered as the model answers it.
    fn ask(&mut self) -> Kept {
        let (question, when) = (self.question(), self.moment());
        let mut model = self.oracle.seen(self.clock.now());
        self.say(&format!("somebody asks {question:?} {when:?}"));
        let mut asked = Asked(self.ledger.ledger());
        let by_ledger = question.ask(&mut asked, when);
        same(&question.ask(&mut model, when), &by_ledger).map_err(|difference| format!("{question:?} {when:?}\n{difference}"))?;
        if when.as_of.is_some() && when.position.is_some_and(|position| position <= self.oracle.published) {
            let exactly = question.exactly(&mut asked, when);
            if self.remembered.len() < REMEMBERED {
                self.remembered.push((question, when, exactly));
            }
        }
        Ok(())
    }

    /// What was answered about the past is answered again, to the byte.
    fn ask_again(&mut self) -> Kept {
        let asked_before = std::mem::take(&mut self.remembered);
        let mut asked = Asked(self.ledger.ledger());
        let changed = asked_before.iter().find(|(question, when, answer)| question.exactly(&mut asked, *when) != *answer);
        let kept = changed.map_or(Ok(()), |(question, when, _)| Err(format!("{question:?} {when:?} is answered otherwise than before")));
        self.remembered = asked_before;
        kept
    }

    /// All that a reader can learn, when nothing is under way any more.
    pub fn read_all(&mut self) -> Kept {
        self.read_head()?;
        self.ask_again()?;
        let published = index(self.oracle.published);
        let read = self.ledger.ledger().records(1, usize::MAX, usize::MAX).map_err(|error| error.to_string())?;
        if read.iter().map(prost::Message::encode_to_vec).ne(self.disk.range(0, published)) {
            return Err("the records are not those on the disk".to_owned());
        }
        (0..6).try_for_each(|_| self.ask())
    }

    fn question(&mut self) -> Question {
        let decided = u32::try_from(self.oracle.model.records.len()).expect("a few");
        if decided == 0 {
            return Question::Balance("p1".to_owned());
        }
        // Also about what is not durable yet: nobody may see it.
        let number = self.below(decided) as usize;
        let alternative = self.below(4);
        match (self.oracle.model.records[number].body(), alternative) {
            (Body::PartnerRegistered(body), 0) => Question::Partner(body.partner_id.clone()),
            (Body::PartnerRegistered(body), 1) => Question::Entries(body.partner_id.clone()),
            (Body::PartnerRegistered(body), _) => Question::Balance(body.partner_id.clone()),
            (Body::AgreementSigned(body), 0) => Question::Metrics(Scope::AgreementId(body.agreement_id.clone()), None, None),
            (Body::AgreementSigned(body), _) => Question::Agreement(body.agreement_id.clone()),
            (Body::LeadReferred(body), _) => Question::Lead(body.lead_id.clone()),
            (Body::SaleRecorded(body), 0..2) => Question::Sale(body.sale_id.clone()),
            (Body::CampaignPlanned(body), _) => Question::Campaign(body.campaign_id.clone()),
            (_, 0) => Question::TrialBalance,
            (_, 1) => Question::Payables,
            (_, 2) => Question::Disputes,
            _ => Question::Metrics(Scope::All(true), None, None),
        }
    }

    fn moment(&mut self) -> When {
        let decided = u32::try_from(self.oracle.model.records.len()).expect("a few");
        let is_past = decided > 0 && self.below(2) == 0;
        let as_of = is_past.then(|| {
            let number = self.below(decided) as usize;
            self.oracle.model.records[number].occurred + TimeDelta::nanoseconds(self.rng.random_range(-1..=1))
        });
        let position = (self.below(2) == 0).then(|| self.rng.random_range(0..=self.oracle.published + 1));
        When { as_of, position }
    }
}
