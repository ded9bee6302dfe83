//! What a disk may hold after the power was cut: all that was synced, and of the rest anything.

use super::disk::{Change, Content, Directory, Disk, File, Node, apply_renaming, range};
use rand::RngExt as _;
use rand::rngs::StdRng;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// What a disk writes as a whole.
const SECTOR: usize = 512;

/// How much of what was on its way had arrived.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// The part of the sectors that have their newest content; the others have any older one.
    newest: f64,
    /// The same of files' sizes and of directories.
    names: f64,
}

impl Arrival {
    /// From nothing to everything, and between.
    pub fn any(random: &mut StdRng) -> Self {
        let part = |random: &mut StdRng| [0.0, 0.1, 0.5, 0.5, 0.9, 1.0][random.random_range(0..6)];
        Self { newest: part(random), names: part(random) }
    }

    /// Which of `versions`, the oldest first, is there.
    fn pick(part: f64, versions: usize, random: &mut StdRng) -> usize {
        if part == 0.0 {
            return 0;
        }
        if random.random_bool(part) { versions - 1 } else { random.random_range(0..versions) }
    }
}

/// Writes down what the disk may hold, below `to`.
pub fn write(disk: &Disk, arrival: Arrival, random: &mut StdRng, to: &Path) {
    write_directory(disk, Disk::ROOT, arrival, random, to);
}

fn write_directory(disk: &Disk, node: Node, arrival: Arrival, random: &mut StdRng, to: &Path) {
    let Content::Directory(directory) = &disk.nodes[node] else {
        return;
    };
    for (name, node) in names(directory, arrival, random) {
        let path = to.join(name);
        match &disk.nodes[node] {
            Content::Directory(_) => {
                fs::create_dir(&path).expect("a directory");
                write_directory(disk, node, arrival, random, &path);
            }
            Content::File(file) => write_file(&path, &bytes(file, arrival, random)),
        }
    }
}

/// Changes of a directory arrive in their order, up to any of them.
fn names(directory: &Directory, arrival: Arrival, random: &mut StdRng) -> BTreeMap<String, Node> {
    let arrived = Arrival::pick(arrival.names, directory.pending.len() + 1, random);
    let mut names = directory.durable.clone();
    directory.pending[..arrived].iter().for_each(|(_, renaming)| apply_renaming(&mut names, renaming));
    names
}

/// Each sector that was written since the last sync has any of its contents since, and the file any of its sizes.
fn bytes(file: &File, arrival: Arrival, random: &mut StdRng) -> Vec<u8> {
    let mut sizes = vec![file.durable.len()];
    let mut sectors: BTreeMap<usize, Vec<[u8; SECTOR]>> = BTreeMap::new();
    for (_, change) in &file.pending {
        let before = sizes.last().copied().unwrap_or_default();
        match change {
            Change::Write { offset, bytes } => {
                let (begin, end) = range(*offset, bytes.len());
                sizes.push(before.max(end));
                write_sectors(&mut sectors, &file.durable, begin, bytes);
            }
            Change::Resize { size } => {
                let (size, _) = range(*size, 0);
                sizes.push(size);
                if size < before {
                    write_sectors(&mut sectors, &file.durable, size, &vec![0; before - size]);
                }
            }
        }
    }
    let size = sizes[Arrival::pick(arrival.names, sizes.len(), random)];
    let mut bytes = file.durable.clone();
    bytes.resize(size, 0);
    for (sector, versions) in &sectors {
        let version = &versions[Arrival::pick(arrival.newest, versions.len(), random)];
        let begin = sector * SECTOR;
        if begin < size {
            let end = size.min(begin + SECTOR);
            bytes[begin..end].copy_from_slice(&version[..end - begin]);
        }
    }
    bytes
}

/// Adds a version to each sector that a write touches; its first is what was synced.
fn write_sectors(sectors: &mut BTreeMap<usize, Vec<[u8; SECTOR]>>, durable: &[u8], begin: usize, bytes: &[u8]) {
    let end = begin + bytes.len();
    for sector in begin / SECTOR..end.div_ceil(SECTOR) {
        let start = sector * SECTOR;
        let versions = sectors.entry(sector).or_insert_with(|| vec![synced(durable, start)]);
        let mut version = versions[versions.len() - 1];
        let (from, to) = (begin.max(start), end.min(start + SECTOR));
        version[from - start..to - start].copy_from_slice(&bytes[from - begin..to - begin]);
        versions.push(version);
    }
}

fn synced(durable: &[u8], start: usize) -> [u8; SECTOR] {
    let mut sector = [0; SECTOR];
    let bytes = durable.get(start..).unwrap_or_default();
    let length = bytes.len().min(SECTOR);
    sector[..length].copy_from_slice(&bytes[..length]);
    sector
}

/// Zeros at the end take no room.
fn write_file(path: &Path, bytes: &[u8]) {
    let content = bytes.chunks(SECTOR).rposition(|sector| *sector != [0; SECTOR][..sector.len()]).map_or(0, |last| (last + 1) * SECTOR);
    let file = fs::File::create(path).expect("a file");
    file.set_len(bytes.len() as u64).expect("its size");
    file.write_all_at(&bytes[..content.min(bytes.len())], 0).expect("its content");
}
