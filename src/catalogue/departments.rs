//! The partner departments of a city, as data: ids, names, division. Codes only where they are really known.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use unicode_normalization::UnicodeNormalization;

use crate::domain::DepartmentId;
use crate::domain::identifier::Uscc;

use super::fault::CatalogueFault;
use super::model::Bilingual;
use super::section::{At, Section, Source};

/// An administrative division.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Division {
    /// Its code, such as `370500`.
    pub code: String,
    /// The system the code belongs to, such as `GB/T 2260`: one zone can have two codes in two systems.
    pub code_system: String,
    /// Its names.
    pub name: Bilingual,
}

/// A partner department.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// Its id, such as `AMR`.
    pub id: DepartmentId,
    /// Its names; the Chinese one may begin with 市 for the city's own.
    pub name: Bilingual,
    /// Other Chinese names it is or was known by.
    pub aliases: Vec<String>,
    /// Its unified social credit code, when it is really known.
    pub uscc: Option<String>,
}

/// All departments, in the order of their file.
#[derive(Debug)]
pub struct Departments {
    division: Division,
    coordinator: DepartmentId,
    departments: Vec<Department>,
    by_id: HashMap<DepartmentId, usize>,
    by_name: HashMap<String, usize>,
}

impl Departments {
    /// Loads the file at `path`. Fails with all its faults, in the order of their lines.
    pub fn load(path: &Path) -> Result<Self, Vec<CatalogueFault>> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let unreadable = |error| vec![CatalogueFault::of_file(&name, format!("the file cannot be read: {error}"))];
        Self::load_text(&name, &fs::read_to_string(path).map_err(unreadable)?)
    }

    /// Loads the departments from a text; `name` is the file's name for faults.
    pub fn load_text(name: &str, text: &str) -> Result<Self, Vec<CatalogueFault>> {
        let source = Source::new(name, text);
        let departments = read(&source, text);
        let mut faults = source.into_faults();
        faults.sort();
        match departments {
            Some(departments) if faults.is_empty() => Ok(departments),
            _ => Err(faults),
        }
    }

    /// The division they all belong to.
    pub fn division(&self) -> &Division {
        &self.division
    }

    /// The department that leads the joint work (牵头部门).
    pub fn coordinator(&self) -> &DepartmentId {
        &self.coordinator
    }

    /// All departments, in the order of their file.
    pub fn iter(&self) -> impl Iterator<Item = &Department> {
        self.departments.iter()
    }

    /// The department with this id.
    pub fn by_id(&self, id: &DepartmentId) -> Option<&Department> {
        self.by_id.get(id).and_then(|&at| self.departments.get(at))
    }

    /// The department with this Chinese name or alias, however its characters are set, with or without the
    /// division's name before it. Nothing is guessed: another name is another unit.
    pub fn by_name(&self, name: &str) -> Option<&Department> {
        self.by_name.get(&normalise(name)).and_then(|&at| self.departments.get(at))
    }
}

/// A unit's name for comparison: full-width forms made narrow, blanks taken out, upper case.
fn normalise(name: &str) -> String {
    name.nfkc().filter(|c| !c.is_whitespace() && !c.is_control()).flat_map(char::to_uppercase).collect()
}

fn read(source: &Source, text: &str) -> Option<Departments> {
    let table = source.parse(text)?;
    let mut root = Section::root(source, table.get_ref(), "the file");
    let division = root.section("division").and_then(read_division);
    let coordinator = root.text("coordinator");
    let read: Vec<_> = root.sections("department").into_iter().filter_map(read_department).collect();
    root.finish();
    let division = division?;
    let (mut by_id, mut by_name) = (HashMap::new(), BTreeMap::new());
    for (at, department) in read.iter().enumerate() {
        let id = &department.value.id;
        if by_id.insert(id.clone(), at).is_some() {
            source.fault(department.line, format!("a second department has the id `{id}`"));
        }
        for name in names(&department.value, &division) {
            if by_name.insert(name.clone(), at).is_some_and(|other| other != at) {
                source.fault(department.line, format!("`{name}` already names another department"));
            }
        }
    }
    let coordinator = coordinator?;
    let leading = DepartmentId::parse(&coordinator.value).filter(|id| by_id.contains_key(id));
    if leading.is_none() {
        let reason =
            format!("no department here has the id `{}`: name the one that leads the joint work", coordinator.value);
        source.fault(coordinator.line, reason);
    }
    let departments = read.into_iter().map(|department| department.value).collect();
    Some(Departments { division, coordinator: leading?, departments, by_id, by_name: by_name.into_iter().collect() })
}

/// The names a department is found by: 市市场监督管理局 also as 东营市市场监督管理局.
fn names(department: &Department, division: &Division) -> Vec<String> {
    let mut names = Vec::new();
    for name in std::iter::once(&department.name.zh).chain(&department.aliases) {
        names.push(normalise(name));
        if let Some(rest) = name.strip_prefix('市') {
            names.push(normalise(&format!("{}{rest}", division.name.zh)));
        }
    }
    names
}

fn read_division(mut section: Section<'_, '_>) -> Option<Division> {
    let (code, code_system) = (section.text("code"), section.text("code_system"));
    let name = section.bilingual("name");
    if let Some(code) = &code
        && !(code.value.len() == 6 && code.value.bytes().all(|byte| byte.is_ascii_digit()))
    {
        section.fault(code.line, format!("`{}` is not a division code; write its six digits", code.value));
    }
    section.finish();
    Some(Division { code: code?.value, code_system: code_system?.value, name: name?.value })
}

fn read_department(mut section: Section<'_, '_>) -> Option<At<Department>> {
    let (id, name) = (section.text("id"), section.bilingual("name"));
    let aliases = section.optional_texts("aliases").into_iter().map(|alias| alias.value).collect();
    let uscc = section.optional_text("uscc");
    let parsed = id.as_ref().and_then(|id| DepartmentId::parse(&id.value));
    if let (Some(id), None) = (&id, &parsed) {
        let reason = format!("`{}` is not a department id; write upper-case letters, such as `AMR`", id.value);
        section.fault(id.line, reason);
    }
    if let Some(uscc) = &uscc
        && Uscc::parse(&uscc.value).is_err()
    {
        let reason = format!(
            "`{}` is not a unified social credit code; leave `uscc` out when the code is not known",
            uscc.value
        );
        section.fault(uscc.line, reason);
    }
    section.finish();
    let department = Department { id: parsed?, name: name?.value, aliases, uscc: uscc.map(|uscc| uscc.value) };
    Some(At { value: department, line: id?.line })
}
