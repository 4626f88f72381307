//! Annotations of ours that somebody has edited or forged: none takes what another holds, and none harms another.
//!
//! Not defended: whoever may edit a resource may take any integration that no other resource holds, by `externalId`, which
//! is the consent; a forged annotation can do as much and no more. See README.md, "Who may do what".

use serde_json::{Value, json};

use super::table::End::Stalls;
use super::table::Table;
use crate::operator::manifests::{Manifest, bare_sim};
use crate::operator::mishaps::{ALL, once};
use crate::operator::world::World;
use crate::support::simulator::Action;

const CREATE: &str = "simops.dev/create";
const REMOTE_ID: &str = "simops.dev/remote-id";

/// What tells this cluster from others, as the operator writes it into its annotations.
async fn cluster(table: &Table) -> Value {
    let desk = table.world.sims.see("in-order").await;
    let remote: Value = serde_json::from_str(desk.annotation(REMOTE_ID).unwrap()).unwrap();
    remote["for"]["cluster"].clone()
}

async fn written_for(table: &Table, name: &str) -> Value {
    json!({"resource": format!("{}/{name}", table.world.kubernetes.namespace), "cluster": cluster(table).await})
}

async fn org(table: &Table) -> Value {
    table.world.tenants.see("acme").await["status"]["org"].clone()
}

async fn remote_id(table: &Table, name: &str, id: &str) -> String {
    json!({"id": id, "org": org(table).await, "for": written_for(table, name).await}).to_string()
}

