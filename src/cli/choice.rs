//! Values of the contract's enums as arguments of options: `joint-webinar`, `under-notice`.

use super::text::Coded;

/// Parses a value; the error lists all values.
pub fn parse<E: Coded>(text: &str) -> Result<i32, String> {
    let wanted = text.to_ascii_lowercase().replace('_', "-");
    let found = values::<E>().find(|(_, name)| *name == wanted);
    found.map(|(value, _)| value).ok_or_else(|| {
        let names: Vec<String> = values::<E>().map(|(_, name)| name).collect();
        format!("must be one of {}", names.join(", "))
    })
}

/// Returns the values with their names, without the unspecified one.
fn values<E: Coded>() -> impl Iterator<Item = (i32, String)> {
    let named = |value| Some((value, E::try_from(value).ok()?.name().trim_start_matches(E::PREFIX).to_ascii_lowercase().replace('_', "-")));
    (1..).map_while(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use partnership_ledger::proto::{AgreementState, CampaignType};

    #[test]
    fn values_are_named_as_the_contract_does_in_small_letters() {
        assert_eq!(parse::<AgreementState>("under-notice"), Ok(AgreementState::UnderNotice.into()));
        assert_eq!(parse::<CampaignType>("JOINT_WEBINAR"), Ok(CampaignType::JointWebinar.into()));
    }

    #[test]
    fn what_is_no_value_is_told_which_there_are() {
        let expected = "must be one of proposed, active, under-notice, expired, terminated";
        assert_eq!(parse::<AgreementState>("unspecified"), Err(expected.to_owned()));
    }
}
