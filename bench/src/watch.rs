//! Watches the integrations of a namespace: when each became Ready, and by how many versions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures::StreamExt as _;
use kube::api::ApiResource;
use kube::core::{GroupVersionKind, Object};
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt as _, watcher as watch};
use kube::{Api, Client, ResourceExt as _};
use serde::Deserialize;
use tokio::task::AbortHandle;

use crate::{Failed, patiently};

/// The annotation that stands there last, when a create is over.
const REMOTE_ID: &str = "simops.dev/remote-id";
/// The annotation of a create that is open.
const CREATE: &str = "simops.dev/create";

/// An integration, as far as the bench looks at it.
type Watched = Object<serde::de::IgnoredAny, Status>;

#[derive(Clone, Debug, Default, Deserialize)]
struct Status {
    #[serde(default)]
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    reason: String,
}

/// What was seen of one integration.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// How many times it was written after it was created.
    pub writes: u32,
    /// When it was Ready first, and after how many writes.
    pub ready: Option<(Instant, u32)>,
    /// When nothing was left to be written.
    pub settled: Option<Instant>,
    /// Whether a person was ever asked for.
    pub stalled: Option<String>,
    version: String,
}

/// A watch. Dropping it ends it.
pub struct Watch {
    seen: Arc<Mutex<HashMap<String, Seen>>>,
    task: AbortHandle,
}

impl Watch {
    /// Watches a namespace.
    pub fn start(client: &Client, namespace: &str) -> Self {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("simops.dev", "v1alpha1", "SimIntegration"));
        let api: Api<Watched> = Api::namespaced_with(client.clone(), namespace, &resource);
        let seen: Arc<Mutex<HashMap<String, Seen>>> = Arc::default();
        let noted = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            let mut events = watch(api, watcher::Config::default()).default_backoff().boxed();
            while let Some(event) = events.next().await {
                if let Ok(Event::Apply(now) | Event::InitApply(now)) = event {
                    note(noted.lock().unwrap_or_else(PoisonError::into_inner).entry(now.name_any()).or_default(), &now);
                }
            }
        });
        Self { seen, task: task.abort_handle() }
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was seen of this one.
    pub fn of(&self, name: &str) -> Seen {
        self.seen().get(name).cloned().unwrap_or_default()
    }

    /// When each became Ready that did.
    pub fn ready(&self) -> HashMap<String, Instant> {
        self.seen().iter().filter_map(|(name, seen)| Some((name.clone(), seen.ready?.0))).collect()
    }

    /// The reasons for which a person was asked for.
    pub fn stalled(&self) -> Vec<String> {
        self.seen().values().filter_map(|seen| seen.stalled.clone()).collect()
    }

    /// Waits until `count` of those whose name begins with one of `starts` are settled; returns when the last one was.
    pub async fn until_settled(&self, count: usize, starts: &[String]) -> Result<Instant, Failed> {
        patiently(&format!("{count} integrations are settled"), async || {
            let seen = self.seen();
            let is_meant = |name: &str| starts.is_empty() || starts.iter().any(|start| name.starts_with(start));
            let settled: Vec<Instant> =
                seen.iter().filter(|(name, _)| is_meant(name)).filter_map(|(_, seen)| seen.settled).collect();
            Ok(settled.iter().max().copied().filter(|_| settled.len() >= count))
        })
        .await
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn note(seen: &mut Seen, now: &Watched) {
    let version = now.resource_version().unwrap_or_default();
    if seen.version == version {
        return;
    }
    seen.writes += u32::from(!seen.version.is_empty());
    seen.version = version;
    let find = |kind: &str| now.status.iter().flat_map(|status| &status.conditions).find(|one| one.kind == kind);
    let is_ready = find("Ready").is_some_and(|ready| ready.status == "True");
    if let Some(stalled) = find("Stalled") {
        seen.stalled.get_or_insert_with(|| stalled.reason.clone());
    }
    if is_ready && seen.ready.is_none() {
        seen.ready = Some((Instant::now(), seen.writes));
    }
    let annotations = now.annotations();
    if is_ready && annotations.contains_key(REMOTE_ID) && !annotations.contains_key(CREATE) && seen.settled.is_none() {
        seen.settled = Some(Instant::now());
    }
}
