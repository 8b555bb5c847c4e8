//! How many connections one receiver of events holds: each looks for events every second, so that nobody may hold them all.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

/// How many connections one receiver may hold at once.
const PER_RECEIVER: usize = 16;

/// The connections of each receiver.
#[derive(Debug, Default)]
pub struct Places {
    held: Mutex<HashMap<String, usize>>,
}

/// A receiver's place, given back when this is dropped.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    receiver: String,
}

impl Places {
    /// A place for a receiver; none when it holds as many as it may.
    pub fn take(self: &Arc<Self>, receiver: &str) -> Option<Place> {
        let mut held = self.held.lock();
        let count = held.entry(receiver.to_owned()).or_default();
        if *count >= PER_RECEIVER {
            return None;
        }
        *count += 1;
        Some(Place { places: Arc::clone(self), receiver: receiver.to_owned() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.places.held.lock();
        if let Some(count) = held.get_mut(&self.receiver) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.receiver);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_holds_so_many_and_what_it_gives_back_is_free_for_it() {
        let places = Arc::new(Places::default());
        let mut held: Vec<Place> = (0..PER_RECEIVER).map(|_| places.take("TAX").unwrap()).collect();
        assert!(places.take("TAX").is_none());
        assert!(places.take("AMR").is_some(), "others are not kept out by it");
        held.pop();
        held.push(places.take("TAX").unwrap());
        drop(held);
        assert!(places.held.lock().is_empty(), "nobody is remembered who is gone");
    }
}
