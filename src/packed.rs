//! Values of which there may be tens of thousands, kept small: as JSON, compressed with a dictionary of what stands in most
//! of them. Opened for a moment, they are what they were; kept open, each would take many times the memory.

mod dictionary;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use lz4_flex::block::{compress_prepend_size_with_dict, decompress_size_prepended_with_dict};
use serde::Serialize;
use serde::de::DeserializeOwned;

use dictionary::DICTIONARIES;

/// JSON has a limit of depth for whoever reads it, and none for whoever writes it: `serde_json` reads less than 128 levels.
const DEEPEST: usize = 127;

/// A value, packed. A clone is the same value.
#[derive(PartialEq, Eq, Hash)]
pub struct Packed<T>(Form<T>);

#[derive(PartialEq, Eq, Hash)]
enum Form<T> {
    Packed(Compressed),
    /// It cannot be written as JSON, or could not be read again.
    Whole(Arc<T>),
}

/// JSON, compressed: the number of the dictionary, and then what it was compressed to by that.
#[derive(Clone)]
struct Compressed(Arc<[u8]>);

impl Compressed {
    fn new(json: &[u8]) -> Self {
        let (number, dictionary) = DICTIONARIES.latest();
        let compressed = compress_prepend_size_with_dict(json, &dictionary);
        DICTIONARIES.learn(number, &dictionary, json, compressed.len());
        Self([number].into_iter().chain(compressed).collect())
    }

    fn json(&self) -> Option<Vec<u8>> {
        let (number, compressed) = self.0.split_first()?;
        decompress_size_prepended_with_dict(compressed, &DICTIONARIES.of(*number)?).ok()
    }
}

impl PartialEq for Compressed {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || (self.0.first() != other.0.first() && self.json() == other.json())
    }
}

impl Eq for Compressed {}

impl Hash for Compressed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.json().hash(state);
    }
}

impl<T: Clone + DeserializeOwned + Serialize> Packed<T> {
    /// Packs `value`.
    #[must_use]
    pub fn new(value: &T) -> Self {
        let json = serde_json::to_vec(value).ok().filter(|json| depth(json) < DEEPEST);
        Self(match json {
            Some(json) => Form::Packed(Compressed::new(&json)),
            None => Form::Whole(Arc::new(value.clone())),
        })
    }

    /// The value. It is never `None`: what is packed was read once before.
    #[must_use]
    pub fn open(&self) -> Option<Arc<T>> {
        match &self.0 {
            Form::Packed(compressed) => serde_json::from_slice(&compressed.json()?).ok().map(Arc::new),
            Form::Whole(whole) => Some(Arc::clone(whole)),
        }
    }
}

/// So many arrays and objects stand in one another.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_text, mut bytes) = (0_usize, 0, false, json.iter());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_text = !in_text,
            // Whatever is escaped ends no text.
            b'\\' => _ = bytes.next(),
            b'[' | b'{' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

impl<T> Clone for Packed<T> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Form::Packed(compressed) => Form::Packed(compressed.clone()),
            Form::Whole(whole) => Form::Whole(Arc::clone(whole)),
        })
    }
}

impl<T> fmt::Debug for Packed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Form::Packed(_) => "Packed",
            Form::Whole(_) => "Whole",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_is_packed_is_small_and_comes_out_as_it_was() {
        let value: Value =
            serde_json::from_slice(dictionary::COMMON.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
        let packed = Packed::new(&value);
        assert_eq!(*packed.open().unwrap(), value);
        let Form::Packed(compressed) = &packed.0 else { panic!("it is packed") };
        assert!(compressed.0.len() * 5 < value.to_string().len(), "{} bytes", compressed.0.len());
    }

    #[test]
    fn equals_are_the_same() {
        let one = Packed::new(&json!({"a": 1, "b": "x"}));
        assert!(one == Packed::new(&json!({"b": "x", "a": 1})) && one == one.clone());
        assert!(one != Packed::new(&json!({"a": 1, "b": "y"})));
    }

    #[test]
    fn what_is_no_json_or_too_deep_to_be_read_is_kept_as_it_is() {
        let odd = BTreeMap::from([((1, 2), "a pair is no key".to_owned())]);
        assert_eq!(*Packed::new(&odd).open().unwrap(), odd);
        let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!(*Packed::new(&deep).open().unwrap(), deep);
    }

    #[test]
    fn whatever_is_as_deep_as_the_limit_comes_out_as_it_was() {
        for levels in 120..135 {
            let deep = (0..levels).fold(json!(r#"]]]"]]\"#), |inner, _| json!({"]}\"": [1], "inner": inner}));
            assert_eq!(*Packed::new(&deep).open().unwrap(), deep, "{levels}");
        }
    }

    #[test]
    fn what_is_like_others_is_smaller_and_the_same_by_whatever_dictionary() {
        let odd: String =
            (0..2000_u32).map(|n| char::from(b'!' + (n.wrapping_mul(2_654_435_761) >> 24) as u8 % 90)).collect();
        let like = |n: u32| json!({"id": n, "template": odd});
        let first = Packed::new(&like(1));
        let Form::Packed(before) = &first.0 else { panic!("it is packed") };
        let again = Packed::new(&like(1));
        let Form::Packed(after) = &again.0 else { panic!("it is packed") };
        assert!(after.0.len() * 10 < before.0.len(), "{} bytes after {}", after.0.len(), before.0.len());
        let hash = |packed: &Packed<Value>| {
            let mut hasher = std::hash::DefaultHasher::new();
            packed.hash(&mut hasher);
            hasher.finish()
        };
        assert!(first == again && hash(&first) == hash(&again) && first != Packed::new(&like(2)));
        assert_eq!(*first.open().unwrap(), like(1));
    }

    proptest! {
        #[test]
        fn numbers_are_the_same_to_the_last_bit(number in prop::num::f64::NORMAL, digits in "-?[1-9][0-9]{0,16}\\.[0-9]{1,20}") {
            for text in [number.to_string(), digits] {
                let value: Value = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(&*Packed::new(&value).open().unwrap(), &value);
            }
        }
    }
}
