//! What a person writes: manifests that read as sentences, with defaults that no test has to repeat.

use serde_json::{Map, Value, json};

use super::canary::{CLIENT_SECRET, PASSWORD};
use crate::support::simulator::{Client, Config, Named, Seed, Switches};

/// Stands in every seeded tenant: the first source.
pub const ACTIVE_DIRECTORY: &str = "2c9180835d191a86015d28455b4a2329";
/// The second source.
pub const WORKDAY: &str = "2c5680835d191a85765d28455b4a9823";
/// The one virtual appliance cluster, of the name `Training VA`.
pub const TRAINING_VA: &str = "2c9180847a7fccdd017aa5896f9f4f6f";
/// The one rule, of the name `Before Provisioning Rule`.
pub const RULE: &str = "048eb3d55c5a4758bd07dccb87741c78";
/// The client id of every tenant, unless its test says otherwise.
pub const CLIENT_ID: &str = sailpoint_simulator::DEFAULT_CLIENT_ID;

/// A resource as somebody applies it.
#[derive(Clone, Debug)]
pub struct Manifest(pub Value);

impl Manifest {
    /// The same with these fields of the spec, as a JSON merge patch: null takes a field away.
    pub fn with(mut self, spec: Value) -> Self {
        merge(&mut self.0["spec"], spec);
        self
    }

    /// The same with this annotation.
    pub fn annotated(mut self, key: &str, value: &str) -> Self {
        self.0["metadata"]["annotations"][key] = json!(value);
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0["metadata"]["name"].as_str().unwrap()
    }
}

/// RFC 7396.
pub fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let target = target.as_object_mut().unwrap();
    for (key, value) in patch {
        if value.is_null() {
            target.remove(&key);
        } else {
            merge(target.entry(key).or_insert(Value::Null), value);
        }
    }
}

/// An integration that names no more than it needs: its tenant, `acme`, and its type.
pub fn bare_sim(name: &str) -> Manifest {
    Manifest(json!({
        "apiVersion": "simops.dev/v1alpha1",
        "kind": "SimIntegration",
        "metadata": {"name": name},
        "spec": {"tenantRef": {"name": "acme"}, "type": "ServiceNow Service Desk"},
    }))
}

/// An integration that names everything, its password in the Secret `servicenow`.
pub fn sim(name: &str) -> Manifest {
    bare_sim(name).with(json!({
        "description": "Tickets for Active Directory",
        "cluster": {"id": TRAINING_VA},
        "sources": [{"id": ACTIVE_DIRECTORY}],
        "statusMap": {"closed_complete": "Committed", "in_process": "Queued"},
        "request": {"short_description": "SailPoint Access Request $!plan.arguments.identityRequestId"},
        "attributes": {"url": "https://acme.service-now.com", "username": "svc_sailpoint"},
        "attributesFrom": [{"attribute": "password", "secretKeyRef": {"name": "servicenow", "key": "password"}}],
        "beforeProvisioningRule": {"id": RULE, "name": "Before Provisioning Rule"},
    }))
}

/// A tenant whose credentials are in the Secret `acme-sailpoint`.
pub fn tenant(name: &str, base_url: &str) -> Manifest {
    Manifest(json!({
        "apiVersion": "simops.dev/v1alpha1",
        "kind": "SailPointTenant",
        "metadata": {"name": name},
        "spec": {
            "baseUrl": base_url,
            "api": "v2025",
            "credentials": {"secretRef": {"name": "acme-sailpoint"}},
            "requestsPer10s": 500,
        },
    }))
}

/// What the Secret `acme-sailpoint` holds.
pub fn credentials() -> [(&'static str, &'static str); 2] {
    [("clientId", CLIENT_ID), ("clientSecret", CLIENT_SECRET)]
}

/// Who may ask a simulator for tokens.
pub fn client() -> Client {
    Client { client_secret: CLIENT_SECRET.to_owned(), ..Default::default() }
}

/// A tenant with two sources, a cluster and a rule, and no integration.
pub fn config() -> Config {
    let seed = Seed { integrations: Vec::new(), ..Seed::example() };
    Config { seed, clients: vec![client()], ..Config::default() }
}

/// The same with one trait turned.
pub fn config_with(switches: Switches) -> Config {
    Config { switches, ..config() }
}

/// What somebody made in the UI, long ago, in the shape of the create request: like [`sim`], but not quite.
pub fn made_in_the_ui(name: &str) -> Value {
    json!({
        "name": name,
        "created": "2024-01-17T18:45:25.994Z",
        "description": "Made in the UI",
        "type": "ServiceNow Service Desk",
        "cluster": TRAINING_VA,
        "sources": [ACTIVE_DIRECTORY],
        "statusMap": {"closed_complete": "Committed", "in_process": "Queued"},
        "request": {"short_description": "SailPoint Access Request $!plan.arguments.identityRequestId"},
        "attributes": {
            "url": "https://acme.service-now.com", "username": "svc_sailpoint", "password": "made-in-the-ui",
        },
        "beforeProvisioningRule": {"type": "RULE", "id": RULE, "name": "Before Provisioning Rule"},
    })
}

/// What [`sim`] puts into the Secret `servicenow`.
pub fn service_now() -> [(&'static str, &'static str); 1] {
    [("password", PASSWORD)]
}

/// Something that integrations can name.
pub fn named(id: &str, name: &str) -> Named {
    Named { id: id.to_owned(), name: name.to_owned(), more: Map::new() }
}
