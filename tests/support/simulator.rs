//! A SailPoint tenant for one test, and its control API: what happened there, and what is to happen.
//!
//! The tenant runs on a thread of its own, so that a test that blocks (on kubectl, say) does not hold up its answers.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use jiff::Timestamp;
use reqwest::{Certificate, Method, Response, StatusCode};
use sailpoint_simulator::{Simulator, State};
use serde::Deserialize;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

pub use sailpoint_simulator::{Action, Client, Config, Fault, Named, Seed, Switches};

/// A running tenant. Dropping it ends it.
pub struct Tenant {
    url: String,
    address: SocketAddr,
    ca_pem: Option<String>,
    http: reqwest::Client,
    running: Option<Simulator>,
    stopped: Option<State>,
    /// Taken by `drop` alone.
    runtime: Option<Runtime>,
}

/// A call that the tenant met, as its log has it. Calls to the control API are not logged.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    pub number: u64,
    /// When it arrived, by our clock.
    pub time: Timestamp,
    pub client_id: Option<String>,
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    /// Absent while the call is in flight, and if it was cut.
    pub status: Option<u16>,
    /// `Retry-After` of the answer.
    pub retry_after: Option<String>,
    pub headers: BTreeMap<String, String>,
    pub body: Option<Value>,
    pub request_id: String,
    /// The kind of the fault that met it.
    pub fault: Option<String>,
}

/// What became of an integration.
#[derive(Clone, Debug, Deserialize)]
pub struct Change {
    pub number: u64,
    /// When, by our clock.
    pub time: Timestamp,
    /// `api` or `ui`.
    pub by: String,
    /// `created`, `changed` or `deleted`.
    pub what: String,
    /// All that is true of it after the change; of one that is deleted, before.
    pub integration: Value,
}

