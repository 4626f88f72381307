//! The tenant is in one namespace and its integrations in another, and one of the two namespaces goes.

use serde_json::json;

use crate::operator::manifests::{bare_sim, credentials, service_now, tenant};
use crate::operator::resources::{Resources, Seen};
use crate::operator::world::World;
use crate::operator::writes::lines;
use crate::support::control_plane::Sandbox;
use crate::terminating::{delete, gone, world};

/// A world whose tenant serves `desk`, which is in a namespace of its own.
async fn apart() -> (World, Sandbox, Resources) {
    crate::support::control_plane::with_controllers();
    let other = Sandbox::new().await;
    let from_all = json!({"allowedNamespaces": {"from": "All"}});
    let world = world().tenant_spec(from_all).sees(&other.namespace).create().await;
    let sims = Resources::new(other.client.clone(), &other.namespace, "SimIntegration");
    let tenant = json!({"tenantRef": {"name": "acme", "namespace": world.kubernetes.namespace}});
    sims.apply(&bare_sim("desk").with(tenant)).await;
    sims.ready("desk").await;
    world.tenant.forget_calls().await;
    (world, other, sims)
}

#[tokio::test]
async fn the_namespace_of_integrations_goes_and_the_tenant_stays() {
    let (world, other, _) = apart().await;

    delete(&world, &other.namespace).await;
    gone(&world, &other.namespace).await;

    assert_eq!(lines(&world.writes().await), ["DELETE /sim-integrations/{id}"]);
    world.tenants.ready("acme").await;
    world.close().await;
}

#[tokio::test]
async fn a_tenant_whose_namespace_goes_says_who_holds_it_and_goes_with_the_last() {
    let (world, other, sims) = apart().await;
    let holder = format!("{}/desk", other.namespace);

    delete(&world, &world.kubernetes.namespace).await;
    let says_so = |now: &Seen| now.message().contains(&holder) && now.message().contains("being deleted");
    world.tenants.until("acme", "says who holds it", says_so).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);

    // Its Secret went with the namespace; the token that is held serves.
    sims.delete("desk").await;
    sims.gone("desk").await;
    gone(&world, &world.kubernetes.namespace).await;
    assert_eq!(lines(&world.writes().await), ["DELETE /sim-integrations/{id}"]);
    world.close().await;
}

#[tokio::test]
async fn force_orphan_on_the_tenant_frees_its_namespace_and_a_new_tenant_heals_the_integrations() {
    let (world, other, sims) = apart().await;
    let desk = sims.see("desk").await;
    delete(&world, &world.kubernetes.namespace).await;
    world.tenants.until("acme", "waits", |now| now.message().contains("being deleted")).await;

    world.tenants.annotate("acme", "simops.dev/force-orphan", "true").await;
    gone(&world, &world.kubernetes.namespace).await;
    let waiting = sims.not_ready("desk", "TenantMissing").await;
    assert_eq!(waiting.id(), desk.id());

    let namespace = format!(
        "{{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {{\"name\": \"{}\"}}}}",
        world.kubernetes.namespace
    );
    other.apply(&namespace).unwrap();
    world.secret("acme-sailpoint", &credentials()).await;
    world.secret("servicenow", &service_now()).await;
    world.tenants.apply(&tenant("acme", world.tenant.url()).with(json!({"allowedNamespaces": {"from": "All"}}))).await;
    assert_eq!(sims.ready("desk").await.id(), desk.id());
    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.tenant.integrations().await.len(), 1);
    world.close().await;
}
