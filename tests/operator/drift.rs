//! Somebody edits in the UI what a spec names: repaired, or only shown, or left to people after the third time.

use serde_json::json;

use super::manifests::{WORKDAY, sim};
use super::mishaps::{ALL, once};
use super::resources::Seen;
use super::world::World;
use super::writes::lines;
use crate::support::simulator::Action;

/// A world with one integration in order in this mode, and an empty log.
async fn with_desk_in(mode: &str) -> (World, Seen) {
    let world = World::new().await;
    world.sims.apply(&sim("desk").with(json!({"policy": {"mode": mode}}))).await;
    let desk = world.sims.ready("desk").await;
    world.tenant.forget_calls().await;
    (world, desk)
}

#[tokio::test]
async fn in_mode_enforce_drift_is_repaired_within_a_resync() {
    let (world, desk) = with_desk_in("Enforce").await;

    let edited = json!({"description": "Edited", "attributes": {"url": "https://elsewhere.service-now.com"}});
    world.tenant.edit_in_ui(desk.id(), &edited).await;
    let writes = world.until_writes(1).await;

    assert_eq!(lines(&writes), ["PATCH /sim-integrations/{id}"]);
    assert_eq!(writes[0].replaced_paths(), ["/attributes/url", "/description"]);
    let is_repaired = |now: &Seen| now.is_ready() && now["status"]["lastChange"]["cause"] == "Drift";
    let after = world.sims.until("desk", "has repaired", is_repaired).await;
    assert_eq!(after["status"]["lastChange"]["action"], "Updated");
    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["description"], "Tickets for Active Directory");
    assert_eq!(there["attributes"]["url"], "https://acme.service-now.com");
    world.close().await;
}

#[tokio::test]
async fn what_was_renamed_in_the_ui_gets_its_name_back() {
    let (world, desk) = with_desk_in("Enforce").await;

    world.tenant.edit_in_ui(desk.id(), &json!({"name": "renamed in the UI"})).await;
    let writes = world.until_writes(1).await;

    assert_eq!(writes[0].replaced_paths(), ["/name"]);
    world.resyncs(2).await;
    let there = world.tenant.integrations().await;
    assert_eq!((there.len(), &there[0]["name"], &there[0]["id"]), (1, &json!("desk"), &json!(desk.id())));
    world.close().await;
}

#[tokio::test]
async fn between_two_resyncs_a_look_at_the_tenant_can_be_asked_for() {
    let world = World::like().flag("--resync", "1h").create().await;
    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;
    world.tenant.edit_in_ui(desk.id(), &json!({"description": "Edited"})).await;

    world.tenants.annotate("acme", "simops.dev/reconcile-requested-at", "2026-01-31T18:00:00Z").await;
    world.until_writes(2).await;

    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "Tickets for Active Directory");
    let is_answered = |now: &Seen| now["status"]["lastHandled"]["reconcileRequestedAt"] == "2026-01-31T18:00:00Z";
    world.tenants.until("acme", "has answered", is_answered).await;
    world.close().await;
}

#[tokio::test]
async fn a_look_counts_by_when_its_list_started_however_late_that_ends() {
    let world = World::like().flag("--resync", "1h").flag("--list-lag", "2s").create().await;
    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;
    world.tenant.edit_in_ui(desk.id(), &json!({"description": "Edited"})).await;
    world.tenant.inject(&once("GET", ALL, Action::DelayAfter { ms: 2_500 })).await;

    world.tenants.annotate("acme", "simops.dev/reconcile-requested-at", "2026-01-31T18:00:00Z").await;
    let is_answered = |now: &Seen| now["status"]["lastHandled"]["reconcileRequestedAt"] == "2026-01-31T18:00:00Z";
    world.tenants.until("acme", "has answered", is_answered).await;
    world.sims.until("desk", "is repaired", |now| now["status"]["lastChange"]["cause"] == "Drift").await;
    world.close().await;
}

/// Soon after our own write its list says nothing new: the answer to a request comes when a list can give it.
async fn assert_a_request_is_answered_by_a_list_that_counts(of: &str) {
    let world = World::like().flag("--resync", "1h").flag("--list-lag", "4s").create().await;
    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;
    world.tenant.edit_in_ui(desk.id(), &json!({"description": "Edited"})).await;

    let (resources, name) = if of == "desk" { (&world.sims, "desk") } else { (&world.tenants, "acme") };
    resources.annotate(name, "simops.dev/reconcile-requested-at", "2026-01-31T18:00:00Z").await;
    let is_answered = |now: &Seen| now["status"]["lastHandled"]["reconcileRequestedAt"] == "2026-01-31T18:00:00Z";
    resources.until(name, "has answered", is_answered).await;
    let repaired = world.sims.until("desk", "is repaired", |now| now["status"]["lastChange"]["cause"] == "Drift").await;

    assert!(repaired.is_ready());
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "Tickets for Active Directory");
    let lists = world.lists().await.len();
    assert!(lists <= 5, "{lists} lists: what waits does not ask again and again");
    world.close().await;
}

#[tokio::test]
async fn a_look_that_a_resource_asks_for_soon_after_our_write_waits_for_a_list_that_counts() {
    assert_a_request_is_answered_by_a_list_that_counts("desk").await;
}

#[tokio::test]
async fn a_look_that_a_tenant_asks_for_soon_after_our_write_waits_for_a_list_that_counts() {
    assert_a_request_is_answered_by_a_list_that_counts("acme").await;
}

#[tokio::test]
async fn what_the_spec_does_not_name_is_left_as_people_make_it() {
    let (world, desk) = with_desk_in("Enforce").await;

    let edited = json!({"attributes": {"catalogItem": "abc"}, "provisioningConfig": {"noProvisioningRequests": true}});
    world.tenant.edit_in_ui(desk.id(), &edited).await;
    world.resyncs(2).await;

    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.sims.see("desk").await.verdict(), ("True", "Reconciled"));
    world.close().await;
}