async fn intent(table: &Table, name: &str, creating: &str) -> Value {
    json!({"nonce": "n", "for": written_for(table, name).await, "org": org(table).await, "name": creating,
        "digest": {"/name": "0000000000000000"}, "paths": {}})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_creates_and_takes_nothing() {
    let mut table = Table::new("Annotations that cannot be read").await;
    let whole = intent(&table, "row-6", "row-6").await.to_string();
    let mut bare = intent(&table, "row-7", "row-7").await;
    bare["digest"] = json!({});
    let rows = [
        ("an intent of words", CREATE, "garbage".to_owned()),
        ("an empty intent", CREATE, String::new()),
        ("an intent that is an array", CREATE, "[]".to_owned()),
        ("an intent that is a number", CREATE, "5".to_owned()),
        ("an intent of 200 KB", CREATE, "x".repeat(200_000)),
        ("an intent of 10,000 levels", CREATE, "[".repeat(10_000)),
        ("an intent that was cut", CREATE, whole[..whole.len() - 5].to_owned()),
        ("an intent that is like anything", CREATE, bare.to_string()),
        ("an id of words", REMOTE_ID, "2c91".to_owned()),
        ("an id that is an object", REMOTE_ID, remote_id(&table, "row-9", "1").await.replace("\"1\"", "{}")),
        ("an id that leads elsewhere", REMOTE_ID, remote_id(&table, "row-10", "../../v2025/sources/1").await),
        ("an id of dots", REMOTE_ID, remote_id(&table, "row-11", "..").await),
        ("an empty id", REMOTE_ID, remote_id(&table, "row-12", "").await),
        ("an id with NUL", REMOTE_ID, remote_id(&table, "row-13", "a\u{0}b").await),
    ];
    for (number, (_, key, value)) in rows.iter().enumerate() {
        table.world.sims.apply(&bare_sim(&format!("row-{number}")).annotated(key, value)).await;
    }
    for (number, (what, _, _)) in rows.iter().enumerate() {
        table.sim(what, &format!("row-{number}"), Stalls("InvalidAnnotation", "cannot be read")).await;
    }
    assert_eq!(table.world.tenant.integrations().await.len(), 1);
    let acme = table.world.tenants.see("acme").await;
    assert!(acme.is_ready(), "none makes the tenant's list a liar: {}", acme.message());

    // Deleted, it is not let go of without a word; removed, it starts anew.
    table.world.sims.delete("row-0").await;
    table.world.sims.gone("row-0").await;
    table.world.sims.patch("row-1", &json!({"metadata": {"finalizers": ["simops.dev/finalizer"]}})).await;
    table.world.sims.delete("row-1").await;
    table.sim("the same while it is deleted", "row-1", Stalls("InvalidAnnotation", "simops.dev/force-orphan")).await;
    table.world.sims.annotate("row-1", "simops.dev/force-orphan", "true").await;
    table.world.sims.gone("row-1").await;
    table.world.sims.patch("row-2", &json!({"metadata": {"annotations": {CREATE: null}}})).await;
    table.world.sims.ready("row-2").await;
    table.close(1).await;
}

fn forged(name: &str, key: &str, value: &str) -> Manifest {
    bare_sim(name).annotated(key, value)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_forged_takes_nothing_from_another() {
    let mut table = Table::new("Annotations that are forged").await;
    let held = table.id_in_order().to_owned();
    let foreign = table.world.tenant.create_in_ui(&json!({"name": "Legacy Desk", "description": "Hands off"})).await;
    let mut first_moment = intent(&table, "first-moment", "Legacy Desk").await;
    first_moment["since"] = json!("-009999-01-02T01:59:59Z");
    let mut last_moment = intent(&table, "last-moment", "Legacy Desk").await;
    last_moment["since"] = json!("9999-12-30T22:00:00Z");
    let elsewhere =
        remote_id(&table, "elsewhere", &held).await.replace(org(&table).await.as_str().unwrap(), "another-org");
    let rows = vec![
        (
            "an intent of the name of what another holds",
            forged("of-held", CREATE, &intent(&table, "of-held", "in-order").await.to_string()),
            Stalls("Conflict", "in-order holds"),
        ),
        (
            "an intent of the name of what nobody holds",
            forged("of-foreign", CREATE, &intent(&table, "of-foreign", "Legacy Desk").await.to_string()),
            Stalls("AmbiguousCreate", &*foreign.clone().leak()),
        ),
        (
            "an intent since the first moment of all",
            forged("first-moment", CREATE, &first_moment.to_string()),
            Stalls("AmbiguousCreate", "externalId"),
        ),
        (
            "an intent since the last moment of all",
            forged("last-moment", CREATE, &last_moment.to_string()),
            Stalls("AmbiguousCreate", "externalId"),
        ),
        (
            "the id of what another holds",
            forged("thief", REMOTE_ID, &remote_id(&table, "thief", &held).await),
            Stalls("Conflict", "in-order holds"),
        ),
        ("the id of another org", forged("elsewhere", REMOTE_ID, &elsewhere), Stalls("TenantChanged", "another-org")),
        (
            "the id of nothing",
            forged("nothing-1", REMOTE_ID, &remote_id(&table, "nothing-1", "2c91000000000000000000000000dead").await),
            Stalls("ExternalIdGone", "no integration"),
        ),
        (
            "the id of nothing",
            forged("nothing-2", REMOTE_ID, &remote_id(&table, "nothing-2", "2c91000000000000000000000000beef").await),
            Stalls("ExternalIdGone", "no integration"),
        ),
        (
            "the id of nothing",
            forged("nothing-3", REMOTE_ID, &remote_id(&table, "nothing-3", "2c91000000000000000000000000cafe").await),
            Stalls("ExternalIdGone", "no integration"),
        ),
        (
            "a pause of words",
            forged("pause", "simops.dev/paused-until", "tomorrow"),
            Stalls("InvalidAnnotation", "paused-until"),
        ),
        (
            "a pause of a year",
            forged("long-pause", "simops.dev/paused-until", "2999-01-01T00:00:00Z"),
            Stalls("InvalidAnnotation", "at most 7 days"),
        ),
        (
            "a pause of 100 KB",
            forged("large-pause", "simops.dev/paused-until", &"9".repeat(100_000)),
            Stalls("InvalidAnnotation", "paused-until"),
        ),
    ];
    for (_, manifest, _) in &rows {
        table.world.sims.apply(manifest).await;
    }
    for (what, manifest, end) in &rows {
        table.sim(what, manifest.name(), *end).await;
    }
    let acme = table.world.tenants.see("acme").await;
    assert!(acme.is_ready(), "none is a mass disappearance: {}", acme.message());
    let there = table.world.tenant.integration("Legacy Desk").await.unwrap();
    assert_eq!((&there["id"], &there["description"]), (&json!(foreign), &json!("Hands off")));
    table.close(0).await;
}

/// A resource that is older than the one in order comes first between two that hold nothing, and only there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_resource_takes_nothing_by_an_annotation() {
    let mut table = Table::new("An annotation of an older resource").await;
    table.world.sims.apply(&bare_sim("elder").with(json!({"policy": {"mode": "Plan"}}))).await;
    table.world.sims.until("elder", "is planned", |now| now.verdict().1 == "Planned").await;
    table.world.sims.apply(&bare_sim("younger")).await;
    let younger = table.world.sims.ready("younger").await;
    let claim = remote_id(&table, "elder", younger.id()).await;
    table.world.sims.apply(&forged("elder", REMOTE_ID, &claim)).await;
    table.sim("the id of what a younger holds", "elder", Stalls("Conflict", "younger holds")).await;
    table.world.resyncs(2).await;
    assert!(table.world.sims.see("younger").await.is_ready());
    table.world.sims.delete("elder").await;
    table.world.sims.gone("elder").await;
    assert!(table.world.tenant.integration("younger").await.is_some(), "and deletes nothing");
    table.close(1).await;
}

/// The same person could write `externalId`. It is not swapped for what an annotation says, either.
/// A desk whose POST was sent, was not answered in time, and takes effect a while later.
async fn with_open_create(title: &'static str) -> Table {
    let slow = World::like().flag("--request-limit", "1s").flag("--settle", "10s");
    let table = Table::within(title, slow).await;
    table.world.tenant.inject(&once("POST", ALL, Action::DelayBefore { ms: 4_000 })).await;
    table.world.sims.apply(&bare_sim("desk")).await;
    table.world.sims.reconciling("desk", "CreateUnresolved").await;
    table
}

#[tokio::test]
async fn an_open_intent_that_is_garbled_is_put_back() {
    let table = with_open_create("An intent that somebody garbles").await;
    table.world.sims.annotate("desk", CREATE, "{\"nonce\":\"oops\"").await;
    table.world.sims.ready("desk").await;
    assert_eq!(table.world.tenant.integrations().await.len(), 2);
    table.close(1).await;
}

#[tokio::test]
async fn an_open_intent_that_was_garbled_while_nobody_looked_is_no_second_create() {
    let mut table = with_open_create("An intent that somebody garbled while no operator ran").await;
    table.world.kill_operators();
    table.world.sims.annotate("desk", CREATE, "{\"nonce\":\"oops\"").await;
    table.world.until_writes(1).await;
    table.world.start_operator();
    table.sim("an open intent that was garbled", "desk", Stalls("InvalidAnnotation", "externalId")).await;
    table.world.resyncs(3).await;
    let id = table.world.tenant.integration("desk").await.unwrap()["id"].as_str().unwrap().to_owned();
    table.world.sims.apply(&bare_sim("desk").with(json!({"externalId": id}))).await;
    table.world.sims.patch("desk", &json!({"metadata": {"annotations": {CREATE: null}}})).await;
    table.world.sims.ready("desk").await;
    assert_eq!(table.world.tenant.integrations().await.len(), 2);
    table.close(1).await;
}
