//! What a resource says it holds: status first, then our own annotations, unless they were copied from elsewhere.

use jiff::Timestamp;
use kube::ResourceExt as _;

use crate::api::annotations::{CREATE, CreateIntent, REMOTE_ID, RemoteId, WrittenFor};
use crate::api::integration::{Origin, Sent};
use crate::api::{Annotations, SimIntegration};

/// What a resource holds by its own record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recorded {
    /// The id, from the status or, where that was lost, from the annotation.
    pub id: Option<String>,
    /// Whether the id stands in the status; what only the annotation knows is bound anew.
    pub in_status: bool,
    /// The org that id and intent belong to.
    pub org: Option<String>,
    /// How the integration came to be owned; unknown where the status was lost.
    pub origin: Option<Origin>,
    /// What was last sent.
    pub sent: Option<Sent>,
    /// The open create.
    pub intent: Option<CreateIntent>,
    /// When the tenant last answered a write.
    pub last_change: Option<Timestamp>,
}

impl Recorded {
    /// What `resource` holds, in this cluster.
    #[must_use]
    pub fn of(resource: &SimIntegration, cluster: &str) -> Self {
        let status = resource.status.clone().unwrap_or_default();
        let intent = annotation::<CreateIntent>(resource, CREATE)
            .filter(|intent| is_for(&intent.written_for, resource, cluster));
        let last_change = status.last_change.as_ref().map(|change| change.at.0);
        if let Some(id) = status.id {
            let org = status.tenant.map(|tenant| tenant.org);
            // An intent beside an id is closed, the id being its result, unless it creates again what had that id.
            let intent = intent.filter(|intent| intent.replaces.as_ref() == Some(&id));
            return Self {
                id: Some(id),
                in_status: true,
                org,
                origin: status.origin,
                sent: status.sent,
                intent,
                last_change,
            };
        }
        if let Some(intent) = intent {
            let org = Some(intent.org.clone());
            return Self { org, intent: Some(intent), last_change, ..Self::default() };
        }
        match annotation::<RemoteId>(resource, REMOTE_ID)
            .filter(|remote| is_for(&remote.written_for, resource, cluster))
        {
            Some(remote) => Self { id: Some(remote.id), org: Some(remote.org), ..Self::default() },
            None => Self::default(),
        }
    }
}

/// Whom our annotations on this resource are written for.
#[must_use]
pub fn written_for(resource: &SimIntegration, cluster: &str) -> WrittenFor {
    WrittenFor { resource: super::resource_name(resource), cluster: cluster.to_owned() }
}

fn is_for(written_for: &WrittenFor, resource: &SimIntegration, cluster: &str) -> bool {
    written_for.cluster == cluster
        && written_for.resource == format!("{}/{}", resource.namespace().unwrap_or_default(), resource.name_any())
}

fn annotation<T: serde::de::DeserializeOwned>(resource: &SimIntegration, key: &str) -> Option<T> {
    serde_json::from_str(Annotations::of(resource).get(key)?).ok()
}
