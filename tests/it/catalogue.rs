//! The catalogue: what is refused at start, and what the shipped one holds.

use std::path::{Path, PathBuf};

use chengxin::catalogue::{Catalogue, CatalogueFault, Departments};

fn policies(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("policies").join(name)
}

fn listed(faults: &[CatalogueFault]) -> String {
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

fn departments() -> Departments {
    Departments::load(&policies("departments.toml")).unwrap_or_else(|faults| panic!("{}", listed(&faults)))
}

fn shipped() -> Catalogue {
    Catalogue::load_among(&policies("catalogue"), &departments()).unwrap_or_else(|faults| panic!("{}", listed(&faults)))
}

#[test]
fn the_shipped_catalogue_loads() {
    shipped();
}
