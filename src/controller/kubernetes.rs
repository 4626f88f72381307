//! Reads and writes of Kubernetes that reconciles make: live reads by name, guarded patches, finalizers.
//!
//! Writes are boxed: a reconcile has room for all that it might do, and nearly all of them write nothing.

use futures::FutureExt as _;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client, Resource, ResourceExt as _};
use serde_json::{Value, json};

use crate::api::{Kept, Received};

/// The field manager of our patches.
const MANAGER: &str = "sim-operator";

/// The API of `resource`'s kind in its namespace, whose answers are read as far as they can be.
pub fn received<K: Kept>(client: &Client, resource: &K) -> Api<Received<K>> {
    Api::namespaced(client.clone(), &resource.namespace().unwrap_or_default())
}

/// A merge patch of metadata, refused (409) if `resource` is not the newest version.
///
/// # Errors
/// As Kubernetes answered.
pub async fn patch_metadata<K: Kept>(client: &Client, resource: &K, mut metadata: Value) -> Result<K, kube::Error> {
    metadata["resourceVersion"] = json!(resource.resource_version());
    metadata["uid"] = json!(resource.uid());
    let patch = Patch::Merge(json!({"metadata": metadata}));
    let written = received(client, resource).patch(&resource.name_any(), &parameters(), &patch).boxed().await;
    written.map(|written| written.resource)
}

/// A merge patch of the status, refused (409) if `resource` is not the newest version.
///
/// `status` is written whole: what it lacks and `before` had is removed.
///
/// # Errors
/// As Kubernetes answered.
pub async fn patch_status<K: Kept>(
    client: &Client,
    resource: &K,
    before: &Value,
    status: Value,
) -> Result<K, kube::Error> {
    let mut status = status;
    remove_what_is_gone(before, &mut status);
    let metadata = json!({"resourceVersion": resource.resource_version(), "uid": resource.uid()});
    let patch = Patch::Merge(json!({"metadata": metadata, "status": status}));
    let written = received(client, resource).patch_status(&resource.name_any(), &parameters(), &patch).boxed().await;
    written.map(|written| written.resource)
}

fn parameters() -> PatchParams {
    PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() }
}

/// A merge patch keeps what it does not name: names with null what `before` has and `after` has not.
fn remove_what_is_gone(before: &Value, after: &mut Value) {
    let (Value::Object(before), Value::Object(after)) = (before, after) else { return };
    for (key, old) in before {
        match after.get_mut(key) {
            Some(new) => remove_what_is_gone(old, new),
            None => {
                after.insert(key.clone(), Value::Null);
            }
        }
    }
}

/// Whether the definition of this kind is being deleted, or gone: read now. `kubectl delete crd` deletes every resource with
/// it, and nothing in a tenant may follow.
///
/// # Errors
/// As Kubernetes answered.
pub async fn crd_is_terminating<K: Resource<DynamicType = ()>>(client: &Client) -> Result<bool, kube::Error> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let found = api.get_metadata_opt(&format!("{}.{}", K::plural(&()), K::group(&()))).await?;
    Ok(found.is_none_or(|crd| crd.metadata.deletion_timestamp.is_some()))
}

/// The metadata that adds our finalizer to those of `resource`; `None` where it is there.
pub fn with_finalizer<K: Resource>(resource: &K) -> Option<Vec<String>> {
    let finalizers = resource.finalizers();
    let is_there = finalizers.iter().any(|finalizer| finalizer == crate::api::FINALIZER);
    (!is_there).then(|| finalizers.iter().cloned().chain([crate::api::FINALIZER.to_owned()]).collect())
}

/// Removes our finalizer and leaves others.
///
/// # Errors
/// As Kubernetes answered; a resource that is gone is no error.
pub async fn remove_finalizer<K: Kept>(client: &Client, resource: &K) -> Result<(), kube::Error> {
    let rest: Vec<&String> = resource.finalizers().iter().filter(|one| *one != crate::api::FINALIZER).collect();
    match patch_metadata(client, resource, json!({"finalizers": rest})).await {
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        result => result.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_replaced_whole_by_a_merge_patch() {
        let before = json!({"id": "1", "plan": {"action": "Create"}, "sent": {"paths": {"/a": "1", "/b": "2"}}});
        let mut after = json!({"id": "1", "sent": {"paths": {"/a": "1"}}});
        remove_what_is_gone(&before, &mut after);
        assert_eq!(after, json!({"id": "1", "plan": null, "sent": {"paths": {"/a": "1", "/b": null}}}));
    }
}
