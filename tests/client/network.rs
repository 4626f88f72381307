//! What goes wrong below HTTP, and answers that are none.

use std::process::Command;
use std::time::Duration;

use rstest::rstest;
use sim_operator::sailpoint::{Certainty, ClientConfig, Details, ErrorKind, Terms};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::stub::Stub;
use crate::support::simulator::{Action, Config, Fault, Tenant};
use crate::{client, client_with, config, slot};

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Stub::says("200 OK", "", "[]").await;
    let stub = Stub::says("302 Found", &format!("Location: {}/elsewhere?x=1\r\n", other.url), "").await;
    let client = client(&stub.url);
    let error = client.list(slot(&client).await).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Redirected, Some(302)));
    assert!(error.words().contains("/elsewhere,"), "{error}");
    assert!(other.requests().is_empty());
}

#[rstest]
#[case("", "empty body")]
#[case("null", "null where a list was expected")]
#[case("<html>Welcome", "not JSON")]
#[case("\u{1f}\u{8b}\u{8}", "not JSON")]
#[case(r#"[{"name":"a"},"b"]"#, "entry 1 of the list")]
#[case(r#"[{"name":"a"},"#, "not JSON")]
#[tokio::test]
async fn a_200_that_is_no_list_is_an_error(#[case] body: &str, #[case] words: &str) {
    let stub = Stub::says("200 OK", "SLPT-Request-ID: d824d908\r\n", body).await;
    let client = client(&stub.url);
    let error = client.list(slot(&client).await).await.unwrap_err();
    assert_eq!((error.kind(), error.certainty()), (ErrorKind::Malformed, Certainty::Unknown));
    assert!(error.words().contains(words) && error.tracking_id() == Some("d824d908"), "{error}");
}

#[tokio::test]
async fn json_that_is_nested_too_deeply_is_an_error() {
    let stub = Stub::says("200 OK", "", &"[".repeat(100_000)).await;
    let client = client(&stub.url);
    let error = client.list(slot(&client).await).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Malformed && error.words().contains("too deeply"), "{error}");
}

#[tokio::test]
async fn another_services_json_is_no_integration() {
    let stub = Stub::says("200 OK", "", r#"{"status":"ok"}"#).await;
    let client = client(&stub.url);
    assert_eq!(client.get(slot(&client).await, "2c91").await.unwrap_err().kind(), ErrorKind::Malformed);
    let created = client.create(slot(&client).await, &Details::default(), Terms::default()).await.unwrap();
    assert_eq!(created.value.id, None);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_read_to_its_end() {
    let body = format!("\"{}\"", "x".repeat(11 * 1024 * 1024));
    let stub = Stub::answers(format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{body}")).await;
    let client = client(&stub.url);
    let error = client.get(slot(&client).await, "2c91").await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::TooLarge, Some(200)));
}

#[rstest]
#[case::before(Action::CutBefore {}, false)]
#[case::after(Action::CutAfter {}, true)]
#[tokio::test]
async fn a_cut_leaves_it_unknown(#[case] action: Action, #[case] made: bool) {
    let tenant = Tenant::start(Config::default()).await;
    let method = Some("POST".to_owned());
    tenant.inject(&Fault { method, path: "/v2024/*".to_owned(), times: Some(1), action }).await;
    let client = client(tenant.url());
    let details = Details { name: Some("New".into()), ..Details::default() };
    let error = client.create(slot(&client).await, &details, Terms::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.certainty()), (ErrorKind::Cut, Certainty::Unknown), "{error}");
    assert_eq!(tenant.integration("New").await.is_some(), made);
    assert_eq!(tenant.calls_of("POST", "/v2024/sim-integrations").await.len(), 1, "never sent again");
}

#[tokio::test]
async fn an_answer_cut_short_is_a_cut() {
    let stub = Stub::answers("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[]").await;
    let client = client(&stub.url);
    assert_eq!(client.list(slot(&client).await).await.unwrap_err().kind(), ErrorKind::Cut);
}

