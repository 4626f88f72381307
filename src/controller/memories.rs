//! What is remembered of all resources of a kind, each by its own key.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use super::Memory;

/// For so many memories there is always room.
const SPARE: usize = 64;

/// The memories of all resources of a kind.
#[derive(Debug)]
pub struct Memories<K, V>(Mutex<HashMap<K, V>>);

impl<K, V> Default for Memories<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Default> Memories<K, V> {
    /// Reads or changes what is remembered of `key`.
    pub fn with<T>(&self, key: K, change: impl FnOnce(&mut V) -> T) -> T {
        change(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default())
    }

    /// The resource is gone.
    pub fn forget(&self, key: &K) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

impl Memories<String, Memory> {
    /// Reads or changes what is remembered of the resource of this uid. Nothing is kept of those of which there is nothing to
    /// remember: most of tens of thousands are in order.
    pub fn remember<T>(&self, uid: String, change: impl FnOnce(&mut Memory) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entry = match all.entry(uid) {
            Entry::Occupied(known) => known,
            Entry::Vacant(new) => new.insert_entry(Memory::default()),
        };
        let result = change(entry.get_mut());
        if entry.get().is_blank() {
            entry.remove();
        }
        // A table says that it holds less than it does after many were taken out of it: an empty one is asked as well.
        if all.capacity() > 8 * all.len().max(SPARE) || (all.is_empty() && all.capacity() > SPARE) {
            all.shrink_to(SPARE);
        }
        result
    }

    /// The uids of those that wait for what a list or a look-up shows.
    #[must_use]
    pub fn waiting(&self) -> HashSet<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|(_, memory)| memory.is_waiting()).map(|(uid, _)| uid.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[test]
    fn nothing_is_kept_of_who_is_in_order() {
        let all: Memories<String, Memory> = Memories::default();
        for uid in 0..1000 {
            all.remember(uid.to_string(), |memory| memory.asked("anew", Instant::now()));
        }
        assert_eq!(all.waiting().len(), 1000);
        for uid in 0..1000 {
            all.remember(uid.to_string(), Memory::answered);
        }
        assert!(all.0.lock().unwrap().is_empty());
    }
}
