//! A write was sent and its answer never came: unknown, never failed, and never sent twice on luck.

use serde_json::json;

use super::manifests::{config_with, sim};
use super::mishaps::{ALL, ONE, answer_after, once};
use super::resources::Seen;
use super::world::World;
use super::writes::{Write, lines};
use crate::support::simulator::{Action, Switches};
use crate::support::wait::eventually;

/// Waits until a create was sent.
async fn created_is_sent(world: &World) -> Write {
    world.until_writes(1).await.remove(0)
}

/// One integration, the one that `desk` holds, by one POST.
async fn assert_created_once(world: &World, desk: &Seen) {
    world.resyncs(3).await;
    let there = world.tenant.integrations().await;
    assert_eq!(there.len(), 1, "{there:#?}");
    assert_eq!(there[0]["id"], desk.id());
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_found_and_bound() {
    let world = World::new().await;
    world.tenant.inject(&once("POST", ALL, Action::CutAfter {})).await;

    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;

    assert_eq!(desk["status"]["origin"], "Created");
    assert_created_once(&world, &desk).await;
    let settled = world.sims.until("desk", "is settled", |now| now.annotation("simops.dev/remote-id").is_some()).await;
    assert_eq!(settled.annotation("simops.dev/create"), None);
    world.close().await;
}

#[tokio::test]
async fn a_create_that_is_answered_by_an_error_after_the_change_is_found_and_bound() {
    let world = World::new().await;
    world.tenant.inject(&once("POST", ALL, answer_after(500))).await;

    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;

    assert_created_once(&world, &desk).await;
    world.close().await;
}

#[tokio::test]
async fn a_create_that_takes_longer_than_we_wait_is_found_and_bound() {
    let world = World::like().flag("--request-limit", "1s").flag("--settle", "10s").create().await;
    world.tenants.ready("acme").await;
    world.tenant.inject(&once("POST", ALL, Action::DelayBefore { ms: 4_000 })).await;

    world.sims.apply(&sim("desk")).await;
    let unresolved = world.sims.reconciling("desk", "CreateUnresolved").await;
    assert!(unresolved.annotation("simops.dev/create").is_some());
    let desk = world.sims.ready("desk").await;

    assert_created_once(&world, &desk).await;
    world.close().await;
}

#[tokio::test]
async fn a_lagging_list_makes_no_second_create() {
    let lagging = config_with(Switches { list_lag_ms: 1_500, ..Switches::default() });
    let world = World::like().tenant(lagging).flag("--list-lag", "2s").flag("--settle", "5s").create().await;
    world.tenants.ready("acme").await;
    world.tenant.inject(&once("POST", ALL, Action::CutAfter {})).await;

    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;

    assert_created_once(&world, &desk).await;
    world.close().await;
}

#[tokio::test]
async fn a_create_that_is_answered_outlives_a_lagging_list() {
    let lagging = config_with(Switches { list_lag_ms: 1_500, ..Switches::default() });
    let world = World::like().tenant(lagging).flag("--list-lag", "2s").create().await;

    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;

    assert_created_once(&world, &desk).await;
    assert_eq!(world.tenants.see("acme").await.verdict(), ("True", "Reconciled"));
    assert_eq!(world.sims.see("desk").await.verdict(), ("True", "Reconciled"));
    world.close().await;
}

#[tokio::test]
async fn a_create_that_never_took_place_is_sent_again_once_it_has_settled() {
    let world = World::like().flag("--settle", "3s").create().await;
    world.tenant.inject(&once("POST", ALL, Action::CutBefore {})).await;

    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;

    let writes = world.writes().await;
    assert_eq!(lines(&writes), ["POST /sim-integrations"; 2]);
    let waited = writes[1].call.time.duration_since(writes[0].call.time).as_millis();
    assert!(waited >= 3_000, "{waited} ms");
    assert_eq!(world.tenant.integrations().await.len(), 1);
    world.close().await;
}

#[tokio::test]
async fn what_a_stranger_makes_meanwhile_is_not_taken_for_ours() {
    let world = World::like().flag("--settle", "1m").create().await;
    world.tenant.inject(&once("POST", ALL, Action::CutBefore {})).await;
    world.sims.apply(&sim("desk")).await;
    created_is_sent(&world).await;

    let stranger = world.tenant.create_in_ui(&json!({"name": "desk", "description": "Somebody else's"})).await;
    let stalled = world.sims.stalled("desk", "AmbiguousCreate").await;

    assert!(stalled.message().contains(&format!("externalId: {stranger}")), "{}", stalled.message());
    assert!(stalled["status"]["id"].is_null());
    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "Somebody else's");

    world.sims.apply(&sim("desk").with(json!({"externalId": stranger}))).await;
    assert_eq!(world.sims.ready("desk").await["status"]["origin"], "Adopted");
    world.close().await;
}

