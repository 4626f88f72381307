//! Values of which there may be tens of thousands, kept small: as JSON, compressed with a dictionary of what stands in most
//! of them. Opened for a moment, they are what they were; kept open, each would take many times the memory.

use std::fmt;
use std::sync::Arc;

use lz4_flex::block::{compress_prepend_size_with_dict, decompress_size_prepended_with_dict};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What stands in most integrations, in the shapes of Kubernetes and of SailPoint. It may be changed at will: nothing packed
/// outlives the process.
static DICTIONARY: &[u8] = include_bytes!("packed/dictionary.json");

/// JSON has a limit of depth for whoever reads it, and none for whoever writes it: `serde_json` reads less than 128 levels.
const DEEPEST: usize = 127;

/// A value, packed. A clone is the same value.
#[derive(PartialEq, Eq, Hash)]
pub struct Packed<T>(Form<T>);

#[derive(PartialEq, Eq, Hash)]
enum Form<T> {
    Packed(Arc<[u8]>),
    /// It cannot be written as JSON, or could not be read again.
    Whole(Arc<T>),
}

impl<T: Clone + DeserializeOwned + Serialize> Packed<T> {
    /// Packs `value`.
    #[must_use]
    pub fn new(value: &T) -> Self {
        let json = serde_json::to_vec(value).ok().filter(|json| depth(json) < DEEPEST);
        Self(match json {
            Some(json) => Form::Packed(compress_prepend_size_with_dict(&json, DICTIONARY).into()),
            None => Form::Whole(Arc::new(value.clone())),
        })
    }

    /// The value. It is never `None`: what is packed was read once before.
    #[must_use]
    pub fn open(&self) -> Option<Arc<T>> {
        match &self.0 {
            Form::Packed(packed) => {
                let json = decompress_size_prepended_with_dict(packed, DICTIONARY).ok()?;
                serde_json::from_slice(&json).ok().map(Arc::new)
            }
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
            Form::Packed(packed) => Form::Packed(Arc::clone(packed)),
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
        let value: Value = serde_json::from_slice(DICTIONARY.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
        let packed = Packed::new(&value);
        assert_eq!(*packed.open().unwrap(), value);
        let Form::Packed(bytes) = &packed.0 else { panic!("it is packed") };
        assert!(bytes.len() * 5 < value.to_string().len(), "{} bytes", bytes.len());
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
