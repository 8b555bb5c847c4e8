//! Names of tiles, as they stand in paths (C2SP tlog-tiles v0.1.0): `0/x001/234` is the full tile 1234 of level 0,
//! `1/000.p/17` the first 17 hashes of tile 0 of level 1, `entries/000` the first 256 entries themselves.

use super::tile::{WIDTH, levels_of, width};

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Content {
    /// Hashes: of leaves at level 0, of full tiles of the level below at the others.
    Hashes(u32),
    /// Entries, each behind its length (an entry bundle).
    Entries,
}

/// A tile, full or of some width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TileName {
    /// What it holds.
    pub content: Content,
    /// Its number in its level.
    pub number: u64,
    /// How many hashes or entries, 1 to 256.
    pub width: u64,
}

impl TileName {
    /// Reads what stands behind `tile/` in a path. `None` unless it is the one way to write a tile's name.
    pub fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.split_once('/')?;
        let content = match level {
            "entries" => Content::Entries,
            level => Content::Hashes(canonical(level)?),
        };
        let (number, width) = match rest.split_once(".p/") {
            None => (rest, WIDTH),
            Some((number, width)) => (number, canonical(width)?.into()),
        };
        let number = number.split('/').try_fold(0_u64, |number, element| {
            let digits = element.strip_prefix('x').unwrap_or(element);
            let is_number = digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
            let value = is_number.then(|| digits.parse::<u64>().ok()).flatten()?;
            number.checked_mul(1000)?.checked_add(value)
        })?;
        let name = Self { content, number, width };
        ((1..=WIDTH).contains(&width) && name.end().is_some() && name.to_string() == path).then_some(name)
    }

    /// The index behind the last entry that the tile reaches over; `None` when no tree is as large.
    pub fn end(&self) -> Option<u64> {
        let end = self.number.checked_mul(WIDTH)?.checked_add(self.width)?;
        match self.content {
            Content::Entries => Some(end),
            Content::Hashes(level) => end.checked_mul(1_u64.checked_shl(level.checked_mul(8)?)?),
        }
    }

    /// Every tile of a tree of `size` entries, hashes and entries: full ones first in each level, then the unfinished.
    pub fn all(size: u64) -> impl Iterator<Item = Self> {
        Self::since(0, size)
    }

    /// Every tile of a tree of `size` entries that reaches to entry `first` or behind it: what shows the entries from there
    /// on, and their place in the tree.
    pub fn since(first: u64, size: u64) -> impl Iterator<Item = Self> {
        let levels = (0..).take(levels_of(size)).map(Content::Hashes);
        levels.chain([Content::Entries]).flat_map(move |content| {
            let level = if let Content::Hashes(level) = content { level } else { 0 };
            let below = |index: u64| index.checked_shr(8 * (level + 1)).unwrap_or(0);
            let full = below(size);
            let rest = Some(width(size, level)).filter(|width| *width > 0);
            let full_tiles = (below(first)..full).map(move |number| Self { content, number, width: WIDTH });
            full_tiles.chain(rest.map(move |width| Self { content, number: full, width }))
        })
    }
}

/// A number without leading zeros.
fn canonical(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number: &u32| number.to_string() == text)
}

impl std::fmt::Display for TileName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.content {
            Content::Hashes(level) => write!(formatter, "{level}")?,
            Content::Entries => formatter.write_str("entries")?,
        }
        let mut groups = vec![self.number % 1000];
        let mut rest = self.number / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for (at, group) in groups.iter().enumerate().rev() {
            write!(formatter, "/{}{group:03}", if at > 0 { "x" } else { "" })?;
        }
        if self.width < WIDTH { write!(formatter, ".p/{}", self.width) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(level: u32, number: u64, width: u64) -> TileName {
        TileName { content: Content::Hashes(level), number, width }
    }

    #[test]
    fn names_are_those_of_the_specification() {
        for (name, path) in [
            (tile(0, 0, 256), "0/000"),
            (tile(0, 999, 256), "0/999"),
            (tile(1, 1000, 256), "1/x001/000"),
            (tile(0, 1_234_067, 256), "0/x001/x234/067"),
            (tile(2, 0, 1), "2/000.p/1"),
            (TileName { content: Content::Entries, number: 1_234_067, width: 255 }, "entries/x001/x234/067.p/255"),
        ] {
            assert_eq!(name.to_string(), path);
            assert_eq!(TileName::parse(path), Some(name), "{path}");
        }
    }

    #[test]
    fn every_other_way_to_write_a_name_is_refused() {
        for path in [
            "",
            "0",
            "0/",
            "0/0",
            "0/0000",
            "00/000",
            "+0/000",
            "-1/000",
            "a/000",
            "0/x000",
            "0/x000/001",
            "0/001/000",
            "0/x001/x000",
            "0/000.p",
            "0/000.p/",
            "0/000.p/0",
            "0/000.p/256",
            "0/000.p/01",
            "0/000.p/1/",
            "0/000/",
            "/0/000",
            "0//000",
            "0/..",
            "0/\u{ff11}\u{ff12}\u{ff13}",
            "8/000",
            "7/x072/x057/x594/x037/x927/936",
            "0/x999/x999/x999/x999/x999/x999/x999/999",
            "entry/000",
            "Entries/000",
        ] {
            assert_eq!(TileName::parse(path), None, "{path}");
        }
    }

    #[test]
    fn a_tree_has_the_tiles_that_the_specification_lists_for_its_size() {
        let hashes = |size| {
            let mut counts = Vec::new();
            for name in TileName::all(size) {
                if let Content::Hashes(level) = name.content {
                    let level = usize::try_from(level).unwrap();
                    counts.resize(counts.len().max(level + 1), (0, 0));
                    if name.width == WIDTH { counts[level].0 += 1 } else { counts[level].1 = name.width }
                }
                assert!(name.end().unwrap() <= size, "{name} of {size}");
            }
            counts
        };
        assert_eq!(hashes(0), []);
        assert_eq!(hashes(1), [(0, 1)]);
        assert_eq!(hashes(255), [(0, 255)]);
        assert_eq!(hashes(256), [(1, 0), (0, 1)]);
        assert_eq!(hashes(257), [(1, 1), (0, 1)]);
        assert_eq!(hashes(70_000), [(273, 112), (1, 17), (0, 1)]);
        let entries = TileName::all(70_000).filter(|name| name.content == Content::Entries);
        assert_eq!(entries.map(|name| name.width).sum::<u64>(), 70_000);
    }

    #[test]
    fn a_part_of_a_tree_has_its_entries_and_the_tiles_to_their_left_that_no_other_tile_sums_up() {
        let names: Vec<String> = TileName::since(69_888, 70_000).map(|name| name.to_string()).collect();
        assert_eq!(names, ["0/273.p/112", "1/001.p/17", "2/000.p/1", "entries/273.p/112"]);
        let names: Vec<String> = TileName::since(65_280, 65_792).map(|name| name.to_string()).collect();
        assert_eq!(names, ["0/255", "0/256", "1/000", "1/001.p/1", "2/000.p/1", "entries/255", "entries/256"]);
    }
}
