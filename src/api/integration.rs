//! `SimIntegration`: one SIM integration as it shall be in a tenant.

mod status;

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::schema;
use super::{Attributes, Policy};

pub(super) use status::never_observed;
pub use status::{
    Cause, LastChange, LastHandled, Origin, PlannedChange, PlannedChanges, Sent, SentSecret, SimIntegrationStatus,
    TenantIdentity,
};

/// One SIM (service desk) integration of a SailPoint Identity Security Cloud tenant, kept as this resource describes it.
///
/// What the spec leaves out is left as it is in the tenant.
#[derive(CustomResource, Clone, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq)]
#[kube(
    group = "simops.dev",
    version = "v1alpha1",
    kind = "SimIntegration",
    plural = "simintegrations",
    shortname = "sim",
    category = "sailpoint",
    namespaced,
    doc = "One SIM (service desk) integration of a SailPoint Identity Security Cloud tenant, kept as this resource describes it.",
    status = "SimIntegrationStatus",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#,
        description = "Whether the integration is in order"
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#,
        description = "Why it is, or is not"
    ),
    printcolumn(
        name = "Tenant",
        type_ = "string",
        json_path = ".status.tenant.name",
        description = "The SailPointTenant that it belongs to"
    ),
    printcolumn(name = "ID", type_ = "string", json_path = ".status.id", description = "Its id in the tenant"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Mode",
        type_ = "string",
        json_path = ".spec.policy.mode",
        priority = 1,
        description = "How far the operator may go; empty: as the tenant says"
    ),
    printcolumn(
        name = "OnDelete",
        type_ = "string",
        json_path = ".spec.policy.delete",
        priority = 1,
        description = "What happens in the tenant on deletion; empty: deleted if created by the operator, else kept"
    ),
    printcolumn(
        name = "Type",
        type_ = "string",
        json_path = ".spec.type",
        priority = 1,
        description = "The type of the integration"
    ),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        priority = 1,
        description = "What was found, or what can be done"
    ),
    validation = Rule::new(
        "has(oldSelf.spec.tenantRef) || !has(self.spec.tenantRef) || !has(oldSelf.status) || !has(oldSelf.status.tenant) \
         || (self.spec.tenantRef.name == oldSelf.status.tenant.name && has(self.spec.tenantRef.__namespace__) \
         && self.spec.tenantRef.__namespace__ == oldSelf.status.tenant.__namespace__)"
    )
    .message(Message::Expression(
        "'tenantRef may only be set to the tenant that the integration is in: write {namespace: ' \
         + oldSelf.status.tenant.__namespace__ + ', name: ' + oldSelf.status.tenant.name + '}'"
            .to_owned()
    ))
    .field_path(".spec.tenantRef")
)]
#[x_kube(validation = Rule::new(
    "!has(oldSelf.tenantRef) || (has(self.tenantRef) && self.tenantRef == oldSelf.tenantRef)"
).message(
    "tenantRef cannot be changed or removed: delete this resource (with policy.delete: Orphan to keep the integration) \
     and create it again"
))]
#[serde(rename_all = "camelCase")]
pub struct SimIntegrationSpec {
    /// The SailPointTenant that the integration belongs to, such as {name: acme}. It cannot be changed or removed later.
    /// Absent: the operator's default tenant (--default-tenant); then it may later be set, with its namespace, to the
    /// tenant that status.tenant names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_ref: Option<TenantRef>,
    /// The id of an existing integration to own, such as 2c9180835d191a86015d28455b4a2329. Writing it down is the
    /// consent to take that integration whatever its name; nothing is ever created then.
    /// Absent: the integration of this name is created, or adopted if policy.adopt allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = schema::REMOTE_ID_LENGTH), regex(pattern = schema::REMOTE_ID))]
    pub external_id: Option<String>,
    /// The name in the tenant, such as ServiceNow SIM; at most 256 characters. Changing it renames the integration.
    /// Absent: metadata.name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = schema::REMOTE_NAME_LENGTH))]
    #[x_kube(validation = Rule::new(r"self.trim() == self && !self.matches('[\\x00-\\x1f\\x7f]')")
        .message("name must have no blanks around it and no line breaks"))]
    pub name: Option<String>,
    /// What the integration is for; at most 4096 characters. Absent: left as it is in the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub description: Option<String>,
    /// The type as SailPoint names it, such as ServiceNow Service Desk. Absent: left as it is in the tenant; a new
    /// integration needs it.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = schema::REMOTE_NAME_LENGTH))]
    #[x_kube(validation = Rule::new("self.trim() == self").message("type must have no blanks around it"))]
    pub type_: Option<String>,
    /// The SailPoint VA (virtual appliance) cluster that reaches the service desk, by id or by name, such as
    /// {name: Training VA}. Absent: left as it is in the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ObjectRef>,
    /// The sources whose changes become tickets, by id or by name, such as [{name: Active Directory}]; at most 1000, each
    /// once, in any order. Absent: left as they are in the tenant.
    // No rule refuses a source given twice: to compare each with each costs more than the API server spends on one rule
    // (1,000,000) from about 200 sources on, and companies with hundreds of disconnected applications have more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = schema::MOST_SOURCES))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub sources: Option<Vec<ObjectRef>>,
    /// From the ticket's state to the result of the provisioning, such as {closed_complete: Committed}; at most 64
    /// entries. Absent: left as it is in the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::short_texts")]
    pub status_map: Option<BTreeMap<String, String>>,
    /// The texts of the ticket by field, such as {short_description: "Access for $!plan.arguments.identityRequestId"};
    /// at most 128 fields of 32768 characters. Velocity in them is sent as it is. Absent: left as they are in the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::long_texts")]
    pub request: Option<BTreeMap<String, String>>,
    /// What this type of integration needs, such as {url: "https://acme.service-now.com", username: svc_sailpoint};
    /// free-form JSON, sent as it is, at most 256 keys. Secrets belong into attributesFrom. Null means absent.
    /// Absent: left as they are in the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Attributes>,
    /// Attributes whose values are in Secrets of this namespace; at most 64, each once. Absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = schema::MOST_SECRETS))]
    #[x_kube(
        merge_strategy = ListMerge::Map(vec!["attribute".into()]),
        validation = Rule::new(
            "[self.map(a, a.attribute.startsWith('/') ? a.attribute \
             : '/' + a.attribute.replace('~', '~0').replace('/', '~1'))]\
             .all(paths, paths.all(a, paths.exists_one(b, a == b || a.startsWith(b + '/'))))"
        ).message("attributesFrom must name each attribute once, and none inside another"),
    )]
    pub attributes_from: Option<Vec<AttributeFrom>>,
    /// The rule that SailPoint runs before it provisions, by its id. Absent: left as it is in the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_provisioning_rule: Option<RuleRef>,
    /// How the operator treats this integration. Absent: as the tenant's policy says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
}

