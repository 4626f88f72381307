//! What values are compressed with: what stands in most of them, and in some of those that were met.
//!
//! The integrations of one organisation are much alike: they name the same desk, the same templates and statuses. What was
//! learnt stays until the process ends, also where it was deleted since; it is shown nowhere.

use std::sync::{Arc, LazyLock, PoisonError, RwLock};

/// What stands in most integrations, in the shapes of Kubernetes and of SailPoint. It may be changed at will: nothing packed
/// outlives the process.
pub(super) static COMMON: &[u8] = include_bytes!("dictionary.json");

/// The dictionaries of this process.
pub(super) static DICTIONARIES: LazyLock<Dictionaries> = LazyLock::new(Dictionaries::default);

/// What is compressed to no less than one of so many parts is learnt.
const POOR: usize = 6;
/// What is shorter has little to teach.
const LEAST: usize = 512;
/// So much is taken of one value.
const MOST: usize = 4 << 10;
/// No dictionary is larger: all of it is read for each value.
const LARGEST: usize = 16 << 10;

/// Dictionaries by their number, each with the text of the one before it and more. None is dropped: something was compressed
/// with it.
pub(super) struct Dictionaries(RwLock<Vec<Arc<[u8]>>>);

impl Default for Dictionaries {
    fn default() -> Self {
        Self(RwLock::new(vec![COMMON.into()]))
    }
}

impl Dictionaries {
    /// The one of this number.
    pub(super) fn of(&self, number: u8) -> Option<Arc<[u8]>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(usize::from(number)).cloned()
    }

    /// The one that knows most, after its number.
    pub(super) fn latest(&self) -> (u8, Arc<[u8]>) {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let number = u8::try_from(all.len() - 1).unwrap_or(u8::MAX);
        (number, Arc::clone(&all[usize::from(number)]))
    }

    /// Learns from `text`, which `dictionary`, of this number, compressed to `compressed` bytes, unless it is known well
    /// enough.
    pub(super) fn learn(&self, number: u8, dictionary: &[u8], text: &[u8], compressed: usize) {
        let room = LARGEST.saturating_sub(dictionary.len()).min(MOST);
        if text.len() < LEAST || compressed * POOR < text.len() || room < LEAST || number == u8::MAX {
            return;
        }
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() == usize::from(number) + 1 {
            all.push([dictionary, &text[..room.min(text.len())]].concat().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_poorly_is_learnt_until_there_is_no_room() {
        let all = Dictionaries::default();
        let of = |n: u8| [n; 3 * LEAST];
        all.learn(0, COMMON, &of(1)[..LEAST - 1], LEAST);
        all.learn(0, COMMON, &of(1), 3 * LEAST / POOR - 1);
        assert_eq!(all.latest().0, 0, "too short, and good enough");
        all.learn(0, COMMON, &of(1), 3 * LEAST / POOR);
        assert_eq!(&*all.latest().1, [COMMON, &of(1)].concat());
        all.learn(0, COMMON, &of(2), 3 * LEAST);
        assert_eq!(all.latest().0, 1, "another has learnt meanwhile, perhaps the same");
        for n in 2..100 {
            let (number, dictionary) = all.latest();
            all.learn(number, &dictionary, &of(n), 3 * LEAST);
        }
        let (last, text) = all.latest();
        assert!(last < 20 && text.len() <= LARGEST && text.len() + LEAST > LARGEST, "{last}: {}", text.len());
        assert_eq!(all.of(0).as_deref(), Some(COMMON));
        assert!(all.of(last).is_some() && all.of(last + 1).is_none());
    }

    #[test]
    fn of_a_long_value_a_part_is_learnt() {
        let all = Dictionaries::default();
        all.learn(0, COMMON, &[b'x'; 2 * MOST], 2 * MOST);
        assert_eq!(all.latest().1.len(), COMMON.len() + MOST);
    }
}
