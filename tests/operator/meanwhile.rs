//! People change their mind, or write where they should not, while a call is on its way.

use serde_json::json;

use super::manifests::{bare_sim, made_in_the_ui, sim};
use super::mishaps::{ALL, once, too_many};
use super::resources::{Resources, Seen};
use super::world::World;
use super::writes::lines;
use crate::support::control_plane::Sandbox;
use crate::support::simulator::Action;
use crate::support::wait::eventually;

#[tokio::test]
async fn an_edit_while_a_create_is_unresolved_ends_in_one_integration_as_it_is_wanted_now() {
    let world = World::like().flag("--request-limit", "1s").flag("--settle", "10s").create().await;
    world.tenants.ready("acme").await;
    world.tenant.inject(&once("POST", ALL, Action::DelayBefore { ms: 3_000 })).await;
    world.sims.apply(&sim("desk")).await;
    world.sims.reconciling("desk", "CreateUnresolved").await;

    world.sims.apply(&sim("desk").with(json!({"description": "New words"}))).await;
    let desk = world.sims.ready("desk").await;

    let there = world.tenant.integrations().await;
    assert_eq!((there.len(), &there[0]["id"]), (1, &json!(desk.id())));
    assert_eq!(there[0]["description"], "New words");
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations", "PATCH /sim-integrations/{id}"]);
    world.close().await;
}

#[tokio::test]
async fn what_a_create_makes_is_removed_if_another_id_stands_there_by_then() {
    let world = World::new().await;
    world.tenants.ready("acme").await;
    let other = world.tenant.create_in_ui(&made_in_the_ui("other")).await;
    world.tenant.inject(&once("POST", ALL, Action::HoldAfter {})).await;
    world.sims.apply(&bare_sim("desk")).await;
    world.until_writes(1).await;

    let tenant = json!({"namespace": world.kubernetes.namespace, "name": "acme", "org": "acme"});
    world.sims.patch_status("desk", &json!({"status": {"id": other, "origin": "Adopted", "tenant": tenant}})).await;
    world.tenant.release().await;
    world.event("desk", "the loser is removed", |event| event.reason == "DuplicateRemoved").await;
    let desk = world.sims.ready("desk").await;

    assert_eq!(desk.id(), other);
    let there = world.tenant.integrations().await;
    assert_eq!((there.len(), &there[0]["id"]), (1, &json!(other)));
    let writes = world.writes().await;
    assert_eq!(lines(&writes)[..2], ["POST /sim-integrations", "DELETE /sim-integrations/{id}"]);
    world.close().await;
}

#[tokio::test]
async fn a_copy_with_our_annotations_in_another_namespace_takes_nothing() {
    let elsewhere = Sandbox::new().await;
    let allowed = json!({"allowedNamespaces": {"from": "All"}});
    let world = World::like().tenant_spec(allowed).sees(&elsewhere.namespace).create().await;
    let sims = Resources::new(elsewhere.client.clone(), &elsewhere.namespace, "SimIntegration");
    world.sims.apply(&bare_sim("desk")).await;
    world.sims.ready("desk").await;
    let desk = world.sims.until("desk", "is settled", |now| now.annotation("simops.dev/remote-id").is_some()).await;
    world.tenant.forget_calls().await;

    let tenant = json!({"tenantRef": {"name": "acme", "namespace": world.kubernetes.namespace}});
    let mut copy = bare_sim("desk").with(tenant);
    copy.0["metadata"]["annotations"] = desk["metadata"]["annotations"].clone();
    sims.apply(&copy).await;
    let copied = sims.stalled("desk", "Conflict").await;

    assert!(copied["status"]["id"].is_null());
    sims.delete("desk").await;
    sims.gone("desk").await;
    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.sims.ready("desk").await.id(), desk.id());
    world.close().await;
}

/// A world with `desk`, deleted, whose DELETE waits for the end of a pause that the tenant asks for.
async fn with_a_waiting_delete() -> World {
    let world = World::new().await;
    world.sims.apply(&bare_sim("desk")).await;
    world.sims.ready("desk").await;
    world.sims.until("desk", "is settled", |now| now.annotation("simops.dev/remote-id").is_some()).await;
    world.tenant.forget_calls().await;
    world.tenant.inject(&once("GET", ALL, too_many(5))).await;
    eventually("the tenant asks for a pause", async || {
        let calls = world.tenant.calls().await;
        calls.iter().find(|call| call.status == Some(429)).map(drop).ok_or("not yet")
    })
    .await;
    world.sims.delete("desk").await;
    world.sims.until("desk", "is deleted", |now| !now["metadata"]["deletionTimestamp"].is_null()).await;
    world
}

#[tokio::test]
async fn a_policy_that_changes_while_a_delete_waits_for_its_turn_counts() {
    let world = with_a_waiting_delete().await;

    world.sims.patch("desk", &json!({"spec": {"policy": {"delete": "Orphan"}}})).await;
    world.sims.gone("desk").await;

    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.tenant.integrations().await.len(), 1);
    world.close().await;
}

#[tokio::test]
async fn a_pause_while_a_delete_waits_for_its_turn_holds_it() {
    let world = with_a_waiting_delete().await;

    world.sims.patch("desk", &json!({"spec": {"policy": {"mode": "Paused"}}})).await;
    world.sims.until("desk", "is paused", |now: &Seen| now.is("Paused")).await;
    world.resyncs(3).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);

    world.sims.patch("desk", &json!({"spec": {"policy": {"mode": "Enforce"}}})).await;
    world.sims.gone("desk").await;
    assert_eq!(lines(&world.writes().await), ["DELETE /sim-integrations/{id}"]);
    world.close().await;
}
