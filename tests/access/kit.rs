//! Access files, keys, certificates and tokens for tests.

use partnership_ledger::access::{AccessFile, Gate, NewKey};
use partnership_ledger::clock::SystemClock;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, IsCa, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevokedCertParams, SanType, SerialNumber,
};
use std::fmt::Write as _;
use std::sync::Arc;

/// All roles, as access files name them.
pub const ROLES: [&str; 6] = ["emitter", "partner", "manager", "finance", "auditor", "admin"];

/// A principal with one key, as it stands in an access file, and the key.
pub struct Known {
    pub section: String,
    pub key: String,
}

/// A principal with one key; `more` are further lines of its section.
pub fn principal(name: &str, role: &str, more: &str) -> Known {
    let NewKey { id, key, hash } = NewKey::make().expect("random numbers");
    let mut section = format!("[[principal]]\nname = \"{name}\"\nroles = [\"{role}\"]\n{more}\n");
    let _ = writeln!(section, "[[principal.key]]\nid = \"{id}\"\nsha256 = \"{hash}\"");
    Known { section, key }
}

/// A principal of each role, in their order. The emitter may append leads and sales, the partner is `a`.
pub fn one_of_each() -> Vec<Known> {
    let more = |role: &str| match role {
        "emitter" => "events = [\"leads\", \"sales\"]",
        "partner" => "partner = \"a\"",
        _ => "",
    };
    ROLES.iter().map(|role| principal(role, role, more(role))).collect()
}

/// The text of an access file.
pub fn text<'a>(known: impl IntoIterator<Item = &'a Known>) -> String {
    known.into_iter().map(|known| known.section.as_str()).collect::<Vec<_>>().join("\n")
}

/// The gate of an access file's text.
pub fn gate(text: &str) -> Arc<Gate> {
    let file = AccessFile::read(text).unwrap_or_else(|faults| panic!("{faults:?}"));
    Gate::of(&file, Arc::new(SystemClock)).expect("its issuers' keys can be read")
}

/// A CA that signs certificates.
pub struct Ca(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, PEM.
pub struct Certified {
    pub certificate: String,
    pub key: String,
    pub serial: u64,
}

impl Ca {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "a CA");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate"))
    }

    /// Its own certificate, PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate of names: URIs where there is a colon, else DNS names.
    pub fn certify(&self, serial: u64, names: &[&str]) -> Certified {
        let mut params = CertificateParams::default();
        params.serial_number = Some(SerialNumber::from(serial));
        params.subject_alt_names = names
            .iter()
            .map(|name| {
                let name_of = (*name).try_into().expect("an ASCII name");
                if name.contains(':') { SanType::URI(name_of) } else { SanType::DnsName(name_of) }
            })
            .collect();
        params.distinguished_name.push(DnType::CommonName, names[0]);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        Certified { certificate: certificate.pem(), key: key.serialize_pem(), serial }
    }

    /// The list of what is revoked, PEM.
    pub fn revocations(&self, revoked: &[&Certified]) -> String {
        self.revocations_until(revoked, time::Duration::days(30))
    }

    /// The same, to be replaced by the next one after so long.
    pub fn revocations_until(&self, revoked: &[&Certified], next: time::Duration) -> String {
        let now = time::OffsetDateTime::now_utc();
        let revoked = revoked.iter().map(|certified| RevokedCertParams {
            serial_number: SerialNumber::from(certified.serial),
            revocation_time: now - time::Duration::days(1),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: now - time::Duration::days(1),
            next_update: now + next,
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.0).expect("a list").pem().expect("PEM")
    }
}
