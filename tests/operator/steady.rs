//! At rest nothing is written, nowhere: no status, no event, and one LIST a resync is all that the tenant sees.

use serde_json::{Value, json};

use super::manifests::{bare_sim, made_in_the_ui, sim};
use super::world::World;

/// Every version of everything that the operator could write to.
async fn versions(world: &World, names: &[&str]) -> Vec<String> {
    let mut versions = vec![world.tenants.see("acme").await.version().to_owned()];
    for name in names {
        versions.push(world.sims.see(name).await.version().to_owned());
    }
    versions
}

/// Three resyncs long nothing is written, and the tenant sees its LISTs and nothing else.
async fn assert_at_rest(world: &World, names: &[&str]) {
    let (before, events) = (versions(world, names).await, world.events().await);
    world.tenant.forget_calls().await;
    world.resyncs(3).await;

    assert_eq!(versions(world, names).await, before);
    assert_eq!(world.events().await, events);
    let calls = world.tenant.calls().await;
    let others: Vec<_> =
        calls.iter().filter(|call| (&*call.method, &*call.path) != ("GET", super::mishaps::ALL)).collect();
    assert!(others.is_empty(), "{others:#?}");
    for pair in calls.windows(2) {
        let gap = pair[1].time.duration_since(pair[0].time).as_millis();
        assert!((1_500..4_000).contains(&gap), "one LIST in 2 s, not after {gap} ms");
    }
}

#[tokio::test]
async fn what_is_in_order_is_listed_once_a_resync_and_not_written_to() {
    let world = World::like().flag("--resync", "2s").create().await;
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        world.sims.apply(&sim(name)).await;
    }
    for name in names {
        world.sims.until(name, "is settled", |now| now.annotation("simops.dev/remote-id").is_some()).await;
    }
    let counts = json!({"remote": 5, "managed": 5, "unmanaged": 0});
    world.tenants.until("acme", "counts", |now| now["status"]["integrations"] == counts).await;
    world.resyncs(1).await;

    assert_at_rest(&world, &names).await;
    world.close().await;
}

#[tokio::test]
async fn what_is_planned_paused_drifted_or_stalled_is_at_rest_as_well() {
    let world = World::like().flag("--resync", "2s").create().await;
    let mode = |mode: &str| -> Value { json!({"policy": {"mode": mode}}) };
    world.tenant.create_in_ui(&made_in_the_ui("taken")).await;
    world.sims.apply(&bare_sim("taken")).await;
    world.sims.apply(&sim("planned").with(mode("Plan"))).await;
    world.sims.apply(&sim("paused").with(mode("Paused"))).await;
    world.sims.apply(&bare_sim("missing").with(json!({"sources": [{"name": "Payroll"}]}))).await;
    world.sims.apply(&sim("drifted").with(mode("Report"))).await;
    let drifted = world.sims.ready("drifted").await;
    world.tenant.edit_in_ui(drifted.id(), &json!({"description": "Edited"})).await;

    world.sims.stalled("taken", "AlreadyExists").await;
    world.sims.stalled("missing", "ReferenceNotFound").await;
    world.sims.until("planned", "is planned", |now| now.is("Planned")).await;
    world.sims.until("paused", "is paused", |now| now.is("Paused")).await;
    world.sims.until("drifted", "shows drift", |now| now.is("Drifted")).await;
    let counts = json!({"remote": 2, "managed": 1, "unmanaged": 1});
    world.tenants.until("acme", "counts", |now| now["status"]["integrations"] == counts).await;
    world.resyncs(1).await;

    let names = ["taken", "planned", "paused", "drifted"];
    // The missing source is looked up again with each resync, so it is no longer watched.
    world.sims.delete("missing").await;
    world.sims.gone("missing").await;
    assert_at_rest(&world, &names).await;
    world.close().await;
}

#[tokio::test]
async fn a_stalled_resource_is_told_once() {
    let world = World::new().await;
    world.tenant.create_in_ui(&made_in_the_ui("taken")).await;
    world.sims.apply(&bare_sim("taken")).await;
    world.sims.stalled("taken", "AlreadyExists").await;
    let told = world.event("taken", "it is told", |event| event.type_ == "Warning").await;
    assert_eq!(told.reason, "AlreadyExists");

    world.resyncs(4).await;

    let warnings: Vec<_> = world.events().await.into_iter().filter(|event| event.type_ == "Warning").collect();
    assert_eq!(warnings, [told]);
    world.close().await;
}
