//! A leader that did not run for a while: another leads by now, and whatever it was about to send is not sent.

use crate::operator::manifests::sim;
use crate::operator::mishaps::{ALL, once, too_many};
use crate::operator::resources::Seen;
use crate::operator::world::World;
use crate::operator::writes::lines;
use crate::replicas::{LEADS, Lasts, electing, joined_by_a_follower, loses_it};
use crate::support::gate::Gate;

/// A leader that will be held at a failpoint, once, and a follower.
async fn will_be_held_at(world: &mut World, point: &str) {
    world.set_failpoints(&format!("{point}=1*return(hold)"));
    world.start_operator();
    world.replica(0).says(LEADS).await;
    world.set_failpoints("");
    joined_by_a_follower(world).await;
    world.tenants.ready("acme").await;
}

/// A leader that is held at a failpoint with the create of `desk` in hand, and a follower.
async fn held_at(world: &mut World, point: &str) {
    will_be_held_at(world, point).await;
    world.sims.apply(&sim("desk")).await;
    world.replica(0).says("held at a failpoint").await;
}

/// One integration by one POST, which nothing changes any more.
async fn assert_created_once(world: &World, desk: &Seen) {
    world.resyncs(2).await;
    let there = world.tenant.integrations().await;
    assert_eq!(there.len(), 1, "{there:#?}");
    assert_eq!(there[0]["id"], desk.id());
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
}

#[tokio::test]
async fn one_that_wakes_between_intent_and_post_after_its_create_was_settled_sends_nothing() {
    let mut world = electing(Lasts::Seconds).prepared().create().await;
    held_at(&mut world, "intent-written").await;

    world.replica(0).suspend();
    world.replica(1).says(LEADS).await;
    let desk = world.sims.ready("desk").await;
    world.replica(0).release();
    world.replica(0).resume();

    loses_it(&mut world, 0, "was not renewed in time").await;
    assert_created_once(&world, &desk).await;
    world.close().await;
}

#[tokio::test]
async fn one_that_wakes_between_intent_and_post_while_its_create_settles_sends_nothing() {
    let mut world = electing(Lasts::Seconds).prepared().flag("--settle", "10s").create().await;
    held_at(&mut world, "intent-written").await;

    world.replica(0).suspend();
    world.replica(0).release();
    world.replica(1).says(LEADS).await;
    // The follower does not know yet whether the POST was sent: if it is sent now, there will be two.
    world.replica(0).resume();

    loses_it(&mut world, 0, "was not renewed in time").await;
    let desk = world.sims.ready("desk").await;
    assert_created_once(&world, &desk).await;
    world.close().await;
}

#[tokio::test]
async fn the_answer_to_an_intent_that_comes_after_the_deadline_leads_to_no_post() {
    let mut world = electing(Lasts::Seconds).prepared().flag("--settle", "10s").create().await;
    let (gate, through_it) = Gate::before_kubernetes().await;
    world.set_kubeconfig(Some(through_it));
    world.set_failpoints("before-intent=1*return(hold)");
    world.start_operator();
    world.replica(0).says(LEADS).await;
    world.set_kubeconfig(None);
    world.set_failpoints("");
    joined_by_a_follower(&mut world).await;
    world.tenants.ready("acme").await;
    world.sims.apply(&sim("desk")).await;
    world.replica(0).says("held at a failpoint").await;

    gate.hold_answers();
    world.replica(0).release();
    world.sims.until("desk", "has its intent", |now| now.annotation("simops.dev/create").is_some()).await;
    world.replica(0).suspend();
    gate.open();
    world.replica(1).says(LEADS).await;
    world.replica(0).resume();

    loses_it(&mut world, 0, "was not renewed in time").await;
    let desk = world.sims.ready("desk").await;
    assert_created_once(&world, &desk).await;
    world.close().await;
}

#[tokio::test]
async fn a_post_that_queues_behind_a_429_while_the_leader_changes_is_sent_by_the_new_one_alone() {
    let mut world = electing(Lasts::Seconds).flag("--writes-per-tenant", "1").prepared().create().await;
    will_be_held_at(&mut world, "before-intent").await;
    world.tenant.inject(&once("POST", ALL, too_many(20))).await;

    world.sims.apply(&sim("desk-0")).await;
    world.replica(0).says("held at a failpoint").await;
    world.sims.apply(&sim("desk-1")).await;
    world.replica(0).says("others write to this tenant").await;
    world.replica(0).release();
    world.until_writes(1).await;
    let waits = world.replica(0).says("class=\"create\"").await;
    assert!(waits.contains("waits, as the tenant asked for a pause"), "{waits}");
    world.replica(0).suspend();
    world.replica(1).says(LEADS).await;
    for name in ["desk-0", "desk-1"] {
        world.sims.ready(name).await;
    }
    world.replica(0).resume();

    loses_it(&mut world, 0, "was not renewed in time").await;
    world.resyncs(2).await;
    assert_eq!(world.tenant.integrations().await.len(), 2);
    // The first was refused.
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"; 3]);
    world.close().await;
}
