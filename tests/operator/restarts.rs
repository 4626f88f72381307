//! The operator dies, two run at once, a status is lost, a manifest is copied: still one integration.

use serde_json::{Value, json};

use super::manifests::{Manifest, bare_sim, credentials, sim, tenant};
use super::mishaps::{ALL, once};
use super::resources::Seen;
use super::world::World;
use super::writes::lines;
use crate::support::simulator::Action;

async fn with_desk() -> (World, Seen) {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    let desk = world.sims.until("desk", "is settled", |now| now.annotation("simops.dev/remote-id").is_some()).await;
    world.tenant.forget_calls().await;
    (world, desk)
}

#[tokio::test]
async fn an_operator_that_dies_while_its_create_is_on_the_way_makes_no_second() {
    let mut world = World::like().flag("--settle", "15s").create().await;
    world.tenants.ready("acme").await;
    world.tenant.inject(&once("POST", ALL, Action::DelayBefore { ms: 3_000 })).await;
    world.sims.apply(&sim("desk")).await;
    world.until_writes(1).await;

    world.kill_operators();
    world.start_operator();
    let desk = world.sims.ready("desk").await;

    assert_eq!(desk["status"]["origin"], "Created");
    let there = world.tenant.integrations().await;
    assert_eq!((there.len(), &there[0]["id"]), (1, &json!(desk.id())));
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    world.close().await;
}

#[tokio::test]
async fn an_operator_that_dies_before_it_writes_the_id_down_finds_it_again() {
    let mut world = World::like().flag("--settle", "15s").create().await;
    world.tenants.ready("acme").await;
    world.tenant.inject(&once("POST", ALL, Action::DelayAfter { ms: 3_000 })).await;
    world.sims.apply(&sim("desk")).await;
    world.until_writes(1).await;

    world.kill_operators();
    world.start_operator();
    let desk = world.sims.ready("desk").await;

    assert_eq!(world.tenant.integration("desk").await.unwrap()["id"], desk.id());
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    world.close().await;
}

#[tokio::test]
async fn an_operator_that_is_told_to_end_finishes_what_it_has_begun() {
    let mut world = World::new().await;
    world.tenants.ready("acme").await;
    world.tenant.inject(&once("POST", ALL, Action::DelayAfter { ms: 2_000 })).await;
    world.sims.apply(&sim("desk")).await;
    world.until_writes(1).await;

    world.end_operators().await;

    let desk = world.sims.see("desk").await;
    assert!(desk.is_ready(), "{desk:#?}");
    assert_eq!(world.tenant.integration("desk").await.unwrap()["id"], desk.id());
    world.close().await;
}

#[tokio::test]
async fn an_operator_that_is_told_to_end_does_not_wait_for_ever() {
    let mut world = World::like().not_started().create().await;
    world.secret("acme-sailpoint", &credentials()).await;
    world.tenants.apply(&tenant("acme", world.tenant.url())).await;
    world.sims.apply(&bare_sim("desk")).await;
    world.set_flag("--shutdown-limit", "1s");
    world.set_failpoints("before-intent=return(hold)");
    world.start_operator();
    world.operator().says("held at a failpoint").await;

    world.end_operators().await;

    world.set_failpoints("");
    world.start_operator();
    world.sims.ready("desk").await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    world.close().await;
}

#[tokio::test]
async fn a_restart_at_rest_writes_nothing_anywhere() {
    let (mut world, desk) = with_desk().await;
    world.resyncs(1).await;
    let acme = world.tenants.see("acme").await;
    let events = world.events().await;

    world.kill_operators();
    world.start_operator();
    world.resyncs(2).await;

    assert_eq!(world.sims.see("desk").await.version(), desk.version());
    assert_eq!(world.tenants.see("acme").await.version(), acme.version());
    assert_eq!(world.events().await, events);
    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.close().await;
}

#[tokio::test]
async fn a_change_that_was_made_while_no_operator_ran_is_sent() {
    let (mut world, desk) = with_desk().await;
    world.kill_operators();
    world.sims.apply(&sim("desk").with(json!({"description": "New words"}))).await;
    world.start_operator();

    let after = world.sims.ready("desk").await;

    assert_eq!(after.id(), desk.id());
    assert_eq!(after["status"]["lastChange"]["cause"], "Spec");
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "New words");
    world.close().await;
}

