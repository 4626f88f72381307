//! An operator that keeps SailPoint SIM integrations as `SimIntegration` resources describe them.
