//! The states of an integration as `kubectl get` prints them, and the conditions behind each: the table of the rules.

use serde_json::{Value, json};

use super::manifests::{bare_sim, made_in_the_ui, sim};
use super::resources::Seen;
use super::world::World;

/// A world with one integration in each state, named by it.
async fn with_every_state() -> World {
    let world = World::like().flag("--reference-grace", "1h").create().await;
    let mode = |mode: &str| -> Value { json!({"policy": {"mode": mode}}) };
    world.tenant.create_in_ui(&made_in_the_ui("stalled")).await;
    for name in ["ordered", "paused"] {
        world.sims.apply(&sim(name)).await;
        world.sims.ready(name).await;
    }
    world.sims.apply(&sim("drifted").with(mode("Report"))).await;
    let drifted = world.sims.ready("drifted").await;
    world.tenant.edit_in_ui(drifted.id(), &json!({"description": "Edited"})).await;
    world.sims.apply(&sim("paused").with(mode("Paused"))).await;
    world.sims.apply(&sim("planned").with(mode("Plan"))).await;
    world.sims.apply(&bare_sim("stalled")).await;
    let secret = json!({"attribute": "password", "secretKeyRef": {"name": "later", "key": "password"}});
    world.sims.apply(&bare_sim("waiting").with(json!({"attributesFrom": [secret]}))).await;

    world.sims.until("drifted", "shows drift", |now| now.is("Drifted")).await;
    world.sims.until("paused", "is paused", |now| now.is("Paused")).await;
    world.sims.until("planned", "is planned", |now| now.is("Planned")).await;
    world.sims.stalled("stalled", "AlreadyExists").await;
    world.sims.reconciling("waiting", "SecretNotFound").await;
    world
}

/// The columns of a table by their headers; a cell that is empty stays so.
fn cells<'a>(table: &'a str, name: &str, headers: &[&str]) -> Vec<&'a str> {
    let header = table.lines().next().unwrap();
    let row = table.lines().find(|line| line.split_whitespace().next() == Some(name));
    let row = row.unwrap_or_else(|| panic!("no {name} in\n{table}"));
    let cell = |wanted: &&str| {
        let start = header.find(wanted).unwrap_or_else(|| panic!("no {wanted} in\n{table}"));
        row.get(start..).and_then(|rest| rest.split("  ").next()).unwrap_or_default().trim()
    };
    headers.iter().map(cell).collect()
}

/// The types of the conditions that are true, but for Ready.
fn beside_ready(now: &Seen) -> Vec<&str> {
    let conditions = now["status"]["conditions"].as_array().unwrap();
    let types = conditions.iter().filter(|condition| condition["status"] == "True").map(|condition| &condition["type"]);
    types.filter_map(Value::as_str).filter(|type_| *type_ != "Ready").collect()
}

#[tokio::test]
async fn kubectl_shows_every_state_by_its_readiness_and_its_reason() {
    let world = with_every_state().await;

    let table = world.kubernetes.kubectl(&["get", "sim"]).unwrap();

    for (name, ready, reason, with) in [
        ("ordered", "True", "Reconciled", &[] as &[&str]),
        ("waiting", "False", "SecretNotFound", &["Reconciling"]),
        ("stalled", "False", "AlreadyExists", &["Stalled"]),
        ("planned", "True", "Planned", &["Planned"]),
        ("drifted", "True", "Drifted", &["Drifted"]),
        ("paused", "True", "Reconciled", &["Paused"]),
    ] {
        assert_eq!(cells(&table, name, &["READY", "REASON"]), [ready, reason], "{name} in\n{table}");
        let now = world.sims.see(name).await;
        assert_eq!(beside_ready(&now), with, "{name}");
        assert!(now.is_current(), "{name}");
        for condition in now["status"]["conditions"].as_array().unwrap() {
            assert_eq!(condition["observedGeneration"], now["metadata"]["generation"], "{name}: {condition:#?}");
        }
    }
    world.close().await;
}

#[tokio::test]
async fn both_kinds_answer_to_their_short_names_and_their_category() {
    let world = World::new().await;
    world.sims.apply(&sim("desk")).await;
    world.sims.ready("desk").await;

    let tenants = world.kubernetes.kubectl(&["get", "spt"]).unwrap();
    assert_eq!(cells(&tenants, "acme", &["READY", "REASON"]), ["True", "Reconciled"]);
    let all = world.kubernetes.kubectl(&["get", "sailpoint", "-o", "name"]).unwrap();
    let mut names: Vec<&str> = all.lines().collect();
    names.sort_unstable();
    assert_eq!(names, ["sailpointtenant.simops.dev/acme", "simintegration.simops.dev/desk"]);
    world.close().await;
}

#[tokio::test]
async fn a_new_resource_is_never_taken_for_current() {
    let world = World::like().not_started().create().await;

    let applied = world.sims.apply(&sim("desk")).await;
    let status = &world.sims.patch_status("desk", &json!({"status": {"conditions": []}})).await["status"];

    assert!(!applied.is_current());
    assert_eq!(status["observedGeneration"], -1);
    world.close().await;
}
