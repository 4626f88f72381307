//! People who work in the tenant's UI: they make integrations of their own, and meddle with those of others.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::ledger::{Stranger, verdict};
use crate::people::{DESKS, PEOPLE, SHARED, old};
use crate::tenants::{ACCOUNTS, ACTIVE_DIRECTORY, TRAINING_VA, WORKDAY};
use crate::world::World;

/// Strangers' integrations in one tenant at once.
const MOST: usize = 10;

#[derive(Clone, Copy)]
enum Deed {
    MakeCollision,
    MakeOld,
    EditStranger,
    DeleteStranger,
    Edit,
    Rename,
    Delete,
    Confirm,
}

const DEEDS: [(usize, Deed); 8] = [
    (14, Deed::MakeCollision),
    (16, Deed::MakeOld),
    (14, Deed::EditStranger),
    (6, Deed::DeleteStranger),
    (26, Deed::Edit),
    (8, Deed::Rename),
    (7, Deed::Delete),
    (9, Deed::Confirm),
];

/// Works in the UI of one tenant until the end.
pub async fn live(world: &World, site: usize) {
    let mut all = Dice::new(world.settings.seed, &format!("strangers of {site}"));
    while !world.is_over() {
        let mut dice = all.throw();
        world.rest(dice.millis(300..2_000)).await;
        match dice.weigh(&DEEDS) {
            Deed::MakeCollision => {
                let name = if dice.chance(60) {
                    format!("Shared {}", dice.below(SHARED))
                } else {
                    format!("Desk desk-{}-{}", dice.below(PEOPLE), dice.below(DESKS))
                };
                make(world, site, &name, &mut dice).await;
            }
            Deed::MakeOld => {
                let name = old(&mut dice);
                make(world, site, &name, &mut dice).await;
            }
            Deed::EditStranger => edit_stranger(world, site, &mut dice).await,
            Deed::DeleteStranger => delete_stranger(world, site, &mut dice).await,
            Deed::Edit => {
                let edit = edit(&mut dice);
                meddle(world, site, "edit in the tenant", Some(edit), &mut dice).await;
            }
            Deed::Rename => {
                let name = format!("Renamed in the UI {}", dice.within(0..1_000_000));
                meddle(world, site, "rename in the tenant", Some(json!({"name": name})), &mut dice).await;
            }
            Deed::Delete => meddle(world, site, "delete in the tenant", None, &mut dice).await,
            Deed::Confirm => confirm(world).await,
        }
    }
}

/// What somebody makes in the UI. No two are alike.
async fn make(world: &World, site: usize, name: &str, dice: &mut Dice) {
    if world.ledger.open().strangers.iter().filter(|one| one.site == site).count() >= MOST {
        return;
    }
    let number = dice.within(0..1_000_000_000);
    let integration = json!({
        "name": name,
        "description": format!("Made in the UI, {number}"),
        "type": "ServiceNow Service Desk",
        "cluster": TRAINING_VA,
        "sources": [dice.pick(&[ACTIVE_DIRECTORY, WORKDAY])],
        "statusMap": {"closed_complete": "Committed"},
        "request": {"short_description": format!("{number}")},
        "attributes": {"url": format!("https://ui-{number}"), "username": "svc_ui", "password": "made-in-the-ui"},
    });
    let tenant = world.sites[site].tenant.read().await;
    let id = tenant.create_in_ui(&integration).await;
    world.ledger.open().strangers.push(Stranger { site, id: id.clone() });
    world.ledger.did("make in the tenant", "", format!("somebody makes {id} {name:?} in {}", world.sites[site].org));
}

fn stranger(world: &World, site: usize, dice: &mut Dice) -> Option<Stranger> {
    let book = world.ledger.open();
    let all: Vec<Stranger> = book.strangers.iter().filter(|one| one.site == site).cloned().collect();
    (!all.is_empty()).then(|| dice.pick(&all))
}

async fn edit_stranger(world: &World, site: usize, dice: &mut Dice) {
    let Some(stranger) = stranger(world, site, dice) else { return };
    let edit = edit(dice);
    world.ledger.did("edit their own", "", format!("somebody edits their own {}: {edit}", stranger.id));
    world.sites[site].tenant.read().await.try_edit_in_ui(&stranger.id, &edit).await;
}

async fn delete_stranger(world: &World, site: usize, dice: &mut Dice) {
    let Some(stranger) = stranger(world, site, dice) else { return };
    world.ledger.did("delete their own", "", format!("somebody deletes their own {}", stranger.id));
    world.sites[site].tenant.read().await.try_delete_in_ui(&stranger.id).await;
    world.ledger.open().strangers.retain(|one| one.id != stranger.id);
}

/// A merge patch of what is read. It leaves the tag alone, by which this test knows whose an integration is.
fn edit(dice: &mut Dice) -> Value {
    let number = dice.within(0..1_000_000);
    match dice.below(6) {
        0 => json!({"description": format!("edited in the UI {number}")}),
        1 => json!({"attributes": {"url": format!("https://edited-{number}")}}),
        2 => json!({"attributes": {"note": format!("added in the UI {number}")}}),
        3 => json!({"statusMap": {"edited": "Failed"}, "request": {"short_description": format!("{number}")}}),
        4 => json!({"managedSources": [WORKDAY], "type": format!("Edited {number}")}),
        _ => json!({"beforeProvisioningRule": null, "description": format!("without a rule {number}")}),
    }
}

/// Edits or deletes what some resource holds. Only what is bound: by its name alone nobody could find again what somebody
/// renames while the create is unresolved.
async fn meddle(world: &World, site: usize, kind: &'static str, edit: Option<Value>, dice: &mut Dice) {
    let which = dice.below(1_000);
    let all = world.cluster.list("SimIntegration").await;
    let org = world.sites[site].org;
    let bound = |one: &&Value| one["status"]["id"].is_string() && one["status"]["tenant"]["org"] == org;
    let settled = |one: &&Value| one["metadata"]["annotations"]["simops.dev/create"].is_null();
    let bound: Vec<&Value> = all.iter().filter(bound).filter(settled).collect();
    if bound.is_empty() {
        return;
    }
    let chosen = bound[which % bound.len()];
    let tag = chosen["spec"]["attributes"]["soak"].as_str().unwrap();
    let id = chosen["status"]["id"].as_str().unwrap();
    world.ledger.did(kind, tag, format!("{kind} of {id}: {}", edit.clone().unwrap_or_default()));
    let tenant = world.sites[site].tenant.read().await;
    match edit {
        Some(edit) => tenant.try_edit_in_ui(id, &edit).await,
        None => tenant.try_delete_in_ui(id).await,
    };
}

/// Says that what vanished at once was meant to.
pub async fn confirm(world: &World) {
    for tenant in world.cluster.list("SailPointTenant").await {
        if verdict(&tenant).0 != "MassDisappearance" {
            continue;
        }
        let account = ACCOUNTS.iter().find(|account| tenant["metadata"]["name"] == account.name).unwrap();
        let annotation = json!({"metadata": {"annotations": {"simops.dev/correct-requested-at": jiff::Timestamp::now().to_string()}}});
        world.ledger.did("confirm what vanished", "", format!("confirm what vanished in {}", account.name));
        world.cluster.patch("SailPointTenant", account.namespace, account.name, &annotation).await;
    }
}
