//! `append`: JSON lines into the ledger, in order, up to the first line that is refused.
//!
//! One request is under way at a time while the next lines are read. With more, lines after a refused one would be recorded
//! before that one is corrected.

use super::client::{Dialer, LedgerClient, Session, ledger_on};
use super::failure::{Failure, Refusal};
use super::json;
use super::language::{Language, say};
use super::output::Output;
use super::unearned::Unearned;
use indicatif::{ProgressBar, ProgressStyle};
use partnership_ledger::proto::append_stream_response::Outcome;
use partnership_ledger::proto::{AppendResponse, AppendStreamRequest, AppendStreamResponse, Event};
use prost::Message as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming};

/// Events per request.
const CHUNK_EVENTS: usize = 500;
/// Bytes of events per request, well below the 4 MiB that the ledger accepts.
const CHUNK_BYTES: usize = 1 << 20;
/// The longest line read, in bytes; no event is as long.
const MAX_LINE_BYTES: u64 = 4 << 20;
/// Retries of a request that is refused for overload.
const MAX_RETRIES: u32 = 100;
/// How long to wait before a retry if the refusal does not say.
const RETRY_DELAY: Duration = Duration::from_millis(100);

#[derive(clap::Args)]
pub struct Args {
    /// The file to read; - is the standard input
    #[arg(default_value = "-")]
    file: PathBuf,
}

/// An event and its line in the input.
struct Line {
    number: u64,
    event: Event,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let (source, bytes) = open(&args.file, language)?;
    let mut appender = Appender {
        client: session.ledger().await?,
        dialer: session.dialer(),
        language,
        stream: None,
        recorded: 0,
        duplicates: 0,
        unearned: Unearned::default(),
        position: 0,
        has_reader: true,
    };
    let progress = progress_bar(bytes);
    let (sender, mut lines) = mpsc::channel(4 * CHUNK_EVENTS);
    let reader = progress.wrap_read(source);
    // The thread ends with its input, or when the receiver of its lines is dropped.
    std::thread::spawn(move || read_lines(BufReader::with_capacity(1 << 16, reader), language, &sender));

    let mut waiting = Vec::with_capacity(CHUNK_EVENTS);
    let mut outcome = Ok(());
    while outcome.is_ok() && lines.recv_many(&mut waiting, CHUNK_EVENTS).await > 0 {
        outcome = appender.append(waiting.drain(..), &mut session.out).await;
        progress.set_message(say!(language, "append-progress", recorded = appender.recorded.to_string()));
    }
    progress.finish_and_clear();
    outcome.and(summarize(&appender, &mut session.out))
}

fn open(file: &Path, language: Language) -> Result<(Box<dyn Read + Send>, Option<u64>), Failure> {
    if file == Path::new("-") {
        return Ok((Box::new(io::stdin()), None));
    }
    let opened = File::open(file).and_then(|opened| opened.metadata().map(|metadata| (opened, metadata)));
    let (opened, metadata) = opened.map_err(|error| {
        Failure::usage(say!(language, "append-unreadable", file = file.display().to_string(), error = error.to_string()))
    })?;
    Ok((Box::new(opened), metadata.is_file().then_some(metadata.len())))
}

/// Progress on standard error, only if that is a terminal.
fn progress_bar(bytes: Option<u64>) -> ProgressBar {
    let (bar, template) = match bytes {
        Some(bytes) => (ProgressBar::new(bytes), "{bar:40} {percent} %  {msg}  {eta} left"),
        None => (ProgressBar::no_length(), "{spinner} {bytes} read, {msg}"),
    };
    bar.with_style(ProgressStyle::with_template(template).expect("the template is valid"))
}

