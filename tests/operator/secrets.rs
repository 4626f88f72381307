//! Attributes whose values are in Secrets: missing, mended, rotated at once, given twice.

use serde_json::{Value, json};

use super::canary::{NEW_PASSWORD, PASSWORD};
use super::manifests::sim;
use super::resources::Seen;
use super::world::World;
use super::writes::lines;

/// Names a Secret that is not there.
fn with_secret(name: &str, key: &str) -> Value {
    json!({"attributesFrom": [{"attribute": "password", "secretKeyRef": {"name": name, "key": key}}]})
}

#[tokio::test]
async fn a_missing_secret_is_on_its_way_first_needs_a_person_then_and_heals_when_it_comes() {
    let world = World::like().flag("--reference-grace", "4s").create().await;

    world.sims.apply(&sim("desk").with(with_secret("later", "password"))).await;
    let waiting = world.sims.reconciling("desk", "SecretNotFound").await;
    assert!(waiting.message().contains("later"), "{}", waiting.message());
    world.sims.stalled("desk", "SecretNotFound").await;
    assert_eq!(lines(&world.writes().await), [""; 0]);

    world.secret("later", &[("password", PASSWORD)]).await;
    world.sims.ready("desk").await;
    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["secretsReceived"]["password"], PASSWORD);
    world.close().await;
}

#[tokio::test]
async fn a_missing_key_of_a_secret_is_named() {
    let world = World::new().await;

    world.sims.apply(&sim("desk").with(with_secret("servicenow", "pasword"))).await;
    let stalled = world.sims.stalled("desk", "SecretNotFound").await;

    let message = stalled.message();
    assert!(message.contains("servicenow") && message.contains("pasword"), "{message}");
    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    world.close().await;
}

#[tokio::test]
async fn a_secret_that_goes_missing_later_holds_up_only_what_needs_it() {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    let desk = world.sims.ready("desk").await;

    world.delete_secret("servicenow").await;
    world.sims.stalled("desk", "SecretNotFound").await;
    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["secretsReceived"]["password"], PASSWORD, "what was sent stays");

    world.secret("servicenow", &[("password", NEW_PASSWORD)]).await;
    assert_eq!(world.sims.ready("desk").await.id(), desk.id());
    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["secretsReceived"]["password"], NEW_PASSWORD);
    world.close().await;
}

#[tokio::test]
async fn an_attribute_that_is_given_twice_is_refused_by_its_name() {
    let world = World::new().await;

    world.sims.apply(&sim("desk").with(json!({"attributes": {"password": "CANARY7QX in the spec"}}))).await;
    let stalled = world.sims.stalled("desk", "InvalidSpec").await;

    assert!(stalled.message().contains("password"), "{}", stalled.message());
    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), [""; 0]);
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;
    world.close().await;
}

#[tokio::test]
async fn a_pointer_leads_a_secret_into_nested_attributes() {
    let world = World::new().await;

    let nested = json!({
        "attributes": {"provision": {"resource": "/api/x", "auth": {"user": "svc"}}},
        "attributesFrom": [{
            "attribute": "/provision/auth/password",
            "secretKeyRef": {"name": "servicenow", "key": "password"},
        }],
    });
    world.sims.apply(&sim("desk").with(nested)).await;
    world.sims.ready("desk").await;

    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["secretsReceived"], json!({"provision/auth/password": PASSWORD}));
    assert_eq!(there["attributes"]["provision"]["auth"]["user"], "svc");
    world.resyncs(2).await;
    assert_eq!(lines(&world.writes().await), ["POST /sim-integrations"]);
    world.close().await;
}

#[tokio::test]
async fn a_rotation_is_sent_at_once_when_that_is_asked_for() {
    let world = World::like().flag("--resync", "1h").create().await;
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;

    world.secret("servicenow", &[("password", NEW_PASSWORD)]).await;
    world.sims.annotate("desk", "simops.dev/reconcile-requested-at", "2026-01-31T18:00:00Z").await;
    let is_answered =
        |now: &Seen| now.is_ready() && now["status"]["lastHandled"]["reconcileRequestedAt"] == "2026-01-31T18:00:00Z";
    world.sims.until("desk", "has answered", is_answered).await;

    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["secretsReceived"]["password"], NEW_PASSWORD);
    world.close().await;
}

#[tokio::test]
async fn two_secrets_that_move_at_once_both_arrive() {
    let world = World::new().await;
    let two = json!({"attributesFrom": [
        {"attribute": "password", "secretKeyRef": {"name": "servicenow", "key": "password"}},
        {"attribute": "refreshToken", "secretKeyRef": {"name": "servicenow", "key": "token"}},
    ]});
    world.secret("servicenow", &[("password", PASSWORD), ("token", PASSWORD)]).await;
    world.sims.apply(&sim("desk").with(two)).await;
    world.sims.ready("desk").await;

    world.secret("servicenow", &[("password", NEW_PASSWORD), ("token", "CANARY7QX-token")]).await;
    world.until_writes(2).await;
    let is_sent = |now: &Seen| now.is_ready() && now["status"]["lastChange"]["cause"] == "Secret";
    world.sims.until("desk", "has sent both", is_sent).await;

    let there = world.tenant.integration("desk").await.unwrap();
    assert_eq!(there["secretsReceived"], json!({"password": NEW_PASSWORD, "refreshToken": "CANARY7QX-token"}));
    world.close().await;
}
