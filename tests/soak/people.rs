//! People who write manifests: each has desks of their own, and does one thing at a time.

use std::collections::BTreeSet;

use serde_json::json;

use crate::dice::Dice;
use crate::ledger::{Desk, verdict};
use crate::tenants::{ACCOUNTS, NAMESPACES};
use crate::wanted::Wanted;
use crate::world::World;

/// How many people there are, and how many desks each may have at once.
pub const PEOPLE: usize = 4;
pub const DESKS: usize = 6;
/// Names in the tenant that several may want, or a stranger may have.
pub const SHARED: usize = 5;
/// Names that what exists already is adopted by. Nothing else has such a name.
const OLD: usize = 6;

/// A place for a desk: one name in one namespace, one after the other.
struct Place {
    namespace: &'static str,
    name: String,
    desk: Option<usize>,
    count: usize,
}

pub struct Person {
    dice: Dice,
    places: Vec<Place>,
}

#[derive(Clone, Copy)]
enum Deed {
    Edit,
    Rename,
    Mode,
    Policy,
    Label,
    LookAgain,
    SendAgain,
    Strip,
    Paste,
    Delete,
    Force,
}

const DEEDS: [(usize, Deed); 11] = [
    (32, Deed::Edit),
    (9, Deed::Rename),
    (9, Deed::Mode),
    (5, Deed::Policy),
    (5, Deed::Label),
    (3, Deed::LookAgain),
    (4, Deed::SendAgain),
    (5, Deed::Strip),
    (8, Deed::Paste),
    (7, Deed::Delete),
    (2, Deed::Force),
];

impl Person {
    pub fn new(seed: u64, number: usize) -> Self {
        let place = |index: usize| Place {
            namespace: NAMESPACES[index % NAMESPACES.len()],
            name: format!("desk-{number}-{index}"),
            desk: None,
            count: 0,
        };
        Self { dice: Dice::new(seed, &format!("person {number}")), places: (0..DESKS).map(place).collect() }
    }

    /// Does one thing after the other until the end.
    pub async fn live(mut self, world: &World) {
        while !world.is_over() {
            let mut dice = self.dice.throw();
            world.rest(dice.millis(50..700)).await;
            let place = &mut self.places[dice.below(DESKS)];
            match place.desk {
                None => place.desk = Some(create(world, place, &mut dice).await),
                Some(number) if world.ledger.desk(number).deletion.is_some() => {
                    if linger(world, number, &mut dice).await {
                        place.desk = None;
                    }
                }
                Some(number) => act(world, number, &mut dice).await,
            }
            place.count += usize::from(place.desk.is_none());
        }
    }
}

async fn create(world: &World, place: &Place, dice: &mut Dice) -> usize {
    let account = dice.below(ACCOUNTS.len());
    let site = ACCOUNTS[account].site;
    let tag = format!("{}/{}#{}", place.namespace, place.name, place.count);
    let own = format!("Desk {}", place.name);
    let mut wanted = Wanted {
        tag: tag.clone(),
        revision: 0,
        name: if dice.chance(30) { shared(dice) } else { own },
        sources: sources(dice),
        by_name: dice.chance(40),
        has_rule: dice.chance(40),
        external_id: None,
        mode: dice.pick(&[None, None, None, None, Some("Enforce"), Some("Report"), Some("Plan")]),
        adopts_by_name: false,
        delete: dice.pick(&[None, None, None, Some("Delete"), Some("Orphan")]),
    };
    let mut kind = "create";
    if dice.chance(12) {
        (wanted.name, wanted.adopts_by_name, kind) = (old(dice), true, "create to adopt by name");
    } else if dice.chance(14)
        && let Some(id) = stranger(world, site, dice)
    {
        (wanted.external_id, kind) = (Some(id), "create to adopt by id");
    }
    let mut desk = Desk {
        namespace: place.namespace,
        name: place.name.clone(),
        uid: String::new(),
        account,
        site,
        wanted: wanted.clone(),
        claims: BTreeSet::new(),
        only_planned: true,
        stripped: false,
        deletion: None,
        is_gone: false,
    };
    desk.want(wanted.clone());
    let number = world.ledger.enter(desk);
    world.ledger.did(kind, &tag, format!("{kind}: {wanted:?}"));
    let manifest = wanted.manifest(place.namespace, &place.name, &ACCOUNTS[account]);
    let applied = world.cluster.apply(&manifest).await.unwrap();
    world.ledger.note(number, |desk| applied["metadata"]["uid"].as_str().unwrap().clone_into(&mut desk.uid));
    number
}

