//! What the integration tests stand on: a real Kubernetes API, the simulator, the operator's binary, and patience.
//!
//! Not here: anything that knows what is expected of the operator. That is for the tests to say.

#![allow(dead_code, unused_imports, reason = "each test binary compiles all of this and uses a part")]
#![allow(unreachable_pub, reason = "`pub` marks what tests may use; no crate is ever linked against a test binary")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper that fails fails its test")]
#![allow(clippy::print_stderr, reason = "a failing test prints what its processes said")]

pub mod control_plane;
pub mod crds;
pub mod gate;
pub mod process;
pub mod simulator;
pub mod wait;
