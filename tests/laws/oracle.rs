//! What is true of a tenant, said without the operator's own comparison: leaf by leaf, from the simulator's truth.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sim_operator::model::{Path, Want, Wants, canonical};
use sim_operator::sailpoint::pointer;

use crate::kubernetes::secret_value;
use crate::world::{CLUSTERS, SOURCES};

/// The attributes leaf by leaf, null being absent.
pub fn leaves(truth: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    collect(truth["attributes"].as_object().unwrap(), "", &mut found);
    found
}

fn collect(map: &Map<String, Value>, above: &str, found: &mut BTreeMap<String, Value>) {
    for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
        let here = format!("{above}{}", pointer([key.as_str()]));
        match value {
            Value::Object(inner) if !inner.is_empty() => collect(inner, &here, found),
            _ => drop(found.insert(here, canonical(value))),
        }
    }
}

/// The top-level fields that a spec can own, as the truth has them.
pub fn fields(truth: &Value) -> Vec<(Path, Value)> {
    let empty_is_null = |value: &Value| if *value == json!({}) { Value::Null } else { value.clone() };
    vec![
        (Path::Description, truth["description"].clone()),
        (Path::Type, truth["type"].clone()),
        (Path::Cluster, truth["cluster"].clone()),
        (Path::Sources, truth["managedSources"].clone()),
        (Path::StatusMap, empty_is_null(&truth["statusMap"])),
        (Path::Request, empty_is_null(&truth["request"])),
        (Path::Rule, truth["beforeProvisioningRule"].clone()),
    ]
}

/// What is wanted and not there in truth.
pub fn lacking(truth: &Value, wants: &Wants, secret_version: u32, normalizes: bool) -> Vec<String> {
    let is_there = |path: &Path, want: &Want| match want {
        Want::Plain(value) => shows(truth, path, value, normalizes),
        Want::Inline { value, .. } => attribute_shows(truth, path, value, normalizes),
        Want::Secret(version) => {
            attribute_shows(truth, path, &json!(secret_value(&version.key, secret_version)), normalizes)
        }
    };
    wants.iter().filter(|(path, want)| !is_there(path, want)).map(|(path, _)| path.to_string()).collect()
}

fn shows(truth: &Value, path: &Path, value: &Value, normalizes: bool) -> bool {
    let id = |all: &[(&str, &str)], reference: &Value| match reference["id"].as_str() {
        Some(id) => json!(id),
        None => json!(all.iter().find(|(_, name)| reference["name"] == *name).unwrap().0),
    };
    match path {
        Path::Name => truth["name"] == *value,
        Path::Description => truth["description"] == *value,
        Path::Type => truth["type"] == *value,
        Path::Cluster => truth["cluster"] == id(&CLUSTERS, value),
        Path::Sources => {
            let sorted = |mut all: Vec<Value>| {
                all.sort_by_key(ToString::to_string);
                all
            };
            let wanted = value.as_array().unwrap().iter().map(|one| id(&SOURCES, one)).collect();
            sorted(truth["managedSources"].as_array().unwrap().clone()) == sorted(wanted)
        }
        Path::StatusMap => truth["statusMap"] == *value,
        Path::Request => truth["request"] == *value,
        Path::Rule => truth["beforeProvisioningRule"]["id"] == value["id"],
        Path::Attribute(_) => attribute_shows(truth, path, value, normalizes),
    }
}

/// A secret is where the tenant keeps what it received; a key that it does not know for a secret is among the others.
fn attribute_shows(truth: &Value, path: &Path, value: &Value, normalizes: bool) -> bool {
    let Path::Attribute(pointer) = path else { return false };
    let received = truth["secretsReceived"].get(pointer[1..].replace("~1", "/").replace("~0", "~"));
    let found = received.or_else(|| truth["attributes"].pointer(pointer));
    let Some(found) = found else { return false };
    let stripped = |value: &Value| match value {
        Value::String(text) if normalizes => json!(text.trim_end_matches('/')),
        other => canonical(&without_secrets(other)),
    };
    match value {
        Value::Object(map) if map.is_empty() => found.is_object(),
        _ => stripped(found) == stripped(value),
    }
}

/// Cipher-text stands for what was sent.
fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| *key != "apiKey")
            .map(|(key, value)| (key.clone(), without_secrets(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_secrets).collect(),
        other => other.clone(),
    }
}
