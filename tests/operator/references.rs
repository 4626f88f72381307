//! Sources and clusters by name: resolved for a write, missing, ambiguous.

use serde_json::json;

use super::manifests::{ACTIVE_DIRECTORY, TRAINING_VA, WORKDAY, config, named, sim};
use super::mishaps::{ALL, answer, once};
use super::resources::sorted;
use super::world::World;
use super::writes::lines;

#[tokio::test]
async fn names_of_sources_and_cluster_are_sent_as_ids() {
    let world = World::new().await;

    let by_name = json!({"cluster": null, "sources": [{"name": "Workday"}, {"name": "Active Directory"}]});
    let mut desk = sim("desk").with(by_name);
    desk.0["spec"]["cluster"] = json!({"name": "Training VA"});
    world.sims.apply(&desk).await;
    world.sims.ready("desk").await;

    let sent = world.writes().await.remove(0).body;
    assert_eq!(sent["cluster"], TRAINING_VA);
    assert_eq!(sorted(&sent["sources"]), [WORKDAY, ACTIVE_DIRECTORY]);

    world.resyncs(3).await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    let look_ups = world.tenant.calls_of("GET", "/v2025/sources").await.len();
    assert_eq!(look_ups, 1, "all names of a tenant in one call, and none while it is in order");
    world.close().await;
}

#[tokio::test]
async fn names_are_not_looked_up_again_for_what_was_refused() {
    let world = World::new().await;
    world.tenants.ready("acme").await;
    world.tenant.inject(&once("POST", ALL, answer(400))).await;
    world.sims.apply(&sim("desk").with(json!({"sources": [{"name": "Workday"}]}))).await;
    world.sims.stalled("desk", "Refused").await;
    world.sims.apply(&sim("other")).await;
    world.sims.ready("other").await;
    let missing = json!({"sources": [{"name": "Workday"}, {"id": "0123456789abcdef0123456789abcdef"}]});
    world.sims.apply(&sim("other").with(missing)).await;
    world.sims.stalled("other", "Refused").await;
    // After the PUT in its place was refused, too, the PATCH is tried once more.
    world.resyncs(2).await;
    world.tenant.forget_calls().await;

    world.resyncs(3).await;

    let calls = world.tenant.calls().await;
    assert!(calls.iter().all(|call| call.method == "GET" && call.path == ALL), "{calls:#?}");
    world.close().await;
}

#[tokio::test]
async fn a_name_with_quotes_and_umlauts_is_found() {
    let world = World::new().await;
    let odd = "AD \"Z\u{fc}rich\" \\ #1 & co";
    world.tenant.set_sources(&[named(ACTIVE_DIRECTORY, odd), named(WORKDAY, "Workday")]).await;

    world.sims.apply(&sim("desk").with(json!({"sources": [{"name": odd}]}))).await;
    world.sims.ready("desk").await;

    let writes = world.writes().await;
    assert_eq!(writes[0].body["sources"], json!([ACTIVE_DIRECTORY]), "{writes:#?}");
    world.close().await;
}

#[tokio::test]
async fn a_missing_name_is_on_its_way_first_and_needs_a_person_then() {
    let world = World::like().flag("--reference-grace", "4s").create().await;

    world.sims.apply(&sim("desk").with(json!({"sources": [{"name": "Payroll"}]}))).await;
    let waiting = world.sims.reconciling("desk", "ReferenceNotFound").await;
    assert!(waiting.message().contains("Payroll"), "{}", waiting.message());
    let stalled = world.sims.stalled("desk", "ReferenceNotFound").await;
    assert!(stalled.message().contains("Payroll"), "{}", stalled.message());
    assert_eq!(lines(&world.writes().await), [""; 0]);

    let payroll = "2c9180835d191a86015d28455b4a1111";
    world.tenant.set_sources(&[named(payroll, "Payroll")]).await;
    world.sims.ready("desk").await;
    assert_eq!(world.writes().await.remove(0).body["sources"], json!([payroll]));
    world.close().await;
}

#[tokio::test]
async fn of_two_with_the_name_none_is_taken() {
    let world = World::new().await;
    let twin = "2c9180835d191a86015d28455b4a1111";
    let sources = [config().seed.sources, vec![named(twin, "Active Directory")]].concat();
    world.tenant.set_sources(&sources).await;

    world.sims.apply(&sim("desk").with(json!({"sources": [{"name": "Active Directory"}]}))).await;
    let stalled = world.sims.stalled("desk", "ReferenceAmbiguous").await;

    let message = stalled.message();
    assert!(message.contains(twin) && message.contains(ACTIVE_DIRECTORY), "{message}");
    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.sims.apply(&sim("desk").with(json!({"sources": [{"id": twin}]}))).await;
    world.sims.ready("desk").await;
    world.close().await;
}
