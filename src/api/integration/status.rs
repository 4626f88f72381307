//! What the operator knows of a `SimIntegration`.
//!
//! The operator reads it back at each reconcile, so nothing here is decoration; people read it with `kubectl describe`.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::schema;

/// What the operator knows of an integration.
#[derive(Clone, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct SimIntegrationStatus {
    /// The generation of the spec that the conditions speak of; -1 before the first look.
    #[serde(default = "never_observed")]
    #[schemars(default = "never_observed")]
    pub observed_generation: i64,
    /// The id of the integration in the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    // Longer than any spec may name: what the tenant has made has to be kept.
    #[schemars(length(max = 1024))]
    pub id: Option<String>,
    /// How the integration came to be this resource's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The tenant that the id belongs to; before there is one, the tenant that it is looked for in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantIdentity>,
    /// Ready is always there; Reconciling, Stalled, Planned, Drifted and Paused are there only while true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// What was last sent to the tenant or found in order there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Sent>,
    /// What would be done: only in mode Plan, while drifted and while stalled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlannedChanges>,
    /// The last change that was made in the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_change: Option<LastChange>,
    /// The requests by annotation that were answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled: Option<LastHandled>,
}

pub(in crate::api) fn never_observed() -> i64 {
    -1
}

/// How an integration came to be owned.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[schemars(description = "")]
pub enum Origin {
    /// The operator created it for this resource.
    Created,
    /// It was there before, and the resource asked for it.
    Adopted,
}

/// Which tenant an id belongs to: an id means something only in its org.
#[derive(Clone, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TenantIdentity {
    /// The namespace of the SailPointTenant.
    #[schemars(length(max = schema::NAMESPACE_LENGTH))]
    pub namespace: String,
    /// The name of the SailPointTenant.
    #[schemars(length(max = schema::NAME_LENGTH))]
    pub name: String,
    /// The org that its token names.
    #[schemars(length(max = 256))]
    pub org: String,
}

/// What was last sent, as digests; no secret value is digested.
#[derive(Clone, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// For each path the digest of the value that was sent or found in order.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::digests")]
    pub paths: BTreeMap<String, String>,
    /// For each path that the tenant reads back differently than it was sent, the digest of what it reads back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "schema::digests")]
    pub normalised: BTreeMap<String, String>,
    /// Paths that the tenant does not read back and that were not sent by us: taken to be in order until they move.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(length(max = schema::MOST_DIGESTS), inner(length(max = schema::PATH_LENGTH)))]
    pub unverified: BTreeSet<String>,
    /// For each secret attribute the version that was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = schema::MOST_SENT_SECRETS))]
    pub secrets: Vec<SentSecret>,
}

/// One secret attribute as it was last sent.
#[derive(Clone, Debug, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SentSecret {
    /// The attribute, as a JSON pointer.
    #[schemars(length(max = schema::PATH_LENGTH))]
    pub attribute: String,
    /// The name of the Secret.
    #[schemars(length(max = schema::NAME_LENGTH))]
    pub name: String,
    /// The key in its data.
    #[schemars(length(max = schema::NAME_LENGTH))]
    pub key: String,
    /// The version of the Secret that was sent.
    #[schemars(length(max = 128))]
    pub resource_version: String,
}

/// What the operator would do.
#[derive(Clone, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PlannedChanges {
    /// In a word: Create, Adopt, Update, Delete or Nothing.
    #[schemars(length(max = 32))]
    pub action: String,
    /// The changes, path by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = schema::MOST_CHANGES))]
    pub changes: Vec<PlannedChange>,
    /// How many more changes there are than are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub omitted: Option<i64>,
}

/// One change of a plan; what could be secret is shown as `(sensitive)`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PlannedChange {
    /// The path, as a JSON pointer.
    #[schemars(length(max = schema::PATH_LENGTH))]
    pub path: String,
    /// The value in the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub from: Option<String>,
    /// The value that the spec asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub to: Option<String>,
}

/// The last change that was made in the tenant.
#[derive(Clone, Debug, Deserialize, Serialize, KubeSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct LastChange {
    /// When the tenant answered.
    pub at: Time,
    /// What was done: Created, Adopted, Updated or Recreated.
    #[schemars(length(max = 32))]
    pub action: String,
    /// Why it was done.
    pub cause: Cause,
    /// The generation of the spec that was sent.
    pub generation: i64,
    /// The value of annotation simops.dev/change-ref at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = schema::REFERENCE_LENGTH))]
    pub change_ref: Option<String>,
    /// SailPoint's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = schema::REFERENCE_LENGTH))]
    pub tracking_id: Option<String>,
    /// The paths that were changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = schema::MOST_CHANGES), inner(length(max = schema::PATH_LENGTH)))]
    pub changes: Vec<String>,
}

/// Why something was changed in the tenant.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
#[schemars(description = "")]
pub enum Cause {
    /// The spec moved.
    Spec,
    /// Somebody changed the tenant.
    Drift,
    /// A Secret moved.
    Secret,
    /// The integration was adopted and differed.
    Adoption,
    /// It was asked for by annotation.
    Requested,
}

impl Cause {
    /// The cause as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spec => "Spec",
            Self::Drift => "Drift",
            Self::Secret => "Secret",
            Self::Adoption => "Adoption",
            Self::Requested => "Requested",
        }
    }
}

/// The requests by annotation that were answered.
#[derive(Clone, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct LastHandled {
    /// The value of annotation simops.dev/reconcile-requested-at that was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub reconcile_requested_at: Option<String>,
    /// The value of annotation simops.dev/correct-requested-at that was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub correct_requested_at: Option<String>,
}
