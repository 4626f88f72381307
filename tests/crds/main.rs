//! The custom resource definitions: as files, and as a real API server understands them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that fails fails its test")]

#[path = "../support/mod.rs"]
mod support;

mod defaults;
mod definitions;
mod rules;
mod transitions;
mod walk;
