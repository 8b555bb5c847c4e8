//! Reads, checks and joins the files of a catalogue. One fault anywhere and there is no catalogue.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::build::build_item;
use super::check::check_item;
use super::departments::Departments;
use super::draft::ItemDraft;
use super::fault::CatalogueFault;
use super::file::read_item;
use super::model::{Catalogue, FieldType, Item};
use super::section::Source;

impl Catalogue {
    /// Loads every `*.toml` file in the folder `dir`; other files are left alone.
    ///
    /// Fails with all faults of all files, in the order of file and line.
    pub fn load(dir: &Path) -> Result<Self, Vec<CatalogueFault>> {
        Self::join(read_folder(dir)?, None)
    }

    /// Like `load`, and refuses a provider that is not one of `departments`.
    pub fn load_among(dir: &Path, departments: &Departments) -> Result<Self, Vec<CatalogueFault>> {
        Self::join(read_folder(dir)?, Some(departments))
    }

    /// Loads a catalogue from texts: pairs of file name and content.
    pub fn load_texts(files: &[(&str, &str)], departments: Option<&Departments>) -> Result<Self, Vec<CatalogueFault>> {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Self::join(files, departments)
    }

    fn join(mut files: Vec<(String, String)>, departments: Option<&Departments>) -> Result<Self, Vec<CatalogueFault>> {
        files.sort();
        let sources: Vec<Source> = files.iter().map(|(name, text)| Source::new(name, text)).collect();
        let mut drafts = Vec::new();
        for (source, (_, text)) in sources.iter().zip(&files) {
            if let Some(draft) = read_item(source, text) {
                check_item(source, &draft, departments);
                drafts.push((source, draft));
            }
        }
        check_distinct(&drafts);
        check_one_type_per_name(&drafts);
        let items: Vec<Item> = drafts.iter().filter_map(|(_, draft)| build_item(draft)).collect();
        let complete = items.len() == files.len();
        drop(drafts);
        let mut faults: Vec<CatalogueFault> = sources.into_iter().flat_map(Source::into_faults).collect();
        if faults.is_empty() && !complete {
            // INVARIANT: a draft that gives no item has a fault of its own; this line keeps the door shut if not.
            faults.push(CatalogueFault::of_file("catalogue", "an item is incomplete"));
        }
        if !faults.is_empty() {
            faults.sort();
            faults.dedup();
            return Err(faults);
        }
        Ok(Self::new(items, digest(&files)))
    }
}

fn read_folder(dir: &Path) -> Result<Vec<(String, String)>, Vec<CatalogueFault>> {
    let folder = dir.display().to_string();
    let unreadable =
        |error: &std::io::Error| vec![CatalogueFault::of_file(&folder, format!("the folder cannot be read: {error}"))];
    let (mut files, mut faults) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(dir).map_err(|error| unreadable(&error))? {
        let path = entry.map_err(|error| unreadable(&error))?.path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        match fs::read_to_string(&path) {
            Ok(text) => files.push((name, text)),
            Err(error) => faults.push(CatalogueFault::of_file(&name, format!("the file cannot be read: {error}"))),
        }
    }
    if files.is_empty() && faults.is_empty() {
        faults.push(CatalogueFault::of_file(&folder, "the folder holds no catalogue item (*.toml)"));
    }
    if faults.is_empty() { Ok(files) } else { Err(faults) }
}

fn check_distinct(drafts: &[(&Source, ItemDraft)]) {
    let (mut codes, mut type_names) = (HashMap::new(), HashMap::new());
    for (source, draft) in drafts {
        if let Some(code) = &draft.code
            && let Some(other) = codes.insert(code.value.clone(), source.name())
        {
            source.fault(code.line, format!("item code `{}` is already taken by {other}", code.value));
        }
        if let Some(type_name) = &draft.type_name
            && let Some(other) = type_names.insert(type_name.value.clone(), source.name())
        {
            source.fault(type_name.line, format!("type name `{}` is already taken by {other}", type_name.value));
        }
    }
}

/// GraphQL refuses a query that selects one name with two types from two items of one list.
fn check_one_type_per_name(drafts: &[(&Source, ItemDraft)]) {
    let mut types: HashMap<&str, (FieldType, &str)> = HashMap::new();
    for (source, field) in
        drafts.iter().flat_map(|(source, draft)| draft.fields.iter().map(move |field| (source, field)))
    {
        let (Some(name), Some(data_type)) = (&field.name, &field.data_type) else { continue };
        let (first, file) = *types.entry(&name.value).or_insert((data_type.value, source.name()));
        if first != data_type.value {
            let (here, there): (&str, &str) = (data_type.value.into(), first.into());
            let reason =
                format!("field `{}` is `{here}` here and `{there}` in {file}; one name has one type", name.value);
            source.fault(data_type.line, reason);
        }
    }
}

/// SHA-256 over the files in the order of their names: for each u64be length and bytes of the name, then of the text.
fn digest(files: &[(String, String)]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in files.iter().flat_map(|(name, text)| [name, text]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}
