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
const LONGEST_CHANGE_REF: usize = 256;

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
        self.get(CHANGE_REF).map(|text| text.chars().take(LONGEST_CHANGE_REF).collect())
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
