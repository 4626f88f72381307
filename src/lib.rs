//! An operator that keeps SailPoint SIM integrations as `SimIntegration` resources describe them.

pub mod api;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod controller;
pub mod metrics;
pub mod model;
pub mod operator;
pub mod probes;
pub mod sailpoint;
pub mod telemetry;
pub mod tenants;
