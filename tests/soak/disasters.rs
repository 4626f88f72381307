//! What befalls the operators and Kubernetes: all kinds before any comes again.

use std::ops::Range;
use std::time::Duration;

use tokio::task::block_in_place;
use tokio::time::Instant;

use crate::dice::{Deck, Dice};
use crate::settings::SETTLE;
use crate::support::control_plane;
use crate::weather::pause;
use crate::world::World;

/// A run of at least so long has pauses of minutes.
const LONG: Duration = Duration::from_mins(4);

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
    /// No way to Kubernetes, or none back.
    Cut,
    Swallow,
    /// A tenant asks for a pause of more than a minute, in which nothing else happens to the one operator.
    LongPause,
    /// A rolling update that turns the leader election on, or off.
    Election,
}

const ALL: [Kind; 18] = [
    Kind::Kill,
    Kind::Kill,
    Kind::Kill,
    Kind::Kill,
    Kind::Kill,
    Kind::Kill,
    Kind::End,
    Kind::Second,
    Kind::Second,
    Kind::Second,
    Kind::Suspend,
    Kind::Suspend,
    Kind::SuspendLong,
    Kind::ApiServer,
    Kind::Cut,
    Kind::Swallow,
    Kind::Election,
    Kind::LongPause,
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
            Kind::Suspend => suspend(world, &mut dice, 500..5_000).await,
            // A run that is shorter has no time for it.
            Kind::LongPause if world.settings.faults < LONG => {}
            Kind::LongPause => long_pause(world, &mut dice).await,
            Kind::SuspendLong => suspend_long(world, &mut dice).await,
            Kind::ApiServer => {
                world.ledger.befell("kube-apiserver restarted", "kube-apiserver is killed");
                block_in_place(control_plane::restart_api_server);
                world.ledger.tell("", "kube-apiserver is ready again");
            }
            Kind::Cut => {
                world.ledger.befell("Kubernetes cut off", "no way to Kubernetes");
                world.crew.lock().await.gate.cut();
                open(world, &mut dice).await;
            }
            Kind::Swallow => {
                world.ledger.befell("answers of Kubernetes lost", "no way back from Kubernetes");
                world.crew.lock().await.gate.swallow_answers();
                open(world, &mut dice).await;
            }
            Kind::Election => {
                let mut crew = world.crew.lock().await;
                crew.elects = !crew.elects;
                world.ledger.befell("election on or off", &format!("those that start now elect: {}", crew.elects));
            }
        }
    }
    world.crew.lock().await.resume();
}

async fn long_pause(world: &World, dice: &mut Dice) {
    {
        let mut crew = world.crew.lock().await;
        while crew.count() > 1 {
            world.ledger.befell("operator killed", "one of two operators is killed");
            crew.kill(0);
        }
    }
    let left = world.end.saturating_duration_since(Instant::now()).as_secs();
    let seconds = dice.within(61..90).min(left);
    let site = &world.sites[dice.below(world.sites.len())];
    world.ledger.befell("long pause", &format!("{} asks for a pause of {seconds} s", site.org));
    site.tenant.read().await.inject(&pause(seconds)).await;
    world.rest(Duration::from_secs(seconds)).await;
}

async fn open(world: &World, dice: &mut Dice) {
    world.rest(dice.millis(200..4_000)).await;
    world.crew.lock().await.gate.open();
    world.ledger.tell("", "Kubernetes can be reached again");
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
