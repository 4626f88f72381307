//! What only a definition with looser rules lets pass: one that somebody has edited, or that of another version.
//!
//! By itself, as definitions are the whole cluster's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a helper that fails fails its test")]
#![allow(unreachable_pub, reason = "`pub` marks what tests may use; no crate is ever linked against a test binary")]

#[path = "../support/mod.rs"]
mod support;

/// What the scenarios are written in.
#[path = "../operator"]
#[allow(dead_code, reason = "the scenarios use what this does not")]
mod operator {
    pub mod canary;
    pub mod events;
    pub mod manifests;
    pub mod mishaps;
    pub mod resources;
    pub mod world;
    pub mod writes;
}

#[path = "../hostile/table.rs"]
#[allow(dead_code, reason = "the other tables use what this does not")]
mod table;

use serde_json::{Value, json};

use operator::manifests::{Manifest, bare_sim, merge};
use support::control_plane::kubectl;
use support::wait::eventually;
use table::End::{Heals, Ready, Stalls};
use table::Table;

/// Takes every rule out of both definitions.
fn loosen() {
    let anything = json!([{
        "op": "replace",
        "path": "/spec/versions/0/schema/openAPIV3Schema",
        "value": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    }])
    .to_string();
    for definition in ["simintegrations.simops.dev", "sailpointtenants.simops.dev"] {
        kubectl(&["patch", "crd", definition, "--type=json", "-p", &anything]).unwrap();
    }
}

/// A resource whose spec is this, in the place of what our types would take.
fn with_spec(mut manifest: Manifest, spec: Value) -> Manifest {
    if spec.is_object() {
        merge(&mut manifest.0["spec"], spec);
    } else {
        manifest.0["spec"] = spec;
    }
    manifest
}