/// Names a SailPointTenant.
#[derive(Clone, Debug, Default, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TenantRef {
    /// The name of the SailPointTenant, such as acme.
    #[schemars(length(min = 1, max = schema::NAME_LENGTH), regex(pattern = schema::NAME))]
    pub name: String,
    /// Its namespace; the tenant must allow this one (spec.allowedNamespaces there). Absent: this resource's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = schema::NAMESPACE_LENGTH), regex(pattern = schema::NAMESPACE))]
    pub namespace: Option<String>,
}

/// An object of the tenant, by exactly one of its id and its name.
#[derive(Clone, Debug, Deserialize, Serialize, KubeSchema, PartialEq, Eq, PartialOrd, Ord)]
#[x_kube(validation = Rule::new("has(self.id) != has(self.name)").message("write exactly one of id and name"))]
#[serde(rename_all = "camelCase")]
pub struct ObjectRef {
    /// The id in the tenant, such as 2c9180835d191a86015d28455b4a2329. Absent: it is found by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = schema::REMOTE_ID_LENGTH), regex(pattern = schema::REMOTE_ID))]
    pub id: Option<String>,
    /// The exact name in the tenant, such as Active Directory; one object must have it. Absent: it is found by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = schema::REMOTE_NAME_LENGTH))]
    pub name: Option<String>,
}

/// A rule of the tenant; SailPoint has no way to look one up by name.
#[derive(Clone, Debug, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct RuleRef {
    /// The id of the rule, such as 048eb3d55c5a4758bd07dccb87741c78.
    #[schemars(length(min = 1, max = schema::REMOTE_ID_LENGTH), regex(pattern = schema::REMOTE_ID))]
    pub id: String,
    /// Its name, for readers; SailPoint finds the rule by its id. Absent: left as it is in the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = schema::REMOTE_NAME_LENGTH))]
    pub name: Option<String>,
}

/// One attribute whose value is in a Secret.
#[derive(Clone, Debug, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AttributeFrom {
    /// The attribute: its key, such as password, or, beginning with a slash, a JSON pointer into the attributes, such as
    /// /provision/auth/password (~1 stands for a slash in a key, ~0 for a tilde).
    #[schemars(length(min = 1, max = schema::ATTRIBUTE_LENGTH))]
    #[x_kube(validation = Rule::new("!self.startsWith('/') || (self != '/' && !self.matches('~([^01]|$)'))").message(
        "attribute must be a key, such as password, or a JSON pointer, such as /provision/auth/password \
         (~1 stands for a slash in a key, ~0 for a tilde)"
    ))]
    pub attribute: String,
    /// Where its value is.
    pub secret_key_ref: SecretKeyRef,
}

/// One key of a Secret in the same namespace.
#[derive(Clone, Debug, Deserialize, Serialize, KubeSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeyRef {
    /// The name of the Secret, in this resource's namespace, such as servicenow.
    #[schemars(length(min = 1, max = schema::NAME_LENGTH), regex(pattern = schema::NAME))]
    pub name: String,
    /// The key in its data, such as password; its value is sent as text.
    #[schemars(length(min = 1, max = schema::NAME_LENGTH), regex(pattern = schema::SECRET_KEY))]
    pub key: String,
}
