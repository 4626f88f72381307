//! Events, written when something changed and never twice for the same: one line for people, no secret in it.
//!
//! kube's own recorder repeats an old note when the note of an event changes, so this writes each event by itself.
//! The write is boxed, as in [`super::kubernetes`].

use futures::FutureExt as _;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::PostParams;
use kube::{Api, Client, Resource, ResourceExt as _};

use crate::text::one_line;

/// The most bytes of a note that Kubernetes takes.
const LONGEST_NOTE: usize = 1024;
const CONTROLLER: &str = "simops.dev/sim-operator";

/// Who writes events.
#[derive(Clone)]
pub struct Events {
    client: Client,
    instance: String,
}

/// Whether an event asks for somebody's attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// For information.
    Normal,
    /// Somebody should look.
    Warning,
}

impl Events {
    /// Written in the name of this instance (the pod).
    #[must_use]
    pub fn new(client: Client, instance: String) -> Self {
        Self { client, instance }
    }

    /// Writes an event on `resource`. A failure is logged and changes nothing: an event is a courtesy.
    pub async fn publish<K>(&self, resource: &K, severity: Severity, reason: &str, action: &str, note: &str)
    where
        K: Resource<DynamicType = ()>,
    {
        let event = Box::new(self.event(resource, severity, reason, action, note));
        let api: Api<Event> = Api::namespaced(self.client.clone(), &resource.namespace().unwrap_or_default());
        if let Err(error) = api.create(&PostParams::default(), &event).boxed().await {
            tracing::debug!(%error, reason, "an event was not written");
        }
    }

    fn event<K>(&self, resource: &K, severity: Severity, reason: &str, action: &str, note: &str) -> Event
    where
        K: Resource<DynamicType = ()>,
    {
        Event {
            metadata: ObjectMeta {
                generate_name: Some(format!("{}-", resource.name_any())),
                namespace: resource.namespace(),
                ..ObjectMeta::default()
            },
            event_time: Some(MicroTime(Timestamp::now())),
            type_: Some(format!("{severity:?}")),
            reason: Some(reason.to_owned()),
            action: Some(action.to_owned()),
            note: Some(cut(&one_line(note))),
            regarding: Some(reference(resource)),
            reporting_controller: Some(CONTROLLER.to_owned()),
            reporting_instance: Some(self.instance.clone()),
            ..Event::default()
        }
    }
}

fn reference<K: Resource<DynamicType = ()>>(resource: &K) -> ObjectReference {
    ObjectReference { resource_version: None, ..resource.object_ref(&()) }
}

fn cut(note: &str) -> String {
    let mut end = note.len().min(LONGEST_NOTE);
    while !note.is_char_boundary(end) {
        end -= 1;
    }
    note[..end].to_owned()
}