fn shared(dice: &mut Dice) -> String {
    format!("Shared {}", dice.below(SHARED))
}

/// A name that adoption goes by.
pub fn old(dice: &mut Dice) -> String {
    format!("Old {}", dice.below(OLD))
}

fn sources(dice: &mut Dice) -> Vec<usize> {
    dice.pick(&[vec![], vec![0], vec![1], vec![0, 1], vec![1, 0]])
}

fn stranger(world: &World, site: usize, dice: &mut Dice) -> Option<String> {
    let book = world.ledger.open();
    let all: Vec<String> = book.strangers.iter().filter(|one| one.site == site).map(|one| one.id.clone()).collect();
    (!all.is_empty()).then(|| dice.pick(&all))
}

/// Does something to a desk that stands.
async fn act(world: &World, number: usize, dice: &mut Dice) {
    match dice.weigh(&DEEDS) {
        Deed::Edit => {
            let (sources, by_name, has_rule) = (sources(dice), dice.chance(40), dice.chance(50));
            change(world, number, "edit", |wanted| Wanted { sources, by_name, has_rule, ..wanted }).await;
        }
        Deed::Rename => {
            let name = if dice.chance(40) { shared(dice) } else { format!("Renamed {}", dice.within(0..1_000_000)) };
            // Whoever adopts by name adopts by those names only.
            let own = move |wanted: Wanted| if wanted.adopts_by_name { wanted } else { Wanted { name, ..wanted } };
            change(world, number, "rename", own).await;
        }
        Deed::Mode => {
            let mode = dice.pick(&[None, None, Some("Enforce"), Some("Report"), Some("Plan"), Some("Paused")]);
            change(world, number, "change mode", |wanted| Wanted { mode, ..wanted }).await;
        }
        Deed::Policy => set_policy(world, number, dice).await,
        Deed::Label => {
            let label = json!({"metadata": {"labels": {"team": format!("t{}", dice.below(1_000))}}});
            patch(world, number, "edit labels", &label).await;
        }
        Deed::LookAgain => annotate(world, number, "ask for a look", "reconcile-requested-at", dice).await,
        Deed::SendAgain => annotate(world, number, "ask for correction", "correct-requested-at", dice).await,
        Deed::Strip => strip(world, number).await,
        Deed::Paste => paste(world, number).await,
        Deed::Delete => delete(world, number, false).await,
        Deed::Force => delete(world, number, true).await,
    }
}

/// Applies a changed spec. It is noted first, as the operator may act on it before this comes back.
pub async fn change(world: &World, number: usize, kind: &'static str, change: impl FnOnce(Wanted) -> Wanted) {
    let desk = world.ledger.desk(number);
    let revision = desk.wanted.revision + 1;
    let wanted = Wanted { revision, ..change(desk.wanted) };
    world.ledger.note(number, |desk| desk.want(wanted.clone()));
    world.ledger.did(kind, &wanted.tag, format!("{kind}: {wanted:?}"));
    let mut manifest = wanted.manifest(desk.namespace, &desk.name, &ACCOUNTS[desk.account]);
    manifest["metadata"]["uid"] = json!(desk.uid);
    world.cluster.apply(&manifest).await;
}

