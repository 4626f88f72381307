//! Deletion always ends: with credentials gone, with the tenant gone, with another resource that takes over.

use serde_json::{Value, json};

use super::manifests::{credentials, made_in_the_ui, sim, tenant};
use super::mishaps::{ONE, once};
use super::resources::Seen;
use super::world::World;
use super::writes::lines;
use crate::support::simulator::Action;

#[tokio::test]
async fn force_orphan_lets_go_of_a_deleted_resource_whose_tenant_is_down() {
    let mut world = World::with_desk().await;
    world.tenant.fail().await;

    world.sims.delete("desk").await;
    world.sims.until("desk", "is being deleted", |now| now.verdict().0 == "False").await;
    world.sims.annotate("desk", "simops.dev/force-orphan", "true").await;
    world.sims.gone("desk").await;

    assert!(world.metrics().await.contains("sim_operator_let_go_total{reason=\"ForceOrphan\"} 1"));
    world.tenant.recover().await;
    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.tenant.integrations().await.len(), 1);
    world.close().await;
}

#[tokio::test]
async fn force_orphan_means_nothing_on_a_resource_that_lives() {
    let world = World::new().await;

    world.sims.apply(&sim("desk").annotated("simops.dev/force-orphan", "true")).await;
    let desk = world.sims.ready("desk").await;
    world.tenant.edit_in_ui(desk.id(), &json!({"description": "Edited"})).await;
    world.until_writes(2).await;

    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "Tickets for Active Directory");
    world.close().await;
}

#[tokio::test]
async fn another_resource_that_asks_for_the_target_takes_it_over() {
    let world = World::with_desk().await;
    let old = world.sims.see("desk").await;

    let heir = sim("heir").with(json!({"name": "desk", "externalId": old.id()}));
    world.sims.apply(&heir).await;
    let waiting = world.sims.stalled("heir", "Conflict").await;
    assert!(waiting.message().contains(&format!("{}/desk", world.kubernetes.namespace)), "{}", waiting.message());

    world.sims.delete("desk").await;
    world.sims.gone("desk").await;
    let heir = world.sims.ready("heir").await;

    assert_eq!((heir.id(), &heir["status"]["origin"]), (old.id(), &json!("Adopted")));
    world.event("desk", "HandedOver", |event| event.reason == "HandedOver").await;
    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.close().await;
}

#[tokio::test]
async fn the_token_that_is_held_serves_a_deletion_when_the_secret_is_gone_first() {
    let world = World::with_desk().await;

    world.delete_secret("acme-sailpoint").await;
    world.tenants.until("acme", "misses its Secret", |now| now.verdict().0 == "False").await;
    world.sims.delete("desk").await;
    world.sims.gone("desk").await;

    assert_eq!(lines(&world.writes().await), ["DELETE /sim-integrations/{id}"]);
    assert_eq!(world.tenant.integrations().await.len(), 0);
    world.close().await;
}

#[tokio::test]
async fn the_token_that_is_held_serves_the_list_as_well_that_a_deletion_waits_for() {
    let world = World::with_desk().await;

    world.delete_secret("acme-sailpoint").await;
    world.tenants.stalled("acme", "SecretNotFound").await;
    world.tenant.inject(&once("DELETE", ONE, Action::CutAfter {})).await;
    world.sims.delete("desk").await;
    world.sims.gone("desk").await;

    assert_eq!(lines(&world.writes().await), ["DELETE /sim-integrations/{id}"]);
    assert_eq!(world.tenant.integrations().await.len(), 0);
    world.close().await;
}

#[tokio::test]
async fn without_secret_and_token_a_deletion_says_what_it_needs() {
    let mut world = World::with_desk().await;
    world.kill_operators();
    world.delete_secret("acme-sailpoint").await;
    world.sims.delete("desk").await;
    world.start_operator();

    let stalled = world.sims.until("desk", "misses the credentials", |now| now.is("Stalled")).await;
    assert_eq!(stalled.verdict(), ("False", "CredentialsGone"));
    assert!(stalled.message().contains("force-orphan"), "it names the way out: {}", stalled.message());
    assert_eq!(lines(&world.writes().await), [""; 0]);

    world.secret("acme-sailpoint", &credentials()).await;
    world.sims.gone("desk").await;
    assert_eq!(world.tenant.integrations().await.len(), 0);
    world.close().await;
}

/// Whether it says that resources still hold it.
fn is_in_use(tenant: &Seen) -> bool {
    let conditions = tenant["status"]["conditions"].as_array();
    conditions.is_some_and(|conditions| conditions.iter().any(|condition| condition["reason"] == "InUse"))
}

#[tokio::test]
async fn a_deleted_tenant_serves_on_until_its_integrations_are_gone() {
    let world = World::with_desk().await;
    let desk = world.sims.see("desk").await;

    world.tenants.delete("acme").await;
    let waiting = world.tenants.until("acme", "waits for those who hold it", is_in_use).await;
    let conditions = waiting["status"]["conditions"].to_string();
    assert!(conditions.contains(&format!("{}/desk", world.kubernetes.namespace)), "{conditions}");

    world.tenant.edit_in_ui(desk.id(), &json!({"description": "Edited"})).await;
    world.until_writes(1).await;
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "Tickets for Active Directory");

    world.sims.delete("desk").await;
    world.sims.gone("desk").await;
    world.tenants.gone("acme").await;
    assert_eq!(world.tenant.integrations().await.len(), 0);
    world.close().await;
}

#[tokio::test]
async fn a_tenant_that_nobody_holds_goes_at_once() {
    let world = World::new().await;
    world.tenants.ready("acme").await;

    world.tenants.delete("acme").await;

    world.tenants.gone("acme").await;
    world.close().await;
}

#[tokio::test]
async fn force_orphan_on_a_tenant_leaves_its_integrations_waiting_and_untouched() {
    let world = World::with_desk().await;
    let desk = world.sims.see("desk").await;
    world.tenants.delete("acme").await;
    world.tenants.until("acme", "waits", is_in_use).await;

    world.tenants.annotate("acme", "simops.dev/force-orphan", "true").await;
    world.tenants.gone("acme").await;

    let waiting = world.sims.not_ready("desk", "TenantMissing").await;
    assert_eq!(waiting.id(), desk.id());
    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.tenant.integrations().await.len(), 1);

    world.tenants.apply(&tenant("acme", world.tenant.url())).await;
    assert_eq!(world.sims.ready("desk").await.id(), desk.id());
    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.close().await;
}

#[tokio::test]
async fn what_another_program_made_under_the_same_name_survives_a_deletion() {
    let world = World::with_desk().await;
    world.tenant.create_in_ui(&made_in_the_ui("desk")).await;
    let desk = world.sims.see("desk").await;

    world.sims.delete("desk").await;
    world.sims.gone("desk").await;

    let left: Vec<Value> = world.tenant.integrations().await;
    assert_eq!(left.len(), 1);
    assert_ne!(left[0]["id"], desk.id());
    world.close().await;
}
