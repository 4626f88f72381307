//! What belongs to a key of which there may be several and nearly always is one, such as the integrations of a name.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Ids by key, those of one key in order. There may be tens of thousands: no room is kept for more than there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Several(BTreeMap<Arc<str>, Vec<Arc<str>>>);

impl Several {
    /// The ids of this key.
    #[must_use]
    pub fn of(&self, key: &str) -> &[Arc<str>] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    /// Every key that has an id, and its ids.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &[Arc<str>])> {
        self.0.iter().map(|(key, ids)| (key, ids.as_slice()))
    }

    /// Adds an id to a key.
    pub fn add(&mut self, key: &Arc<str>, id: &Arc<str>) {
        let ids = self.0.entry(Arc::clone(key)).or_insert_with(|| Vec::with_capacity(1));
        if let Err(place) = ids.binary_search(id) {
            ids.insert(place, Arc::clone(id));
        }
    }

    /// Takes an id from a key.
    pub fn take(&mut self, key: &str, id: &str) {
        let Some(ids) = self.0.get_mut(key) else { return };
        ids.retain(|known| **known != *id);
        if ids.is_empty() {
            self.0.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_a_key_are_in_order_and_each_is_there_once() {
        let (key, ids) = (Arc::from("key"), ["b", "a", "b"].map(Arc::from));
        let mut several = Several::default();
        for id in &ids {
            several.add(&key, id);
        }
        assert_eq!(several.of("key"), &[Arc::from("a"), Arc::from("b")]);
        several.take("key", "a");
        several.take("key", "c");
        assert_eq!(several.iter().count(), 1);
        several.take("key", "b");
        assert!(several.of("key").is_empty() && several == Several::default());
    }
}
