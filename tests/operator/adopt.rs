//! What was in the tenant before: taken only where Git asks for it, and then without sending what cannot be compared.

use serde_json::{Value, json};

use super::canary::PASSWORD;
use super::manifests::{bare_sim, made_in_the_ui, sim};
use super::resources::Seen;
use super::world::World;
use super::writes::lines;

#[tokio::test]
async fn what_exists_is_left_alone_and_the_line_that_adopts_it_is_printed() {
    let world = World::new().await;
    let id = world.tenant.create_in_ui(&made_in_the_ui("desk")).await;

    world.sims.apply(&sim("desk")).await;
    let stalled = world.sims.stalled("desk", "AlreadyExists").await;

    let line = format!("externalId: {id}");
    assert!(stalled.message().contains(&line), "{}", stalled.message());
    assert!(stalled["status"]["id"].is_null());
    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);

    world.sims.apply(&sim("desk").with(json!({"externalId": id}))).await;
    let adopted = world.sims.ready("desk").await;
    assert_eq!((adopted.id(), &adopted["status"]["origin"]), (id.as_str(), &json!("Adopted")));
    world.close().await;
}

#[tokio::test]
async fn adoption_repairs_what_it_can_compare_and_sends_no_secret_before_it_is_asked_to() {
    let world = World::new().await;
    let id = world.tenant.create_in_ui(&made_in_the_ui("desk")).await;

    world.sims.apply(&sim("desk").with(json!({"externalId": id}))).await;
    let adopted = world.sims.ready("desk").await;

    let writes = world.writes().await;
    assert_eq!(lines(&writes), ["PATCH /sim-integrations/{id}"]);
    assert_eq!(writes[0].replaced_paths(), ["/description"]);
    assert_eq!(adopted["status"]["sent"]["unverified"], json!(["/attributes/password"]));
    assert_eq!(adopted["status"]["lastChange"]["cause"], "Adoption");
    world.resyncs(2).await;
    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["secretsReceived"]["password"], "made-in-the-ui");

    world.sims.annotate("desk", "simops.dev/correct-requested-at", "2026-01-31T18:00:00Z").await;
    let is_sent = |now: &Seen| now.is_ready() && now["status"]["sent"]["unverified"].is_null();
    let corrected = world.sims.until("desk", "has sent its password", is_sent).await;
    assert_eq!(corrected["status"]["lastHandled"]["correctRequestedAt"], "2026-01-31T18:00:00Z");
    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["secretsReceived"]["password"], PASSWORD);
    assert_eq!(there["id"], json!(id));
    world.close().await;
}

#[tokio::test]
async fn by_name_the_one_of_the_name_is_taken() {
    let world = World::new().await;
    let id = world.tenant.create_in_ui(&made_in_the_ui("desk")).await;
    world.tenant.create_in_ui(&made_in_the_ui("another desk")).await;

    world.sims.apply(&sim("desk").with(json!({"policy": {"adopt": "ByName"}}))).await;
    let adopted = world.sims.ready("desk").await;

    assert_eq!((adopted.id(), &adopted["status"]["origin"]), (id.as_str(), &json!("Adopted")));
    assert_eq!(world.tenant.integration("another desk").await.unwrap()["description"], "Made in the UI");
    assert_eq!(world.tenant.integrations().await.len(), 2);
    world.close().await;
}

#[tokio::test]
async fn by_name_what_does_not_exist_is_created() {
    let world = World::like().tenant_spec(json!({"policy": {"adopt": "ByName"}})).create().await;

    world.sims.apply(&sim("desk")).await;
    let created = world.sims.ready("desk").await;

    assert_eq!(created["status"]["origin"], "Created");
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    world.close().await;
}

#[tokio::test]
async fn the_tenant_says_for_all_that_names_may_be_taken() {
    let world = World::like().tenant_spec(json!({"policy": {"adopt": "ByName"}})).create().await;
    let id = world.tenant.create_in_ui(&made_in_the_ui("desk")).await;
    world.tenant.create_in_ui(&made_in_the_ui("other")).await;

    world.sims.apply(&sim("desk")).await;
    world.sims.apply(&sim("other").with(json!({"policy": {"adopt": "Never"}}))).await;

    assert_eq!(world.sims.ready("desk").await.id(), id);
    world.sims.stalled("other", "AlreadyExists").await;
    world.close().await;
}

#[tokio::test]
async fn of_two_of_the_name_none_is_taken_and_none_is_created() {
    let world = World::new().await;
    let first = world.tenant.create_in_ui(&made_in_the_ui("desk")).await;
    let second = world.tenant.create_in_ui(&made_in_the_ui("desk")).await;

    world.sims.apply(&sim("desk").with(json!({"policy": {"adopt": "ByName"}}))).await;
    let stalled = world.sims.stalled("desk", "Ambiguous").await;
    assert!(stalled.message().contains(&first) && stalled.message().contains(&second), "{}", stalled.message());
    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);

    world.tenant.delete_in_ui(&first).await;
    assert_eq!(world.sims.ready("desk").await.id(), second);
    world.close().await;
}

#[tokio::test]
async fn for_an_external_id_that_does_not_exist_nothing_is_created() {
    let world = World::new().await;

    world.sims.apply(&sim("desk").with(json!({"externalId": "2c9180835d191a86015d28455b4a0000"}))).await;
    let stalled = world.sims.stalled("desk", "ExternalIdGone").await;

    assert!(stalled.message().contains("2c9180835d191a86015d28455b4a0000"), "{}", stalled.message());
    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.close().await;
}

#[tokio::test]
async fn an_external_id_other_than_the_one_it_holds_swaps_nothing() {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;
    let other = world.tenant.create_in_ui(&made_in_the_ui("other")).await;
    world.tenant.forget_calls().await;

    world.sims.apply(&sim("desk").with(json!({"externalId": other, "description": "New words"}))).await;
    let stalled = world.sims.stalled("desk", "ExternalIdMismatch").await;

    assert_eq!(stalled.id(), desk.id());
    assert!(stalled.message().contains(desk.id()), "it names what is held: {}", stalled.message());
    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);

    world.sims.apply(&sim("desk").with(json!({"externalId": desk.id(), "description": "New words"}))).await;
    world.sims.ready("desk").await;
    assert_eq!(world.tenant.integration("desk").await.unwrap()["description"], "New words");
    world.close().await;
}

/// What adopts `id` and wants an attribute that is not there, which only a PUT can add.
fn with_a_new_attribute(id: &str) -> Value {
    json!({"externalId": id, "attributes": {"ticketType": "incident"}})
}

#[tokio::test]
async fn an_update_that_would_lose_what_is_not_in_hand_is_not_made() {
    let world = World::new().await;
    let id = world.tenant.create_in_ui(&made_in_the_ui("desk")).await;

    world.sims.apply(&bare_sim("desk").with(with_a_new_attribute(&id))).await;
    let stalled = world.sims.stalled("desk", "WouldLose").await;

    assert!(stalled.message().contains("password"), "it names what to add: {}", stalled.message());
    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);
    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["secretsReceived"]["password"], "made-in-the-ui");
    assert!(there["attributes"]["ticketType"].is_null());

    world.sims.apply(&sim("desk").with(with_a_new_attribute(&id))).await;
    world.sims.ready("desk").await;
    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["attributes"]["ticketType"], "incident");
    assert_eq!(there["secretsReceived"]["password"], PASSWORD, "a PUT needs it, and it is in hand");
    world.close().await;
}
