//! The report of a run, as text for people and as JSON.

use super::asking::{Asked, Read};
use super::clients::{Address, Load};
use super::followers::Followed;
use super::measure::{Cpu, Disk, Memory, Percentiles, per, per_second};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::table::Table;
use serde::Serialize;
use std::collections::BTreeMap;

/// What was measured, and how.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    pub server: String,
    pub clients: u32,
    pub in_flight: u32,
    pub events_per_call: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    pub mix: String,
    pub partners: u32,
    pub seed: u64,
    pub calls: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<usize>,
    pub answers: &'static str,
}

/// The outcome of the load.
#[derive(Clone, Debug, Serialize)]
pub struct LoadReport {
    /// Events that were acknowledged, so durable.
    pub events: u64,
    pub calls: u64,
    pub seconds: f64,
    pub events_per_second: f64,
    pub calls_per_second: f64,
    /// Latency of a call, from first sending it until it was acknowledged.
    pub latency: Percentiles,
    /// Events per second in each tenth of the events; empty for a load of a few seconds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events_per_second_by_tenths: Vec<f64>,
    /// Calls that were encoded before the measured time.
    pub calls_encoded_ahead: u64,
    /// Refused calls by code.
    pub refused: BTreeMap<String, u64>,
    /// How often a call was sent again because the ledger was overloaded.
    pub retried: u64,
    /// CPU time that this program used meanwhile.
    pub client_cpu: Cpu,
}

impl LoadReport {
    pub fn new(load: &Load, calls_encoded_ahead: u64, client_cpu: Cpu) -> Self {
        Self {
            events: load.events,
            calls: load.calls,
            seconds: load.seconds,
            events_per_second: per_second(load.events, load.seconds),
            calls_per_second: per_second(load.calls, load.seconds),
            latency: load.latencies.summary(),
            events_per_second_by_tenths: load.progress.speed_by_tenths(load.seconds),
            calls_encoded_ahead,
            refused: load.refused.clone(),
            retried: load.retried,
            client_cpu,
        }
    }
}

/// What the server used of the machine.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ServerReport {
    /// CPU time during the load.
    pub cpu: Cpu,
    pub cpu_microseconds_per_event: f64,
    /// Memory after the load.
    pub memory: Memory,
    /// Growth of the resident set since the ledger was empty, per record.
    pub memory_bytes_per_record: f64,
}

impl ServerReport {
    pub fn new(cpu: Cpu, events: u64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a figure for people to read")]
        let cpu_microseconds_per_event = cpu.seconds() * 1e6 / events.max(1) as f64;
        Self { cpu, cpu_microseconds_per_event, memory: Memory::default(), memory_bytes_per_record: 0.0 }
    }

    /// The same with its memory: while the ledger was empty, and with `records` records.
    pub fn with_memory(self, empty: Memory, memory: Memory, records: u64) -> Self {
        let memory_bytes_per_record = per(memory.resident_bytes.saturating_sub(empty.resident_bytes), records);
        Self { memory, memory_bytes_per_record, ..self }
    }
}

/// What was recorded.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Recorded {
    /// Records of this run: partners, agreements and all acknowledged events, as the ledger's own last position says.
    pub records: u64,
    /// The ledger's last position.
    pub last_position: u64,
}

/// The outcome of the questions, and of the appends meanwhile.
#[derive(Clone, Debug, Serialize)]
pub struct AskedMeanwhile {
    #[serde(flatten)]
    pub asked: Asked,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appended_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub append_latency: Option<Percentiles>,
}

impl AskedMeanwhile {
    pub fn new(asked: Asked, appended: Option<(f64, Percentiles)>) -> Self {
        Self { asked, appended_per_second: appended.map(|(speed, _)| speed), append_latency: appended.map(|(_, latency)| latency) }
    }
}

/// Disk space of the ledger, once it is closed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct OnDisk {
    #[serde(flatten)]
    pub disk: Disk,
    pub bytes_per_record: f64,
    /// The average size of a record as the contract encodes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoded_bytes_per_record: Option<f64>,
    /// Disk space relative to the encoded records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times_encoded: Option<f64>,
}

