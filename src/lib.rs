//! An operator that keeps SailPoint SIM integrations as `SimIntegration` resources describe them.
//!
//! ```text
//! main → cli (what was typed) → config (what it means) → operator (wiring) → controller (reconciles), while leader says so
//!
//! controller   desired → observe → plan → act → status → report     one file each, the plan pure
//!   model      both shapes of an integration, and how they differ   pure
//!   tenants    connections, orgs, and what is known of them         state, no I/O
//!   sailpoint  the tenant's API: one send, errors that say what may be believed
//!   api        the two resources: types, rules, vocabulary          no I/O
//! ```

pub mod api;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod controller;
pub mod failpoint;
pub mod leader;
pub mod metrics;
pub mod model;
pub mod operator;
pub mod packed;
pub mod probes;
pub mod sailpoint;
pub mod several;
pub mod telemetry;
pub mod tenants;
pub mod text;
