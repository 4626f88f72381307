//! Two orgs in two simulated tenants of different habits, and three `SailPointTenant`s that lead to them.

use serde_json::{Value, json};
use tokio::sync::RwLock;

use crate::dice::Dice;
use crate::secrets::client_secret;
use crate::support::simulator::{Client, Config, Seed, Switches, Tenant};

/// Stands in every seeded tenant: the first source.
pub const ACTIVE_DIRECTORY: &str = "2c9180835d191a86015d28455b4a2329";
/// The second source.
pub const WORKDAY: &str = "2c5680835d191a85765d28455b4a9823";
/// The one virtual appliance cluster, of the name `Training VA`.
pub const TRAINING_VA: &str = "2c9180847a7fccdd017aa5896f9f4f6f";
/// The one rule.
pub const RULE: &str = "048eb3d55c5a4758bd07dccb87741c78";

/// A `SailPointTenant`, in a namespace of the same number as the client id that it has for itself.
#[derive(Debug)]
pub struct Account {
    pub namespace: &'static str,
    pub name: &'static str,
    /// The site that it leads to.
    pub site: usize,
    pub api: &'static str,
    pub client: usize,
}

/// The Secret with the credentials, in the namespace of each account.
pub const CREDENTIALS: &str = "sailpoint";
/// Two of one org, and one of another.
pub const ACCOUNTS: [Account; 3] = [
    Account { namespace: "team-0", name: "acme", site: 0, api: "v2025", client: 0 },
    Account { namespace: "team-1", name: "acme-too", site: 0, api: "v2024", client: 1 },
    Account { namespace: "team-2", name: "other", site: 1, api: "v1", client: 2 },
];
pub const NAMESPACES: [&str; 3] = ["team-0", "team-1", "team-2"];
const ORGS: [&str; 2] = ["acme", "other"];

impl Account {
    pub fn client_id(&self) -> String {
        format!("{:032x}", 0xabc0 + self.client)
    }

    /// What its Secret holds.
    pub fn credentials(&self) -> [(&'static str, String); 2] {
        [("clientId", self.client_id()), ("clientSecret", client_secret(self.client))]
    }

    /// The manifest.
    pub fn manifest(&self, base_url: &str) -> Value {
        json!({
            "apiVersion": "simops.dev/v1alpha1",
            "kind": "SailPointTenant",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": {
                "baseUrl": base_url,
                "api": self.api,
                "credentials": {"secretRef": {"name": CREDENTIALS}},
                "requestsPer10s": 200,
                "allowedNamespaces": {"from": "All"},
            },
        })
    }
}

/// One simulated tenant. Whoever uses it holds it for reading; an outage holds it for writing.
pub struct Site {
    pub org: &'static str,
    pub tenant: RwLock<Tenant>,
}

/// Starts both.
pub async fn start(dice: &mut Dice) -> Vec<Site> {
    let mut sites = Vec::new();
    for (number, org) in ORGS.into_iter().enumerate() {
        let clients = ACCOUNTS.iter().filter(|account| account.site == number).map(|account| Client {
            client_id: account.client_id(),
            client_secret: client_secret(account.client),
            ..Client::default()
        });
        let config = Config {
            org: org.to_owned(),
            clients: clients.collect(),
            switches: switches(number, dice),
            seed: Seed { integrations: Vec::new(), ..Seed::example() },
            ..Config::default()
        };
        sites.push(Site { org, tenant: RwLock::new(Tenant::start(config).await) });
    }
    sites
}

/// The first takes PATCH and shows most; the second takes PUT only, shows secrets as asterisks and minds double names.
fn switches(site: usize, dice: &mut Dice) -> Switches {
    let ours = json!({
        "rateLimit": 300,
        "expiresIn": dice.within(20..60),
        "clockSkewSeconds": dice.pick(&[-240, -30, 0, 45, 600]),
        "listShuffled": true,
        "errorsEchoInput": true,
    });
    let habits = [
        json!({"xDeprecated": true}),
        json!({"patchAccepts": "none", "secretReadBack": "mask", "attributesShape": "string",
            "ticketFields": "attributes", "duplicateNames": "409", "contentEncodingUtf8": true}),
    ];
    let mut all = ours;
    all.as_object_mut().unwrap().extend(habits[site].as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}
