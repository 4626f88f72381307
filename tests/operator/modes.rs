//! Plan and Paused, on an integration and on its tenant, and pauses that end by themselves.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::canary::PASSWORD;
use super::manifests::sim;
use super::resources::Seen;
use super::world::World;
use super::writes::lines;
use crate::support::simulator::Call;

/// Long enough for three resyncs, where no LIST can show that they came.
const THREE_RESYNCS: Duration = Duration::from_millis(3500);

fn in_mode(mode: &str) -> Value {
    json!({"policy": {"mode": mode}})
}

fn hours_from_now(hours: i64) -> String {
    Timestamp::now().saturating_add(SignedDuration::from_hours(hours)).unwrap().to_string()
}

fn of_integrations(calls: Vec<Call>) -> Vec<Call> {
    calls.into_iter().filter(|call| !call.path.starts_with("/oauth/")).collect()
}

#[tokio::test]
async fn in_mode_plan_a_create_is_shown_and_not_made() {
    let world = World::new().await;

    world.sims.apply(&sim("desk").with(in_mode("Plan"))).await;
    let planned = world.sims.until("desk", "is planned", |now| now.is("Planned") && now.is_current()).await;

    assert_eq!(planned.verdict(), ("True", "Planned"));
    assert_eq!(planned["status"]["plan"]["action"], "Create");
    let changes = planned["status"]["plan"]["changes"].as_array().unwrap();
    let to = |path: &str| changes.iter().find(|change| change["path"] == path).map(|change| change["to"].clone());
    assert_eq!(to("/description"), Some(json!("Tickets for Active Directory")));
    assert_eq!(to("/attributes/password"), Some(json!("(sensitive)")));
    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);
    assert_eq!(world.tenant.integrations().await.len(), 0);
    world.close().await;
}

#[tokio::test]
async fn in_mode_plan_an_update_is_shown_and_made_once_the_mode_is_enforce() {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    world.tenant.forget_calls().await;

    world.sims.apply(&sim("desk").with(in_mode("Plan"))).await;
    let nothing = |now: &Seen| now.is_current() && now.verdict() == ("True", "Planned");
    let nothing_to_do = world.sims.until("desk", "has nothing to do", nothing).await;
    assert!(!nothing_to_do.is("Planned"), "Planned is there only if there are changes");

    world.sims.apply(&sim("desk").with(in_mode("Plan")).with(json!({"description": "New words"}))).await;
    let planned = world.sims.until("desk", "is planned", |now| now.is_current() && now.is("Planned")).await;
    let change = json!({"path": "/description", "from": "Tickets for Active Directory", "to": "New words"});
    assert_eq!(planned["status"]["plan"], json!({"action": "Update", "changes": [change]}));
    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);

    world.sims.apply(&sim("desk").with(json!({"description": "New words"}))).await;
    let after = world.sims.ready("desk").await;
    assert!(after["status"]["plan"].is_null());
    assert_eq!(lines(&world.writes().await), ["PATCH /sim-integrations/{id}"]);
    world.close().await;
}

#[tokio::test]
async fn a_tenant_in_mode_plan_is_stricter_than_its_integrations() {
    let world = World::like().tenant_spec(in_mode("Plan")).create().await;

    world.sims.apply(&sim("desk").with(in_mode("Enforce"))).await;
    let planned = world.sims.until("desk", "is planned", |now| now.is("Planned") && now.is_current()).await;

    assert_eq!(planned.verdict(), ("True", "Planned"));
    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.close().await;
}

#[tokio::test]
async fn a_paused_integration_is_left_alone_until_it_is_paused_no_longer() {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;

    world.sims.apply(&sim("desk").with(in_mode("Paused"))).await;
    let paused = world.sims.until("desk", "is paused", |now| now.is("Paused") && now.is_current()).await;
    assert_eq!(paused.verdict(), ("True", "Reconciled"), "Ready is as it was");
    world.tenant.forget_calls().await;
    world.tenant.edit_in_ui(paused.id(), &json!({"description": "Edited"})).await;
    world.resyncs(3).await;
    let calls = of_integrations(world.tenant.calls().await);
    assert_eq!(calls.len(), world.lists().await.len(), "nothing but the tenant's own LIST: {calls:#?}");

    world.sims.apply(&sim("desk")).await;
    world.sims.until("desk", "is served again", |now| now.is_ready() && !now.is("Paused")).await;
    world.until_writes(1).await;
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "Tickets for Active Directory");
    world.close().await;
}

