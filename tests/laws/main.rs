//! The laws of plans, by property test: whatever the spec, the tenant and its habits, acting on a plan and planning again
//! gives nothing to do; no plan touches a foreign object; only owned paths appear in a change; the same input gives the
//! same plan; and what is read of a secret is never sent.
//!
//! The real simulator over real sockets, the real client, the real `plan` and `act`; only Kubernetes is played by a router
//! that knows one Secret and one resource.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod generate;
mod habits;
mod kubernetes;
mod laws;
mod oracle;
mod story;
#[path = "../support/mod.rs"]
mod support;
mod world;
