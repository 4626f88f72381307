//! What a resource asks of the operator: how far it may go, what it may take, what it leaves behind.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far the operator may go.
///
/// The order is that of strictness: where a tenant and an integration disagree, the greater (stricter) wins.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
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
pub enum Adopt {
    /// An existing integration of this name is left alone and reported.
    #[default]
    Never,
    /// The one existing integration of this name is taken; two are refused.
    ByName,
}

/// What happens to the integration in the tenant when the resource is deleted.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
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
    /// How far the operator may go. Where the tenant's policy is stricter, the tenant's counts. Absent: the tenant's, else Enforce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Whether an existing integration of this name may be taken. Absent: the tenant's, else Never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopt: Option<Adopt>,
    /// What happens in the tenant on deletion. Absent: Delete for what the operator created, Orphan for all else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete: Option<Delete>,
}

/// What the integrations of a tenant mean where they say nothing.
#[derive(Clone, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TenantPolicy {
    /// How far the operator may go in this tenant; an integration can be stricter, not laxer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Whether integrations may take an existing one of their name, where they do not say themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopt: Option<Adopt>,
}
