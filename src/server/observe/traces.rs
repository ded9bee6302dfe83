//! Traces: one span for each call, made when it ends and sent by OTLP from threads of their own.
//!
//! Whether a call is sampled is decided when it comes: as its caller has decided, or by its trace's id. One that is answered with
//! an error is sent in any case.

use crate::grpc::{Call, TraceContext, code_name};
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanEvents, SpanExporter as Exporter, SpanLinks, SpanProcessor,
};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tonic::Code;

/// Spans that may wait; more are given up.
const QUEUED_SPANS: usize = 8_192;
/// How often they are sent.
const PAUSE: Duration = Duration::from_secs(1);
/// How long what waits may take to be sent at the end.
const LAST: Duration = Duration::from_secs(2);

/// Where spans are sent, and which.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSettings {
    /// The collector, as `http://host:port`.
    pub endpoint: String,
    /// Which part of the traces that begin here is sampled.
    pub ratio: f64,
}

impl TraceSettings {
    /// What the environment says by `OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_TRACES_SAMPLER_ARG`; `None` if it names no collector.
    ///
    /// # Errors
    /// If the ratio is not a number from 0 to 1.
    pub fn of_environment() -> Result<Option<Self>, String> {
        let read = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let Some(endpoint) = read("OTEL_EXPORTER_OTLP_ENDPOINT") else { return Ok(None) };
        let ratio = match read("OTEL_TRACES_SAMPLER_ARG") {
            None => 1.0,
            Some(text) => {
                let ratio = text.trim().parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
                ratio.ok_or_else(|| format!("OTEL_TRACES_SAMPLER_ARG is {text}, which is no number from 0 to 1"))?
            }
        };
        Ok(Some(Self { endpoint, ratio }))
    }
}

/// Sends spans.
#[derive(Debug)]
pub struct Traces {
    processor: BatchSpanProcessor,
    scope: InstrumentationScope,
    /// Traces whose ids are below it are sampled.
    below: u64,
    /// What the exporter's connection works on.
    runtime: Mutex<Option<Runtime>>,
}

impl Traces {
    /// Starts the threads that send spans. The collector need not be there yet.
    ///
    /// # Errors
    /// If the endpoint is none, or the system refuses threads.
    pub fn start(settings: &TraceSettings) -> Result<Self, String> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("traces").enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let exporter = {
            let _inside = runtime.enter();
            SpanExporter::builder().with_tonic().with_endpoint(&settings.endpoint).build().map_err(|error| error.to_string())?
        };
        let batches = BatchConfigBuilder::default().with_max_queue_size(QUEUED_SPANS).with_scheduled_delay(PAUSE).build();
        let mut processor =
            BatchSpanProcessor::builder(Telling { exporter, is_failing: AtomicBool::new(false) }).with_batch_config(batches).build();
        let service = std::env::var("OTEL_SERVICE_NAME").unwrap_or_else(|_| env!("CARGO_PKG_NAME").to_owned());
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        processor.set_resource(&Resource::builder().with_service_name(service).with_attributes([version]).build());
        let scope = InstrumentationScope::builder(env!("CARGO_PKG_NAME")).with_version(env!("CARGO_PKG_VERSION")).build();
        Ok(Self { processor, scope, below: bound_of(settings.ratio), runtime: Mutex::new(Some(runtime)) })
    }

    /// The trace of a call: its caller's, or a new one.
    pub fn context(&self, of_caller: Option<TraceContext>) -> TraceContext {
        of_caller.unwrap_or_else(|| {
            let trace_id = fastrand::u128(1..);
            TraceContext { trace_id, parent: None, is_sampled: is_below(trace_id, self.below) }
        })
    }

    /// Takes the span of a call, if it is sampled or answered with an error.
    pub fn ended(&self, call: &Call, code: Code, took: Duration) {
        let Some(context) = call.trace else { return };
        if !context.is_sampled && matches!(code, Code::Ok | Code::Cancelled) {
            return;
        }
        let span_id = SpanId::from(fastrand::u64(1..));
        let trace_id = TraceId::from(context.trace_id);
        let mut attributes = vec![
            KeyValue::new("rpc.system.name", "grpc"),
            KeyValue::new("rpc.method", format!("partnership.ledger.v1.{}", call.method.name().trim_start_matches('/'))),
            KeyValue::new("rpc.response.status_code", code_name(code)),
        ];
        attributes.extend(call.peer.map(|peer| KeyValue::new("client.address", peer.to_string())));
        let status = if is_fault(code) { Status::error(code_name(code)) } else { Status::Unset };
        self.processor.on_end(SpanData {
            span_context: SpanContext::new(trace_id, span_id, TraceFlags::SAMPLED, false, TraceState::default()),
            parent_span_id: context.parent.map_or(SpanId::INVALID, SpanId::from),
            parent_span_is_remote: context.parent.is_some(),
            span_kind: SpanKind::Server,
            name: call.method.name().to_owned().into(),
            start_time: call.came,
            end_time: call.came + took,
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status,
            instrumentation_scope: self.scope.clone(),
        });
    }

    /// Sends what waits, within a bound.
    pub fn close(&self) {
        if let Some(runtime) = self.runtime.lock().take() {
            if let Err(error) = self.processor.shutdown_with_timeout(LAST) {
                tracing::warn!(%error, "the last spans were not sent");
            }
            runtime.shutdown_background();
        }
    }
}

/// An exporter that says when it begins to fail, and when it succeeds again.
#[derive(Debug)]
struct Telling {
    exporter: SpanExporter,
    is_failing: AtomicBool,
}

impl Exporter for Telling {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let exported = self.exporter.export(batch).await;
        let was_failing = self.is_failing.swap(exported.is_err(), Ordering::Relaxed);
        match &exported {
            Err(error) if !was_failing => tracing::warn!(%error, "spans cannot be sent, and are lost until they can be"),
            Ok(()) if was_failing => tracing::info!("spans are sent again"),
            _ => {}
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// Whether an error is the server's, and not its caller's: what the conventions mark as one in a server's span.
fn is_fault(code: Code) -> bool {
    use Code::{DataLoss, DeadlineExceeded, Internal, Unavailable, Unimplemented, Unknown};
    matches!(code, Unknown | DeadlineExceeded | Unimplemented | Internal | Unavailable | DataLoss)
}

/// The bound of ids for a ratio, of 63 bits, as the SDKs have it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a ratio of all ids")]
fn bound_of(ratio: f64) -> u64 {
    (ratio.clamp(0.0, 1.0) * (1_u64 << 63) as f64) as u64
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half")]
fn is_below(trace_id: u128, bound: u64) -> bool {
    (trace_id as u64) >> 1 < bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_samples_its_part_of_the_ids() {
        let sampled = |ratio: f64| (0..10_000).filter(|_| is_below(fastrand::u128(1..), bound_of(ratio))).count();
        assert_eq!((sampled(0.0), sampled(1.0)), (0, 10_000));
        assert!((2_000..3_000).contains(&sampled(0.25)));
    }
}
