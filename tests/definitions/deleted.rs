//! What is left when definitions are gone, and what comes of it when they are back.

use serde_json::json;

use crate::alone::{INTEGRATIONS, TENANTS, alone, delete, gone, install, world_with};
use crate::operator::manifests::{bare_sim, credentials, made_in_the_ui, service_now, tenant};
use crate::operator::mishaps::{ALL, once};
use crate::operator::resources::Seen;
use crate::operator::world::World;
use crate::operator::writes::lines;
use crate::support::simulator::Action;

/// The ids in the tenant, sorted.
async fn ids(world: &World) -> Vec<String> {
    let there = world.tenant.integrations().await;
    let mut ids: Vec<String> = there.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn every_integration_is_let_go_of_and_can_be_adopted_when_the_definition_is_back() {
    let _alone = alone().await;
    let world = world_with(&["one", "two", "paused", "asked"]).await;
    world.sims.apply(&bare_sim("paused").with(json!({"policy": {"mode": "Paused"}}))).await;
    world.sims.until("paused", "is paused", |now| now.is("Paused")).await;
    world.sims.apply(&bare_sim("asked").with(json!({"policy": {"delete": "Delete"}}))).await;
    world.sims.until("asked", "is current", Seen::is_ready).await;
    world.tenant.inject(&once("POST", ALL, Action::CutBefore {})).await;
    world.sims.apply(&bare_sim("open")).await;
    world.sims.reconciling("open", "CreateUnresolved").await;
    let before = ids(&world).await;
    world.tenant.forget_calls().await;

    delete(&[INTEGRATIONS]);
    gone(&[INTEGRATIONS]);

    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(ids(&world).await, before);
    assert!(world.metrics().await.contains("sim_operator_let_go_total{reason=\"CrdDeleted\"} 5"));

    install();
    world.sims.apply(&bare_sim("one")).await;
    let one = world.sims.stalled("one", "AlreadyExists").await;
    let id = before.iter().find(|id| one.message().contains(id.as_str())).unwrap();
    world.sims.apply(&bare_sim("one").with(json!({"externalId": id}))).await;
    world.sims.apply(&bare_sim("two").with(json!({"policy": {"adopt": "ByName"}}))).await;
    world.sims.apply(&bare_sim("new")).await;
    for name in ["one", "two", "new"] {
        world.sims.ready(name).await;
    }
    assert_eq!(world.sims.see("one").await.id(), id);
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"], "only what is new is created");
    let counts = json!({"remote": 5, "managed": 3, "unmanaged": 2});
    world.tenants.until("acme", "counts no ghosts", |now| now["status"]["integrations"] == counts).await;
    world.close().await;
}

#[tokio::test]
async fn a_tenant_goes_with_its_definition_and_its_integrations_wait_untouched() {
    let _alone = alone().await;
    let world = world_with(&["desk"]).await;
    let desk = world.sims.see("desk").await;

    delete(&[TENANTS]);
    gone(&[TENANTS]);

    let waiting = world.sims.not_ready("desk", "TenantMissing").await;
    assert_eq!(waiting.id(), desk.id());
    assert_eq!(lines(&world.writes().await), [""; 0]);

    install();
    world.tenants.apply(&tenant("acme", world.tenant.url())).await;
    assert_eq!(world.sims.ready("desk").await.id(), desk.id());
    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.close().await;
}

#[tokio::test]
async fn both_definitions_go_at_once_without_the_credentials_and_everything_works_when_they_are_back() {
    let _alone = alone().await;
    let world = world_with(&["one", "two"]).await;
    let other = world.tenant.create_in_ui(&made_in_the_ui("other")).await;
    world.sims.apply(&bare_sim("other").with(json!({"externalId": other, "policy": {"delete": "Delete"}}))).await;
    world.sims.ready("other").await;
    let before = ids(&world).await;
    world.tenant.forget_calls().await;

    world.delete_secret("acme-sailpoint").await;
    world.tenant.revoke_tokens().await;
    delete(&[TENANTS, INTEGRATIONS]);
    gone(&[TENANTS, INTEGRATIONS]);

    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(ids(&world).await, before);

    install();
    world.secret("acme-sailpoint", &credentials()).await;
    world.secret("servicenow", &service_now()).await;
    world.tenants.apply(&tenant("acme", world.tenant.url())).await;
    world.sims.apply(&bare_sim("one").with(json!({"policy": {"adopt": "ByName"}}))).await;
    world.sims.apply(&bare_sim("two")).await;
    world.sims.ready("one").await;
    world.sims.stalled("two", "AlreadyExists").await;
    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.close().await;
}
