//! The metrics, gathered when they are asked for. Their names and labels are a promise: dashboards and rules go by them.

use super::watched::Watched;
use crate::access::FailureKind;
use crate::feed::Feed;
use crate::feed::webhooks::Webhooks;
use crate::ledger::{Ledger, Measured};
use crate::measure::Counted;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, MetricEncoder, NoLabelSet, prometheus_text, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The registry of a server.
pub fn registry(watched: &Arc<Watched>) -> Registry {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Calls(Arc::clone(watched))));
    registry.sub_registry_with_prefix("partnership_ledger").register_collector(Box::new(Figures(Arc::clone(watched))));
    registry
}

/// All metrics as text: OpenMetrics, or as Prometheus had it before.
///
/// # Errors
/// None: text can always be written to.
pub fn written(registry: &Registry, is_open_metrics: bool) -> Result<String, fmt::Error> {
    let mut out = String::new();
    if is_open_metrics {
        text::encode(&mut out, registry)?;
    } else {
        prometheus_text::encode(&mut out, registry)?;
    }
    Ok(out)
}

/// Calls, by the conventions of OpenTelemetry.
#[derive(Debug)]
struct Calls(Arc<Watched>);

impl Collector for Calls {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let help = "How long calls took, until their answers were on their way, by call and code";
        let mut metric = encoder.encode_descriptor("rpc_server_call_duration", help, Some(&Unit::Seconds), MetricType::Histogram)?;
        for (method, code, counted) in self.0.calls().durations() {
            let labels = [("rpc_method", method.as_str()), ("rpc_response_status_code", code)];
            histogram(&mut metric.encode_family(&labels)?, &counted)?;
        }
        Ok(())
    }
}

/// All else.
#[derive(Debug)]
struct Figures(Arc<Watched>);

impl Collector for Figures {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Out(encoder);
        let measured = self.0.ledger().map(Ledger::measured);
        out.ledger(measured.as_ref())?;
        out.proofs(&self.0)?;
        out.commits(measured.as_ref())?;
        out.appends(&self.0)?;
        out.feed(&self.0)?;
        out.disk(&self.0)?;
        out.access(&self.0)?;
        out.server(&self.0)
    }
}

struct Out<'a>(DescriptorEncoder<'a>);

