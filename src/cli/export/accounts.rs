//! Ledger accounts (rules 12, 21) under the five roots that accounting programs expect.
//!
//! A name is derived from the account's alone, so every export calls an account the same; and no two accounts get the
//! same name: ids are escaped one by one, and the escape can be undone.

/// The house's accounts, each with its place in the books.
const HOUSE: [(&str, &str); 9] = [
    ("house:cash", "Assets:House:Cash"),
    ("house:sales-clearing", "Assets:House:Sales-Clearing"),
    ("house:tax-withheld", "Liabilities:House:Tax-Withheld"),
    ("house:payouts-in-transit", "Liabilities:House:Payouts-In-Transit"),
    ("house:input-tax", "Assets:House:Input-Tax"),
    ("house:exchange", "Equity:House:Exchange"),
    ("house:commission", "Expenses:House:Commission"),
    ("house:adjustments", "Expenses:House:Adjustments"),
    ("house:campaigns", "Expenses:House:Campaigns"),
];

/// Accounts that go by an id, each kind with its place in the books.
const BY_ID: [(&str, &str); 4] = [
    ("partner:", "Liabilities:Partner:"),
    ("capital:house:", "Equity:Capital:House:"),
    ("capital:partner:", "Equity:Capital:Partner:"),
    ("venture:", "Equity:Venture:"),
];

/// The name in the books of a ledger account; `None` for an account that this release does not know.
pub fn book_account(ledger_account: &str) -> Option<String> {
    if let Some((_, book)) = HOUSE.iter().find(|(known, _)| *known == ledger_account) {
        return Some((*book).to_owned());
    }
    BY_ID.iter().find_map(|(prefix, book)| Some(format!("{book}{}", escaped(ledger_account.strip_prefix(prefix)?)?)))
}

/// An id as one part of an account's name, which begins with a capital or a digit and holds letters, digits and `-`.
///
/// A small first letter becomes a capital. `X` escapes what has no place: `Xd` is `.`, `Xu` is `_`, `Xc` is `:`, `Xh` a
/// first `-`, and `X` with a capital behind it is that capital where it would read as something else: as a first small
/// letter, or as an escape.
fn escaped(id: &str) -> Option<String> {
    let mut part = String::with_capacity(id.len() + 4);
    for (index, letter) in id.chars().enumerate() {
        match letter {
            'x' if index == 0 => part.push_str("Xx"),
            'a'..='z' if index == 0 => part.push(letter.to_ascii_uppercase()),
            'X' => part.push_str("XX"),
            'A'..='Z' if index == 0 => part.extend(['X', letter]),
            '-' if index == 0 => part.push_str("Xh"),
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' => part.push(letter),
            '.' => part.push_str("Xd"),
            '_' => part.push_str("Xu"),
            ':' => part.push_str("Xc"),
            _ => return None,
        }
    }
    (!part.is_empty()).then_some(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What `escaped` made, undone.
    fn unescaped(part: &str) -> Option<String> {
        let mut id = String::new();
        let mut letters = part.chars();
        while let Some(letter) = letters.next() {
            match letter {
                'X' => id.push(match letters.next()? {
                    'd' => '.',
                    'u' => '_',
                    'c' => ':',
                    'h' => '-',
                    'x' => 'x',
                    capital @ 'A'..='Z' => capital,
                    _ => return None,
                }),
                'A'..='Z' if id.is_empty() => id.push(letter.to_ascii_lowercase()),
                other => id.push(other),
            }
        }
        Some(id)
    }

    #[test]
    fn common_ids_stay_readable_and_odd_ones_stay_apart() {
        let names = ["acme", "Acme", "acme-2026", "x", "X", "-a", "a.b_c:d", "7", "aXb"].map(|id| escaped(id).expect("an id"));
        assert_eq!(names, ["Acme", "XAcme", "Acme-2026", "Xx", "XX", "Xha", "AXdbXucXcd", "7", "AXXb"]);
    }

    #[test]
    fn every_account_of_the_rules_has_its_root() {
        for (account, book) in [
            ("partner:acme", "Liabilities:Partner:Acme"),
            ("house:cash", "Assets:House:Cash"),
            ("house:campaigns", "Expenses:House:Campaigns"),
            ("house:payouts-in-transit", "Liabilities:House:Payouts-In-Transit"),
            ("house:input-tax", "Assets:House:Input-Tax"),
            ("house:exchange", "Equity:House:Exchange"),
            ("capital:house:jv-1", "Equity:Capital:House:Jv-1"),
            ("capital:partner:jv-1", "Equity:Capital:Partner:Jv-1"),
            ("venture:jv-1", "Equity:Venture:Jv-1"),
        ] {
            assert_eq!(book_account(account).as_deref(), Some(book));
        }
        assert_eq!(["house:unheard-of", "partner:", "partner:a b", "cash"].map(book_account), [const { None }; 4]);
    }

    proptest! {
        #[test]
        fn an_escaped_id_is_a_part_of_a_name_and_can_be_undone(id in "[A-Za-z0-9._:-]{1,64}") {
            let part = escaped(&id).expect("an id");
            prop_assert!(part.starts_with(|first: char| first.is_ascii_uppercase() || first.is_ascii_digit()), "{}", part);
            prop_assert!(part.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-'), "{}", part);
            prop_assert_eq!(unescaped(&part), Some(id));
        }
    }
}
