//! Free-form JSON compared by meaning: null is absent, numbers count by value, the order of keys does not matter.

use std::fmt::Write as _;

use serde_json::{Map, Number, Value};
use sha2::{Digest as _, Sha256};

/// Whole numbers up to here are the same as `f64` and as integer.
const EXACT_IN_F64: f64 = 9_007_199_254_740_992.0;
/// Bytes of a digest that are kept: enough to tell two values apart, short enough to read.
const DIGEST_BYTES: usize = 8;

/// The one form that all values of the same meaning share.
#[must_use]
pub fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(sorted(map)),
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        Value::Number(number) => Value::Number(canonical_number(number)),
        other => other.clone(),
    }
}

fn sorted(map: &Map<String, Value>) -> Map<String, Value> {
    let mut entries: Vec<_> = map.iter().filter(|(_, value)| !value.is_null()).collect();
    entries.sort_by_key(|(key, _)| *key);
    entries.into_iter().map(|(key, value)| (key.clone(), canonical(value))).collect()
}

fn canonical_number(number: &Number) -> Number {
    match number.as_f64() {
        Some(float) if !number.is_i64() && !number.is_u64() && float.fract() == 0.0 && float.abs() < EXACT_IN_F64 =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "whole and within the range that f64 holds exactly")]
            Number::from(float as i64)
        }
        _ => number.clone(),
    }
}

/// A short digest of a value's meaning. Never made of a secret.
#[must_use]
pub fn digest(value: &Value) -> String {
    let bytes = Sha256::digest(canonical(value).to_string());
    bytes.iter().take(DIGEST_BYTES).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn meaning_counts_and_not_the_writing() {
        let a = json!({"a": 1.0, "b": null, "c": [{"y": 1, "x": 2}]});
        let b = json!({"c": [{"x": 2.0, "y": 1}], "a": 1});
        assert_eq!(canonical(&a), canonical(&b));
        assert_eq!(digest(&a), digest(&b));
    }

    #[test]
    fn what_differs_differs() {
        for (a, b) in
            [(json!(1), json!("1")), (json!([1, 2]), json!([2, 1])), (json!(0.5), json!(0)), (json!({}), json!(null))]
        {
            assert_ne!(digest(&a), digest(&b), "{a} and {b}");
        }
    }
}
