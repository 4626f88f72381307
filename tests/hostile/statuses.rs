//! Statuses that somebody has edited, which takes a right that only the operator should have.

use serde_json::{Value, json};

use super::table::End::{self, Ready, Stalls};
use super::table::Table;
use crate::operator::manifests::bare_sim;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statuses_of_garbage() {
    let mut table = Table::new("Statuses that somebody has edited").await;
    let held = table.id_in_order().to_owned();
    let condition = |type_: &str, reason: &str| {
        json!({"type": type_, "status": "Unknown", "reason": reason, "message": "a\u{0}\u{1b}[31m",
            "lastTransitionTime": "2020-01-01T00:00:00Z"})
    };
    let in_order = Ready("in order");
    let rows: Vec<(&str, Value, End)> = vec![
        ("the id of what another holds", json!({"id": held}), Stalls("Conflict", "in-order holds")),
        ("an id of dots", json!({"id": ".."}), Stalls("InvalidAnnotation", "status.id")),
        ("an id that leads elsewhere", json!({"id": "../sources/1"}), Stalls("InvalidAnnotation", "status.id")),
        ("an id with NUL", json!({"id": "a\u{0}b"}), Stalls("InvalidAnnotation", "status.id")),
        (
            "the id of nothing",
            json!({"id": "2c91000000000000000000000000dead"}),
            Stalls("AlreadyExists", "is gone, and its name"),
        ),
        ("another org", json!({"tenant": {"org": "another"}}), Stalls("TenantChanged", "another")),
        (
            "conditions of garbage",
            json!({"conditions": [condition("Odd", "Odder"), condition("Ready", "x")]}),
            in_order,
        ),
        ("no conditions", json!({"conditions": []}), in_order),
        (
            "records of garbage",
            json!({"sent": {"paths": {"": "", "no path": "x", "/attributes/a/../b": "y", "/name": "z"},
            "unverified": ["", "/x"], "normalised": {"/": "x"}}}),
            in_order,
        ),
        (
            "a last change in the far future",
            json!({"lastChange": {"at": "9999-12-30T00:00:00Z", "generation": -7}}),
            in_order,
        ),
        ("a generation that was never there", json!({"observedGeneration": 999}), in_order),
        ("no status at all", Value::Null, in_order),
    ];
    // Of two that claim one id by their status the older holds it, and Kubernetes tells ages in seconds.
    table.until_new_ones_are_younger().await;
    for number in 0..rows.len() {
        table.world.sims.apply(&bare_sim(&format!("row-{number}"))).await;
    }
    for number in 0..rows.len() {
        let name = format!("row-{number}");
        table.world.sims.ready(&name).await;
        table.world.sims.until(&name, "is settled", |now| now.annotation("simops.dev/remote-id").is_some()).await;
    }
    table.world.tenant.forget_calls().await;
    for (number, (_, patch, _)) in rows.iter().enumerate() {
        let name = format!("row-{number}");
        table.world.sims.patch_status(&name, &json!({"status": patch})).await;
        table.world.sims.annotate(&name, "simops.dev/reconcile-requested-at", "now").await;
    }
    table.world.resyncs(2).await;
    for (number, (what, _, end)) in rows.iter().enumerate() {
        table.sim(what, &format!("row-{number}"), *end).await;
    }
    assert_eq!(table.world.tenant.integrations().await.len(), rows.len() + 1, "nothing was created or deleted");
    let acme = table.world.tenants.see("acme").await;
    assert!(acme.is_ready(), "{}", acme.message());
    // A record of garbage says that what is withdrawn was ours, and that the name has moved.
    let others = table.world.writes().await.len();
    assert!(others <= 1, "{:#?}", table.world.writes().await);
    table.close(others).await;
}
