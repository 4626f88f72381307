//! What the documents of the API leave open: whatever a tenant turns out to do, nothing is sent again and again.

use rstest::rstest;
use serde_json::{Value, json};

use super::canary::PASSWORD;
use super::manifests::{config, config_with, sim};
use super::world::{Setup, World};
use super::writes::lines;
use crate::support::simulator::{Config, Switches};

/// A world whose tenant has this trait.
fn where_tenants(switches: Value) -> Setup {
    let switches: Switches = serde_json::from_value(switches).unwrap();
    World::like().tenant(config_with(switches))
}

#[rstest]
#[case::cipher_text(json!({"secretReadBack": "cipher-text"}))]
#[case::masked_secrets(json!({"secretReadBack": "mask"}))]
#[case::dropped_secrets(json!({"secretReadBack": "dropped"}))]
#[case::ticket_fields_in_attributes(json!({"ticketFields": "attributes"}))]
#[case::no_ticket_fields(json!({"ticketFields": "absent"}))]
#[case::attributes_in_a_text(json!({"attributesShape": "string"}))]
#[case::ticket_fields_in_a_text(json!({"attributesShape": "string", "ticketFields": "attributes"}))]
#[case::any_order(json!({"listShuffled": true, "serverAddsAttributes": false}))]
#[case::another_clock(json!({"clockSkewSeconds": 300, "xDeprecated": true}))]
#[case::a_clock_behind(json!({"clockSkewSeconds": -300}))]
#[tokio::test]
async fn what_is_in_order_stays_so_and_each_change_is_sent_once(#[case] switches: Value) {
    let world = where_tenants(switches).create().await;
    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;
    world.resyncs(3).await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    world.tenant.forget_calls().await;

    let map = json!({"closed_complete": "Committed", "in_process": "Queued", "closed_rejected": "Failed"});
    world.sims.apply(&sim("desk").with(json!({"statusMap": map, "attributes": {"username": "svc_other"}}))).await;
    assert_eq!(world.sims.ready("desk").await.id(), desk.id());

    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!((&there["statusMap"], &there["attributes"]["username"]), (&map, &json!("svc_other")));
    assert_eq!(there["secretsReceived"]["password"], PASSWORD);
    let count = world.writes().await.len();
    world.resyncs(3).await;
    assert_eq!(world.writes().await.len(), count, "{:#?}", world.writes().await);
    world.close().await;
}

#[tokio::test]
async fn a_value_that_the_tenant_normalises_is_no_drift_until_it_moves() {
    let world = where_tenants(json!({"normalizeValues": true})).create().await;

    world.sims.apply(&sim("desk").with(json!({"attributes": {"url": "https://acme.service-now.com/"}}))).await;
    let desk = world.sims.ready("desk").await;
    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["attributes"]["url"], "https://acme.service-now.com");
    world.resyncs(3).await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    assert!(desk["status"]["sent"]["normalised"]["/attributes/url"].is_string(), "{desk:#?}");

    let edited = json!({"attributes": {"url": "https://elsewhere.service-now.com"}});
    world.tenant.edit_in_ui(desk.id(), &edited).await;
    let writes = world.until_writes(2).await;
    assert_eq!(writes[1].replaced_paths(), ["/attributes/url"]);
    world.resyncs(3).await;
    assert_eq!(world.writes().await.len(), 2);
    world.close().await;
}

#[tokio::test]
async fn a_tenant_that_refuses_patch_is_sent_puts_and_that_is_remembered() {
    let world = where_tenants(json!({"patchAccepts": "none"})).create().await;
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    world.tenant.forget_calls().await;

    world.sims.apply(&sim("desk").with(json!({"description": "New words"}))).await;
    world.sims.ready("desk").await;
    assert_eq!(lines(&world.writes().await), ["PATCH /sim-integrations/{id}", "PUT /sim-integrations/{id}"]);
    world.sims.apply(&sim("desk").with(json!({"description": "Newer words"}))).await;
    world.sims.ready("desk").await;

    let writes = world.writes().await;
    assert_eq!(lines(&writes[2..]), ["PUT /sim-integrations/{id}"]);
    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["description"], "Newer words");
    assert_eq!(there["secretsReceived"]["password"], PASSWORD);
    assert_eq!(there["statusMap"]["in_process"], "Queued");
    world.close().await;
}

#[rstest]
#[case::beta("beta")]
#[case::v2024("v2024")]
#[case::v2026("v2026")]
#[case::v1("v1")]
#[tokio::test]
async fn every_version_of_the_api_serves(#[case] version: &str) {
    let world = World::like().tenant_spec(json!({"api": version})).create().await;

    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    world.sims.apply(&sim("desk").with(json!({"description": "New words"}))).await;
    world.sims.ready("desk").await;
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "New words");
    world.sims.delete("desk").await;
    world.sims.gone("desk").await;

    let sent = ["POST /sim-integrations", "PATCH /sim-integrations/{id}", "DELETE /sim-integrations/{id}"];
    assert_eq!(lines(&world.writes().await), sent);
    world.close().await;
}

#[tokio::test]
async fn a_list_of_one_may_be_the_bare_object() {
    let single: Switches = serde_json::from_value(json!({"betaListSingle": true})).unwrap();
    let world = World::like().tenant(config_with(single)).tenant_spec(json!({"api": "beta"})).create().await;

    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    world.resyncs(3).await;

    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    assert_eq!(world.sims.see("desk").await.verdict(), ("True", "Reconciled"));
    world.close().await;
}

#[tokio::test]
async fn a_create_that_is_answered_without_an_id_is_bound_once_the_id_can_be_read() {
    let world = World::like().tenant_spec(json!({"api": "beta"})).create().await;
    world.tenants.ready("acme").await;
    world.tenant.turn(&json!({"betaReadId": false})).await;

    world.sims.apply(&sim("desk")).await;
    world.until_writes(1).await;
    // Twice as long as it takes to settle: an integration without an id still takes its name.
    world.resyncs(4).await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    assert_eq!(world.sims.see("desk").await.verdict().0, "False");

    world.tenant.turn(&json!({"betaReadId": true})).await;
    let desk = world.sims.ready("desk").await;
    assert_eq!(world.tenant.integration("desk").await.unwrap()["id"], desk.id());
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    world.close().await;
}

#[tokio::test]
async fn a_tenant_behind_a_company_s_own_certificate_authority_is_reached() {
    let mut world = World::like().tenant(Config { tls: true, ..config() }).create().await;
    world.tenants.reconciling("acme", "TenantUnavailable").await;

    let ca = world.tenant.ca_pem().unwrap().to_owned();
    world.tenants.patch("acme", &json!({"spec": {"caBundle": ca}})).await;
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;

    world.kill_operators();
    world.close().await;
}
