//! A change in Git reaches the tenant by the smallest call that can carry it.

use serde_json::json;

use super::canary::{NEW_PASSWORD, PASSWORD};
use super::manifests::{ACTIVE_DIRECTORY, WORKDAY, sim};
use super::resources::{Seen, sorted};
use super::world::World;
use super::writes::lines;

/// A world with one integration in order, and an empty log.
async fn with_desk() -> (World, Seen) {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;
    world.tenant.forget_calls().await;
    (world, desk)
}

#[tokio::test]
async fn a_rule_alone_goes_by_its_own_endpoint() {
    let (world, desk) = with_desk().await;
    let rule = json!({"id": "2c91808568c529c60168cca6f90c1313", "name": "Another Rule"});

    world.sims.apply(&sim("desk").with(json!({"beforeProvisioningRule": rule}))).await;
    let desk_after = world.sims.ready("desk").await;

    let writes = world.writes().await;
    assert_eq!(lines(&writes), ["PATCH /sim-integrations/{id}/beforeProvisioningRule"]);
    assert_eq!(writes[0].replaced_paths(), ["/beforeProvisioningRule"]);
    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["beforeProvisioningRule"], json!({"type": "RULE", "id": rule["id"], "name": rule["name"]}));
    assert_eq!(desk_after.id(), desk.id());
    world.close().await;
}

#[tokio::test]
async fn what_the_tenant_shows_goes_by_one_patch_of_replacements() {
    let (world, desk) = with_desk().await;

    world
        .sims
        .apply(&sim("desk").with(json!({
            "description": "Tickets for everything",
            "sources": [{"id": ACTIVE_DIRECTORY}, {"id": WORKDAY}],
            "attributes": {"url": "https://acme-new.service-now.com"},
        })))
        .await;
    let after = world.sims.ready("desk").await;

    let writes = world.writes().await;
    assert_eq!(lines(&writes), ["PATCH /sim-integrations/{id}"]);
    let paths = writes[0].replaced_paths();
    assert_eq!(paths.len(), 3, "{paths:?}");
    assert!(paths.contains(&"/description") && paths.contains(&"/attributes/url"), "{paths:?}");
    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["description"], "Tickets for everything");
    assert_eq!(sorted(&there["managedSources"]), [WORKDAY, ACTIVE_DIRECTORY]);
    assert_eq!(there["attributes"]["url"], "https://acme-new.service-now.com");
    assert_eq!(there["secretsReceived"]["password"], PASSWORD);

    let change = &after["status"]["lastChange"];
    assert_eq!((&change["action"], &change["cause"]), (&json!("Updated"), &json!("Spec")));
    assert_eq!(change["generation"], after["metadata"]["generation"]);
    assert_eq!(after.changed_paths(), ["/attributes/url", "/description", "/sources"]);
    assert_eq!(change["trackingId"], json!(writes[0].call.request_id));
    assert_eq!(after.id(), desk.id());
    world.close().await;
}

#[tokio::test]
async fn a_new_attribute_goes_by_a_put_that_loses_nothing() {
    let (world, desk) = with_desk().await;
    world.tenant.edit_in_ui(desk.id(), &json!({"attributes": {"catalogItem": {"a": "b"}}})).await;
    let before = world.tenant.integration("desk").await.unwrap();

    world.sims.apply(&sim("desk").with(json!({"attributes": {"ticketType": "incident"}}))).await;
    world.sims.ready("desk").await;

    let writes = world.writes().await;
    assert_eq!(lines(&writes), ["PUT /sim-integrations/{id}"]);
    let after = world.tenant.integration("desk").await.unwrap();
    assert_eq!(after["attributes"]["ticketType"], "incident");
    assert_eq!(after["attributes"]["catalogItem"], json!({"a": "b"}), "what we do not own is kept");
    assert_eq!(after["secretsReceived"]["password"], PASSWORD, "no cipher-text is sent back");
    for kept in ["id", "created", "name", "description", "type", "cluster", "managedSources", "statusMap", "request"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    assert_eq!(after["beforeProvisioningRule"], before["beforeProvisioningRule"]);
    assert_eq!(after["provisioningConfig"], before["provisioningConfig"]);
    world.close().await;
}

#[tokio::test]
async fn a_put_keeps_what_somebody_did_since_the_last_list() {
    let world = World::like().flag("--resync", "1h").create().await;
    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;
    world.tenant.forget_calls().await;
    world.tenant.edit_in_ui(desk.id(), &json!({"attributes": {"catalogItem": "abc"}})).await;

    world.sims.apply(&sim("desk").with(json!({"attributes": {"ticketType": "incident"}}))).await;
    world.sims.ready("desk").await;

    assert_eq!(lines(&world.writes().await), ["PUT /sim-integrations/{id}"]);
    assert_eq!(world.tenant.integration("desk").await.unwrap()["attributes"]["catalogItem"], "abc");
    world.close().await;
}

#[tokio::test]
async fn a_rotated_secret_goes_alone_within_a_resync_and_without_a_restart() {
    let (world, _) = with_desk().await;

    world.secret("servicenow", &[("password", NEW_PASSWORD)]).await;
    let writes = world.until_writes(1).await;

    assert_eq!(lines(&writes), ["PATCH /sim-integrations/{id}"]);
    assert_eq!(writes[0].replaced_paths(), ["/attributes/password"]);
    let is_secret = |now: &Seen| now["status"]["lastChange"]["cause"] == "Secret" && now.is_ready();
    let desk = world.sims.until("desk", "has sent its secret", is_secret).await;
    assert_eq!(desk["status"]["sent"]["secrets"][0]["attribute"], "/attributes/password");
    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["secretsReceived"]["password"], NEW_PASSWORD);
    world.resyncs(2).await;
    assert_eq!(world.writes().await.len(), 1);
    world.close().await;
}

#[tokio::test]
async fn a_secret_that_is_written_anew_with_the_same_value_is_sent_once_at_most() {
    let (world, _) = with_desk().await;

    world.secret("servicenow", &[("password", PASSWORD), ("unrelated", "x")]).await;
    world.resyncs(3).await;

    assert!(world.writes().await.len() <= 1, "{:#?}", world.writes().await);
    world.close().await;
}

#[tokio::test]
async fn a_new_name_renames_what_is_there() {
    let (world, desk) = with_desk().await;

    world.sims.apply(&sim("desk").with(json!({"name": "Service Desk"}))).await;
    let after = world.sims.ready("desk").await;

    let writes = world.writes().await;
    assert_eq!(lines(&writes), ["PATCH /sim-integrations/{id}"]);
    assert_eq!(writes[0].replaced_paths(), ["/name"]);
    assert_eq!(after.id(), desk.id());
    assert_eq!(world.tenant.integration("Service Desk").await.unwrap()["id"], desk.id());
    world.close().await;
}

#[tokio::test]
async fn what_the_tenant_hides_arrives_all_the_same() {
    let (world, _) = with_desk().await;
    world.tenant.turn(&json!({"ticketFields": "absent"})).await;
    world.resyncs(1).await;

    let map = json!({"closed_complete": "Committed", "in_process": "Queued", "closed_rejected": "Failed"});
    world.sims.apply(&sim("desk").with(json!({"statusMap": map}))).await;
    world.sims.ready("desk").await;

    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["statusMap"], map);
    assert_eq!(there["secretsReceived"]["password"], PASSWORD);
    assert_eq!(world.writes().await.len(), 1);
    world.close().await;
}
