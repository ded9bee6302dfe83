//! `serve --dev`: a certificate of a CA of its own and an access file with one key for each role, to try with. They are made
//! once and kept in the data directory.

use super::tls::TlsFiles;
use crate::access::{NewKey, Roles};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType,
};
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The folder in the data directory.
const FOLDER: &str = "dev";
/// The partner whose business the key of the role `partner` sees, and the events that the emitter's key may append.
const PARTNER: &str = "acme";

/// The files of `serve --dev`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevFiles {
    /// The CA's certificate, which clients trust.
    pub ca: PathBuf,
    /// The server's.
    pub tls: TlsFiles,
    /// The access file.
    pub access: PathBuf,
    /// The folder of the keys, a file for each role.
    pub keys: PathBuf,
}

impl DevFiles {
    /// The files below a data directory; they are made if they are not there.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn of(data_dir: &Path) -> io::Result<Self> {
        let dir = data_dir.join(FOLDER);
        let files = Self {
            ca: dir.join("ca.pem"),
            tls: TlsFiles { certificate: dir.join("server.pem"), key: dir.join("server.key"), client_ca: None, client_crl: None },
            access: dir.join("access.toml"),
            keys: dir.join("keys"),
        };
        // The last that is written.
        if !files.access.exists() {
            fs::create_dir_all(&files.keys)?;
            files.make_certificates().map_err(io::Error::other)?;
            files.make_keys()?;
        }
        Ok(files)
    }

    fn make_certificates(&self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "partnership-ledger, for trying out");
        // The CA's key is forgotten: nobody can make another certificate of it.
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
        let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        params.subject_alt_names.extend(addresses.map(SanType::IpAddress));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.distinguished_name.push(DnType::CommonName, "localhost");
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &ca)?;
        write_private(&self.ca, ca.pem().as_bytes())?;
        write_private(&self.tls.certificate, certificate.pem().as_bytes())?;
        Ok(write_private(&self.tls.key, key.serialize_pem().as_bytes())?)
    }

    fn make_keys(&self) -> io::Result<()> {
        let mut access = "# One principal for each role, to try with. The keys are in the folder keys.\n".to_owned();
        for role in Roles::NAMES {
            let NewKey { id, key, hash } = NewKey::make().map_err(io::Error::other)?;
            write_private(&self.keys.join(role), format!("{key}\n").as_bytes())?;
            let more = match *role {
                "emitter" => "events = [\"partners\", \"agreements\", \"leads\", \"sales\"]\n".to_owned(),
                "partner" => format!("partner = \"{PARTNER}\"\n"),
                _ => String::new(),
            };
            let _ = write!(
                access,
                "\n[[principal]]\nname = \"dev-{role}\"\nroles = [\"{role}\"]\n{more}[[principal.key]]\nid = \"{id}\"\nsha256 = \"{hash}\"\n"
            );
        }
        write_private(&self.access, access.as_bytes())
    }
}

/// Writes a file that its own user alone may read.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::guard::read_access;
    use super::super::tls::Tls;
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_files_fit_together_are_private_and_stay() {
        let dir = tempfile::tempdir().expect("a directory");
        let files = DevFiles::of(dir.path()).expect("they are made");
        Tls::open(&files.tls).expect("certificate and key fit");
        let access = read_access(&files.access).expect("the access file is good");
        assert_eq!(access.principals.len(), Roles::NAMES.len());
        let key = fs::read_to_string(files.keys.join("auditor")).expect("a key");
        let mode = fs::metadata(&files.tls.key).expect("the key").permissions().mode();
        assert_eq!(mode & 0o077, 0);
        DevFiles::of(dir.path()).expect("they are there");
        assert_eq!(fs::read_to_string(files.keys.join("auditor")).expect("the key"), key);
    }
}
