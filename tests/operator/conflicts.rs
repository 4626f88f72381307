//! Two resources want one integration: one has it, the other says who, and is judged anew when it lets go.

use serde_json::json;

use super::manifests::{Manifest, bare_sim, made_in_the_ui, tenant};
use super::resources::Seen;
use super::world::World;
use super::writes::lines;

fn desk(resource: &str) -> Manifest {
    bare_sim(resource).with(json!({"name": "Service Desk", "description": resource}))
}

#[tokio::test]
async fn the_second_of_a_name_waits_and_names_the_first() {
    let world = World::new().await;
    world.sims.apply(&desk("first")).await;
    let first = world.sims.ready("first").await;

    world.sims.apply(&desk("second")).await;
    let second = world.sims.stalled("second", "Conflict").await;

    let holder = format!("{}/first", world.kubernetes.namespace);
    assert!(second.message().contains(&holder), "{}", second.message());
    assert!(second["status"]["id"].is_null());
    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);

    world.sims.delete("first").await;
    world.sims.gone("first").await;
    let second = world.sims.ready("second").await;
    assert_eq!(second["status"]["origin"], "Created");
    assert_ne!(second.id(), first.id());
    let there = world.tenant.integrations().await;
    assert_eq!((there.len(), &there[0]["description"]), (1, &json!("second")));
    world.close().await;
}

#[tokio::test]
async fn what_the_first_leaves_behind_the_second_does_not_take_unasked() {
    let world = World::new().await;
    world.sims.apply(&desk("first").with(json!({"policy": {"delete": "Orphan"}}))).await;
    world.sims.ready("first").await;
    world.sims.apply(&desk("second")).await;
    world.sims.stalled("second", "Conflict").await;

    world.sims.delete("first").await;
    world.sims.gone("first").await;

    world.sims.stalled("second", "AlreadyExists").await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    world.close().await;
}

#[tokio::test]
async fn of_two_that_come_at_once_one_creates() {
    let world = World::new().await;

    let (first, second) = (desk("first"), desk("second"));
    tokio::join!(world.sims.apply(&first), world.sims.apply(&second));
    world.sims.until("first", "is judged", |now| now.is_ready() || now.is("Stalled")).await;
    world.sims.until("second", "is judged", |now| now.is_ready() || now.is("Stalled")).await;
    world.resyncs(2).await;

    let (first, second) = (world.sims.see("first").await, world.sims.see("second").await);
    let verdicts = [first.verdict(), second.verdict()];
    assert!(verdicts.contains(&("True", "Reconciled")), "{verdicts:?}");
    assert!(verdicts.contains(&("False", "Conflict")), "{verdicts:?}");
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    world.close().await;
}

#[tokio::test]
async fn two_tenants_of_one_org_are_one_tenant_to_its_integrations() {
    let world = World::new().await;
    world.tenants.apply(&tenant("acme-too", world.tenant.url())).await;
    world.tenants.ready("acme-too").await;
    world.sims.apply(&desk("first")).await;
    world.sims.ready("first").await;

    world.sims.apply(&desk("second").with(json!({"tenantRef": {"name": "acme-too"}}))).await;
    let second = world.sims.stalled("second", "Conflict").await;

    assert!(second.message().contains(&format!("{}/first", world.kubernetes.namespace)), "{}", second.message());
    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    assert_eq!(world.tenants.see("acme-too").await["status"]["org"], "acme");
    world.close().await;
}

#[tokio::test]
async fn of_two_that_name_one_external_id_the_second_waits() {
    let world = World::new().await;
    let id = world.tenant.create_in_ui(&made_in_the_ui("desk")).await;
    world.sims.apply(&bare_sim("first").with(json!({"name": "desk", "externalId": id}))).await;
    world.sims.ready("first").await;
    world.tenant.forget_calls().await;

    world.sims.apply(&bare_sim("second").with(json!({"name": "renamed", "externalId": id}))).await;
    world.sims.stalled("second", "Conflict").await;

    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert!(world.tenant.integration("renamed").await.is_none());
    world.close().await;
}

#[tokio::test]
async fn a_resource_is_not_renamed_onto_what_another_holds() {
    let world = World::new().await;
    world.sims.apply(&bare_sim("older")).await;
    let older = world.sims.ready("older").await;
    world.sims.apply(&desk("younger")).await;
    let younger = world.sims.ready("younger").await;
    world.tenant.forget_calls().await;

    world.sims.apply(&desk("older")).await;
    let stalled = world.sims.stalled("older", "Conflict").await;

    assert!(stalled.message().contains(&format!("{}/younger", world.kubernetes.namespace)), "{}", stalled.message());
    assert_eq!(stalled.id(), older.id());
    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.sims.ready("younger").await.id(), younger.id());
    world.close().await;
}

#[tokio::test]
async fn what_is_only_planned_reserves_nothing() {
    let world = World::new().await;
    world.sims.apply(&desk("planned").with(json!({"policy": {"mode": "Plan"}}))).await;
    world.sims.until("planned", "is planned", |now| now.is("Planned")).await;

    world.sims.apply(&desk("real")).await;

    world.sims.ready("real").await;
    world.close().await;
}

#[tokio::test]
async fn what_is_paused_for_a_while_reserves_nothing() {
    let world = World::new().await;
    let until = "2126-01-01T00:00:00Z";
    world.sims.apply(&desk("unreadable").annotated("simops.dev/paused-until", until)).await;
    world.sims.stalled("unreadable", "InvalidAnnotation").await;
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    world.sims.apply(&desk("paused").annotated("simops.dev/paused-until", &soon.to_string())).await;
    world.sims.until("paused", "is paused", |now| now.is("Paused")).await;

    world.sims.apply(&desk("real")).await;

    world.sims.ready("real").await;
    world.close().await;
}

#[tokio::test]
async fn what_belongs_to_a_tenant_that_only_looks_reserves_nothing() {
    for mode in ["Plan", "Paused"] {
        let world = World::new().await;
        let other = tenant("looks", world.tenant.url()).with(json!({"policy": {"mode": mode}}));
        world.tenants.apply(&other).await;
        world.tenants.until("looks", "is judged", Seen::is_current).await;
        world.sims.apply(&desk("older").with(json!({"tenantRef": {"name": "looks"}}))).await;
        world.sims.until("older", "is judged", |now| now.is("Planned") || now.is("Paused")).await;

        world.sims.apply(&desk("real")).await;

        world.sims.ready("real").await;
        world.close().await;
    }
}
