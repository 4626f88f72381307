//! The simulator as its clients meet it: over real sockets.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a helper of tests fails them, as a test would")]

mod command_line;
mod control;
mod faults;
mod limits;
mod lookups;
mod operations;
mod patching;
mod server;
mod support;
mod switches;
mod tokens;
