//! A write that is too late is not sent, wherever it was held up.

use std::net::SocketAddr;
use std::time::Duration;

use rstest::rstest;
use serde_json::json;
use sim_operator::sailpoint::{
    Budget, Certainty, Class, Client, ClientConfig, Details, Error, ErrorKind, PatchOperation, Terms, Unobserved,
    WriteDeadline,
};
use tokio::time::{Instant, sleep_until};

use crate::stub::Stub;
use crate::support::gate::Gate;
use crate::support::simulator::{Action, Config, Fault, Tenant};
use crate::support::wait::eventually;
use crate::{client, client_with, config, credentials, slot};

const ID: &str = "2c91";
const SOON: Duration = Duration::from_millis(300);

fn named(name: &str) -> Details {
    Details { name: Some(name.into()), ..Details::default() }
}

fn assert_not_sent(error: &Error) {
    assert_eq!((error.kind(), error.certainty()), (ErrorKind::NotSent, Certainty::NotSent), "{error}");
    assert!(error.words().contains("its lease was not renewed in time"), "{error}");
}

/// The writes that arrived, but for those of tokens.
async fn arrived(tenant: &Tenant) -> Vec<String> {
    let calls = tenant.calls().await.into_iter();
    let writes = calls.filter(|call| call.method != "GET" && !call.path.starts_with("/oauth/"));
    writes.map(|call| format!("{} {}", call.method, call.path)).collect()
}

#[tokio::test]
async fn after_the_deadline_of_the_process_it_looks_and_does_not_write() {
    let tenant = Tenant::start(Config::seeded()).await;
    let write_deadline = WriteDeadline::unlimited();
    let client = client_with(&ClientConfig { write_deadline: write_deadline.clone(), ..config(tenant.url()) });
    write_deadline.move_to(Instant::now() + Duration::from_mins(1));
    client.create(slot(&client).await, &named("Before"), Terms::default()).await.unwrap();

    write_deadline.close();
    let (details, terms) = (named("After"), Terms::default);
    let operations = [PatchOperation::replace("/description", json!("After"))];
    for error in [
        client.create(slot(&client).await, &details, terms()).await.unwrap_err(),
        client.put(slot(&client).await, ID, &details, terms()).await.unwrap_err(),
        client.patch(slot(&client).await, ID, &operations, terms()).await.unwrap_err(),
        client.patch_before_provisioning_rule(slot(&client).await, ID, &operations, terms()).await.unwrap_err(),
        client.delete(slot(&client).await, ID, terms()).await.unwrap_err(),
    ] {
        assert_not_sent(&error);
    }
    client.list(slot(&client).await).await.unwrap();
    assert_eq!(arrived(&tenant).await, ["POST /v2024/sim-integrations"]);
}

/// Some gateways refuse a body of which the length is not told first.
#[tokio::test]
async fn a_body_that_may_end_early_has_its_length_told_as_any_other() {
    let stub = Stub::says("200 OK", "", "{}").await;
    let client = client(&stub.url);
    client.create(slot(&client).await, &named("Desk"), Terms::default()).await.unwrap();
    let head = stub.heads().remove(0).to_lowercase();
    let length = r#"{"name":"Desk"}"#.len();
    assert!(
        head.contains(&format!("\r\ncontent-length: {length}\r\n")) && !head.contains("transfer-encoding"),
        "{head}"
    );
}

#[tokio::test]
async fn a_write_that_waits_for_its_turn_until_after_the_deadline_is_not_sent() {
    let tenant = Tenant::start(Config::seeded()).await;
    let (budget, write_deadline) = (Budget::warmed_up(1000), WriteDeadline::unlimited());
    let config = ClientConfig { write_deadline: write_deadline.clone(), ..config(tenant.url()) };
    let client = Client::new(&config, Some(credentials()), budget.clone(), std::sync::Arc::new(Unobserved)).unwrap();
    client.claims().await.unwrap();

    let end = Instant::now() + SOON;
    write_deadline.move_to(end);
    budget.pause(end);
    let slot = client.prepare(Class::Create).await.unwrap();
    assert_not_sent(&client.create(slot, &named("Late"), Terms::default()).await.unwrap_err());
    assert_eq!(arrived(&tenant).await, [""; 0]);
}

#[rstest]
#[case::of_the_process(false)]
#[case::of_the_call(true)]
#[tokio::test]
async fn a_write_whose_connection_takes_until_after_the_deadline_ends_before_its_body(#[case] of_the_call: bool) {
    let tenant = Tenant::start(Config { tls: true, ..Config::seeded() }).await;
    let address: SocketAddr = tenant.url().strip_prefix("https://").unwrap().parse().unwrap();
    let gate = Gate::start(address).await;
    let write_deadline = WriteDeadline::unlimited();
    let client = client_with(&ClientConfig {
        ca_bundle: tenant.ca_pem().map(str::to_owned),
        write_deadline: write_deadline.clone(),
        ..config(&format!("https://{}", gate.address()))
    });
    let [look, write] = [slot(&client).await, slot(&client).await];
    // Keeps the one connection busy that there is.
    let path = "/v2024/sim-integrations".to_owned();
    let action = Action::DelayBefore { ms: 3_000 };
    tenant.inject(&Fault { method: Some("GET".to_owned()), path, times: Some(1), action }).await;
    let looking = tokio::spawn({
        let client = client.clone();
        async move { client.list(look).await }
    });
    eventually("the list is asked for", async || {
        let calls = tenant.calls_of("GET", "/v2024/*").await;
        if calls.is_empty() { Err(calls) } else { Ok(()) }
    })
    .await;

    gate.silence();
    let end = Instant::now() + SOON;
    let terms = Terms { send_before: of_the_call.then_some(end), ..Terms::default() };
    if !of_the_call {
        write_deadline.move_to(end);
    }
    let opened = async {
        sleep_until(end).await;
        gate.open();
    };
    let details = named("Late");
    let (result, ()) = tokio::join!(client.create(write, &details, terms), opened);

    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.certainty()), (ErrorKind::NotSent, Certainty::NotSent), "{error}");
    looking.await.unwrap().unwrap();
    assert_eq!(arrived(&tenant).await, [""; 0]);
    assert_eq!(tenant.integration("Late").await, None);
}
