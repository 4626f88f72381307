//! What is sent and read, exactly as on the wire.
//!
//! The API's two shapes differ: one writes [`Details`] (`sources`, `cluster`), and reads an [`Integration`]
//! (`managedSources`, `clusterRef`, `provisioningConfig`). Reading is lenient, as every field may be missing, of another
//! type or unknown: what is not understood is kept as it came. Nothing here decides what a difference means. No `Debug`
//! prints a value that may hold a secret.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::lenient;

/// A reference to another object of the tenant.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Reference {
    /// `SOURCE`, `CLUSTER`, `RULE`, `IDENTITY`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The id of the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its name, which the server fills in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A source or cluster, as far as names are looked up.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// An integration as it is read (`ServiceDeskIntegrationDto`). Absent, null and of an unexpected type are all `None`; in
/// the last case the value as it came is in `extra`.
///
/// It is serialised only to be kept, and then without the fields that are not compared.
#[derive(Clone, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(default)]
pub struct Integration {
    /// Opaque; a number on the wire is read as its digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name, which the specification says must be unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The type, as `ServiceNow Service Desk`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// When it was created, by the tenant's clock. `None` also for a time that cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<jiff::Timestamp>,
    /// When it was last changed, by the tenant's clock. `None` also for a time that cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<jiff::Timestamp>,
    /// The id of the cluster, in the older field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The cluster, in the newer field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_ref: Option<Reference>,
    /// The ids of the sources, in the older field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_sources: Option<Vec<String>>,
    /// The sources, in the newer field: `provisioningConfig.managedResourceRefs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_resource_refs: Option<Vec<Reference>>,
    /// `provisioningConfig` whole: it cannot be sent.
    #[serde(skip)]
    pub provisioning_config: Option<Map<String, Value>>,
    /// The attributes. Secrets among them come as cipher-text, masked or not at all. A JSON-encoded string is read too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Map<String, Value>>,
    /// The rule that runs before provisioning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_provisioning_rule: Option<Reference>,
    /// What was sent as `sources`, where a tenant echoes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<String>>,
    /// What was sent as `statusMap`, where a tenant echoes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_map: Option<Map<String, Value>>,
    /// What was sent as `request`, where a tenant echoes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Map<String, Value>>,
    /// All other fields, `ownerRef` among them, and those of an unexpected type.
    #[serde(skip)]
    pub extra: Map<String, Value>,
}

/// Fields that are read but cannot be sent.
const READ_ONLY: [&str; 7] =
    ["id", "created", "modified", "ownerRef", "clusterRef", "managedSources", "provisioningConfig"];

