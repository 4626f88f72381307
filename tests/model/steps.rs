//! The single steps of an operator: each write to Kubernetes or the tenant, with what must hold just before it.
//!
//! By hand, after `controller::{landing, keeping, farewell}` and `controller::act`.

use crate::mind::Event;
use crate::process::Step;
use crate::protocol::{Move, Moves, Protocol};
use crate::rules::Rule;
use crate::world::{Id, Intent, Maker, Name, Post, Resource, SEND_LIMIT, SETTLE, SETTLED, Uid, Version, World, number};

/// How the tenant answers a DELETE.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answered {
    Done,
    /// 404, of whomever.
    NotFound,
    /// Not at all.
    Never,
}

impl Protocol {
    pub fn steps(&self, world: &World, operator: usize, moves: &mut Moves) {
        let mut next = world.clone();
        let does = match next.operators[operator].step {
            Step::Idle | Step::Await { .. } => return,
            Step::Intend { version, uid, name, since, replaces } => {
                let nonce = next.new_nonce();
                let intent = Intent { nonce, name, since, replaces };
                let step = |version| Step::Send { version, uid, name, replaces, age: 0 };
                let change = |resource: &mut Resource| (resource.finalizer, resource.intent) = (true, Some(intent));
                self.writes(&mut next, operator, version, change, step, "the finalizer and the intent")
            }
            Step::Send { .. } => self.sends(&mut next, operator),
            Step::Close { version } => {
                let change = |resource: &mut Resource| resource.intent = None;
                self.writes(&mut next, operator, version, change, |_| Step::Idle, "that the intent is closed")
            }
            Step::Land { .. } => self.lands(&mut next, operator),
            Step::Bind { version, id, created } => {
                let bound = next.stored.resource.is_some_and(|resource| resource.finalizer);
                let change = |resource: &mut Resource| {
                    if bound { self.bind(resource, id, created) } else { resource.finalizer = true }
                };
                let step = |version| {
                    if bound { Step::Annotate { version, id } } else { Step::Bind { version, id, created } }
                };
                let what = if bound { "the id" } else { "the finalizer" };
                self.writes(&mut next, operator, version, change, step, what)
            }
            Step::Annotate { version, id } => {
                let creates_again = |resource: &Resource| resource.intent.is_some_and(|one| one.replaces == Some(id));
                let change = |resource: &mut Resource| {
                    if !resource.deleting && !creates_again(resource) {
                        (resource.finalizer, resource.intent, resource.remote_id) = (true, None, Some(id));
                    }
                };
                self.writes(
                    &mut next,
                    operator,
                    version,
                    change,
                    |_| Step::Idle,
                    "remote-id in the place of the intent",
                )
            }
            Step::Update { uid, id, name } => self.updates(&mut next, operator, uid, id, name),
            Step::LetGo { version, keeps } => self.lets_go(&mut next, operator, version, keeps),
            Step::Remove { uid, id } => return self.deletes(world, operator, uid, id, Step::Idle, moves),
            Step::Delete { version, uid, id } => {
                // Read once more, as the wait for the slot may have been long.
                if world.stored.version == version || !self.setup.keeps(Rule::LiveRead) {
                    let then = Step::LetGo { version, keeps: false };
                    return self.deletes(world, operator, uid, id, then, moves);
                }
                next.operators[operator].step = Step::Idle;
                "does not send its DELETE, as the resource has changed".to_owned()
            }
        };
        Self::ends_if_suspended(&mut next, operator);
        moves.push((Move::Operator(operator, does), next));
    }

    fn bind(&self, resource: &mut Resource, id: Id, created: bool) {
        (resource.id, resource.created) = (Some(id), created);
        // Where no replica lags, it makes no difference when that was.
        resource.changed = if self.setup.replicas { 0 } else { SETTLED };
    }

    /// Who leads no more ends when it has finished what it had begun.
    fn ends_if_suspended(world: &mut World, operator: usize) {
        if !Self::leads(world, operator) && world.operators[operator].step == Step::Idle {
            world.end(operator);
        }
    }

    /// A write to Kubernetes, which is refused where it was not made for the newest version.
    fn writes(
        &self,
        world: &mut World,
        operator: usize,
        version: Version,
        change: impl FnOnce(&mut Resource),
        then: impl FnOnce(Version) -> Step,
        what: &str,
    ) -> String {
        let is_newest = world.stored.version == version || !self.setup.keeps(Rule::Guard);
        if !is_newest || world.stored.resource.is_none() {
            world.operators[operator].step = Step::Idle;
            return format!("is refused as it writes {what}: 409");
        }
        let written = world.store(|resource| {
            if let Some(resource) = resource {
                change(resource);
            }
        });
        // Until the watch shows it, the process does not look again.
        let process = &mut world.operators[operator];
        (process.view, process.step) = (world.stored, then(written));
        format!("writes {what}")
    }

    fn sends(&self, world: &mut World, operator: usize) -> String {
        let Step::Send { version, uid, name, replaces, age } = world.operators[operator].step else { unreachable!() };
        let in_time = age == SEND_LIMIT || !self.setup.keeps(Rule::SendLimit);
        if !in_time || !Self::leads(world, operator) {
            world.operators[operator].step = Step::Close { version };
            return "does not send its POST, as too much time has passed".to_owned();
        }
        world.operators[operator].step = Step::Await { version, uid, replaces };
        world.posts.push(Post { uid, name, age: 0, committed: None, waiter: Some(number(operator)) });
        "sends its POST".to_owned()
    }

