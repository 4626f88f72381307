//! The client of the tenant's API over real sockets: against the simulator, and against servers that misbehave on purpose.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::sync::Arc;

use secrecy::SecretString;
use sim_operator::sailpoint::{ApiVersion, Budget, Class, Client, ClientConfig, Credentials, Slot, Unobserved};

mod deadline;
mod network;
mod operations;
mod refusals;
mod stub;
#[path = "../support/mod.rs"]
mod support;
mod tokens;

/// The credentials of the simulator's only client.
fn credentials() -> Credentials {
    Credentials {
        client_id: sailpoint_simulator::DEFAULT_CLIENT_ID.to_owned(),
        client_secret: SecretString::from(sailpoint_simulator::DEFAULT_CLIENT_SECRET),
    }
}

fn config(url: &str) -> ClientConfig {
    ClientConfig::new(url.parse().unwrap(), ApiVersion::V2024)
}

fn client_with(config: &ClientConfig) -> Client {
    Client::new(config, Some(credentials()), Budget::warmed_up(1000), Arc::new(Unobserved)).unwrap()
}

fn client(url: &str) -> Client {
    client_with(&config(url))
}

async fn slot(client: &Client) -> Slot {
    client.prepare(Class::Look).await.unwrap()
}
