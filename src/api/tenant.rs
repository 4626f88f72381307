//! `SailPointTenant`: a tenant of SailPoint Identity Security Cloud and how it is reached.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, LabelSelector};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::integration::{LastHandled, never_observed};
use super::{TenantPolicy, schema};

/// A tenant of SailPoint Identity Security Cloud and how it is reached.
#[derive(CustomResource, Clone, Debug, Deserialize, Serialize, KubeSchema, PartialEq)]
#[kube(
    group = "simops.dev",
    version = "v1alpha1",
    kind = "SailPointTenant",
    plural = "sailpointtenants",
    shortname = "spt",
    category = "sailpoint",
    namespaced,
    doc = "A tenant of SailPoint Identity Security Cloud and how it is reached.",
    status = "SailPointTenantStatus",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#,
        description = "Whether the tenant can be used"
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#,
        description = "Why it can, or cannot"
    ),
    printcolumn(name = "Org", type_ = "string", json_path = ".status.org", description = "The org that the token names"),
    printcolumn(name = "API", type_ = "string", json_path = ".spec.api", description = "The version of its API"),
    printcolumn(
        name = "Managed",
        type_ = "integer",
        json_path = ".status.integrations.managed",
        description = "Integrations that belong to a SimIntegration"
    ),
    printcolumn(
        name = "Unmanaged",
        type_ = "integer",
        json_path = ".status.integrations.unmanaged",
        description = "Integrations that belong to none"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Mode",
        type_ = "string",
        json_path = ".spec.policy.mode",
        priority = 1,
        description = "How far the operator may go in this tenant; empty: Enforce"
    ),
    printcolumn(
        name = "URL",
        type_ = "string",
        json_path = ".spec.baseUrl",
        priority = 1,
        description = "Where its API is"
    ),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        priority = 1,
        description = "What was found, or what can be done"
    ),
    validation = Rule::new(
        "!has(oldSelf.status) || !has(oldSelf.status.org) || self.spec.baseUrl == oldSelf.spec.baseUrl"
    )
    .message(Message::Expression(
        "'baseUrl is fixed, as the org ' + oldSelf.status.org \
         + ' is known: its integrations exist nowhere else; create another SailPointTenant'"
            .to_owned()
    ))
    .field_path(".spec.baseUrl")
)]
#[serde(rename_all = "camelCase")]
pub struct SailPointTenantSpec {
    /// Where the tenant's API is, such as https://acme.api.identitynow.com: scheme and host only. http is for loopback.
    /// The host must be among the operator's --allowed-hosts. Fixed once status.org is known.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(
        validation = Rule::new(
            "isURL(self) && url(self).getHostname() != '' && (self.startsWith('https://') || self.matches(\
             '^http://(localhost|127[.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}|\\\\[::1\\\\])(:[0-9]{1,5})?([/?#].*)?$'))"
        ).message(
            "baseUrl must be https:// and a host, such as https://acme.api.identitynow.com \
             (http:// only for localhost, 127.0.0.0/8 and [::1])"
        ),
        validation = Rule::new("!self.contains('@')")
            .message("baseUrl must have no user and password: credentials belong into a Secret"),
        validation = Rule::new("self.contains('@') || !self.matches('^https?://[^/?#]+[/?#]')").message(
            Message::Expression(
                "'baseUrl must have no path, query or fragment and no slash at its end: write ' \
                 + self.find('^https?://[^/?#]+')".to_owned()
            )
        ),
    )]
    pub base_url: String,
    /// The version of the API: beta, v2024, v2025, v2026 or v1 (SailPoint's newest style of paths).
    pub api: crate::sailpoint::ApiVersion,
    /// The personal access token of a user with the right to manage service desk integrations.
    pub credentials: Credentials,
    /// Further certificate authorities in PEM, for companies that inspect TLS; at most 65536 characters.
    /// Absent: those that the operator's image and its cluster trust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 65536))]
    #[x_kube(validation = Rule::new(
        "self.contains('-----BEGIN CERTIFICATE-----') && self.contains('-----END CERTIFICATE-----')"
    ).message("caBundle must hold certificates in PEM, each from BEGIN CERTIFICATE to END CERTIFICATE"))]
    pub ca_bundle: Option<String>,
    /// How many requests the operator may send in any 10 seconds, from 1 to 10000. SailPoint allows a client 100; what is
    /// left of them serves whoever else uses the same personal access token. Absent: 80.
    #[serde(default, rename = "requestsPer10s", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000), extend("format" = "int32"))]
    pub requests_per_10s: Option<u32>,
    /// How often the tenant is listed and compared, from 10s to 24h, such as 90s, 10m or 1h30m. Absent: 10m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(validation = Rule::new(
        "self != '' && self.matches('^([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,5}s)?$') && duration(self) >= duration('10s') \
         && duration(self) <= duration('24h')"
    ).message("resyncInterval must be from 10s to 24h, such as 90s, 10m or 1h30m"))]
    pub resync_interval: Option<String>,
    /// From which namespaces SimIntegrations may name this tenant. Absent: only from its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_namespaces: Option<AllowedNamespaces>,
    /// What SimIntegrations mean where they say nothing. Absent: mode Enforce, adopt Never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<TenantPolicy>,
}

/// Where the credentials are.
#[derive(Clone, Debug, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// The Secret, in this resource's namespace, with the keys clientId and clientSecret of the personal access token.
    pub secret_ref: SecretRef,
}

/// A Secret in the same namespace.
#[derive(Clone, Debug, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SecretRef {
    /// The name of the Secret, such as acme-sailpoint.
    #[schemars(length(min = 1, max = schema::NAME_LENGTH), regex(pattern = schema::NAME))]
    pub name: String,
}

/// From which namespaces a tenant may be used, as in Gateway API.
#[derive(Clone, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq)]
#[x_kube(validation = Rule::new("(self.from == 'Selector') == has(self.selector)")
    .message("write selector with from: Selector, and only there"))]
#[serde(rename_all = "camelCase")]
pub struct AllowedNamespaces {
    /// Same: the tenant's own namespace. All: every one. Selector: those whose labels the selector matches.
    pub from: NamespacesFrom,
    /// Which namespaces, by their labels, such as {matchLabels: {team: iam}}; {} matches all. Absent: from says it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::label_selector")]
    pub selector: Option<LabelSelector>,
}

/// Which namespaces may use a tenant.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema, PartialEq, Eq)]
#[schemars(description = "")]
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
    #[schemars(length(max = 256))]
    pub org: Option<String>,
    /// How many integrations there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integrations: Option<IntegrationCounts>,
    /// Ready is always there; Reconciling, Stalled and Paused are there only while true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
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
