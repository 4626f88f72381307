//! What is gone, what only seems to be, and what is too much at once to be believed.

use serde_json::json;

use super::manifests::{bare_sim, made_in_the_ui, sim};
use super::mishaps::{ALL, ONE, answer, answer_of_a_gateway, times};
use super::resources::Seen;
use super::world::World;
use super::writes::lines;
use crate::support::simulator::Action;

#[tokio::test]
async fn what_was_deleted_in_the_ui_is_created_again_once_that_has_settled() {
    let world = World::like().flag("--settle", "4s").create().await;
    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;

    world.tenant.delete_in_ui(desk.id()).await;
    world.sims.reconciling("desk", "ConfirmingAbsence").await;
    let is_new = |now: &Seen| now.is_ready() && now.id() != desk.id();
    let after = world.sims.until("desk", "is there again", is_new).await;

    assert_eq!(after["status"]["lastChange"]["action"], "Recreated");
    assert_eq!(after["status"]["origin"], "Created");
    world.resyncs(2).await;
    let there = world.tenant.integrations().await;
    assert_eq!((there.len(), &there[0]["id"]), (1, &json!(after.id())));
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"; 2]);
    world.close().await;
}

#[tokio::test]
async fn what_was_adopted_by_its_id_and_is_gone_is_left_to_people() {
    let world = World::new().await;
    let id = world.tenant.create_in_ui(&made_in_the_ui("desk")).await;
    world.sims.apply(&sim("desk").with(json!({"externalId": id}))).await;
    world.sims.ready("desk").await;
    world.tenant.forget_calls().await;

    world.tenant.delete_in_ui(&id).await;
    world.sims.stalled("desk", "ExternalIdGone").await;

    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.close().await;
}

#[tokio::test]
async fn what_a_stranger_has_made_in_the_place_of_ours_is_not_made_a_second_time() {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;
    world.tenant.forget_calls().await;

    let stranger = world.tenant.create_in_ui(&made_in_the_ui("desk")).await;
    world.tenant.delete_in_ui(desk.id()).await;
    let stalled = world.sims.until("desk", "is left to people", |now| now.is("Stalled")).await;

    assert_eq!(stalled.verdict().1, "AlreadyExists");
    assert!(stalled.message().contains(&format!("externalId: {stranger}")), "{}", stalled.message());
    world.resyncs(3).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "Made in the UI");

    // The line that the message offers: nothing is swapped, as nothing is held any more.
    world.sims.apply(&sim("desk").with(json!({"externalId": stranger}))).await;
    let desk = world.sims.ready("desk").await;
    assert_eq!((desk.id(), &desk["status"]["origin"]), (stranger.as_str(), &json!("Adopted")));
    assert_eq!(desk["status"]["sent"]["unverified"], json!(["/attributes/password"]), "it is a stranger's password");
    assert_eq!(lines(&world.writes().await), ["PATCH /sim-integrations/{id}"]);
    world.close().await;
}

#[tokio::test]
async fn an_adopted_one_that_is_gone_is_replaced_by_whichever_a_person_names() {
    let world = World::new().await;
    let first = world.tenant.create_in_ui(&made_in_the_ui("desk")).await;
    let second = world.tenant.create_in_ui(&made_in_the_ui("other desk")).await;
    world.sims.apply(&sim("desk").with(json!({"externalId": first}))).await;
    world.sims.ready("desk").await;
    world.tenant.forget_calls().await;

    world.sims.apply(&sim("desk").with(json!({"externalId": second}))).await;
    world.sims.stalled("desk", "ExternalIdMismatch").await;
    assert_eq!(lines(&world.writes().await), [""; 0], "while the first is there nothing is swapped");

    world.tenant.delete_in_ui(&first).await;
    let desk = world.sims.ready("desk").await;
    assert_eq!(desk.id(), second);
    assert_eq!(world.tenant.integrations().await.len(), 1);
    assert!(lines(&world.writes().await).iter().all(|line| line.starts_with("PATCH")));
    world.close().await;
}

#[tokio::test]
async fn in_mode_report_what_is_gone_is_not_created_again() {
    let world = World::new().await;
    world.sims.apply(&sim("desk").with(json!({"policy": {"mode": "Report"}}))).await;
    let desk = world.sims.ready("desk").await;
    world.tenant.forget_calls().await;

    world.tenant.delete_in_ui(desk.id()).await;
    world.sims.until("desk", "is no longer in order", |now| now.verdict().1 != "Reconciled").await;
    world.resyncs(4).await;

    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.close().await;
}

