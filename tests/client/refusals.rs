//! What servers say when they refuse, and that no secret is in it.

use rstest::rstest;
use sailpoint_simulator::DEFAULT_CLIENT_SECRET;
use secrecy::SecretString;
use serde_json::json;
use sim_operator::sailpoint::{Certainty, Details, ErrorKind, PatchOperation, Terms, pointer};
use std::time::Duration;

use crate::stub::{Stub, TOKEN};
use crate::support::simulator::{Config, Tenant};
use crate::{client, slot};

const CANARY: &str = "c4n\"ary/wörd+value";

#[rstest]
#[case("400 Bad Request", r#"{"error":"Experimental Header is missing or invalid."}"#, ErrorKind::Refused)]
#[case("400 Bad Request", r#"{"detailMessage":"Application template for X was not found."}"#, ErrorKind::Refused)]
#[case("401 Unauthorized", r#"{"error":"JWT validation failed: JWT is expired"}"#, ErrorKind::Unauthorized)]
#[case(
    "403 Forbidden",
    r#"{"detailCode":"403 Forbidden","trackingId":"b21b","messages":[{"text":"no"}]}"#,
    ErrorKind::Forbidden
)]
#[case("429 Too Many Requests", r#"{"message":" Rate Limit Exceeded "}"#, ErrorKind::RateLimited)]
#[tokio::test]
async fn a_write_that_sailpoint_refuses_was_not_made(
    #[case] status: &str,
    #[case] body: &str,
    #[case] kind: ErrorKind,
) {
    let headers = "Content-Encoding: UTF-8\r\nRetry-After: 0\r\nContent-Type: application/json;charset=UTF-8\r\n";
    let stub = Stub::says(status, headers, body).await;
    let client = client(&stub.url);
    let error = client.create(slot(&client).await, &Details::default(), Terms::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.certainty()), (kind, Certainty::Refused), "{error}");
    assert_eq!(stub.requests().len(), 1);
}

#[tokio::test]
async fn a_401_that_is_not_sailpoints_repeats_no_write() {
    let stub = Stub::says("401 Unauthorized", "", "").await;
    let client = client(&stub.url);
    let error = client.create(slot(&client).await, &Details::default(), Terms::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.certainty()), (ErrorKind::Unauthorized, Certainty::Unknown));
    assert_eq!(stub.requests().len(), 1);
    client.list(slot(&client).await).await.unwrap_err();
    assert_eq!(stub.requests().len(), 3);
}

#[tokio::test]
async fn a_429_pauses_the_budget() {
    let stub = Stub::says("429 Too Many Requests", "Retry-After: 600\r\n", r#"{"message":"x"}"#).await;
    let client = client(&stub.url);
    let error = client.list(slot(&client).await).await.unwrap_err();
    assert_eq!(error.wait(), Some(Duration::from_mins(10)));
    let left = client.budget().paused_until().unwrap().duration_since(tokio::time::Instant::now());
    assert!(left > Duration::from_secs(595) && left < Duration::from_secs(601), "{left:?}");
}

#[tokio::test]
async fn sailpoints_404_is_told_from_a_gateways() {
    let tenant = Tenant::start(Config::seeded()).await;
    let direct = client(tenant.url());
    let error = direct.get(slot(&direct).await, "nobody").await.unwrap_err();
    assert_eq!((error.kind(), error.tracking_id().is_some()), (ErrorKind::NotFound { by_sailpoint: true }, true));
    let stub = Stub::says("404 Not Found", "", "<html><title>404 Not Found</title>").await;
    let elsewhere = client(&stub.url);
    let error = elsewhere.get(slot(&elsewhere).await, "nobody").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound { by_sailpoint: false });
}

#[tokio::test]
async fn what_a_server_echoes_holds_no_secret() {
    let secrets = [SecretString::from(CANARY)];
    let terms = Terms { secrets: &secrets, send_before: None };
    let operations = [PatchOperation::replace(pointer(["attributes", "password"]), CANARY)];
    let quoted = json!(CANARY).to_string();
    for echoed in [
        json!({"error": format!("bad {CANARY} of {TOKEN}")}).to_string(),
        json!({"error": format!("bad client {DEFAULT_CLIENT_SECRET}")}).to_string(),
        json!({"detailCode": "400", "trackingId": "b21b", "messages": [{"text": CANARY}]}).to_string(),
        format!("<html><title>{CANARY}</title>"),
        format!("not JSON {quoted} Authorization: Bearer {TOKEN}"),
    ] {
        for status in ["400 Bad Request", "500 Oops", "200 OK", "302 Found"] {
            let location = format!("Location: https://user:{TOKEN}@else.example/x?p={TOKEN}\r\n");
            let stub = Stub::says(status, &location, &echoed).await;
            let client = client(&stub.url);
            let result = client.patch(slot(&client).await, "2c91", &operations, terms).await;
            let Err(error) = result else { panic!("{status} {echoed} was taken for an integration") };
            let shown = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
            for secret in [CANARY, &quoted[1..quoted.len() - 1], "c4n", TOKEN, DEFAULT_CLIENT_SECRET] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }
}

#[tokio::test]
async fn the_simulators_echo_holds_no_secret() {
    let tenant = Tenant::start(Config::seeded()).await;
    tenant.turn(&json!({"errorsEchoInput": true, "patchAccepts": "operations"})).await;
    let client = client(tenant.url());
    let secrets = [SecretString::from(CANARY)];
    let operations = [PatchOperation::replace(pointer(["attributes", "password"]), CANARY)];
    let terms = Terms { secrets: &secrets, send_before: None };
    let error = client.patch(slot(&client).await, "2c91", &operations, terms).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.words().contains("(sensitive)") && !error.words().contains("c4n"), "{error}");
}