async fn set_policy(world: &World, number: usize, dice: &mut Dice) {
    let delete = dice.pick(&[None, Some("Delete"), Some("Orphan")]);
    change(world, number, "change policy.delete", |wanted| Wanted { delete, ..wanted }).await;
}

async fn patch(world: &World, number: usize, kind: &'static str, patch: &serde_json::Value) {
    let desk = world.ledger.desk(number);
    world.ledger.did(kind, &desk.wanted.tag, format!("{kind}: {patch}"));
    world.cluster.patch("SimIntegration", desk.namespace, &desk.name, patch).await;
}

async fn annotate(world: &World, number: usize, kind: &'static str, key: &str, dice: &mut Dice) {
    let value = dice.within(0..u64::MAX).to_string();
    patch(world, number, kind, &json!({"metadata": {"annotations": {format!("simops.dev/{key}"): value}}})).await;
}

/// `kubectl replace` with a manifest that has neither finalizer nor annotations. Not while a create is open: its annotation
/// is all that anybody knows of it.
async fn strip(world: &World, number: usize) {
    let desk = world.ledger.desk(number);
    let seen = world.cluster.look(desk.namespace, &desk.name).await;
    if seen.is_none_or(|seen| seen["metadata"]["annotations"]["simops.dev/create"].is_string()) {
        return;
    }
    world.ledger.note(number, |desk| desk.stripped = true);
    world.ledger.did("strip by replace", &desk.wanted.tag, "strip finalizer and annotations by replace");
    let bare = |object: &mut kube::api::DynamicObject| {
        let is_open = object.metadata.annotations.as_ref().is_some_and(|all| all.contains_key("simops.dev/create"));
        if !is_open {
            (object.metadata.annotations, object.metadata.finalizers) = (None, None);
        }
    };
    world.cluster.replace(desk.namespace, &desk.name, bare).await;
}

/// Does as the message says: takes what is there by its id.
async fn paste(world: &World, number: usize) {
    let desk = world.ledger.desk(number);
    let Some(seen) = world.cluster.look(desk.namespace, &desk.name).await else { return };
    let (reason, message) = verdict(&seen);
    let offered: Vec<&str> =
        message.split("externalId: ").skip(1).map(|rest| rest.split('`').next().unwrap()).collect();
    if let ("AlreadyExists" | "Ambiguous", [id]) = (reason, offered.as_slice()) {
        let external_id = Some((*id).to_owned());
        change(world, number, "paste externalId", |wanted| Wanted { external_id, ..wanted }).await;
    }
}

async fn delete(world: &World, number: usize, forced: bool) {
    let desk = world.ledger.desk(number);
    world.ledger.note(number, |desk| desk.delete(forced));
    if forced {
        force(world, number).await;
    }
    world.ledger.did("delete", &desk.wanted.tag, "delete");
    world.cluster.delete(desk.namespace, &desk.name).await;
}

/// Lets go of a desk that is being deleted, or is about to be.
pub async fn force(world: &World, number: usize) {
    world.ledger.note(number, |desk| desk.deletion.as_mut().unwrap().forced = true);
    let annotation = json!({"metadata": {"annotations": {"simops.dev/force-orphan": "true"}}});
    patch(world, number, "force-orphan", &annotation).await;
}

/// Waits for a desk to be gone, or changes its mind; whether it is gone.
async fn linger(world: &World, number: usize, dice: &mut Dice) -> bool {
    let desk = world.ledger.desk(number);
    if world.cluster.look(desk.namespace, &desk.name).await.is_none() {
        world.ledger.note(number, |desk| desk.is_gone = true);
        world.ledger.tell(&desk.wanted.tag, "is gone");
        return true;
    }
    match dice.below(60) {
        0..5 => set_policy(world, number, dice).await,
        5 => force(world, number).await,
        6..12 => {
            // A deletion waits while it is paused.
            change(world, number, "change mode while deleting", |wanted| Wanted { mode: None, ..wanted }).await;
        }
        _ => {}
    }
    false
}
