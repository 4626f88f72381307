//! The binary `sim-operator`.
fn main() {}
