//! Free-form JSON compared by meaning: null is absent, numbers count by value, the order of keys does not matter.

use std::fmt::Write as _;

use serde_json::{Map, Number, Value};
use sha2::{Digest as _, Sha256};

/// Integers are below this, 2 to the power of 64, and not below its negative half.
const INTEGERS_END: f64 = 18_446_744_073_709_551_616.0;
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
        Some(float) if number.is_f64() && float.fract() == 0.0 => whole(float).unwrap_or_else(|| number.clone()),
        _ => number.clone(),
    }
}

/// The integer that this whole number is, exactly.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and within the range of the type")]
fn whole(float: f64) -> Option<Number> {
    match float {
        _ if (0.0..INTEGERS_END).contains(&float) => Some(Number::from(float as u64)),
        _ if (-INTEGERS_END / 2.0..0.0).contains(&float) => Some(Number::from(float as i64)),
        _ => None,
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
    fn numbers_count_by_value_at_every_size() {
        for (a, b) in [
            ("-0.0", "0"),
            ("9007199254740993", "9007199254740993"),
            ("9223372036854775808.0", "9223372036854775808"),
            ("-9223372036854775808.0", "-9223372036854775808"),
            ("1e19", "10000000000000000000"),
            ("1E400", "x"),
        ] {
            let read = |text: &str| serde_json::from_str::<Value>(text).map(|value| canonical(&value)).ok();
            assert_eq!(read(a), read(b), "{a} {b}");
        }
        assert_ne!(canonical(&json!(9_007_199_254_740_993_u64)), canonical(&json!(9_007_199_254_740_992_u64)));
        assert_eq!(canonical(&json!(1e300)), json!(1e300));
    }

    #[test]
    fn a_number_that_is_sent_is_read_back_as_the_same() {
        for text in ["184419900719925474099394e-016", "0.1", "1.7976931348623157e308", "5e-324"] {
            let sent: Value = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&sent.to_string()).unwrap(), sent, "{text}");
        }
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
