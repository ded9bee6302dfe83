//! A disk as a trace leaves it: what is durable, and what is on its way.

use super::trace::Operation;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// A file's or a directory's number on the disk.
pub type Node = usize;

/// Something done to a file that is not durable yet.
#[derive(Debug)]
pub enum Change {
    Write { offset: u64, bytes: Vec<u8> },
    Resize { size: u64 },
}

/// Something done to a directory that is not durable yet.
#[derive(Debug)]
pub enum Renaming {
    Enter { name: String, node: Node },
    Rename { from: String, to: String },
    Remove { name: String },
}

#[derive(Debug, Default)]
pub struct File {
    /// What was synced.
    pub durable: Vec<u8>,
    /// What came after, in order, each with its number.
    pub pending: Vec<(u64, Change)>,
}

#[derive(Debug, Default)]
pub struct Directory {
    /// The names as the program sees them.
    live: BTreeMap<String, Node>,
    pub durable: BTreeMap<String, Node>,
    pub pending: Vec<(u64, Renaming)>,
}

#[derive(Debug)]
pub enum Content {
    File(File),
    Directory(Directory),
}

/// A sync that is under way.
#[derive(Debug)]
struct Sync {
    token: u64,
    node: Node,
    /// It covers the changes before this one.
    before: u64,
    path: String,
}

/// The disk. Its first node is the root.
pub struct Disk {
    pub nodes: Vec<Content>,
    by_inode: BTreeMap<u64, Node>,
    under_way: Vec<Sync>,
    next_change: u64,
    /// Whether the sync of a path is one; a disk that lies says no to some.
    is_honest: fn(&str) -> bool,
}

impl Disk {
    pub const ROOT: Node = 0;

    /// An empty disk that makes durable what it says it has synced.
    pub fn honest() -> Self {
        Self::that_syncs(|_| true)
    }

    /// What lies below a directory, all of it durable.
    pub fn holding(root: &Path) -> Self {
        let mut disk = Self::honest();
        disk.take_up(root, Self::ROOT);
        disk
    }

    fn take_up(&mut self, path: &Path, node: Node) {
        for entry in fs::read_dir(path).expect("a directory") {
            let entry = entry.expect("an entry");
            let (path, about) = (entry.path(), entry.metadata().expect("what it is"));
            let content = if about.is_dir() {
                Content::Directory(Directory::default())
            } else {
                Content::File(File { durable: fs::read(&path).expect("its content"), pending: Vec::new() })
            };
            let child = self.nodes.len();
            self.nodes.push(content);
            self.by_inode.insert(about.ino(), child);
            let directory = self.directory(node);
            let name = entry.file_name().to_string_lossy().into_owned();
            directory.live.insert(name.clone(), child);
            directory.durable.insert(name, child);
            if about.is_dir() {
                self.take_up(&path, child);
            }
        }
    }

    /// An empty disk that makes durable only those paths.
    pub fn that_syncs(is_honest: fn(&str) -> bool) -> Self {
        let nodes = vec![Content::Directory(Directory::default())];
        Self { nodes, by_inode: BTreeMap::new(), under_way: Vec::new(), next_change: 0, is_honest }
    }

