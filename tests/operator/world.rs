//! All that one test has to itself: a namespace, a tenant, and an operator that sees no more than these two.
//!
//! Every test ends with [`World::close`], which looks for secrets wherever they could have come out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, ListParams, ObjectMeta, Patch, PatchParams};
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::canary::assert_no_secret_in;
use super::events::{Notice, event, events};
use super::manifests::{config, credentials, merge, service_now, tenant};
use super::resources::Resources;
use super::writes::{Write, writes};
use crate::support::control_plane::{Sandbox, kubeconfig};
use crate::support::crds;
use crate::support::process::Operator;
use crate::support::simulator::{Call, Config, Tenant};
use crate::support::wait::eventually;

/// More at once and their operators starve each other.
static WORLDS: Semaphore = Semaphore::const_new(10);

/// Everything that takes minutes in a cluster takes seconds here. A later flag of the same name counts.
const QUICK: [(&str, &str); 11] = [
    ("--resync", "1s"),
    ("--settle", "2s"),
    ("--list-lag", "50ms"),
    ("--backoff-min", "100ms"),
    ("--backoff-max", "1s"),
    ("--reference-grace", "2s"),
    ("--refused-retry", "1h"),
    ("--connect-limit", "2s"),
    ("--request-limit", "10s"),
    ("--leader-elect", "false"),
    ("--log", "debug"),
];

/// Before the address of the probes and metrics, in the line with which an operator begins.
const LISTEN: &str = "listen=";

/// What a world shall be like.
pub struct Setup {
    config: Config,
    flags: BTreeMap<String, String>,
    tenant: Value,
    is_prepared: bool,
    is_started: bool,
    sees: Vec<String>,
}

impl Setup {
    /// This one trait of the operator: a flag and its value.
    pub fn flag(mut self, flag: &str, value: &str) -> Self {
        self.flags.insert(flag.to_owned(), value.to_owned());
        self
    }

    /// A tenant like this.
    pub fn tenant(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// A `SailPointTenant` with these fields in its spec, as a JSON merge patch.
    pub fn tenant_spec(mut self, spec: Value) -> Self {
        merge(&mut self.tenant, spec);
        self
    }

    /// The operator sees this namespace, too.
    pub fn sees(mut self, namespace: &str) -> Self {
        self.sees.push(namespace.to_owned());
        self
    }

    /// The test applies and starts everything itself.
    pub fn not_started(mut self) -> Self {
        (self.is_prepared, self.is_started) = (false, false);
        self
    }

    /// The tenant and its Secrets are there, and the test starts every operator itself.
    pub fn prepared(mut self) -> Self {
        self.is_started = false;
        self
    }

    /// Makes it so.
    pub async fn create(self) -> World {
        let running = WORLDS.acquire().await.unwrap();
        let (kubernetes, simulator) = tokio::join!(Sandbox::new(), Tenant::start(self.config));
        crds::install();
        let of_kind = |kind| Resources::new(kubernetes.client.clone(), &kubernetes.namespace, kind);
        let (sims, tenants) = (of_kind("SimIntegration"), of_kind("SailPointTenant"));
        let mut flags = self.flags;
        let namespaces: Vec<_> = self.sees.into_iter().chain([kubernetes.namespace.clone()]).collect();
        flags.insert("--namespace".to_owned(), namespaces.join(","));
        flags.insert("--lease-namespace".to_owned(), kubernetes.namespace.clone());
        let mut world = World {
            kubernetes,
            tenant: simulator,
            sims,
            tenants,
            flags,
            environment: BTreeMap::new(),
            kubeconfig: None,
            operators: Vec::new(),
            said: String::new(),
            is_closed: false,
            _running: running,
        };
        if self.is_prepared {
            world.secret("acme-sailpoint", &credentials()).await;
            world.secret("servicenow", &service_now()).await;
            world.tenants.apply(&tenant("acme", world.tenant.url()).with(self.tenant)).await;
        }
        if self.is_started {
            world.start_operator();
        }
        world
    }
}

/// A namespace, a tenant, and an operator between them.
pub struct World {
    /// The namespace.
    pub kubernetes: Sandbox,
    /// The tenant: SailPoint's side, as its users and its log see it.
    pub tenant: Tenant,
    /// The `SimIntegration`s of the namespace.
    pub sims: Resources,
    /// The `SailPointTenant`s of the namespace.
    pub tenants: Resources,
    flags: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    kubeconfig: Option<PathBuf>,
    operators: Vec<Operator>,
    /// What operators said that have ended.
    said: String,
    is_closed: bool,
    _running: SemaphorePermit<'static>,
}

impl World {
    /// One whose tenant is empty and named by `acme`, with both Secrets and a running operator.
    pub async fn new() -> Self {
        Self::like().create().await
    }

