//! Secrets by `get` only: their versions as metadata, once for all who ask, and their values only for those who send them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use k8s_openapi::api::core::v1::Secret;
use kube::core::PartialObjectMeta;
use kube::{Api, Client, ResourceExt as _};
use secrecy::SecretString;
use tokio::time::Instant;

/// The versions of Secrets, each read once for all who ask at the same time, as metadata only.
#[derive(Debug, Default)]
pub struct SecretVersions(Mutex<HashMap<(String, String), Cell>>);

/// One Secret: held while it is read, so that all who ask wait for one answer.
type Cell = Arc<tokio::sync::Mutex<Option<Known>>>;

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
