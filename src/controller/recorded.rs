//! What a resource says it holds: status first, then our own annotations, unless they were copied from elsewhere.

use std::time::Duration;

use jiff::Timestamp;
use kube::ResourceExt as _;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::api::annotations::{CREATE, CreateIntent, REMOTE_ID, RemoteId, WrittenFor};
use crate::api::integration::{Origin, Sent};
use crate::api::{Annotations, SimIntegration};
use crate::sailpoint::is_usable_id;

const CREATE_WAY_OUT: &str = "it may be a create whose answer never came, so that nothing is created or taken; put back what was \
    there, or look into the tenant and remove it, with `externalId:` in spec if the create has left something";
const REMOTE_ID_WAY_OUT: &str = "it may name what this resource owns, so that nothing is created or taken; put back what was \
    there, or remove it to start anew, with `externalId:` in spec if there is something to own";
const STATUS_WAY_OUT: &str = "somebody has edited the status; remove status.id, and the annotation of the operator or \
    `externalId:` in spec will say what this resource owns";

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
    /// What of the record cannot be read, in words for a person: it may hold something, and nobody can tell what.
    pub unreadable: Option<String>,
}

impl Recorded {
    /// What `resource` holds, in this cluster.
    #[must_use]
    pub fn of(resource: &SimIntegration, cluster: &str) -> Self {
        let status = resource.status.clone().unwrap_or_default();
        let intent = claim::<CreateIntent>(resource, CREATE, cluster);
        let last_change = status.last_change.as_ref().map(|change| change.at.0);
        if let Some(id) = status.id {
            if !is_usable_id(&id) {
                return Self::unreadable(format!("status.id {id:?} can be no integration's id: {STATUS_WAY_OUT}"));
            }
            let intent = intent.ok().flatten();
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
                unreadable: None,
            };
        }
        match (intent, claim::<RemoteId>(resource, REMOTE_ID, cluster)) {
            (Err(Garbled), _) => Self::unreadable(format!("annotation {CREATE} cannot be read: {CREATE_WAY_OUT}")),
            (Ok(Some(intent)), _) => Self { last_change, ..Self::default() }.with(intent),
            (Ok(None), Err(Garbled)) => {
                Self::unreadable(format!("annotation {REMOTE_ID} cannot be read: {REMOTE_ID_WAY_OUT}"))
            }
            (Ok(None), Ok(Some(remote))) => Self { id: Some(remote.id), org: Some(remote.org), ..Self::default() },
            (Ok(None), Ok(None)) => Self::default(),
        }
    }

    /// The same with this open create, which comes before an id that is not in the status.
    #[must_use]
    pub fn with(self, intent: CreateIntent) -> Self {
        if self.in_status {
            return Self { intent: Some(intent), ..self };
        }
        let (org, last_change) = (Some(intent.org.clone()), self.last_change);
        Self { org, intent: Some(intent), last_change, ..Self::default() }
    }

    fn unreadable(why: String) -> Self {
        Self { unreadable: Some(why), ..Self::default() }
    }

    /// When `settle` has passed since the tenant last answered a write, on the clock of `now`: before, what a replica says
    /// may be older. `None` where that is too long ago to tell.
    #[must_use]
    pub fn settled(&self, settle: Duration, now: Instant) -> Option<Instant> {
        let passed = Timestamp::now().duration_since(self.last_change?);
        (now + settle).checked_sub(passed.try_into().unwrap_or_default())
    }
}

/// Whom our annotations on this resource are written for.
#[must_use]
pub fn written_for(resource: &SimIntegration, cluster: &str) -> WrittenFor {
    WrittenFor { resource: super::resource_name(resource), cluster: cluster.to_owned() }
}

/// What a claim of ours must hold beside its shape.
trait Claim: DeserializeOwned {
    /// Whether the operator can have written it.
    fn is_sound(&self) -> bool;
}

impl Claim for CreateIntent {
    /// The name is always sent and seen: without it anything of that name would be like what was sent.
    fn is_sound(&self) -> bool {
        self.digest.contains_key("/name")
    }
}

impl Claim for RemoteId {
    fn is_sound(&self) -> bool {
        is_usable_id(&self.id)
    }
}

/// Whom something was written for, of which no more may be readable.
#[derive(serde::Deserialize)]
struct Addressed {
    #[serde(rename = "for")]
    written_for: WrittenFor,
}

/// An annotation of ours that cannot be read: edited by somebody, or cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Garbled;

/// The claim in an annotation; none where there is none or it was copied from elsewhere.
fn claim<T: Claim>(resource: &SimIntegration, key: &str, cluster: &str) -> Result<Option<T>, Garbled> {
    let Some(text) = Annotations::of(resource).get(key) else { return Ok(None) };
    if let Ok(Addressed { written_for }) = serde_json::from_str(text)
        && !is_for(&written_for, resource, cluster)
    {
        return Ok(None);
    }
    serde_json::from_str::<T>(text).ok().filter(Claim::is_sound).map(Some).ok_or(Garbled)
}

fn is_for(written_for: &WrittenFor, resource: &SimIntegration, cluster: &str) -> bool {
    written_for.cluster == cluster
        && written_for.resource == format!("{}/{}", resource.namespace().unwrap_or_default(), resource.name_any())
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
            "nonce": "n", "for": written_for(resource, cluster), "org": "acme", "name": "Desk", "digest": {"/name": "d"}, "paths": {},
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

    #[rstest]
    #[case::no_object(CREATE, json!("x"))]
    #[case::cut_off(CREATE, json!({"nonce": "n", "for": written_for("iam/desk", "c")}))]
    #[case::like_anything(CREATE, { let mut bare = intent("iam/desk", "c", None); bare["digest"] = json!({}); bare })]
    #[case::of_another_type(REMOTE_ID, json!({"id": 1, "org": "acme", "for": written_for("iam/desk", "c")}))]
    #[case::another_place(REMOTE_ID, json!({"id": "../sources", "org": "acme", "for": written_for("iam/desk", "c")}))]
    fn what_cannot_be_read_is_neither_a_claim_nor_none(#[case] key: &str, #[case] value: Value) {
        let garbled = recorded(None, &[(key, value.clone())]);
        assert!(garbled.unreadable.as_ref().is_some_and(|why| why.contains(key)), "{garbled:?}");
        assert_eq!(Recorded { unreadable: None, ..garbled }, Recorded::default());
        assert_eq!(recorded(Some("7"), &[(key, value)]).unreadable, None, "the status says more");
    }

    #[test]
    fn a_copy_that_cannot_be_read_is_no_claim_all_the_same() {
        let copy = json!({"id": 1, "for": written_for("iam/other", "c")});
        assert_eq!(recorded(None, &[(CREATE, copy.clone()), (REMOTE_ID, copy)]), Recorded::default());
    }

    #[rstest]
    #[case("")]
    #[case("..")]
    #[case("../sources/1")]
    #[case("a b")]
    fn a_status_that_somebody_has_edited_holds_nothing(#[case] id: &str) {
        let edited = recorded(Some(id), &[(REMOTE_ID, remote_id("iam/desk", "c"))]);
        assert!(edited.unreadable.is_some_and(|why| why.contains("status.id")) && edited.id.is_none());
    }
}
