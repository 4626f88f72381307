//! The harness itself: every test gets a tenant to itself, and can see and steer what happens there.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod support;

use serde_json::json;

use support::simulator::{Action, Config, Fault, Tenant};

const LIST: &str = "/v2024/sim-integrations";

/// The status of a call that brings no token.
async fn call(tenant: &Tenant) -> Result<u16, reqwest::Error> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    Ok(http.get(format!("{}{LIST}", tenant.url())).send().await?.status().as_u16())
}

#[tokio::test]
async fn what_is_done_in_the_ui_is_there() {
    let tenant = Tenant::start(Config::seeded()).await;

    let id = tenant.integration("Legacy Desk").await.unwrap()["id"].as_str().unwrap().to_owned();
    tenant.edit_in_ui(&id, &json!({"description": "edited"})).await;
    assert_eq!(tenant.integration("Legacy Desk").await.unwrap()["description"], "edited");

    tenant.delete_in_ui(&id).await;
    assert!(tenant.integrations().await.is_empty());
}

#[tokio::test]
async fn calls_are_logged_and_meet_faults() {
    let tenant = Tenant::start(Config::default()).await;
    let action = Action::Answer { status: 503, headers: [].into(), body: None, content_type: None, commit: false };
    tenant.inject(&Fault { method: None, path: LIST.to_owned(), times: Some(1), action }).await;

    assert_eq!((call(&tenant).await.unwrap(), call(&tenant).await.unwrap()), (503, 401));

    let logged = tenant.calls_of("GET", LIST).await;
    assert_eq!(logged.iter().map(|call| call.status).collect::<Vec<_>>(), [Some(503), Some(401)]);
    assert_eq!(logged[0].fault.as_deref(), Some("answer"));
    tenant.forget_calls().await;
    assert!(tenant.calls().await.is_empty());
}

#[tokio::test]
async fn an_outage_ends_with_the_same_tenant_at_the_same_address() {
    let mut tenant = Tenant::start(Config::seeded()).await;

    tenant.fail().await;
    assert!(call(&tenant).await.unwrap_err().is_connect());

    tenant.recover().await;
    assert_eq!(tenant.integrations().await.len(), 1);
}

#[tokio::test]
async fn a_tenant_can_serve_tls() {
    let tenant = Tenant::start(Config { tls: true, ..Config::seeded() }).await;

    assert!(tenant.url().starts_with("https://"));
    assert!(tenant.ca_pem().unwrap().contains("BEGIN CERTIFICATE"));
    assert_eq!(tenant.integrations().await.len(), 1);
}
