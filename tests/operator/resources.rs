//! The two kinds of resource, as a person applies them and looks at them.

use std::fmt;
use std::ops::Deref;

use kube::Client;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, GroupVersionKind, Patch, PatchParams};
use serde_json::{Value, json};

use super::manifests::Manifest;
use crate::support::wait::eventually;

/// A resource as it was seen once, in JSON.
#[derive(Clone, Debug)]
pub struct Seen(Value);

impl Deref for Seen {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

impl Seen {
    /// What was seen by other means.
    pub fn of(resource: Value) -> Self {
        Self(resource)
    }

    /// The id that it holds in the tenant.
    pub fn id(&self) -> &str {
        self["status"]["id"].as_str().unwrap_or_else(|| panic!("no status.id: {self:#?}"))
    }

    /// The condition of this type, if it is there.
    pub fn condition(&self, type_: &str) -> Option<&Value> {
        self["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == type_)
    }

    /// Whether the condition of this type is there and true.
    pub fn is(&self, type_: &str) -> bool {
        self.condition(type_).is_some_and(|condition| condition["status"] == "True")
    }

    /// Status and reason of Ready.
    pub fn verdict(&self) -> (&str, &str) {
        let ready = self.condition("Ready").unwrap_or(&Value::Null);
        (ready["status"].as_str().unwrap_or_default(), ready["reason"].as_str().unwrap_or_default())
    }

    /// The message of Ready.
    pub fn message(&self) -> &str {
        self.condition("Ready").and_then(|ready| ready["message"].as_str()).unwrap_or_default()
    }

    /// Whether its status speaks of its spec as it is now.
    pub fn is_current(&self) -> bool {
        self["status"]["observedGeneration"] == self["metadata"]["generation"]
    }

    /// Whether Ready is true, for the spec as it is now.
    pub fn is_ready(&self) -> bool {
        self.is_current() && self.verdict().0 == "True"
    }

    /// Whether Ready is false for this reason, and `with` (Stalled or Reconciling) alone says the same.
    pub fn is_held_up(&self, reason: &str, with: &str) -> bool {
        let other = if with == "Stalled" { "Reconciling" } else { "Stalled" };
        let agrees = self.is(with) && self.condition(with).is_some_and(|condition| condition["reason"] == reason);
        self.is_current() && self.verdict() == ("False", reason) && agrees && self.condition(other).is_none()
    }

    /// The annotation of this key.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self["metadata"]["annotations"][key].as_str()
    }

    /// Its version: a new one with each write.
    pub fn version(&self) -> &str {
        self["metadata"]["resourceVersion"].as_str().unwrap()
    }

    /// The paths of `status.plan.changes`.
    pub fn planned_paths(&self) -> Vec<&str> {
        let changes = self["status"]["plan"]["changes"].as_array();
        changes.into_iter().flatten().filter_map(|change| change["path"].as_str()).collect()
    }

    /// The paths of `status.lastChange.changes`, sorted.
    pub fn changed_paths(&self) -> Vec<&str> {
        sorted(&self["status"]["lastChange"]["changes"])
    }
}

/// The texts of a JSON array, sorted.
pub fn sorted(array: &Value) -> Vec<&str> {
    let mut texts: Vec<&str> = array.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    texts.sort_unstable();
    texts
}

/// The resources of one kind in one namespace.
#[derive(Clone)]
pub struct Resources {
    api: Api<DynamicObject>,
    kind: &'static str,
}

impl Resources {
    /// Those of `kind` in `namespace`.
    pub fn new(client: Client, namespace: &str, kind: &'static str) -> Self {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("simops.dev", "v1alpha1", kind));
        Self { api: Api::namespaced_with(client, namespace, &resource), kind }
    }

    /// How Kubernetes is spoken to about them.
    pub fn api(&self) -> &Api<DynamicObject> {
        &self.api
    }