fn summarize(appender: &Appender, out: &mut Output) -> Result<(), Failure> {
    let (recorded, duplicates) = (appender.recorded, appender.duplicates);
    let [before, position] = [duplicates, appender.position].map(|number| number.to_string());
    let mut summary = say!(out.language, "append-summary", recorded = recorded.to_string(), duplicates = before, position = position);
    if let Some(unearned) = appender.unearned.text(out.language) {
        summary = format!("{summary}\n{unearned}");
    }
    if out.json {
        // A closed standard error is no reason to fail.
        let _ = writeln!(io::stderr(), "{summary}");
        out.flush()
    } else if recorded + duplicates == 0 {
        out.line(&say!(out.language, "append-nothing"))
    } else {
        out.line(&summary)
    }
}

/// Returns what a line says: without white space around it and, on the first one, without a byte order mark.
fn content(text: &[u8], number: u64) -> &[u8] {
    let text = if number == 1 { text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text) } else { text };
    text.trim_ascii()
}

/// Reads events until the input ends or a line is no event.
fn read_lines(mut source: impl BufRead, language: Language, sender: &mpsc::Sender<Result<Line, Failure>>) {
    let mut text = Vec::new();
    for number in 1_u64.. {
        text.clear();
        let line = match source.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut text) {
            Err(error) => {
                Err(Failure::usage(say!(language, "append-line-unreadable", line = number.to_string(), error = error.to_string())))
            }
            Ok(0) => return,
            Ok(_) if text.len() as u64 == MAX_LINE_BYTES && text.last() != Some(&b'\n') => {
                let error = say!(language, "append-too-long", bytes = MAX_LINE_BYTES.to_string());
                Err(Failure::usage(error).at(&place(language, number)))
            }
            Ok(_) if content(&text, number).is_empty() => continue,
            Ok(_) => json::read(content(&text, number))
                .map(|event| Line { number, event })
                .map_err(|unread| Failure::usage(format!("MALFORMED: {}", unread.text(language))).at(&place(language, number))),
        };
        let is_last = line.is_err();
        if sender.blocking_send(line).is_err() || is_last {
            return;
        }
    }
}

/// Returns how messages name a line of the input.
fn place(language: Language, number: u64) -> String {
    format!("{}: ", say!(language, "append-line", line = number.to_string()))
}

/// Sends lines and counts the outcomes.
struct Appender {
    client: LedgerClient,
    /// Finds the server that records, if it is another one by now.
    dialer: Dialer,
    language: Language,
    stream: Option<(mpsc::Sender<AppendStreamRequest>, Streaming<AppendStreamResponse>)>,
    recorded: u64,
    duplicates: u64,
    /// The sales of all lines that earned nothing.
    unearned: Unearned,
    position: u64,
    /// Whether somebody still reads the output. Events are recorded all the same.
    has_reader: bool,
}

impl Appender {
    /// Records lines in order, up to the first that is no event or is refused.
    async fn append(&mut self, lines: impl Iterator<Item = Result<Line, Failure>>, out: &mut Output) -> Result<(), Failure> {
        let mut chunk = Vec::new();
        let mut bytes = 0;
        for line in lines {
            let line = match line {
                Ok(line) => line,
                Err(failure) => {
                    self.record(chunk, out).await?;
                    return Err(failure);
                }
            };
            bytes += line.event.encoded_len();
            if bytes > CHUNK_BYTES && !chunk.is_empty() {
                self.record(std::mem::take(&mut chunk), out).await?;
                bytes = line.event.encoded_len();
            }
            chunk.push(line);
        }
        self.record(chunk, out).await
    }

    /// Records a chunk. A request is recorded as a whole or not at all, so a refused one is sent again in halves, the first
    /// half first: in the end all lines before the refused one are recorded, and its number is known (bisection).
    async fn record(&mut self, chunk: Vec<Line>, out: &mut Output) -> Result<(), Failure> {
        let mut parts = vec![chunk];
        while let Some(mut part) = parts.pop() {
            let Some(first) = part.first().map(|line| line.number) else { continue };
            let events = part.iter().map(|line| line.event.clone()).collect();
            match self.request(events).await? {
                Ok(response) => self.count(&response, out)?,
                Err(refusal) if part.len() > 1 && refusal.is_about_the_request() => {
                    parts.push(part.split_off(part.len() / 2));
                    parts.push(part);
                }
                Err(refusal) => return Err(Failure::from(refusal).at(&place(self.language, first))),
            }
        }
        Ok(())
    }