#[tokio::test]
async fn two_operators_at_once_create_each_integration_once() {
    let mut world = World::new().await;
    world.start_operator();

    for number in 0..4 {
        world.sims.apply(&bare_sim(&format!("desk-{number}"))).await;
    }
    for number in 0..4 {
        world.sims.ready(&format!("desk-{number}")).await;
    }
    world.resyncs(3).await;

    assert_eq!(world.tenant.integrations().await.len(), 4);
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"; 4]);
    world.close().await;
}

#[tokio::test]
async fn a_lost_status_is_found_again_by_the_id_and_not_by_the_name() {
    let (mut world, desk) = with_desk().await;
    world.kill_operators();
    world.tenant.edit_in_ui(desk.id(), &json!({"name": "renamed in the UI"})).await;
    world.sims.patch_status("desk", &json!({"status": null})).await;
    world.start_operator();

    let after = world.sims.ready("desk").await;

    assert_eq!(after.id(), desk.id());
    let there = world.tenant.integrations().await;
    assert_eq!((there.len(), &there[0]["name"]), (1, &json!("desk")));
    assert_eq!(lines(&world.writes().await), ["PATCH /sim-integrations/{id}"]);
    world.close().await;
}

/// The resource as a backup has it: with its annotations and without its status.
fn from_backup(of: &Seen, name: &str, spec: Value) -> Manifest {
    let mut copy = sim(name).with(spec);
    copy.0["metadata"]["annotations"] = of["metadata"]["annotations"].clone();
    copy
}

#[tokio::test]
async fn a_resource_that_is_restored_in_its_place_heals_itself() {
    let (mut world, desk) = with_desk().await;
    world.kill_operators();
    world.sims.patch("desk", &json!({"metadata": {"finalizers": null}})).await;
    world.sims.delete("desk").await;
    world.sims.gone("desk").await;
    world.sims.apply(&from_backup(&desk, "desk", json!({}))).await;
    world.start_operator();

    let restored = world.sims.ready("desk").await;

    assert_eq!(restored.id(), desk.id());
    assert_eq!(world.tenant.integrations().await.len(), 1);
    assert!(!lines(&world.writes().await).contains(&"POST /sim-integrations"));
    world.close().await;
}

#[tokio::test]
async fn a_copy_under_another_name_counts_as_new_and_takes_nothing() {
    let (world, desk) = with_desk().await;

    world.sims.apply(&from_backup(&desk, "copy", json!({"name": "desk"}))).await;
    let copy = world.sims.stalled("copy", "Conflict").await;
    assert!(copy["status"]["id"].is_null());

    world.sims.apply(&sim("desk").with(json!({"policy": {"delete": "Orphan"}}))).await;
    world.sims.ready("desk").await;
    world.sims.delete("desk").await;
    world.sims.gone("desk").await;
    let copy = world.sims.stalled("copy", "AlreadyExists").await;
    assert!(copy["status"]["id"].is_null());
    world.sims.delete("copy").await;
    world.sims.gone("copy").await;
    assert_eq!(world.tenant.integrations().await.len(), 1);
    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.close().await;
}

#[tokio::test]
async fn a_copy_in_another_cluster_takes_nothing() {
    let (mut world, desk) = with_desk().await;
    world.kill_operators();
    world.sims.patch("desk", &json!({"metadata": {"finalizers": null}})).await;
    world.sims.delete("desk").await;
    world.sims.gone("desk").await;

    world.set_flag("--cluster-id", "disaster-recovery");
    world.sims.apply(&from_backup(&desk, "desk", json!({}))).await;
    world.start_operator();
    let copy = world.sims.stalled("desk", "AlreadyExists").await;

    assert!(copy["status"]["id"].is_null());
    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.close().await;
}

#[tokio::test]
async fn an_intent_that_was_copied_is_no_claim() {
    let mut world = World::like().flag("--settle", "1m").create().await;
    world.tenants.ready("acme").await;
    world.tenant.inject(&once("POST", ALL, Action::DelayBefore { ms: 2_000 })).await;
    world.sims.apply(&sim("desk")).await;
    world.until_writes(1).await;
    world.kill_operators();
    let desk = world.sims.see("desk").await;
    assert!(desk.annotation("simops.dev/create").is_some(), "{desk:#?}");

    world.sims.apply(&from_backup(&desk, "copy", json!({"name": "desk"}))).await;
    world.start_operator();
    let bound = world.sims.ready("desk").await;
    let copy = world.sims.stalled("copy", "Conflict").await;

    assert!(copy["status"]["id"].is_null());
    assert_eq!(world.tenant.integration("desk").await.unwrap()["id"], bound.id());
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    world.close().await;
}
