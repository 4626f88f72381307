//! A field is taken out of a spec: what we had sent is cleared, or released as it is.

use serde_json::{Value, json};

use super::canary::PASSWORD;
use super::manifests::sim;
use super::world::World;

#[tokio::test]
async fn a_withdrawn_description_rule_or_attribute_is_cleared() {
    let world = World::with_desk().await;

    let withdrawn = json!({"description": null, "beforeProvisioningRule": null, "attributes": {"username": null}});
    world.sims.apply(&sim("desk").with(withdrawn)).await;
    let desk = world.sims.ready("desk").await;

    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["description"], "");
    assert_eq!(there["beforeProvisioningRule"], Value::Null);
    assert!(there["attributes"]["username"].is_null(), "{there:#?}");
    assert_eq!(there["attributes"]["url"], "https://acme.service-now.com");
    assert_eq!(desk["status"]["lastChange"]["cause"], "Spec");
    assert_eq!(desk.changed_paths(), ["/attributes/username", "/beforeProvisioningRule", "/description"]);
    let count = world.writes().await.len();
    world.resyncs(2).await;
    assert_eq!(world.writes().await.len(), count, "it is cleared once");
    world.close().await;
}

#[tokio::test]
async fn a_withdrawn_secret_is_cleared() {
    let world = World::with_desk().await;

    world.sims.apply(&sim("desk").with(json!({"attributesFrom": null}))).await;
    let desk = world.sims.ready("desk").await;

    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["secretsReceived"], json!({}), "{there:#?}");
    assert!(desk["status"]["sent"]["secrets"].is_null());
    let count = world.writes().await.len();
    world.resyncs(2).await;
    assert_eq!(world.writes().await.len(), count, "it is cleared once");
    world.close().await;
}

#[tokio::test]
async fn other_withdrawn_fields_are_released_as_they_are_and_an_event_says_so() {
    let world = World::with_desk().await;
    let before = world.tenant.integration("desk").await.unwrap();

    let withdrawn = json!({"type": null, "cluster": null, "sources": null, "statusMap": null, "request": null});
    world.sims.apply(&sim("desk").with(withdrawn)).await;
    world.sims.ready("desk").await;

    for field in ["type", "cluster", "sources", "statusMap", "request"] {
        world.event("desk", &format!("{field} is released"), |event| event.note.contains(field)).await;
    }
    let desk = world.sims.see("desk").await;
    world.tenant.edit_in_ui(desk.id(), &json!({"statusMap": {"closed_complete": "Failed"}})).await;
    world.resyncs(2).await;
    assert_eq!(world.writes().await.len(), 0);
    let after = world.tenant.integration("desk").await.unwrap();
    assert_eq!(after["statusMap"]["closed_complete"], "Failed", "it is no longer ours to repair");
    for kept in ["type", "cluster", "managedSources", "request"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    world.close().await;
}

#[tokio::test]
async fn an_empty_list_or_map_empties_what_is_there() {
    let world = World::with_desk().await;

    let mut emptied = sim("desk").with(json!({"sources": [], "statusMap": null, "request": null}));
    emptied.0["spec"]["statusMap"] = json!({});
    emptied.0["spec"]["request"] = json!({});
    world.sims.apply(&emptied).await;
    world.sims.ready("desk").await;

    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["managedSources"], json!([]));
    assert_eq!((&there["statusMap"], &there["request"]), (&json!({}), &json!({})));
    let count = world.writes().await.len();
    world.resyncs(2).await;
    assert_eq!(world.writes().await.len(), count, "it is emptied once");
    world.close().await;
}

#[tokio::test]
async fn an_attribute_moves_from_the_spec_into_a_secret_without_being_cleared() {
    let world = World::new().await;
    world.secret("servicenow", &[("password", PASSWORD), ("username", "svc_from_secret")]).await;
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    world.tenant.forget_calls().await;

    let moved = json!({
        "attributes": {"username": null},
        "attributesFrom": [
            {"attribute": "password", "secretKeyRef": {"name": "servicenow", "key": "password"}},
            {"attribute": "username", "secretKeyRef": {"name": "servicenow", "key": "username"}},
        ],
    });
    world.sims.apply(&sim("desk").with(moved)).await;
    world.sims.ready("desk").await;

    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["attributes"]["username"], "svc_from_secret");
    assert_eq!(world.writes().await.len(), 1);
    world.close().await;
}