impl Out<'_> {
    fn ledger(&mut self, measured: Option<&Measured>) -> fmt::Result {
        self.gauge("position", "The last durable position", measured.map(|measured| measured.position))?;
        let stopped = measured.map(|measured| u64::from(measured.is_stopped));
        self.gauge("recording_stopped", "1 once recording has stopped for good: the server needs a restart", stopped)?;
        let leads = measured.map(|measured| u64::from(measured.leads));
        self.gauge("leads", "1 while this server records: of those that share a ledger one does", leads)?;
        let queued = measured.map(|measured| measured.queued);
        self.gauge("append_queue_requests", "Requests to append that are queued, decided or being made durable", queued)?;
        let capacity = measured.map(|measured| measured.queue_capacity);
        self.gauge("append_queue_capacity_requests", "How many there may be before more are refused as overload", capacity)?;
        let lag = measured.map(|measured| measured.store_lag);
        self.gauge("store_lag_records", "Records that are durable in the log and not in the store yet", lag)?;
        let snapshot = measured.and_then(|measured| measured.snapshot);
        self.gauge("snapshot_position", "The position of the last snapshot, 0 before the first: a start replays what follows it", snapshot)
    }

    fn proofs(&mut self, watched: &Watched) -> fmt::Result {
        let proofs = watched.proofs();
        let signed = proofs.and_then(|proofs| proofs.signed_position());
        self.gauge("signed_checkpoint_position", "How many records the last signed checkpoint covers; none without a key", signed)?;
        let refused = proofs.and_then(|proofs| proofs.is_signing_refused()).map(u64::from);
        let help =
            "1 while no checkpoint is signed, because it would contradict what was signed before or cannot be kept; none without a key";
        self.gauge("checkpoint_refused", help, refused)?;
        let tiled = proofs.map(|proofs| proofs.tiles().size());
        self.gauge("tiles_position", "How many records are in the tiles that proofs are made of", tiled)?;
        let repaired = proofs.map(|proofs| proofs.tiles().repaired());
        let help = "Tiles that were found missing or changed when they were needed, and were made again";
        let mut metric = self.0.encode_descriptor("tiles_repaired", help, None, MetricType::Counter)?;
        repaired.map_or(Ok(()), |repaired| metric.encode_counter::<NoLabelSet, _, u64>(&repaired, None))
    }

    fn commits(&mut self, measured: Option<&Measured>) -> fmt::Result {
        let mut metric = self.0.encode_descriptor("commit_records", "Records of each commit", None, MetricType::Histogram)?;
        measured.map_or(Ok(()), |measured| histogram(&mut metric, &measured.commit_records))?;
        let help = "How long each stage of a commit took: storing it durably, publishing it, answering";
        let mut metric = self.0.encode_descriptor("commit_duration", help, Some(&Unit::Seconds), MetricType::Histogram)?;
        for (stage, counted) in measured.into_iter().flat_map(|measured| &measured.commit_stages) {
            histogram(&mut metric.encode_family(&[("stage", *stage)])?, counted)?;
        }
        let help = "How long each sync of the log to the disk took";
        let mut metric = self.0.encode_descriptor("journal_sync_duration", help, Some(&Unit::Seconds), MetricType::Histogram)?;
        measured.and_then(|measured| measured.syncs.as_ref()).map_or(Ok(()), |syncs| histogram(&mut metric, syncs))
    }

    fn appends(&mut self, watched: &Watched) -> fmt::Result {
        let calls = watched.calls();
        let events = calls.events();
        self.counters("appended_events", "Events that were sent to be recorded, by what became of them", "outcome", events)?;
        let rejections = calls.rejections();
        self.counters("rejections", "Requests to append that were refused, by the reason of the error", "reason", rejections)?;
        let limited = calls.limits_reached();
        self.counters("rate_limited", "How often a principal asked for more than it may", "principal", limited)
    }

    fn feed(&mut self, watched: &Watched) -> fmt::Result {
        let feed = watched.feed();
        self.gauge("subscribers", "Subscribers that follow what is recorded", feed.map(|feed| feed.audience().count() as u64))?;
        let lag = feed.map(Feed::lag);
        self.gauge("subscriber_lag_records", "Records that the subscriber furthest behind was not told of yet", lag)?;
        let lags = watched.webhooks().map(Webhooks::lags).unwrap_or_default();
        let records = lags.iter().map(|(name, records, _)| (name, *records));
        self.gauges("webhook_lag_records", "Records that an endpoint may have still to get", "endpoint", records)?;
        let stopped = lags.iter().map(|(name, _, is_delivered)| (name, u64::from(!is_delivered)));
        let help = "1 while nothing is delivered to an endpoint: paused, failed for days, gone, or its files damaged";
        self.gauges("webhook_paused", help, "endpoint", stopped)
    }

    fn disk(&mut self, watched: &Watched) -> fmt::Result {
        watched.disk.look();
        let (free, size) = watched.disk.free_of().unzip();
        self.gauge("disk_free_bytes", "Bytes of the data directory's disk that the server may still take", free)?;
        self.gauge("disk_size_bytes", "The size of that disk", size)?;
        let journal = watched.ledger().and_then(|ledger| ledger.disk_bytes().ok());
        let snapshots = bytes_below(&watched.data_dir.join("snapshots"));
        let parts = journal.into_iter().flat_map(|bytes| [("log", bytes.log), ("store", bytes.store), ("snapshots", snapshots)]);
        self.gauges("disk_bytes", "Bytes that the ledger takes on disk, by part", "part", parts)
    }

    fn access(&mut self, watched: &Watched) -> fmt::Result {
        let failures = watched.guard.gate().failures().map(|(kind, count): (FailureKind, u64)| (kind.name(), count));
        self.counters("authentication_failures", "Callers that were not recognised, by what was wrong", "kind", failures)?;
        let expiry = watched.guard.tls().map(|tls| tls.not_after().timestamp());
        self.gauge("tls_certificate_expiry_timestamp_seconds", "When the server's certificate expires", expiry)?;
        let insecure = u64::from(watched.guard.protection().is_insecure);
        self.gauge("insecure", "1 while others are served without TLS or access file", Some(insecure))?;
        let reloads = watched.guard.reloads();
        let counts = [("taken", reloads.taken.load(Ordering::Relaxed)), ("refused", reloads.refused.load(Ordering::Relaxed))];
        self.counters("reloads", "How often access file or files of TLS were read anew, by whether they were taken", "outcome", counts)
    }

    fn server(&mut self, watched: &Watched) -> fmt::Result {
        let balanced = watched.balance.is_balanced().map(u64::from);
        self.gauge("trial_balance_balanced", "1 if all accounts add up to zero, looked at once a minute; 0 is damage", balanced)?;
        self.gauge("ready", "1 while calls are taken and recorded", Some(u64::from(watched.ready().is_ok())))?;
        let dropped = watched.observers.log.as_ref().map(|log| log.dropped());
        let mut metric = self.0.encode_descriptor(
            "access_log_dropped_lines",
            "Lines of the access log that were not written",
            None,
            MetricType::Counter,
        )?;
        dropped.map_or(Ok(()), |dropped| metric.encode_counter::<NoLabelSet, _, u64>(&dropped, None))
    }

    fn gauge(&mut self, name: &str, help: &str, value: Option<impl EncodeGaugeValue>) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        value.map_or(Ok(()), |value| metric.encode_gauge(&value))
    }

    fn gauges<L: AsRef<str>, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        values.into_iter().try_for_each(|(of, value)| metric.encode_family(&[(label, of.as_ref())])?.encode_gauge(&value))
    }

    fn counters<L: AsRef<str>, V: EncodeCounterValue>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        values
            .into_iter()
            .try_for_each(|(of, value)| metric.encode_family(&[(label, of.as_ref())])?.encode_counter::<NoLabelSet, _, u64>(&value, None))
    }
}

fn histogram(metric: &mut MetricEncoder<'_>, counted: &Counted) -> fmt::Result {
    metric.encode_histogram::<NoLabelSet>(counted.sum, counted.count, &counted.buckets, None)
}

/// Bytes of the files in a folder.
fn bytes_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).filter(std::fs::Metadata::is_file).map(|metadata| metadata.len()).sum()
}
