//! Events, as `kubectl get events` shows them.

use k8s_openapi::api::events::v1::Event;
use kube::api::ListParams;

use crate::support::control_plane::Sandbox;
use crate::support::wait::eventually;

/// One event about one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Notice {
    /// The name of the resource.
    pub about: String,
    /// Normal or Warning.
    pub type_: String,
    /// Why it was written.
    pub reason: String,
    /// What it says.
    pub note: String,
    /// A new one with each repetition.
    pub version: String,
}

/// All events of a namespace, in an order that does not depend on time.
pub async fn events(kubernetes: &Sandbox) -> Vec<Notice> {
    let listed = kubernetes.api::<Event>().list(&ListParams::default()).await.unwrap();
    let mut notices: Vec<Notice> = listed.items.into_iter().map(notice).collect();
    notices.sort();
    notices
}

/// Waits for an event about a resource that `accept` takes.
pub async fn event(kubernetes: &Sandbox, about: &str, what: &str, accept: impl Fn(&Notice) -> bool) -> Notice {
    eventually(&format!("an event about {about}: {what}"), async || {
        let all = events(kubernetes).await;
        all.iter().find(|notice| notice.about == about && accept(notice)).cloned().ok_or(all)
    })
    .await
}

fn notice(event: Event) -> Notice {
    Notice {
        about: event.regarding.and_then(|regarding| regarding.name).unwrap_or_default(),
        type_: event.type_.unwrap_or_default(),
        reason: event.reason.unwrap_or_default(),
        note: event.note.unwrap_or_default(),
        version: event.metadata.resource_version.unwrap_or_default(),
    }
}
