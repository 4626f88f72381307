//! What an operator does between two looks: lists, passes and single steps, each with one effect.
//!
//! By hand, after `controller::{reconcile, keeping, landing, farewell}`, `controller::act` and `controller::tenant::list`;
//! what is decided in between is decided by the real code (`judge.rs`).

use crate::judge::{Decision, Judged, Sight};
use crate::mind::{Asked, Event};
use crate::process::{Answer, Listed, Listing, Step};
use crate::protocol::{Move, Moves, Protocol};
use crate::rules::{Rule, User};
use crate::tenant::lists;
use crate::world::{BYSTANDER, Id, Name, OLD, SETTLE, Shown, Stored, World, number};

impl Protocol {
    /// Whether this operator may begin anything.
    pub fn leads(world: &World, operator: usize) -> bool {
        world.leader.is_none_or(|leader| leader == number(operator))
    }

    pub fn operator(&self, world: &World, operator: usize, moves: &mut Moves) {
        if Self::leads(world, operator) {
            watches(world, operator, moves);
            self.starts_list(world, operator, moves);
            self.reads_list(world, operator, moves);
            self.passes(world, operator, moves);
        }
        self.steps(world, operator, moves);
    }

    fn starts_list(&self, world: &World, number: usize, moves: &mut Moves) {
        let operator = &world.operators[number];
        let is_wanted = operator.wanted || operator.asked.iter().any(|(_, answer)| *answer == Answer::Wanted);
        let is_due = is_wanted || operator.listed.is_none_or(|listed| listed.age >= OLD);
        let lists_meanwhile = matches!(operator.step, Step::Idle | Step::Await { .. } | Step::Delete { .. });
        if operator.listing.is_some() || !lists_meanwhile || operator.view.resource.is_none() || !is_due {
            return;
        }
        for (shown, lie) in lists(world) {
            let mut next = world.clone();
            let says = lie.map_or_else(|| words(&shown), str::to_owned);
            let operator = &mut next.operators[number];
            operator.listing = Some(Listing { age: 0, shown, date: self.date(world) });
            operator.wanted = false;
            operator.questions(Answer::Wanted, Answer::Running);
            let does = format!("sends a LIST, which shows {says}");
            next.left.lies -= u8::from(lie.is_some());
            let of = |does| {
                if lie.is_some() {
                    Move::Fault(format!("{} {does}", ['A', 'B'][number]))
                } else {
                    Move::Operator(number, does)
                }
            };
            if operator.step != Step::Idle {
                moves.push((of(does), next));
                continue;
            }
            // Nothing of its own comes in between that could make a difference.
            for (read, next) in self.read_lists(&next, number) {
                moves.push((of(format!("{does}, and {read}")), next));
            }
        }
    }

    fn reads_list(&self, world: &World, number: usize, moves: &mut Moves) {
        if world.operators[number].listing.is_some() {
            let read = self.read_lists(world, number).into_iter();
            moves.extend(read.map(|(does, next)| (Move::Operator(number, does), next)));
        }
    }

    /// The tenant's clock, where it makes a difference.
    fn date(&self, world: &World) -> Id {
        let makes_a_difference = !self.setup.strangers.is_empty() || self.setup.users.contains(&User::Recreate);
        if makes_a_difference { world.born } else { 0 }
    }

    /// As `controller::tenant::list::believe`: what the LIST lacks is asked for one at a time, and the first that is there
    /// ends it. A GET may lag, too.
    fn read_lists(&self, world: &World, number: usize) -> Vec<(String, World)> {
        let mut read = Vec::new();
        let operator = &world.operators[number];
        let Some(Listing { age, shown, date }) = operator.listing.clone() else { return read };
        let held = self.judge.held(operator.view.resource);
        let missing = self.minds.missing(operator.mind, Asked { shown: shown.clone(), age, held });
        for lags in [false, true].into_iter().take(1 + usize::from(self.setup.replicas)) {
            let (mut gone, mut there, mut has_lagged) = (Vec::new(), Vec::new(), false);
            for id in &missing {
                let found = world.objects.iter().find(|object| object.id == *id && object.dead.is_none());
                let bystander = (*id == BYSTANDER).then_some(Shown { id: *id, name: Name::Other, alike: false });
                match (found, bystander) {
                    (Some(object), _) if lags && object.age < SETTLE => has_lagged = true,
                    (Some(object), _) => there.push(object.shown()),
                    (None, Some(bystander)) => there.push(bystander),
                    (None, None) => {}
                }
                if there.is_empty() { gone.push(*id) } else { break }
            }
            if lags && !has_lagged {
                break;
            }
            let whole = missing.len() == gone.len() || !self.setup.keeps(Rule::WholeList);
            let mut next = world.clone();
            let operator = &mut next.operators[number];
            operator.listing = None;
            operator.listed = Some(Listed { age, whole, date });
            operator.questions(Answer::Running, Answer::Read);
            operator.seen.iter_mut().for_each(|seen| seen.whole = (seen.whole + u8::from(whole)).min(2));
            let event = Event::Listed { shown: shown.clone(), age, gone: gone.clone(), there, whole };
            operator.mind = self.minds.after(operator.mind, event);
            let mut does = format!("reads the LIST, which is {}whole", if whole { "" } else { "not " });
            if !gone.is_empty() {
                does = format!("{does}, and that {gone:?} are gone");
            }
            read.push((does, next));
        }
        read
    }

