//! How the client gets, keeps, renews and gives up its token.

use secrecy::SecretString;
use serde_json::json;
use sim_operator::sailpoint::{Certainty, Class, Credentials, Details, ErrorKind, Terms};

use crate::stub::Stub;
use crate::support::simulator::{Config, Tenant};
use crate::{client, credentials, slot};

async fn token_calls(tenant: &Tenant) -> usize {
    tenant.calls_of("POST", "/oauth/token").await.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_who_need_a_token_make_one_call() {
    let tenant = Tenant::start(Config::seeded()).await;
    let client = client(tenant.url());
    let callers = (0..50).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.claims().await.unwrap() })
    });
    for claims in futures::future::join_all(callers).await {
        let claims = claims.unwrap();
        assert_eq!((claims.org.as_deref(), claims.user_name.as_deref()), (Some("acme"), Some("sim.operator")));
        assert!(claims.scopes.iter().any(|scope| scope == "idn:service-desk-integration:manage"));
    }
    assert_eq!(token_calls(&tenant).await, 1);
}

#[tokio::test]
async fn a_failed_token_call_is_shared_and_not_repeated() {
    let tenant = Tenant::start(Config::seeded()).await;
    let client = client(tenant.url());
    client.set_credentials(Some(Credentials { client_secret: SecretString::from("wr0ng-secret"), ..credentials() }));
    let failed = futures::future::join_all((0..20).map(|_| client.claims())).await;
    for error in failed {
        let error = error.unwrap_err();
        assert_eq!((error.kind(), error.certainty()), (ErrorKind::CredentialsRejected, Certainty::NotSent), "{error}");
        assert!(error.to_string().contains("POST /oauth/token: 401") && error.tracking_id().is_some(), "{error}");
        assert!(!format!("{error:?}").contains("wr0ng"), "{error:?}");
    }
    assert_eq!(token_calls(&tenant).await, 1);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let tenant = Tenant::start(Config::seeded()).await;
    // A fifth of 5 s before its end is 4 s after its start.
    tenant.turn(&json!({"expiresIn": 5})).await;
    let client = client(tenant.url());
    client.claims().await.unwrap();
    client.claims().await.unwrap();
    assert_eq!(token_calls(&tenant).await, 1);
    tokio::time::sleep(std::time::Duration::from_millis(4100)).await;
    client.list(slot(&client).await).await.unwrap();
    assert_eq!(token_calls(&tenant).await, 2);
    assert_eq!(tenant.calls_of("GET", "/v2024/sim-integrations").await.len(), 1, "no 401 came first");
}

#[tokio::test]
async fn a_call_survives_one_401_and_not_two() {
    let tenant = Tenant::start(Config::seeded()).await;
    let client = client(tenant.url());
    let prepared = client.prepare(Class::Delete).await.unwrap();
    tenant.revoke_tokens().await;
    client.delete(prepared, tenant.integrations().await[0]["id"].as_str().unwrap(), Terms::default()).await.unwrap();
    assert_eq!((token_calls(&tenant).await, tenant.integrations().await.len()), (2, 0));

    // Tokens that have ended when they are issued.
    tenant.turn(&json!({"expiresIn": 0})).await;
    tenant.revoke_tokens().await;
    let error = client.list(slot(&client).await).await.unwrap_err();
    assert_eq!((error.kind(), error.certainty()), (ErrorKind::Unauthorized, Certainty::Refused));
    assert!(error.to_string().contains("2 attempts in"), "{error}");
}

#[tokio::test]
async fn a_create_is_sent_once_whatever_is_said_of_its_token() {
    let tenant = Tenant::start(Config::seeded()).await;
    let client = client(tenant.url());
    let prepared = client.prepare(Class::Create).await.unwrap();
    tenant.revoke_tokens().await;
    let details = Details { name: Some("New".into()), ..Details::default() };
    let error = client.create(prepared, &details, Terms::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.certainty()), (ErrorKind::Unauthorized, Certainty::Refused));
    assert_eq!(tenant.calls_of("POST", "/v2024/sim-integrations").await.len(), 1);
    assert_eq!(tenant.integrations().await.len(), 1, "what was seeded");
}

#[tokio::test]
async fn without_credentials_the_token_held_serves_on() {
    let tenant = Tenant::start(Config::seeded()).await;
    let client = client(tenant.url());
    client.claims().await.unwrap();
    client.set_credentials(None);
    client.list(slot(&client).await).await.unwrap();
    // The same again are no change, others are.
    client.set_credentials(Some(credentials()));
    client.claims().await.unwrap();
    assert_eq!(token_calls(&tenant).await, 1);
    client.set_credentials(Some(Credentials { client_secret: SecretString::from("other"), ..credentials() }));
    assert_eq!(client.claims().await.unwrap_err().kind(), ErrorKind::CredentialsRejected);

    client.set_credentials(None);
    let error = client.claims().await.unwrap_err();
    assert_eq!((error.kind(), error.words()), (ErrorKind::CredentialsRejected, "no credentials"));
    assert_eq!(token_calls(&tenant).await, 2);
}

#[tokio::test]
async fn a_caller_who_leaves_does_not_take_the_call_with_it() {
    let tenant = Tenant::start(Config::seeded()).await;
    let client = client(tenant.url());
    let mut leaver = Box::pin(client.claims());
    assert!(futures::poll!(leaver.as_mut()).is_pending());
    let stayer = tokio::spawn({
        let client = client.clone();
        async move { client.claims().await }
    });
    tokio::task::yield_now().await;
    drop(leaver);
    stayer.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_token_endpoint_may_answer_200_with_an_error() {
    for (body, kind) in [
        (r#"{"error":"invalid_client","error_description":"who?"}"#, ErrorKind::CredentialsRejected),
        ("<html>Welcome to our guest network", ErrorKind::Malformed),
        ("{}", ErrorKind::Malformed),
        (r#"{"access_token":"a\nb"}"#, ErrorKind::Malformed),
    ] {
        let stub = Stub::token_says(body).await;
        let error = client(&stub.url).claims().await.unwrap_err();
        assert_eq!((error.kind(), error.certainty()), (kind, Certainty::NotSent), "{error}");
    }
}
