//! A SailPoint Identity Security Cloud tenant to test and try against.
//!
//! It serves the token endpoint, the seven operations of `/sim-integrations` under every API version, and the look-ups of
//! sources and managed clusters, as any client of the documented API would meet them. What the documents leave open is a
//! [switch](Switches); what goes wrong on a network is a [fault](Fault); both are set under `/_simulator/`.
//! It shares no code with the operator, so that a misreading of the API in one is not repeated in the other.
//!
//! ```no_run
//! # async fn try_it() -> Result<(), sailpoint_simulator::Error> {
//! use sailpoint_simulator::{Config, Simulator};
//! let simulator = Simulator::start(Config::seeded()).await?;
//! let (url, address) = (simulator.url().to_owned(), simulator.address());
//! let state = simulator.stop().await; // an outage …
//! let simulator = Simulator::start_with(state, address).await?; // … and its end, with the same data and tokens
//! assert_eq!(simulator.url(), url);
//! # Ok(())
//! # }
//! ```
//!
//! Marks in comments: \[D\] documented, \[O\] observed on a live tenant, \[U\] unknown, so a switch.

mod access;
mod attributes;
mod config;
mod control;
mod control_data;
mod credentials;
mod directory;
mod errors;
mod faults;
mod fields;
mod filters;
mod finish;
mod history;
mod integration;
mod intercept;
mod journal;
mod limits;
mod lookups;
mod patch;
mod routes;
mod seed;
mod server;
mod sim_integrations;
mod simulator;
mod store;
mod switches;
mod tenant;
mod tls;
mod tokens;

pub use config::{Client, Config, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, DEFAULT_ORG, SCOPES};
pub use faults::{Action, Fault};
pub use seed::{DEFAULT_SEED, Named, Seed};
pub use simulator::{Error, Simulator, State};
pub use switches::{AttributesShape, DuplicateNames, PatchAccepts, SecretReadBack, Switches, TicketFields};
