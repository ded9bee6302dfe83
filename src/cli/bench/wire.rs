//! Sends requests that are encoded already and decodes of answers only what is needed: clients share the machine with the
//! ledger, so work that they save is not taken from it.

use partnership_ledger::proto;
use prost::Message as _;
use prost::bytes::{Buf, BufMut as _, Bytes};
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use std::marker::PhantomData;
use std::time::Duration;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// An answer, as far as it is decoded.
pub trait Answer: Sized + Send + Sync + 'static {
    /// Decodes an answer, to the end of `source`.
    fn read(source: &mut impl Buf) -> Result<Self, prost::DecodeError>;
}

/// A codec that sends encoded requests and decodes answers as `A`.
#[derive(Debug)]
pub struct Raw<A>(PhantomData<fn() -> A>);

impl<A> Raw<A> {
    /// A codec of answers of the type `A`.
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<A: Answer> Codec for Raw<A> {
    type Encode = Bytes;
    type Decode = A;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self::new()
    }

    fn decoder(&mut self) -> Self {
        Self::new()
    }
}

impl<A: Answer> Encoder for Raw<A> {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, target: &mut EncodeBuf<'_>) -> Result<(), Status> {
        target.put(item);
        Ok(())
    }
}

impl<A: Answer> Decoder for Raw<A> {
    type Item = A;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<A>, Status> {
        A::read(source).map(Some).map_err(|error| Status::internal(format!("the answer cannot be read: {error}")))
    }
}

/// Calls `field` for every field of a message with its number and wire type; it must read or skip the value.
fn each_field<B: Buf>(
    source: &mut B,
    mut field: impl FnMut(u32, WireType, &mut B) -> Result<(), prost::DecodeError>,
) -> Result<(), prost::DecodeError> {
    while source.has_remaining() {
        let (number, wire) = decode_key(source)?;
        field(number, wire, source)?;
    }
    Ok(())
}

fn skip(number: u32, wire: WireType, source: &mut impl Buf) -> Result<(), prost::DecodeError> {
    skip_field(wire, number, source, DecodeContext::default())
}

/// An answer that is not decoded.
#[derive(Debug)]
pub struct Ignored;

impl Answer for Ignored {
    fn read(source: &mut impl Buf) -> Result<Self, prost::DecodeError> {
        source.advance(source.remaining());
        Ok(Self)
    }
}

/// A fully decoded answer.
#[derive(Debug)]
pub struct Decoded<M>(pub M);

impl<M: prost::Message + Default + 'static> Answer for Decoded<M> {
    fn read(source: &mut impl Buf) -> Result<Self, prost::DecodeError> {
        M::decode(source).map(Self)
    }
}

/// The number of events that an `AppendResponse` acknowledges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    pub results: u64,
    /// What is wrong with a checked answer; always `None` for one that was only counted.
    pub problem: Option<&'static str>,
}

impl Answer for Appended {
    fn read(source: &mut impl Buf) -> Result<Self, prost::DecodeError> {
        let mut results = 0;
        each_field(source, |number, wire, source| {
            results += u64::from(number == 1);
            skip(number, wire, source)
        })?;
        Ok(Self { results, problem: None })
    }
}

/// The same, of an answer that is fully decoded and checked.
#[derive(Debug)]
pub struct Checked(pub Appended);

impl Answer for Checked {
    fn read(source: &mut impl Buf) -> Result<Self, prost::DecodeError> {
        Ok(Self(checked(&proto::AppendResponse::decode(source)?)))
    }
}

fn checked(answer: &proto::AppendResponse) -> Appended {
    let follows = |pair: &[proto::AppendResult]| pair[1].position == pair[0].position + 1;
    let problem = if answer.results.iter().any(|result| result.duplicate) {
        Some("an event had been recorded before")
    } else if !answer.results.windows(2).all(follows) {
        Some("the events of a call do not follow each other")
    } else if answer.results.last().is_some_and(|last| last.position > answer.position) {
        Some("the ledger's last position is behind an event that it acknowledges")
    } else {
        None
    };
    Appended { results: answer.results.len() as u64, problem }
}

/// An answer that acknowledges the events of a call.
pub trait Acknowledges: Answer {
    /// Returns what it acknowledges.
    fn appended(self) -> Appended;
}

impl Acknowledges for Appended {
    fn appended(self) -> Appended {
        self
    }
}

impl Acknowledges for Checked {
    fn appended(self) -> Appended {
        self.0
    }
}

/// An `AppendStreamResponse`: what it acknowledges, or why it refuses.
#[derive(Debug)]
pub struct Streamed<A>(pub Result<A, Box<proto::AppendError>>);

impl<A: Acknowledges> Answer for Streamed<A> {
    fn read(source: &mut impl Buf) -> Result<Self, prost::DecodeError> {
        let mut outcome = None;
        each_field(source, |number, wire, source| match number {
            2 => {
                let length = length(source)?;
                outcome = Some(Ok(A::read(&mut source.take(length))?));
                Ok(())
            }
            3 => {
                let length = length(source)?;
                outcome = Some(Err(Box::new(proto::AppendError::decode(source.take(length))?)));
                Ok(())
            }
            _ => skip(number, wire, source),
        })?;
        Ok(Self(outcome.unwrap_or_else(|| Err(Box::default()))))
    }
}

fn length(source: &mut impl Buf) -> Result<usize, prost::DecodeError> {
    Ok(usize::try_from(decode_varint(source)?).unwrap_or(usize::MAX))
}

/// The number of records of a page, and their size.
#[derive(Debug, Clone, Copy, Default)]
pub struct PageSize {
    pub records: u64,
    /// The size of the records as the contract encodes them, in bytes.
    pub bytes: u64,
}

