//! An operator that keeps SailPoint SIM integrations as `SimIntegration` resources describe them.

pub mod api;
pub mod sailpoint;
