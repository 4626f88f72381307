//! Sockets: an outage and its end, and TLS.

use crate::support::{Tried, V1, eventually, full, send};
use reqwest::{Certificate, Client, Method};
use sailpoint_simulator::{Config, Error, Seed, Simulator};
use serde_json::json;

#[tokio::test]
async fn an_outage_ends_with_the_same_data_address_and_tokens() {
    let mut tried = Tried::seeded().await;
    tried.post(V1, &full("Desk")).await.ok();
    let (url, address) = (tried.simulator.url().to_owned(), tried.simulator.address());
    let state = tried.simulator.stop().await;
    let error = tried.http.get(format!("{url}{V1}")).send().await.unwrap_err();
    assert!(error.is_connect() || error.is_request(), "{error:?}");
    tried.simulator = Simulator::start_with(state, address).await.unwrap();
    assert_eq!(tried.simulator.url(), url);
    assert_eq!(tried.names(V1).await, ["Legacy Desk", "Desk"]);
}

#[tokio::test]
async fn a_stop_closes_connections_in_flight() {
    let tried = Tried::seeded().await;
    tried.fault(json!({ "path": V1, "action": { "kind": "delayAfter", "ms": 60_000 } })).await;
    let held = tokio::spawn(tried.request(Method::GET, V1).send());
    eventually(async || tried.faults_are_met().await).await;
    tried.simulator.stop().await;
    assert!(held.await.unwrap().is_err());
}

#[tokio::test]
async fn a_simulator_that_is_dropped_stops() {
    let tried = Tried::seeded().await;
    let address = tried.simulator.address();
    drop(tried);
    eventually(async || tokio::net::TcpStream::connect(address).await.is_err()).await;
}

#[tokio::test]
async fn an_address_that_is_taken_and_a_bad_seed_are_errors() {
    let first = Simulator::start(Config::default()).await.unwrap();
    let second = Simulator::start(Config { listen: first.address(), ..Config::default() }).await;
    assert!(matches!(second, Err(Error::Listen { .. })));
    let seed: Seed =
        serde_json::from_value(json!({ "integrations": [{ "name": "x", "cluster": "unknown" }] })).unwrap();
    let refused = Simulator::start(Config { seed, ..Config::default() }).await.unwrap_err();
    assert_eq!(refused.to_string(), "the seed is refused: Cluster unknown was not found.");
}

#[tokio::test]
async fn tls_is_trusted_by_its_ca_alone_and_survives_an_outage() {
    let config = Config { tls: true, tls_names: vec!["simulator.default.svc".to_owned()], ..Config::seeded() };
    let simulator = Simulator::start(config).await.unwrap();
    assert!(simulator.url().starts_with("https://127.0.0.1:"));
    let info = format!("{}/oauth/info", simulator.url());
    assert!(Client::new().get(&info).send().await.is_err());
    let ca = Certificate::from_pem(simulator.ca_pem().unwrap().as_bytes()).unwrap();
    let trusting = || Client::builder().tls_certs_only([ca.clone()]);
    let http = trusting().build().unwrap();
    let answer = send(http.get(&info)).await.ok();
    assert_eq!(answer["tokenEndpoint"], format!("{}/oauth/token", simulator.url()));

    let address = simulator.address();
    let simulator = Simulator::start_with(simulator.stop().await, address).await.unwrap();
    let named = trusting().resolve("simulator.default.svc", address).build().unwrap();
    let by_name = format!("https://simulator.default.svc:{}/oauth/info", address.port());
    send(named.get(by_name)).await.ok();

    let cut = json!({ "path": "/oauth/info", "action": { "kind": "cutBefore" } }).to_string();
    send(named.post(format!("{}/_simulator/faults", simulator.url())).body(cut)).await.ok();
    assert!(named.get(info).send().await.unwrap_err().is_request());
}

#[tokio::test]
async fn plain_http_has_no_ca() {
    let simulator = Simulator::start(Config::default()).await.unwrap();
    assert!(simulator.ca_pem().is_none());
}
