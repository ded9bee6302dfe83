//! Messages of the contract with `bytes` in place of parts that are not read or are encoded already, generated from
//! `proto/internal/pass_through.proto`.

use crate::proto;
use prost::{DecodeError, Message as _};

#[allow(clippy::all, clippy::pedantic, missing_docs, reason = "generated code")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/internal/internal.rs"));
}

pub use generated::*;

impl AppendResponse {
    /// Returns the contract's message, with every result decoded.
    ///
    /// # Errors
    /// If a result cannot be read, which is a defect.
    pub fn to_message(&self) -> Result<proto::AppendResponse, DecodeError> {
        let results: Result<_, _> = self.results.iter().map(|result| proto::AppendResult::decode(&result[..])).collect();
        Ok(proto::AppendResponse { results: results?, position: self.position })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proto::subscribe_response::Item as Theirs;
    use subscribe_response::Item as Ours;

    fn event(number: u8) -> proto::Event {
        let body = proto::event::Body::LeadQualified(proto::LeadQualified { lead_id: format!("lead-{number}") });
        proto::Event { event_id: format!("01890a5d-ac96-774b-bcce-b302099a80{number:02}"), body: Some(body), ..Default::default() }
    }

    fn encoded(events: &[proto::Event]) -> Vec<Bytes> {
        events.iter().map(|event| event.encode_to_vec().into()).collect()
    }

    #[test]
    fn requests_are_read_as_their_messages_are_written() {
        let events = vec![event(1), event(2)];
        let request = proto::AppendRequest { events: events.clone(), expected_last_position: Some(0) };
        let read = AppendRequest::decode(Bytes::from(request.encode_to_vec())).expect("a message");
        assert_eq!(read, AppendRequest { events: encoded(&events), expected_last_position: Some(0) });

        let request = proto::AppendStreamRequest { request_id: "mine".to_owned(), events: events.clone(), expected_last_position: None };
        let read = AppendStreamRequest::decode(Bytes::from(request.encode_to_vec())).expect("a message");
        assert_eq!(read, AppendStreamRequest { request_id: "mine".to_owned(), events: encoded(&events), expected_last_position: None });
    }

    #[test]
    fn events_are_parts_of_the_request_and_not_copied() {
        let request = Bytes::from(proto::AppendRequest { events: vec![event(1)], expected_last_position: None }.encode_to_vec());
        let read = AppendRequest::decode(request.clone()).expect("a message");
        assert!(request.as_ptr_range().contains(&read.events[0].as_ptr()));
    }

    #[test]
    fn responses_are_written_as_their_messages_are() {
        let result = proto::AppendResult { position: 7, duplicate: true, ..Default::default() };
        let theirs = proto::AppendResponse { results: vec![result.clone(), result.clone()], position: 300 };
        let ours = AppendResponse { results: vec![result.encode_to_vec().into(); 2], position: 300 };
        assert_eq!((ours.encode_to_vec(), ours.to_message()), (theirs.encode_to_vec(), Ok(theirs.clone())));

        let error = proto::AppendError { code: 3, message: "no".to_owned(), ..Default::default() };
        let outcomes = [
            (append_stream_response::Outcome::Response(ours), proto::append_stream_response::Outcome::Response(theirs)),
            (append_stream_response::Outcome::Error(error.clone()), proto::append_stream_response::Outcome::Error(error)),
        ];
        for (ours, theirs) in outcomes {
            let ours = AppendStreamResponse { request_id: "mine".to_owned(), outcome: Some(ours) };
            let theirs = proto::AppendStreamResponse { request_id: "mine".to_owned(), outcome: Some(theirs) };
            assert_eq!(ours.encode_to_vec(), theirs.encode_to_vec());
        }

        let record = proto::Record { position: 9, event: Some(event(1)), ..Default::default() };
        let theirs = proto::ReadRecordsResponse { records: vec![record.clone(), record.clone()], position: 12 };
        let ours = ReadRecordsResponse { records: vec![record.encode_to_vec(); 2], position: 12 };
        assert_eq!(ours.encode_to_vec(), theirs.encode_to_vec());

        let page = proto::RecordPage { records: vec![record; 2] };
        for (ours, theirs) in [
            (Ours::Records(page.encode_to_vec().into()), Theirs::Records(page)),
            (Ours::CaughtUp(proto::CaughtUp {}), Theirs::CaughtUp(proto::CaughtUp {})),
            (Ours::Heartbeat(proto::Heartbeat {}), Theirs::Heartbeat(proto::Heartbeat {})),
        ] {
            let ours = SubscribeResponse { item: Some(ours), position: 300 };
            assert_eq!(ours.encode_to_vec(), proto::SubscribeResponse { item: Some(theirs), position: 300 }.encode_to_vec());
        }
    }

    #[test]
    fn fields_of_a_later_contract_are_passed_over_and_broken_messages_refused() {
        let mut bytes = proto::AppendRequest { events: vec![event(1)], expected_last_position: None }.encode_to_vec();
        prost::encoding::string::encode(99, &"from the future".to_owned(), &mut bytes);
        assert_eq!(AppendRequest::decode(&bytes[..]).expect("a message").events.len(), 1);
        for cut in 1..bytes.len() {
            // Cut between two fields it is a whole message still.
            let ours = AppendRequest::decode(&bytes[..cut]).map_err(|_| ());
            let theirs = proto::AppendRequest::decode(&bytes[..cut]).map_err(|_| ());
            assert_eq!(ours.map(|read| read.events), theirs.map(|read| encoded(&read.events)), "{cut}");
        }
        assert!(AppendRequest::decode(&[0x08, 0x01][..]).is_err(), "a number in place of an event");
    }
}