    /// Somebody applies this manifest, server-side: what an earlier one had and this one has not is gone.
    pub async fn apply(&self, manifest: &Manifest) -> Seen {
        self.try_apply(manifest).await.unwrap()
    }

    /// The same, where Kubernetes may refuse it.
    pub async fn try_apply(&self, manifest: &Manifest) -> Result<Seen, kube::Error> {
        let as_a_person = PatchParams::apply("a-person").force();
        let applied = self.api.patch(manifest.name(), &as_a_person, &Patch::Apply(&manifest.0)).await?;
        Ok(seen(&applied))
    }

    /// Somebody changes it by a JSON merge patch.
    pub async fn patch(&self, name: &str, patch: &Value) -> Seen {
        seen(&self.api.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap())
    }

    /// Somebody sets an annotation.
    pub async fn annotate(&self, name: &str, key: &str, value: &str) -> Seen {
        self.patch(name, &json!({"metadata": {"annotations": {key: value}}})).await
    }

    /// Somebody changes its status, which no person ever should, by a JSON merge patch.
    pub async fn patch_status(&self, name: &str, patch: &Value) -> Seen {
        seen(&self.api.patch_status(name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap())
    }

    /// Somebody deletes it; finalizers may keep it for a while.
    pub async fn delete(&self, name: &str) {
        self.api.delete(name, &DeleteParams::default()).await.unwrap();
    }

    /// How it is now, if it is there.
    pub async fn look(&self, name: &str) -> Option<Seen> {
        self.api.get_opt(name).await.unwrap().as_ref().map(seen)
    }

    /// How it is now.
    pub async fn see(&self, name: &str) -> Seen {
        self.look(name).await.unwrap_or_else(|| panic!("{} {name} is gone", self.kind))
    }

    /// Waits until it is as described.
    pub async fn until(&self, name: &str, description: &str, accept: impl Fn(&Seen) -> bool) -> Seen {
        eventually(&format!("{} {name}: {description}", self.kind), async || {
            let now = self.look(name).await.ok_or_else(|| Shown(json!("it is not there")))?;
            if accept(&now) { Ok(now) } else { Err(shown(&now)) }
        })
        .await
    }

    /// Waits until it is in order.
    pub async fn ready(&self, name: &str) -> Seen {
        self.until(name, "is in order", |now| now.is_ready() && now.verdict().1 == "Reconciled").await
    }

    /// Waits until it needs a person, for this reason.
    pub async fn stalled(&self, name: &str, reason: &str) -> Seen {
        self.until(name, &format!("is stalled by {reason}"), |now| now.is_held_up(reason, "Stalled")).await
    }

    /// Waits until it is on its way, held up by this reason.
    pub async fn reconciling(&self, name: &str, reason: &str) -> Seen {
        self.until(name, &format!("is held up by {reason}"), |now| now.is_held_up(reason, "Reconciling")).await
    }

    /// Waits until Ready is false for this reason.
    pub async fn not_ready(&self, name: &str, reason: &str) -> Seen {
        let accept = |now: &Seen| now.is_current() && now.verdict() == ("False", reason);
        self.until(name, &format!("is not ready: {reason}"), accept).await
    }

    /// Waits until it is no longer there.
    pub async fn gone(&self, name: &str) {
        eventually(&format!("{} {name} is gone", self.kind), async || match self.look(name).await {
            None => Ok(()),
            Some(now) => Err(shown(&now)),
        })
        .await;
    }
}

fn seen(object: &DynamicObject) -> Seen {
    Seen(serde_json::to_value(object).unwrap())
}

/// What a failing test shows of a resource: its status, and what stands in its metadata for us.
struct Shown(Value);

impl fmt::Debug for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&serde_json::to_string_pretty(&self.0).unwrap())
    }
}

fn shown(now: &Seen) -> Shown {
    let metadata = &now["metadata"];
    Shown(json!({
        "generation": metadata["generation"],
        "annotations": metadata["annotations"],
        "deleted": metadata["deletionTimestamp"],
        "status": now["status"],
    }))
}
