//! All that one test has to itself: a namespace, a tenant, and an operator that sees no more than these two.
//!
//! Every test ends with [`World::close`], which looks for secrets wherever they could have come out.

mod processes;

use std::collections::BTreeMap;
use std::path::PathBuf;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, ListParams, ObjectMeta, Patch, PatchParams};
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::canary::assert_no_secret_in;
use super::events::{Notice, event, events};
use super::manifests::{config, credentials, merge, service_now, sim, tenant};
use super::resources::Resources;
use super::writes::{Write, writes};
use crate::support::control_plane::Sandbox;
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

    /// The same with `desk` in order, and the calls that made it forgotten.
    pub async fn with_desk() -> Self {
        let world = Self::new().await;
        world.sims.apply(&sim("desk")).await;
        world.sims.ready("desk").await;
        world.tenant.forget_calls().await;
        world
    }

    /// The same as a new one, to be made different.
    pub fn like() -> Setup {
        let flags = QUICK.map(|(flag, value)| (flag.to_owned(), value.to_owned())).into();
        let tenant = Value::Object(serde_json::Map::new());
        Setup { config: config(), flags, tenant, is_prepared: true, is_started: true, sees: Vec::new() }
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
