//! Where a tile is found, as C2SP's tlog-tiles have it: `0/x001/x234/067`, and `0/x001/x234/067.p/12` for its first 12 hashes.

use super::WIDTH;
use std::fmt::Write as _;

/// A tile, or the first hashes of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TilePath {
    /// 0 for leaves; a hash of level 1 is that of a full tile of level 0, and so on.
    pub level: u8,
    /// Its number within the level, from 0.
    pub number: u64,
    /// How many of its hashes, 1 to 256.
    pub width: usize,
}

/// The path of a tile's number: `x001/x234/067`.
fn number_path(number: u64) -> String {
    let mut groups = vec![number % 1_000];
    let mut rest = number / 1_000;
    while rest > 0 {
        groups.push(rest % 1_000);
        rest /= 1_000;
    }
    let mut path = String::new();
    for group in groups.iter().skip(1).rev() {
        let _ = write!(path, "x{group:03}/");
    }
    let _ = write!(path, "{:03}", groups[0]);
    path
}

impl TilePath {
    /// Parses what follows `/tile/`; `None` if it names no tile of hashes, or not in the one way that there is.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.split_once('/')?;
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, decimal(width).filter(|width| (1..WIDTH as u64).contains(width))?),
            None => (rest, WIDTH as u64),
        };
        let parsed = Self {
            level: u8::try_from(decimal(level)?).ok().filter(|level| *level < 64)?,
            number: number_of(number)?,
            width: usize::try_from(width).ok()?,
        };
        Some(parsed)
    }
}

/// A number without leading zeros.
fn decimal(text: &str) -> Option<u64> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain)
}

fn number_of(path: &str) -> Option<u64> {
    let groups: Vec<&str> = path.split('/').collect();
    let (last, others) = groups.split_last()?;
    let others = others.iter().map(|group| group.strip_prefix('x')).collect::<Option<Vec<_>>>()?;
    let mut number = 0_u64;
    for group in others.iter().chain([last]) {
        if group.len() != 3 || !group.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        number = number.checked_mul(1_000)?.checked_add(group.parse().ok()?)?;
    }
    (number_path(number) == path).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tlog_tiles::tile::Tile;

    #[test]
    fn paths_are_those_of_another_implementation() {
        for number in [0, 7, 999, 1_000, 67_123, 1_234_067, 999_999_999, 1_000_000_000] {
            for width in [1, 100, 255, 256] {
                let theirs = Tile::new(8, 3, number, u32::try_from(width).expect("a width"), false).path();
                let path = theirs.strip_prefix("tile/8/").or_else(|| theirs.strip_prefix("tile/")).expect("a tile");
                assert_eq!(TilePath::parse(path), Some(TilePath { level: 3, number, width }), "{path}");
                assert!(path.starts_with(&format!("3/{}", number_path(number))), "{path}");
            }
        }
    }

    #[test]
    fn what_is_written_otherwise_is_no_tile() {
        for path in [
            "",
            "0",
            "0/",
            "0/1",
            "0/01",
            "0/0001",
            "00/001",
            "64/001",
            "-1/001",
            "0/x000/001",
            "0/x001",
            "0/001/002",
            "0/x001/2",
            "0/x1/002",
            "0/001.p/0",
            "0/001.p/256",
            "0/001.p/01",
            "0/001.p/",
            "0/001.p",
            "entries/001",
            "0/+01",
            "0/../001",
            "0/x001/x234/067/",
        ] {
            assert_eq!(TilePath::parse(path), None, "{path}");
        }
    }
}