impl Answer for PageSize {
    fn read(source: &mut impl Buf) -> Result<Self, prost::DecodeError> {
        let mut page = Self::default();
        each_field(source, |number, wire, source| {
            if number != 1 {
                return skip(number, wire, source);
            }
            let length = length(source)?;
            page.records += 1;
            page.bytes += length as u64;
            source.advance(length.min(source.remaining()));
            Ok(())
        })?;
        Ok(page)
    }
}

/// A `SubscribeResponse`: how many records it has, and when the ledger took the first of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct FollowedPage {
    pub records: u64,
    /// Since the beginning of 1970.
    pub first_recorded_at: Duration,
    pub position: u64,
}

impl Answer for FollowedPage {
    fn read(source: &mut impl Buf) -> Result<Self, prost::DecodeError> {
        let mut page = Self::default();
        each_field(source, |number, wire, source| match number {
            1 => {
                let length = length(source)?;
                page.read_records(&mut source.take(length))
            }
            4 => {
                page.position = decode_varint(source)?;
                Ok(())
            }
            _ => skip(number, wire, source),
        })?;
        Ok(page)
    }
}

impl FollowedPage {
    fn read_records(&mut self, source: &mut impl Buf) -> Result<(), prost::DecodeError> {
        each_field(source, |_, _, source| {
            let length = length(source)?;
            self.records += 1;
            if self.records == 1 {
                self.first_recorded_at = recorded_at(&mut source.take(length))?;
            } else {
                source.advance(length.min(source.remaining()));
            }
            Ok(())
        })
    }
}

/// When a record was recorded.
fn recorded_at(record: &mut impl Buf) -> Result<Duration, prost::DecodeError> {
    let mut time = prost_types::Timestamp::default();
    each_field(record, |number, wire, source| match number {
        2 => {
            let length = length(source)?;
            time = prost_types::Timestamp::decode(source.take(length))?;
            Ok(())
        }
        _ => skip(number, wire, source),
    })?;
    Ok(Duration::new(time.seconds.try_into().unwrap_or_default(), time.nanos.try_into().unwrap_or_default()))
}

/// Encodes a request with these events, for a unary call or a stream: the fields have other numbers there.
pub fn append_request(events: Vec<proto::Event>, on_a_stream: bool) -> Bytes {
    let bytes = if on_a_stream {
        proto::AppendStreamRequest { request_id: String::new(), events, expected_last_position: None }.encode_to_vec()
    } else {
        proto::AppendRequest { events, expected_last_position: None }.encode_to_vec()
    };
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(positions: &[u64]) -> proto::AppendResponse {
        let result = |&position| proto::AppendResult {
            position,
            event_id: "id".to_owned(),
            duplicate: false,
            effects: vec![proto::Effect::default()],
        };
        proto::AppendResponse { results: positions.iter().map(result).collect(), position: 9 }
    }

    #[test]
    fn acknowledged_events_are_counted_without_decoding_them() {
        let bytes = answer(&[7, 8, 9]).encode_to_vec();
        assert_eq!(Appended::read(&mut bytes.as_slice()).expect("an answer"), Appended { results: 3, problem: None });
        let Checked(checked) = Checked::read(&mut bytes.as_slice()).expect("an answer");
        assert_eq!(checked, Appended { results: 3, problem: None });
    }

    #[test]
    fn a_checked_answer_tells_gaps_and_duplicates() {
        assert!(checked(&answer(&[6, 8])).problem.is_some());
        let mut again = answer(&[8, 9]);
        again.results[1].duplicate = true;
        assert!(checked(&again).problem.is_some());
    }

    #[test]
    fn a_stream_s_answer_is_an_acknowledgement_or_a_refusal() {
        use proto::append_stream_response::Outcome;
        let read = |outcome| {
            let bytes = proto::AppendStreamResponse { request_id: "7".to_owned(), outcome: Some(outcome) }.encode_to_vec();
            Streamed::<Appended>::read(&mut bytes.as_slice()).expect("an answer").0
        };
        assert_eq!(read(Outcome::Response(answer(&[1, 2]))).map(|answer| answer.results).ok(), Some(2));
        let refused = read(Outcome::Error(proto::AppendError { code: 5, ..proto::AppendError::default() }));
        assert_eq!(refused.expect_err("refused").code, 5);
    }

    #[test]
    fn a_page_s_records_are_counted_with_their_bytes() {
        let records =
            vec![proto::Record { position: 300, ..proto::Record::default() }, proto::Record { position: 301, ..proto::Record::default() }];
        let bytes: usize = records.iter().map(proto::Record::encoded_len).sum();
        let page = PageSize::read(&mut proto::ReadRecordsResponse { records, position: 301 }.encode_to_vec().as_slice()).expect("a page");
        assert_eq!((page.records, page.bytes), (2, bytes as u64));
    }

    #[test]
    fn what_a_subscriber_gets_is_counted_with_the_time_of_its_first_record() {
        use proto::subscribe_response::Item;
        let record = |position, nanos| proto::Record {
            position,
            recorded_at: Some(prost_types::Timestamp { seconds: 5, nanos }),
            recorded_by: "x".repeat(300),
            ..proto::Record::default()
        };
        let read = |item| {
            let bytes = proto::SubscribeResponse { item: Some(item), position: 301 }.encode_to_vec();
            let page = FollowedPage::read(&mut bytes.as_slice()).expect("a page");
            (page.records, page.first_recorded_at, page.position)
        };
        let records = vec![record(300, 7), record(301, 8)];
        assert_eq!(read(Item::Records(proto::RecordPage { records })), (2, Duration::new(5, 7), 301));
        assert_eq!(read(Item::Heartbeat(proto::Heartbeat {})), (0, Duration::ZERO, 301));
    }
}
