//! Moving between stores: a backup of one, restored into the other, has the same root.

use crate::common::postgres::{Postgres, Standby};
use crate::common::program::{Outcome, STORY, STORY_EVENTS, finish, program};
use crate::common::server::Server;
use crate::nodes::Node;

fn root_of(outcome: &Outcome) -> String {
    outcome.json()["tree_root"].as_str().expect("a root").to_owned()
}

fn run(words: &[&str]) -> Outcome {
    finish(program().args(words))
}

#[test]
fn a_ledger_moves_into_a_database_and_back_with_the_same_root() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (embedded, copy, copy_back, back) = (path("embedded"), path("copy"), path("copy-back"), path("back"));
    let url = postgres.url();
    let mut server = Server::on(&dir.path().join("embedded"));
    assert_eq!(finish(server.command(&["append"]).write_stdin(STORY)).code, 0);
    server.terminate();
    let root = root_of(&run(&["verify", "--data-dir", &embedded, "--json"]));
    assert_eq!(run(&["backup", "--data-dir", &embedded, "--to", &copy]).code, 0);

    let restored = run(&["restore", "--from", &copy, "--store", &url, "--json"]);
    assert_eq!(root_of(&restored), root);
    assert_eq!(root_of(&run(&["verify", "--store", &url, "--json"])), root);
    let again = run(&["restore", "--from", &copy, "--store", &url]);
    assert!(again.code == 2 && again.error.contains("has records already"), "{}{}", again.code, again.error);

    // It is served, and goes on.
    let node = Node::new(&url, &[]);
    let outcome = finish(program().args(["append", "--address", &node.address]).write_stdin(STORY));
    assert!(outcome.out.contains(&format!("0 recorded, {STORY_EVENTS}")), "{}{}", outcome.out, outcome.error);
    drop(node);

    assert_eq!(run(&["backup", "--store", &url, "--to", &copy_back]).code, 0);
    assert_eq!(root_of(&run(&["restore", "--from", &copy_back, "--data-dir", &back, "--json"])), root);
    assert_eq!(root_of(&run(&["verify", "--data-dir", &back, "--json"])), root);

    // A name that nobody has used is no ledger, and looking does not make it one.
    let none = run(&["verify", "--store", &url, "--ledger", "mistyped"]);
    assert_eq!(none.code, 2, "{}", none.error);
    assert_eq!(postgres.primary.ask("select count(*) from ledger_epoch"), "1");
}

#[test]
fn a_directory_with_a_ledger_of_its_own_is_not_taken_for_a_database_s() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let mut server = Server::fresh();
    assert_eq!(server.ask(&["whoami"]).code, 0);
    let dir = tempfile::tempdir().expect("a directory");
    let mut embedded = Server::on(dir.path());
    embedded.terminate();
    let refused = crate::nodes::start(dir.path(), crate::common::server::ANY_PORT, &postgres.url(), &[]).expect_err("refused");
    assert_eq!(refused.status.code(), Some(2));
    server.kill();
}
