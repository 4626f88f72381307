//! A resource as Kubernetes sent it: whole, or as much of it as can be read.
//!
//! The definitions keep out nearly all that these types cannot read. Nearly: free-form JSON may be nested deeper than is
//! read here, and a definition may have been loosened, or be that of another version. One such resource must not end the
//! watch of all the others.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Debug;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::Resource;
use kube::core::NamespaceResourceScope;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::{
    SailPointTenant, SailPointTenantSpec, SailPointTenantStatus, SimIntegration, SimIntegrationSpec,
    SimIntegrationStatus,
};

/// The most characters of a path that are shown.
const LONGEST_PATH: usize = 200;

/// Repeats the whole resource for `kubectl apply`, and nobody else looks at it.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A kind of ours.
pub trait Kept:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + DeserializeOwned
    + Serialize
    + Clone
    + Debug
    + Send
    + Sync
    + 'static
{
    /// Its spec.
    type Spec: DeserializeOwned;
    /// Its status.
    type Status: DeserializeOwned;

    /// A resource of these parts.
    fn of(metadata: ObjectMeta, spec: Self::Spec, status: Option<Self::Status>) -> Self;

    /// A resource of which only this much can be read.
    fn of_parts(metadata: ObjectMeta, spec: Option<&RawValue>, status: Option<&RawValue>) -> Self;
}

/// A resource as far as a reconcile looks at it, and why it is not all of that, if it is not.
#[derive(Clone, Debug)]
pub struct Received<K> {
    /// The resource; without what cannot be read, and what no reconcile looks at.
    pub resource: K,
    /// What cannot be read, in words that quote no value.
    pub unreadable: Option<String>,
}

/// A resource, read whole.
#[derive(Deserialize)]
struct Whole<S, T> {
    metadata: Metadata,
    spec: S,
    status: Option<T>,
}

/// What a reconcile looks at. `managedFields` alone are as large as all of this.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    annotations: Option<BTreeMap<String, String>>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    finalizers: Option<Vec<String>>,
    generation: Option<i64>,
    name: Option<String>,
    namespace: Option<String>,
    resource_version: Option<String>,
    uid: Option<String>,
}

impl From<Metadata> for ObjectMeta {
    fn from(read: Metadata) -> Self {
        let annotations = read.annotations.map(|mut annotations| {
            annotations.remove(LAST_APPLIED);
            annotations
        });
        Self {
            annotations,
            creation_timestamp: read.creation_timestamp,
            deletion_timestamp: read.deletion_timestamp,
            finalizers: read.finalizers,
            generation: read.generation,
            name: read.name,
            namespace: read.namespace,
            resource_version: read.resource_version,
            uid: read.uid,
            ..Self::default()
        }
    }
}

/// The parts of a resource that cannot be read whole.
#[derive(Deserialize)]
struct Parts<'a> {
    metadata: Metadata,
    #[serde(borrow)]
    spec: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
}

impl<'de, K: Kept> Deserialize<'de> for Received<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // As text: whatever goes through a tree of values, or through serde's own buffer, is limited in depth.
        let text = Box::<RawValue>::deserialize(deserializer)?;
        if let Ok(Whole { metadata, spec, status }) = serde_json::from_str(text.get()) {
            return Ok(Self { resource: K::of(metadata.into(), spec, status), unreadable: None });
        }
        let Parts { metadata, spec, status } = serde_json::from_str(text.get()).map_err(D::Error::custom)?;
        Ok(Self { resource: K::of_parts(metadata.into(), spec, status), unreadable: Some(why::<K>(text.get())) })
    }
}

impl<K: Resource> Resource for Received<K> {
    type DynamicType = K::DynamicType;
    type Scope = K::Scope;

    fn kind(dynamic: &K::DynamicType) -> Cow<'_, str> {
        K::kind(dynamic)
    }

    fn group(dynamic: &K::DynamicType) -> Cow<'_, str> {
        K::group(dynamic)
    }

    fn version(dynamic: &K::DynamicType) -> Cow<'_, str> {
        K::version(dynamic)
    }

    fn plural(dynamic: &K::DynamicType) -> Cow<'_, str> {
        K::plural(dynamic)
    }

    fn meta(&self) -> &ObjectMeta {
        self.resource.meta()
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        self.resource.meta_mut()
    }
}

impl Kept for SimIntegration {
    type Spec = SimIntegrationSpec;
    type Status = SimIntegrationStatus;

    fn of(metadata: ObjectMeta, spec: Self::Spec, status: Option<Self::Status>) -> Self {
        Self { metadata, spec, status }
    }

    fn of_parts(metadata: ObjectMeta, spec: Option<&RawValue>, status: Option<&RawValue>) -> Self {
        let spec = spec.and_then(|spec| most_of(json!({}), spec)).unwrap_or_default();
        Self { metadata, spec, status: status.and_then(|status| most_of(json!({}), status)) }
    }
}

impl Kept for SailPointTenant {
    type Spec = SailPointTenantSpec;
    type Status = SailPointTenantStatus;

    fn of(metadata: ObjectMeta, spec: Self::Spec, status: Option<Self::Status>) -> Self {
        Self { metadata, spec, status }
    }

