//! A tenant that all stories of one law share, each with objects of its own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Map, Value, json};
use sim_operator::model::{Kind, Names};
use sim_operator::sailpoint::{ApiVersion, Budget, Client, ClientConfig, Credentials, Unobserved};
use sim_operator::tenants::{Connection, Org, TenantKey};
use tokio::runtime::Runtime;

use crate::kubernetes::{self, Stored};
use crate::support::simulator::{Config, Named, Tenant};

/// Sources by id and name, as the tenant has them.
pub const SOURCES: [(&str, &str); 3] = [("s1", "Active Directory"), ("s2", "Workday"), ("s3", "SAP")];
/// Clusters by id and name.
pub const CLUSTERS: [(&str, &str); 2] = [("c1", "Training VA"), ("c2", "Production VA")];
/// The rule whose name the tenant knows.
pub const RULE: (&str, &str) = ("r1", "Before Provisioning Rule");

pub struct World {
    pub tenant: Tenant,
    pub stored: Arc<Mutex<Stored>>,
    pub kubernetes: kube::Client,
    runtime: Runtime,
}

impl World {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut config = Config::default();
        config.seed.sources = SOURCES.map(named).to_vec();
        config.seed.clusters = CLUSTERS.map(named).to_vec();
        config.seed.rules = vec![named(RULE)];
        config.switches.rate_limit = 0;
        config.switches.expires_in = 43_200;
        let (tenant, stored) = (runtime.block_on(Tenant::start(config)), Arc::new(Mutex::new(Stored::default())));
        let kubernetes = runtime.block_on(async { kubernetes::client(&stored) });
        Self { tenant, stored, kubernetes, runtime }
    }

    pub fn block_on<T>(&self, story: impl Future<Output = T>) -> T {
        self.runtime.block_on(story)
    }

    /// A connection that has learnt nothing yet.
    pub fn connect(&self, api: ApiVersion) -> Arc<Connection> {
        let config = ClientConfig::new(self.tenant.url().parse().unwrap(), api);
        let credentials = Credentials {
            client_id: sailpoint_simulator::DEFAULT_CLIENT_ID.to_owned(),
            client_secret: SecretString::from(sailpoint_simulator::DEFAULT_CLIENT_SECRET),
        };
        let client = Client::new(&config, Some(credentials), Budget::warmed_up(10_000), Arc::new(Unobserved)).unwrap();
        let key = TenantKey { namespace: "iam".into(), name: "acme".into() };
        Arc::new(Connection::new(key, client, Arc::new(Org::new("acme")), Duration::from_mins(10), 4))
    }

    /// Every integration, in truth, by id.
    pub async fn truth(&self) -> Map<String, Value> {
        let all = self.tenant.integrations().await;
        all.into_iter().map(|one| (one["id"].as_str().unwrap().to_owned(), one)).collect()
    }

    /// An empty tenant with these switches.
    pub async fn clear(&self, switches: &Value) {
        for id in self.truth().await.keys() {
            self.tenant.delete_in_ui(id).await;
        }
        self.tenant.turn(switches).await;
        self.tenant.forget_calls().await;
    }
}

fn named((id, name): (&str, &str)) -> Named {
    Named { id: id.to_owned(), name: name.to_owned(), more: Map::new() }
}

/// What a look-up of `needed` finds.
pub fn look_up(needed: &[(Kind, String)], names: &mut Names) {
    for (kind, name) in needed {
        let id = |all: &[(&str, &str)]| all.iter().find(|(_, one)| one == name).unwrap().0.to_owned();
        match kind {
            Kind::Source => names.sources.insert(name.clone(), id(&SOURCES)),
            Kind::Cluster => names.clusters.insert(name.clone(), id(&CLUSTERS)),
        };
    }
}

/// Integrations of others: one bears the name of ours, and each has secrets.
pub fn foreign() -> [Value; 2] {
    let attributes = json!({"url": "https://foreign", "password": "f0reign", "oauth": {"clientSecret": "f0reign"}});
    let theirs = |name: &str| json!({"name": name, "type": "Foreign", "sources": ["s1"], "attributes": attributes});
    [theirs("Desk"), theirs("Other")]
}
