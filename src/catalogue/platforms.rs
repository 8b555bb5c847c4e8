//! The platforms that records are exchanged with by files, of `policies/platforms.toml`.

use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::rules::Source;
use super::{Bilingual, Catalogue, CatalogueFault};
use crate::domain::{Date, ItemCode, PurposeCode, Tier};

/// The file's name within the policy folder.
pub const FILE: &str = "platforms.toml";
/// What a name of a file may be made of, beside its placeholders.
const NAME_BYTES_MAX: usize = 100;

/// A platform.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: Bilingual,
    /// What it is given.
    pub tier: Tier,
    /// The purpose of the transfer, where it is more than the public sees.
    pub purpose: Option<PurposeCode>,
    /// The pattern of a data file's name.
    pub file_name: String,
    /// In which form.
    pub format: FileFormat,
    /// In which encoding CSV is written.
    #[serde(default)]
    pub encoding: FileEncoding,
    /// How dates are written.
    pub date: DateFormat,
    /// How many lines a package has at most.
    pub rows: u32,
    /// After how many hours without a receipt a record is sent again.
    pub retry_hours: u32,
    /// The items that it takes.
    pub item: Vec<PlatformItem>,
}

/// An item that a platform takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformItem {
    /// Its code in the catalogue.
    pub item: ItemCode,
    /// The platform's own code of it.
    pub code: String,
}

/// The form of a data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum FileFormat {
    /// Comma-separated values.
    Csv,
    /// A workbook.
    Xlsx,
}

impl FileFormat {
    /// The ending of a file's name.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

/// The encoding of CSV.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum FileEncoding {
    /// UTF-8 with a byte order mark.
    #[default]
    #[serde(rename = "UTF-8")]
    Utf8,
    /// GB 18030.
    #[serde(rename = "GB18030")]
    Gb18030,
}

/// How a date is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum DateFormat {
    /// `2026/11/27`.
    #[serde(rename = "yyyy/MM/dd")]
    Slashes,
    /// `2026-11-27`.
    #[serde(rename = "yyyy-MM-dd")]
    Hyphens,
    /// `20261127`.
    #[serde(rename = "yyyyMMdd")]
    Digits,
}

