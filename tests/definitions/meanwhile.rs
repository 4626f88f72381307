//! The definition goes while the operator is in the middle of something.

use serde_json::json;
use tokio::time::timeout;

use crate::alone::{INTEGRATIONS, WATCH_BACKOFF, alone, delete, gone, install, world_with};
use crate::operator::manifests::bare_sim;
use crate::operator::mishaps::{ALL, once, too_many};
use crate::operator::world::World;
use crate::operator::writes::lines;
use crate::support::simulator::Action;
use crate::support::wait::eventually;

/// Waits until a call of this method is met by this kind of fault.
async fn met(world: &World, method: &str, fault: &str) {
    eventually(&format!("a {method} is met by {fault}"), async || {
        let calls = world.tenant.calls().await;
        let is_met = |call: &&_| {
            let call: &crate::support::simulator::Call = call;
            call.method == method && call.fault.as_deref() == Some(fault)
        };
        calls.iter().find(is_met).map(drop).ok_or("not yet")
    })
    .await;
}

#[tokio::test]
async fn a_delete_that_waits_for_its_turn_is_not_sent_any_more() {
    let _alone = alone().await;
    let world = world_with(&["desk"]).await;
    // The tenant asks for a pause, which the DELETE has to wait for.
    world.tenant.inject(&once("GET", ALL, too_many(4))).await;
    world.tenants.annotate("acme", "simops.dev/reconcile-requested-at", "now").await;
    met(&world, "GET", "answer").await;
    world.sims.delete("desk").await;

    delete(&[INTEGRATIONS]);
    gone(&[INTEGRATIONS]);

    install();
    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.tenant.integrations().await.len(), 1);
    world.close().await;
}

#[tokio::test]
async fn a_delete_that_is_about_to_leave_is_not_sent_any_more() {
    let _alone = alone().await;
    let mut world = world_with(&["desk"]).await;
    world.kill_operators();
    world.set_failpoints("before-delete=1*return(hold)");
    world.start_operator();
    world.tenants.ready("acme").await;
    world.sims.delete("desk").await;
    world.operator().says("held at a failpoint").await;

    delete(&[INTEGRATIONS]);
    world.operator().release();
    gone(&[INTEGRATIONS]);

    install();
    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.tenant.integrations().await.len(), 1);
    world.close().await;
}

#[tokio::test]
async fn an_operator_that_slept_through_it_deletes_nothing_when_it_wakes() {
    let _alone = alone().await;
    let world = world_with(&["one", "two"]).await;
    world.operator().suspend();
    delete(&[INTEGRATIONS]);
    for name in ["one", "two"] {
        world.sims.until(name, "is deleted", |now| !now["metadata"]["deletionTimestamp"].is_null()).await;
    }
    world.operator().resume();

    gone(&[INTEGRATIONS]);

    install();
    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.tenant.integrations().await.len(), 2);
    world.close().await;
}

#[tokio::test]
async fn a_create_in_flight_lands_and_is_let_go_of() {
    let _alone = alone().await;
    let world = world_with(&[]).await;
    world.tenants.ready("acme").await;
    world.tenant.inject(&once("POST", ALL, Action::HoldAfter {})).await;
    world.sims.apply(&bare_sim("desk")).await;
    met(&world, "POST", "holdAfter").await;

    delete(&[INTEGRATIONS]);
    world.sims.until("desk", "is deleted", |now| !now["metadata"]["deletionTimestamp"].is_null()).await;
    world.tenant.release().await;
    gone(&[INTEGRATIONS]);

    install();
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    assert_eq!(world.tenant.integrations().await.len(), 1);
    world.close().await;
}

#[tokio::test]
async fn what_a_create_in_flight_makes_stays_even_if_its_resource_was_torn_out() {
    let _alone = alone().await;
    let world = world_with(&[]).await;
    world.tenants.ready("acme").await;
    world.tenant.inject(&once("POST", ALL, Action::HoldAfter {})).await;
    world.sims.apply(&bare_sim("desk")).await;
    met(&world, "POST", "holdAfter").await;

    delete(&[INTEGRATIONS]);
    world.sims.patch("desk", &json!({"metadata": {"finalizers": null}})).await;
    gone(&[INTEGRATIONS]);
    world.tenant.release().await;
    world.operator().says("DuplicateLeft").await;

    install();
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    assert_eq!(world.tenant.integrations().await.len(), 1);
    world.close().await;
}

#[tokio::test]
async fn a_definition_that_is_gone_for_a_while_is_watched_again() {
    let _alone = alone().await;
    let world = world_with(&["desk"]).await;
    delete(&[INTEGRATIONS]);
    gone(&[INTEGRATIONS]);
    // The watch looks for it ever more rarely.
    world.resyncs(10).await;

    install();
    world.sims.apply(&bare_sim("new")).await;
    timeout(WATCH_BACKOFF, world.sims.ready("new")).await.expect("the watch recovers");
    world.close().await;
}
