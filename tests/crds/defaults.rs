//! What the API server makes of what it is given: defaults, nulls, and every field kept.

use kube::ResourceExt;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use sim_operator::api::{SailPointTenant, SailPointTenantStatus, SimIntegration, SimIntegrationStatus};

use crate::support::control_plane::{Sandbox, kubectl_with_input};
use crate::support::crds::install;

fn tenant(spec: &Value) -> SailPointTenant {
    let mut whole = json!({
        "apiVersion": "simops.dev/v1alpha1", "kind": "SailPointTenant", "metadata": {"name": "acme"},
        "spec": {"baseUrl": "https://acme.api.identitynow.com", "api": "v2024",
            "credentials": {"secretRef": {"name": "acme-sailpoint"}}},
    });
    whole["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

fn integration(spec: &Value) -> SimIntegration {
    serde_json::from_value(json!({
        "apiVersion": "simops.dev/v1alpha1", "kind": "SimIntegration", "metadata": {"name": "servicenow"}, "spec": spec,
    }))
    .unwrap()
}

#[tokio::test]
async fn nobody_takes_a_new_resource_for_current() {
    install();
    let sandbox = Sandbox::new().await;
    let created = sandbox.api().create(&PostParams::default(), &integration(&json!({}))).await.unwrap();
    assert_eq!(created.status.unwrap(), SimIntegrationStatus { observed_generation: -1, ..Default::default() });
    let created = sandbox.api().create(&PostParams::default(), &tenant(&json!({}))).await.unwrap();
    assert_eq!(created.status.unwrap(), SailPointTenantStatus { observed_generation: -1, ..Default::default() });

    for kind in ["sim/servicenow", "spt/acme"] {
        let status = sandbox.kubectl(&["get", kind, "-o", "jsonpath={.status}"]);
        assert_eq!(status.as_deref(), Ok(r#"{"observedGeneration":-1}"#), "{kind}");
    }
}

#[tokio::test]
async fn nothing_is_added_to_a_spec() {
    install();
    let sandbox = Sandbox::new().await;
    for (kind, spec) in [
        ("SimIntegration", json!({"policy": {}})),
        (
            "SailPointTenant",
            json!({"api": "v1", "allowedNamespaces": {"from": "Same"}, "baseUrl": "https://a.example",
                "credentials": {"secretRef": {"name": "a"}}, "policy": {}}),
        ),
    ] {
        let bare =
            json!({"apiVersion": "simops.dev/v1alpha1", "kind": kind, "metadata": {"name": "bare"}, "spec": spec});
        sandbox.apply(&bare.to_string()).unwrap();
        let read = sandbox.kubectl(&["get", kind, "bare", "-o", "jsonpath={.spec}"]).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&read).unwrap(), spec, "{kind}");
    }
}

#[tokio::test]
async fn null_means_absent_where_it_is_taken() {
    install();
    let sandbox = Sandbox::new().await;
    let manifest = json!({
        "apiVersion": "simops.dev/v1alpha1", "kind": "SimIntegration", "metadata": {"name": "nulls"},
        "spec": {"description": null, "cluster": {"id": null, "name": "Training VA"}, "policy": null, "tenantRef": null},
    })
    .to_string();
    kubectl_with_input(&["--namespace", &sandbox.namespace, "create", "-f", "-"], &manifest).unwrap();
    let read = sandbox.api::<SimIntegration>().get("nulls").await.unwrap();
    assert_eq!(read.spec, integration(&json!({"cluster": {"name": "Training VA"}})).spec);

    // A server-side apply would make the writer the owner of a null; the API server names the field instead.
    let refused = sandbox.apply(&manifest).unwrap_err();
    assert!(refused.contains("spec.cluster.id in body must be of type string: \"null\""), "{refused}");
}

#[tokio::test]
async fn every_field_of_an_integration_is_kept() {
    install();
    let sandbox = Sandbox::new().await;
    let api = sandbox.api::<SimIntegration>();
    let given = integration(&json!({
        "tenantRef": {"name": "acme", "namespace": "iam"},
        "externalId": "2c9180835d191a86015d28455b4a2329",
        "name": "ServiceNow SIM",
        "description": "Tickets for Active Directory",
        "type": "ServiceNow Service Desk",
        "cluster": {"id": "2c9180847a7fccdd017aa5896f9f4f6f"},
        "sources": [{"id": "2c9180835d191a86015d28455b4a2329"}, {"name": "Active Directory"}],
        "statusMap": {"closed_complete": "Committed", "in_process": "Queued"},
        "request": {"short_description": "SailPoint $!plan.arguments.identityRequestId #if {{x}}"},
        "attributes": {"url": "https://acme.service-now.com", "deep": {"list": [1, 2.5, {"x": true}], "text": "$#{{"}},
        "attributesFrom": [{"attribute": "/deep/password", "secretKeyRef": {"name": "servicenow", "key": "password"}}],
        "beforeProvisioningRule": {"id": "048eb3d55c5a4758bd07dccb87741c78", "name": "Before Provisioning Rule"},
        "policy": {"mode": "Enforce", "adopt": "ByName", "delete": "Delete"},
    }));
    let created = api.create(&PostParams::default(), &given).await.unwrap();
    assert_eq!(created.spec, given.spec);

    let status: SimIntegrationStatus = serde_json::from_value(json!({
        "observedGeneration": 3, "id": "2c91", "origin": "Adopted",
        "tenant": {"namespace": "iam", "name": "acme", "org": "acme"},
        "conditions": [{"type": "Ready", "status": "True", "reason": "Reconciled", "message": "",
            "observedGeneration": 3, "lastTransitionTime": "2026-01-01T00:00:00Z"}],
        "sent": {"paths": {"/request": "d1"}, "normalised": {"/name": "d2"}, "unverified": ["/attributes/x"],
            "secrets": [{"attribute": "/password", "name": "s", "key": "k", "resourceVersion": "7"}]},
        "plan": {"action": "Update", "changes": [{"path": "/name", "from": "a", "to": "b"}], "omitted": 2},
        "lastChange": {"at": "2026-01-01T00:00:00Z", "action": "Updated", "cause": "Drift", "generation": 3,
            "changeRef": "CHG1", "trackingId": "t", "changes": ["/name"]},
        "lastHandled": {"reconcileRequestedAt": "a", "correctRequestedAt": "b"},
    }))
    .unwrap();
    let patch = Patch::Merge(json!({"status": status}));
    let patched = api.patch_status(&created.name_any(), &PatchParams::default(), &patch).await.unwrap();
    assert_eq!(patched.status.unwrap(), status);
}

#[tokio::test]
async fn every_field_of_a_tenant_is_kept() {
    install();
    let sandbox = Sandbox::new().await;
    let api = sandbox.api::<SailPointTenant>();
    let given = tenant(&json!({
        "caBundle": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "requestsPer10s": 80, "resyncInterval": "10m", "policy": {"mode": "Plan", "adopt": "Never"},
        "allowedNamespaces": {"from": "Selector", "selector": {"matchLabels": {"team": "iam"},
            "matchExpressions": [{"key": "stage", "operator": "In", "values": ["prod"]}]}},
    }));
    let created = api.create(&PostParams::default(), &given).await.unwrap();
    assert_eq!(created.spec, given.spec);

    let status: SailPointTenantStatus = serde_json::from_value(json!({
        "observedGeneration": 1, "org": "acme", "integrations": {"remote": 5, "managed": 3, "unmanaged": 2},
        "conditions": [], "lastHandled": {"reconcileRequestedAt": "a"},
    }))
    .unwrap();
    let patch = Patch::Merge(json!({"status": status}));
    let patched = api.patch_status("acme", &PatchParams::default(), &patch).await.unwrap();
    assert_eq!(patched.status.unwrap(), status);
}
