//! Simulated tenants inside this process, and their logs: every request that ever reached them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::Method;
use sailpoint_simulator::{Client, Config, Fault, Named, Seed, Simulator, Switches};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Failed;

/// The only secret of every tenant.
pub const CLIENT_SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// The user agent of whoever else spends the tenant's limit.
pub const SECOND_CLIENT: &str = "second-client";
/// The sources that integrations name; the last is never used by id.
pub const SOURCES: [(&str, &str); 3] = [
    ("2c9180835d191a86015d28455b4a2329", "Active Directory"),
    ("2c5680835d191a85765d28455b4a9823", "Workday"),
    ("2c9180835d191a86015d28455b4a2330", "SAP"),
];
/// The cluster that integrations name.
pub const CLUSTER: (&str, &str) = ("2c9180847a7fccdd017aa5896f9f4f6f", "Training VA");
/// The rule that integrations name.
pub const RULE: (&str, &str) = ("048eb3d55c5a4758bd07dccb87741c78", "Before Provisioning Rule");

/// A running tenant.
pub struct Tenant {
    /// Its org, and the name of its `SailPointTenant`.
    pub name: String,
    simulator: Simulator,
    http: reqwest::Client,
}

/// A request that a tenant met, as its log has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// When it arrived.
    pub time: Timestamp,
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// The status of its answer; absent while there is none.
    pub status: Option<u16>,
    /// When it was answered.
    pub answered: Option<Timestamp>,
    /// What a 429 told of how long to wait; this tenant says seconds.
    retry_after: Option<String>,
    headers: BTreeMap<String, String>,
}

impl Call {
    /// Whether the operator made it.
    pub fn is_ours(&self) -> bool {
        self.headers.get("user-agent").is_some_and(|agent| agent.starts_with("sim-operator/"))
    }

    /// Whether it lists all integrations.
    pub fn is_list(&self) -> bool {
        self.method == "GET" && self.path.ends_with("/sim-integrations")
    }

    /// Whether it asks for a token.
    pub fn is_token(&self) -> bool {
        self.path == "/oauth/token"
    }

    /// Whether it looks up names of sources or clusters: one call for all.
    pub fn is_look_up(&self) -> bool {
        self.method == "GET" && (self.path.ends_with("/sources") || self.path.ends_with("/managed-clusters"))
    }

    /// How long a 429 told the client to wait.
    pub fn pause(&self) -> Option<Duration> {
        Some(Duration::from_secs(self.retry_after.as_ref()?.parse().ok()?))
    }

    /// Whether it was let through and done.
    pub fn is_done(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

impl Tenant {
    /// Starts a tenant that lets `per_10s` requests through, or any number if that is 0.
    pub async fn start(name: &str, per_10s: u32) -> Result<Self, Failed> {
        let named = |(id, name): (&str, &str)| Named { id: id.to_owned(), name: name.to_owned(), more: Map::new() };
        let client =
            Client { client_id: client_id(name), client_secret: CLIENT_SECRET.to_owned(), ..Client::default() };
        let config = Config {
            org: name.to_owned(),
            clients: vec![client],
            switches: Switches { rate_limit: per_10s, ..Switches::default() },
            seed: Seed {
                sources: SOURCES.map(named).into(),
                clusters: vec![named(CLUSTER)],
                rules: vec![named(RULE)],
                ..Seed::default()
            },
            ..Config::default()
        };
        let simulator = Simulator::start(config).await?;
        Ok(Self { name: name.to_owned(), simulator, http: reqwest::Client::builder().no_proxy().build()? })
    }

    /// What its `SailPointTenant` has as `baseUrl`.
    pub fn url(&self) -> &str {
        self.simulator.url()
    }

    /// Closes its listener and every connection, and stays at that.
    pub async fn die(self) {
        self.simulator.stop().await;
    }

    /// All calls since the log was emptied.
    pub async fn calls(&self) -> Result<Vec<Call>, Failed> {
        let answer = self.http.get(self.control("requests")).send().await?.error_for_status()?;
        Ok(answer.json().await?)
    }

    /// Empties the log.
    pub async fn forget_calls(&self) -> Result<(), Failed> {
        self.http.delete(self.control("requests")).send().await?.error_for_status()?;
        Ok(())
    }

    /// Makes something go wrong with the calls to come.
    pub async fn inject(&self, fault: &Fault) -> Result<(), Failed> {
        self.http.post(self.control("faults")).json(fault).send().await?.error_for_status()?;
        Ok(())
    }

    /// How long it takes to list all integrations and drop the bytes.
    pub async fn bare_list(&self, token: &str) -> Result<Duration, Failed> {
        let started = Instant::now();
        let answer = self.call(Method::GET, "/v2025/sim-integrations", token).send().await?.error_for_status()?;
        answer.bytes().await?;
        Ok(started.elapsed())
    }

    /// A request of somebody else who uses the same client id.
    pub fn call(&self, method: Method, path: &str, token: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url())).bearer_auth(token);
        request.header("User-Agent", SECOND_CLIENT).header("X-SailPoint-Experimental", "true")
    }

    /// A token for such requests.
    pub async fn token(&self) -> Result<String, Failed> {
        let id = client_id(&self.name);
        let form = [("grant_type", "client_credentials"), ("client_id", id.as_str()), ("client_secret", CLIENT_SECRET)];
        let request = self.http.post(format!("{}/oauth/token", self.url())).header("User-Agent", SECOND_CLIENT);
        let answer: Value = request.form(&form).send().await?.error_for_status()?.json().await?;
        Ok(answer["access_token"].as_str().ok_or("no token")?.to_owned())
    }

    fn control(&self, path: &str) -> String {
        format!("{}/_simulator/{path}", self.url())
    }

    /// Its `SailPointTenant`, with these further fields in the spec, and the Secret of its credentials.
    pub fn manifests(&self, spec: Value) -> (Value, Value) {
        manifests(&self.name, self.url(), spec)
    }
}

/// The `SailPointTenant` of a name and a URL, and the Secret of its credentials.
pub fn manifests(name: &str, url: &str, more: Value) -> (Value, Value) {
    let secret = format!("{name}-sailpoint");
    let mut spec = json!({"baseUrl": url, "api": "v2025", "credentials": {"secretRef": {"name": secret}}});
    if let (Value::Object(spec), Value::Object(more)) = (&mut spec, more) {
        spec.extend(more);
    }
    let tenant = json!({
        "apiVersion": "simops.dev/v1alpha1", "kind": "SailPointTenant", "metadata": {"name": name}, "spec": spec,
    });
    let credentials = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": secret},
        "stringData": {"clientId": client_id(name), "clientSecret": CLIENT_SECRET},
    });
    (tenant, credentials)
}

fn client_id(name: &str) -> String {
    format!("client-of-{name}")
}
