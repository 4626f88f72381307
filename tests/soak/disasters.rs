//! What befalls the operators and Kubernetes: all kinds before any comes again.

use std::ops::Range;
use std::time::Duration;

use tokio::task::block_in_place;

use crate::dice::{Deck, Dice};
use crate::settings::SETTLE;
use crate::support::control_plane;
use crate::world::World;

#[derive(Clone, Copy)]
enum Kind {
    /// SIGKILL, and another soon after.
    Kill,
    /// SIGTERM, and another at once.
    End,
    /// One more, or one less where there are two.
    Second,
    /// SIGSTOP, and SIGCONT soon after.
    Suspend,
    /// SIGSTOP for longer than a write may be under way, while another works.
    SuspendLong,
    ApiServer,
}

const ALL: [Kind; 10] = [
    Kind::Kill,
    Kind::Kill,
    Kind::Kill,
    Kind::Kill,
    Kind::End,
    Kind::Second,
    Kind::Second,
    Kind::Suspend,
    Kind::SuspendLong,
    Kind::ApiServer,
];

/// Brings disasters until the end. What is suspended then runs on.
pub async fn strike(world: &World) {
    let mut all = Dice::new(world.settings.seed, "disasters");
    let mut deck = Deck::new(&ALL);
    while !world.is_over() {
        let mut dice = all.throw();
        let kind = deck.deal(&mut all);
        world.rest(dice.millis(500..4_000)).await;
        match kind {
            Kind::Kill => kill(world, &mut dice).await,
            Kind::End => end(world, &mut dice).await,
            Kind::Second => second(world, &mut dice).await,
            Kind::Suspend => suspend(world, &mut dice, 1_000..6_000).await,
            Kind::SuspendLong => suspend_long(world, &mut dice).await,
            Kind::ApiServer => {
                world.ledger.befell("kube-apiserver restarted", "kube-apiserver is killed");
                block_in_place(control_plane::restart_api_server);
                world.ledger.tell("", "kube-apiserver is ready again");
            }
        }
    }
    world.crew.lock().await.resume();
}

async fn kill(world: &World, dice: &mut Dice) {
    let is_alone = {
        let mut crew = world.crew.lock().await;
        let which = dice.below(crew.count());
        crew.kill(which);
        crew.count() == 0
    };
    world.ledger.befell("operator killed", "an operator is killed");
    if is_alone {
        world.rest(dice.millis(0..1_500)).await;
        world.crew.lock().await.hire();
        world.ledger.tell("", "an operator starts");
    }
}

async fn end(world: &World, dice: &mut Dice) {
    let mut crew = world.crew.lock().await;
    let which = dice.below(crew.count());
    world.ledger.befell("operator ended", "an operator is told to end");
    crew.end(which).await;
    crew.hire();
    world.ledger.tell("", "it has ended, and another starts");
}

async fn second(world: &World, dice: &mut Dice) {
    let mut crew = world.crew.lock().await;
    if crew.count() == 1 {
        world.ledger.befell("second operator", "a second operator starts");
        crew.hire();
    } else {
        world.ledger.befell("operator killed", "one of two operators is killed");
        let which = dice.below(crew.count());
        crew.kill(which);
    }
}

async fn suspend(world: &World, dice: &mut Dice, millis: Range<u64>) {
    {
        let mut crew = world.crew.lock().await;
        let which = dice.below(crew.count());
        if crew.suspend(which) {
            world.ledger.befell("operator suspended", "an operator is suspended");
        }
    }
    world.rest(dice.millis(millis)).await;
    world.crew.lock().await.resume();
    world.ledger.tell("", "it runs on");
}

async fn suspend_long(world: &World, dice: &mut Dice) {
    {
        let mut crew = world.crew.lock().await;
        if crew.count() == 1 {
            world.ledger.befell("second operator", "a second operator starts");
            crew.hire();
        }
    }
    world.rest(Duration::from_secs(2)).await;
    let settle = u64::try_from(SETTLE.as_millis()).unwrap();
    suspend(world, dice, settle..settle + 3_000).await;
}
