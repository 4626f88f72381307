//! A resource becomes an integration: once, whole, and with few writes on either side.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::{DynamicObject, WatchEvent, WatchParams};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::canary::PASSWORD;
use super::manifests::{ACTIVE_DIRECTORY, RULE, TRAINING_VA, bare_sim, config, made_in_the_ui, sim};
use super::resources::Resources;
use super::world::World;
use super::writes::lines;

#[tokio::test]
async fn a_new_integration_is_created_once_with_all_that_the_spec_names() {
    let world = World::new().await;

    world.sims.apply(&sim("desk").annotated("simops.dev/change-ref", "CHG0030")).await;
    let desk = world.sims.ready("desk").await;

    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(desk.id(), there["id"]);
    assert_eq!(there["description"], "Tickets for Active Directory");
    assert_eq!(there["type"], "ServiceNow Service Desk");
    assert_eq!(there["cluster"], TRAINING_VA);
    assert_eq!(there["managedSources"], json!([ACTIVE_DIRECTORY]));
    assert_eq!(there["statusMap"], json!({"closed_complete": "Committed", "in_process": "Queued"}));
    assert_eq!(there["attributes"]["url"], "https://acme.service-now.com");
    assert_eq!(there["beforeProvisioningRule"]["id"], RULE);
    assert_eq!(there["secretsReceived"], json!({"password": PASSWORD}));

    world.resyncs(2).await;
    let writes = world.writes().await;
    assert_eq!(lines(&writes), ["POST /sim-integrations"]);
    let sent = &writes[0].body;
    assert_eq!((&sent["cluster"], &sent["sources"]), (&json!(TRAINING_VA), &json!([ACTIVE_DIRECTORY])));
    assert_eq!(sent["beforeProvisioningRule"]["type"], "RULE");
    world.close().await;
}

#[tokio::test]
async fn the_status_says_what_was_created_where_and_for_which_spec() {
    let world = World::new().await;

    world.sims.apply(&sim("desk").annotated("simops.dev/change-ref", "CHG0030")).await;
    let desk = world.sims.ready("desk").await;

    let status = &desk["status"];
    assert_eq!(status["origin"], "Created");
    assert_eq!(status["tenant"], json!({"namespace": world.kubernetes.namespace, "name": "acme", "org": "acme"}));
    let conditions = status["conditions"].as_array().unwrap();
    assert_eq!(conditions.len(), 1, "nothing but Ready: {conditions:#?}");
    assert_eq!(conditions[0]["observedGeneration"], desk["metadata"]["generation"]);
    let post = world.writes().await.remove(0).call;
    let change = &status["lastChange"];
    assert_eq!((&change["action"], &change["cause"]), (&json!("Created"), &json!("Spec")));
    assert_eq!((&change["generation"], &change["changeRef"]), (&json!(1), &json!("CHG0030")));
    assert_eq!(change["trackingId"], json!(post.request_id));
    assert!(status["plan"].is_null(), "{status:#?}");
    world.close().await;
}

#[tokio::test]
async fn the_intent_gives_way_to_the_id_under_which_it_can_be_found_again() {
    let world = World::new().await;

    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.until("desk", "carries its id", |now| now.annotation("simops.dev/remote-id").is_some()).await;

    assert_eq!(desk.annotation("simops.dev/create"), None);
    let written: Value = serde_json::from_str(desk.annotation("simops.dev/remote-id").unwrap()).unwrap();
    assert_eq!((&written["id"], &written["org"]), (&json!(desk.id()), &json!("acme")));
    let namespaces: Api<Namespace> = Api::all(world.kubernetes.client.clone());
    let cluster = namespaces.get("kube-system").await.unwrap().metadata.uid.unwrap();
    let resource = format!("{}/desk", world.kubernetes.namespace);
    assert_eq!(written["for"], json!({"resource": resource, "cluster": cluster}));
    assert_eq!(desk["metadata"]["finalizers"], json!(["simops.dev/finalizer"]));
    world.close().await;
}

/// Every version of the resource from its beginning on, until none comes any more.
async fn versions(sims: &Resources, quiet: Duration) -> Vec<DynamicObject> {
    let mut changes = sims.api().watch(&WatchParams::default(), "0").await.unwrap().boxed();
    let mut seen = Vec::new();
    while let Ok(Some(change)) = timeout(quiet, changes.try_next()).await.map(Result::unwrap) {
        match change {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => seen.push(object),
            WatchEvent::Bookmark(_) => {}
            other => panic!("{other:?}"),
        }
    }
    seen
}

