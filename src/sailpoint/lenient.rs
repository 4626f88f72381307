//! Reading values that may not be what the specification says.
//!
//! Each reader gives `None` for what it does not understand; [`take`] then leaves the value where it was, so that nothing
//! is lost. Times are read in the forms that SailPoint's Go SDK accepts.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::versions::is_usable_id;
use super::wire::Reference;

/// Takes the field out if it can be read. Null is absent.
pub(super) fn take<T>(map: &mut Map<String, Value>, key: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
    let value = map.get(key)?;
    let found = read(value);
    if found.is_some() || value.is_null() {
        map.remove(key);
    }
    found
}

/// A string, or the digits of a number: ids are numbers in the specification's own examples.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The id of an integration. A number that is not whole, or too large to be held exactly, would be another id.
pub(super) fn id(value: &Value) -> Option<String> {
    let id = text(value).filter(|_| !value.is_f64())?;
    is_usable_id(&id).then_some(id)
}

/// An object, or one that was encoded as a string (`attributes` in the specification's examples).
pub(super) fn object(value: &Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(map) => Some(map.clone()),
        Value::String(text) => serde_json::from_str(text).ok(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

/// An array whose every entry can be read.
pub(super) fn list<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    value.as_array()?.iter().map(read).collect()
}

/// A `{type, id, name}`; one without an id and a name is none.
pub(super) fn reference(value: &Value) -> Option<Reference> {
    let map = value.as_object()?;
    let field = |key| map.get(key).and_then(text);
    let reference = Reference { kind: field("type"), id: field("id"), name: field("name") };
    (reference.id.is_some() || reference.name.is_some()).then_some(reference)
}

/// RFC 3339; without a zone it is UTC; `2006-01-02T15:04Z`.
pub(super) fn time(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?.trim();
    let zoneless = || text.strip_suffix(['Z', 'z']).unwrap_or(text).parse::<DateTime>().ok();
    text.parse().ok().or_else(|| Some(zoneless()?.to_zoned(TimeZone::UTC).ok()?.timestamp()))
}

/// What kind of JSON value it is, for messages that must not quote it.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_read_in_every_form() {
        for (text, read) in [
            ("2024-01-17T18:45:25.994Z", "2024-01-17T18:45:25.994Z"),
            ("2024-01-17T18:45:25.994+01:00", "2024-01-17T17:45:25.994Z"),
            ("2024-01-17T18:45:25.994+0000", "2024-01-17T18:45:25.994Z"),
            ("2006-01-02T15:04Z", "2006-01-02T15:04:00Z"),
            ("2024-01-17T18:45:25.994", "2024-01-17T18:45:25.994Z"),
            ("2024-01-17 18:45:25", "2024-01-17T18:45:25Z"),
        ] {
            assert_eq!(time(&json!(text)).map(|time| time.to_string()).as_deref(), Some(read), "{text}");
        }
        for value in
            [json!("yesterday"), json!(""), json!(1_705_517_125_994_i64), json!(null), json!("9999-99-99T00:00Z")]
        {
            assert_eq!(time(&value), None, "{value}");
        }
    }
}
