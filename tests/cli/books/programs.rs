//! The accounting programs: they check the books, and say what they make of them.

use super::Balances;
use std::path::Path;
use std::process::{Command, Output};

/// Where a program is looked for, and how to get it.
struct Program {
    name: &'static str,
    variable: &'static str,
    from: &'static str,
}

const HLEDGER: Program = Program { name: "hledger", variable: "HLEDGER", from: "apt-get install hledger" };
const BEAN_CHECK: Program = Program { name: "bean-check", variable: "BEAN_CHECK", from: "pip install beancount" };
const BEAN_QUERY: Program = Program { name: "bean-query", variable: "BEAN_QUERY", from: "pip install beanquery" };

/// Has a format's program check the books, strictly, and gives the balances that it reads, by the books' own names of
/// the accounts. Nothing if the program is not there and need not be.
pub fn balances(format: &str, file: &Path) -> Option<Balances> {
    let table = if format == "hledger" {
        run(&HLEDGER, |command| command.arg("-f").arg(file).args(["check", "--strict"]))?;
        let words = ["balance", "--flat", "--no-total", "--empty", "--layout=bare", "-O", "csv"];
        run(&HLEDGER, |command| command.arg("-f").arg(file).args(words))?
    } else {
        run(&BEAN_CHECK, |command| command.arg(file))?;
        let question = "SELECT account, currency, sum(number) GROUP BY account, currency";
        run(&BEAN_QUERY, |command| command.args(["-f", "csv"]).arg(file).arg(question))?
    };
    let rows = table.lines().skip(1).map(|row| row.split(',').map(|cell| cell.trim_matches(['"', ' '])).collect::<Vec<_>>());
    let mut balances = Balances::new();
    for row in rows {
        let [account, currency, number] = row[..] else { panic!("{format} says {row:?}") };
        let minor_units = super::reader::minor_units(number, currency);
        if minor_units != 0 {
            balances.insert((account.to_owned(), currency.to_owned()), minor_units);
        }
    }
    Some(balances)
}

/// What a program says; it must end well and complain of nothing.
fn run(program: &Program, with: impl FnOnce(&mut Command) -> &mut Command) -> Option<String> {
    let path = std::env::var_os(program.variable).unwrap_or_else(|| program.name.into());
    let mut command = Command::new(&path);
    // hledger reads texts by the locale, and one without UTF-8 is common in containers.
    with(&mut command).env("LC_ALL", "C.UTF-8");
    let started = std::time::Instant::now();
    match command.output() {
        Ok(output) => {
            eprintln!("{}: {:?}", program.name, started.elapsed());
            Some(said(program, output))
        }
        Err(error) => {
            let missing = format!("{} cannot be run ({error}); {}, or set {} to where it is", program.name, program.from, program.variable);
            assert!(std::env::var_os("PARTNERSHIP_LEDGER_BOOKS").is_none_or(|wanted| wanted != "required"), "{missing}");
            eprintln!("left out: {missing}");
            None
        }
    }
}

fn said(program: &Program, output: Output) -> String {
    let out = String::from_utf8(output.stdout).expect("UTF-8");
    let error = String::from_utf8_lossy(&output.stderr);
    let told: String = error.chars().take(2_000).collect();
    assert!(output.status.success() && error.trim().is_empty(), "{} refuses the books: {told}", program.name);
    out
}
