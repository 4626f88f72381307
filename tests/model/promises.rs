//! Promises 1 to 3 of the design, as they can be judged in one state. That a deletion ends is judged over all of them.

use crate::process::Step;
use crate::world::{Maker, Object, Uid, World};

/// Which promise is broken here.
pub fn broken(world: &World) -> Option<String> {
    let broken = world.wrong.map(str::to_owned);
    broken.or_else(|| twice(world)).or_else(|| lost(world))
}

fn made(world: &World) -> impl Iterator<Item = (Uid, &Object)> {
    let alive = world.objects.iter().filter(|object| object.dead.is_none());
    alive.filter_map(|object| match object.maker {
        Maker::Operator(uid) => Some((uid, object)),
        Maker::Stranger => None,
    })
}

/// 1: at most one integration for each resource, at every moment.
fn twice(world: &World) -> Option<String> {
    let (uid, _) = made(world).find(|(uid, _)| made(world).filter(|(other, _)| other == uid).count() > 1)?;
    Some(format!("never twice: two integrations were made for the resource of uid {uid}"))
}

/// 1 and 3: what was made is known to its resource, or is in the hands of a process that will write it or remove it. So it
/// is never lost, and none is left when its resource is gone, but where a person asked for that.
fn lost(world: &World) -> Option<String> {
    let is_lost = |(uid, object): &(Uid, &Object)| {
        let resource = world.stored.resource.filter(|resource| resource.uid == *uid);
        let is_known = resource.is_some_and(|resource| resource.leads_to(object.id));
        !is_known && !world.is_given_up(*uid) && !is_in_hand(world, object)
    };
    let (uid, object) = made(world).find(is_lost)?;
    let what = if world.stored.resource.is_some_and(|resource| resource.uid == uid) {
        "never lost: nothing leads the resource to"
    } else {
        "no leak: the resource is gone, and what is left is"
    };
    Some(format!("{what} integration {}", object.id))
}

fn is_in_hand(world: &World, object: &Object) -> bool {
    let is_answer = world.posts.iter().any(|post| post.committed == Some(object.id) && post.waiter.is_some());
    let holds = |step: Step| match step {
        Step::Land { id, .. } | Step::Remove { id, .. } => id == object.id,
        _ => false,
    };
    is_answer || world.operators.iter().any(|operator| holds(operator.step))
}