impl OnDisk {
    pub fn new(disk: Disk, records: u64, encoded_bytes_per_record: Option<f64>) -> Self {
        let bytes_per_record = per(disk.bytes(), records);
        let times_encoded = encoded_bytes_per_record.filter(|encoded| *encoded > 0.0).map(|encoded| bytes_per_record / encoded);
        Self { disk, bytes_per_record, encoded_bytes_per_record, times_encoded }
    }
}

/// A restart on what was recorded.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Restarted {
    pub records: u64,
    /// As the server says.
    pub replay_seconds: f64,
    pub replay_records_per_second: f64,
    /// From the start of the process until it listened.
    pub serving_after_seconds: f64,
    pub memory: Memory,
    /// A start that began with a snapshot; the other figures are of one that replayed everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Snapshot>,
}

/// A start that began with a snapshot.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Snapshot {
    pub position: u64,
    /// Disk space of all snapshots.
    pub bytes: u64,
    pub load_seconds: f64,
    pub serving_after_seconds: f64,
}

/// The report of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub settings: Settings,
    #[serde(skip)]
    pub address: Address,
    pub load: LoadReport,
    pub recorded: Recorded,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed: Option<Followed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Read>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub questions: Option<AskedMeanwhile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk: Option<OnDisk>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart: Option<Restarted>,
    /// Why the figures do not count; empty if they do.
    pub problems: Vec<String>,
}

impl Report {
    /// An empty report of a run.
    pub fn new(settings: Settings, address: Address) -> Self {
        let load = LoadReport::new(&Load::new(), 0, Cpu::default());
        let recorded = Recorded::default();
        Self {
            settings,
            address,
            load,
            recorded,
            server: None,
            followed: None,
            read: None,
            questions: None,
            disk: None,
            restart: None,
            problems: Vec::new(),
        }
    }

    /// Compares what was acknowledged with what the ledger has recorded since position `before`. If it is not `alone`, others
    /// write to the ledger as well, and it may have more.
    pub fn check_recorded(&mut self, before: u64, after: u64, acknowledged: u64, alone: bool) {
        let records = after.saturating_sub(before);
        self.recorded = Recorded { records, last_position: after };
        if records < acknowledged || (alone && records != acknowledged) {
            self.problems.push(format!("{acknowledged} events were acknowledged, and {records} are recorded"));
        }
    }

    /// Writes it as a line of JSON, or as a table.
    pub fn write(&self, out: &mut Output) -> Result<(), Failure> {
        if out.json {
            return json(out, self);
        }
        let table = self.table();
        out.table(table)
    }

    fn table(&self) -> Table {
        let mut table = Table::facts();
        let Settings { clients, in_flight, events_per_call, mix, partners, seed, calls, answers, .. } = &self.settings;
        table.fact("server", &self.settings.server);
        table.fact("load", format!("{clients} connections, {in_flight} calls in flight, {calls}, {events_per_call} events a call"));
        table.fact("mix", format!("{mix}, {partners} partners, seed {seed}"));
        let ahead = self.load.calls_encoded_ahead.min(self.load.calls);
        table.fact("client", format!("{ahead} of {} requests encoded before the clock started; answers {answers}", self.load.calls));
        self.add_load(&mut table);
        if let Some(Followed { subscribers, records_per_second, seconds, pages, lag, .. }) = &self.followed {
            let told = format!("{records_per_second:.0} records/s to {subscribers} subscribers in {seconds:.2} s, {pages} pages");
            table.fact("followed", told);
            table.fact("lag", percentiles(lag));
        }
        if let Some(read) = &self.read {
            let Read { page_size, records, seconds, records_per_second, .. } = read;
            table.fact("read back", format!("{records_per_second:.0} records/s ({records} in pages of {page_size} in {seconds:.2} s)"));
        }
        if let Some(questions) = &self.questions {
            add_questions(&mut table, questions);
        }
        self.add_disk_and_restart(&mut table);
        table
    }

