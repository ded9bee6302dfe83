//! The long help of `import`: how a mapping is written. The fields come from the table of kinds.

use super::kinds::Kind;
use std::fmt::Write as _;

const MAPPING: &str = r#"The mapping is a TOML file with a table for each kind of row:

  separator = ","                # between cells; ";" or "\t" as well
  time_zone = "Asia/Bangkok"     # of times that name none; UTC if left out
  dates     = ["%d/%m/%Y %H:%M"] # tried in order, as strftime has them, or unix or
                                 # unix_ms; RFC 3339 and 2026-01-31 if left out
  decimal   = "."                # in amounts
  thousands = ","                # between groups of three digits; none if left out, and
                                 # never the same as decimal
  strip     = ["$"]              # what may stand around an amount
  buddhist_era = false           # true: 2569, or 69 for %y, is 2026; earlier years than
                                 # 2400 are refused

  [sales]
  keep = { Type = ["sale"] }     # take only rows with one of these cells
  skip = { Status = ["fraud"] }  # leave out rows with one of these cells

  [sales.fields]
  sale_id     = "Invoice"        # a column, by its name in the first row
  lead_id     = { column = "Customer", prefix = "dub-" }
  amount      = { column = "Amount", minor_units = true }
  currency    = { constant = "USD" }
  occurred_at = { column = "Created", time_zone = "UTC", dates = ["%d.%m.%Y"] }
  "metadata.buyer" = { column = ["First name", "Last name"] }
  product     = { column = "Plan", default = "basic", values = { "P1" = "pro" } }

Of a field may be said: column or constant; default (for an empty cell); values
(what cells stand for, in letters of any size); escape = true (make an id of any
text, such as an address); prefix (put in front); split (between the items of a
list, ";" if left out); minor_units; and decimal, thousands, strip, dates,
time_zone, buddhist_era for this field alone.

A row is known by its own id, or by the fields in `identity = [...]`. Its event's
id is made of that, so that a second run records nothing anew; a row that has
changed since is refused. Payouts and payments received share their ids; where
they are numbered apart, give the payment_id of one of them a prefix. What became of a payout that was SENT is a row of
settlements. Agreements have terms, not rows: record them with
`append` before the leads. Each row is an event of its own: one that is refused
does not stop the others, and the exit code says whether any was (1).

A dry run decides each row against a copy of the ledger as it is now, so that
leads are refused as long as their agreements are not recorded: import the files
in their order, each after its dry run.
"#;

/// How a mapping is written, and the fields of each kind.
pub fn mapping() -> String {
    let mut help = MAPPING.to_owned();
    for kind in Kind::ALL {
        let _ = write!(help, "\nFields of {} (* is required):\n", kind.name());
        for (name, required, what) in kind.fields().iter().filter(|(.., what)| !what.is_empty()) {
            let star = if *required { "*" } else { " " };
            let _ = writeln!(help, " {star}{name:<14} {what}");
        }
        help.push_str("  metadata.NAME  text, kept with the event\n");
    }
    help
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_told() {
        let help = mapping();
        for kind in Kind::ALL {
            for name in kind.field_names() {
                assert!(help.contains(name), "{name} of {}", kind.name());
            }
        }
    }
}
