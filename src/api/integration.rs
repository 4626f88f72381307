//! `SimIntegration`: one SIM integration as it shall be in a tenant.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attributes, Policy};

/// One SIM (service desk) integration of a SailPoint tenant.
#[derive(CustomResource, Clone, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq)]
#[kube(
    group = "simops.dev",
    version = "v1alpha1",
    kind = "SimIntegration",
    plural = "simintegrations",
    shortname = "sim",
    category = "sailpoint",
    namespaced,
    status = "SimIntegrationStatus"
)]
#[serde(rename_all = "camelCase")]
pub struct SimIntegrationSpec {
    /// The SailPointTenant that this integration belongs to. Absent: the operator's default tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_ref: Option<TenantRef>,
    /// Own this existing integration; nothing is ever created for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The name in the tenant. Absent: `metadata.name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the integration is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The type, such as `ServiceNow Service Desk`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,
    /// The SailPoint VA (virtual appliance) cluster that reaches the service desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ObjectRef>,
    /// The sources whose changes become tickets; their order does not matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<ObjectRef>>,
    /// From the ticket's state to the result of the provisioning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_map: Option<BTreeMap<String, String>>,
    /// The texts of the ticket; Velocity in them is sent as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<BTreeMap<String, String>>,
    /// What the type of integration needs, such as `url` and `username`; free-form JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Attributes>,
    /// Attributes whose values are in Secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes_from: Option<Vec<AttributeFrom>>,
    /// The rule that SailPoint runs before it provisions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_provisioning_rule: Option<RuleRef>,
    /// How the operator treats this integration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
}

/// Names a SailPointTenant.
#[derive(Clone, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TenantRef {
    /// The name of the SailPointTenant.
    pub name: String,
    /// Its namespace. Absent: the integration's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// An object of the tenant, by exactly one of its id and its name.
#[derive(Clone, Debug, Deserialize, Serialize, KubeSchema, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRef {
    /// The id in the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The exact name in the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A rule of the tenant; SailPoint has no way to look one up by name.
#[derive(Clone, Debug, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct RuleRef {
    /// The id of the rule.
    pub id: String,
    /// Its name; SailPoint finds it by the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// One attribute whose value is in a Secret.
#[derive(Clone, Debug, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AttributeFrom {
    /// The attribute: its key, or a JSON pointer such as `/provision/auth/password`.
    pub attribute: String,
    /// Where its value is.
    pub secret_key_ref: SecretKeyRef,
}

/// One key of a Secret in the same namespace.
#[derive(Clone, Debug, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeyRef {
    /// The name of the Secret.
    pub name: String,
    /// The key in its data.
    pub key: String,
}

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
    pub id: Option<String>,
    /// How the integration came to be this resource's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The tenant that the id belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantIdentity>,
    /// Ready is always there; Reconciling, Stalled, Planned, Drifted and Paused are there only while true.
    #[serde(default)]
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

pub(super) fn never_observed() -> i64 {
    -1
}

/// How an integration came to be owned.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
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
    pub namespace: String,
    /// The name of the SailPointTenant.
    pub name: String,
    /// The org that its token names.
    pub org: String,
}

/// What was last sent, as digests; no secret value is digested.
#[derive(Clone, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// For each path the digest of the value that was sent or found in order.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub paths: BTreeMap<String, String>,
    /// For each path that the tenant reads back differently than it was sent, the digest of what it reads back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub normalised: BTreeMap<String, String>,
    /// Paths that the tenant does not read back and that were not sent by us: taken to be in order until they move.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unverified: BTreeSet<String>,
    /// For each secret attribute the version that was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SentSecret>,
}

/// One secret attribute as it was last sent.
#[derive(Clone, Debug, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SentSecret {
    /// The attribute, as a JSON pointer.
    pub attribute: String,
    /// The name of the Secret.
    pub name: String,
    /// The key in its data.
    pub key: String,
    /// The version of the Secret that was sent.
    pub resource_version: String,
}

/// What the operator would do.
#[derive(Clone, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PlannedChanges {
    /// In a word: Create, Adopt, Update, Delete or Nothing.
    pub action: String,
    /// The changes, path by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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
    pub path: String,
    /// The value in the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The value that the spec asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// The last change that was made in the tenant.
#[derive(Clone, Debug, Deserialize, Serialize, KubeSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct LastChange {
    /// When the tenant answered.
    pub at: Time,
    /// What was done: Created, Adopted, Updated or Recreated.
    pub action: String,
    /// Why it was done.
    pub cause: Cause,
    /// The generation of the spec that was sent.
    pub generation: i64,
    /// The value of annotation `simops.dev/change-ref` at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_ref: Option<String>,
    /// SailPoint's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_id: Option<String>,
    /// The paths that were changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
}

/// Why something was changed in the tenant.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
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
    /// The value of `simops.dev/reconcile-requested-at` that was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconcile_requested_at: Option<String>,
    /// The value of `simops.dev/correct-requested-at` that was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correct_requested_at: Option<String>,
}