    fn add_load(&self, table: &mut Table) {
        let LoadReport { events, calls, seconds, events_per_second, calls_per_second, latency, refused, retried, client_cpu, .. } =
            &self.load;
        table.fact(
            "appended",
            format!("{events_per_second:.0} events/s, {calls_per_second:.0} calls/s ({events} events in {calls} calls in {seconds:.2} s)"),
        );
        table.fact("latency", percentiles(latency));
        let tenths: Vec<String> = self.load.events_per_second_by_tenths.iter().map(|speed| format!("{speed:.0}")).collect();
        table.fact("by tenths", tenths.join(" "));
        table.fact("refused", refusals(refused));
        table.fact("sent again", format!("{retried} times, for overload"));
        table.fact("client CPU", format!("{:.2} s", client_cpu.seconds()));
        if let Some(ServerReport { cpu, cpu_microseconds_per_event, memory, memory_bytes_per_record }) = &self.server {
            let Cpu { user_seconds, system_seconds } = cpu;
            table.fact(
                "server CPU",
                format!("{user_seconds:.2} s user, {system_seconds:.2} s system; {cpu_microseconds_per_event:.2} µs an event"),
            );
            let (resident, peak) = (mebibytes(memory.resident_bytes), mebibytes(memory.peak_bytes));
            table.fact("server memory", format!("{resident}, at most {peak}; {memory_bytes_per_record:.0} bytes a record"));
        }
    }

    fn add_disk_and_restart(&self, table: &mut Table) {
        if let Some(OnDisk { disk, bytes_per_record, encoded_bytes_per_record, times_encoded }) = &self.disk {
            let encoded = encoded_bytes_per_record.map(|bytes| format!(" of {bytes:.0} encoded")).unwrap_or_default();
            let times = times_encoded.map(|times| format!(", {times:.2} times as much")).unwrap_or_default();
            let (log, store) = (mebibytes(disk.log_bytes), mebibytes(disk.store_bytes));
            table.fact("disk", format!("log {log}, store {store}; {bytes_per_record:.0} bytes a record{encoded}{times}"));
        }
        if let Some(Restarted { records, replay_seconds, replay_records_per_second, serving_after_seconds, memory, snapshot }) =
            &self.restart
        {
            if let Some(Snapshot { position, bytes, load_seconds, serving_after_seconds }) = snapshot {
                let size = mebibytes(*bytes);
                let loaded = format!("the snapshot of {position} records, {size} with the one before, loaded in {load_seconds:.3} s");
                table.fact("start", format!("serving after {serving_after_seconds:.2} s; {loaded}"));
            }
            let replay = format!("{records} records in {replay_seconds:.3} s, {replay_records_per_second:.0} a second");
            let resident = mebibytes(memory.resident_bytes);
            table.fact("restart", format!("serving after {serving_after_seconds:.2} s; replayed {replay}; memory {resident}"));
        }
        table.fact("recorded", format!("{} records, the last position is {}", self.recorded.records, self.recorded.last_position));
        self.problems.iter().take(10).for_each(|problem| table.fact("problem", problem));
    }
}

/// Fails if there are problems.
pub fn fail_on_problems(problems: &[String]) -> Result<(), Failure> {
    match problems {
        [] => Ok(()),
        [first, others @ ..] => Err(Failure::check(format!("the figures do not count: {first} (and {} more problems)", others.len()))),
    }
}

/// Writes a value as a line of JSON.
pub fn json(out: &mut Output, value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(|error| Failure::check(format!("the report cannot be written: {error}")))?;
    out.line(&text)
}

fn add_questions(table: &mut Table, questions: &AskedMeanwhile) {
    let Asked { in_flight, answers_per_second, latency, refused, .. } = &questions.asked;
    table.fact("questions", format!("{answers_per_second:.0} answers/s, {in_flight} in flight; {}", percentiles(latency)));
    if let (Some(speed), Some(latency)) = (questions.appended_per_second, &questions.append_latency) {
        table.fact("meanwhile", format!("{speed:.0} events/s appended; {}", percentiles(latency)));
    }
    if !refused.is_empty() {
        table.fact("not answered", refusals(refused));
    }
}

/// Returns refusals by code, or "none".
fn refusals(refused: &BTreeMap<String, u64>) -> String {
    let each: Vec<String> = refused.iter().map(|(code, count)| format!("{count} {code}")).collect();
    if each.is_empty() { "none".to_owned() } else { each.join(", ") }
}

/// Returns percentiles as text.
pub fn percentiles(latency: &Percentiles) -> String {
    let Percentiles { p50_ms, p99_ms, p99_9_ms, max_ms } = latency;
    format!("p50 {p50_ms:.2} ms, p99 {p99_ms:.2} ms, p99.9 {p99_9_ms:.2} ms, max {max_ms:.2} ms")
}

/// Returns bytes as text.
#[expect(clippy::cast_precision_loss, reason = "a figure for people to read")]
pub fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
