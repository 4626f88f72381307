//! The binary `sailpoint-simulator`.
fn main() {}
