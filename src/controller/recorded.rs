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
            return Self { last_change, ..Self::default() }.with(intent);
        }
        match annotation::<RemoteId>(resource, REMOTE_ID)
            .filter(|remote| is_for(&remote.written_for, resource, cluster))
        {
            Some(remote) => Self { id: Some(remote.id), org: Some(remote.org), ..Self::default() },
            None => Self::default(),
        }
    }
}

impl Recorded {
    /// The same with this open create, which comes before an id that is not in the status.
    #[must_use]
    pub fn with(self, intent: CreateIntent) -> Self {
        if self.in_status {
            return Self { intent: Some(intent), ..self };
        }
        let (org, last_change) = (Some(intent.org.clone()), self.last_change);
        Self { org, intent: Some(intent), last_change, ..Self::default() }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use kube::api::ObjectMeta;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::api::{SimIntegrationSpec, SimIntegrationStatus};

    fn written_for(resource: &str, cluster: &str) -> Value {
        json!({"resource": resource, "cluster": cluster})
    }

    fn intent(resource: &str, cluster: &str, replaces: Option<&str>) -> Value {
        let mut intent = json!({
            "nonce": "n", "for": written_for(resource, cluster), "org": "acme", "name": "Desk", "digest": {}, "paths": {},
        });
        if let Some(id) = replaces {
            intent["replaces"] = json!(id);
        }
        intent
    }

    fn remote_id(resource: &str, cluster: &str) -> Value {
        json!({"id": "1", "org": "acme", "for": written_for(resource, cluster)})
    }

    /// What `iam/desk` holds in cluster `c` by its status and these annotations.
    fn recorded(id: Option<&str>, annotations: &[(&str, Value)]) -> Recorded {
        let annotations: BTreeMap<_, _> =
            annotations.iter().map(|(key, value)| ((*key).to_owned(), value.to_string())).collect();
        let metadata = ObjectMeta {
            namespace: Some("iam".into()),
            name: Some("desk".into()),
            annotations: Some(annotations),
            ..ObjectMeta::default()
        };
        let status = id.map(|id| SimIntegrationStatus { id: Some(id.into()), ..SimIntegrationStatus::default() });
        Recorded::of(&SimIntegration { metadata, spec: SimIntegrationSpec::default(), status }, "c")
    }

    #[rstest]
    #[case::ours("iam/desk", "c", true)]
    #[case::of_another_name("iam/copy", "c", false)]
    #[case::of_another_namespace("apps/desk", "c", false)]
    #[case::of_another_cluster("iam/desk", "d", false)]
    fn a_copy_is_no_claim(#[case] resource: &str, #[case] cluster: &str, #[case] claims: bool) {
        let restored = recorded(None, &[(REMOTE_ID, remote_id(resource, cluster))]);
        assert_eq!((restored.id.is_some(), restored.org.is_some(), restored.in_status), (claims, claims, false));
        let open = recorded(None, &[(CREATE, intent(resource, cluster, None))]);
        assert_eq!((open.intent.is_some(), open.org.is_some()), (claims, claims));
        assert_eq!(recorded(None, &[]), Recorded::default());
    }

    #[test]
    fn an_open_intent_comes_before_the_id_and_after_the_status() {
        let both = [(CREATE, intent("iam/desk", "c", None)), (REMOTE_ID, remote_id("iam/desk", "c"))];
        let lost = recorded(None, &both);
        assert!(lost.intent.is_some() && lost.id.is_none());
        let known = recorded(Some("7"), &both);
        assert_eq!((known.id.as_deref(), known.intent, known.in_status), (Some("7"), None, true));
    }

    #[test]
    fn an_intent_beside_an_id_is_open_only_if_it_replaces_that_id() {
        for (replaces, is_open) in [(Some("7"), true), (Some("6"), false), (None, false)] {
            let recorded = recorded(Some("7"), &[(CREATE, intent("iam/desk", "c", replaces))]);
            assert_eq!((recorded.id.as_deref(), recorded.intent.is_some()), (Some("7"), is_open));
        }
    }

    #[test]
    fn an_annotation_that_cannot_be_read_is_none() {
        assert_eq!(recorded(None, &[(CREATE, json!("x")), (REMOTE_ID, json!({"id": 1}))]), Recorded::default());
    }
}
