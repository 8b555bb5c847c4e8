//! What is derived once per column and read ever after: expanded ciphers, started MACs.
//!
//! INVARIANT: names of columns come from the catalogue and ids from the key file, so the table stays small.

use std::cmp::Ordering;
use std::sync::Arc;

use arc_swap::ArcSwap;

/// A sorted table by (key id, two names). Reading takes no lock and allocates nothing.
pub(super) struct Columns<T>(ArcSwap<Vec<Column<T>>>);

struct Column<T> {
    key_id: u32,
    names: [String; 2],
    value: Arc<T>,
}

impl<T> Clone for Column<T> {
    fn clone(&self) -> Self {
        Self { key_id: self.key_id, names: self.names.clone(), value: Arc::clone(&self.value) }
    }
}

impl<T> Column<T> {
    fn compare(&self, key_id: u32, names: [&str; 2]) -> Ordering {
        let [first, second] = &self.names;
        (self.key_id, [first.as_str(), second.as_str()]).cmp(&(key_id, names))
    }
}

impl<T> Default for Columns<T> {
    fn default() -> Self {
        Self(ArcSwap::from_pointee(Vec::new()))
    }
}

impl<T> Columns<T> {
    /// The value of a column; `make` is called for a new one. Threads that make it at the same time keep the first.
    pub(super) fn get(&self, key_id: u32, names: [&str; 2], make: impl FnOnce() -> T) -> Arc<T> {
        let table = self.0.load();
        let found = table.binary_search_by(|column| column.compare(key_id, names));
        if let Some(column) = found.ok().and_then(|at| table.get(at)) {
            return Arc::clone(&column.value);
        }
        let made = Arc::new(make());
        let mut kept = Arc::clone(&made);
        self.0.rcu(|table| {
            let mut table = table.as_ref().clone();
            match table.binary_search_by(|column| column.compare(key_id, names)) {
                Ok(at) => kept = table.get(at).map_or_else(|| Arc::clone(&made), |column| Arc::clone(&column.value)),
                Err(at) => {
                    let names = names.map(str::to_owned);
                    table.insert(at, Column { key_id, names, value: Arc::clone(&made) });
                    kept = Arc::clone(&made);
                }
            }
            table
        });
        kept
    }
}
