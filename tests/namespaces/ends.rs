//! It ends without anybody's help.

use serde_json::json;

use crate::operator::manifests::{bare_sim, made_in_the_ui};
use crate::operator::mishaps::{ALL, once};
use crate::operator::resources::Seen;
use crate::operator::writes::lines;
use crate::support::simulator::Action;
use crate::terminating::{delete, gone, world, world_with_desk};

/// Whether a deleted tenant says that it cannot go yet, and why.
fn is_in_use(tenant: &Seen) -> bool {
    tenant.verdict() == ("False", "InUse")
}

#[tokio::test]
async fn what_was_created_goes_with_its_namespace_and_what_was_not_stays() {
    let world = world().create().await;
    let adopted = world.tenant.create_in_ui(&made_in_the_ui("adopted")).await;
    world.sims.apply(&bare_sim("adopted").with(json!({"externalId": adopted}))).await;
    world.sims.apply(&bare_sim("orphan").with(json!({"policy": {"delete": "Orphan"}}))).await;
    for name in ["one", "two", "three"] {
        world.sims.apply(&bare_sim(name)).await;
    }
    for name in ["adopted", "orphan", "one", "two", "three"] {
        world.sims.ready(name).await;
    }
    world.tenant.forget_calls().await;

    delete(&world, &world.kubernetes.namespace).await;
    gone(&world, &world.kubernetes.namespace).await;

    assert_eq!(lines(&world.writes().await), ["DELETE /sim-integrations/{id}"; 3]);
    for left in ["adopted", "orphan"] {
        assert!(world.tenant.integration(left).await.is_some(), "{left} was to stay");
    }
    assert_eq!(world.tenant.integrations().await.len(), 2);
    assert!(world.metrics().await.contains("sim_operator_let_go_total{reason=\"Orphan\"} 2"));
    world.close().await;
}

#[tokio::test]
async fn without_its_secret_the_token_that_is_held_serves() {
    let world = world_with_desk().await;

    world.delete_secret("acme-sailpoint").await;
    world.tenants.until("acme", "misses its Secret", |now| now.verdict().0 == "False").await;
    delete(&world, &world.kubernetes.namespace).await;
    gone(&world, &world.kubernetes.namespace).await;

    assert_eq!(lines(&world.writes().await), ["DELETE /sim-integrations/{id}"]);
    assert_eq!(world.tenant.integrations().await.len(), 0);
    world.close().await;
}

#[tokio::test]
async fn a_tenant_that_is_deleted_first_serves_to_the_end() {
    let world = world_with_desk().await;

    world.tenants.delete("acme").await;
    world.tenants.until("acme", "is in use", is_in_use).await;
    delete(&world, &world.kubernetes.namespace).await;
    gone(&world, &world.kubernetes.namespace).await;

    assert_eq!(lines(&world.writes().await), ["DELETE /sim-integrations/{id}"]);
    world.close().await;
}

#[tokio::test]
async fn an_open_create_is_resolved_first_even_without_the_secret() {
    let world = world().flag("--settle", "8s").create().await;
    world.tenants.ready("acme").await;
    world.tenant.inject(&once("POST", ALL, Action::CutAfter {})).await;
    // Whoever looks for the result must not find it yet.
    world.tenant.turn(&json!({"listLagMs": 3_000})).await;
    world.sims.apply(&bare_sim("desk")).await;
    world.sims.reconciling("desk", "CreateUnresolved").await;

    world.delete_secret("acme-sailpoint").await;
    delete(&world, &world.kubernetes.namespace).await;
    gone(&world, &world.kubernetes.namespace).await;

    assert_eq!(world.tenant.integrations().await.len(), 0);
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations", "DELETE /sim-integrations/{id}"]);
    world.close().await;
}
