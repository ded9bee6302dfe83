//! Clients: they send, wait or go away, and send again what they have no answer to.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use partnership_ledger::ledger::{Append, Error, SteppedLedger, Ticket};
use partnership_ledger::proto as pb;

use super::oracle::Expected;
use super::world::World;

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Queued,
    Decided,
    /// It takes no room any more.
    Answered,
}

/// A request that the ledger has taken.
pub struct Call {
    client: usize,
    pub request: pb::AppendRequest,
    /// Absent once the client has its answer, or has gone away.
    pub ticket: Option<Ticket>,
    pub stage: Stage,
    /// The deadline passes while it is queued.
    pub is_late: bool,
    pub expected: Option<Expected>,
    /// The last position once it is decided.
    pub last: u64,
}

impl Call {
    /// The commit that it waited for is durable, or lost.
    pub fn answered(&mut self, is_lost: bool) {
        self.stage = Stage::Answered;
        if is_lost {
            self.expected = Some(Expected::Stopped);
        }
    }
}

type Waiting = Pin<Box<dyn Future<Output = Result<Ticket, Error>> + Send>>;

/// A client.
#[derive(Default)]
pub struct Client {
    /// What it has sent without learning what came of it.
    again: Vec<pb::AppendRequest>,
    /// What is recorded, as far as it knows.
    done: Vec<pb::AppendRequest>,
    /// What its stream sends as soon as there is room.
    stream: Option<(pb::AppendRequest, Waiting)>,
}

impl Client {
    fn has_more(&self) -> bool {
        !self.again.is_empty() || self.stream.is_some()
    }
}

impl Expected {
    /// In a few words, for the trace.
    pub fn in_short(&self) -> String {
        match self {
            Self::Decided(Ok(response)) => {
                let results =
                    response.results.iter().map(|result| format!("{}{}", result.position, if result.duplicate { " again" } else { "" }));
                format!("recorded at {:?}", results.collect::<Vec<_>>())
            }
            Self::Decided(Err(refusal)) => format!("refused for {}", refusal.reason),
            Self::TooLate => "too late".to_owned(),
            Self::Stopped => "stopped".to_owned(),
        }
    }
}

impl World {
    /// Whether anything is left to be sent, or to be learnt.
    pub fn has_more(&self) -> bool {
        !self.story.is_empty() || self.clients.iter().any(Client::has_more)
    }

    fn any_client(&mut self) -> usize {
        let clients = u32::try_from(self.clients.len()).expect("a few");
        self.below(clients) as usize
    }

    /// What a client sends next: something new, something again, or something that is done already.
    fn next_request(&mut self, client: usize) -> Option<pb::AppendRequest> {
        let (is_again, is_done) = (self.below(3) > 0, self.below(12) == 0);
        let Client { again, done, .. } = &mut self.clients[client];
        if is_again && !again.is_empty() {
            let number = self.below(u32::try_from(self.clients[client].again.len()).expect("a few")) as usize;
            return Some(self.clients[client].again.remove(number));
        }
        if is_done && !done.is_empty() {
            let number = self.below(u32::try_from(self.clients[client].done.len()).expect("a few")) as usize;
            let mut request = self.clients[client].done[number].clone();
            if self.below(3) == 0 {
                request.events.iter_mut().for_each(|event| event.event_id.make_ascii_uppercase());
            }
            return Some(request);
        }
        // Mostly in the order of the story: what comes too early is refused.
        let is_early = self.story.len() > 1 && self.below(10) == 0;
        let mut request = self.story.remove(usize::from(is_early))?;
        request.expected_last_position = match self.below(16) {
            0 | 1 => Some(self.oracle.model.last_position()),
            2 => Some(self.oracle.published),
            3 => Some(self.oracle.published + 1),
            _ => None,
        };
        Some(request)
    }

    /// A request as the ledger takes it, and whether its deadline passes before its turn.
    fn append_of(&mut self, request: &pb::AppendRequest) -> (Append, bool) {
        let now = Instant::now();
        let (deadline, is_late) = match self.below(14) {
            0 => (Some(now), true),
            1..4 => (Some(now + Duration::from_hours(24)), false),
            _ => (None, false),
        };
        let pb::AppendRequest { events, expected_last_position } = request.clone();
        (
            Append {
                events: events.into(),
                expected_last_position,
                recorded_by: "simulation".into(),
                permit: None,
                deadline,
                account: None,
            },
            is_late,
        )
    }

    /// A client sends a request by a call of its own.
    pub fn submit(&mut self) {
        let client = self.any_client();
        let Some(request) = self.next_request(client) else { return };
        let (append, is_late) = self.append_of(&request);
        let (taken, limit) = (self.taken(), self.limits.queue_requests);
        let has_streams = self.clients.iter().any(|client| client.stream.is_some());
        let bytes_matter = self.limits.queue_bytes < 100_000;
        match self.ledger.submit(append) {
            Ok(ticket) => {
                let kept = if taken < limit { Ok(()) } else { Err(format!("{taken} requests were queued, and one more is taken")) };
                self.keep(kept);
                self.queued(client, request, ticket, is_late);
            }
            Err(Error::Overloaded { .. }) => {
                let is_due = taken >= limit || (taken > 0 && bytes_matter) || has_streams;
                self.keep(if is_due { Ok(()) } else { Err(format!("overloaded with {taken} of {limit} requests")) });
                self.reach("overload");
                self.say(&format!("client {client}: overloaded"));
                self.clients[client].again.push(request);
            }
            Err(error) => self.refused_at_once(client, request, &error),
        }
    }

