//! A resource as the store keeps it: folded small, and unfolded for as long as somebody looks at it.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::{Deserialize, Deserializer};

use super::Kept;
use crate::packed::Packed;

/// A resource, folded.
#[derive(Clone, Debug)]
pub struct Folded<K> {
    /// Names, uid and version: what the store itself looks at.
    metadata: ObjectMeta,
    matters: u64,
    is_news: bool,
    resource: Packed<K>,
}

impl<K: Kept> Folded<K> {
    /// Folds `resource`, of which `before` was known.
    #[must_use]
    pub fn new(resource: &K, before: Option<&Self>) -> Self {
        let ObjectMeta { name, namespace, uid, resource_version, .. } = resource.meta().clone();
        let metadata = ObjectMeta { name, namespace, uid, resource_version, ..ObjectMeta::default() };
        let matters = matters(resource);
        let is_news = before.is_none_or(|before| before.metadata.uid != metadata.uid || before.matters != matters);
        Self { metadata, matters, is_news, resource: Packed::new(resource) }
    }

    /// The resource.
    #[must_use]
    pub fn unfold(&self) -> Option<Arc<K>> {
        self.resource.open()
    }

    /// Whether anything that a reconcile looks at is other than it was known before.
    #[must_use]
    pub fn is_news(&self) -> bool {
        self.is_news
    }
}

/// Tells apart what a reconcile looks at: not the status, which is our own.
fn matters<K: Resource>(resource: &K) -> u64 {
    let mut hasher = DefaultHasher::new();
    let meta = resource.meta();
    (meta.generation, &meta.annotations, &meta.finalizers, meta.deletion_timestamp.is_some()).hash(&mut hasher);
    hasher.finish()
}

impl<'de, K: Kept> Deserialize<'de> for Folded<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        K::deserialize(deserializer).map(|resource| Self::new(&resource, None))
    }
}

impl<K: Resource> Resource for Folded<K> {
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
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use kube::ResourceExt as _;
    use serde_json::json;

    use super::*;
    use crate::api::SimIntegration;

    #[test]
    fn what_is_folded_comes_out_as_it_was() {
        let resource: SimIntegration = serde_json::from_value(json!({
            "apiVersion": "simops.dev/v1alpha1", "kind": "SimIntegration",
            "metadata": {
                "name": "desk", "namespace": "iam", "uid": "u", "resourceVersion": "7", "generation": 2,
                "creationTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["simops.dev/finalizer"],
                "annotations": {"simops.dev/change-ref": "CHG1"},
            },
            "spec": {"name": "Desk", "attributes": {"a": {"b": [1, 2.5, null, true]}}, "sources": [{"name": "AD"}]},
            "status": {"observedGeneration": 1, "id": "1", "sent": {"paths": {"/name": "0123"}}},
        }))
        .unwrap();
        let folded = Folded::new(&resource, None);
        assert_eq!(json!(*folded.unfold().unwrap()), json!(resource));
        assert_eq!((folded.name_any(), folded.resource_version()), ("desk".to_owned(), Some("7".to_owned())));
    }

    #[test]
    fn a_status_does_not_matter_and_an_annotation_does() {
        let mut resource = SimIntegration::new("desk", crate::api::SimIntegrationSpec::default());
        let mut other = resource.clone();
        other.status = Some(crate::api::SimIntegrationStatus::default());
        let before = Folded::new(&resource, None);
        assert!(before.is_news() && !Folded::new(&other, Some(&before)).is_news());
        other.annotations_mut().insert("a".to_owned(), "b".to_owned());
        assert!(Folded::new(&other, Some(&before)).is_news());
        resource.metadata.uid = Some("another of this name".to_owned());
        assert!(Folded::new(&resource, Some(&before)).is_news());
    }
}
