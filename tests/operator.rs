//! The whole operator from outside: the real binary on a real Kubernetes API, with the simulator as its tenant.
//!
//! What is expected stands in the rules of reconciling, not in the operator's code: nothing here links to it. Each test
//! has a [`World`](operator::world::World) to itself, so that all of them can run at once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper that fails fails its test")]
#![allow(unreachable_pub, reason = "`pub` marks what tests may use; no crate is ever linked against a test binary")]

mod support;

/// One concern a file; `world` and what stands above it is what they are written in.
mod operator {
    mod canary;
    mod events;
    mod manifests;
    mod mishaps;
    mod resources;
    #[allow(dead_code, reason = "the kill table and the tests of leaders use more of it")]
    mod world;
    mod writes;

    mod adopt;
    mod conflicts;
    mod create;
    mod credentials;
    mod deletion;
    mod departures;
    mod dialects;
    mod drift;
    mod letting_go;
    mod meanwhile;
    mod modes;
    mod notices;
    mod outages;
    mod references;
    mod restarts;
    mod restraint;
    mod secrets;
    mod steady;
    mod stripped;
    mod table;
    mod tenancy;
    mod unanswered;
    mod update;
    mod vanished;
    mod withdrawal;
}
