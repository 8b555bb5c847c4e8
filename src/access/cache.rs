//! A bounded map for few readers' worth of entries: two generations, the older one dropped whole.

use std::collections::HashMap;
use std::hash::Hash;

use parking_lot::Mutex;

/// Holds at most twice `size_max` entries. What is asked for stays; what is not asked for while `size_max` others come
/// in is forgotten.
#[derive(Debug)]
pub(super) struct Generations<K, V> {
    size_max: usize,
    maps: Mutex<(HashMap<K, V>, HashMap<K, V>)>,
}

impl<K: Hash + Eq + Clone, V: Clone> Generations<K, V> {
    /// An empty map.
    pub(super) fn new(size_max: usize) -> Self {
        Self { size_max, maps: Mutex::default() }
    }

    /// The entry of `key`, made by `make` when there is none.
    pub(super) fn get_or_insert(&self, key: &K, make: impl FnOnce() -> V) -> V {
        if let Some(value) = self.get(key) {
            return value;
        }
        let value = make();
        self.insert(key.clone(), value.clone());
        value
    }

    fn get(&self, key: &K) -> Option<V> {
        let mut maps = self.maps.lock();
        if let Some(value) = maps.0.get(key) {
            return Some(value.clone());
        }
        let value = maps.1.remove(key)?;
        drop(maps);
        self.insert(key.clone(), value.clone());
        Some(value)
    }

    fn insert(&self, key: K, value: V) {
        let mut maps = self.maps.lock();
        if maps.0.len() >= self.size_max {
            maps.1 = std::mem::take(&mut maps.0);
        }
        maps.0.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_holds_more_than_twice_its_size_and_keeps_what_is_asked_for() {
        let map = Generations::new(10);
        let mut made = 0;
        for key in 0..1000 {
            map.get_or_insert(&key, || key);
            map.get_or_insert(&-1, || {
                made += 1;
                -1
            });
            let maps = map.maps.lock();
            assert!(maps.0.len() + maps.1.len() <= 20);
        }
        assert_eq!(made, 1, "what is asked for all the time is made once");
    }
}
