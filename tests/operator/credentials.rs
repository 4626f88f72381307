//! The credentials of a tenant: missing, wrong, without the right, replaced while the operator runs.

use serde_json::json;

use super::canary::{CLIENT_SECRET, NEW_CLIENT_SECRET};
use super::manifests::{CLIENT_ID, client, config, credentials, sim, tenant};
use super::resources::Seen;
use super::world::World;
use super::writes::lines;
use crate::support::simulator::{Client, Config};

fn with_scopes(scopes: &[&str]) -> Config {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    Config { clients: vec![Client { scopes, ..client() }], ..config() }
}

#[tokio::test]
async fn wrong_credentials_stall_the_tenant_hold_up_its_integrations_and_heal_with_the_secret() {
    let world = World::new().await;
    world.secret("acme-sailpoint", &[("clientId", CLIENT_ID), ("clientSecret", "CANARY7QX wrong")]).await;
    world.tenants.annotate("acme", "simops.dev/reconcile-requested-at", "now").await;
    world.tenant.revoke_tokens().await;
    world.tenants.stalled("acme", "CredentialsRejected").await;

    world.sims.apply(&sim("desk")).await;
    world.sims.reconciling("desk", "TenantNotReady").await;
    assert_eq!(lines(&world.writes().await), [""; 0]);

    world.secret("acme-sailpoint", &credentials()).await;
    world.tenants.ready("acme").await;
    world.sims.ready("desk").await;
    world.close().await;
}

#[tokio::test]
async fn rejected_credentials_are_tried_again_ever_more_rarely() {
    let nobody = Config { clients: Vec::new(), ..config() };
    let world = World::like().tenant(nobody).flag("--backoff-min", "1s").flag("--backoff-max", "1h").create().await;

    world.tenants.stalled("acme", "CredentialsRejected").await;
    world.sims.apply(&sim("desk")).await;
    world.sims.reconciling("desk", "TenantNotReady").await;
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;

    let tried = world.tenant.calls_of("POST", "/oauth/token").await.len();
    assert!(tried <= 5, "{tried} tries in six seconds, where the first waits are 1, 2 and 4 s");
    world.close().await;
}

#[tokio::test]
async fn a_tenant_without_its_secret_waits_for_it() {
    let mut world = World::like().not_started().create().await;
    world.tenants.apply(&tenant("acme", world.tenant.url())).await;
    world.set_flag("--reference-grace", "4s");
    world.start_operator();

    let waiting = world.tenants.reconciling("acme", "SecretNotFound").await;
    assert!(waiting.message().contains("acme-sailpoint"), "{}", waiting.message());
    world.tenants.stalled("acme", "SecretNotFound").await;
    world.secret("acme-sailpoint", &[("clientId", CLIENT_ID)]).await;
    let has_key = |now: &Seen| now.message().contains("clientSecret");
    world.tenants.until("acme", "misses the key", has_key).await;

    world.secret("acme-sailpoint", &credentials()).await;
    world.tenants.ready("acme").await;
    world.close().await;
}

#[tokio::test]
async fn a_token_that_may_not_write_is_told_the_scope_that_it_lacks() {
    let reader = with_scopes(&["idn:service-desk-integration:read", "idn:sources:read", "idn:remote-client:read"]);
    let world = World::like().tenant(reader).create().await;

    world.sims.apply(&sim("desk")).await;
    let stalled = world.sims.stalled("desk", "Forbidden").await;

    assert!(stalled.message().contains("idn:service-desk-integration:manage"), "{}", stalled.message());
    world.tenants.ready("acme").await;
    world.close().await;
}

#[tokio::test]
async fn a_token_that_may_not_even_list_stalls_its_tenant() {
    let world = World::like().tenant(with_scopes(&["sp:scopes:default"])).create().await;

    let stalled = world.tenants.stalled("acme", "Forbidden").await;

    assert!(stalled.message().contains("idn:service-desk-integration"), "{}", stalled.message());
    world.sims.apply(&sim("desk")).await;
    world.sims.reconciling("desk", "TenantNotReady").await;
    world.close().await;
}

#[tokio::test]
async fn an_api_client_without_a_user_is_told_that_it_takes_a_personal_access_token() {
    let clients = vec![Client { user_name: None, ..client() }];
    let world = World::like().tenant(Config { clients, ..config() }).create().await;

    let stalled = world.tenants.stalled("acme", "Forbidden").await;

    assert!(stalled.message().to_lowercase().contains("personal access token"), "{}", stalled.message());
    world.close().await;
}

#[tokio::test]
async fn a_token_that_may_not_look_up_sources_is_told_the_scope_that_it_lacks() {
    let world = World::like().tenant(with_scopes(&["idn:service-desk-integration:manage"])).create().await;

    world.sims.apply(&sim("desk").with(json!({"sources": [{"name": "Workday"}]}))).await;
    let told = |now: &Seen| now.message().contains("idn:sources:read");
    let desk = world.sims.until("desk", "names the scope", told).await;

    assert_eq!(desk.verdict().0, "False");
    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.close().await;
}

#[tokio::test]
async fn a_revoked_token_is_replaced_without_anybody_noticing() {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;
    let counts = json!({"remote": 1, "managed": 1, "unmanaged": 0});
    let acme = world.tenants.until("acme", "counts", |now| now["status"]["integrations"] == counts).await;

    world.tenant.revoke_tokens().await;
    world.tenant.edit_in_ui(desk.id(), &json!({"description": "Edited"})).await;
    world.until_writes(2).await;
    world.resyncs(2).await;

    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "Tickets for Active Directory");
    assert_eq!(world.tenant.calls_of("POST", "/oauth/token").await.len(), 2);
    assert_eq!(world.tenants.see("acme").await.version(), acme.version(), "the tenant was in order all the time");
    world.close().await;
}

#[tokio::test]
async fn rotated_client_credentials_serve_without_a_restart() {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;

    world.secret("acme-sailpoint", &[("clientId", CLIENT_ID), ("clientSecret", NEW_CLIENT_SECRET)]).await;
    world.tenant.set_clients(&[Client { client_secret: NEW_CLIENT_SECRET.to_owned(), ..client() }]).await;
    world.tenant.revoke_tokens().await;
    world.tenant.edit_in_ui(desk.id(), &json!({"description": "Edited"})).await;

    world.until_writes(2).await;
    world.tenants.ready("acme").await;
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "Tickets for Active Directory");
    assert_ne!(CLIENT_SECRET, NEW_CLIENT_SECRET);
    world.close().await;
}
