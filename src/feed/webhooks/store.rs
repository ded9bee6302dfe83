//! Where endpoints are kept. In a data directory `webhooks/NAME.json` is one, with its secrets, and `webhooks/NAME.cursor` its position.
//! Files are exchanged whole and synced, for their owner alone: after a crash there is the one before or the one after. Of a ledger that
//! several servers share they are texts of the same names in its database.

use super::endpoint::{Endpoint, check_url, is_name};
use crate::ledger::Texts;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Where endpoints are in a data directory.
const DIR: &str = "webhooks";
const ENDPOINT: &str = "json";
const CURSOR: &str = "cursor";
/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The folder.
#[derive(Clone, Debug)]
pub enum Folder {
    /// In a data directory.
    Directory(PathBuf),
    /// Beside the records that several servers share.
    Shared(Texts),
}

impl Folder {
    /// That of a data directory. It need not be there.
    pub fn of(data_dir: &Path) -> Self {
        Self::Directory(data_dir.join(DIR))
    }

    /// The names of all endpoints, in order.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let paths: Vec<PathBuf> = match self {
            Self::Shared(texts) => texts.names()?.into_iter().map(PathBuf::from).filter(|path| path.starts_with(DIR)).collect(),
            Self::Directory(dir) => match fs::read_dir(dir) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
                entries => entries?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?,
            },
        };
        let mut names = Vec::new();
        for path in paths {
            let name = path.file_stem().and_then(|name| name.to_str()).filter(|name| is_name(name));
            if let Some(name) = name.filter(|_| path.extension().is_some_and(|extension| extension == ENDPOINT)) {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Reads an endpoint and its position.
    ///
    /// # Errors
    /// What is wrong, with the file that it is wrong with.
    pub fn read(&self, name: &str) -> Result<(Endpoint, u64), String> {
        let path = self.path(name, ENDPOINT);
        let wrong = |path: &Path, why: String| format!("{}: {why}", path.display());
        let text = self.text(&path).map_err(|error| wrong(&path, error.to_string()))?;
        let endpoint: Endpoint = serde_json::from_str(&text).map_err(|error| wrong(&path, error.to_string()))?;
        check_url(&endpoint.url).map_err(|why| wrong(&path, format!("its url {why}")))?;
        let path = self.path(name, CURSOR);
        let text = self.text(&path).map_err(|error| wrong(&path, error.to_string()))?;
        let position = text.strip_suffix('\n').and_then(|text| text.parse().ok());
        Ok((endpoint, position.ok_or_else(|| wrong(&path, "it has no position".to_owned()))?))
    }

    /// Keeps an endpoint as it is now.
    ///
    /// # Errors
    /// If it cannot be written and synced.
    pub fn write(&self, name: &str, endpoint: &Endpoint) -> io::Result<()> {
        let text = serde_json::to_string_pretty(endpoint).map_err(io::Error::other)?;
        self.exchange(&self.path(name, ENDPOINT), &text)
    }

    /// Keeps a position.
    ///
    /// # Errors
    /// If it cannot be written and synced.
    pub fn write_cursor(&self, name: &str, position: u64) -> io::Result<()> {
        self.exchange(&self.path(name, CURSOR), &format!("{position}\n"))
    }

    /// Forgets an endpoint, of which a file may be missing.
    ///
    /// # Errors
    /// If a file that is there cannot be removed.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        let (endpoint, cursor) = (self.path(name, ENDPOINT), self.path(name, CURSOR));
        // Without the first the second is nothing.
        match self {
            Self::Shared(texts) => {
                texts.remove(&endpoint.to_string_lossy())?;
                texts.remove(&cursor.to_string_lossy())
            }
            Self::Directory(dir) => {
                remove_if_there(&endpoint)?;
                sync(dir)?;
                remove_if_there(&cursor)
            }
        }
    }

    fn path(&self, name: &str, extension: &str) -> PathBuf {
        let dir = match self {
            Self::Directory(dir) => dir,
            Self::Shared(_) => Path::new(DIR),
        };
        dir.join(format!("{name}.{extension}"))
    }

    fn text(&self, path: &Path) -> io::Result<String> {
        match self {
            Self::Directory(_) => read_small(path),
            Self::Shared(texts) => texts.read(&path.to_string_lossy())?.ok_or_else(|| ErrorKind::NotFound.into()),
        }
    }

    /// Puts a text in the place of a file, durably.
    fn exchange(&self, path: &Path, text: &str) -> io::Result<()> {
        let dir = match self {
            Self::Shared(texts) => return texts.write(&path.to_string_lossy(), text),
            Self::Directory(dir) => dir,
        };
        if !dir.is_dir() {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
            dir.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())?;
        }
        let beside = path.with_extension(format!("{}.new", path.extension().unwrap_or_default().to_string_lossy()));
        let mut written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        written.write_all(text.as_bytes())?;
        written.sync_all()?;
        fs::rename(&beside, path)?;
        sync(dir)
    }
}

fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn read_small(path: &Path) -> io::Result<String> {
    // A pipe in its place would stop whoever reads it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut text = String::new();
    File::open(path)?.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::webhooks::endpoint::Filter;
    use crate::feed::webhooks::signing::SigningKeys;
    use std::os::unix::fs::MetadataExt as _;

    fn endpoint() -> Endpoint {
        let keys = SigningKeys::make().expect("random numbers");
        Endpoint::new("https://a.example".into(), Filter::default(), None, keys)
    }

    #[test]
    fn endpoints_are_kept_for_their_owner_alone_and_found_again() {
        let dir = tempfile::tempdir().expect("a directory");
        let folder = Folder::of(dir.path());
        assert_eq!(folder.names().expect("none"), Vec::<String>::new());
        let one = endpoint();
        folder.write_cursor("crm", 7).expect("written");
        folder.write("crm", &one).expect("written");
        folder.write_cursor("crm", 9).expect("written");
        assert_eq!(folder.names().expect("one"), ["crm"]);
        let (read, position) = folder.read("crm").expect("whole");
        assert_eq!((read.keys.secret(), position), (one.keys.secret(), 9));
        for path in [dir.path().join("webhooks"), dir.path().join("webhooks/crm.json")] {
            assert_eq!(fs::metadata(&path).expect("there").mode() & 0o077, 0, "{path:?}");
        }
        fs::write(dir.path().join("webhooks/crm.cursor"), "9").expect("written");
        assert!(folder.read("crm").expect_err("cut off").contains("crm.cursor"), "a position that was cut is none");
        folder.remove("crm").expect("removed");
        assert!(folder.names().expect("none").is_empty() && folder.read("crm").is_err());
        folder.write("crm", &one).expect("written");
        folder.remove("crm").expect("without a cursor it can be removed too");
        assert!(folder.names().expect("none").is_empty());
        let bad = Endpoint { url: "http://127.0.0.1:99999/ok".into(), ..one };
        folder.write_cursor("crm", 7).expect("written");
        folder.write("crm", &bad).expect("written");
        assert!(folder.read("crm").expect_err("no port").contains("crm.json"), "nothing is delivered to another port");
    }
}
