//! A client of the simulator that knows nothing of its inside.

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, StatusCode};
use sailpoint_simulator::{Config, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, Simulator};
use serde_json::{Value, json};
use std::time::Duration;

pub const AD: &str = "2c9180835d191a86015d28455b4a2329";
pub const WORKDAY: &str = "2c5680835d191a85765d28455b4a9823";
pub const CLUSTER: &str = "2c9180847a7fccdd017aa5896f9f4f6f";
pub const RULE: &str = "048eb3d55c5a4758bd07dccb87741c78";
pub const LEGACY: &str = "62945a496ef440189b1f03e3623411c8";
/// Where the integrations lie under each version.
pub const BASES: [&str; 5] =
    ["/beta/sim-integrations", "/v2024/sim-integrations", "/v2025/sim-integrations", "/v2026/sim-integrations", V1];
pub const V1: &str = "/sim-integrations/v1";

/// An answer, read whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The JSON of an answer that must be 200.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()
    }

    /// The error of a refusal in the documented shape, whose tracking id must be the request's.
    #[track_caller]
    pub fn refused(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text);
        let body = self.json();
        assert_eq!(body["trackingId"], self.header("slpt-request-id").unwrap());
        assert_eq!(body["messages"], body["causes"]);
        assert!(body["detailCode"].as_str().unwrap().starts_with(&status.to_string()));
        body["messages"][0]["text"].as_str().unwrap().to_owned()
    }
}

/// A running simulator and a client with a token.
pub struct Tried {
    pub simulator: Simulator,
    pub http: reqwest::Client,
    pub token: String,
}

impl Tried {
    pub async fn start(config: Config) -> Self {
        let simulator = Simulator::start(config).await.unwrap();
        let mut tried = Self { simulator, http: reqwest::Client::new(), token: String::new() };
        tried.token = tried.token_of(DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET).await;
        tried
    }

    pub async fn seeded() -> Self {
        Self::start(Config::seeded()).await
    }

    /// Seeded, with some switches turned.
    pub async fn with(switches: Value) -> Self {
        let switches = serde_json::from_value(switches).unwrap();
        Self::start(Config { switches, ..Config::seeded() }).await
    }

    pub async fn token_of(&self, id: &str, secret: &str) -> String {
        let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
        let answer = send(self.bare(Method::POST, "/oauth/token").form(&form)).await.ok();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// Without any header.
    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.simulator.url()))
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(&self.token).header("X-SailPoint-Experimental", "true")
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PUT, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::PATCH, path).header("content-type", "application/json-patch+json");
        send(request.body(body.to_string())).await
    }

    /// One `replace` operation on an integration.
    pub async fn replace(&self, id: &str, path: &str, value: Value) -> Answer {
        let operations = json!([{ "op": "replace", "path": path, "value": value }]);
        self.patch(&format!("{V1}/{id}"), &operations).await
    }

    pub async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        send(self.bare(method, &format!("/_simulator/{path}")).body(body)).await
    }

    pub async fn turn(&self, switches: Value) {
        self.control(Method::PATCH, "switches", Some(switches)).await.ok();
    }

    pub async fn fault(&self, fault: Value) -> Value {
        self.control(Method::POST, "faults", Some(fault)).await.ok()
    }

    /// Whether every fault that was posted has met its calls.
    pub async fn faults_are_met(&self) -> bool {
        self.control(Method::GET, "faults", None).await.ok() == json!([])
    }

    /// The stored truth of all integrations.
    pub async fn truth(&self) -> Vec<Value> {
        let all = self.control(Method::GET, "integrations", None).await.ok();
        all.as_array().unwrap().clone()
    }

    /// The stored truth of one.
    pub async fn truth_of(&self, id: &str) -> Value {
        self.truth().await.into_iter().find(|one| one["id"] == id).unwrap()
    }

    pub async fn names(&self, base: &str) -> Vec<String> {
        let list = self.get(base).await.ok();
        list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    }
}

pub async fn send(request: RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    Answer { status: answer.status(), headers: answer.headers().clone(), text: answer.text().await.unwrap() }
}

/// The composite of the documents: every field of the request.
pub fn full(name: &str) -> Value {
    json!({
        "name": name,
        "description": "Tickets for AD",
        "type": "ServiceNow Service Desk",
        "cluster": CLUSTER,
        "sources": [AD, WORKDAY],
        "statusMap": { "closed_complete": "Committed" },
        "request": { "short_description": "SailPoint $!plan.arguments.identityRequestId" },
        "attributes": { "url": "https://acme.service-now.com/", "username": "svc", "password": "plain" },
        "beforeProvisioningRule": { "type": "RULE", "id": RULE, "name": "whatever" },
    })
}

/// Waits until it is so, for at most five seconds.
#[track_caller]
pub fn eventually(mut is_so: impl AsyncFnMut() -> bool) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        for _ in 0..1000 {
            if is_so().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("it did not come to be at {place}");
    }
}
