//! TLS, as the program serves it: certificates, client certificates, revocation, and what is exchanged while it runs.

use crate::common::program::{Outcome, STORY, finish, program};
use crate::common::server::Server;
use crate::common::service::metadata;
use crate::kit::{Ca, Certified, Known, principal, text};
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use partnership_ledger::proto::{AppendStreamRequest, WhoAmIRequest};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

/// The name by which the mTLS principal is known.
pub const URI: &str = "spiffe://partners.example/billing";

/// A server with TLS and an access file, all in one directory.
pub struct Secured {
    pub dir: TempDir,
    pub server: Server,
    pub ca: Ca,
    pub client_ca: Ca,
    pub admin: Known,
}

impl Secured {
    pub fn start() -> Self {
        Self::with_options(&[])
    }

    /// The same with more options: pairs of one and the name of a file in the directory, or nothing.
    pub fn with_options(options: &[(&str, &str)]) -> Self {
        Self::with(options, &[])
    }

    /// The same with further words, which name no files.
    pub fn with(options: &[(&str, &str)], further: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let (ca, client_ca, admin) = (Ca::new(), Ca::new(), principal("root", "admin", ""));
        let at = |name: &str| dir.path().join(name);
        write_server_certificate(dir.path(), &ca, 1);
        std::fs::write(at("ca.pem"), ca.pem()).expect("written");
        std::fs::write(at("client-ca.pem"), client_ca.pem()).expect("written");
        std::fs::write(at("revoked.pem"), client_ca.revocations(&[])).expect("written");
        std::fs::write(at("key"), &admin.key).expect("written");
        std::fs::write(at("access.toml"), access(&admin)).expect("written");
        let words: Vec<String> = [
            ("--access", "access.toml"),
            ("--tls-cert", "server.pem"),
            ("--tls-key", "server.key"),
            ("--tls-client-ca", "client-ca.pem"),
            ("--tls-client-crl", "revoked.pem"),
        ]
        .iter()
        .chain(options)
        .flat_map(|(option, name)| {
            [(*option).to_owned(), at(name).to_str().expect("UTF-8").to_owned()].into_iter().take(if name.is_empty() { 1 } else { 2 })
        })
        .chain(further.iter().map(|word| (*word).to_owned()))
        .collect();
        let server = Server::with_options(&at("ledger"), &words.iter().map(String::as_str).collect::<Vec<_>>());
        Self { dir, server, ca, client_ca, admin }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn address(&self) -> String {
        format!("https://localhost:{}", self.server.address.rsplit(':').next().expect("a port"))
    }

    /// What a command comes to over TLS, with further options.
    pub fn ask(&self, words: &[&str], options: &[(&str, &str)]) -> Outcome {
        let mut command = program();
        command.args(["--address", &self.address(), "--ca"]).arg(self.path("ca.pem"));
        for (option, name) in options {
            command.arg(option).arg(self.path(name));
        }
        finish(command.args(words))
    }

    pub fn write_client(&self, name: &str, certified: &Certified) {
        std::fs::write(self.path(&format!("{name}.pem")), &certified.certificate).expect("written");
        std::fs::write(self.path(&format!("{name}.key")), &certified.key).expect("written");
    }

    pub fn who_by_certificate(&self, name: &str) -> Outcome {
        let (certificate, key) = (format!("{name}.pem"), format!("{name}.key"));
        self.ask(&["--json", "whoami"], &[("--client-cert", &certificate), ("--client-key", &key)])
    }

    /// Waits until a command comes out as wanted: what was exchanged is taken within seconds.
    pub fn until(mut is_so: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it was not taken");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// The admin by key, and a service by certificate.
fn access(admin: &Known) -> String {
    format!("{}\n[[principal]]\nname = \"billing\"\nroles = [\"finance\"]\n[[principal.certificate]]\nsan = \"{URI}\"\n", text([admin]))
}

pub fn write_server_certificate(dir: &Path, ca: &Ca, serial: u64) {
    let certified = ca.certify(serial, &["localhost"]);
    std::fs::write(dir.join("server.pem"), certified.certificate).expect("written");
    std::fs::write(dir.join("server.key"), certified.key).expect("written");
}

#[test]
fn callers_get_in_by_key_or_certificate_and_by_nothing_else() {
    let secured = Secured::start();
    let by_key = secured.ask(&["--json", "whoami"], &[("--key-file", "key")]).json();
    assert_eq!(by_key["principal"], "root");
    secured.write_client("billing", &secured.client_ca.certify(7, &["ledger.example", URI]));
    let by_certificate = secured.who_by_certificate("billing").json();
    assert_eq!(
        (&by_certificate["principal"], &by_certificate["authentication"]),
        (&"billing".into(), &"AUTHENTICATION_CERTIFICATE".into())
    );
    // Good by its CA, but nobody goes by it: names match whole, or not at all.
    secured.write_client("stranger", &secured.client_ca.certify(8, &["spiffe://partners.example/billing/2", "partners.example"]));
    let stranger = secured.who_by_certificate("stranger");
    assert_eq!(stranger.code, 1);
    assert!(stranger.error.contains("UNAUTHENTICATED") && stranger.error.contains("goes by its names"), "{}", stranger.error);
    // Of another CA: there is no connection.
    secured.write_client("forged", &Ca::new().certify(9, &[URI]));
    let forged = secured.who_by_certificate("forged");
    assert_ne!(forged.code, 0);
    assert_eq!(forged.out, "");
    let nobody = secured.ask(&["whoami"], &[]);
    assert!(nobody.code == 1 && nobody.error.contains("a credential is needed"), "{}", nobody.error);
}

#[test]
fn who_recorded_a_fact_is_seen_in_records_statements_and_books() {
    let secured = Secured::start();
    let key = [("--key-file", "key")];
    std::fs::write(secured.path("story.jsonl"), STORY).expect("written");
    let story = secured.path("story.jsonl");
    assert_eq!(secured.ask(&["append", story.to_str().expect("UTF-8")], &key).code, 0);
    let records = secured.ask(&["records", "-n", "1"], &key).out;
    assert!(records.contains("recorded by") && records.contains("root"), "{records}");
    assert_eq!(secured.ask(&["--json", "records", "-n", "1"], &key).json()["recorded_by"], "root");
    let month = ["statement", "acme", "--month", "2025-03"];
    let csv = secured.ask(&[&month[..], &["--format", "csv"]].concat(), &key).out;
    assert!(csv.lines().next().is_some_and(|header| header.trim_end().ends_with("recorded by")), "{csv}");
    assert!(csv.lines().any(|line| line.trim_end().ends_with(",root")), "{csv}");
    let json = secured.ask(&[&["--json"], &month[..]].concat(), &key).json();
    assert_eq!(json["currencies"][0]["entries"][0]["recorded_by"], "root", "{json}");
    for format in ["hledger", "beancount"] {
        let books = secured.ask(&["export", "--format", format], &key).out;
        assert!(books.contains("recorded-by") && books.contains("root"), "{books}");
    }
}

#[test]
fn a_certificate_that_is_revoked_while_it_runs_is_kept_out() {
    let secured = Secured::start();
    let certified = secured.client_ca.certify(7, &[URI]);
    secured.write_client("billing", &certified);
    assert_eq!(secured.who_by_certificate("billing").code, 0);
    std::fs::write(secured.path("revoked.pem"), secured.client_ca.revocations(&[&certified])).expect("written");
    Secured::until(|| secured.who_by_certificate("billing").code != 0);
    assert_eq!(secured.ask(&["whoami"], &[("--key-file", "key")]).code, 0, "others get in");
    // A list that should have been replaced says nothing of the present: nobody gets in by certificate.
    std::fs::write(secured.path("revoked.pem"), secured.client_ca.revocations(&[])).expect("written");
    Secured::until(|| secured.who_by_certificate("billing").code == 0);
    let expired = secured.client_ca.revocations_until(&[], -time::Duration::hours(1));
    std::fs::write(secured.path("revoked.pem"), expired).expect("written");
    Secured::until(|| secured.who_by_certificate("billing").code != 0);
}

#[test]
fn a_revocation_list_that_is_empty_or_something_else_is_not_taken() {
    let secured = Secured::start();
    let certified = secured.client_ca.certify(7, &[URI]);
    secured.write_client("billing", &certified);
    std::fs::write(secured.path("revoked.pem"), secured.client_ca.revocations(&[&certified])).expect("written");
    Secured::until(|| secured.who_by_certificate("billing").code != 0);
    for wrong in [String::new(), secured.client_ca.pem()] {
        std::fs::write(secured.path("revoked.pem"), wrong).expect("written");
        std::thread::sleep(Duration::from_secs(3));
        assert_ne!(secured.who_by_certificate("billing").code, 0, "what was revoked stays so");
    }
}

#[test]
fn a_certificate_that_is_revoked_is_kept_out_on_its_open_connection_and_ends_its_streams() {
    let secured = Secured::start();
    let (leaving, staying) = (secured.client_ca.certify(7, &[URI]), secured.client_ca.certify(8, &[URI]));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let connect = |certified: &Certified| {
        let tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(secured.ca.pem()))
            .domain_name("localhost")
            .identity(Identity::from_pem(&certified.certificate, &certified.key));
        let endpoint = Endpoint::from_shared(secured.address()).expect("an address").tls_config(tls).expect("TLS");
        runtime.block_on(endpoint.connect()).expect("a connection")
    };
    let mut clients = [&leaving, &staying].map(|certified| LedgerServiceClient::new(connect(certified)));
    let mut streams = clients.each_mut().map(|client| {
        let (sender, requests) = tokio::sync::mpsc::channel::<AppendStreamRequest>(1);
        (sender, runtime.block_on(client.append_stream(ReceiverStream::new(requests))).expect("a stream").into_inner())
    });
    std::fs::write(secured.path("revoked.pem"), secured.client_ca.revocations(&[&leaving])).expect("written");
    let status = runtime.block_on(streams[0].1.message()).expect_err("its certificate is revoked");
    assert_eq!(metadata(&status, "kind").as_deref(), Some("revoked_certificate"));
    let status = runtime.block_on(clients[0].who_am_i(WhoAmIRequest {})).expect_err("on its open connection too");
    assert_eq!(metadata(&status, "kind").as_deref(), Some("revoked_certificate"));
    runtime.block_on(clients[1].who_am_i(WhoAmIRequest {})).expect("others go on");
    drop(streams);
}

#[test]
fn certificates_are_exchanged_while_it_runs_and_a_set_that_does_not_fit_is_not_taken() {
    let secured = Secured::start();
    let trusted_by = |ca: &Ca| {
        std::fs::write(secured.path("ca.pem"), ca.pem()).expect("written");
        secured.ask(&["whoami"], &[("--key-file", "key")]).code == 0
    };
    assert!(trusted_by(&secured.ca));
    // A certificate without its key: the old ones stay.
    let other = Ca::new();
    std::fs::write(secured.path("server.pem"), other.certify(3, &["localhost"]).certificate).expect("written");
    std::thread::sleep(Duration::from_secs(3));
    assert!(trusted_by(&secured.ca) && !trusted_by(&other));
    write_server_certificate(secured.dir.path(), &other, 2);
    secured.server.signal("-HUP");
    Secured::until(|| trusted_by(&other));
    assert!(!trusted_by(&secured.ca));
}

#[test]
fn a_key_that_is_taken_away_is_kept_out_and_a_broken_access_file_changes_nothing() {
    let secured = Secured::start();
    std::fs::write(secured.path("access.toml"), "[[principal]]\nname = \"x\"\n").expect("written");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(secured.ask(&["whoami"], &[("--key-file", "key")]).code, 0, "the one of before stays");
    std::fs::write(secured.path("access.toml"), text([&principal("somebody-else", "admin", "")])).expect("written");
    Secured::until(|| secured.ask(&["whoami"], &[("--key-file", "key")]).code == 1);
    let said = secured.ask(&["whoami"], &[("--key-file", "key")]).error;
    assert!(said.contains("the API key is not known"), "{said}");
}

#[test]
fn openssl_shakes_hands_and_a_client_without_tls_does_not() {
    let secured = Secured::start();
    for (option, version) in [("-tls1_3", "TLSv1.3"), ("-tls1_2", "TLSv1.2")] {
        let output = Command::new("openssl")
            .args([
                "s_client",
                "-connect",
                &secured.server.address,
                "-servername",
                "localhost",
                "-verify_return_error",
                "-alpn",
                "h2",
                option,
            ])
            .arg("-CAfile")
            .arg(secured.path("ca.pem"))
            .stdin(Stdio::null())
            .output()
            .expect("openssl is installed");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains(version) && said.contains("ALPN protocol: h2") && said.contains("Verify return code: 0"), "{said}");
    }
    for refused in ["-tls1_1", "-tls1"] {
        let status = Command::new("openssl")
            .args(["s_client", "-connect", &secured.server.address, refused])
            .stdin(Stdio::null())
            .output()
            .expect("openssl");
        assert!(!String::from_utf8_lossy(&status.stdout).contains("Cipher is ECDHE"), "{refused}");
    }
    let plain = finish(program().args(["--address", &format!("http://{}", secured.server.address), "whoami"]));
    assert_ne!(plain.code, 0);
    // A key is not sent in the open to another machine.
    let open = finish(program().args(["--address", "http://192.0.2.1:1", "--key-file"]).arg(secured.path("key")).arg("whoami"));
    assert!(open.code == 2 && open.error.contains("unencrypted"), "{}", open.error);
}

#[test]
fn serve_dev_has_a_key_for_each_role() {
    let dir = tempfile::tempdir().expect("a directory");
    let ledger = dir.path().join("ledger");
    let server = Server::with_options(&ledger, &["--dev"]);
    let address = format!("https://localhost:{}", server.address.rsplit(':').next().expect("a port"));
    for role in crate::kit::ROLES {
        let mut command = program();
        command.args(["--json", "--address", &address, "--ca"]).arg(ledger.join("dev/ca.pem"));
        let said = finish(command.arg("--key-file").arg(ledger.join("dev/keys").join(role)).arg("whoami")).json();
        assert_eq!(said["principal"], format!("dev-{role}"));
    }
}

#[test]
fn whoever_fails_too_often_from_an_address_waits_and_who_is_known_does_not() {
    let secured = Secured::start();
    std::fs::write(secured.path("wrong"), "plk_nobody_0000").expect("written");
    let begun = Instant::now();
    let mut held_back = 0;
    while held_back == 0 && begun.elapsed() < Duration::from_mins(1) {
        let asked: Vec<_> = (0..16)
            .map(|_| {
                let mut command = crate::common::program::process();
                command.args(["--address", &secured.address(), "--ca"]).arg(secured.path("ca.pem"));
                command.arg("--key-file").arg(secured.path("wrong")).arg("whoami").stdout(Stdio::null()).stderr(Stdio::piped());
                command.spawn().expect("it starts")
            })
            .collect();
        for child in asked {
            let output = child.wait_with_output().expect("it ends");
            held_back += usize::from(String::from_utf8_lossy(&output.stderr).contains("RATE_LIMITED"));
        }
    }
    assert!(held_back > 0, "nobody was held back");
    assert_eq!(secured.ask(&["whoami"], &[("--key-file", "key")]).code, 0, "who is known gets in at once");
}
