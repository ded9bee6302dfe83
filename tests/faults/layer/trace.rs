//! What the layer wrote down: changes and syncs, in the order in which they happened.

use std::fs;
use std::path::Path;

/// Something that was done below the root. Files and directories are known by their inodes, paths are below the root.
#[derive(Debug)]
pub enum Operation {
    /// A process begins.
    Begin {
        root: u64,
    },
    /// A file that was not there.
    Create {
        path: String,
        inode: u64,
    },
    /// A directory that was not there.
    MakeDirectory {
        path: String,
        inode: u64,
    },
    Write {
        inode: u64,
        offset: u64,
        bytes: Vec<u8>,
    },
    Resize {
        inode: u64,
        size: u64,
    },
    Rename {
        from: String,
        to: String,
    },
    Remove {
        path: String,
    },
    /// A sync of a file or a directory begins.
    SyncBegin {
        path: String,
        inode: u64,
        token: u64,
    },
    /// It ended well.
    SyncEnd {
        token: u64,
    },
}

impl Operation {
    /// Whether names are changed or made durable: there are few of them, and they are where things go wrong.
    pub fn is_about_names(&self) -> bool {
        match self {
            Self::Create { .. } | Self::MakeDirectory { .. } | Self::Rename { .. } | Self::Remove { .. } => true,
            Self::SyncBegin { path, .. } => !path.contains('.') && !path.ends_with("db"),
            _ => false,
        }
    }
}

/// All that was written down.
#[derive(Debug, Default)]
pub struct Trace {
    pub operations: Vec<Operation>,
    /// How long the trace was after each operation.
    pub lengths: Vec<u64>,
}

impl Trace {
    /// Reads a trace. Its last entry may be cut off: the process was killed.
    pub fn read(path: &Path) -> Self {
        let bytes = fs::read(path).expect("a trace");
        let mut trace = Self::default();
        let mut rest = Rest(&bytes);
        while let Some(operation) = rest.operation() {
            trace.operations.push(operation);
            trace.lengths.push((bytes.len() - rest.0.len()) as u64);
        }
        trace
    }

    /// How often a file got a name that ends like this.
    pub fn renamed_to(&self, end: &str) -> usize {
        self.operations.iter().filter(|operation| matches!(operation, Operation::Rename { to, .. } if to.ends_with(end))).count()
    }

    /// Where the last process began.
    pub fn last_begin(&self) -> usize {
        self.operations.iter().rposition(|operation| matches!(operation, Operation::Begin { .. })).unwrap_or(0)
    }
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn operation(&mut self) -> Option<Operation> {
        let kind = self.take(4)?[0];
        let path_length = u32::from_le_bytes(self.take(4)?.try_into().ok()?);
        let (inode, number, length) = (self.number()?, self.number()?, self.number()?);
        let path = String::from_utf8_lossy(self.take(path_length as usize)?).into_owned();
        let bytes = self.take(usize::try_from(length).ok()?)?;
        Some(match kind {
            b'B' => Operation::Begin { root: inode },
            b'C' => Operation::Create { path, inode },
            b'D' => Operation::MakeDirectory { path, inode },
            b'W' => Operation::Write { inode, offset: number, bytes: bytes.to_vec() },
            b'T' => Operation::Resize { inode, size: number },
            b'R' => {
                let (from, to) = path.split_once('\0').expect("two names");
                Operation::Rename { from: from.to_owned(), to: to.to_owned() }
            }
            b'U' => Operation::Remove { path },
            b'S' => Operation::SyncBegin { path, inode, token: number },
            b'E' => Operation::SyncEnd { token: number },
            other => panic!("the layer cannot tell what was done to {path} ({})", char::from(other)),
        })
    }
}
