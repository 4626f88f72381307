//! What people may do: to the resource, and to the integrations in the tenant.

use crate::protocol::{Move, Moves, Protocol};
use crate::rules::{Stranger, User};
use crate::world::{Id, Maker, Name, OLD, Object, Resource, SETTLED, World};

impl Protocol {
    pub fn users(&self, world: &World, moves: &mut Moves) {
        if world.left.users == 0 {
            return;
        }
        for user in self.setup.users {
            let mut next = world.clone();
            next.left.users -= 1;
            if does(&mut next, *user).is_some() {
                moves.push((Move::User(*user), next));
            }
        }
    }

    pub fn strangers(&self, world: &World, moves: &mut Moves) {
        if world.left.strangers == 0 {
            return;
        }
        for stranger in self.setup.strangers {
            let mut next = world.clone();
            next.left.strangers -= 1;
            if meddles(&mut next, *stranger).is_some() {
                moves.push((Move::Stranger(*stranger), next));
            }
        }
    }

    /// What is in the tenant at first.
    pub fn old_objects(&self) -> Vec<Object> {
        let (maker, name) = (Maker::Stranger, Name::Other);
        let old = Object { id: 1, maker, name, alike: true, age: OLD, dead: None };
        if self.setup.strangers.contains(&Stranger::RenameOnto) { vec![old] } else { Vec::new() }
    }
}

/// Changes the resource; `None` where this person would not.
fn does(world: &mut World, user: User) -> Option<()> {
    if user == User::Recreate {
        let uid = world.uids + 1;
        let is_gone = world.stored.resource.is_none();
        return is_gone.then(|| {
            world.uids = uid;
            world.store(|resource| *resource = Some(Resource::new(uid)));
        });
    }
    let mut resource = world.stored.resource?;
    let uid = resource.uid;
    let mut is_gone = false;
    match user {
        User::Delete if !resource.deleting => (resource.deleting, is_gone) = (true, !resource.finalizer),
        User::Rename if resource.name == Name::Desk => resource.name = Name::Help,
        User::ForceOrphan if resource.deleting && !resource.orphan => resource.orphan = true,
        User::Strip if resource.deleting => is_gone = true,
        User::LoseStatus if resource.id.is_some() && resource.id == resource.remote_id => {
            (resource.id, resource.created, resource.changed) = (None, false, SETTLED);
        }
        _ => return None,
    }
    if matches!(user, User::ForceOrphan | User::Strip) {
        world.give_up(uid);
    }
    world.store(|stored| *stored = (!is_gone).then_some(resource));
    Some(())
}

/// Changes the tenant; `None` where there is nothing to change.
fn meddles(world: &mut World, stranger: Stranger) -> Option<()> {
    let held = world.stored.resource.and_then(|resource| resource.id);
    let held = |world: &mut World| -> Option<Id> { held.filter(|id| world.alive(*id).is_some()) };
    match stranger {
        Stranger::CreateSame => drop(world.make(Maker::Stranger, Name::Desk, false, OLD)),
        Stranger::RenameOnto => {
            let is_other = |object: &&mut Object| object.maker == Maker::Stranger && object.name == Name::Other;
            world.objects.iter_mut().find(is_other)?.name = Name::Desk;
        }
        Stranger::RenameAway => {
            let held = held(world)?;
            world.alive(held)?.name = Name::Other;
        }
        Stranger::Delete => {
            let held = held(world)?;
            world.alive(held)?.dead = Some(0);
        }
    }
    Some(())
}