#[tokio::test]
async fn an_integration_that_is_paused_from_the_start_is_not_created() {
    let world = World::new().await;

    world.sims.apply(&sim("desk").with(in_mode("Paused"))).await;
    world.sims.until("desk", "is paused", |now| now.is("Paused")).await;
    world.resyncs(2).await;

    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.close().await;
}

#[tokio::test]
async fn a_paused_tenant_is_not_called_at_all() {
    let world = World::like().tenant_spec(in_mode("Paused")).create().await;

    world.sims.apply(&sim("desk")).await;
    world.sims.until("desk", "is paused", |now| now.is("Paused")).await;
    world.tenants.until("acme", "is paused", |now| now.is("Paused")).await;
    sleep(THREE_RESYNCS).await;
    assert!(world.tenant.calls().await.is_empty(), "{:#?}", world.tenant.calls().await);

    world.tenants.patch("acme", &json!({"spec": {"policy": {"mode": "Enforce"}}})).await;
    world.sims.ready("desk").await;
    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["secretsReceived"]["password"], PASSWORD);
    world.close().await;
}

#[tokio::test]
async fn a_tenant_can_be_paused_while_it_runs() {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;

    world.tenants.annotate("acme", "simops.dev/paused-until", &hours_from_now(1)).await;
    world.tenants.until("acme", "is paused", |now| now.is("Paused")).await;
    world.sims.until("desk", "is paused", |now| now.is("Paused")).await;
    world.tenant.forget_calls().await;
    world.tenant.edit_in_ui(desk.id(), &json!({"description": "Edited"})).await;
    sleep(THREE_RESYNCS).await;

    assert!(world.tenant.calls().await.is_empty(), "{:#?}", world.tenant.calls().await);
    world.close().await;
}

#[tokio::test]
async fn a_pause_ends_by_itself() {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;

    let soon = Timestamp::now().saturating_add(SignedDuration::from_secs(6)).unwrap();
    world.sims.annotate("desk", "simops.dev/paused-until", &soon.to_string()).await;
    world.sims.until("desk", "is paused", |now| now.is("Paused")).await;
    world.tenant.edit_in_ui(desk.id(), &json!({"description": "Edited"})).await;
    world.sims.until("desk", "is served again", |now| now.is_ready() && !now.is("Paused")).await;
    assert!(Timestamp::now() >= soon);

    world.until_writes(2).await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations", "PATCH /sim-integrations/{id}"]);
    world.close().await;
}

#[tokio::test]
async fn a_pause_that_is_over_or_was_never_one_does_not_count() {
    let world = World::new().await;

    world.sims.apply(&sim("desk").annotated("simops.dev/paused-until", "2020-01-01T00:00:00Z")).await;
    let desk = world.sims.ready("desk").await;
    assert!(!desk.is("Paused"));

    for wrong in [hours_from_now(8 * 24), "tomorrow".to_owned()] {
        world.sims.annotate("desk", "simops.dev/paused-until", &wrong).await;
        let stalled = world.sims.stalled("desk", "InvalidAnnotation").await;
        assert!(stalled.message().contains("simops.dev/paused-until"), "{}", stalled.message());
        world.sims.patch("desk", &json!({"metadata": {"annotations": {"simops.dev/paused-until": null}}})).await;
        world.sims.ready("desk").await;
    }
    world.close().await;
}

#[tokio::test]
async fn a_pause_of_a_tenant_that_is_too_long_is_refused() {
    let world = World::new().await;
    world.tenants.ready("acme").await;

    world.tenants.annotate("acme", "simops.dev/paused-until", &hours_from_now(8 * 24)).await;
    let stalled = world.tenants.stalled("acme", "InvalidAnnotation").await;

    assert!(stalled.message().contains("simops.dev/paused-until"), "{}", stalled.message());
    world.close().await;
}
