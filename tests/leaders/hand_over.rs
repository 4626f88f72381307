//! One leads and works; when it ends, told to or killed, another goes on where it stopped.

use serde_json::json;

use crate::operator::manifests::sim;
use crate::operator::mishaps::{ALL, once};
use crate::operator::writes::lines;
use crate::replicas::{
    LEADS, Lasts, STANDS_BY, assert_ended_well, electing, holder, identity, is_renewed_again, joined_by_a_follower,
    lease, metric,
};
use crate::support::simulator::Action;
use crate::support::wait::eventually;

#[tokio::test]
async fn of_two_that_start_together_one_works_and_the_other_is_ready_and_silent() {
    let mut world = electing(Lasts::Minutes).create().await;
    world.start_operator();
    let leader = eventually("one leads and one stands by", async || {
        let mut said = |number: usize, what| world.replica(number).lines_with(what).len();
        let [first, second] = [0, 1].map(|number| (said(number, LEADS), said(number, STANDS_BY)));
        match (first, second) {
            ((1, 0), (0, 1)) => Ok(0),
            ((0, 1), (1, 0)) => Ok(1),
            other => Err(other),
        }
    })
    .await;
    let follower = 1 - leader;

    for name in ["desk-0", "desk-1"] {
        world.sims.apply(&sim(name)).await;
        world.sims.ready(name).await;
    }
    world.resyncs(2).await;

    assert_eq!(world.served(follower, "readyz").await, "ok\n");
    assert_eq!(world.served(follower, "livez").await, "ok\n");
    assert_eq!(metric(&world, leader, "sim_operator_leader").await, "1");
    assert_eq!(metric(&world, follower, "sim_operator_leader").await, "0");
    let counted = world.served(follower, "metrics").await;
    for work in ["sailpoint_request_seconds_count", "reconcile_seconds_count", "budget_wait_seconds_count"] {
        assert!(!counted.contains(work), "the follower did something: {counted}");
    }
    assert_eq!(world.replica(follower).lines_with("called SailPoint"), [""; 0]);
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"; 2]);
    assert_eq!(holder(&world).await, Some(identity(&mut world, leader)));
    world.close().await;
}

#[tokio::test]
async fn a_leader_that_is_told_to_end_hands_over_at_once_and_its_follower_knows_the_newest() {
    let mut world = electing(Lasts::Minutes).create().await;
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    joined_by_a_follower(&mut world).await;
    // The follower's reconcile was handed the resource as it was; by now it is another.
    world.sims.apply(&sim("desk").with(json!({"description": "Second words"}))).await;
    world.sims.ready("desk").await;

    assert_ended_well(world.replica(0).terminate().await);
    // The lease lasts for minutes: this can only be because it was given back.
    world.replica(1).says(LEADS).await;
    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations", "PATCH /sim-integrations/{id}"]);
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "Second words");

    world.sims.apply(&sim("desk").with(json!({"description": "Third words"}))).await;
    world.sims.ready("desk").await;
    assert_eq!(lines(&world.writes().await).len(), 3);
    assert_eq!(world.replica(0).lines_with("leader: released").len(), 1);
    assert_eq!(holder(&world).await, Some(identity(&mut world, 1)));
    assert_eq!(lease(&world).await["leaseTransitions"], 2);
    assert_eq!(metric(&world, 1, "sim_operator_leader").await, "1");
    world.close().await;
}

#[tokio::test]
async fn what_a_leader_has_begun_is_finished_before_the_lease_is_given_back() {
    let mut world = electing(Lasts::Minutes).flag("--request-limit", "20s").create().await;
    world.tenants.ready("acme").await;
    joined_by_a_follower(&mut world).await;
    world.tenant.inject(&once("POST", ALL, Action::DelayAfter { ms: 3_000 })).await;
    world.sims.apply(&sim("desk")).await;
    world.until_writes(1).await;

    assert_ended_well(world.replica(0).terminate().await);
    let desk = world.sims.see("desk").await;
    assert!(desk.is_ready(), "{desk:#?}");
    let said = world.replica(0).lines();
    let at =
        |what: &str| said.iter().position(|line| line.contains(what)).unwrap_or_else(|| panic!("{what}: {said:#?}"));
    assert!(at("outcome=\"Changed\"") < at("leader: released"), "{said:#?}");

    world.replica(1).says(LEADS).await;
    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    assert_eq!(world.tenant.integration("desk").await.unwrap()["id"], desk.id());
    world.close().await;
}

#[tokio::test]
async fn a_follower_that_is_told_to_end_does_so_and_changes_nothing() {
    let mut world = electing(Lasts::Minutes).create().await;
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    joined_by_a_follower(&mut world).await;

    assert_ended_well(world.replica(1).terminate().await);

    assert_eq!(world.replica(1).lines_with("still waiting"), [""; 0], "it had nothing to wait for");
    is_renewed_again(&world).await;
    assert_eq!(holder(&world).await, Some(identity(&mut world, 0)));
    assert_eq!(lease(&world).await["leaseTransitions"], 1);
    world.close().await;
}

#[tokio::test]
async fn a_leader_that_is_killed_while_its_create_is_on_the_way_leaves_one_integration() {
    let mut world = electing(Lasts::Seconds).flag("--settle", "20s").create().await;
    world.tenants.ready("acme").await;
    joined_by_a_follower(&mut world).await;
    world.tenant.inject(&once("POST", ALL, Action::DelayBefore { ms: 10_000 })).await;
    world.sims.apply(&sim("desk")).await;
    world.until_writes(1).await;

    world.replica(0).kill();
    world.replica(1).says(LEADS).await;
    let desk = world.sims.ready("desk").await;
    world.resyncs(2).await;

    let there = world.tenant.integrations().await;
    assert_eq!((there.len(), &there[0]["id"]), (1, &json!(desk.id())));
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    assert_eq!(lease(&world).await["leaseTransitions"], 2);
    world.close().await;
}