    /// The same, to be made different.
    pub fn like() -> Setup {
        let flags = QUICK.map(|(flag, value)| (flag.to_owned(), value.to_owned())).into();
        let tenant = Value::Object(serde_json::Map::new());
        Setup { config: config(), flags, tenant, is_prepared: true, is_started: true, sees: Vec::new() }
    }

    /// Starts an operator; one more, if one runs.
    pub fn start_operator(&mut self) {
        let flags: Vec<String> = self.flags.iter().map(|(flag, value)| format!("{flag}={value}")).collect();
        let arguments: Vec<&str> =
            ["run", "--listen=127.0.0.1:0"].into_iter().chain(flags.iter().map(String::as_str)).collect();
        let environment: Vec<_> = self.environment.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let kubeconfig = self.kubeconfig.as_deref().unwrap_or_else(|| kubeconfig());
        self.operators.push(Operator::start_as(kubeconfig, &arguments, &environment));
    }

    /// The operator that was started last.
    pub fn operator(&self) -> &Operator {
        self.operators.last().expect("an operator runs")
    }

    /// The operator that was started as this one, from 0 on.
    pub fn replica(&mut self, number: usize) -> &mut Operator {
        &mut self.operators[number]
    }

    /// Of the operators that run, the one that was started first.
    pub fn first_operator(&self) -> &Operator {
        self.operators.first().expect("an operator runs")
    }

    /// Waits until the operator that was started first ends of itself.
    pub async fn first_operator_ends(&mut self) {
        let mut operator = self.operators.remove(0);
        operator.exits().await;
        self.said.push_str(&operator.lines().join("\n"));
    }

    /// Every operator dies as with its node.
    pub fn kill_operators(&mut self) {
        for mut operator in self.operators.drain(..) {
            operator.kill();
            self.said.push_str(&operator.lines().join("\n"));
        }
    }

    /// Every operator is told to end, as Kubernetes tells it, and does so in order.
    pub async fn end_operators(&mut self) {
        for mut operator in self.operators.drain(..) {
            let status = operator.terminate().await;
            self.said.push_str(&operator.lines().join("\n"));
            assert!(status.success(), "{status}: {}", self.said);
        }
    }

    /// Changes a flag for the operators that are started from now on.
    pub fn set_flag(&mut self, flag: &str, value: &str) {
        self.flags.insert(flag.to_owned(), value.to_owned());
    }

    /// Holds the operators that are started from now on at failpoints, as in `created=1*return(hold)`; empty: nowhere.
    pub fn set_failpoints(&mut self, failpoints: &str) {
        self.environment.insert("FAILPOINTS".to_owned(), failpoints.to_owned());
    }

    /// The operators that are started from now on reach Kubernetes by this kubeconfig, or straight.
    pub fn set_kubeconfig(&mut self, kubeconfig: Option<PathBuf>) {
        self.kubeconfig = kubeconfig;
    }

    /// Somebody creates or replaces a Secret.
    pub async fn secret(&self, name: &str, data: &[(&str, &str)]) {
        let of_text = |(key, value): &(&str, &str)| ((*key).to_owned(), ByteString(value.as_bytes().to_vec()));
        let secret = Secret {
            metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
            data: Some(data.iter().map(of_text).collect()),
            ..Secret::default()
        };
        let as_a_person = PatchParams::apply("a-person").force();
        self.kubernetes.api::<Secret>().patch(name, &as_a_person, &Patch::Apply(secret)).await.unwrap();
    }

