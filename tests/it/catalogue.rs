//! The catalogue: what is refused at start, and what the shipped one holds.

mod departments;
mod refusals;
mod shipped;

use std::path::{Path, PathBuf};

use chengxin::catalogue::{Catalogue, CatalogueFault, Departments};

/// A file or folder of the shipped policies.
fn policies(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("policies").join(name)
}

/// Faults as a person reads them, one a line.
fn listed(faults: &[CatalogueFault]) -> String {
    faults.iter().fold(String::new(), |text, fault| text + &fault.to_string() + "\n")
}

fn shipped_departments() -> Departments {
    Departments::load(&policies("departments.toml")).unwrap_or_else(|faults| panic!("{}", listed(&faults)))
}

fn shipped_catalogue() -> Catalogue {
    let loaded = Catalogue::load_among(&policies("catalogue"), &shipped_departments());
    loaded.unwrap_or_else(|faults| panic!("{}", listed(&faults)))
}
