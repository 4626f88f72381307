//! The values of the Secrets that one act sends, read just before.

use std::collections::{BTreeMap, BTreeSet};

use kube::{Client, ResourceExt as _};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Failure, Scene};
use crate::controller::secrets::{SecretValues, secret_values};
use crate::model::{SecretVersion, Want, Wants};

/// Values by the name of the Secret.
#[derive(Default)]
pub(super) struct Values(BTreeMap<String, SecretValues>);

impl Values {
    /// Reads every Secret that `wants` name, and brings their versions in `wants` up to what was read.
    pub(super) async fn read(scene: &Scene<'_>, wants: &mut Wants) -> Result<Self, Failure> {
        let namespace = scene.resource.namespace().unwrap_or_default();
        let mut values = Self::default();
        let names: BTreeSet<String> = versions(wants).map(|version| version.name.clone()).collect();
        for name in names {
            values.0.insert(name.clone(), read_one(scene.client, &namespace, &name).await?);
        }
        for version in versions(wants) {
            let secret = &values.0[&version.name];
            // An empty value is a Secret that is not filled in yet, and would wipe what is in the tenant.
            if secret.get(&version.key).is_none_or(|value| value.expose_secret().is_empty()) {
                return Err(missing_key(&namespace, version));
            }
            version.resource_version.clone_from(&secret.version);
        }
        Ok(values)
    }

    /// The value; `None` where it was not read.
    pub(super) fn get(&self, version: &SecretVersion) -> Option<&SecretString> {
        self.0.get(&version.name)?.get(&version.key)
    }

    /// Every value that `wants` send, for the scrubber.
    pub(super) fn of(&self, wants: &Wants) -> Vec<SecretString> {
        let value = |want: &Want| match want {
            Want::Secret(version) => self.get(version).into_iter().cloned().collect(),
            Want::Inline { value, .. } => texts(value),
            Want::Plain(_) => Vec::new(),
        };
        wants.values().flat_map(value).collect()
    }
}

async fn read_one(client: &Client, namespace: &str, name: &str) -> Result<SecretValues, Failure> {
    let found = secret_values(client, namespace, name).await?;
    found.ok_or_else(|| {
        Failure::SecretNotFound(format!("there is no Secret {name} in namespace {namespace}; create it"))
    })
}

fn missing_key(namespace: &str, version: &SecretVersion) -> Failure {
    let SecretVersion { name, key, .. } = version;
    Failure::SecretNotFound(format!("Secret {name} in namespace {namespace} has no key {key} that holds text; add it"))
}

fn versions(wants: &mut Wants) -> impl Iterator<Item = &mut SecretVersion> {
    wants.values_mut().filter_map(|want| match want {
        Want::Secret(version) => Some(version),
        Want::Plain(_) | Want::Inline { .. } => None,
    })
}

fn texts(value: &serde_json::Value) -> Vec<SecretString> {
    match value {
        serde_json::Value::String(text) => vec![SecretString::from(text.clone())],
        serde_json::Value::Array(items) => items.iter().flat_map(texts).collect(),
        serde_json::Value::Object(map) => map.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
