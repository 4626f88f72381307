//! The definitions of our two kinds are deleted while the operator runs, as `kubectl delete crd` or an uninstall gone wrong
//! does: everything is let go of, nothing in a tenant is deleted, and the operator works on once they are back.
//!
//! Definitions belong to the whole cluster: a control plane of its own, and one test at a time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper that fails fails its test")]
#![allow(unreachable_pub, reason = "`pub` marks what tests may use; no crate is ever linked against a test binary")]

#[path = "../support/mod.rs"]
mod support;

/// What the tests of the operator are written in.
#[allow(dead_code, reason = "this binary uses a part")]
#[path = "../operator"]
mod operator {
    pub mod canary;
    pub mod events;
    pub mod manifests;
    pub mod mishaps;
    pub mod resources;
    pub mod world;
    pub mod writes;
}

mod alone;

mod deleted;
mod meanwhile;
