//! The months of a statement join, and a closed one stays as it was, whatever is recorded late.

use super::{adjusted, closed, paid, record, refund, registered, sale, signed, sums};
use crate::common::server::Server;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PARTNERS: [&str; 2] = ["siam", "tokyo"];
const CURRENCIES: [&str; 3] = ["USD", "JPY", "KWD"];
const MONTHS: [&str; 6] = ["2025-01", "2025-02", "2025-03", "2025-04", "2025-05", "2025-06"];
/// Facts recorded in each round; a round ends with the close of a month.
const FACTS: usize = 120;

/// Facts in no order: of any time of the half year, closed or not.
struct Facts {
    random: StdRng,
    sales: Vec<(String, String)>,
    made: usize,
}

impl Facts {
    fn next(&mut self) -> String {
        self.made += 1;
        let number = self.made;
        let occurred = format!(
            "{}-{:02}T{:02}:00:00Z",
            MONTHS[self.random.random_range(0..6)],
            self.random.random_range(1..29),
            self.random.random_range(0..24)
        );
        let partner = PARTNERS[self.random.random_range(0..2)];
        let agreement = format!("{partner}-1");
        let currency = CURRENCIES[self.random.random_range(0..3)];
        let amount = self.random.random_range(1..5_000_000);
        match self.random.random_range(0..10) {
            0..5 => {
                self.sales.push((format!("sale-{number}"), currency.to_owned()));
                let side = if number.is_multiple_of(7) { "SIDE_PARTNER" } else { "SIDE_HOUSE" };
                sale(&occurred, &format!("sale-{number}"), &json!({"agreement_id": agreement, "collected_by": side}), currency, amount)
            }
            5..8 if !self.sales.is_empty() => {
                let (sale, currency) = self.sales.swap_remove(self.random.random_range(0..self.sales.len()));
                refund(&occurred, &format!("refund-{number}"), &sale, &currency, amount)
            }
            8 => adjusted(&occurred, &format!("adjustment-{number}"), &agreement, amount - 2_500_000, "counted again"),
            _ => paid(&occurred, &format!("payout-{number}"), partner, currency, amount),
        }
    }
}

/// Opening, sum and closing per currency of a partner's month, with the statement itself.
fn month(served: &Server, partner: &str, month: &str) -> (BTreeMap<String, (i64, i64, i64)>, Value) {
    let csv = served.ask(&["statement", partner, "--month", month, "--format", "csv"]);
    assert_eq!((csv.code, csv.error.as_str()), (0, ""));
    (sums(&csv.out), served.ask(&["statement", partner, "--month", month, "--json"]).json())
}

#[test]
fn each_month_opens_with_what_the_one_before_closed_with() {
    let served = Server::fresh();
    let mut facts = Facts { random: StdRng::seed_from_u64(7), sales: Vec::new(), made: 0 };
    for partner in PARTNERS {
        record(&served, &[registered("2025-01-01", partner, partner), signed("2025-01-01", &format!("{partner}-1"), partner, 30)]);
    }
    let mut settled: Vec<(&str, &str, Value)> = Vec::new();
    for through in ["2025-02-01", "2025-03-01", "2025-04-01", "2025-05-01"] {
        let events: Vec<String> = (0..FACTS).map(|_| facts.next()).collect();
        record(&served, &events);
        record(&served, &[closed(through, &format!("{through}T00:00:00Z"))]);
        let month_closed = MONTHS[settled.len() / 2];
        settled.extend(PARTNERS.map(|partner| (partner, month_closed, month(&served, partner, month_closed).1)));
    }
    record(&served, &(0..FACTS).map(|_| facts.next()).collect::<Vec<_>>());

    for partner in PARTNERS {
        let mut before: BTreeMap<String, i64> = BTreeMap::new();
        for name in MONTHS {
            let (sums, _) = month(&served, partner, name);
            for (currency, (opening, moved, closing)) in &sums {
                assert_eq!(before.get(currency).copied().unwrap_or(0), *opening, "{partner} {name} {currency}");
                assert_eq!(opening + moved, *closing, "{partner} {name} {currency}");
            }
            let gone = before.iter().find(|(currency, net)| **net != 0 && !sums.contains_key(*currency));
            assert_eq!(gone, None, "{partner} {name}: a balance is not lost");
            before.extend(sums.into_iter().map(|(currency, (_, _, closing))| (currency, closing)));
        }
        let balances = served.ask(&["balance", partner, "--json", "--as-of", "2025-07-01"]).json();
        for balance in balances["balances"].as_array().expect("a list") {
            let net = before.get(balance["currency_code"].as_str().expect("a code"));
            assert_eq!(Some(&balance["net"]), net.map(|net| json!(net.to_string())).as_ref(), "{partner}");
        }
    }
    for (partner, name, then) in settled {
        let now = month(&served, partner, name).1;
        assert_eq!((&now["standing"]["state"], &now["currencies"]), (&json!("CLOSED"), &then["currencies"]), "{partner} {name}");
    }
}