impl Integration {
    /// Reads one object.
    ///
    /// # Errors
    /// If the value is no object. The words quote no value.
    pub(super) fn read(value: Value) -> Result<Self, &'static str> {
        let Value::Object(mut map) = value else { return Err("is no JSON object") };
        let map = &mut map;
        let provisioning_config = lenient::take(map, "provisioningConfig", lenient::object);
        let managed_resource_refs = provisioning_config
            .as_ref()
            .and_then(|config| config.get("managedResourceRefs"))
            .and_then(|value| lenient::list(value, lenient::reference));
        Ok(Self {
            id: lenient::take(map, "id", lenient::id),
            name: lenient::take(map, "name", lenient::text),
            description: lenient::take(map, "description", lenient::text),
            kind: lenient::take(map, "type", lenient::text),
            created: lenient::take(map, "created", lenient::time),
            modified: lenient::take(map, "modified", lenient::time),
            cluster: lenient::take(map, "cluster", lenient::text),
            cluster_ref: lenient::take(map, "clusterRef", lenient::reference),
            managed_sources: lenient::take(map, "managedSources", |value| lenient::list(value, lenient::text)),
            managed_resource_refs,
            provisioning_config,
            attributes: lenient::take(map, "attributes", lenient::object),
            before_provisioning_rule: lenient::take(map, "beforeProvisioningRule", lenient::reference),
            sources: lenient::take(map, "sources", |value| lenient::list(value, lenient::text)),
            status_map: lenient::take(map, "statusMap", lenient::object),
            request: lenient::take(map, "request", lenient::object),
            extra: std::mem::take(map),
        })
    }

    /// The ids of its sources, wherever this tenant shows them.
    #[must_use]
    pub fn source_ids(&self) -> Option<Vec<String>> {
        let of_refs = self.managed_resource_refs.as_ref();
        let of_refs = of_refs.and_then(|refs| refs.iter().map(|reference| reference.id.clone()).collect());
        let shown = [of_refs, self.managed_sources.clone(), self.sources.clone()];
        // A field that is empty beside one that is not is a field this tenant does not fill.
        let filled = shown.iter().flatten().find(|ids| !ids.is_empty()).cloned();
        filled.or_else(|| shown.into_iter().flatten().next())
    }

    /// The id of its cluster, wherever this tenant shows it.
    #[must_use]
    pub fn cluster_id(&self) -> Option<&str> {
        self.cluster_ref.as_ref().and_then(|reference| reference.id.as_deref()).or(self.cluster.as_deref())
    }

    /// The body of a PUT that leaves all as it is, to be changed before it is sent: sources and cluster in the fields that
    /// are written, read-only fields left out, unknown fields kept. Secrets among the attributes are still what was read
    /// (cipher-text, a mask): the caller puts the real ones in their place, or must not send this.
    #[must_use]
    pub fn into_details(self) -> Details {
        let (sources, cluster) = (self.source_ids(), self.cluster_id().map(str::to_owned));
        let mut extra = self.extra;
        extra.retain(|key, _| !READ_ONLY.contains(&key.as_str()));
        Details {
            name: self.name,
            description: self.description,
            kind: self.kind,
            attributes: self.attributes,
            sources,
            cluster,
            status_map: self.status_map,
            request: self.request,
            before_provisioning_rule: self.before_provisioning_rule,
            extra,
        }
    }
}

/// An integration as it is created or replaced (`SimIntegrationDetails`). `None` is not sent.
#[derive(Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// The name; all that the specification requires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The type, as `ServiceNow Service Desk`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The attributes, credentials in plain text among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Map<String, Value>>,
    /// Ids of sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<String>>,
    /// The id of a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Ticket status to provisioning result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_map: Option<Map<String, Value>>,
    /// Templates of the ticket's texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Map<String, Value>>,
    /// The rule that runs before provisioning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_provisioning_rule: Option<Reference>,
    /// Fields this client does not know, kept when an integration is read and written back.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One operation of a PATCH. Only `replace` is ever sent: SailPoint refuses others on the sibling API with a 403.
#[derive(Clone, PartialEq, Serialize)]
pub struct PatchOperation {
    op: Replace,
    /// A JSON pointer (RFC 6901); see [`pointer`].
    path: String,
    value: Value,
}

#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Replace {
    Replace,
}

impl PatchOperation {
    /// Replaces what is at `path`, a JSON pointer, by `value`.
    #[must_use]
    pub fn replace(path: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { op: Replace::Replace, path: path.into(), value: value.into() }
    }

    /// Where it replaces.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// The JSON pointer to what these keys lead to: `["attributes", "a/b~c"]` is `/attributes/a~1b~0c` (RFC 6901).
#[must_use]
pub fn pointer<'a>(keys: impl IntoIterator<Item = &'a str>) -> String {
    keys.into_iter().flat_map(|key| ["/".to_owned(), key.replace('~', "~0").replace('/', "~1")]).collect()
}

/// Which keys there are, without their values.
struct Keys<'a>(&'a Map<String, Value>);

impl fmt::Debug for Keys<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

impl fmt::Debug for Integration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Integration")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("type", &self.kind)
            .field("attributes", &self.attributes.as_ref().map(Keys))
            .field("extra", &Keys(&self.extra))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Details {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Details")
            .field("name", &self.name)
            .field("type", &self.kind)
            .field("attributes", &self.attributes.as_ref().map(Keys))
            .field("extra", &Keys(&self.extra))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PatchOperation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "replace {}", self.path)
    }
}

#[cfg(test)]
mod tests;
