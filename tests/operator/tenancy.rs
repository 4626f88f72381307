//! Which tenant an integration belongs to, and whether it may.

use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::manifests::{Manifest, bare_sim, client, config, credentials, sim, tenant};
use super::resources::Resources;
use super::world::World;
use super::writes::lines;
use crate::support::control_plane::Sandbox;
use crate::support::simulator::{Client, Config, Tenant};

/// An integration that names no tenant.
fn without_tenant(name: &str) -> Manifest {
    sim(name).with(json!({"tenantRef": null}))
}

#[tokio::test]
async fn an_integration_that_names_no_tenant_has_the_default() {
    let mut world = World::new().await;
    world.kill_operators();
    world.set_flag("--default-tenant", &format!("{}/acme", world.kubernetes.namespace));
    world.start_operator();

    world.sims.apply(&without_tenant("desk")).await;
    let desk = world.sims.ready("desk").await;
    assert_eq!(desk["status"]["tenant"]["name"], "acme");

    let named = json!({"tenantRef": {"namespace": world.kubernetes.namespace, "name": "acme"}});
    world.sims.apply(&sim("desk").with(named)).await;
    world.sims.ready("desk").await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"], "naming what it had changes nothing");
    world.close().await;
}

#[tokio::test]
async fn without_a_default_an_integration_says_what_it_lacks() {
    let world = World::new().await;

    world.sims.apply(&without_tenant("desk")).await;
    let stalled = world.sims.stalled("desk", "TenantNotSet").await;

    assert!(stalled.message().contains("tenantRef"), "{}", stalled.message());
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    world.close().await;
}

#[tokio::test]
async fn another_default_moves_nothing_to_another_tenant() {
    let mut world = World::new().await;
    world.kill_operators();
    world.set_flag("--default-tenant", &format!("{}/acme", world.kubernetes.namespace));
    world.start_operator();
    world.sims.apply(&without_tenant("desk")).await;
    let desk = world.sims.ready("desk").await;
    let other = Tenant::start(config()).await;
    other.set_clients(&[Client { org: Some("other".to_owned()), ..client() }]).await;
    world.tenants.apply(&tenant("other", other.url())).await;

    world.kill_operators();
    world.set_flag("--default-tenant", &format!("{}/other", world.kubernetes.namespace));
    world.start_operator();
    world.tenants.ready("other").await;
    world.resyncs(3).await;

    assert!(other.integrations().await.is_empty());
    assert_eq!(world.sims.see("desk").await.id(), desk.id());
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    world.close().await;
}

/// A world whose operator sees one namespace more, and the integrations of that.
async fn with_another_namespace(allowed: Value) -> (World, Sandbox, Resources) {
    let other = Sandbox::new().await;
    let allowed = json!({"allowedNamespaces": allowed});
    let world = World::like().tenant_spec(allowed).sees(&other.namespace).create().await;
    let sims = Resources::new(other.client.clone(), &other.namespace, "SimIntegration");
    (world, other, sims)
}

fn from_elsewhere(world: &World) -> Manifest {
    bare_sim("desk").with(json!({"tenantRef": {"name": "acme", "namespace": world.kubernetes.namespace}}))
}

#[tokio::test]
async fn a_tenant_serves_its_own_namespace_unless_it_says_more() {
    let (world, _other, elsewhere) = with_another_namespace(Value::Null).await;

    elsewhere.apply(&from_elsewhere(&world)).await;
    elsewhere.stalled("desk", "TenantNotAllowed").await;
    assert_eq!(lines(&world.writes().await), [""; 0]);

    world.tenants.patch("acme", &json!({"spec": {"allowedNamespaces": {"from": "All"}}})).await;
    let desk = elsewhere.ready("desk").await;
    assert_eq!(desk["status"]["tenant"]["namespace"], json!(world.kubernetes.namespace));
    world.close().await;
}