/// While lists go wrong like this, nothing that they leave out is believed gone, and no name is believed free.
async fn assert_a_lying_list_is_believed_in_nothing(lie: impl Fn(&str) -> Action) {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    let desk = world.sims.until("desk", "is settled", |now| now.annotation("simops.dev/remote-id").is_some()).await;
    world.tenants.ready("acme").await;
    world.tenant.forget_calls().await;

    world.tenant.inject(&times(None, "GET", ALL, lie(desk.id()))).await;
    world.tenants.not_ready("acme", "ListIncomplete").await;
    world.sims.apply(&bare_sim("new")).await;
    world.resyncs(4).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.sims.see("desk").await.version(), desk.version());
    assert_ne!(world.sims.see("new").await.verdict().0, "True");

    world.tenant.clear_faults().await;
    world.tenants.ready("acme").await;
    world.sims.ready("new").await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    world.close().await;
}

#[tokio::test]
async fn a_list_that_leaves_out_what_is_there_is_believed_in_nothing() {
    assert_a_lying_list_is_believed_in_nothing(|id| Action::ShortList {
        without_ids: vec![id.to_owned()],
        drop_last: 0,
    })
    .await;
}

#[tokio::test]
async fn an_empty_list_of_a_tenant_that_is_not_empty_is_believed_in_nothing() {
    assert_a_lying_list_is_believed_in_nothing(|_| Action::EmptyList {}).await;
}

#[tokio::test]
async fn a_404_of_a_gateway_is_no_proof_that_anything_is_gone() {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;
    world.tenant.forget_calls().await;
    let elsewhere = answer_of_a_gateway(404, json!("no route"));

    world.tenant.inject(&times(None, "GET", ONE, elsewhere)).await;
    world.tenant.inject(&times(None, "GET", ALL, Action::EmptyList {})).await;
    world.resyncs(5).await;

    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.sims.see("desk").await.id(), desk.id());
    world.close().await;
}

#[tokio::test]
async fn too_many_that_vanish_at_once_are_not_created_again_before_somebody_says_so() {
    let world = World::new().await;
    let names = ["a", "b", "c", "d", "e"];
    let mut ids = Vec::new();
    for name in names {
        world.sims.apply(&bare_sim(name)).await;
        ids.push(world.sims.ready(name).await.id().to_owned());
    }
    world.tenant.forget_calls().await;

    // No LIST may see them go one by one.
    world.tenant.inject(&times(None, "GET", ALL, answer(503))).await;
    for id in &ids[..3] {
        world.tenant.delete_in_ui(id).await;
    }
    world.tenant.clear_faults().await;
    let stalled = world.tenants.not_ready("acme", "MassDisappearance").await;
    assert!(stalled.message().contains('3'), "{}", stalled.message());
    for (name, id) in names.iter().zip(&ids) {
        let reason = if ids[..3].contains(id) { "MassDisappearance" } else { "Reconciled" };
        world.sims.until(name, reason, |now| now.verdict().1 == reason).await;
    }
    world.resyncs(5).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);

    world.tenants.annotate("acme", "simops.dev/correct-requested-at", "2026-01-31T18:00:00Z").await;
    for (name, id) in names.iter().zip(&ids) {
        let is_vanished = ids[..3].contains(id);
        let is_there = |now: &Seen| now.is_ready() && (now.id() != id) == is_vanished;
        world.sims.until(name, "is there", is_there).await;
    }
    world.tenants.ready("acme").await;
    assert_eq!(world.tenant.integrations().await.len(), 5);
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"; 3]);
    world.close().await;
}

#[tokio::test]
async fn two_of_five_that_vanish_are_created_again() {
    let world = World::new().await;
    let names = ["a", "b", "c", "d", "e"];
    let mut ids = Vec::new();
    for name in names {
        world.sims.apply(&bare_sim(name)).await;
        ids.push(world.sims.ready(name).await.id().to_owned());
    }

    world.tenant.delete_in_ui(&ids[0]).await;
    world.tenant.delete_in_ui(&ids[1]).await;
    for (name, id) in names.iter().zip(&ids).take(2) {
        world.sims.until(name, "is there again", |now| now.is_ready() && now.id() != id).await;
    }

    assert_eq!(world.tenant.integrations().await.len(), 5);
    world.close().await;
}
