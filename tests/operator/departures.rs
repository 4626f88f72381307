//! Whoever goes, however it goes, is noticed by those for whom it matters, long before the next list.

use serde_json::json;

use super::manifests::{Manifest, bare_sim, tenant};
use super::world::World;
use super::writes::lines;

/// Nothing here waits for a list: the next is an hour away.
async fn world() -> World {
    World::like().flag("--resync", "1h").create().await
}

fn desk(resource: &str) -> Manifest {
    bare_sim(resource).with(json!({"name": "Service Desk"}))
}

#[tokio::test]
async fn a_tenant_that_was_torn_out_is_missed_by_its_integrations_and_can_come_back() {
    let world = world().await;
    world.sims.apply(&bare_sim("desk")).await;
    let desk = world.sims.ready("desk").await;

    world.tenants.delete("acme").await;
    world.tenants.patch("acme", &json!({"metadata": {"finalizers": null}})).await;
    world.tenants.gone("acme").await;
    world.sims.not_ready("desk", "TenantMissing").await;

    world.tenants.apply(&tenant("acme", world.tenant.url())).await;
    assert_eq!(world.sims.ready("desk").await.id(), desk.id());
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    world.close().await;
}

#[tokio::test]
async fn a_deleted_tenant_goes_as_soon_as_its_last_integration_has_gone() {
    let world = world().await;
    world.sims.apply(&bare_sim("desk")).await;
    world.sims.ready("desk").await;
    world.tenants.delete("acme").await;
    world.tenants.until("acme", "waits", |now| now.verdict().1 == "InUse").await;

    world.sims.delete("desk").await;

    world.tenants.gone("acme").await;
    assert_eq!(world.tenant.integrations().await.len(), 0);
    world.close().await;
}

#[tokio::test]
async fn a_deleted_tenant_goes_when_its_last_integration_is_torn_out() {
    let world = world().await;
    world.sims.apply(&bare_sim("desk").with(json!({"policy": {"mode": "Paused"}}))).await;
    world.sims.until("desk", "is paused", |now| now.is("Paused")).await;
    world.sims.patch("desk", &json!({"spec": {"policy": {"mode": "Enforce"}}})).await;
    world.sims.ready("desk").await;
    world.tenants.delete("acme").await;
    world.tenants.until("acme", "waits", |now| now.verdict().1 == "InUse").await;

    world.sims.patch("desk", &json!({"spec": {"policy": {"mode": "Paused"}}})).await;
    world.sims.until("desk", "is paused", |now| now.is("Paused")).await;
    world.sims.delete("desk").await;
    world.sims.patch("desk", &json!({"metadata": {"finalizers": null}})).await;

    world.tenants.gone("acme").await;
    world.close().await;
}

#[tokio::test]
async fn who_waits_for_a_name_has_it_when_the_holder_is_torn_out() {
    let world = world().await;
    world.sims.apply(&desk("first")).await;
    let first = world.sims.ready("first").await;
    world.sims.apply(&desk("second").with(json!({"policy": {"adopt": "ByName"}}))).await;
    world.sims.stalled("second", "Conflict").await;

    world.sims.apply(&desk("first").with(json!({"policy": {"mode": "Paused"}}))).await;
    world.sims.until("first", "is paused", |now| now.is("Paused")).await;
    world.sims.delete("first").await;
    world.sims.patch("first", &json!({"metadata": {"finalizers": null}})).await;

    assert_eq!(world.sims.ready("second").await.id(), first.id());
    world.close().await;
}

#[tokio::test]
async fn who_was_let_go_of_holds_nothing_though_another_s_finalizer_keeps_it() {
    let world = world().await;
    world.sims.apply(&desk("first")).await;
    world.sims.ready("first").await;
    world.sims.apply(&desk("second")).await;
    world.sims.stalled("second", "Conflict").await;

    let both = json!(["simops.dev/finalizer", "example.com/keep"]);
    world.sims.patch("first", &json!({"metadata": {"finalizers": both}})).await;
    world.sims.delete("first").await;

    let second = world.sims.ready("second").await;
    assert_eq!(second["status"]["origin"], "Created");
    world.sims.patch("first", &json!({"metadata": {"finalizers": null}})).await;
    assert_eq!(world.tenant.integrations().await.len(), 1);
    world.close().await;
}

#[tokio::test]
async fn a_tenant_that_was_let_go_of_is_missing_though_another_s_finalizer_keeps_it() {
    let world = world().await;
    world.sims.apply(&bare_sim("desk")).await;
    world.sims.ready("desk").await;
    let both = json!(["simops.dev/finalizer", "example.com/keep"]);
    world.tenants.patch("acme", &json!({"metadata": {"finalizers": both}})).await;

    world.tenants.delete("acme").await;
    world.tenants.annotate("acme", "simops.dev/force-orphan", "true").await;

    world.sims.not_ready("desk", "TenantMissing").await;
    world.tenants.patch("acme", &json!({"metadata": {"finalizers": null}})).await;
    world.close().await;
}