    fn of_parts(metadata: ObjectMeta, text: Option<&RawValue>, status: Option<&RawValue>) -> Self {
        let spec = SailPointTenantSpec {
            base_url: String::new(),
            api: crate::sailpoint::ApiVersion::default(),
            credentials: super::tenant::Credentials { secret_ref: super::tenant::SecretRef { name: String::new() } },
            ca_bundle: None,
            requests_per_10s: None,
            resync_interval: None,
            allowed_namespaces: None,
            policy: None,
        };
        let read = text.and_then(|text| most_of(json!(spec), text));
        let status = status.and_then(|status| most_of(json!({}), status));
        Self { metadata, spec: read.unwrap_or(spec), status }
    }
}

/// `base` with each field that can be read in its place.
fn most_of<T: DeserializeOwned>(base: Value, text: &RawValue) -> Option<T> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text.get()).unwrap_or_default();
    let Value::Object(mut found) = base else { return None };
    for (key, text) in fields {
        let Ok(value) = serde_json::from_str::<Value>(text.get()) else { continue };
        let mut with: Map<String, Value> = found.clone();
        with.insert(key, value);
        if T::deserialize(&Value::Object(with.clone())).is_ok() {
            found = with;
        }
    }
    T::deserialize(Value::Object(found)).ok()
}

/// Where reading stops, and what was expected there.
fn why<K: Kept>(text: &str) -> String {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let Err(error) = serde_path_to_error::deserialize::<_, Whole<K::Spec, K::Status>>(&mut deserializer) else {
        return "nothing".to_owned();
    };
    let path: String = error.path().to_string().chars().take(LONGEST_PATH).collect();
    format!("{path}: {}", words(&error.inner().to_string()))
}

/// What a parser says, without the value that it met.
fn words(said: &str) -> String {
    let said = said.rsplit_once(" at line ").map_or(said, |(said, _)| said);
    match said.rsplit_once(", expected ") {
        _ if said.starts_with("recursion limit") => "nested too deeply".to_owned(),
        Some((_, expected)) => format!("expected {expected}"),
        None if said.starts_with("missing field") => said.to_owned(),
        None => "a value that means nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received<K: Kept>(spec: &str) -> Received<K> {
        let text = format!(
            r#"{{"apiVersion":"simops.dev/v1alpha1","kind":"X","metadata":{{"name":"desk","uid":"7","finalizers":["f"]}},"spec":{spec},"status":{{"id":"1","sent":5,"conditions":[]}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn what_can_be_read_is_there_and_what_cannot_is_named() {
        let desk = received::<SimIntegration>(r#"{"name":"Desk","sources":"hunter2","externalId":"9"}"#);
        assert_eq!(desk.unreadable.as_deref(), Some("spec.sources: expected a sequence"));
        assert_eq!((desk.meta().name.as_deref(), desk.resource.spec.name.as_deref()), (Some("desk"), Some("Desk")));
        assert_eq!(desk.resource.spec.external_id.as_deref(), Some("9"));
        let status = desk.resource.status.unwrap();
        assert_eq!((status.id.as_deref(), status.sent), (Some("1"), None));
    }

    #[test]
    fn what_no_reconcile_looks_at_is_left_out() {
        let text = json!({"metadata": {
            "name": "desk", "labels": {"a": "b"}, "managedFields": [{"manager": "kubectl"}],
            "annotations": {LAST_APPLIED: "{}", "simops.dev/change-ref": "CHG1"},
        }, "spec": {}});
        let Received { resource, unreadable } =
            serde_json::from_str::<Received<SimIntegration>>(&text.to_string()).unwrap();
        let left = json!({"name": "desk", "annotations": {"simops.dev/change-ref": "CHG1"}});
        assert_eq!((json!(resource.metadata), unreadable), (left, None));
    }

    #[test]
    fn a_tenant_is_read_as_far_as_it_goes() {
        let tenant = received::<SailPointTenant>(r#"{"baseUrl":"https://a","api":"v9","requestsPer10s":-1}"#);
        assert!(tenant.unreadable.is_some_and(|why| why.starts_with("spec.api: expected one of `beta`")));
        assert_eq!(
            (tenant.resource.spec.base_url.as_str(), tenant.resource.spec.requests_per_10s),
            ("https://a", None)
        );
        assert!(received::<SailPointTenant>("[]").unreadable.is_some());
    }

    #[test]
    fn what_is_nested_beyond_all_limits_is_one_resource_and_not_the_end_of_all() {
        let deep = format!("{}1{}", "[".repeat(9000), "]".repeat(9000));
        let desk = received::<SimIntegration>(&format!(r#"{{"name":"Desk","attributes":{{"a":{deep}}}}}"#));
        assert!(desk.unreadable.is_some_and(|why| why.ends_with("nested too deeply") && why.len() < 300));
        assert_eq!(desk.resource.spec.name.as_deref(), Some("Desk"));
        let managed =
            format!(r#"{{"metadata":{{"uid":"7","managedFields":[{{"fieldsV1":{{"f:a":{deep}}}}}]}},"spec":{{}}}}"#);
        let desk: Received<SimIntegration> = serde_json::from_str(&managed).unwrap();
        assert_eq!((desk.meta().uid.as_deref(), desk.meta().managed_fields.is_none()), (Some("7"), true));
    }

    #[test]
    fn a_parsers_words_quote_no_value() {
        for (said, words_of_ours) in [
            (r#"invalid type: string "hunter2, expected x", expected a map at line 1 column 2"#, "expected a map"),
            ("invalid value: hunter2 at line 1 column 2", "a value that means nothing"),
        ] {
            assert_eq!(words(said), words_of_ours);
        }
    }
}
