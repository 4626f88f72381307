//! What the resources stand in is deleted: their namespace, their definition.

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::Api;
use kube::api::DeleteParams;
use serde_json::json;

use super::row;
use crate::operator::manifests::bare_sim;
use crate::place::Place;
use crate::row::{End, Row, Writes};

const NAMESPACE: &str = "namespace deleted, Secret first";

pub fn rows() -> Vec<Row> {
    vec![
        row(NAMESPACE, "then tenant and resource; the operator's token still holds")
            .least(Writes::deletes(1))
            .ends(End::Gone)
            .by(async |place| {
                place.created(json!({})).await;
                place.world.start_operator();
                place.world.resyncs(1).await;
                emptied(place).await;
            }),
        row(NAMESPACE, "then tenant and resource; SIGKILL, restart: there is no token; force-orphan")
            .ends(End::Kept)
            .by(async |place| {
                place.created(json!({})).await;
                emptied(place).await;
                place.world.start_operator();
                place.world.sims.stalled("desk", "CredentialsGone").await;
                place.world.sims.annotate("desk", "simops.dev/force-orphan", "true").await;
            }),
        row("CRD deleted", "as `kubectl delete crd` does it, while the operator runs").ends(End::Kept).alone().by(crd),
    ]
}

/// The namespace takes nothing new, and its content is deleted, as its controller does it: in no certain order.
async fn emptied(place: &Place) {
    let kubernetes = &place.world.kubernetes;
    let namespaces: Api<Namespace> = Api::all(kubernetes.client.clone());
    namespaces.delete(&kubernetes.namespace, &DeleteParams::default()).await.unwrap();
    for secret in ["acme-sailpoint", "servicenow"] {
        place.world.delete_secret(secret).await;
    }
    place.world.tenants.delete("acme").await;
    place.world.sims.delete("desk").await;
}

async fn crd(place: &mut Place) {
    place.created(json!({})).await;
    // Somebody else's finalizer on another resource keeps the definition for as long as this row looks at it.
    let mut guard = bare_sim("guard").with(json!({"policy": {"mode": "Paused"}}));
    guard.0["metadata"]["finalizers"] = json!(["example.com/guard"]);
    place.world.sims.apply(&guard).await;
    place.world.start_operator();
    place.world.resyncs(1).await;
    let definitions: Api<CustomResourceDefinition> = Api::all(place.world.kubernetes.client.clone());
    definitions.delete("simintegrations.simops.dev", &DeleteParams::default()).await.unwrap();
}
