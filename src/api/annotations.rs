//! The annotations of group `simops.dev`: those that people write and those that the operator writes.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::integration::SentSecret;

/// The open create: what was sent, written before it is sent.
pub const CREATE: &str = "simops.dev/create";
/// Where the id can be found when the status is lost.
pub const REMOTE_ID: &str = "simops.dev/remote-id";
/// Any new value: look now.
pub const RECONCILE_REQUESTED_AT: &str = "simops.dev/reconcile-requested-at";
/// Any new value: repair and send again, once.
pub const CORRECT_REQUESTED_AT: &str = "simops.dev/correct-requested-at";
/// No call until then; at most seven days ahead.
pub const PAUSED_UNTIL: &str = "simops.dev/paused-until";
/// `true` on a resource that is being deleted: let go without a call.
pub const FORCE_ORPHAN: &str = "simops.dev/force-orphan";
/// A ticket or commit, kept with the last change.
pub const CHANGE_REF: &str = "simops.dev/change-ref";

const KNOWN: [&str; 7] =
    [CREATE, REMOTE_ID, RECONCILE_REQUESTED_AT, CORRECT_REQUESTED_AT, PAUSED_UNTIL, FORCE_ORPHAN, CHANGE_REF];
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// What status keeps of a value; its schema allows no more.
const LONGEST_VALUE: usize = 256;

/// A view of a resource's annotations.
#[derive(Clone, Copy, Debug)]
pub struct Annotations<'a>(&'a BTreeMap<String, String>);

impl<'a> Annotations<'a> {
    /// Of this resource.
    pub fn of<K: kube::Resource>(object: &'a K) -> Self {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        Self(object.meta().annotations.as_ref().unwrap_or(&NONE))
    }

    /// The value of this annotation.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).map(String::as_str)
    }

    /// Until when no call shall be made; `Ok(None)` where nothing is said or the time is over.
    ///
    /// # Errors
    /// What a person must write instead, where the value is no time or more than seven days ahead.
    pub fn paused_until(&self, now: Timestamp) -> Result<Option<Timestamp>, String> {
        let Some(text) = self.get(PAUSED_UNTIL) else { return Ok(None) };
        let until: Timestamp =
            text.parse().map_err(|_| format!("{PAUSED_UNTIL} must be a time such as 2026-01-31T18:00:00Z"))?;
        if until.duration_since(now) > LONGEST_PAUSE {
            return Err(format!("{PAUSED_UNTIL} may be at most 7 days ahead; for longer use spec.policy.mode: Paused"));
        }
        Ok((until > now).then_some(until))
    }

    /// Whether a person asked to let go without a call; it counts only on a resource that is being deleted.
    #[must_use]
    pub fn force_orphan(&self) -> bool {
        self.get(FORCE_ORPHAN) == Some("true")
    }

    /// The ticket or commit, cut to 256 characters.
    #[must_use]
    pub fn change_ref(&self) -> Option<String> {
        self.cut(CHANGE_REF)
    }

    /// The value by which a look was asked for, cut to 256 characters, as `status.lastHandled` keeps it.
    #[must_use]
    pub fn reconcile_requested_at(&self) -> Option<String> {
        self.cut(RECONCILE_REQUESTED_AT)
    }

    /// The value by which a repair was asked for, cut to 256 characters, as `status.lastHandled` keeps it.
    #[must_use]
    pub fn correct_requested_at(&self) -> Option<String> {
        self.cut(CORRECT_REQUESTED_AT)
    }

    fn cut(self, key: &str) -> Option<String> {
        self.get(key).map(|text| text.chars().take(LONGEST_VALUE).collect())
    }

    /// Keys of our group that mean nothing: most likely misspelt.
    pub fn unknown(&self) -> impl Iterator<Item = &'a str> {
        self.0.keys().map(String::as_str).filter(|key| key.starts_with("simops.dev/") && !KNOWN.contains(key))
    }
}

/// Whom an annotation of ours was written for: elsewhere it is a copy and no claim.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct WrittenFor {
    /// `namespace/name` of the resource.
    pub resource: String,
    /// The cluster: the uid of namespace kube-system, or `--cluster-id`.
    pub cluster: String,
}

/// The value of `simops.dev/remote-id`.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct RemoteId {
    /// The id in the tenant.
    pub id: String,
    /// The org that the id belongs to.
    pub org: String,
    /// Whom it was written for.
    #[serde(rename = "for")]
    pub written_for: WrittenFor,
}