#[tokio::test]
async fn of_two_that_could_be_ours_none_is_taken() {
    let mut world = World::like().flag("--settle", "1m").create().await;
    world.tenants.ready("acme").await;
    world.tenant.inject(&once("POST", ALL, Action::DelayAfter { ms: 5_000 })).await;
    world.sims.apply(&sim("desk")).await;
    let post = created_is_sent(&world).await;
    let ours = eventually("ours is there", async || world.tenant.integration("desk").await.ok_or("not yet")).await;

    // The answer is lost with the operator, and a stranger has made the same.
    world.kill_operators();
    let twin = world.tenant.create_in_ui(&post.body).await;
    world.start_operator();
    let stalled = world.sims.stalled("desk", "AmbiguousCreate").await;

    let ours = ours["id"].as_str().unwrap();
    assert!(stalled.message().contains(ours) && stalled.message().contains(&twin), "{}", stalled.message());
    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    assert_eq!(world.tenant.integrations().await.len(), 2);
    world.close().await;
}

#[tokio::test]
async fn a_rename_while_a_create_is_unresolved_ends_in_one_integration_of_the_new_name() {
    let world = World::like().flag("--request-limit", "1s").flag("--settle", "10s").create().await;
    world.tenants.ready("acme").await;
    world.tenant.inject(&once("POST", ALL, Action::DelayBefore { ms: 3_000 })).await;
    world.sims.apply(&sim("desk")).await;
    created_is_sent(&world).await;

    world.sims.apply(&sim("desk").with(json!({"name": "renamed"}))).await;
    let desk = world.sims.ready("desk").await;

    let there = world.tenant.integrations().await;
    assert_eq!((there.len(), &there[0]["name"], &there[0]["id"]), (1, &json!("renamed"), &json!(desk.id())));
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations", "PATCH /sim-integrations/{id}"]);
    world.close().await;
}

#[tokio::test]
async fn an_update_whose_answer_is_lost_is_not_repeated_before_it_has_settled() {
    let world = World::like().flag("--settle", "3s").create().await;
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    world.tenant.forget_calls().await;
    world.tenant.inject(&once("PATCH", ONE, Action::CutBefore {})).await;

    world.sims.apply(&sim("desk").with(json!({"description": "New words"}))).await;
    world.sims.reconciling("desk", "WriteUnsettled").await;
    world.sims.ready("desk").await;

    let writes = world.writes().await;
    assert_eq!(lines(&writes), ["PATCH /sim-integrations/{id}"; 2]);
    let waited = writes[1].call.time.duration_since(writes[0].call.time).as_millis();
    assert!(waited >= 3_000, "{waited} ms");
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "New words");
    world.close().await;
}

#[tokio::test]
async fn an_update_that_took_place_is_not_made_again() {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    world.tenant.forget_calls().await;
    world.tenant.inject(&once("PATCH", ONE, Action::CutAfter {})).await;

    world.sims.apply(&sim("desk").with(json!({"description": "New words"}))).await;
    world.sims.ready("desk").await;
    world.resyncs(2).await;

    assert_eq!(lines(&world.writes().await), ["PATCH /sim-integrations/{id}"]);
    world.close().await;
}