#[tokio::test]
async fn two_kubernetes_writes_lead_to_ready_and_three_are_made_in_all() {
    let world = World::new().await;
    world.tenants.ready("acme").await;

    let sims = world.sims.clone();
    let watched = tokio::spawn(async move { versions(&sims, Duration::from_secs(8)).await });
    world.sims.apply(&sim("desk")).await;
    let versions = watched.await.unwrap();

    let has = |object: &DynamicObject, annotation: &str| {
        object.metadata.annotations.as_ref().is_some_and(|all| all.contains_key(annotation))
    };
    assert_eq!(versions.len(), 4, "the person's write and three of ours: {versions:#?}");
    assert!(has(&versions[1], "simops.dev/create") && versions[1].metadata.finalizers.is_some());
    assert_eq!(versions[2].data["status"]["conditions"][0]["status"], "True");
    assert!(has(&versions[3], "simops.dev/remote-id") && !has(&versions[3], "simops.dev/create"));
    world.close().await;
}

#[tokio::test]
async fn velocity_and_templates_are_sent_as_they_are_written() {
    let world = World::new().await;
    let request = json!({
        "short_description": "SailPoint $!plan.arguments.identityRequestId {{ .Values.x }} $${a}",
        "description": "#foreach($r in $plan.accountRequests) $r.operation #end\n%20 \\ \"quoted\"",
    });

    world.sims.apply(&sim("desk").with(json!({"request": request}))).await;
    world.sims.ready("desk").await;

    assert_eq!(world.tenant.integration("desk").await.unwrap()["request"], request);
    world.close().await;
}

#[tokio::test]
async fn a_name_in_the_spec_counts_more_than_that_of_the_resource() {
    let world = World::new().await;

    world.sims.apply(&bare_sim("desk").with(json!({"name": "ServiceNow SIM (production)"}))).await;
    let desk = world.sims.ready("desk").await;

    let there = world.tenant.integration("ServiceNow SIM (production)").await.unwrap();
    assert_eq!(there["id"], desk.id());
    let sent = world.writes().await.remove(0).body;
    let named = json!({"name": "ServiceNow SIM (production)", "type": "ServiceNow Service Desk"});
    assert_eq!(sent, named, "what the spec does not name is not sent");
    world.close().await;
}

#[tokio::test]
async fn the_tenant_tells_its_org_and_how_much_of_it_is_managed() {
    let world = World::new().await;
    world.tenant.create_in_ui(&made_in_the_ui("Legacy Desk")).await;

    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;

    let counts = json!({"remote": 2, "managed": 1, "unmanaged": 1});
    let acme = world.tenants.until("acme", "counts", |now| now["status"]["integrations"] == counts).await;
    assert_eq!(acme.verdict(), ("True", "Reconciled"));
    assert!(acme.is_current());
    assert_eq!(acme["status"]["org"], "acme");
    world.close().await;
}

#[tokio::test]
async fn a_refused_create_tells_why_without_what_was_sent_and_is_not_repeated_before_the_spec_changes() {
    let world = World::like().tenant(config()).create().await;
    // A server that repeats its input repeats the password, and a gateway mislabels what it sends.
    world.tenant.turn(&json!({"errorsEchoInput": true, "contentEncodingUtf8": true})).await;

    world.sims.apply(&sim("desk").with(json!({"sources": [{"id": "0123456789abcdef0123456789abcdef"}]}))).await;
    let desk = world.sims.stalled("desk", "Refused").await;

    let post = world.writes().await.remove(0).call;
    assert!(desk.message().contains("0123456789abcdef0123456789abcdef was not found"), "{}", desk.message());
    assert!(desk.message().contains(&post.request_id), "the tracking id: {}", desk.message());
    assert_eq!(desk["status"]["id"], Value::Null);
    world.resyncs(3).await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);

    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"; 2]);
    assert_eq!(world.tenant.integrations().await.len(), 1);
    world.close().await;
}

#[tokio::test]
async fn what_was_refused_is_sent_again_after_a_while() {
    let world = World::like().flag("--refused-retry", "2s").create().await;
    world.tenant.set_sources(&[]).await;

    world.sims.apply(&sim("desk")).await;
    world.sims.stalled("desk", "Refused").await;
    world.tenant.set_sources(&config().seed.sources).await;

    world.sims.ready("desk").await;
    assert_eq!(world.tenant.integrations().await.len(), 1);
    world.close().await;
}
