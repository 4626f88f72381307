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
        // By their distance: an intent that somebody has edited may hold the first moment that there is.
        (Some(created), Some(since)) => created.duration_since(since) < -CLOCK_SKEW,
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use rstest::rstest;

    use super::*;
    use crate::api::annotations::WrittenFor;
    use crate::sailpoint::Integration;

    const SINCE: &str = "2026-01-01T00:00:10Z";

    fn intent() -> CreateIntent {
        let sent = [
            (Path::Name, json!("Desk")),
            (Path::Description, json!("")),
            (Path::Sources, json!([{"id": "2", "name": "b"}, {"id": "1"}])),
            (Path::Request, json!({"a": "b"})),
            (Path::Attribute("/url".into()), json!("https://Desk/")),
        ];
        CreateIntent {
            nonce: "n".into(),
            written_for: WrittenFor { resource: "iam/desk".into(), cluster: "c".into() },
            org: "acme".into(),
            name: "Desk".into(),
            since: Some(SINCE.parse().unwrap()),
            digest: loose_digests(sent.iter().map(|(path, value)| (path, value))),
            paths: BTreeMap::new(),
            secrets: Vec::new(),
            replaces: None,
        }
    }

    /// What the intent has created, as a tenant shows it.
    fn result() -> Integration {
        Integration {
            id: Some("1".into()),
            name: Some("Desk".into()),
            kind: Some("filled in by the server".into()),
            created: Some(SINCE.parse().unwrap()),
            managed_sources: Some(vec!["1".into(), "2".into()]),
            attributes: json!({"url": "https://desk", "cloudExternalId": "1"}).as_object().cloned(),
            ..Integration::default()
        }
    }

    fn is_like(integration: Integration) -> bool {
        looks_like(&Remote::new(Arc::new(integration)).unwrap(), &intent())
    }

    #[rstest]
    #[case::at_once("2026-01-01T00:00:10Z", true)]
    #[case::within_the_skew("2026-01-01T00:00:05Z", true)]
    #[case::before("2026-01-01T00:00:04Z", false)]
    #[case::much_later("2026-01-02T00:00:00Z", true)]
    fn it_is_not_older_than_the_look_that_showed_the_name_free(#[case] created: &str, #[case] like: bool) {
        assert_eq!(is_like(Integration { created: created.parse().ok(), ..result() }), like);
    }

    #[test]
    fn no_time_is_too_early_or_too_late_to_be_compared() {
        for since in [Timestamp::MIN, Timestamp::MAX] {
            for created in [Timestamp::MIN, Timestamp::MAX] {
                let remote = Remote::new(Arc::new(Integration { created: Some(created), ..result() })).unwrap();
                let like = looks_like(&remote, &CreateIntent { since: Some(since), ..intent() });
                assert_eq!(like, created >= since, "{created} {since}");
            }
        }
    }

    #[test]
    fn without_a_time_its_looks_decide() {
        assert!(is_like(Integration { created: None, ..result() }));
    }

    #[test]
    fn what_was_sent_must_be_there_as_far_as_it_is_shown() {
        let attributes = |value: Value| value.as_object().cloned();
        let unlike = [
            Integration { name: Some("Other".into()), ..result() },
            Integration { description: Some("another".into()), ..result() },
            Integration { managed_sources: Some(vec!["1".into()]), ..result() },
            Integration { managed_sources: None, ..result() },
            Integration { request: attributes(json!({"a": "c"})), ..result() },
            Integration { attributes: attributes(json!({"url": "https://other"})), ..result() },
            Integration { attributes: attributes(json!({})), ..result() },
        ];
        assert!(is_like(result()));
        for (number, integration) in unlike.into_iter().enumerate() {
            assert!(!is_like(integration), "{number}");
        }
        assert!(is_like(Integration { request: attributes(json!({"a": "b"})), ..result() }));
    }
}
