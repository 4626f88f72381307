//! What the model's small values are in the operator's own types.

use std::sync::LazyLock;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sim_operator::api::annotations::{CREATE, CreateIntent, FORCE_ORPHAN, REMOTE_ID, RemoteId, WrittenFor};
use sim_operator::api::integration::{Origin, Sent};
use sim_operator::api::{FINALIZER, SimIntegration};
use sim_operator::model::{Path, Want, Wants, loose_digests, record_want};
use sim_operator::sailpoint::Integration;
use tokio::time::Instant;

use crate::rules::{Rule, Setup};
use crate::world::{Age, BYSTANDER, Id, Intent, Name, Resource, Shown};

/// A tick. Long, so that no real time that passes meanwhile counts.
pub const TICK: Duration = Duration::from_hours(1);
pub const ORG: &str = "acme";
pub const CLUSTER: &str = "cluster";

/// Now, of each state.
pub static NOW: LazyLock<Instant> = LazyLock::new(|| Instant::now() + 100 * TICK);

/// So long ago.
pub fn ago(age: Age) -> Instant {
    *NOW - u32::from(age) * TICK
}

pub fn name(name: Name) -> &'static str {
    match name {
        Name::Desk => "Desk",
        Name::Help => "Help",
        Name::Other => "Other",
    }
}

/// The tenant's clock when this integration was made.
fn made(id: Id) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(i64::from(id))
}

fn since(id: Id, setup: &Setup) -> Timestamp {
    made(id) + SignedDuration::from_secs(if setup.skewed { 0 } else { 30 })
}

/// The number of the integration that was made last by then.
pub fn last_made(since: Timestamp) -> Id {
    Id::try_from(since.as_second() / 60).unwrap()
}

pub fn integration(shown: Shown) -> Integration {
    Integration {
        id: Some(shown.id.to_string()),
        name: Some(name(shown.name).to_owned()),
        description: Some(if shown.alike { "ours" } else { "theirs" }.to_owned()),
        created: Some(made(shown.id)),
        ..Integration::default()
    }
}

pub fn id(text: &str) -> Id {
    text.parse().unwrap()
}

/// All that the spec asks for.
pub fn wants(of: Name) -> Wants {
    let (name, description) = (json!(name(of)), json!("ours"));
    Wants::from([(Path::Name, Want::Plain(name)), (Path::Description, Want::Plain(description))])
}

fn sent(of: Name) -> Sent {
    let mut sent = Sent::default();
    for (path, want) in &wants(of) {
        record_want(path, want, &mut sent);
    }
    sent
}

fn written_for() -> WrittenFor {
    WrittenFor { resource: "iam/desk".to_owned(), cluster: CLUSTER.to_owned() }
}

fn create_intent(intent: Intent, setup: &Setup) -> CreateIntent {
    let visible = [(Path::Name, json!(name(intent.name))), (Path::Description, json!("ours"))];
    // The name alone is no likeness.
    let most = if setup.keeps(Rule::Digest) { visible.len() } else { 1 };
    CreateIntent {
        nonce: intent.nonce.to_string(),
        written_for: written_for(),
        org: ORG.to_owned(),
        name: name(intent.name).to_owned(),
        since: setup.keeps(Rule::Since).then(|| since(intent.since, setup)),
        digest: loose_digests(visible.iter().take(most).map(|(path, value)| (path, value))),
        paths: sent(intent.name).paths,
        secrets: Vec::new(),
        replaces: intent.replaces.map(|id| id.to_string()),
    }
}

fn annotations(resource: &Resource, setup: &Setup) -> Value {
    let mut annotations = json!({});
    if let Some(intent) = resource.intent {
        annotations[CREATE] = json!(json!(create_intent(intent, setup)).to_string());
    }
    if let Some(id) = resource.remote_id {
        let remote = RemoteId { id: id.to_string(), org: ORG.to_owned(), written_for: written_for() };
        annotations[REMOTE_ID] = json!(json!(remote).to_string());
    }
    if resource.orphan {
        annotations[FORCE_ORPHAN] = json!("true");
    }
    annotations
}

fn status(resource: &Resource, id: Id, setup: &Setup) -> Value {
    let mut status = json!({
        "observedGeneration": 1, "id": id.to_string(), "sent": sent(resource.name),
        "tenant": {"namespace": "iam", "name": "acme", "org": ORG},
    });
    if resource.created {
        status["origin"] = json!(Origin::Created);
    }
    if setup.keeps(Rule::SettledWrite) {
        let at = Timestamp::now() - SignedDuration::try_from(u32::from(resource.changed) * TICK).unwrap();
        status["lastChange"] = json!({"at": at.to_string(), "action": "Created", "cause": "Spec", "generation": 1});
    }
    status
}

/// The resource as Kubernetes has it.
pub fn manifest(resource: &Resource, setup: &Setup) -> SimIntegration {
    let mut manifest = json!({
        "apiVersion": "simops.dev/v1alpha1", "kind": "SimIntegration",
        "metadata": {
            "name": "desk", "namespace": "iam", "uid": format!("uid-{}", resource.uid), "generation": 1,
            "creationTimestamp": "2026-01-01T00:00:00Z", "annotations": annotations(resource, setup),
        },
        "spec": {"name": name(resource.name), "description": "ours"},
    });
    if resource.finalizer {
        manifest["metadata"]["finalizers"] = json!([FINALIZER]);
    }
    if resource.deleting {
        manifest["metadata"]["deletionTimestamp"] = json!("2026-01-02T00:00:00Z");
    }
    if let Some(id) = resource.id {
        manifest["status"] = status(resource, id, setup);
    }
    serde_json::from_value(manifest).unwrap()
}

/// Another resource, which holds the bystander.
pub fn neighbour(setup: &Setup) -> SimIntegration {
    let resource = Resource { name: Name::Other, id: Some(BYSTANDER), created: true, ..Resource::new(0) };
    let mut neighbour = manifest(&resource, setup);
    neighbour.metadata.name = Some("neighbour".to_owned());
    neighbour.metadata.uid = Some("neighbour".to_owned());
    neighbour
}
