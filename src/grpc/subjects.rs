//! What calls are about, beside the ids that questions name: the types of events, found without reading anything else of them, and
//! the position of an answer.

use crate::proto::{self, DESCRIPTOR};
use prost::Message as _;
use prost::encoding::{DecodeContext, WireType, decode_key, skip_field};
use prost_types::FileDescriptorSet;
use std::sync::LazyLock;

/// An answer that says at which position it was read.
pub trait ReadAt {
    /// The position.
    fn position(&self) -> u64;
}

macro_rules! read_at {
    ($($answer:ident)*) => {
        $(impl ReadAt for proto::$answer {
            fn position(&self) -> u64 {
                self.position
            }
        })*
    };
}

read_at! {
    GetPartnerResponse ListPartnersResponse GetAgreementResponse ListAgreementsResponse GetProgrammeResponse ListProgrammesResponse GetLeadResponse ListLeadsResponse
    GetCampaignResponse ListCampaignsResponse GetBalanceResponse ListBalancesResponse ListEntriesResponse ExplainSaleResponse
    ListPayablesResponse ListPayoutsResponse GetPayoutSummaryResponse ListDisputesResponse GetMetricsResponse ListAlertsResponse GetTrialBalanceResponse GetRecordResponse
}

/// The number of an encoded event's type: that of its body's field. 0 if it has none, or cannot be read.
pub fn type_number(event: &[u8]) -> u32 {
    let (mut rest, mut found) = (event, 0);
    while !rest.is_empty() {
        let Ok((number, wire_type)) = decode_key(&mut rest) else { return 0 };
        // Metadata may stand behind it, and the last body counts.
        if type_name(number).is_some() && wire_type == WireType::LengthDelimited {
            found = number;
        }
        if skip_field(wire_type, number, &mut rest, DecodeContext::default()).is_err() {
            return 0;
        }
    }
    found
}

/// The name of an event's type by its number, as access files and the contract have it.
pub fn type_name(number: u32) -> Option<&'static str> {
    static NAMES: LazyLock<Vec<Option<String>>> = LazyLock::new(|| {
        let files = FileDescriptorSet::decode(DESCRIPTOR).unwrap_or_default();
        let event = files.file.into_iter().flat_map(|file| file.message_type).find(|message| message.name() == "Event");
        let mut names = Vec::new();
        for field in event.into_iter().flat_map(|event| event.field).filter(|field| field.oneof_index.is_some()) {
            let number = usize::try_from(field.number()).unwrap_or_default();
            names.resize(names.len().max(number + 1), None);
            names[number] = field.name;
        }
        names
    });
    NAMES.get(number as usize)?.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_an_event_is_found_without_reading_it() {
        let body = proto::event::Body::LeadQualified(proto::LeadQualified { lead_id: "lead-1".to_owned() });
        let event = proto::Event {
            event_id: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
            metadata: [("source".to_owned(), "crm".to_owned())].into(),
            body: Some(body),
            ..proto::Event::default()
        };
        assert_eq!(type_name(type_number(&event.encode_to_vec())), Some("lead_qualified"));
        assert_eq!(type_number(&proto::Event { body: None, ..event }.encode_to_vec()), 0);
        assert_eq!(type_number(&[0xff, 0xff]), 0);
        assert_eq!(crate::domain::event_types().count(), (0..200).filter_map(type_name).count());
    }
}
