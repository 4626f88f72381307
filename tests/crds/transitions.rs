//! What may become of a resource that exists: each rule on updates, one row per case.

use kube::api::{ApiResource, DynamicObject, Patch, PatchParams, PostParams};
use kube::{Api, Error, ResourceExt};
use serde_json::{Value, json};

use sim_operator::api::{SailPointTenant, SimIntegration};

use crate::support::control_plane::Sandbox;
use crate::support::crds::install;

/// A resource as it is, the patch of its spec, and the words of the refusal; none: it is accepted.
struct Row {
    spec: Value,
    status: Value,
    patch: Value,
    words: &'static str,
}

async fn check<K: kube::Resource<DynamicType = ()>>(rows: Vec<Row>) {
    install();
    let sandbox = Sandbox::new().await;
    let resource = ApiResource::erase::<K>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(sandbox.client.clone(), &sandbox.namespace, &resource);
    for Row { spec, status, patch, words } in rows {
        let object = json!({
            "apiVersion": resource.api_version, "kind": resource.kind, "metadata": {"generateName": "row-"},
            "spec": spec,
        });
        let name =
            api.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap().name_any();
        let known = Patch::Merge(json!({"status": status}));
        api.patch_status(&name, &PatchParams::default(), &known).await.unwrap();

        let shown = format!("{spec} with {status}, then {patch}");
        match api.patch(&name, &PatchParams::default(), &Patch::Merge(json!({"spec": patch}))).await {
            Ok(_) => assert_eq!(words, "", "{shown} was accepted"),
            Err(Error::Api(refusal)) => {
                let said = &refusal.message;
                assert!(!words.is_empty() && said.contains(words), "{shown}\nexpected: {words}\nsaid: {said}");
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn an_integration_stays_in_its_tenant() {
    let fixed = "tenantRef cannot be changed or removed";
    let resolved = "spec.tenantRef: Invalid value: tenantRef may only be set to the tenant that the integration is in: \
                    write {namespace: iam, name: acme}";
    let named = || json!({"tenantRef": {"name": "acme", "namespace": "iam"}});
    let known = || json!({"id": "2c91", "tenant": {"namespace": "iam", "name": "acme", "org": "acme"}});
    let row = |spec: Value, status: Value, patch: Value, words| Row { spec, status, patch, words };
    check::<SimIntegration>(vec![
        row(named(), json!({}), json!({"description": "else"}), ""),
        row(named(), json!({}), named(), ""),
        row(named(), json!({}), json!({"tenantRef": {"name": "other"}}), fixed),
        row(named(), json!({}), json!({"tenantRef": {"namespace": "other"}}), fixed),
        row(named(), json!({}), json!({"tenantRef": {"namespace": null}}), fixed),
        row(json!({"tenantRef": {"name": "acme"}}), known(), json!({"tenantRef": {"namespace": "iam"}}), fixed),
        row(named(), json!({}), json!({"tenantRef": null}), fixed),
        row(named(), known(), json!({"tenantRef": null}), fixed),
        row(json!({}), known(), json!({"description": "else"}), ""),
        row(json!({}), known(), named(), ""),
        row(json!({}), known(), json!({"tenantRef": {"name": "other", "namespace": "iam"}}), resolved),
        row(json!({}), known(), json!({"tenantRef": {"name": "acme", "namespace": "other"}}), resolved),
        // Absent means the resource's own namespace, which no rule can see.
        row(json!({}), known(), json!({"tenantRef": {"name": "acme"}}), resolved),
        // Not resolved yet: most likely the very thing that is asked for by TenantNotSet.
        row(json!({}), json!({}), json!({"tenantRef": {"name": "acme"}}), ""),
    ])
    .await;
}

#[tokio::test]
async fn all_else_of_an_integration_may_change() {
    let status = || json!({"id": "2c91", "origin": "Created"});
    let row = |spec: Value, patch: Value| Row { spec, status: status(), patch, words: "" };
    check::<SimIntegration>(vec![
        row(json!({"name": "a"}), json!({"name": "b"})),
        row(json!({"name": "a"}), json!({"name": null})),
        // To name another id is seen by the operator, which stops with ExternalIdMismatch.
        row(json!({}), json!({"externalId": "2c91"})),
        row(json!({"externalId": "2c91"}), json!({"externalId": "2c92"})),
        row(json!({"sources": [{"id": "a"}]}), json!({"sources": [{"name": "a"}]})),
        row(json!({"policy": {"mode": "Enforce"}}), json!({"policy": {"mode": "Plan", "delete": "Orphan"}})),
    ])
    .await;
}

#[tokio::test]
async fn a_tenant_keeps_its_url_once_its_org_is_known() {
    let spec =
        || json!({"baseUrl": "https://acme.example", "api": "v1", "credentials": {"secretRef": {"name": "acme"}}});
    let row = |status: Value, patch: Value, words| Row { spec: spec(), status, patch, words };
    check::<SailPointTenant>(vec![
        row(json!({"observedGeneration": 1}), json!({"baseUrl": "https://other.example"}), ""),
        row(json!({"org": "acme"}), json!({"baseUrl": "https://acme.example"}), ""),
        row(
            json!({"org": "acme"}),
            json!({"baseUrl": "https://other.example"}),
            "spec.baseUrl: Invalid value: baseUrl is fixed, as the org acme is known",
        ),
        row(json!({"org": "acme"}), json!({"api": "v2026", "requestsPer10s": 40, "policy": {"mode": "Report"}}), ""),
        row(json!({"org": "acme"}), json!({"credentials": {"secretRef": {"name": "rotated"}}}), ""),
    ])
    .await;
}