impl DateFormat {
    /// Writes a date.
    pub fn write(self, date: Date) -> String {
        let (year, month, day) = (date.year(), date.month(), date.day());
        match self {
            Self::Slashes => format!("{year:04}/{month:02}/{day:02}"),
            Self::Hyphens => format!("{year:04}-{month:02}-{day:02}"),
            Self::Digits => format!("{year:04}{month:02}{day:02}"),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    platform: Vec<Spanned<Platform>>,
}

/// The platforms, in the order of their file.
#[derive(Clone, Debug, Default)]
pub struct Platforms(Vec<Platform>);

impl Platforms {
    /// Loads them from the policy folder; none when there is no such file.
    ///
    /// # Errors
    /// Every fault of the file.
    pub fn load(folder: &Path, catalogue: &Catalogue) -> Result<Self, Vec<CatalogueFault>> {
        match std::fs::read_to_string(folder.join(FILE)) {
            Ok(text) => Self::parse(&text, catalogue),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(vec![CatalogueFault::of_file(FILE, format!("cannot be read: {error}"))]),
        }
    }

    /// Reads them from the file's text.
    ///
    /// # Errors
    /// As [`Platforms::load`].
    pub fn parse(text: &str, catalogue: &Catalogue) -> Result<Self, Vec<CatalogueFault>> {
        let source = Source { name: FILE, text };
        let file: File = source.read().map_err(|fault| vec![fault])?;
        let (mut faults, mut platforms) = (Vec::new(), Vec::<Platform>::new());
        for entry in file.platform {
            let span: Range<usize> = entry.span();
            let platform = entry.into_inner();
            let mut reasons = platform.faults(catalogue);
            if platforms.iter().any(|other| other.id == platform.id) {
                reasons.push("the id stands twice".to_owned());
            }
            let told = |reason| source.fault(Some(span.start), format!("`{}`: {reason}", platform.id));
            faults.extend(reasons.into_iter().map(told));
            platforms.push(platform);
        }
        if faults.is_empty() { Ok(Self(platforms)) } else { Err(faults) }
    }

    /// The platform with this id.
    pub fn get(&self, id: &str) -> Option<&Platform> {
        self.0.iter().find(|platform| platform.id == id)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Platform> {
        self.0.iter()
    }
}

impl Platform {
    /// The name of a package of an item, without its ending.
    pub fn name_of(&self, code: &str, hour: &str, number: i64) -> String {
        let name = self.file_name.replace("{code}", code).replace("{subject}", "1").replace("{hour}", hour);
        name.replace("{number}", &format!("{number:06}"))
    }

    fn faults(&self, catalogue: &Catalogue) -> Vec<String> {
        let mut faults = Vec::new();
        let is_word = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-')
        };
        if !is_word(&self.id) || self.id.len() > 32 {
            faults.push("an id is upper-case letters, digits and hyphens, 32 at most".to_owned());
        }
        if self.tier == Tier::AuthorizedQuery {
            faults.push("nothing that a subject authorizes goes to a platform: name another tier".to_owned());
        }
        if (self.tier == Tier::GovernmentSharing) != self.purpose.is_some() {
            faults.push("GOVERNMENT_SHARING goes with a `purpose`, and a purpose with it".to_owned());
        }
        if self.rows == 0 || self.rows > 100_000 || self.retry_hours == 0 {
            faults.push("`rows` are 1 to 100,000, `retry_hours` at least 1".to_owned());
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let sample = self.name_of("code", "2026112700", 1);
        if !self.file_name.contains("{number}") || sample.len() > NAME_BYTES_MAX || !sample.chars().all(is_plain) {
            faults.push("`file_name` holds {number}, and letters, digits, `-`, `_` besides, 100 at most".to_owned());
        }
        if self.item.is_empty() {
            faults.push("it takes no item".to_owned());
        }
        for (at, entry) in self.item.iter().enumerate() {
            if catalogue.item(&entry.item).is_none() {
                faults.push(format!("the catalogue has no item `{}`", entry.item));
            }
            if entry.code.is_empty() || !entry.code.chars().all(is_plain) {
                faults.push(format!("`{}` is no code of an item", entry.code));
            }
            if self.item.iter().take(at).any(|other| other.item == entry.item) {
                faults.push(format!("`{}` stands twice", entry.item));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped(change: impl Fn(String) -> String) -> Result<Platforms, Vec<CatalogueFault>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        let catalogue = Catalogue::load(&folder.join("catalogue")).unwrap();
        let text = std::fs::read_to_string(folder.join(FILE)).unwrap();
        Platforms::parse(&change(text), &catalogue)
    }

    #[test]
    fn the_shipped_platforms_are_sound_and_a_fault_is_told_with_its_line() {
        let platforms = shipped(|text| text).unwrap();
        assert_eq!(platforms.iter().count(), 2);
        let name = platforms.get("PROVINCE").unwrap().name_of("0301", "2026112709", 7);
        assert_eq!(name, "ZHXYXT3705_XYGJJH1-0301_2026112709_000007");
        for (from, to, told) in [
            ("id = \"GSXT\"", "id = \"PROVINCE\"", "the id stands twice"),
            ("tier = \"PUBLIC_DISCLOSURE\"", "tier = \"GOVERNMENT_SHARING\"", "goes with a `purpose`"),
            ("tier = \"PUBLIC_DISCLOSURE\"", "tier = \"AUTHORIZED_QUERY\"", "name another tier"),
            ("_{number}\"", "\"", "holds {number}"),
            ("ZHXYXT3705", "../../etc/x", "letters, digits"),
            ("item = \"serious-dishonesty\"", "item = \"no-such\"", "no item `no-such`"),
            ("rows = 10_000", "rows = 0", "`rows` are"),
            ("format = \"CSV\"", "format = \"PDF\"", "unknown variant"),
        ] {
            let faults = shipped(|text| text.replacen(from, to, 1)).unwrap_err();
            let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
            assert!(
                all.iter().any(|fault| fault.contains(told) && fault.starts_with("platforms.toml:")),
                "{to}: {all:?}"
            );
        }
    }
}