impl Tenant {
    /// Starts a tenant on a free port of the loopback.
    pub async fn start(config: Config) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let simulator = runtime.spawn(Simulator::start(config)).await.unwrap().unwrap();
        let ca_pem = simulator.ca_pem().map(str::to_owned);
        let trusted = ca_pem.iter().map(|pem| Certificate::from_pem(pem.as_bytes()).unwrap());
        Self {
            url: simulator.url().to_owned(),
            address: simulator.address(),
            http: reqwest::Client::builder().no_proxy().tls_certs_only(trusted).build().unwrap(),
            ca_pem,
            running: Some(simulator),
            stopped: None,
            runtime: Some(runtime),
        }
    }

    /// What a `SailPointTenant` has as its `baseUrl`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The certificate of the CA to trust, if the tenant serves TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Begins an outage: every connection is closed and none is taken, until [`recover`](Self::recover).
    pub async fn fail(&mut self) {
        let simulator = self.running.take().expect("the tenant is up");
        self.stopped = Some(simulator.stop().await);
    }

    /// Ends an outage: the same tenant with the same data and tokens, at the same address.
    pub async fn recover(&mut self) {
        let state = self.stopped.take().expect("the tenant is down");
        let started = self.runtime.as_ref().unwrap().spawn(Simulator::start_with(state, self.address));
        self.running = Some(started.await.unwrap().unwrap());
    }

    /// What is there in truth, secrets included.
    pub async fn integrations(&self) -> Vec<Value> {
        self.get("integrations").await.json().await.unwrap()
    }

    /// The one integration of a name, if there is exactly one.
    pub async fn integration(&self, name: &str) -> Option<Value> {
        let mut named = self.integrations().await.into_iter().filter(|integration| integration["name"] == name);
        named.next().filter(|_| named.next().is_none())
    }

    /// Somebody creates an integration in the UI; its id.
    pub async fn create_in_ui(&self, integration: &Value) -> String {
        let created: Value = self.send(Method::POST, "integrations", integration).await.json().await.unwrap();
        created["id"].as_str().unwrap().to_owned()
    }

    /// Somebody edits an integration in the UI; `changes` is a JSON merge patch.
    pub async fn edit_in_ui(&self, id: &str, changes: &Value) {
        self.send(Method::PATCH, &format!("integrations/{id}"), changes).await;
    }

    /// Somebody deletes an integration in the UI.
    pub async fn delete_in_ui(&self, id: &str) {
        self.send(Method::DELETE, &format!("integrations/{id}"), &Value::Null).await;
    }

    /// Somebody edits an integration in the UI that may be gone by now; whether it was there.
    pub async fn try_edit_in_ui(&self, id: &str, changes: &Value) -> bool {
        was_there(self.ask(Method::PATCH, &format!("integrations/{id}"), changes).await).await
    }

    /// Somebody deletes an integration in the UI that may be gone by now; whether it was there.
    pub async fn try_delete_in_ui(&self, id: &str) -> bool {
        was_there(self.ask(Method::DELETE, &format!("integrations/{id}"), &Value::Null).await).await
    }

    /// What became of the integrations after the change of this number, in order.
    pub async fn changes_after(&self, number: u64) -> Vec<Change> {
        self.get(&format!("changes?after={number}")).await.json().await.unwrap()
    }

    /// The calls after the one of this number, in the order of their arrival.
    pub async fn calls_after(&self, number: u64) -> Vec<Call> {
        self.get(&format!("requests?after={number}")).await.json().await.unwrap()
    }

    /// All calls so far, in the order of their arrival.
    pub async fn calls(&self) -> Vec<Call> {
        self.get("requests").await.json().await.unwrap()
    }

    /// The calls so far with a method and a path; a path may end in `*`.
    pub async fn calls_of(&self, method: &str, path: &str) -> Vec<Call> {
        let url = format!("{}/_simulator/requests", self.url);
        let request = self.http.get(url).query(&[("method", method), ("path", path)]);
        checked(request.send().await.unwrap()).await.json().await.unwrap()
    }

    /// Empties the log of calls.
    pub async fn forget_calls(&self) {
        self.send(Method::DELETE, "requests", &Value::Null).await;
    }

    /// Makes something go wrong with the calls to come.
    pub async fn inject(&self, fault: &Fault) {
        self.send(Method::POST, "faults", &serde_json::to_value(fault).unwrap()).await;
    }

    /// Takes back every fault that is not used up.
    pub async fn clear_faults(&self) {
        self.send(Method::DELETE, "faults", &Value::Null).await;
    }

    /// Lets every call go on that is held.
    pub async fn release(&self) {
        self.send(Method::POST, "release", &Value::Null).await;
    }

    /// Turns the switches that are named, as in `{"listLagMs": 500}`, and leaves the rest.
    pub async fn turn(&self, switches: &Value) {
        self.send(Method::PATCH, "switches", switches).await;
    }

    /// Replaces the sources that an integration can name.
    pub async fn set_sources(&self, sources: &[Named]) {
        self.send(Method::PUT, "sources", &serde_json::to_value(sources).unwrap()).await;
    }

    /// Replaces the virtual appliance clusters that an integration can name.
    pub async fn set_clusters(&self, clusters: &[Named]) {
        self.send(Method::PUT, "managed-clusters", &serde_json::to_value(clusters).unwrap()).await;
    }

    /// Replaces those who may ask for tokens; issued tokens serve on.
    pub async fn set_clients(&self, clients: &[Client]) {
        self.send(Method::PUT, "clients", &serde_json::to_value(clients).unwrap()).await;
    }

    /// Revokes every token that was issued.
    pub async fn revoke_tokens(&self) {
        self.send(Method::POST, "tokens/revoke", &Value::Null).await;
    }

    async fn get(&self, path: &str) -> Response {
        checked(self.http.get(format!("{}/_simulator/{path}", self.url)).send().await.unwrap()).await
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Response {
        checked(self.ask(method, path, body).await).await
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> Response {
        let request = self.http.request(method, format!("{}/_simulator/{path}", self.url)).json(body);
        request.send().await.unwrap()
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        // Dropping a runtime waits for its threads, which tokio forbids inside another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn was_there(answer: Response) -> bool {
    let is_there = answer.status() != StatusCode::NOT_FOUND;
    if is_there {
        checked(answer).await;
    }
    is_there
}

/// The answer, if it is a success; the control API says in full what was wrong with a request.
async fn checked(answer: Response) -> Response {
    let (status, url) = (answer.status(), answer.url().clone());
    if status.is_success() {
        return answer;
    }
    panic!("{url} answered {status}: {}", answer.text().await.unwrap_or_default());
}
