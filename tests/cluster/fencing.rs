//! The journal alone: only one appends, and what is not certain is not acknowledged.

use crate::common::postgres::{Postgres, Standby, until, url};
use partnership_ledger::journal::postgres::{PostgresAddress, PostgresJournal, PostgresOptions};
use partnership_ledger::journal::{Batch, Journal as _, JournalError, SharedJournal as _};
use std::path::Path;
use std::sync::Arc;

const LEDGER: &str = "fenced";

fn options(data_dir: Option<&Path>) -> PostgresOptions {
    PostgresOptions { data_dir: data_dir.map(Path::to_owned), ..PostgresOptions::default() }
}

fn open_at(address: &str, options: PostgresOptions) -> Result<PostgresJournal, JournalError> {
    let address = PostgresAddress::parse(address, LEDGER).expect("an address");
    PostgresJournal::open(address, options).map(|(journal, _)| journal)
}

fn open(postgres: &Postgres, data_dir: Option<&Path>) -> PostgresJournal {
    open_at(&postgres.url(), options(data_dir)).expect("it opens")
}

fn batch(records: impl IntoIterator<Item = String>) -> Batch {
    let mut batch = Batch::new();
    records.into_iter().for_each(|record| batch.push(record.as_bytes()));
    batch
}

fn append(journal: &PostgresJournal, text: &str) -> Result<u64, JournalError> {
    journal.append(journal.last(), &batch([text.to_owned()])).map(|head| head.size)
}

fn is_stopped<T>(outcome: &Result<T, JournalError>) -> bool {
    matches!(outcome, Err(JournalError::Stopped { .. }))
}

#[test]
fn one_leads_and_the_others_take_in_what_it_records() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let (first, second) = (open(&postgres, None), open(&postgres, None));
    assert!(first.lead().expect("it leads"));
    assert!(!second.lead().expect("it asks"), "the lease is another's");
    assert_eq!(append(&first, "one").expect("recorded"), 1);
    until("the follower", || {
        second.refresh().expect("it asks");
        second.last() == 1
    });
    assert_eq!(second.tree_head(), first.tree_head());
    assert!(is_stopped(&append(&second, "two")));
    first.resign().expect("the others are told");
    assert!(second.lead().expect("it asks"), "at once");
    assert_eq!(append(&second, "two").expect("recorded"), 2);
    assert!(is_stopped(&append(&first, "other two")));
    assert_eq!(first.read(1, 10, 100).expect("it reads on").len(), 1);
}

#[test]
fn whoever_led_before_can_append_no_more_however_late_it_tries() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let (first, second) = (open(&postgres, None), open(&postgres, None));
    assert!(first.lead().expect("it leads"));
    append(&first, "one").expect("recorded");
    // As if the first had been asleep for longer than its lease; it is not, and may renew it meanwhile.
    until("the takeover", || {
        postgres.primary.ask("update ledger_lease set lease_until = now() - interval '1 s'");
        second.lead().expect("it asks")
    });
    let refused = append(&first, "late");
    assert!(refused.as_ref().is_err_and(|error| error.to_string().contains("another process leads")), "{refused:?}");
    assert!(is_stopped(&append(&first, "later still")), "it has stopped for good");
    assert_eq!(append(&second, "two").expect("recorded"), 2);
    let third = open(&postgres, None);
    until("the third", || {
        third.refresh().expect("it asks");
        third.last() == 2
    });
    assert_eq!(third.tree_head(), second.tree_head());
}

#[test]
fn a_clock_that_jumps_costs_no_record_and_keeps_nobody_from_leading() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let (first, second) = (open(&postgres, None), open(&postgres, None));
    assert!(first.lead().expect("it leads"));
    append(&first, "one").expect("recorded");
    drop(first);
    // The lease was taken by a clock that was an hour ahead.
    postgres.primary.ask("update ledger_lease set lease_until = now() + interval '1 hour'");
    second.refresh().expect("it asks");
    assert!(second.lead().expect("it leads"));
    assert_eq!(append(&second, "two").expect("recorded"), 2);
}