    /// Somebody deletes a Secret.
    pub async fn delete_secret(&self, name: &str) {
        self.kubernetes.api::<Secret>().delete(name, &DeleteParams::default()).await.unwrap();
    }

    /// Every write to the tenant since the log was last emptied.
    pub async fn writes(&self) -> Vec<Write> {
        writes(&self.tenant).await
    }

    /// Waits until there are so many writes to the tenant since the log was last emptied.
    pub async fn until_writes(&self, count: usize) -> Vec<Write> {
        eventually(&format!("{count} writes to the tenant"), async || {
            let all = self.writes().await;
            if all.len() >= count { Ok(all) } else { Err(all) }
        })
        .await
    }

    /// Every answered LIST since the log was last emptied.
    pub async fn lists(&self) -> Vec<Call> {
        let is_list = |call: &Call| call.method == "GET" && ends_as_list(&call.path) && call.status.is_some();
        self.tenant.calls().await.into_iter().filter(is_list).collect()
    }

    /// Waits until the tenant was listed so many times more, and the operator had the time to act on each.
    pub async fn resyncs(&self, count: usize) {
        let last = |calls: &[Call]| calls.last().map_or(0, |call| call.number);
        let before = last(&self.tenant.calls().await);
        eventually(&format!("{count} resyncs more"), async || {
            let since = self.lists().await.iter().filter(|call| call.number > before).count();
            // The last one only shows that the one before it was acted on.
            if since > count { Ok(()) } else { Err(since) }
        })
        .await;
    }

    /// All events of the namespace.
    pub async fn events(&self) -> Vec<Notice> {
        events(&self.kubernetes).await
    }

    /// Waits for an event about a resource.
    pub async fn event(&self, about: &str, what: &str, accept: impl Fn(&Notice) -> bool) -> Notice {
        event(&self.kubernetes, about, what, accept).await
    }

    /// What Prometheus reads of the operator that was started last.
    pub async fn metrics(&self) -> String {
        self.served(self.operators.len() - 1, "metrics").await
    }

    /// What the operator that was started as this one answers at a path.
    pub async fn served(&self, number: usize, path: &str) -> String {
        let started = self.operators.get(number).expect("an operator runs").says(LISTEN).await;
        let address = started.split(LISTEN).nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        eventually(&format!("the operator's {path}"), async || {
            let answer = http.get(format!("http://{address}/{path}")).send().await;
            answer.map_err(|error| error.to_string())?.text().await.map_err(|error| error.to_string())
        })
        .await
    }

    /// Keeps what was said by operators that have ended.
    fn bury(&mut self) {
        let ended: Vec<_> = self.operators.extract_if(.., |operator| operator.exit_status().is_some()).collect();
        for operator in ended {
            self.said.push_str(&operator.lines().join("\n"));
        }
    }

    /// Ends the test: no operator panicked, and no secret came out anywhere.
    pub async fn close(mut self) {
        self.is_closed = true;
        self.bury();
        if !self.operators.is_empty() {
            assert_no_secret_in("the metrics", &self.metrics().await);
        }
        self.kill_operators();
        assert_no_secret_in("the log", &self.said);
        assert!(!self.said.contains("panicked at"), "the operator panicked: {}", self.said);
        for kind in [&self.sims, &self.tenants] {
            for object in kind.api().list(&ListParams::default()).await.unwrap() {
                let name = object.metadata.name.clone().unwrap_or_default();
                let annotations = format!("{:#?}", object.metadata.annotations);
                assert_no_secret_in(&format!("the annotations of {name}"), &annotations);
                let status = serde_json::to_string_pretty(&object.data["status"]).unwrap();
                assert_no_secret_in(&format!("the status of {name}"), &status);
            }
        }
        assert_no_secret_in("an event", &format!("{:#?}", self.events().await));
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let is_ended = self.is_closed || std::thread::panicking();
        assert!(is_ended, "a test must end with World::close, which looks for secrets that came out");
    }
}

fn ends_as_list(path: &str) -> bool {
    path.ends_with("/sim-integrations") || path == "/sim-integrations/v1"
}
