//! The definitions themselves: files, apply in every way, explain, columns.

use std::collections::BTreeSet;
use std::fs;

use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use sim_operator::api::{SailPointTenant, SimIntegration, crds};

use crate::support::control_plane::{Sandbox, kubectl};
use crate::support::crds::{FOLDER, install};
use crate::support::wait::eventually;

/// What client-side apply can keep in its annotation.
const LARGEST: usize = 262_144;

#[test]
fn the_files_are_what_the_types_say() {
    let mut expected = BTreeSet::new();
    for file in crds::files().unwrap() {
        let is = fs::read_to_string(format!("{FOLDER}/{}", file.name)).unwrap_or_default();
        assert!(is == file.yaml, "deploy/crds/{} is not what the types say: run `make generate`", file.name);
        expected.insert(file.name);
    }
    let are: BTreeSet<_> =
        fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(are, expected, "deploy/crds holds what `make generate` does not write");
}

#[test]
fn they_are_small_enough_for_client_side_apply() {
    for definition in crds::all() {
        assert!(serde_json::to_string(&definition).unwrap().len() < LARGEST);
    }
}

#[tokio::test]
async fn they_can_be_applied_in_every_way_without_a_warning() {
    install();
    for way in [
        ["apply", "--warnings-as-errors", "-f", FOLDER].as_slice(),
        &["apply", "--server-side", "--warnings-as-errors", "-f", FOLDER],
        &["replace", "--warnings-as-errors", "-f", FOLDER],
        &["wait", "--for=condition=Established", "-f", FOLDER],
        &["wait", "--for=condition=NamesAccepted", "-f", FOLDER],
    ] {
        assert_eq!(kubectl(way).err(), None, "{way:?}");
    }
    let wrong = "jsonpath={.items[*].status.conditions[?(@.type=='NonStructuralSchema')].message}";
    assert_eq!(kubectl(&["get", "crds", "-o", wrong]).as_deref(), Ok(""));
}

#[tokio::test]
async fn what_kubectl_explains_is_what_the_types_say() {
    install();
    for (field, words) in [
        ("sim", "service desk"),
        ("sim.spec", "service desk"),
        ("sim.spec.tenantRef", "--default-tenant"),
        ("sim.spec.policy.delete", "Orphan"),
        ("sim.spec.attributesFrom.secretKeyRef.key", "such as password"),
        ("sim.status.conditions.reason", "troubleshooting"),
        ("spt.spec.requestsPer10s", "Absent: 80"),
        ("spt.spec.allowedNamespaces.selector.matchExpressions.operator", "compared"),
        ("spt.status.integrations.unmanaged", "Owned by no"),
    ] {
        // What kubectl explains is published a moment after a definition is served.
        let explained = eventually("kubectl explains", async || kubectl(&["explain", field])).await;
        assert!(explained.contains(words), "{field}:\n{explained}");
    }
}

/// The cells of kubectl's table, by column; columns stand where their headings begin.
fn table(printed: &str) -> Vec<(String, String)> {
    let mut lines = printed.lines();
    let (head, row) = (lines.next().unwrap(), lines.next().unwrap());
    let mut starts: Vec<usize> = head.match_indices(char::is_alphanumeric).map(|(at, _)| at).collect();
    starts.retain(|&at| at == 0 || head[..at].ends_with(' '));
    let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
    let cell = |line: &str, from: usize, to: usize| line[from.min(line.len())..to.min(line.len())].trim().to_owned();
    starts.iter().zip(ends).map(|(&from, to)| (cell(head, from, to), cell(row, from, to))).collect()
}

fn columns(cells: &[(&str, &str)]) -> Vec<(String, String)> {
    cells.iter().map(|(name, cell)| ((*name).to_owned(), (*cell).to_owned())).collect()
}

fn ready(reason: &str, message: &str) -> Value {
    json!([{"type": "Ready", "status": "False", "reason": reason, "message": message,
        "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z"}])
}

#[tokio::test]
async fn integrations_show_what_matters_in_a_table() {
    install();
    let sandbox = Sandbox::new().await;
    let api = sandbox.api::<SimIntegration>();
    let object = serde_json::from_value(json!({
        "apiVersion": "simops.dev/v1alpha1", "kind": "SimIntegration", "metadata": {"name": "servicenow"},
        "spec": {"type": "ServiceNow", "policy": {"mode": "Report", "delete": "Orphan"}},
    }));
    api.create(&PostParams::default(), &object.unwrap()).await.unwrap();
    let status = json!({"status": {"observedGeneration": 1, "id": "2c91", "conditions": ready("Refused", "Say it otherwise"),
        "tenant": {"namespace": "iam", "name": "acme", "org": "acme"}}});
    api.patch_status("servicenow", &PatchParams::default(), &Patch::Merge(status)).await.unwrap();

    let mut wide = table(&sandbox.kubectl(&["get", "sim", "-o", "wide"]).unwrap());
    wide.retain(|(name, _)| name != "AGE");
    let narrow =
        [("NAME", "servicenow"), ("READY", "False"), ("REASON", "Refused"), ("TENANT", "acme"), ("ID", "2c91")];
    let more = [("MODE", "Report"), ("ONDELETE", "Orphan"), ("TYPE", "ServiceNow"), ("MESSAGE", "Say it otherwise")];
    assert_eq!(wide, columns(&[narrow.as_slice(), &more].concat()));
    let mut shown = table(&sandbox.kubectl(&["get", "sim"]).unwrap());
    assert_eq!(shown.pop().unwrap().0, "AGE");
    assert_eq!(shown, columns(&narrow));
}

#[tokio::test]
async fn tenants_show_what_matters_in_a_table() {
    install();
    let sandbox = Sandbox::new().await;
    let api = sandbox.api::<SailPointTenant>();
    let object = serde_json::from_value(json!({
        "apiVersion": "simops.dev/v1alpha1", "kind": "SailPointTenant", "metadata": {"name": "acme"},
        "spec": {"baseUrl": "https://acme.example", "api": "v1", "credentials": {"secretRef": {"name": "acme"}},
            "policy": {"mode": "Plan"}},
    }));
    api.create(&PostParams::default(), &object.unwrap()).await.unwrap();
    let status = json!({"status": {"observedGeneration": 1, "org": "acme-org", "conditions": ready("Forbidden", "Ask"),
        "integrations": {"remote": 5, "managed": 3, "unmanaged": 2}}});
    api.patch_status("acme", &PatchParams::default(), &Patch::Merge(status)).await.unwrap();

    let mut wide = table(&sandbox.kubectl(&["get", "spt", "-o", "wide"]).unwrap());
    wide.retain(|(name, _)| name != "AGE");
    let narrow = [
        ("NAME", "acme"),
        ("READY", "False"),
        ("REASON", "Forbidden"),
        ("ORG", "acme-org"),
        ("API", "v1"),
        ("MANAGED", "3"),
        ("UNMANAGED", "2"),
    ];
    let more = [("MODE", "Plan"), ("URL", "https://acme.example"), ("MESSAGE", "Ask")];
    assert_eq!(wide, columns(&[narrow.as_slice(), &more].concat()));
    let listed = sandbox.kubectl(&["get", "sailpoint"]).unwrap();
    assert!(listed.contains("acme-org"), "by category: {listed}");
}
