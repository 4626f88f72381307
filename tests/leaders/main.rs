//! Several operators at once: one works, the others stand by, and no end of a leader leaves two of anything.
//!
//! Each test has a namespace, a tenant, a Lease and its operators to itself. In a binary of its own, as a lease of seconds
//! needs a machine that is not busy with a hundred other operators.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper that fails fails its test")]
#![allow(unreachable_pub, reason = "`pub` marks what tests may use; no crate is ever linked against a test binary")]

#[path = "../support/mod.rs"]
mod support;

/// What the scenarios are written in.
#[path = "../operator"]
#[allow(dead_code, reason = "each test binary uses a part")]
mod operator {
    pub mod canary;
    pub mod events;
    pub mod manifests;
    pub mod mishaps;
    pub mod resources;
    pub mod world;
    pub mod writes;
}

mod by_hand;
mod cut_off;
mod hand_over;
mod replicas;
mod suspended;
