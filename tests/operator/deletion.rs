//! A resource is deleted: so is what was made for it, unless somebody said otherwise.

use rstest::rstest;
use serde_json::json;

use super::manifests::{made_in_the_ui, sim};
use super::mishaps::{ONE, answer_after, answer_of_a_gateway, once};
use super::world::World;
use super::writes::lines;
use crate::support::simulator::Action;

#[tokio::test]
async fn what_was_created_is_deleted_with_its_resource() {
    let world = World::with_desk().await;

    world.sims.delete("desk").await;
    world.sims.gone("desk").await;

    assert_eq!(lines(&world.writes().await), ["DELETE /sim-integrations/{id}"]);
    assert_eq!(world.tenant.integrations().await, [] as [serde_json::Value; 0]);
    world.close().await;
}

#[tokio::test]
async fn what_was_adopted_stays_and_that_is_counted() {
    let world = World::new().await;
    let id = world.tenant.create_in_ui(&made_in_the_ui("desk")).await;
    world.sims.apply(&sim("desk").with(json!({"externalId": id}))).await;
    world.sims.ready("desk").await;
    world.tenant.forget_calls().await;

    world.sims.delete("desk").await;
    world.sims.gone("desk").await;

    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.tenant.integrations().await.len(), 1);
    let counted = "sim_operator_let_go_total{reason=\"Orphan\"} 1";
    assert!(world.metrics().await.contains(counted));
    world.close().await;
}

#[tokio::test]
async fn what_was_adopted_is_deleted_if_the_policy_says_so() {
    let world = World::new().await;
    let id = world.tenant.create_in_ui(&made_in_the_ui("desk")).await;
    world.sims.apply(&sim("desk").with(json!({"externalId": id, "policy": {"delete": "Delete"}}))).await;
    world.sims.ready("desk").await;

    world.sims.delete("desk").await;
    world.sims.gone("desk").await;

    assert_eq!(world.tenant.integrations().await.len(), 0);
    world.close().await;
}

#[tokio::test]
async fn what_was_created_stays_if_the_policy_says_so() {
    let world = World::with_desk().await;
    world.sims.apply(&sim("desk").with(json!({"policy": {"delete": "Orphan"}}))).await;
    world.sims.ready("desk").await;

    world.sims.delete("desk").await;
    world.sims.gone("desk").await;

    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.tenant.integrations().await.len(), 1);
    world.close().await;
}

#[tokio::test]
async fn a_resource_that_holds_nothing_goes_without_a_call() {
    let world = World::new().await;
    world.tenant.create_in_ui(&made_in_the_ui("desk")).await;
    world.sims.apply(&sim("desk")).await;
    world.sims.stalled("desk", "AlreadyExists").await;

    world.sims.delete("desk").await;
    world.sims.gone("desk").await;

    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.tenant.integrations().await.len(), 1);
    world.close().await;
}

#[rstest]
#[case::a_404_of_sailpoint_is_a_success(answer_after(404), 1)]
#[case::a_404_of_somebody_else_is_none(answer_of_a_gateway(404, json!("default backend - 404")), 2)]
#[case::a_page_that_says_200_is_none(answer_of_a_gateway(200, json!("<html>Please log in to the network</html>")), 2)]
#[tokio::test]
async fn answers_to_a_delete(#[case] answer: Action, #[case] deletes: usize) {
    let world = World::with_desk().await;
    world.tenant.inject(&once("DELETE", ONE, answer)).await;

    world.sims.delete("desk").await;
    world.sims.gone("desk").await;

    assert_eq!(lines(&world.writes().await), vec!["DELETE /sim-integrations/{id}"; deletes]);
    assert_eq!(world.tenant.integrations().await.len(), 0);
    world.close().await;
}

#[tokio::test]
async fn a_delete_whose_answer_is_lost_ends_with_both_gone() {
    let world = World::with_desk().await;
    world.tenant.inject(&once("DELETE", ONE, Action::CutAfter {})).await;

    world.sims.delete("desk").await;
    world.sims.gone("desk").await;

    assert_eq!(world.tenant.integrations().await.len(), 0);
    world.close().await;
}

#[tokio::test]
async fn what_was_deleted_in_the_ui_does_not_hold_up_its_resource() {
    let world = World::with_desk().await;
    let desk = world.sims.see("desk").await;

    world.tenant.delete_in_ui(desk.id()).await;
    world.sims.delete("desk").await;
    world.sims.gone("desk").await;

    assert_eq!(world.tenant.integrations().await.len(), 0);
    world.close().await;
}

#[tokio::test]
async fn while_paused_a_deletion_waits() {
    let world = World::with_desk().await;
    world.sims.apply(&sim("desk").with(json!({"policy": {"mode": "Paused"}}))).await;
    world.sims.until("desk", "is paused", |now| now.is("Paused")).await;

    world.sims.delete("desk").await;
    world.resyncs(3).await;
    let waiting = world.sims.see("desk").await;
    assert!(waiting.is("Paused"), "it says so: {waiting:#?}");
    assert_eq!(lines(&world.writes().await), [""; 0]);

    world.sims.patch("desk", &json!({"spec": {"policy": {"mode": "Enforce"}}})).await;
    world.sims.gone("desk").await;
    assert_eq!(lines(&world.writes().await), ["DELETE /sim-integrations/{id}"]);
    world.close().await;
}

#[tokio::test]
async fn in_mode_plan_a_deletion_lets_go_without_a_call() {
    let world = World::with_desk().await;
    world.sims.apply(&sim("desk").with(json!({"policy": {"mode": "Plan"}}))).await;
    world.sims.until("desk", "is planned", |now| now.verdict() == ("True", "Planned")).await;

    world.sims.delete("desk").await;
    world.sims.gone("desk").await;

    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert!(world.metrics().await.contains("sim_operator_let_go_total{reason=\"Plan\"} 1"));
    world.close().await;
}