/// The value of `simops.dev/create`: what was sent.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct CreateIntent {
    /// Tells this create from every other.
    pub nonce: String,
    /// Whom it was written for.
    #[serde(rename = "for")]
    pub written_for: WrittenFor,
    /// The org that it was sent to.
    pub org: String,
    /// The name that was sent.
    pub name: String,
    /// The tenant's clock when the name was seen to be free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// For each path that can be seen, the digest of what was sent, by which its result is recognised; what servers are
    /// known to normalise (case, blanks, a trailing slash) is set aside.
    pub digest: BTreeMap<String, String>,
    /// The digest of each path that was sent: what `status.sent.paths` becomes.
    pub paths: BTreeMap<String, String>,
    /// The version of each secret attribute that was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SentSecret>,
    /// The id of what was there before, where something gone is created again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

#[cfg(test)]
mod tests {
    use kube::api::ObjectMeta;

    use super::*;
    use crate::api::{SimIntegration, SimIntegrationSpec};

    fn annotated(annotations: &[(&str, &str)]) -> SimIntegration {
        let owned = annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let metadata = ObjectMeta { annotations: Some(owned), ..ObjectMeta::default() };
        SimIntegration { metadata, spec: SimIntegrationSpec::default(), status: None }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn pause(until: &str) -> Result<Option<Timestamp>, String> {
        Annotations::of(&annotated(&[(PAUSED_UNTIL, until)])).paused_until(at("2026-01-01T00:00:00Z"))
    }

    #[test]
    fn a_pause_lasts_until_its_time_and_at_most_seven_days() {
        assert_eq!(pause("2026-01-02T00:00:00Z"), Ok(Some(at("2026-01-02T00:00:00Z"))));
        assert_eq!(pause("2026-01-02T02:00:00+02:00"), Ok(Some(at("2026-01-02T00:00:00Z"))));
        assert_eq!(pause("2026-01-08T00:00:00Z"), Ok(Some(at("2026-01-08T00:00:00Z"))));
        assert!(pause("2026-01-08T00:00:01Z").unwrap_err().contains("at most 7 days"));
        assert_eq!(pause("2026-01-01T00:00:00Z"), Ok(None), "over");
        assert_eq!(pause("2020-01-01T00:00:00Z"), Ok(None), "long over");
    }

    #[test]
    fn what_is_no_time_is_refused_with_an_example() {
        for text in ["", "tomorrow", "2026-01-02", "2026-01-02T00:00:00", "3d"] {
            assert!(pause(text).unwrap_err().contains("2026-01-31T18:00:00Z"), "{text:?}");
        }
    }

    #[test]
    fn unknown_keys_of_our_group_are_named_and_no_others() {
        let object = annotated(&[
            (CHANGE_REF, "CHG1"),
            ("simops.dev/pause-until", "x"),
            ("simops.dev/", "x"),
            ("simops.development/x", "x"),
            ("example.com/simops.dev", "x"),
        ]);
        let unknown: Vec<_> = Annotations::of(&object).unknown().collect();
        assert_eq!(unknown, ["simops.dev/", "simops.dev/pause-until"]);
    }

    #[test]
    fn values_kept_in_status_fit_into_it() {
        let long = "ü".repeat(300);
        let object = annotated(&[(CHANGE_REF, &long), (RECONCILE_REQUESTED_AT, &long), (CORRECT_REQUESTED_AT, "now")]);
        let annotations = Annotations::of(&object);
        assert_eq!(annotations.change_ref(), Some("ü".repeat(256)));
        assert_eq!(annotations.reconcile_requested_at(), Some("ü".repeat(256)));
        assert_eq!(annotations.correct_requested_at(), Some("now".to_owned()));
    }

    #[test]
    fn only_the_word_true_forces() {
        for (value, forces) in [("true", true), ("True", false), ("yes", false), ("", false)] {
            assert_eq!(Annotations::of(&annotated(&[(FORCE_ORPHAN, value)])).force_orphan(), forces, "{value:?}");
        }
        assert!(!Annotations::of(&annotated(&[])).force_orphan());
    }

    #[test]
    fn a_copied_claim_is_seen_to_be_a_copy() {
        let written_for = WrittenFor { resource: "iam/servicenow".to_owned(), cluster: "prod".to_owned() };
        let claim = RemoteId { id: "12345".to_owned(), org: "acme".to_owned(), written_for };
        let text = serde_json::to_string(&claim).unwrap();
        assert_eq!(text, r#"{"id":"12345","org":"acme","for":{"resource":"iam/servicenow","cluster":"prod"}}"#);
        let copy: RemoteId = serde_json::from_str(&text).unwrap();
        let elsewhere = WrittenFor { resource: "apps/servicenow".to_owned(), cluster: "prod".to_owned() };
        assert_ne!(copy.written_for, elsewhere);
    }
}
