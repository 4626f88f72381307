//! What a resource asks of the operator: how far it may go, what it may take, what it leaves behind.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far the operator may go.
///
/// The order is that of strictness: where a tenant and an integration disagree, the greater (stricter) wins.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
#[schemars(description = "")]
pub enum Mode {
    /// Git wins: changes are sent and drift is repaired.
    #[default]
    Enforce,
    /// What changed in Git is sent; drift is only shown.
    Report,
    /// Look and say what would be done; write nothing to the tenant.
    Plan,
    /// No call at all.
    Paused,
}

/// Whether a resource may take an existing integration of its name.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[schemars(description = "")]
pub enum Adopt {
    /// An existing integration of this name is left alone and reported.
    #[default]
    Never,
    /// The one existing integration of this name is taken; two are refused.
    ByName,
}

/// What happens to the integration in the tenant when the resource is deleted.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[schemars(description = "")]
pub enum Delete {
    /// It is deleted with the resource.
    Delete,
    /// It stays in the tenant.
    Orphan,
}

/// The policy of one integration.
#[derive(Clone, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// How far the operator may go. Enforce: Git wins and drift is repaired. Report: what changed in Git is sent, drift is
    /// only shown. Plan: look, say what would be done, write nothing to the tenant. Paused: no call at all. If the tenant's
    /// mode is stricter (further to the end of this list), that counts. Absent: the tenant's, or else Enforce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Whether an existing integration of this name may be taken. Never: it is left alone and reported. ByName: the one of
    /// this name is taken, two are refused. Absent: as the tenant's policy says, or else Never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopt: Option<Adopt>,
    /// What happens to the integration in the tenant when this resource is deleted. Delete: it is deleted, too. Orphan: it
    /// stays. Absent: Delete for what the operator created, Orphan for what was adopted or cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete: Option<Delete>,
}

/// What the integrations of a tenant mean where they say nothing.
#[derive(Clone, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TenantPolicy {
    /// How far the operator may go in this tenant; a SimIntegration can be stricter, not laxer. Enforce: Git wins and drift
    /// is repaired. Report: what changed in Git is sent, drift is only shown. Plan: look, say what would be done, write
    /// nothing to the tenant. Paused: no call at all. Absent: Enforce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Whether SimIntegrations that do not say so themselves may take an existing integration of their name. Never: it is
    /// left alone and reported. ByName: the one of this name is taken, two are refused. Absent: Never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopt: Option<Adopt>,
}
