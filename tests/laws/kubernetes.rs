//! As much of Kubernetes as acting needs: one Secret by name, and patches of one resource.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::routing::{get, patch};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

/// The keys of the one Secret.
pub const KEYS: [&str; 3] = ["password", "oauth", "pin"];

/// The Secret's version and the resource that is patched.
#[derive(Default)]
pub struct Stored {
    pub secret_version: u32,
    pub resource: Value,
}

/// What the Secret holds under `key` at `version`: no text of any spec or tenant.
pub fn secret_value(key: &str, version: u32) -> String {
    format!("s3cr3t-{key}-v{version}")
}

/// A client of it.
pub fn client(stored: &Arc<Mutex<Stored>>) -> kube::Client {
    let router = Router::new()
        .route("/api/v1/namespaces/{namespace}/secrets/{name}", get(secret))
        .route("/apis/simops.dev/v1alpha1/namespaces/{namespace}/simintegrations/{name}", patch(patched))
        .with_state(Arc::clone(stored));
    kube::Client::new(router, "iam")
}

async fn secret(
    State(stored): State<Arc<Mutex<Stored>>>,
    Path((namespace, name)): Path<(String, String)>,
) -> Json<Value> {
    let version = stored.lock().unwrap().secret_version;
    let entry = |key: &str| (key.to_owned(), json!(BASE64_STANDARD.encode(secret_value(key, version))));
    Json(json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"namespace": namespace, "name": name, "resourceVersion": version.to_string()},
        "data": Map::from_iter(KEYS.map(entry)),
    }))
}

async fn patched(State(stored): State<Arc<Mutex<Stored>>>, Json(change): Json<Value>) -> Json<Value> {
    let mut stored = stored.lock().unwrap();
    merge(&mut stored.resource, &change);
    Json(stored.resource.clone())
}

/// RFC 7396.
fn merge(target: &mut Value, change: &Value) {
    let Value::Object(change) = change else {
        *target = change.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let target = target.as_object_mut().unwrap();
    for (key, value) in change {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}