    /// Sends one request and waits for its answer. Retries it on overload, and at another server if the ledger has several: its events
    /// keep their ids, so they are recorded once.
    async fn request(&mut self, events: Vec<Event>) -> Result<Result<AppendResponse, Refusal>, Failure> {
        let language = self.language;
        let request = AppendStreamRequest { request_id: String::new(), events, expected_last_position: None };
        for _ in 0..MAX_RETRIES {
            let answer = match self.exchange(request.clone()).await {
                Err(failure) if failure.is_unavailable() && self.dialer.has_choice() => {
                    self.go_on_elsewhere(None).await?;
                    continue;
                }
                answer => answer.map_err(|failure| failure.with_advice(&say!(language, "append-again")))?,
            };
            match answer.outcome {
                Some(Outcome::Response(response)) => return Ok(Ok(response)),
                Some(Outcome::Error(error)) => {
                    let refusal = Refusal::from(error);
                    if refusal.is_for_another_server() && (refusal.leader.is_some() || self.dialer.has_choice()) {
                        self.go_on_elsewhere(refusal.leader.as_deref()).await?;
                        continue;
                    }
                    if refusal.code != Code::ResourceExhausted {
                        return Ok(Err(refusal));
                    }
                    tokio::time::sleep(refusal.retry_delay.unwrap_or(RETRY_DELAY)).await;
                }
                None => return Err(Failure::check(say!(language, "append-no-outcome"))),
            }
        }
        Err(Failure::unavailable(say!(language, "append-overloaded")))
    }

    /// Connects to the server that records.
    async fn go_on_elsewhere(&mut self, leader: Option<&str>) -> Result<(), Failure> {
        self.stream = None;
        let found = self.dialer.recording(leader).await;
        self.client = ledger_on(found.map_err(|failure| failure.with_advice(&say!(self.language, "append-again")))?);
        Ok(())
    }

    async fn exchange(&mut self, request: AppendStreamRequest) -> Result<AppendStreamResponse, Failure> {
        let language = self.language;
        let ended = || Failure::unavailable(say!(language, "append-closed"));
        // A connection that breaks in the middle of a call says no more than that.
        let lost = |status: tonic::Status| match status.code() {
            Code::Unknown | Code::Internal | Code::Cancelled if status.details().is_empty() => ended(),
            _ => Failure::from(status),
        };
        let answers = if let Some((requests, answers)) = &mut self.stream {
            requests.send(request).await.map_err(|_| ended())?;
            answers
        } else {
            // The first request is on its way before the call is made: a server may wait for it with its headers.
            let (requests, outgoing) = mpsc::channel(1);
            requests.try_send(request).map_err(|_| ended())?;
            let answers = self.client.append_stream(ReceiverStream::new(outgoing)).await.map_err(lost)?.into_inner();
            &mut self.stream.insert((requests, answers)).1
        };
        answers.message().await.map_err(lost)?.ok_or_else(ended)
    }

    fn count(&mut self, response: &AppendResponse, out: &mut Output) -> Result<(), Failure> {
        let duplicates = response.results.iter().filter(|result| result.duplicate).count() as u64;
        self.duplicates += duplicates;
        self.recorded += response.results.len() as u64 - duplicates;
        response.results.iter().for_each(|result| self.unearned.count(&result.effects));
        self.position = response.position;
        if !out.json || !self.has_reader {
            return Ok(());
        }
        match response.results.iter().try_for_each(|result| out.message(result)) {
            Err(failure) if failure.is_reader_gone() => self.has_reader = false,
            written => written?,
        }
        Ok(())
    }
}
