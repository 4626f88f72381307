//! An API server that streams no lists, as that of Kubernetes 1.33 does by default: all is listed in pages, and watched on from
//! there. A control plane of its own.

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

use operator::manifests::bare_sim;
use operator::world::World;
use operator::writes::lines;
use support::control_plane::{kubectl, without_streamed_lists};

/// More than a page.
const MANY: usize = 120;

#[tokio::test]
async fn what_cannot_be_streamed_is_listed_in_pages() {
    without_streamed_lists();
    let streamed = "/api/v1/namespaces?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    assert!(kubectl(&["get", "--raw", streamed]).unwrap_err().contains("sendInitialEvents is forbidden"));
    let mut world = World::new().await;
    let names: Vec<String> = (0..MANY).map(|number| format!("desk-{number:03}")).collect();
    for name in &names {
        world.sims.apply(&bare_sim(name)).await;
    }
    for name in &names {
        world.sims.ready(name).await;
    }
    world.kill_operators();
    world.sims.apply(&bare_sim("late")).await;
    world.tenant.forget_calls().await;
    world.start_operator();
    world.sims.ready("late").await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"], "all others are known");
    world.close().await;
}
