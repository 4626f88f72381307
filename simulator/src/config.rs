//! What a simulator is started with. It serves nothing.

use crate::{Seed, Switches};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};

/// The client id of [`Config::default`].
pub const DEFAULT_CLIENT_ID: &str = "5f0c7f5c2f8b4b3f9f6b0c6f7a1d2e3f";
/// The client secret of [`Config::default`].
pub const DEFAULT_CLIENT_SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// The org of [`Config::default`].
pub const DEFAULT_ORG: &str = "acme";
/// The scopes that an operator needs, and a client has unless told otherwise \[D\].
pub const SCOPES: [&str; 3] = ["idn:service-desk-integration:manage", "idn:sources:read", "idn:remote-client:read"];

/// What a simulator is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 picks one. Default 127.0.0.1:0.
    pub listen: SocketAddr,
    /// The org that `/oauth/info` names. Default [`DEFAULT_ORG`].
    pub org: String,
    /// Who may ask for tokens, besides the clients of the seed. Default: one client, [`DEFAULT_CLIENT_ID`] with [`DEFAULT_CLIENT_SECRET`].
    pub clients: Vec<Client>,
    /// The tenant's unknown traits.
    pub switches: Switches,
    /// What the tenant holds at the start. Default: nothing.
    pub seed: Seed,
    /// Serve TLS, with a certificate of a CA made at the start. Default: false.
    pub tls: bool,
    /// Further DNS names or IP addresses for the certificate, besides localhost, the loopbacks and the listen address.
    pub tls_names: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            org: DEFAULT_ORG.to_owned(),
            clients: vec![Client::default()],
            switches: Switches::default(),
            seed: Seed::default(),
            tls: false,
            tls_names: Vec::new(),
        }
    }
}

impl Config {
    /// The default with the sources, cluster, rule and integration of [`DEFAULT_SEED`](crate::DEFAULT_SEED).
    #[must_use]
    pub fn seeded() -> Self {
        Self { seed: Seed::example(), ..Self::default() }
    }
}

/// Somebody who may ask for tokens: a personal access token, or an API client if it has no user name.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Client {
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: String,
    /// What its tokens may do; `sp:scopes:all` may do everything. Default [`SCOPES`].
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// The user behind the token. Without one every endpoint but the token's answers 403, as with an API client \[O\].
    #[serde(default)]
    pub user_name: Option<String>,
    /// The org in the token. Default: that of the simulator.
    #[serde(default)]
    pub org: Option<String>,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            client_id: DEFAULT_CLIENT_ID.to_owned(),
            client_secret: DEFAULT_CLIENT_SECRET.to_owned(),
            scopes: default_scopes(),
            user_name: Some("sim.operator".to_owned()),
            org: None,
        }
    }
}

fn default_scopes() -> Vec<String> {
    SCOPES.map(str::to_owned).to_vec()
}
