//! Attributes that are nested deeper than anybody reads: Kubernetes keeps them, and one such resource must not end the watch
//! of all the others.

use serde_json::{Value, json};

use super::table::End::{self, Stalls};
use super::table::Table;
use crate::operator::manifests::bare_sim;
use crate::operator::resources::Seen;
use crate::support::wait::eventually;

/// A resource with these attributes, as text: a tree so deep cannot be dropped.
fn deep(name: &str, attributes: &str) -> String {
    let manifest = bare_sim(name).with(json!({"attributes": {"a": "{deep}"}})).0.to_string();
    manifest.replace("\"{deep}\"", attributes)
}

fn arrays(depth: usize) -> String {
    format!("{}1{}", "[".repeat(depth), "]".repeat(depth))
}

fn objects(depth: usize) -> String {
    format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth))
}

/// All but the spec, which no parser here takes.
fn look(table: &Table, name: &str) -> Result<Seen, String> {
    let of = |path: &str| {
        let path = format!("-o=jsonpath={{{path}}}");
        let text = table.world.kubernetes.kubectl(&["get", "simintegration", name, &path])?;
        Ok::<Value, String>(serde_json::from_str(&text).unwrap_or(Value::String(text)))
    };
    Ok(Seen::of(json!({
        "metadata": {
            "generation": of(".metadata.generation")?,
            "resourceVersion": of(".metadata.resourceVersion")?.to_string(),
            "annotations": of(".metadata.annotations")?,
        },
        "status": of(".status")?,
    })))
}

async fn comes_to(table: &mut Table, what: &str, name: &str, end: End) {
    let seen = eventually(&format!("{what}: {end:?}"), async || {
        let now = look(table, name)?;
        if end.is_of(&now) { Ok(now) } else { Err(format!("{:#?}", now["status"])) }
    })
    .await;
    table.note(what, &seen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_nested_too_deeply_is_no_end_of_all() {
    let mut table = Table::new("Specs that are nested deeper than anybody reads").await;
    let rows = [
        ("200 levels of arrays", arrays(200)),
        ("200 levels of objects", objects(200)),
        ("5,000 levels of arrays", arrays(5_000)),
        ("1,000 levels of objects", objects(1_000)),
    ];
    for (number, (_, attributes)) in rows.iter().enumerate() {
        table.world.kubernetes.apply(&deep(&format!("row-{number}"), attributes)).unwrap();
    }
    let unreadable = Stalls("InvalidSpec", "nested too deeply");
    for (number, (what, _)) in rows.iter().enumerate() {
        comes_to(&mut table, what, &format!("row-{number}"), unreadable).await;
    }
    // A process that starts anew lists them all at once.
    table.world.kill_operators();
    table.world.start_operator();
    table.world.sims.apply(&bare_sim("after-a-restart")).await;
    table.world.sims.ready("after-a-restart").await;
    for number in 0..rows.len() {
        let name = format!("row-{number}");
        table.world.kubernetes.apply(&deep(&name, "1")).unwrap();
        table.world.sims.ready(&name).await;
    }
    table.close(rows.len() + 1).await;
}

/// What nobody can read still holds what it holds, and is let go of only where somebody says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_can_no_longer_be_read_keeps_what_it_has() {
    let mut table = Table::new("A spec that can no longer be read").await;
    table.world.sims.apply(&bare_sim("desk")).await;
    let id = table.world.sims.ready("desk").await.id().to_owned();
    table.world.sims.until("desk", "is settled", |now| now.annotation("simops.dev/remote-id").is_some()).await;
    table
        .world
        .kubernetes
        .kubectl(&[
            "patch",
            "simintegration",
            "desk",
            "--type=merge",
            "-p",
            &format!(r#"{{"spec":{{"attributes":{{"a":{}}}}}}}"#, objects(500)),
        ])
        .unwrap();
    comes_to(&mut table, "what had an integration", "desk", Stalls("InvalidSpec", "nested too deeply")).await;

    table.world.sims.apply(&bare_sim("rival").with(json!({"externalId": id}))).await;
    table.sim("a rival for what it holds", "rival", Stalls("Conflict", "desk holds")).await;
    table.world.sims.delete("rival").await;
    table.world.sims.gone("rival").await;

    table.world.kubernetes.kubectl(&["delete", "simintegration", "desk", "--wait=false"]).unwrap();
    comes_to(&mut table, "the same while it is deleted", "desk", Stalls("InvalidSpec", "simops.dev/force-orphan"))
        .await;
    let version = look(&table, "desk").unwrap().version().to_owned();
    table.world.resyncs(2).await;
    assert_eq!(look(&table, "desk").unwrap().version(), version, "it is said once");
    table.world.kubernetes.kubectl(&["annotate", "simintegration", "desk", "simops.dev/force-orphan=true"]).unwrap();
    eventually("it is let go of", async || look(&table, "desk").err().ok_or("still there")).await;
    assert_eq!(table.world.tenant.integration("desk").await.unwrap()["id"], id, "it was left as it is");
    table.close(1).await;
}