#[tokio::test]
async fn a_tenant_can_choose_namespaces_by_their_labels() {
    let selector = json!({"from": "Selector", "selector": {"matchLabels": {"team": "itsm"}}});
    let (world, other, elsewhere) = with_another_namespace(selector).await;

    elsewhere.apply(&from_elsewhere(&world)).await;
    elsewhere.stalled("desk", "TenantNotAllowed").await;

    let labelled = json!({"metadata": {"labels": {"team": "itsm"}}});
    let namespaces: Api<Namespace> = Api::all(world.kubernetes.client.clone());
    namespaces.patch(&other.namespace, &PatchParams::default(), &Patch::Merge(labelled)).await.unwrap();
    elsewhere.ready("desk").await;
    world.close().await;
}

#[tokio::test]
async fn an_integration_waits_for_a_tenant_that_is_not_there_yet() {
    let world = World::new().await;

    world.sims.apply(&bare_sim("desk").with(json!({"tenantRef": {"name": "later"}}))).await;
    let waiting = world.sims.not_ready("desk", "TenantMissing").await;
    assert!(waiting.message().contains("later"), "{}", waiting.message());

    world.tenants.apply(&tenant("later", world.tenant.url())).await;
    world.sims.ready("desk").await;
    world.close().await;
}

#[tokio::test]
async fn credentials_are_sent_to_no_host_that_is_not_allowed() {
    let world = World::new().await;

    world.tenants.apply(&tenant("elsewhere", "https://api.example.com")).await;
    let stalled = world.tenants.stalled("elsewhere", "HostNotAllowed").await;

    assert!(stalled.message().contains("--allowed-hosts"), "{}", stalled.message());
    world.close().await;
}

#[tokio::test]
async fn credentials_of_another_org_stall_the_tenant_and_touch_nothing() {
    let sandbox = Client { client_id: "6a1d8a6d3a9c4c4aafac1d7b8b2e3f40".to_owned(), ..client() };
    let sandbox = Client { org: Some("sandbox".to_owned()), ..sandbox };
    let of_sandbox = [("clientId", sandbox.client_id.as_str()), ("clientSecret", sandbox.client_secret.as_str())];
    let world = World::like().tenant(Config { clients: vec![client(), sandbox.clone()], ..config() }).create().await;
    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;
    world.tenant.forget_calls().await;

    world.secret("acme-sailpoint", &of_sandbox).await;
    let stalled = world.tenants.stalled("acme", "TenantChanged").await;
    assert!(stalled.message().contains("acme") && stalled.message().contains("sandbox"), "{}", stalled.message());
    world.tenant.edit_in_ui(desk.id(), &json!({"description": "Edited"})).await;
    world.sims.apply(&sim("new")).await;
    world.sims.reconciling("new", "TenantNotReady").await;
    assert_eq!(lines(&world.writes().await), [""; 0]);

    world.secret("acme-sailpoint", &credentials()).await;
    world.tenants.ready("acme").await;
    world.until_writes(2).await;
    world.sims.ready("new").await;
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "Tickets for Active Directory");
    world.close().await;
}

#[tokio::test]
async fn in_another_org_than_its_own_an_integration_is_left_alone() {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    let other = Tenant::start(Config { org: "sandbox".to_owned(), ..config() }).await;
    world.tenants.delete("acme").await;
    world.tenants.annotate("acme", "simops.dev/force-orphan", "true").await;
    world.tenants.gone("acme").await;
    world.tenant.forget_calls().await;

    world.tenants.apply(&tenant("acme", other.url())).await;
    let stalled = world.sims.stalled("desk", "TenantChanged").await;

    assert!(stalled.message().contains("acme") && stalled.message().contains("sandbox"), "{}", stalled.message());
    world.sims.delete("desk").await;
    world.sims.until("desk", "waits", |now| now.is("Stalled") && !now["metadata"]["deletionTimestamp"].is_null()).await;
    assert!(other.integrations().await.is_empty());
    assert_eq!(world.tenant.integrations().await.len(), 1);
    world.sims.annotate("desk", "simops.dev/force-orphan", "true").await;
    world.sims.gone("desk").await;
    let written = other.calls().await.into_iter().filter(|call| call.method != "GET" && call.path != "/oauth/token");
    assert_eq!(written.count(), 0);
    world.close().await;
}
