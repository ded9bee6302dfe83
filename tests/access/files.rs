//! The access file on the command line: checked, shown, given keys.

use crate::common::program::{finish, program};
use crate::kit::{gate, principal, text};
use partnership_ledger::access::{Admission, Gate, Presented, Rpc};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

fn admits(gate: &Arc<Gate>, key: &str) -> bool {
    let authorization = format!("Bearer {key}");
    let presented = Presented { authorization: Some(&authorization), ..Presented::default() };
    matches!(gate.admit(Rpc::WhoAmI, presented), Admission::Now(Ok(_)))
}

#[test]
fn a_key_that_is_added_gets_in_and_stands_in_the_file_as_its_hash_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("access.toml");
    let written = format!("# Kept by hand.\n{}\n{}", principal("one", "auditor", "").section, principal("two", "admin", "").section);
    std::fs::write(&file, &written).expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("its mode");
    let added = finish(program().args(["access", "add-key"]).arg(&file).args(["one", "--not-after", "2031-01-31"]));
    assert_eq!(added.code, 0, "{}", added.error);
    let key = added.out.trim();
    let text = std::fs::read_to_string(&file).expect("the file");
    assert!(text.starts_with("# Kept by hand.") && text.contains("2031-01-31T23:59:59Z"), "{text}");
    assert!(!text.contains(key), "the key itself is not in it");
    assert!(admits(&gate(&text), key) && !admits(&gate(&written), key));
    assert_eq!(std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o640);
    assert_eq!(std::fs::read_dir(dir.path()).expect("the directory").count(), 1, "nothing is left beside it");
    let unknown = finish(program().args(["access", "add-key"]).arg(&file).arg("nobody"));
    assert_eq!((unknown.code, unknown.out.as_str()), (2, ""));
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), text);
}

#[test]
fn a_file_is_checked_with_every_fault_on_a_line() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("access.toml");
    std::fs::write(&file, "[[principal]]\nname = \"a@b\"\nroles = [\"boss\"]\n[[principal]]\nname = \"x\"\nroles = [\"emitter\"]\n")
        .expect("written");
    for command in [&["access", "check"][..], &["serve", "--listen", "127.0.0.1:0", "--access"]] {
        let outcome = finish(program().args(command).arg(&file).current_dir(dir.path()));
        assert_eq!((outcome.code, outcome.out.as_str()), (2, ""), "{}", outcome.error);
        for part in ["no e-mail address", "no role \"boss\"", "an emitter needs events"] {
            assert!(outcome.error.contains(part), "{part}: {}", outcome.error);
        }
        assert!(!dir.path().join("ledger-data").exists(), "a start that fails leaves no directory");
    }
    std::fs::write(&file, text([&principal("one", "auditor", "")])).expect("written");
    let good = finish(program().args(["access", "check"]).arg(&file));
    assert_eq!((good.code, good.error.as_str()), (0, ""));
    let shown = finish(program().args(["access", "show", "--all"]).arg(&file));
    assert!(shown.code == 0 && shown.out.contains("AuditService/StreamBackup"), "{}", shown.out);
}

#[test]
fn an_address_that_others_reach_is_not_served_in_the_open_by_accident() {
    let dir = tempfile::tempdir().expect("a directory");
    let refused = finish(program().args(["serve", "--listen", "0.0.0.0:0", "--data-dir"]).arg(dir.path().join("ledger")));
    assert_eq!((refused.code, refused.out.as_str()), (2, ""));
    for way_out in ["--tls-cert", "--access", "127.0.0.1", "--insecure"] {
        assert!(refused.error.contains(way_out), "{}", refused.error);
    }
    assert!(!dir.path().join("ledger").exists());
}
