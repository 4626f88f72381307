//! Malformed and hostile input: answers, tokens, resources, annotations, Secrets and tenants.
//!
//! Each row of a table gives one clear condition, and all rows of a table meet one operator at once. Then a resource on a
//! tenant in order, which was there all the time, must still be looked after, with no call or write too many; the operator
//! must be the same process, and have taken no more memory than it may. The tables are printed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper that fails fails its test")]
#![allow(unreachable_pub, reason = "`pub` marks what tests may use; no crate is ever linked against a test binary")]

#[path = "../support/mod.rs"]
mod support;

/// What the scenarios are written in.
#[path = "../operator"]
#[allow(dead_code, reason = "the scenarios use what the tables do not")]
mod operator {
    pub mod canary;
    pub mod events;
    pub mod manifests;
    pub mod mishaps;
    pub mod resources;
    pub mod world;
    pub mod writes;
}

mod server;
mod table;

mod annotations;
mod answers;
mod deep;
mod large;
mod secrets;
mod specs;
mod statuses;
mod tenants;
mod tokens;
mod transport;
mod writes;