#[test]
fn a_commit_that_is_cancelled_while_it_waits_for_the_standby_is_not_acknowledged() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let journal = Arc::new(open(&postgres, None));
    assert!(journal.lead().expect("it leads"));
    append(&journal, "one").expect("recorded");
    postgres.standby().crash();
    let appending = Arc::clone(&journal);
    let appended = std::thread::spawn(move || append(&appending, "unreplicated"));
    let waiting = "from pg_stat_activity where wait_event = 'SyncRep' and query like '%ledger_frames%'";
    until("the append waits for the standby", || postgres.primary.ask(&format!("select count(*) {waiting}")) == "1");
    postgres.primary.ask(&format!("select pg_cancel_backend(pid) {waiting}"));
    let outcome = appended.join().expect("it ends");
    // The database says that the statement succeeded: the record is there, and nowhere else.
    assert_eq!(postgres.primary.ask("select max(first_position) from ledger_frames"), "2");
    assert!(outcome.as_ref().is_err_and(|error| error.to_string().contains("may not be replicated")), "{outcome:?}");
    assert!(is_stopped(&append(&journal, "after it")));
    assert_eq!(journal.last(), 1, "nobody reads it");
    postgres.standby().start();
}

#[test]
fn nothing_is_recorded_where_it_could_be_lost_unless_told_so() {
    let Some(postgres) = Postgres::start(Standby::None) else { return };
    let journal = open(&postgres, None);
    let refused = journal.lead().expect_err("no standby").to_string();
    assert!(refused.contains("synchronous_standby_names") && refused.contains("--accept-unreplicated"), "{refused}");
    assert_eq!(postgres.primary.ask("select epoch from ledger_epoch"), "0", "nobody led");
    postgres.primary.ask("alter system set synchronous_commit = 'local'");
    postgres.primary.ask("select pg_reload_conf()");
    until("the setting", || postgres.primary.ask("show synchronous_commit") == "local");
    let refused = open(&postgres, None).lead().expect_err("local commits").to_string();
    assert!(refused.contains("synchronous_commit = on"), "{refused}");
    let told = open_at(&postgres.url(), PostgresOptions { accepts_unreplicated: true, ..options(None) }).expect("it opens");
    assert!(told.lead().expect("it leads"));
    assert_eq!(append(&told, "one").expect("recorded"), 1);
}

#[test]
fn a_synchronous_standby_that_takes_over_has_all_that_was_acknowledged() {
    let Some(postgres) = Postgres::start(Standby::Synchronous) else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let journal = open(&postgres, Some(dir.path()));
    assert!(journal.lead().expect("it leads"));
    for number in 0..50 {
        append(&journal, &format!("record {number}")).expect("recorded");
    }
    let head = journal.tree_head();
    postgres.primary.crash();
    postgres.standby().promote();
    assert!(is_stopped(&append(&journal, "into the void")));
    drop(journal);
    let accepts = PostgresOptions { accepts_unreplicated: true, ..options(Some(dir.path())) };
    // The new primary has no standby yet: a commit would wait for one for ever.
    postgres.standby().ask("alter system set synchronous_standby_names = ''");
    postgres.standby().ask("select pg_reload_conf()");
    let after = open_at(&postgres.url(), accepts).expect("it opens");
    until("the lease is over", || after.lead().expect("it asks"));
    assert_eq!(after.tree_head(), head);
    assert_eq!(append(&after, "next").expect("recorded"), head.size + 1);
}

#[test]
fn a_database_that_has_lost_what_was_published_is_refused() {
    let Some(postgres) = Postgres::start(Standby::Asynchronous) else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let accepting = || PostgresOptions { accepts_unreplicated: true, ..options(Some(dir.path())) };
    let journal = open_at(&postgres.url(), accepting()).expect("it opens");
    assert!(journal.lead().expect("it leads"));
    append(&journal, "one").expect("recorded");
    let caught_up = "select count(*) from pg_stat_replication where replay_lsn >= pg_current_wal_lsn()";
    until("the standby has it", || postgres.primary.ask(caught_up) == "1");
    postgres.standby().crash();
    append(&journal, "lost").expect("recorded");
    drop(journal);
    postgres.primary.crash();
    postgres.standby().start();
    postgres.standby().promote();
    let at = url(&[postgres.standby().port]);
    let refused = open_at(&at, accepting()).err().expect("it is shorter");
    assert!(matches!(refused, JournalError::Shorter { found: 1, known: 2, .. }), "{refused}");
    // Another number than the one that is there is no order.
    let refused = open_at(&at, PostgresOptions { accepts_shorter: Some(2), ..accepting() }).err().expect("it is shorter");
    assert!(refused.to_string().contains("--accept-shorter 1"), "{refused}");
    // Somebody else goes on: what this node has published is another history then.
    let other = open_at(&at, PostgresOptions { accepts_unreplicated: true, ..options(None) }).expect("it opens");
    until("the lease is over", || other.lead().expect("it asks"));
    append(&other, "another two").expect("recorded");
    let refused = open_at(&at, accepting()).err().expect("it differs");
    assert!(matches!(refused, JournalError::Diverged { position: 2, .. }), "{refused}");
    drop(other);
}

