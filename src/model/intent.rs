//! Whether an integration looks like the result of a create: by what was sent, with what servers normalise set aside.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Path, Reading, Remote, canonical, digest};
use crate::api::annotations::CreateIntent;

/// How far the tenant's clocks may disagree among themselves.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(5);

/// Whether `remote` can be what `intent` has created: not older than the look that showed its name free, and the same in
/// all that the tenant shows of what was sent.
#[must_use]
pub fn looks_like(remote: &Remote, intent: &CreateIntent) -> bool {
    let is_older = match (remote.created(), intent.since) {
        (Some(created), Some(since)) => created < since - CLOCK_SKEW,
        _ => false,
    };
    !is_older && intent.digest.iter().all(|(path, digest)| path.parse().is_ok_and(|path| shows(remote, &path, digest)))
}

fn shows(remote: &Remote, path: &Path, digest: &str) -> bool {
    match remote.read(path) {
        Reading::Hidden => true,
        Reading::Absent => is_empty_digest(digest),
        Reading::Value(value) => loose_digest(path, &value) == digest,
    }
}

fn is_empty_digest(found: &str) -> bool {
    [json!(""), json!([]), json!({}), Value::Null].iter().any(|empty| digest(empty) == found)
}

/// For each path that can be seen, the digest by which the result is recognised. References must be ids by now.
#[must_use]
pub fn loose_digests<'a>(sent: impl IntoIterator<Item = (&'a Path, &'a Value)>) -> BTreeMap<String, String> {
    sent.into_iter().map(|(path, value)| (path.to_string(), loose_digest(path, value))).collect()
}

fn loose_digest(path: &Path, value: &Value) -> String {
    let value = match path {
        Path::Cluster | Path::Rule => json!(value.get("id")),
        Path::Sources => ids(value),
        _ => loose(&canonical(value)),
    };
    digest(&value)
}

fn ids(value: &Value) -> Value {
    let mut ids: Vec<&str> =
        value.as_array().into_iter().flatten().filter_map(|reference| reference.get("id")?.as_str()).collect();
    ids.sort_unstable();
    json!(ids)
}

/// Case, blanks and a trailing slash are what servers are known to normalise.
fn loose(value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let words: Vec<&str> = text.split_whitespace().collect();
            json!(words.join(" ").trim_end_matches('/').to_lowercase())
        }
        Value::Array(items) => items.iter().map(loose).collect(),
        Value::Object(map) => Value::Object(map.iter().map(|(key, value)| (key.clone(), loose(value))).collect()),
        other => other.clone(),
    }
}
