//! People take off what the operator has put on: `kubectl replace` with the manifest from Git, `kubectl annotate … x-`, a
//! patch that clears the finalizers. It is put back while the resource lives, and what it stood for is not forgotten.

use serde_json::{Value, json};

use super::manifests::{Manifest, bare_sim, sim};
use super::mishaps::{ALL, once};
use super::resources::Seen;
use super::world::World;
use super::writes::lines;
use crate::support::control_plane::kubectl_with_input;
use crate::support::simulator::Action;

const FINALIZER: &str = "simops.dev/finalizer";

fn has_finalizer(now: &Seen) -> bool {
    now["metadata"]["finalizers"].as_array().is_some_and(|all| all.iter().any(|one| one == FINALIZER))
}

/// Whether it carries all that a resource that holds something carries.
fn is_whole(now: &Seen) -> bool {
    has_finalizer(now) && now.annotation("simops.dev/remote-id").is_some()
}

/// Somebody replaces the resource by the manifest from Git, which knows nothing of finalizers and annotations.
fn replace(world: &World, manifest: &Manifest) {
    let namespace = world.kubernetes.namespace.as_str();
    kubectl_with_input(&["replace", "--namespace", namespace, "-f", "-"], &manifest.0.to_string()).unwrap();
}

/// Somebody takes off everything, by a patch.
async fn strip(world: &World, name: &str) {
    world.sims.patch(name, &json!({"metadata": {"finalizers": null, "annotations": null}})).await;
}

async fn with_desk() -> (World, Seen) {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    let desk = world.sims.until("desk", "is whole", is_whole).await;
    world.tenant.forget_calls().await;
    (world, desk)
}

#[tokio::test]
async fn off_what_is_in_order_it_is_put_back() {
    let (world, desk) = with_desk().await;

    replace(&world, &sim("desk"));
    world.sims.until("desk", "is whole again", is_whole).await;
    world.sims.patch("desk", &json!({"metadata": {"annotations": {"simops.dev/remote-id": null}}})).await;
    let after = world.sims.until("desk", "is whole again", is_whole).await;

    assert_eq!(after.annotation("simops.dev/remote-id"), desk.annotation("simops.dev/remote-id"));
    assert_eq!(after.id(), desk.id());
    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.close().await;
}

#[tokio::test]
async fn it_is_put_back_whatever_trouble_the_tenant_has() {
    let (mut world, _) = with_desk().await;
    world.tenant.fail().await;
    world.tenants.until("acme", "is in trouble", |now| now.verdict().0 == "False").await;

    strip(&world, "desk").await;
    world.sims.until("desk", "is whole again", is_whole).await;

    // So that its deletion waits for the tenant, and leaves nothing behind.
    world.sims.delete("desk").await;
    world.tenant.recover().await;
    world.sims.gone("desk").await;
    assert_eq!(world.tenant.integrations().await.len(), 0);
    world.close().await;
}

#[tokio::test]
async fn it_is_put_back_in_modes_plan_and_paused_as_well() {
    let (world, _) = with_desk().await;

    for mode in ["Paused", "Plan"] {
        replace(&world, &sim("desk").with(json!({"policy": {"mode": mode}})));
        world.sims.until("desk", "is whole again", |now| is_whole(now) && now.is_current()).await;
    }
    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.close().await;
}

/// A world with `desk`, whose POST gets no answer and takes effect in four seconds.
async fn with_an_open_create() -> World {
    let world = World::like().flag("--request-limit", "1s").flag("--settle", "8s").create().await;
    world.tenants.ready("acme").await;
    world.tenant.inject(&once("POST", ALL, Action::DelayBefore { ms: 4_000 })).await;
    world.sims.apply(&bare_sim("desk")).await;
    world.sims.reconciling("desk", "CreateUnresolved").await;
    world
}

#[tokio::test]
async fn an_open_create_is_put_back_and_leads_to_no_second() {
    let world = with_an_open_create().await;
    let before = world.sims.see("desk").await;

    replace(&world, &bare_sim("desk").with(json!({"description": "New words"})));
    let after =
        world.sims.until("desk", "carries its intent", |now| now.annotation("simops.dev/create").is_some()).await;
    assert_eq!(after.annotation("simops.dev/create"), before.annotation("simops.dev/create"));
    assert!(has_finalizer(&after));

    let desk = world.sims.ready("desk").await;
    let there = world.tenant.integrations().await;
    assert_eq!((there.len(), &there[0]["id"]), (1, &json!(desk.id())));
    assert_eq!(there[0]["description"], "New words");
    let posts = lines(&world.writes().await).into_iter().filter(|line| line.starts_with("POST")).count();
    assert_eq!(posts, 1);
    world.close().await;
}

#[tokio::test]
async fn an_open_create_that_is_stripped_while_its_post_is_in_flight_is_remembered() {
    let world = World::like().flag("--request-limit", "2s").flag("--settle", "8s").create().await;
    world.tenants.ready("acme").await;
    world.tenant.inject(&once("POST", ALL, Action::HoldAfter {})).await;
    world.sims.apply(&bare_sim("desk")).await;
    world.until_writes(1).await;

    strip(&world, "desk").await;
    let desk = world.sims.ready("desk").await;

    assert_eq!(desk["status"]["origin"], "Created");
    let there = world.tenant.integrations().await;
    assert_eq!((there.len(), &there[0]["id"]), (1, &json!(desk.id())));
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    world.close().await;
}

#[tokio::test]
async fn what_an_open_create_that_was_stripped_makes_goes_with_its_resource() {
    let world = with_an_open_create().await;
    // Somebody else's finalizer keeps the resource, so that ours is not what the deletion waits for.
    let patch = json!({"metadata": {"annotations": null, "finalizers": [FINALIZER, "example.com/keep"]}});
    world.sims.patch("desk", &patch).await;
    world.sims.delete("desk").await;

    world.sims.until("desk", "is let go of", |now| !has_finalizer(now)).await;

    assert_eq!(world.tenant.integrations().await, [] as [Value; 0]);
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations", "DELETE /sim-integrations/{id}"]);
    world.sims.patch("desk", &json!({"metadata": {"finalizers": null}})).await;
    world.close().await;
}

#[tokio::test]
async fn off_what_is_being_deleted_nothing_is_put_back_and_nothing_is_deleted() {
    let (world, desk) = with_desk().await;
    world.sims.apply(&sim("desk").with(json!({"policy": {"mode": "Paused"}}))).await;
    world.sims.until("desk", "is paused", |now| now.is("Paused")).await;
    world.sims.delete("desk").await;
    world.sims.until("desk", "waits", |now| !now["metadata"]["deletionTimestamp"].is_null()).await;

    strip(&world, "desk").await;
    world.sims.gone("desk").await;
    world.resyncs(2).await;

    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.tenant.integrations().await[0]["id"], desk.id());
    world.close().await;
}
