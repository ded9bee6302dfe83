//! Records, written directly to the bytes of their message.

use super::EncodedEffects;
use super::fields::{delimited, number, optional_time, text};
use crate::domain::calendar::Time;

/// Appends the bytes of a `Record`. The event is written as it was sent.
pub fn write_record(out: &mut Vec<u8>, position: u64, recorded_at: Time, recorded_by: &str, event: &[u8], effects: &EncodedEffects) {
    number(out, 1, position);
    optional_time(out, 2, Some(recorded_at));
    text(out, 3, recorded_by);
    delimited(out, 4, &[event]);
    effects.iter().for_each(|effect| delimited(out, 5, &[effect]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::effect::Effect;
    use crate::domain::ids::Id;
    use crate::proto;
    use prost::Message as _;

    #[test]
    fn records_are_written_as_their_message_is() {
        let effects = [1, 2].map(|number| Effect::BrandUseApproved { brand_use: Id::new(&format!("logo-{number}")).expect("an id") });
        let mut encoded = EncodedEffects::default();
        encoded.set(&effects);
        for (event_bytes, seconds, recorded_by) in [(0, 0, ""), (10, 1_750_000_000, "somebody"), (300, -5, "somebody else")] {
            let event = proto::Event { event_id: "e".repeat(event_bytes), ..Default::default() };
            let recorded_at = Time::from_timestamp(seconds, 7_000).expect("a time");
            let record = proto::Record {
                position: 300,
                recorded_at: Some(prost_types::Timestamp { seconds, nanos: 7_000 }),
                recorded_by: recorded_by.to_owned(),
                event: Some(event.clone()),
                effects: effects.iter().map(Effect::to_message).collect(),
            };
            let mut bytes = Vec::new();
            write_record(&mut bytes, 300, recorded_at, recorded_by, &event.encode_to_vec(), &encoded);
            assert_eq!(bytes, record.encode_to_vec());
        }
    }
}