    /// The id of what was just created, again and again until it is in. What no resource can hold any more is removed.
    fn lands(&self, world: &mut World, operator: usize) -> String {
        let Step::Land { version, uid, id, replaces } = world.operators[operator].step else { unreachable!() };
        if world.stored.version == version {
            let then = |version| Step::Annotate { version, id };
            return self.writes(world, operator, version, |resource| self.bind(resource, id, true), then, "the new id");
        }
        let stored = world.stored;
        let may_take = |resource: &Resource| {
            resource.uid == uid && (resource.id.is_none_or(|other| other == id) || replaces.is_some())
        };
        let again = Step::Land { version: stored.version, uid, id, replaces };
        let takes = stored.resource.as_ref().is_some_and(may_take);
        world.operators[operator].step = if takes { again } else { Step::Remove { uid, id } };
        "is refused as it writes the new id, and reads the resource again".to_owned()
    }

    fn updates(&self, world: &mut World, operator: usize, uid: Uid, id: Id, name: Name) -> String {
        world.operators[operator].step = Step::Idle;
        if !Self::leads(world, operator) {
            return "does not send its PATCH, as the lease may be lost".to_owned();
        }
        let Some(object) = world.alive(id) else {
            return format!("sends a PATCH of {id}, and is told that it is gone");
        };
        (object.name, object.alike) = (name, true);
        let (maker, shown) = (object.maker, object.shown());
        if maker != Maker::Operator(uid) {
            world.wrong = Some("nothing foreign: what the resource does not own was changed");
        }
        let mind = &mut world.operators[operator].mind;
        *mind = self.minds.after(*mind, Event::Wrote(shown));
        format!("sends a PATCH of {id}")
    }

    fn lets_go(&self, world: &mut World, operator: usize, version: Version, keeps: bool) -> String {
        world.operators[operator].step = Step::Idle;
        let is_newest = world.stored.version == version || !self.setup.keeps(Rule::Guard);
        let Some(resource) = world.stored.resource.filter(|_| is_newest) else {
            return "is refused as it removes its finalizer".to_owned();
        };
        if keeps {
            world.give_up(resource.uid);
        }
        world.store(|resource| *resource = None);
        "removes its finalizer: the resource is gone".to_owned()
    }

    fn deletes(&self, world: &World, operator: usize, uid: Uid, id: Id, then: Step, moves: &mut Moves) {
        if !Self::leads(world, operator) {
            let mut next = world.clone();
            next.operators[operator].step = Step::Idle;
            Self::ends_if_suspended(&mut next, operator);
            moves.push((
                Move::Operator(operator, "does not send its DELETE, as the lease may be lost".to_owned()),
                next,
            ));
            return;
        }
        let alive = world.objects.iter().find(|object| object.id == id && object.dead.is_none());
        let mut ends = |answered, says: &str, is_fault| {
            let next = self.deleted(world, operator, (uid, id), answered, then);
            let does = format!("sends a DELETE of {id}{says}");
            moves.push(if is_fault { next.fault(operator, &does) } else { (Move::Operator(operator, does), next) });
        };
        match alive {
            Some(_) => ends((Answered::Done, true), "", false),
            None => ends((Answered::NotFound, false), ", and is told that there is none", false),
        }
        if self.setup.replicas && alive.is_some_and(|object| object.age < SETTLE) {
            ends((Answered::NotFound, false), ", and a replica knows nothing of it yet", false);
        }
        if world.left.faults > 0 {
            ends((Answered::Never, true), ", whose answer is lost", true);
            ends((Answered::Never, false), ", which never arrives", true);
            ends((Answered::NotFound, false), ", and a gateway answers 404", true);
        }
    }

    /// After a DELETE was answered so, and executed or not.
    fn deleted(
        &self,
        world: &World,
        operator: usize,
        (uid, id): (Uid, Id),
        (answered, executed): (Answered, bool),
        then: Step,
    ) -> World {
        let mut next = world.clone();
        if executed {
            next.delete(uid, id);
        }
        let is_there = next.alive(id).is_some();
        let process = &mut next.operators[operator];
        let mut learns = |event| process.mind = self.minds.after(process.mind, event);
        match answered {
            Answered::Done => learns(Event::Deleted(id)),
            Answered::NotFound => {}
            Answered::Never => learns(Event::Unanswered(id)),
        }
        process.wanted |= answered != Answered::Done;
        let believes =
            answered == Answered::Done || (answered == Answered::NotFound && !self.setup.keeps(Rule::NotFound));
        process.step = match process.step {
            _ if believes => then,
            // What nobody else knows of is deleted again and again.
            Step::Remove { .. } if is_there => process.step,
            _ => Step::Idle,
        };
        Self::ends_if_suspended(&mut next, operator);
        next
    }
}

impl World {
    fn fault(mut self, operator: usize, does: &str) -> (Move, Self) {
        self.left.faults -= 1;
        (Move::Fault(format!("{} {does}", ['A', 'B'][operator])), self)
    }

    fn new_nonce(&mut self) -> Version {
        let nonces = self.nonces();
        nonces.into_iter().map(|nonce| *nonce + 1).max().unwrap_or_default()
    }

    /// The tenant deletes it.
    fn delete(&mut self, uid: Uid, id: Id) {
        let is_kept = self.stored.resource.is_some_and(|resource| resource.uid == uid && resource.orphan);
        let Some(object) = self.alive(id) else { return };
        object.dead = Some(0);
        let maker = object.maker;
        if maker != Maker::Operator(uid) {
            self.wrong = Some("nothing foreign: what the resource does not own was deleted");
        } else if is_kept {
            self.wrong = Some("kept when a person says so: it was deleted though force-orphan was set");
        }
    }
}
