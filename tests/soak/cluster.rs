//! Kubernetes, as people speak to it: they insist until they get an answer, also while it is down.

use std::time::Duration;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use k8s_openapi::api::events::v1::Event;
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, ObjectMeta, Patch, PatchParams,
    PostParams,
};
use kube::{Client, Error};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::support::control_plane;

/// A person does not wait longer for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(300);

/// A client of the administrator.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
}

impl Cluster {
    pub async fn new() -> Self {
        Self { client: control_plane::client().await }
    }

    fn resource(kind: &str) -> ApiResource {
        ApiResource::from_gvk(&GroupVersionKind::gvk("simops.dev", "v1alpha1", kind))
    }

    fn api(&self, kind: &str, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), namespace, &Self::resource(kind))
    }

    fn sims(&self, namespace: &str) -> Api<DynamicObject> {
        self.api("SimIntegration", namespace)
    }

    pub async fn create_namespace(&self, name: &str) {
        let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
        let namespace = Namespace { metadata, ..Namespace::default() };
        Api::all(self.client.clone()).create(&PostParams::default(), &namespace).await.unwrap();
    }

    /// Somebody applies a manifest of ours, server-side: what an earlier one had and this one has not is gone. With a uid in
    /// it nothing is created anew: nothing comes back where that one has gone.
    pub async fn apply(&self, manifest: &Value) -> Option<Value> {
        let text = |path: &str| manifest.pointer(path).and_then(Value::as_str).unwrap().to_owned();
        let (kind, namespace, name) = (text("/kind"), text("/metadata/namespace"), text("/metadata/name"));
        let api = self.api(&kind, &namespace);
        let as_a_person = PatchParams::apply("a-person").force();
        match insist(async || api.patch(&name, &as_a_person, &Patch::Apply(manifest)).await).await {
            Ok(applied) => Some(json(&applied)),
            Err(Error::Api(status)) if status.is_conflict() => None,
            Err(error) => panic!("{error}: {manifest:#}"),
        }
    }

    /// Somebody patches a resource that may have gone by now; whether it was there.
    pub async fn patch(&self, kind: &str, namespace: &str, name: &str, patch: &Value) -> bool {
        let api = self.api(kind, namespace);
        let patched = insist(async || api.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await).await;
        is_there(patched)
    }

    /// Somebody deletes an integration; finalizers may keep it for a while.
    pub async fn delete(&self, namespace: &str, name: &str) {
        let api = self.sims(namespace);
        is_there(insist(async || api.delete(name, &DeleteParams::default()).await).await);
    }

    /// Somebody replaces an integration by what was read, less what `change` takes away; not if it is newer by now.
    pub async fn replace(&self, namespace: &str, name: &str, change: impl Fn(&mut DynamicObject)) -> bool {
        let api = self.sims(namespace);
        let Ok(mut object) = insist(async || api.get(name).await).await else { return false };
        change(&mut object);
        // Once: what came of an unanswered replace is of no concern, as nobody waits for it.
        timeout(PATIENCE, api.replace(name, &PostParams::default(), &object)).await.is_ok_and(|result| result.is_ok())
    }

    /// An integration as it is now, if it is there.
    pub async fn look(&self, namespace: &str, name: &str) -> Option<Value> {
        let api = self.sims(namespace);
        insist(async || api.get_opt(name).await).await.unwrap().as_ref().map(json)
    }

    /// All resources of a kind.
    pub async fn list(&self, kind: &str) -> Vec<Value> {
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &Self::resource(kind));
        insist(async || api.list(&ListParams::default()).await).await.unwrap().items.iter().map(json).collect()
    }

    /// All events.
    pub async fn events(&self) -> Vec<Event> {
        let api: Api<Event> = Api::all(self.client.clone());
        insist(async || api.list(&ListParams::default()).await).await.unwrap().items
    }

    /// Somebody creates or replaces a Secret.
    pub async fn put_secret(&self, namespace: &str, name: &str, data: &[(&str, String)]) {
        let of_text = |(key, value): &(&str, String)| ((*key).to_owned(), ByteString(value.as_bytes().to_vec()));
        let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
        let secret = Secret { metadata, data: Some(data.iter().map(of_text).collect()), ..Secret::default() };
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        let as_a_person = PatchParams::apply("a-person").force();
        insist(async || api.patch(name, &as_a_person, &Patch::Apply(&secret)).await).await.unwrap();
    }

    /// Somebody deletes a Secret.
    pub async fn remove_secret(&self, namespace: &str, name: &str) {
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        is_there(insist(async || api.delete(name, &DeleteParams::default()).await).await);
    }
}

/// Asks until there is an answer. Whatever is asked here may be asked twice.
async fn insist<T>(ask: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
    loop {
        match timeout(PATIENCE, ask()).await {
            Ok(Err(Error::Api(status))) if (400..500).contains(&status.code) && status.code != 429 => {
                return Err(Error::Api(status));
            }
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(_)) | Err(_) => sleep(AGAIN).await,
        }
    }
}

fn is_there<T>(result: Result<T, Error>) -> bool {
    match result {
        Ok(_) => true,
        Err(Error::Api(status)) if status.is_not_found() => false,
        Err(error) => panic!("{error}"),
    }
}

fn json(object: &DynamicObject) -> Value {
    serde_json::to_value(object).unwrap()
}
