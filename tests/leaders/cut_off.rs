//! A leader that cannot reach the API server, while the tenant is there: it works on for as long as it is sure, and no longer.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use crate::operator::manifests::{bare_sim, sim};
use crate::operator::mishaps::{ONE, times, too_many};
use crate::operator::resources::Seen;
use crate::operator::world::{Setup, World};
use crate::operator::writes::{Write, lines};
use crate::replicas::{LEADS, Lasts, electing, joined_by_a_follower, lease, loses_it, renewed};
use crate::support::gate::Gate;
use crate::support::wait::eventually;

/// A leader that reaches Kubernetes by a gate, a follower that needs none, and three integrations in order.
async fn behind_a_gate(setup: Setup) -> (World, Gate) {
    let mut world = setup.prepared().create().await;
    let (gate, through_it) = Gate::before_kubernetes().await;
    world.set_kubeconfig(Some(through_it));
    world.start_operator();
    world.replica(0).says(LEADS).await;
    world.set_kubeconfig(None);
    joined_by_a_follower(&mut world).await;
    for manifest in [sim("desk"), sim("other"), bare_sim("bare")] {
        let name = manifest.name();
        world.sims.apply(&manifest).await;
        world.sims.until(name, "is settled", |now| now.annotation("simops.dev/remote-id").is_some()).await;
    }
    world.tenant.forget_calls().await;
    (world, gate)
}

#[tokio::test]
async fn one_whose_api_server_falls_silent_ends_and_its_follower_goes_on() {
    let (mut world, gate) = behind_a_gate(electing(Lasts::Seconds)).await;

    gate.silence();
    loses_it(&mut world, 0, "was not renewed in time: no answer").await;
    world.sims.apply(&sim("desk").with(json!({"description": "New words"}))).await;

    world.replica(1).says(LEADS).await;
    world.sims.ready("desk").await;
    assert_eq!(lines(&world.writes().await), ["PATCH /sim-integrations/{id}"]);
    world.close().await;
}

#[tokio::test]
async fn one_that_is_cut_off_while_the_tenant_answers_sends_nothing_that_could_meet_its_successors() {
    // Of twelve seconds it may write for six.
    let limit = Duration::from_secs(6);
    let setup = electing(Lasts::Seconds).flag("--lease-duration", "12s").flag("--request-limit", "6s");
    let (mut world, gate) = behind_a_gate(setup).await;
    // A change that is sent again and again, and needs no word of Kubernetes for that.
    world.tenant.inject(&times(None, "PATCH", ONE, too_many(1))).await;
    world.sims.apply(&bare_sim("bare").with(json!({"description": "New words"}))).await;
    world.until_writes(1).await;

    gate.cut();
    let before = world.writes().await.len();
    loses_it(&mut world, 0, "was not renewed in time").await;
    world.replica(1).says(LEADS).await;

    let taken: Timestamp = lease(&world).await["acquireTime"].as_str().unwrap().parse().unwrap();
    let by_the_old: Vec<Write> = world.writes().await.into_iter().filter(|write| write.call.time < taken).collect();
    assert!(by_the_old.len() > before, "until its deadline it sends: {by_the_old:#?}");
    let last = by_the_old.last().unwrap().call.time;
    // What it sent last had the whole limit to end; a third of it is for a busy machine, on which a call arrives late.
    assert!(taken.duration_since(last) >= (limit * 2 / 3).try_into().unwrap(), "{last} and {taken}");
    world.tenant.clear_faults().await;
    world.sims.ready("bare").await;
    assert_eq!(world.tenant.integration("bare").await.unwrap()["description"], "New words");
    world.close().await;
}

#[tokio::test]
async fn one_whose_api_server_comes_back_in_time_leads_on() {
    let (mut world, gate) = behind_a_gate(electing(Lasts::Seconds)).await;
    let before = renewed(&world).await;

    gate.cut();
    world.replica(0).says("the Lease is not renewed yet").await;
    gate.open();

    eventually("the Lease is renewed", async || {
        let now = renewed(&world).await;
        if now > before { Ok(()) } else { Err(now) }
    })
    .await;
    world.sims.apply(&sim("desk").with(json!({"description": "New words"}))).await;
    world.sims.ready("desk").await;
    assert_eq!(lines(&world.writes().await), ["PATCH /sim-integrations/{id}"]);
    assert_eq!(world.replica(1).lines_with(LEADS), [""; 0]);
    world.close().await;
}

#[tokio::test]
async fn a_change_that_waits_for_its_turn_across_the_deadline_is_not_sent() {
    let (mut world, gate) = behind_a_gate(electing(Lasts::Seconds)).await;
    world.tenant.inject(&times(Some(1), "PATCH", ONE, too_many(20))).await;

    world.sims.apply(&sim("other").with(json!({"description": "New words"}))).await;
    world.until_writes(1).await;
    // The tenant has asked for a pause: this one waits for it to end.
    world.sims.apply(&sim("desk").with(json!({"description": "New words"}))).await;
    let waits = world.replica(0).says("class=\"update\"").await;
    assert!(waits.contains("waits, as the tenant asked for a pause"), "{waits}");
    gate.cut();

    loses_it(&mut world, 0, "was not renewed in time").await;
    assert_eq!(lines(&world.writes().await), ["PATCH /sim-integrations/{id}"]);
    world.replica(1).says(LEADS).await;
    for name in ["desk", "other"] {
        world.sims.until(name, "has the new words", Seen::is_ready).await;
        assert_eq!(world.tenant.integration(name).await.unwrap()["description"], "New words");
    }
    assert_eq!(lines(&world.writes().await), ["PATCH /sim-integrations/{id}"; 3]);
    world.close().await;
}
