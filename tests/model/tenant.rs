//! What the tenant may do: commit late, lose answers, refuse, and show lists that lag, are short or empty.

use crate::mind::Event;
use crate::process::Step;
use crate::protocol::{Move, Moves, Protocol};
use crate::world::{BYSTANDER, LAG, Maker, Name, Object, Post, SETTLE, Shown, World};

impl Protocol {
    pub fn tenant(&self, world: &World, moves: &mut Moves) {
        for (index, post) in world.posts.iter().enumerate() {
            match post.committed {
                None => commits(world, index, moves),
                Some(_) => self.answers(world, index, moves),
            }
            if world.left.faults > 0 {
                faults(world, index, *post, moves);
            }
        }
    }

    fn answers(&self, world: &World, index: usize, moves: &mut Moves) {
        let mut next = world.clone();
        let Post { waiter: Some(waiter), committed: Some(id), .. } = next.posts.remove(index) else { return };
        let operator = usize::from(waiter);
        let Step::Await { version, uid, replaces } = next.operators[operator].step else { unreachable!() };
        if let Some(shown) = next.objects.iter().find(|object| object.id == id).map(Object::shown) {
            let mind = &mut next.operators[operator].mind;
            *mind = self.minds.after(*mind, Event::Wrote(shown));
        }
        next.operators[operator].step = Step::Land { version, uid, id, replaces };
        moves.push((Move::Operator(operator, format!("reads the answer to its POST: integration {id}")), next));
    }
}

fn commits(world: &World, index: usize, moves: &mut Moves) {
    let mut next = world.clone();
    let post = next.posts[index];
    let id = next.make(Maker::Operator(post.uid), post.name, true, post.age);
    next.posts[index].committed = Some(id);
    moves.push((Move::Tenant(format!("the tenant commits a POST: integration {id}")), next));
}

fn faults(world: &World, index: usize, post: Post, moves: &mut Moves) {
    let fault = |what: &str, never_made: bool, then: &dyn Fn(&mut World, usize)| {
        let mut next = world.clone();
        next.left.faults -= 1;
        if never_made {
            next.posts.remove(index);
        } else {
            next.posts[index].waiter = None;
        }
        if let Some(waiter) = post.waiter {
            then(&mut next, usize::from(waiter));
        }
        (Move::Fault(what.to_owned()), next)
    };
    let is_unknown = |world: &mut World, operator: usize| world.operators[operator].step = Step::Idle;
    if post.waiter.is_some() {
        moves.push(fault("the answer to a POST is lost", false, &is_unknown));
    }
    if post.committed.is_none() {
        moves.push(fault("a POST never arrives", true, &is_unknown));
    }
    if post.committed.is_none() && post.waiter.is_some() {
        moves.push(fault("the tenant refuses a POST", true, &|world, operator| {
            let Step::Await { version, .. } = world.operators[operator].step else { unreachable!() };
            world.operators[operator].step = Step::Close { version };
        }));
    }
}

impl Object {
    pub fn shown(&self) -> Shown {
        Shown { id: self.id, name: self.name, alike: self.alike }
    }

    /// Whether a LIST shows it: surely, surely not, or who knows.
    fn is_shown(&self) -> Option<bool> {
        match self.dead {
            Some(dead) if dead >= LAG => Some(false),
            None if self.age >= SETTLE => Some(true),
            _ => None,
        }
    }
}

/// What a LIST that starts now may show, and whether that is a lie.
pub fn lists(world: &World) -> Vec<(Vec<Shown>, Option<&'static str>)> {
    let bystander = Shown { id: BYSTANDER, name: Name::Other, alike: false };
    let mut honest = vec![vec![bystander]];
    for object in &world.objects {
        let shown = object.is_shown();
        let without = honest.clone();
        for list in &mut honest {
            list.push(object.shown());
        }
        match shown {
            Some(true) => {}
            Some(false) => honest = without,
            None => honest.extend(without),
        }
    }
    let mut lists: Vec<_> = honest.iter().cloned().map(|list| (list, None)).collect();
    if world.left.lies > 0 {
        lists.push((Vec::new(), Some("nothing, which is a lie")));
        if let Some(held) = world.stored.resource.and_then(|resource| resource.id) {
            let short = honest.swap_remove(0).into_iter().filter(|shown| shown.id != held).collect();
            lists.push((short, Some("all but what the resource holds, which may be a lie")));
        }
    }
    lists
}