    /// What is looked at: the resource as the watch shows it or, where it is being deleted, as it is.
    fn judged(&self, world: &World, number: usize) -> Option<(Judged, Stored)> {
        let operator = &world.operators[number];
        let view = operator.view;
        let resource = view.resource.filter(|_| operator.step == Step::Idle)?;
        let looked_at = if resource.deleting && self.setup.keeps(Rule::LiveRead) { world.stored } else { view };
        if resource.deleting && (!resource.finalizer || looked_at.resource?.uid != resource.uid) {
            return None;
        }
        let sight = Sight {
            resource: looked_at.resource?,
            view: view.resource,
            mind: operator.mind,
            listed: operator.listed,
            asked: operator.asked.clone(),
            seen: operator.seen,
        };
        Some((self.judge.judge(sight, &self.minds), looked_at))
    }

    fn passes(&self, world: &World, number: usize, moves: &mut Moves) {
        let Some((Judged { decision, mind, asked, seen }, looked_at)) = self.judged(world, number) else { return };
        let mut next = world.clone();
        let operator = &mut next.operators[number];
        (operator.mind, operator.asked, operator.seen) = (mind, asked, seen);
        operator.wanted |= decision == Decision::List;
        operator.step = self.step_of(decision, looked_at);
        moves.push((Move::Operator(number, format!("looks: {decision:?}")), next));
    }

    /// Whether a person is told what to do.
    pub fn is_stalled(&self, world: &World) -> bool {
        (0..2).filter(|operator| Self::leads(world, *operator)).any(|operator| {
            let is_up_to_date = world.operators[operator].view == world.stored;
            let judged = self.judged(world, operator).filter(|_| is_up_to_date);
            judged.is_some_and(|(judged, _)| matches!(judged.decision, Decision::Stall(_)))
        })
    }

    fn step_of(&self, decision: Decision, Stored { resource, version }: Stored) -> Step {
        let Some(resource) = resource else { return Step::Idle };
        let (uid, name) = (resource.uid, resource.name);
        match decision {
            Decision::Park | Decision::List | Decision::Wait | Decision::Stall(_) => Step::Idle,
            Decision::InOrder => match resource.id {
                Some(id) if !resource.is_annotated() => Step::Annotate { version, id },
                _ => Step::Idle,
            },
            Decision::Create { since, replaces } if self.setup.keeps(Rule::IntentFirst) => {
                Step::Intend { version, uid, name, since, replaces }
            }
            Decision::Create { replaces, .. } => Step::Send { version, uid, name, replaces, age: 0 },
            Decision::Bind { id, created } => Step::Bind { version, id, created },
            Decision::Update(id) => Step::Update { uid, id, name },
            Decision::Delete(id) => Step::Delete { version, uid, id },
            Decision::LetGo { keeps } => Step::LetGo { version, keeps },
        }
    }
}

/// The watch shows what is stored, sooner or later.
fn watches(world: &World, number: usize, moves: &mut Moves) {
    let stored = world.stored.as_watched();
    let before = world.operators[number].view;
    if before == stored {
        return;
    }
    let mut next = world.clone();
    let operator = &mut next.operators[number];
    operator.view = stored;
    let uid = |stored: Stored| stored.resource.map(|resource| resource.uid);
    if uid(before) != uid(stored) {
        (operator.asked, operator.seen) = (Vec::new(), None);
    }
    moves.push((Move::Operator(number, "sees the newest version of the resource".to_owned()), next));
}

fn words(shown: &[Shown]) -> String {
    let shown: Vec<String> = shown.iter().map(|one| format!("{} {:?}", one.id, one.name)).collect();
    shown.join(", ")
}