    fn refused_at_once(&mut self, client: usize, request: pb::AppendRequest, error: &Error) {
        let is_due = matches!(error, Error::Stopped(_)) && self.oracle.has_stopped;
        self.keep(if is_due { Ok(()) } else { Err(format!("refused at once: {error}")) });
        self.reach("nothing is taken after a failed sync");
        self.clients[client].again.push(request);
    }

    fn queued(&mut self, client: usize, request: pb::AppendRequest, ticket: Ticket, is_late: bool) {
        let number = self.calls.len();
        self.say(&format!(
            "client {client}: call {number} of {} events, expects {:?}",
            request.events.len(),
            request.expected_last_position
        ));
        self.calls.push(Call { client, request, ticket: Some(ticket), stage: Stage::Queued, is_late, expected: None, last: 0 });
        self.queue.push_back(number);
    }

    /// A client's stream sends something, or what it wanted to send finds room.
    pub fn stream(&mut self) {
        let client = self.any_client();
        if self.clients[client].stream.is_none() {
            let Some(request) = self.next_request(client) else { return };
            let pb::AppendRequest { events, expected_last_position } = request.clone();
            let append = Append {
                events: events.into(),
                expected_last_position,
                recorded_by: "simulation".into(),
                permit: None,
                deadline: None,
                account: None,
            };
            let ledger = self.ledger.ledger().clone();
            let waiting: Waiting = Box::pin(async move { ledger.submit_waiting(append).await });
            self.clients[client].stream = Some((request, waiting));
        }
        self.poll_stream(client);
    }

    fn poll_stream(&mut self, client: usize) {
        let Some((request, mut waiting)) = self.clients[client].stream.take() else { return };
        match waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(ticket)) => self.queued(client, request, ticket, false),
            Poll::Ready(Err(error)) => self.refused_at_once(client, request, &error),
            Poll::Pending => {
                self.reach("a stream that waited for room");
                self.clients[client].stream = Some((request, waiting));
            }
        }
    }

    /// All streams go on.
    pub fn poll_streams(&mut self) {
        (0..self.clients.len()).for_each(|client| self.poll_stream(client));
    }

    /// A client looks whether its answer has come.
    pub fn take_answer(&mut self) {
        let open: Vec<usize> = (0..self.calls.len()).filter(|call| self.calls[*call].ticket.is_some()).collect();
        if !open.is_empty() {
            let number = self.below(u32::try_from(open.len()).expect("a few")) as usize;
            self.take_answer_of(open[number]);
        }
    }

    /// The same of one call.
    pub fn take_answer_of(&mut self, number: usize) {
        let call = &mut self.calls[number];
        let Some(ticket) = &mut call.ticket else { return };
        let is_due = call.stage == Stage::Answered;
        match SteppedLedger::answer(ticket) {
            None if !is_due => {}
            None => self.keep(Err(format!("call {number} has no answer"))),
            Some(answer) if !is_due => self.keep(Err(format!("call {number} is answered before its commit: {answer:?}"))),
            Some(answer) => {
                call.ticket = None;
                let expected = call.expected.clone().expect("it was decided");
                let (client, request) = (call.client, call.request.clone());
                self.say(&format!("client {client}: call {number} is answered {answer:?}"));
                let kept = self.oracle.answered(&request, &expected, &answer);
                self.keep(kept);
                self.note(&request, &answer);
                match answer {
                    Ok(_) => self.clients[client].done.push(request),
                    Err(Error::DeadlineExceeded | Error::Stopped(_)) => self.clients[client].again.push(request),
                    Err(_) => {}
                }
            }
        }
    }

    fn note(&mut self, request: &pb::AppendRequest, answer: &Result<pb::AppendResponse, Error>) {
        let is_batch = request.events.len() > 1;
        match answer {
            Ok(response) if response.results.iter().all(|result| result.duplicate) => self.reach("an answer to what was recorded before"),
            Ok(_) if is_batch => self.reach("a batch"),
            Ok(_) => self.reach("a single event"),
            Err(Error::Rejected { event: Some(place), .. }) if place.index > 0 => self.reach("a batch refused for a later event"),
            Err(Error::Rejected { event: None, .. }) => self.reach("another position was expected"),
            Err(Error::Rejected { .. }) => self.reach("a refused event"),
            Err(Error::DeadlineExceeded) => self.reach("a deadline that passed"),
            Err(_) => self.reach("a call that was answered with the failure"),
        }
    }

    /// A client goes away and does not wait for its answer.
    pub fn abandon(&mut self) {
        let open: Vec<usize> = (0..self.calls.len()).filter(|call| self.calls[*call].ticket.is_some()).collect();
        if open.is_empty() || self.below(2) == 0 {
            return;
        }
        let number = open[self.below(u32::try_from(open.len()).expect("a few")) as usize];
        let call = &mut self.calls[number];
        call.ticket = None;
        let (client, request, is_decided) = (call.client, call.request.clone(), call.expected.is_some());
        self.reach(if is_decided { "a call abandoned when it was decided" } else { "a call abandoned in the queue" });
        self.say(&format!("client {client}: goes away from call {number}"));
        self.clients[client].again.push(request);
    }

    /// All connections are cut: what has no answer is to be sent again.
    pub fn hang_up(&mut self) {
        for call in std::mem::take(&mut self.calls) {
            if call.ticket.is_some() {
                self.clients[call.client].again.push(call.request);
            }
        }
        for client in &mut self.clients {
            client.again.extend(client.stream.take().map(|(request, _)| request));
        }
    }
}