#[tokio::test]
async fn silence_ends_with_the_time_limit() {
    let stub = Stub::hangs().await;
    let client = client_with(&ClientConfig { time_limit: Duration::from_millis(1500), ..config(&stub.url) });
    let error = client.list(slot(&client).await).await.unwrap_err();
    assert_eq!((error.kind(), error.certainty()), (ErrorKind::Timeout, Certainty::Unknown), "{error}");
}

#[tokio::test]
async fn an_outage_is_no_connection() {
    let mut tenant = Tenant::start(Config::seeded()).await;
    let client = client(tenant.url());
    let [first, prepared] = [slot(&client).await, slot(&client).await];
    tenant.fail().await;
    // Whether the connection that was kept is seen to be closed before it is used is a matter of luck.
    client.list(first).await.unwrap_err();
    let error = client.create(prepared, &Details::default(), Terms::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.certainty()), (ErrorKind::Connect, Certainty::NotSent), "{error}");
    tenant.recover().await;
    client.list(slot(&client).await).await.unwrap();
}

#[tokio::test]
async fn tls_needs_a_ca_that_is_known() {
    let tenant = Tenant::start(Config { tls: true, ..Config::seeded() }).await;
    let error = client(tenant.url()).claims().await.unwrap_err();
    assert_eq!((error.kind(), error.certainty()), (ErrorKind::Connect, Certainty::NotSent));
    assert!(error.words().contains("certificate"), "{error}");

    let other = Tenant::start(Config { tls: true, ..Config::default() }).await;
    let bundle = format!("{}\n# and the right one\n{}", other.ca_pem().unwrap(), tenant.ca_pem().unwrap());
    let client = client_with(&ClientConfig { ca_bundle: Some(bundle), ..config(tenant.url()) });
    assert_eq!(client.list(slot(&client).await).await.unwrap().value.len(), 1);
}

#[tokio::test]
async fn a_bad_ca_bundle_is_told_at_once() {
    use sim_operator::sailpoint::{Budget, Client, Unobserved};
    for bundle in ["", "rubbish", "-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n"] {
        let config = ClientConfig { ca_bundle: Some(bundle.to_owned()), ..config("https://acme.api.identitynow.com") };
        let result = Client::new(&config, None, Budget::warmed_up(1), std::sync::Arc::new(Unobserved));
        let Err(error) = result else { panic!("{bundle:?} was taken") };
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(error.words().contains("caBundle"), "{error}");
    }
}

/// Set for the process that the test below starts: the proxy is named by the environment, which a test must not change.
const BEHIND_A_PROXY: &str = "SIM_OPERATOR_TEST_BEHIND_A_PROXY";

/// Runs once as itself, and once for each case of the test below with a proxy in its environment.
#[tokio::test]
async fn loopback_is_never_reached_by_proxy() {
    let tenant = Tenant::start(Config::seeded()).await;
    client(tenant.url()).claims().await.unwrap();
    if std::env::var_os(BEHIND_A_PROXY).is_some() {
        let error = client("https://acme.api.identitynow.com").claims().await.unwrap_err();
        assert_eq!((error.kind(), error.certainty()), (ErrorKind::Connect, Certainty::NotSent));
        assert!(error.words().contains("the proxy") && !error.to_string().contains("canary"), "{error}");
    }
}

#[rstest]
#[case("407 Proxy Authentication Required")]
#[case("403 Forbidden")]
#[tokio::test]
async fn a_proxys_refusal_is_named(#[case] status: &'static str) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://user:canary@{}", listener.local_addr().unwrap());
    let refuse = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = vec![0; 4096];
        let length = stream.read(&mut asked).await.unwrap();
        stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await.unwrap();
        String::from_utf8_lossy(&asked[..length]).into_owned()
    });
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", "network::loopback_is_never_reached_by_proxy"])
        .env(BEHIND_A_PROXY, "1")
        .env("HTTPS_PROXY", &proxy)
        .env("HTTP_PROXY", &proxy);
    child.env_remove("NO_PROXY").env_remove("no_proxy").env_remove("https_proxy").env_remove("http_proxy");
    let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(refuse.await.unwrap().starts_with("CONNECT acme.api.identitynow.com:443 "));
}
