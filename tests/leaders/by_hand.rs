//! Somebody takes, empties or deletes the Lease by hand: there is one writer again, and nobody is half alive.

use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{DeleteParams, Patch, PatchParams};
use rstest::rstest;
use serde_json::{Value, json};

use crate::operator::manifests::sim;
use crate::operator::world::World;
use crate::operator::writes::lines;
use crate::replicas::{
    LEADS, LEASE, Lasts, electing, holder, identity, is_renewed_again, joined_by_a_follower, lease, loses_it,
};
use crate::support::wait::eventually;

/// What a follower says that has seen a holder, and sees none although nobody has given the Lease back.
const CHANGED_BY_HAND: &str = "holder=\"nobody (changed by hand)\"";

async fn patch(world: &World, patch: Value) {
    let leases = world.kubernetes.api::<Lease>();
    leases.patch(LEASE, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
}

#[rstest]
#[case::another_holder(json!("somebody"), "somebody", "holder=\"somebody\"")]
#[case::nobody(json!(null), "nobody", CHANGED_BY_HAND)]
#[case::an_empty_name(json!(""), "nobody", CHANGED_BY_HAND)]
#[tokio::test]
async fn a_leader_whose_name_is_taken_out_ends_and_a_follower_waits_its_time(
    #[case] by: Value,
    #[case] holder_now: &str,
    #[case] seen: &str,
) {
    let mut world = electing(Lasts::Seconds).create().await;
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    joined_by_a_follower(&mut world).await;

    patch(&world, json!({"spec": {"holderIdentity": by}})).await;

    loses_it(&mut world, 0, &format!("was taken: {holder_now} holds it now")).await;
    world.replica(1).says(seen).await;
    world.replica(1).says(LEADS).await;
    world.sims.apply(&sim("desk").with(json!({"description": "New words"}))).await;
    world.sims.ready("desk").await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations", "PATCH /sim-integrations/{id}"]);
    assert_eq!(holder(&world).await, Some(identity(&mut world, 1)));
    world.close().await;
}

#[tokio::test]
async fn a_lease_that_is_deleted_is_made_anew_by_its_holder() {
    let mut world = electing(Lasts::Minutes).create().await;
    joined_by_a_follower(&mut world).await;

    // It does not know yet that its Lease is gone; the follower knows who had it.
    world.replica(0).suspend();
    world.kubernetes.api::<Lease>().delete(LEASE, &DeleteParams::default()).await.unwrap();
    world.replica(1).says(CHANGED_BY_HAND).await;
    world.replica(0).resume();

    world.replica(0).says("the Lease was deleted").await;
    eventually("the Lease is there", async || holder(&world).await.ok_or("not yet")).await;
    is_renewed_again(&world).await;
    assert_eq!(holder(&world).await, Some(identity(&mut world, 0)));
    assert_eq!(world.replica(1).lines_with(LEADS), [""; 0], "it has seen who holds it");
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    world.close().await;
}

#[tokio::test]
async fn a_lease_that_is_deleted_after_its_holder_died_is_taken_when_it_would_have_ended() {
    let mut world = electing(Lasts::Seconds).create().await;
    joined_by_a_follower(&mut world).await;

    world.replica(0).kill();
    world.kubernetes.api::<Lease>().delete(LEASE, &DeleteParams::default()).await.unwrap();

    world.replica(1).says(CHANGED_BY_HAND).await;
    world.replica(1).says(LEADS).await;
    assert_eq!(lease(&world).await["leaseTransitions"], 1);
    world.close().await;
}

#[tokio::test]
async fn what_else_somebody_writes_into_the_lease_is_kept_and_takes_nothing() {
    let mut world = electing(Lasts::Minutes).create().await;
    joined_by_a_follower(&mut world).await;

    patch(&world, json!({"metadata": {"annotations": {"example.com/note": "kept"}}})).await;
    is_renewed_again(&world).await;
    is_renewed_again(&world).await;

    let now = world.kubernetes.api::<Lease>().get(LEASE).await.unwrap();
    assert_eq!(now.metadata.annotations.unwrap()["example.com/note"], "kept");
    assert_eq!(holder(&world).await, Some(identity(&mut world, 0)));
    world.close().await;
}