#[test]
fn by_order_a_node_goes_on_with_what_a_shorter_database_has() {
    let Some(postgres) = Postgres::start(Standby::None) else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let accepting = || PostgresOptions { accepts_unreplicated: true, ..options(Some(dir.path())) };
    let journal = open_at(&postgres.url(), accepting()).expect("it opens");
    assert!(journal.lead().expect("it leads"));
    for number in 0..5 {
        append(&journal, &format!("record {number}")).expect("recorded");
    }
    drop(journal);
    // As a database has it that was restored from an older copy.
    postgres.primary.ask("delete from ledger_frames where first_position > 3; update ledger_lease set durable = 3");
    assert!(open_at(&postgres.url(), accepting()).is_err_and(|error| error.is_lost_history()));
    let ordered = open_at(&postgres.url(), PostgresOptions { accepts_shorter: Some(3), ..accepting() }).expect("as it was told");
    assert!(ordered.lead().expect("it leads"));
    assert_eq!(append(&ordered, "another fourth").expect("recorded"), 4);
    drop(ordered);
    assert_eq!(open_at(&postgres.url(), accepting()).expect("it opens").last(), 4);
}

#[test]
fn a_connection_is_encrypted_and_the_database_s_certificate_is_checked() {
    let Some(postgres) = Postgres::start(Standby::None) else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let made = |name: &str| rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    let (own, other) = (made("localhost"), made("localhost"));
    postgres.primary.encrypt(&own.cert.pem(), &own.signing_key.serialize_pem());
    let address = |certificate: &str, host: &str| {
        let file = dir.path().join("ca.pem");
        std::fs::write(&file, certificate).expect("written");
        let port = postgres.primary.port;
        format!("postgres://postgres@{host}:{port}/postgres?sslmode=verify-full&sslrootcert={}", file.display())
    };
    let opened = open_at(&address(&own.cert.pem(), "localhost"), options(None)).expect("it opens");
    assert_eq!(
        postgres
            .primary
            .ask("select bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid) where application_name like 'partnership%'"),
        "t"
    );
    drop(opened);
    for (certificate, host) in [(other.cert.pem(), "localhost"), (own.cert.pem(), "127.0.0.1")] {
        let refused = open_at(&address(&certificate, host), options(None)).err().expect("another certificate, or another name");
        assert!(matches!(refused, JournalError::Unreachable { .. }), "{refused}");
    }
}

#[test]
fn a_data_directory_is_one_server_s() {
    let Some(postgres) = Postgres::start(Standby::None) else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let first = open(&postgres, Some(dir.path()));
    let refused = open_at(&postgres.url(), options(Some(dir.path()))).err().expect("a second one");
    assert!(matches!(refused, JournalError::Locked { .. }), "{refused}");
    first.close().expect("it closes");
    open(&postgres, Some(dir.path()));
}

#[test]
fn damage_in_the_database_is_found_and_named() {
    let Some(postgres) = Postgres::start(Standby::None) else { return };
    let accepting = || PostgresOptions { accepts_unreplicated: true, ..options(None) };
    let journal = open_at(&postgres.url(), accepting()).expect("it opens");
    assert!(journal.lead().expect("it leads"));
    for number in 0..4 {
        append(&journal, &format!("record {number}")).expect("recorded");
    }
    drop(journal);
    postgres.primary.ask("update ledger_frames set frame = set_byte(frame, 70, 255 - get_byte(frame, 70)) where first_position = 3");
    let refused = open_at(&postgres.url(), accepting()).err().expect("it is damaged");
    assert!(matches!(refused, JournalError::Damaged { first: 3, last: 3, .. }), "{refused}");
}