async fn applied(table: &Table, manifest: &Manifest) {
    let resources = if manifest.0["kind"] == "SimIntegration" { &table.world.sims } else { &table.world.tenants };
    // The API server takes its time until it serves what a definition allows.
    eventually("the definition is loose", async || {
        resources.try_apply(manifest).await.map_err(|error| error.to_string())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_harms_nobody() {
    let mut table = Table::new("What only a loosened definition lets pass").await;
    let url = table.world.tenant.url().to_owned();
    loosen();
    let specs = [
        ("sources that are a text", json!({"sources": "AD"}), "spec.sources: expected a sequence"),
        ("a name that is a number", json!({"name": 5}), "spec.name: expected a string"),
        ("attributes that are an array", json!({"attributes": ["hunter2"]}), "spec.attributes: expected a map"),
        ("a mode that is none", json!({"policy": {"mode": "Yolo"}}), "spec.policy.mode: expected one of `Enforce`"),
        ("an attribute from nowhere", json!({"attributesFrom": [{"attribute": "a"}]}), "missing field `secretKeyRef`"),
        ("a spec that is an array", json!([1]), "spec[0]: expected"),
    ];
    for (number, (_, spec, _)) in specs.iter().enumerate() {
        applied(&table, &with_spec(bare_sim(&format!("row-{number}")), spec.clone())).await;
    }
    let tenants = [
        (
            "a version of the API that is none",
            json!({"api": "v9"}),
            Stalls("InvalidSpec", "spec.api: expected one of `beta`"),
        ),
        (
            "an address that is a number",
            json!({"baseUrl": 5}),
            Stalls("InvalidSpec", "spec.baseUrl: expected a string"),
        ),
        ("credentials of nothing", json!({"credentials": {}}), Stalls("InvalidSpec", "missing field `secretRef`")),
        (
            "less than no request",
            json!({"requestsPer10s": -1}),
            Stalls("InvalidSpec", "spec.requestsPer10s: expected u32"),
        ),
        ("no request at all", json!({"requestsPer10s": 0}), Ready("connected")),
        ("4,294,967,295 requests", json!({"requestsPer10s": u32::MAX}), Ready("connected")),
        ("an address of words", json!({"baseUrl": "somewhere"}), Stalls("InvalidSpec", "baseUrl")),
        ("a bundle of words", json!({"caBundle": "rubbish"}), Stalls("InvalidSpec", "caBundle")),
    ];
    for (number, (_, spec, _)) in tenants.iter().enumerate() {
        let tenant = table.tenant_at(&format!("tenant-{number}"), &url).await;
        let shared = tenant.with(json!({"credentials": {"secretRef": {"name": "acme-sailpoint"}}}));
        let mut manifest = shared;
        if spec.get("credentials").is_some() {
            manifest.0["spec"]["credentials"] = json!({});
        }
        applied(&table, &with_spec(manifest, spec.clone())).await;
    }
    for (number, (what, _, words)) in specs.iter().enumerate() {
        table.sim(what, &format!("row-{number}"), Stalls("InvalidSpec", words)).await;
    }
    for (number, (what, _, end)) in tenants.iter().enumerate() {
        table.tenant(what, &format!("tenant-{number}"), *end).await;
    }
    let of_unreadable = bare_sim("of-unreadable").with(json!({"tenantRef": {"name": "tenant-0"}}));
    table.world.sims.apply(&of_unreadable).await;
    table
        .sim("an integration of a tenant that cannot be read", "of-unreadable", Heals("TenantNotReady", "spec.api"))
        .await;

    // A process that starts anew meets them all in its first list.
    table.world.kill_operators();
    table.world.start_operator();
    table.world.sims.apply(&bare_sim("after-a-restart")).await;
    table.world.sims.ready("after-a-restart").await;

    // Corrected, they are as any other.
    table.world.sims.apply(&bare_sim("row-0")).await;
    table.world.sims.ready("row-0").await;
    table
        .world
        .tenants
        .apply(
            &table
                .tenant_at("tenant-0", &url)
                .await
                .with(json!({"credentials": {"secretRef": {"name": "acme-sailpoint"}}})),
        )
        .await;
    table.world.tenants.ready("tenant-0").await;
    table.world.sims.ready("of-unreadable").await;
    table.close(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_that_cannot_be_read_keeps_what_it_says() {
    let mut table = Table::new("Statuses that only a loosened definition lets pass").await;
    loosen();
    let patches = [
        ("conditions that are a text", json!({"conditions": "all is well"}), "status.conditions: expected a sequence"),
        ("a time that is none", json!({"lastChange": {"at": "yesterday"}}), "status.lastChange"),
        ("a generation of words", json!({"observedGeneration": "two"}), "status.observedGeneration: expected i64"),
    ];
    let mut ids = Vec::new();
    for number in 0..patches.len() {
        let name = format!("row-{number}");
        table.world.sims.apply(&bare_sim(&name)).await;
        ids.push(table.world.sims.ready(&name).await.id().to_owned());
        table.world.sims.until(&name, "is settled", |now| now.annotation("simops.dev/remote-id").is_some()).await;
    }
    for (number, (_, patch, _)) in patches.iter().enumerate() {
        let name = format!("row-{number}");
        eventually("the definition is loose", async || {
            table.world.sims.patch_status(&name, &json!({"status": patch})).await;
            let now = table.world.sims.see(&name).await;
            let field = patch.as_object().unwrap().keys().next().unwrap();
            let is_there = |value: &Value| {
                value.to_string().contains("all is well")
                    || value.to_string().contains("yesterday")
                    || value.to_string().contains("two")
            };
            if is_there(&now["status"][field]) { Ok(()) } else { Err(now["status"][field].clone()) }
        })
        .await;
        table.world.sims.annotate(&name, "simops.dev/reconcile-requested-at", "now").await;
    }
    for (number, (what, _, words)) in patches.iter().enumerate() {
        let name = format!("row-{number}");
        let seen = table
            .world
            .sims
            .until(&name, what, |now| now.verdict() == ("False", "InvalidSpec") && now.message().contains(words));
        let seen = seen.await;
        table.note(what, &seen);
        assert_eq!(seen.id(), ids[number], "what can be read is kept");
    }
    assert_eq!(table.world.tenant.integrations().await.len(), patches.len() + 1);
    table.close(patches.len()).await;
}
