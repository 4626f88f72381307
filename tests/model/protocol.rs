//! The protocol as a model: who can do what next, which states are the same, and when all is at rest.

use std::fmt;

use crate::explorer::{Explored, Model};
use crate::judge::Judge;
use crate::mind::{Event, Minds};
use crate::process::{Operator, Step};
use crate::promises;
use crate::rules::{Setup, Stranger, User};
use crate::world::{Mishaps, OLD, Resource, SETTLE, World};

/// Something that happens.
#[derive(Clone, Debug)]
pub enum Move {
    Tick,
    /// An operator does something.
    Operator(usize, String),
    Crash(usize),
    /// The other operator becomes the leader.
    TakeOver(usize),
    Tenant(String),
    /// A request or an answer is lost, refused, or a lie.
    Fault(String),
    User(User),
    Stranger(Stranger),
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |operator: &usize| ['A', 'B'][*operator];
        match self {
            Self::Tick => f.write_str("a tick passes"),
            Self::Operator(operator, does) => write!(f, "{} {does}", name(operator)),
            Self::Crash(operator) => write!(f, "{} is killed, and starts again knowing nothing", name(operator)),
            Self::TakeOver(operator) => write!(f, "{} takes over the lease; the other is suspended", name(operator)),
            Self::Tenant(does) | Self::Fault(does) => f.write_str(does),
            Self::User(user) => write!(f, "a person in Kubernetes: {user:?}"),
            Self::Stranger(stranger) => write!(f, "a person in the tenant: {stranger:?}"),
        }
    }
}

/// What can happen next, as it is collected.
pub type Moves = Vec<(Move, World)>;

/// The model of one setup.
pub struct Protocol {
    pub setup: Setup,
    pub minds: Minds,
    pub judge: Judge,
}

impl Protocol {
    pub fn new(setup: Setup) -> Self {
        Self { minds: Minds::new(), judge: Judge::new(setup.clone()), setup }
    }

    /// What was explored, in a line.
    pub fn report(&self, explored: &Explored) -> String {
        let Explored { states, moves, depth } = explored;
        let (looks, beliefs) = (self.judge.looks(), self.minds.len());
        format!("{states} states, {moves} moves, {depth} deep; {looks} different looks judged, {beliefs} beliefs")
    }

    fn tick(&self, world: &World) -> Option<World> {
        // What the tenant accepted it has committed within settle.
        if world.posts.iter().any(|post| post.committed.is_none() && post.age + 1 >= SETTLE) {
            return None;
        }
        let mut next = world.clone();
        next.tick(|mind| self.minds.after(mind, Event::Tick));
        Some(next)
    }

    fn crashes(world: &World, moves: &mut Moves) {
        for operator in 0..2 {
            if world.left.crashes > 0 && world.operators[operator] != Operator::new() {
                let mut next = world.clone();
                next.left.crashes -= 1;
                next.end(operator);
                moves.push((Move::Crash(operator), next));
            }
        }
    }

    fn takeover(world: &World, moves: &mut Moves) {
        let Some(leader) = world.leader.filter(|_| world.left.takeovers > 0) else { return };
        let mut next = world.clone();
        let (before, now) = (usize::from(leader), usize::from(1 - leader));
        next.left.takeovers -= 1;
        next.leader = Some(1 - leader);
        // The suspended process finishes what it had begun, and ends: nothing else of it matters.
        next.operators[before] = Operator { step: world.operators[before].step, ..Operator::new() };
        next.operators[now].view = std::mem::replace(&mut next.before, Operator::new().view);
        moves.push((Move::TakeOver(now), next));
    }
}

impl Model for Protocol {
    type State = World;
    type Move = Move;

    fn start(&self) -> World {
        World::new(self.setup.left, self.setup.leadership.first(), self.old_objects())
    }

    fn moves(&self, world: &World) -> Moves {
        let mut moves = Vec::new();
        if world.is_over() {
            return moves;
        }
        for operator in 0..2 {
            self.operator(world, operator, &mut moves);
        }
        self.tenant(world, &mut moves);
        moves.extend(self.tick(world).map(|next| (Move::Tick, next)));
        Self::crashes(world, &mut moves);
        Self::takeover(world, &mut moves);
        self.users(world, &mut moves);
        self.strangers(world, &mut moves);
        for (_, next) in &mut moves {
            next.tidy();
        }
        moves
    }

    fn fingerprint(&self, world: &World) -> u64 {
        world.fingerprint()
    }

    fn broken(&self, world: &World) -> Option<String> {
        promises::broken(world)
    }

    fn is_at_rest(&self, world: &World) -> bool {
        world.is_in_order() || (world.is_still() && self.is_stalled(world))
    }

    fn is_mishap(&self, taken: &Move) -> bool {
        !matches!(taken, Move::Tick | Move::Operator(..) | Move::Tenant(_))
    }
}

impl World {
    /// Nothing was begun that is not ended.
    fn is_still(&self) -> bool {
        self.posts.is_empty() && self.operators.iter().all(|operator| operator.step == Step::Idle)
    }

    /// The resource has what it asks for, or has gone.
    fn is_in_order(&self) -> bool {
        let is_there = |id| self.objects.iter().any(|object| object.id == id && object.dead.is_none());
        let is_in_order = |one: Resource| !one.deleting && one.intent.is_none() && one.id.is_some_and(is_there);
        self.is_still() && self.stored.resource.is_none_or(is_in_order)
    }

    /// In order, seen by everybody, settled, and nothing can go wrong any more.
    fn is_over(&self) -> bool {
        let is_settled = self.objects.iter().all(|object| object.age >= OLD);
        let stored = self.stored.as_watched();
        let is_seen = self.operators.iter().all(|operator| operator.view == stored || *operator == Operator::new());
        self.left == Mishaps::default() && is_settled && is_seen && self.is_in_order()
    }
}
