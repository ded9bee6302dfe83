//! Calls by name and JSON, to something that takes the contract's messages.

use prost::Message;
use serde_json::Value;

use super::json;
use super::ledger::{Answer, Ledger, Refusal};
use super::scenario::Callee;

/// A ledger that is called by name.
pub struct ByName<L>(pub L);

impl<L: Ledger> Callee for ByName<L> {
    fn call(&mut self, method: &str, request: &Value) -> Result<Value, Refusal> {
        let ledger = &mut self.0;
        let name = method.rsplit('/').next().unwrap_or_default();
        match name {
            "Append" => asked(name, request, |r| ledger.append(r)),
            "GetPartner" => asked(name, request, |r| ledger.partner(r)),
            "GetAgreement" => asked(name, request, |r| ledger.agreement(r)),
            "GetLead" => asked(name, request, |r| ledger.lead(r)),
            "GetBalance" => asked(name, request, |r| ledger.balance(r)),
            "ListEntries" => asked(name, request, |r| ledger.entries(r)),
            "ListPayables" => asked(name, request, |r| ledger.payables(r)),
            "ListDisputes" => asked(name, request, |r| ledger.disputes(r)),
            "ExplainSale" => asked(name, request, |r| ledger.explain(r)),
            "ListPayouts" => asked(name, request, |r| ledger.payouts(r)),
            "GetCampaign" => asked(name, request, |r| ledger.campaign(r)),
            "GetMetrics" => asked(name, request, |r| ledger.metrics(r)),
            "ListAlerts" => asked(name, request, |r| ledger.alerts(r)),
            "GetProgramme" => asked(name, request, |r| ledger.programme(r)),
            "ListProgrammes" => asked(name, request, |r| ledger.programmes(r)),
            "GetPayoutSummary" => asked(name, request, |r| ledger.payout_summary(r)),
            "GetTrialBalance" => asked(name, request, |r| ledger.trial_balance(r)),
            _ => Err(Refusal { code: "UNIMPLEMENTED".to_owned(), message: format!("{name} is beyond the model"), ..Refusal::default() }),
        }
    }
}

fn asked<Q, A>(name: &str, request: &Value, ask: impl FnOnce(&Q) -> Answer<A>) -> Answer<Value>
where
    Q: Message + Default,
    A: Message,
{
    let request = json::read(json::message(&format!("{name}Request")), request);
    let request: Q = request.transcode_to().expect("generated from the same contract");
    let answer = ask(&request)?;
    Ok(json::write(&json::dynamic(&format!("{name}Response"), &answer)))
}
