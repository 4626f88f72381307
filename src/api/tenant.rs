//! `SailPointTenant`: a tenant of SailPoint Identity Security Cloud and how it is reached.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, LabelSelector};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TenantPolicy;
use super::integration::{LastHandled, never_observed};

/// A tenant of SailPoint Identity Security Cloud.
#[derive(CustomResource, Clone, Debug, Deserialize, Serialize, KubeSchema, PartialEq)]
#[kube(
    group = "simops.dev",
    version = "v1alpha1",
    kind = "SailPointTenant",
    plural = "sailpointtenants",
    shortname = "spt",
    category = "sailpoint",
    namespaced,
    status = "SailPointTenantStatus"
)]
#[serde(rename_all = "camelCase")]
pub struct SailPointTenantSpec {
    /// Where the tenant's API is, such as `https://acme.api.identitynow.com`.
    pub base_url: String,
    /// The version of the API: beta, v2024, v2025, v2026 or v1.
    pub api: crate::sailpoint::ApiVersion,
    /// The personal access token.
    pub credentials: Credentials,
    /// Further certificate authorities in PEM, for companies that inspect TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_bundle: Option<String>,
    /// Our share of the 100 requests in 10 seconds that SailPoint allows a client. Absent: 80.
    #[serde(default, rename = "requestsPer10s", skip_serializing_if = "Option::is_none")]
    pub requests_per_10s: Option<u32>,
    /// How often the tenant is listed and compared, such as `10m`; at least `10s`. Absent: `10m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resync_interval: Option<String>,
    /// From which namespaces integrations may name this tenant. Absent: its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_namespaces: Option<AllowedNamespaces>,
    /// What integrations mean where they say nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<TenantPolicy>,
}

/// Where the credentials are.
#[derive(Clone, Debug, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// The Secret, in the same namespace, with the keys `clientId` and `clientSecret`.
    pub secret_ref: SecretRef,
}

/// A Secret in the same namespace.
#[derive(Clone, Debug, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SecretRef {
    /// The name of the Secret.
    pub name: String,
}

/// From which namespaces a tenant may be used, as in Gateway API.
#[derive(Clone, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct AllowedNamespaces {
    /// Same: its own; All: every one; Selector: those that the selector matches.
    #[serde(default)]
    pub from: NamespacesFrom,
    /// Which namespaces, by their labels; only with `from: Selector`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
}

/// Which namespaces may use a tenant.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
pub enum NamespacesFrom {
    /// The tenant's own.
    #[default]
    Same,
    /// Every one.
    All,
    /// Those that the selector matches.
    Selector,
}

/// What the operator knows of a tenant.
#[derive(Clone, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct SailPointTenantStatus {
    /// The generation of the spec that the conditions speak of; -1 before the first look.
    #[serde(default = "never_observed")]
    #[schemars(default = "never_observed")]
    pub observed_generation: i64,
    /// The org that the token names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org: Option<String>,
    /// How many integrations there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integrations: Option<IntegrationCounts>,
    /// Ready is always there; Reconciling, Stalled and Paused are there only while true.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// The requests by annotation that were answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled: Option<LastHandled>,
}

/// How many integrations a tenant has.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationCounts {
    /// In the tenant, all told.
    pub remote: i64,
    /// Owned by a SimIntegration.
    pub managed: i64,
    /// Owned by none.
    pub unmanaged: i64,
}