#[tokio::test]
async fn in_mode_report_drift_is_shown_and_not_repaired() {
    let (world, desk) = with_desk_in("Report").await;

    world.tenant.edit_in_ui(desk.id(), &json!({"description": "Edited"})).await;
    let drifted = world.sims.until("desk", "shows drift", |now| now.is("Drifted")).await;

    assert_eq!(drifted.verdict(), ("True", "Drifted"));
    let change = json!({"path": "/description", "from": "Edited", "to": "Tickets for Active Directory"});
    assert_eq!(drifted["status"]["plan"], json!({"action": "Update", "changes": [change]}));
    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);

    world.tenant.edit_in_ui(desk.id(), &json!({"description": "Tickets for Active Directory"})).await;
    let after = world.sims.until("desk", "is in order again", |now| !now.is("Drifted")).await;
    assert_eq!(after.verdict(), ("True", "Reconciled"));
    assert!(after["status"]["plan"].is_null());
    world.close().await;
}

#[tokio::test]
async fn in_mode_report_a_change_in_git_is_sent_without_the_drift_beside_it() {
    let (world, desk) = with_desk_in("Report").await;
    world.tenant.edit_in_ui(desk.id(), &json!({"description": "Edited"})).await;
    world.sims.until("desk", "shows drift", |now| now.is("Drifted")).await;

    let changed = json!({"policy": {"mode": "Report"}, "attributes": {"username": "svc_other"}});
    world.sims.apply(&sim("desk").with(changed)).await;
    let writes = world.until_writes(1).await;

    assert_eq!(writes[0].replaced_paths(), ["/attributes/username"]);
    let after = world.sims.until("desk", "still shows drift", |now| now.is_ready() && now.is("Drifted")).await;
    assert_eq!(after.planned_paths(), ["/description"]);
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "Edited");
    world.resyncs(2).await;
    assert_eq!(world.writes().await.len(), 1);
    world.close().await;
}

#[tokio::test]
async fn in_mode_report_a_repair_can_be_asked_for_once() {
    let (world, desk) = with_desk_in("Report").await;
    world.tenant.edit_in_ui(desk.id(), &json!({"description": "Edited"})).await;
    world.sims.until("desk", "shows drift", |now| now.is("Drifted")).await;

    world.sims.annotate("desk", "simops.dev/correct-requested-at", "2026-01-31T18:00:00Z").await;
    let is_answered =
        |now: &Seen| now["status"]["lastHandled"]["correctRequestedAt"] == "2026-01-31T18:00:00Z" && !now.is("Drifted");
    let after = world.sims.until("desk", "has repaired", is_answered).await;

    assert_eq!(after.verdict(), ("True", "Reconciled"));
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "Tickets for Active Directory");
    world.tenant.edit_in_ui(desk.id(), &json!({"description": "Edited again"})).await;
    world.sims.until("desk", "shows drift again", |now| now.is("Drifted")).await;
    world.resyncs(2).await;
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "Edited again");
    world.close().await;
}

#[tokio::test]
async fn a_repair_that_is_undone_three_times_running_is_left_to_people() {
    let (world, desk) = with_desk_in("Enforce").await;

    for repair in 1..=3 {
        world.tenant.edit_in_ui(desk.id(), &json!({"description": "Edited"})).await;
        world.until_writes(repair).await;
    }
    world.tenant.edit_in_ui(desk.id(), &json!({"description": "Edited"})).await;
    let contested = world.sims.stalled("desk", "Contested").await;

    let change = json!({"path": "/description", "from": "Edited", "to": "Tickets for Active Directory"});
    assert_eq!(contested["status"]["plan"]["changes"], json!([change]), "both values are shown");
    assert!(contested.message().contains("/description"), "{}", contested.message());
    world.resyncs(3).await;
    assert_eq!(world.writes().await.len(), 3);
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "Edited");

    world.sims.apply(&sim("desk").with(json!({"description": "New words", "policy": {"mode": "Enforce"}}))).await;
    world.sims.ready("desk").await;
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "New words");
    world.close().await;
}

#[tokio::test]
async fn a_contested_repair_is_made_again_when_it_is_asked_for() {
    let (world, desk) = with_desk_in("Enforce").await;
    for repair in 1..=3 {
        world.tenant.edit_in_ui(desk.id(), &json!({"description": "Edited"})).await;
        world.until_writes(repair).await;
    }
    world.tenant.edit_in_ui(desk.id(), &json!({"description": "Edited"})).await;
    world.sims.stalled("desk", "Contested").await;

    world.sims.annotate("desk", "simops.dev/correct-requested-at", "2026-01-31T18:00:00Z").await;

    world.sims.ready("desk").await;
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "Tickets for Active Directory");
    world.close().await;
}

#[tokio::test]
async fn the_order_of_sources_is_no_drift() {
    let (world, _) = with_desk_in("Enforce").await;
    let both = json!({"sources": [{"id": WORKDAY}, {"name": "Active Directory"}]});
    world.sims.apply(&sim("desk").with(both)).await;
    let desk = world.sims.ready("desk").await;
    world.tenant.forget_calls().await;

    let refs = world.tenant.integration("desk").await.unwrap()["provisioningConfig"]["managedResourceRefs"].clone();
    let reversed: Vec<_> = refs.as_array().unwrap().iter().rev().collect();
    world.tenant.edit_in_ui(desk.id(), &json!({"provisioningConfig": {"managedResourceRefs": reversed}})).await;
    world.resyncs(3).await;

    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.close().await;
}
