//! Accepted documents by the hash of their text and the limits they were accepted under. The least recently used go
//! first. Refused documents are never kept: they would let anybody push the good ones out for free.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::cost::CostTable;
use super::document::Document;
use super::guard::{self, DocumentLimits, Limit, Rejection};

/// What a parsed document takes in memory beside its text, in bytes per token. Names, positions and vectors of the
/// library's nodes; measured on typical queries and rounded up.
const BYTES_PER_TOKEN: usize = 160;

/// How much a cache may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Documents.
    pub entries: usize,
    /// Bytes, estimated from text and tokens.
    pub bytes: usize,
}

/// A bounded cache, shared between workers. One per schema: prices belong to its documents.
#[derive(Debug)]
pub struct DocumentCache {
    table: Arc<CostTable>,
    capacity: Capacity,
    shelf: Mutex<Shelf>,
}

type Key = ([u8; 32], DocumentLimits);

#[derive(Debug, Default)]
struct Shelf {
    entries: HashMap<Key, Entry>,
    /// Last use → key, the oldest first.
    order: BTreeMap<u64, Key>,
    uses: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    document: Arc<Document>,
    bytes: usize,
    used: u64,
}

impl DocumentCache {
    /// An empty cache for documents priced by `table`.
    pub fn new(capacity: Capacity, table: Arc<CostTable>) -> Self {
        Self { table, capacity, shelf: Mutex::default() }
    }

    /// The document of a text: from the cache, or through the guard.
    ///
    /// # Errors
    /// The guard's `Rejection`.
    pub fn get(&self, text: &str, limits: &DocumentLimits) -> Result<Arc<Document>, Rejection> {
        // Before hashing: the length of the text is the client's choice.
        if text.len() > limits.bytes {
            return Err(Rejection::Limit { limit: Limit::Bytes, allowed: limits.bytes, position: None });
        }
        let key: Key = (Sha256::digest(text.as_bytes()).into(), *limits);
        if let Some(document) = self.shelf.lock().take(&key) {
            return Ok(document);
        }
        let checked = guard::check(text, limits)?;
        let tokens = usize::try_from(checked.work().tokens).unwrap_or(usize::MAX);
        let bytes = tokens.saturating_mul(BYTES_PER_TOKEN).saturating_add(text.len()).saturating_add(512);
        let document = Arc::new(Document::new(&checked, self.table.clone()));
        self.shelf.lock().put(key, Entry { document: document.clone(), bytes, used: 0 }, self.capacity);
        Ok(document)
    }

    /// The document of a text, if it is at hand.
    pub fn known(&self, text: &str, limits: &DocumentLimits) -> Option<Arc<Document>> {
        if text.len() > limits.bytes {
            return None;
        }
        self.shelf.lock().take(&(Sha256::digest(text.as_bytes()).into(), *limits))
    }

    /// How many documents it holds.
    pub fn len(&self) -> usize {
        self.shelf.lock().entries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes it holds, estimated.
    pub fn bytes(&self) -> usize {
        self.shelf.lock().bytes
    }
}

impl Shelf {
    fn take(&mut self, key: &Key) -> Option<Arc<Document>> {
        let entry = self.entries.get_mut(key)?;
        self.order.remove(&entry.used);
        self.uses += 1;
        entry.used = self.uses;
        self.order.insert(self.uses, *key);
        Some(entry.document.clone())
    }

    fn put(&mut self, key: Key, mut entry: Entry, capacity: Capacity) {
        if entry.bytes > capacity.bytes || capacity.entries == 0 {
            return;
        }
        self.remove(&key);
        while self.entries.len() >= capacity.entries || self.bytes.saturating_add(entry.bytes) > capacity.bytes {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.remove(&oldest);
        }
        self.uses += 1;
        entry.used = self.uses;
        self.bytes = self.bytes.saturating_add(entry.bytes);
        self.order.insert(entry.used, key);
        self.entries.insert(key, entry);
    }

    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.order.remove(&entry.used);
            self.bytes = self.bytes.saturating_sub(entry.bytes);
        }
    }
}
