//! The rights of `deploy/rbac.yaml` are enough: the operator does all it does with these and no others.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod support;

use std::path::PathBuf;

use serde_json::json;

use support::control_plane::{Sandbox, kubectl, service_account_kubeconfig};
use support::crds;
use support::process::Operator;
use support::simulator::{Config, Tenant};
use support::wait::eventually;

const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/rbac.yaml");

/// A kubeconfig of the service account in the manifest.
fn installed() -> PathBuf {
    crds::install();
    kubectl(&["apply", "--server-side", "--warnings-as-errors", "-f", MANIFEST]).unwrap();
    service_account_kubeconfig("sim-operator", "sim-operator")
}

/// The tenant is in one namespace and allows others by their labels, so that these have to be read.
fn tenant(url: &str) -> String {
    let [id, secret] = [sailpoint_simulator::DEFAULT_CLIENT_ID, sailpoint_simulator::DEFAULT_CLIENT_SECRET];
    format!(
        "\
apiVersion: v1
kind: Secret
metadata: {{name: acme-sailpoint}}
stringData: {{clientId: {id}, clientSecret: {secret}}}
---
apiVersion: simops.dev/v1alpha1
kind: SailPointTenant
metadata: {{name: acme}}
spec:
  baseUrl: {url}
  api: v2024
  credentials: {{secretRef: {{name: acme-sailpoint}}}}
  allowedNamespaces: {{from: Selector, selector: {{matchLabels: {{team: iam}}}}}}
"
    )
}

fn integration(tenant_namespace: &str, description: &str) -> String {
    format!(
        "\
apiVersion: v1
kind: Secret
metadata: {{name: servicenow}}
stringData: {{password: hidden}}
---
apiVersion: simops.dev/v1alpha1
kind: SimIntegration
metadata: {{name: servicenow}}
spec:
  tenantRef: {{name: acme, namespace: {tenant_namespace}}}
  type: ServiceNow Service Desk
  description: {description}
  sources: [{{name: Workday}}]
  attributesFrom: [{{attribute: password, secretKeyRef: {{name: servicenow, key: password}}}}]
"
    )
}

async fn description_becomes(simulator: &Tenant, description: &str) {
    eventually(&format!("the description is {description}"), async || {
        let found = simulator.integration("servicenow").await;
        found.clone().filter(|found| found["description"] == description).ok_or(found)
    })
    .await;
}

#[tokio::test]
async fn the_rights_in_the_manifest_are_enough() {
    let kubeconfig = installed();
    let simulator = Tenant::start(Config::seeded()).await;
    let (tenants, apps) = (Sandbox::new().await, Sandbox::new().await);
    kubectl(&["label", "namespace", &apps.namespace, "team=iam"]).unwrap();
    let log = "--log=info,sim_operator=debug";
    let mut arguments = vec!["run", "--listen=127.0.0.1:0", "--resync=1s", "--list-lag=1s", log];
    arguments.extend(["--lease-namespace=sim-operator", "--lease-duration=40s", "--lease-renew=500ms"]);
    let mut operator = Operator::start_as(&kubeconfig, &arguments, &[]);

    tenants.apply(&tenant(simulator.url())).unwrap();
    apps.apply(&integration(&tenants.namespace, "created")).unwrap();
    description_becomes(&simulator, "created").await;
    apps.apply(&integration(&tenants.namespace, "changed")).unwrap();
    description_becomes(&simulator, "changed").await;
    let id = simulator.integration("servicenow").await.unwrap()["id"].as_str().unwrap().to_owned();
    simulator.edit_in_ui(&id, &json!({"description": "by hand"})).await;
    description_becomes(&simulator, "changed").await;
    eventually("the events are written", async || {
        let events = apps.kubectl(&["get", "events.v1.events.k8s.io", "-o", "jsonpath={.items[*].reason}"]).unwrap();
        ["Created", "Updated"].iter().all(|reason| events.contains(reason)).then_some(()).ok_or(events)
    })
    .await;

    apps.kubectl(&["delete", "simintegration", "servicenow", "--timeout=60s"]).unwrap();
    assert_eq!(simulator.integration("servicenow").await, None);
    tenants.kubectl(&["delete", "sailpointtenant", "acme", "--timeout=60s"]).unwrap();
    let renewed =
        || kubectl(&["get", "lease", "sim-operator", "-n", "sim-operator", "-o", "jsonpath={.spec.renewTime}"]);
    let taken = renewed().unwrap();
    eventually("the lease is renewed", async || renewed().unwrap().ne(&taken).then_some(()).ok_or(&taken)).await;
    assert!(operator.terminate().await.success());
    assert_eq!(operator.lines_with("released").len(), 1, "{:#?}", operator.lines());
    assert_eq!(operator.lines_with("orbidden"), Vec::<String>::new());
}

#[tokio::test]
async fn who_has_no_right_to_its_lease_is_not_ready_and_says_what_to_do() {
    let kubeconfig = installed();
    let arguments = ["run", "--listen=127.0.0.1:0", "--lease-namespace=kube-system"];
    let mut operator = Operator::start_as(&kubeconfig, &arguments, &[]);

    let complaint = operator.says("cannot stand for election").await;
    assert!(
        complaint.contains("cannot get resource") && complaint.contains("grant get, update and create"),
        "{complaint}"
    );
    let started = operator.says(" listen=").await;
    let address = started.split(" listen=").nth(1).unwrap();
    let answer = reqwest::Client::builder().no_proxy().build().unwrap().get(format!("http://{address}/readyz")).send();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.text().await.unwrap(), "waiting for the Lease of the leader election\n");
    assert!(operator.terminate().await.success());
    assert_eq!(operator.lines_with("cannot stand for election").len(), 1, "it is said once");
}

#[tokio::test]
async fn the_rights_in_the_manifest_are_few() {
    let kubeconfig = installed();
    let can = |verb: &str, resource: &str| {
        kubectl(&["--kubeconfig", kubeconfig.to_str().unwrap(), "auth", "can-i", verb, resource, "--all-namespaces"])
            .is_ok()
    };
    assert!(can("get", "secrets"), "what is not allowed below would prove nothing");
    for (verb, resource) in [
        ("list", "secrets"),
        ("watch", "secrets"),
        ("update", "simintegrations.simops.dev"),
        ("delete", "simintegrations.simops.dev"),
        ("create", "simintegrations.simops.dev"),
        ("delete", "sailpointtenants.simops.dev"),
        ("get", "customresourcedefinitions.apiextensions.k8s.io"),
        ("list", "namespaces"),
        ("get", "configmaps"),
        ("get", "pods"),
        ("get", "leases.coordination.k8s.io"),
        ("create", "leases.coordination.k8s.io"),
    ] {
        assert!(!can(verb, resource), "{verb} {resource} is allowed");
    }
    let can_here = |verb: &str, resource: &str| {
        let file = kubeconfig.to_str().unwrap();
        kubectl(&["--kubeconfig", file, "auth", "can-i", verb, resource, "--namespace", "sim-operator"]).is_ok()
    };
    assert!(can_here("get", "leases/sim-operator"));
    for (verb, lease) in [
        ("get", "leases/another"),
        ("update", "leases/another"),
        ("list", "leases"),
        ("watch", "leases"),
        ("delete", "leases/sim-operator"),
    ] {
        assert!(!can_here(verb, lease), "{verb} {lease} is allowed");
    }
}