    pub fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Begin { root } => {
                self.by_inode.insert(*root, Self::ROOT);
                self.under_way.clear();
            }
            Operation::Create { path, inode } => self.enter(path, *inode, Content::File(File::default())),
            Operation::MakeDirectory { path, inode } => self.enter(path, *inode, Content::Directory(Directory::default())),
            Operation::Write { inode, offset, bytes } => self.change(*inode, Change::Write { offset: *offset, bytes: bytes.clone() }),
            Operation::Resize { inode, size } => self.change(*inode, Change::Resize { size: *size }),
            Operation::Rename { from, to } => self.rename(from, to),
            Operation::Remove { path } => {
                let number = self.number();
                let (directory, name) = self.place(path);
                directory.live.remove(name).expect("what is removed was there");
                directory.pending.push((number, Renaming::Remove { name: name.to_owned() }));
            }
            Operation::SyncBegin { path, inode, token } => {
                let node = self.by_inode[inode];
                self.under_way.push(Sync { token: *token, node, before: self.next_change, path: path.clone() });
            }
            Operation::SyncEnd { token } => self.end_sync(*token),
        }
    }

    fn number(&mut self) -> u64 {
        self.next_change += 1;
        self.next_change - 1
    }

    fn directory(&mut self, node: Node) -> &mut Directory {
        match &mut self.nodes[node] {
            Content::Directory(directory) => directory,
            Content::File(_) => panic!("node {node} is no directory"),
        }
    }

    /// The directory that a path lies in, and its name there.
    fn place<'a>(&mut self, path: &'a str) -> (&mut Directory, &'a str) {
        let mut node = Self::ROOT;
        let (parents, name) = path.rsplit_once('/').map_or((None, path), |(parents, name)| (Some(parents), name));
        for parent in parents.into_iter().flat_map(|parents| parents.split('/')) {
            node = self.directory(node).live[parent];
        }
        (self.directory(node), name)
    }

    fn enter(&mut self, path: &str, inode: u64, content: Content) {
        let node = self.nodes.len();
        self.nodes.push(content);
        // A removed file's inode may be given to a new one.
        self.by_inode.insert(inode, node);
        let number = self.number();
        let (directory, name) = self.place(path);
        directory.live.insert(name.to_owned(), node);
        directory.pending.push((number, Renaming::Enter { name: name.to_owned(), node }));
    }

    fn change(&mut self, inode: u64, change: Change) {
        let number = self.number();
        match &mut self.nodes[self.by_inode[&inode]] {
            Content::File(file) => file.pending.push((number, change)),
            Content::Directory(_) => panic!("inode {inode} is a directory"),
        }
    }

    fn rename(&mut self, from: &str, to: &str) {
        let parent = |path: &str| path.rsplit_once('/').map(|(parent, _)| parent.to_owned());
        assert_eq!(parent(from), parent(to), "renamed from one directory into another, which would need both synced");
        let number = self.number();
        let to = to.rsplit('/').next().unwrap_or(to).to_owned();
        let (directory, from) = self.place(from);
        let node = directory.live.remove(from).expect("what is renamed was there");
        directory.live.insert(to.clone(), node);
        directory.pending.push((number, Renaming::Rename { from: from.to_owned(), to }));
    }

    fn end_sync(&mut self, token: u64) {
        let Some(index) = self.under_way.iter().position(|sync| sync.token == token) else {
            return;
        };
        let Sync { node, before, path, .. } = self.under_way.swap_remove(index);
        if !(self.is_honest)(&path) {
            return;
        }
        match &mut self.nodes[node] {
            Content::File(file) => {
                let covered = file.pending.partition_point(|(number, _)| *number < before);
                for (_, change) in file.pending.drain(..covered) {
                    apply_change(&mut file.durable, &change);
                }
            }
            Content::Directory(directory) => {
                let covered = directory.pending.partition_point(|(number, _)| *number < before);
                for (_, renaming) in directory.pending.drain(..covered) {
                    apply_renaming(&mut directory.durable, &renaming);
                }
            }
        }
    }
}

pub fn apply_change(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { offset, bytes: new } => {
            let (begin, end) = range(*offset, new.len());
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[begin..end].copy_from_slice(new);
        }
        Change::Resize { size } => bytes.resize(range(*size, 0).0, 0),
    }
}

pub fn apply_renaming(names: &mut BTreeMap<String, Node>, renaming: &Renaming) {
    match renaming {
        Renaming::Enter { name, node } => {
            names.insert(name.clone(), *node);
        }
        Renaming::Rename { from, to } => {
            // All of a directory's changes before are applied before.
            let node = names.remove(from).expect("what is renamed is there");
            names.insert(to.clone(), node);
        }
        Renaming::Remove { name } => {
            names.remove(name);
        }
    }
}

/// Where bytes lie in a file.
pub fn range(offset: u64, length: usize) -> (usize, usize) {
    let begin = usize::try_from(offset).expect("a file that fits in memory");
    (begin, begin + length)
}
