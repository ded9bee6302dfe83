//! The W3C trace context: which trace a call belongs to, by its metadata `traceparent`.

use tonic::codegen::http::HeaderMap;

/// Which trace a call belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace_id: u128,
    /// The caller's span; `None` if the trace begins here.
    pub parent: Option<u64>,
    /// Whether the trace is recorded, as was decided where it began.
    pub is_sampled: bool,
}

impl TraceContext {
    /// The context that a call came with; `None` if there is none that can be read.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        Self::parse(headers.get("traceparent")?.to_str().ok()?)
    }

    /// Reads `version-trace_id-parent_id-flags`. Later versions may have more behind it.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let mut hex = |digits: usize| {
            let is_hex = |part: &&str| part.len() == digits && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            parts.next().filter(is_hex)
        };
        let (version, trace_id, parent, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
        let is_known = version != "ff" && (version != "00" || parts.next().is_none());
        let trace_id = u128::from_str_radix(trace_id, 16).ok().filter(|id| *id != 0 && is_known)?;
        let parent = u64::from_str_radix(parent, 16).ok().filter(|id| *id != 0)?;
        let flags = u8::from_str_radix(flags, 16).ok()?;
        Some(Self { trace_id, parent: Some(parent), is_sampled: flags & 1 != 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn a_traceparent_is_read_as_it_is_specified() {
        let read = |version: &str, flags: &str| TraceContext::parse(&format!("{version}-{TRACE}-00f067aa0ba902b7-{flags}"));
        let context = read("00", "01").expect("a context");
        assert_eq!((context.trace_id, context.parent), (0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, Some(0x00f0_67aa_0ba9_02b7)));
        assert!(context.is_sampled && !read("00", "00").expect("a context").is_sampled);
        assert!(read("cc", "01-what-comes-later").is_some());
        for bad in [read("00", "01-more"), read("ff", "01"), read("0", "01"), read("00", "x1")] {
            assert_eq!(bad, None);
        }
        for bad in [format!("00-{}-00f067aa0ba902b7-01", TRACE.replace(|_| true, "0")), TRACE.to_owned(), String::new()] {
            assert_eq!(TraceContext::parse(&bad), None, "{bad}");
        }
    }
}
