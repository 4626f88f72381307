//! The soak: random people and strangers against random faults, until faults stop and everything has come to rest; then the
//! promises are checked object by object.
//!
//! `make soak SECONDS=600 SEED=7`. All choices come from the seed, each actor's from a stream of its own, so that a run can
//! be had again as far as timing allows. What is expected stands in the rules of reconciling, not in the operator's code:
//! nothing here links to it. Nothing depends on speed either: a slow machine only gets less done.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper that fails fails its test")]
#![allow(
    unreachable_pub,
    reason = "`pub` marks what other files may use; no crate is ever linked against a test binary"
)]

mod closing;
mod cluster;
mod crew;
mod dice;
mod disasters;
mod judge;
mod ledger;
mod objects;
mod outages;
mod people;
mod record;
mod report;
mod secrets;
mod settings;
mod story;
mod strangers;
#[path = "../support/mod.rs"]
mod support;
mod tenants;
mod traffic;
mod wanted;
mod weather;
mod world;

use std::time::Duration;

use futures::future::join_all;
use tokio::time::sleep;

use people::{PEOPLE, Person};
use settings::Settings;
use world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_made_twice_lost_or_taken_from_strangers() {
    let settings = Settings::read();
    println!("soak: {} s of faults, seed {}", settings.faults.as_secs(), settings.seed);
    let world = World::new(settings).await;
    let rest = tokio::select! {
        rest = live(&world) => rest,
        never = record::keep(&world) => never,
        never = tend(&world) => never,
    };
    report::conclude(&world, rest).await;
}

/// Everybody does what they do until the end; then everything is mended and comes to rest.
async fn live(world: &World) -> Result<closing::Rest, String> {
    let people = join_all((0..PEOPLE).map(|number| Person::new(world.settings.seed, number).live(world)));
    let sites = || 0..world.sites.len();
    let strangers = join_all(sites().map(|site| strangers::live(world, site)));
    let weather = join_all(sites().map(|site| weather::blow(world, site)));
    tokio::join!(people, strangers, weather, disasters::strike(world), outages::strike(world));
    closing::mend(world).await;
    closing::settle(world).await
}

/// Starts operators again that ended by themselves, as Kubernetes does.
async fn tend<T>(world: &World) -> T {
    loop {
        if world.crew.lock().await.tend() > 0 {
            world.ledger.befell("operator ended by itself", "an operator ended by itself and is started again");
        }
        sleep(Duration::from_millis(300)).await;
    }
}
