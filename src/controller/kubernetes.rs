//! Reads and writes of Kubernetes that reconciles make: live reads by name, guarded patches, versions and values of Secrets.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use k8s_openapi::api::core::v1::Secret;
use kube::api::{Patch, PatchParams};
use kube::core::{NamespaceResourceScope, PartialObjectMeta};
use kube::{Api, Client, Resource, ResourceExt as _};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;

/// The field manager of our patches.
const MANAGER: &str = "sim-operator";

/// The API of `resource`'s kind in its namespace.
pub fn api_of<K>(client: &Client, resource: &K) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
{
    Api::namespaced(client.clone(), &resource.namespace().unwrap_or_default())
}

/// A merge patch of metadata, refused (409) if `resource` is not the newest version.
///
/// # Errors
/// As Kubernetes answered.
pub async fn patch_metadata<K>(client: &Client, resource: &K, mut metadata: Value) -> Result<K, kube::Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned + Clone + Debug,
{
    metadata["resourceVersion"] = json!(resource.resource_version());
    metadata["uid"] = json!(resource.uid());
    let patch = Patch::Merge(json!({"metadata": metadata}));
    api_of(client, resource).patch(&resource.name_any(), &parameters(), &patch).await
}

/// A merge patch of the status, refused (409) if `resource` is not the newest version.
///
/// `status` is written whole: what it lacks and `before` had is removed.
///
/// # Errors
/// As Kubernetes answered.
pub async fn patch_status<K>(client: &Client, resource: &K, before: &Value, status: Value) -> Result<K, kube::Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned + Clone + Debug,
{
    let mut status = status;
    remove_what_is_gone(before, &mut status);
    let metadata = json!({"resourceVersion": resource.resource_version(), "uid": resource.uid()});
    let patch = Patch::Merge(json!({"metadata": metadata, "status": status}));
    api_of(client, resource).patch_status(&resource.name_any(), &parameters(), &patch).await
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
pub async fn remove_finalizer<K>(client: &Client, resource: &K) -> Result<(), kube::Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned + Clone + Debug,
{
    let rest: Vec<&String> = resource.finalizers().iter().filter(|one| *one != crate::api::FINALIZER).collect();
    match patch_metadata(client, resource, json!({"finalizers": rest})).await {
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        result => result.map(drop),
    }
}

/// The versions of Secrets, each read once for all who ask at the same time, as metadata only.
#[derive(Debug, Default)]
pub struct SecretVersions(Mutex<HashMap<(String, String), Arc<tokio::sync::Mutex<Option<Known>>>>>);

#[derive(Debug)]
struct Known {
    /// `None`: there is no such Secret.
    version: Option<String>,
    read: Instant,
}

impl SecretVersions {
    /// The version of a Secret, read after `not_before`; `None` where there is no such Secret.
    ///
    /// # Errors
    /// As Kubernetes answered.
    pub async fn get(
        &self,
        client: &Client,
        namespace: &str,
        name: &str,
        not_before: Instant,
    ) -> Result<Option<String>, kube::Error> {
        let cell = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry((namespace.to_owned(), name.to_owned())).or_default())
        };
        let mut known = cell.lock().await;
        if let Some(known) = known.as_ref().filter(|known| known.read >= not_before) {
            return Ok(known.version.clone());
        }
        let read = Instant::now();
        let version = secret_version(client, namespace, name).await?;
        *known = Some(Known { version: version.clone(), read });
        Ok(version)
    }
}

/// The version of a Secret, read now as metadata only; `None` where there is no such Secret.
///
/// # Errors
/// As Kubernetes answered.
pub async fn secret_version(client: &Client, namespace: &str, name: &str) -> Result<Option<String>, kube::Error> {
    let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let found: Option<PartialObjectMeta<Secret>> = api.get_metadata_opt(name).await?;
    Ok(found.and_then(|secret| secret.resource_version()))
}

/// The values of a Secret, and its version when they were read.
pub struct SecretValues {
    /// `metadata.resourceVersion`.
    pub version: String,
    values: BTreeMap<String, SecretString>,
}

impl SecretValues {
    /// The value of a key; `None` where it is missing.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&SecretString> {
        self.values.get(key)
    }
}

/// Reads the values of a Secret; `None` where there is no such Secret. What is no text is left out.
///
/// # Errors
/// As Kubernetes answered.
pub async fn secret_values(client: &Client, namespace: &str, name: &str) -> Result<Option<SecretValues>, kube::Error> {
    let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let Some(secret) = api.get_opt(name).await? else { return Ok(None) };
    let version = secret.resource_version().unwrap_or_default();
    let texts = secret.data.unwrap_or_default().into_iter();
    let values =
        texts.filter_map(|(key, bytes)| Some((key, SecretString::from(String::from_utf8(bytes.0).ok()?)))).collect();
    Ok(Some(SecretValues { version, values }))
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
