//! A namespace deleted whole, by the real namespace controller: every kind at once and in an order of its own, so that the
//! credentials and the tenant are often gone first, and nothing new may be made there, not even an event.
//!
//! It ends by itself while the operator holds a valid token, and else as soon as somebody follows the one condition that says
//! what to do. A control plane of its own, as no other test needs the controllers.

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

mod terminating;

mod elsewhere;
mod ends;
mod held_up;
