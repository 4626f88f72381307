//! What people are warned of by events, and what no event ever shows.

use serde_json::json;

use super::events::Notice;
use super::manifests::sim;
use super::world::World;

#[tokio::test]
async fn an_annotation_of_ours_that_means_nothing_is_warned_of() {
    let world = World::new().await;

    world.sims.apply(&sim("desk").annotated("simops.dev/pause-until", "2030-01-01T00:00:00Z")).await;
    world.sims.ready("desk").await;

    let warns = |event: &Notice| event.note.contains("simops.dev/pause-until");
    let warned = world.event("desk", "the misspelt key", warns).await;
    assert_eq!(warned.type_, "Warning");
    world.resyncs(3).await;
    let about: Vec<_> = world.events().await.into_iter().filter(warns).collect();
    assert_eq!(about, [warned], "once is enough");
    world.close().await;
}

#[tokio::test]
async fn a_secret_in_the_spec_is_sent_warned_of_and_shown_nowhere() {
    let world = World::new().await;
    let inline = json!({"attributesFrom": null, "attributes": {"password": "CANARY7QX in the spec"}});

    world.sims.apply(&sim("desk").with(inline.clone())).await;
    world.sims.ready("desk").await;

    let warns = |event: &Notice| event.type_ == "Warning" && event.note.contains("password");
    world.event("desk", "the inline secret", warns).await;
    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["secretsReceived"]["password"], "CANARY7QX in the spec");
    world.resyncs(2).await;
    assert_eq!(world.writes().await.len(), 1);

    world.sims.apply(&sim("desk").with(inline).with(json!({"policy": {"mode": "Plan"}, "description": "New"}))).await;
    let planned = world.sims.until("desk", "is planned", |now| now.is("Planned") && now.is_current()).await;
    assert!(planned.planned_paths().contains(&"/description"), "{planned:#?}");
    world.close().await;
}

#[tokio::test]
async fn what_was_done_is_told_once() {
    let world = World::new().await;

    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    let told = world.event("desk", "the create", |event| event.reason == "Created").await;
    assert_eq!(told.type_, "Normal");
    world.resyncs(1).await;
    let events = world.events().await;
    world.resyncs(3).await;

    assert_eq!(world.events().await, events);
    // The tenant may have told of an empty list before: another note is no repetition.
    let mut told: Vec<_> = events.iter().map(|event| (&event.about, &event.reason, &event.note)).collect();
    let count = told.len();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), count, "{events:#?}");
    world.close().await;
}
