//! The canonical form: of one value once and twice the same, and of two values the same exactly if their digests are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use sim_operator::model::{canonical, digest, harmless, shown};
use sim_operator::text::is_unseen;

fuzz_target!(|text: &[u8]| {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<Value>().filter_map(Result::ok);
    let Some(one) = values.next() else { return };
    let form = canonical(&one);
    assert_eq!(canonical(&form), form);
    let turned = canonical(&turned(&one));
    assert_eq!(turned, form);
    assert_eq!(digest(&one), digest(&turned));
    let read = serde_json::from_str::<Value>(&form.to_string()).unwrap();
    assert_eq!(canonical(&read), form, "as text and back");
    let seen = shown(&one, harmless(&one));
    assert!(seen.chars().count() <= 256 && !seen.contains(is_unseen), "{seen:?}");
    if let Some(other) = values.next() {
        assert_eq!(canonical(&other) == form, digest(&other) == digest(&one));
    }
});

/// The same with its keys in the other order, and null where a key is absent.
fn turned(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut other: Map<String, Value> =
                map.iter().rev().map(|(key, value)| (key.clone(), turned(value))).collect();
            other.entry("absent").or_insert(Value::Null);
            Value::Object(other)
        }
        Value::Array(items) => items.iter().map(turned).collect(),
        other => other.clone(),
    }
}
