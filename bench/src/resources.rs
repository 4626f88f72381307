//! What people apply: integrations as in the README, a third of them with references by name.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::Failed;
use crate::tenants::{CLUSTER, RULE, SOURCES};

/// So many creates are in flight at once.
const AT_ONCE: usize = 16;
/// The passwords of all integrations of a namespace are in so many Secrets.
pub const SECRETS: usize = 10;

/// When the API server had taken each, by name.
pub type Applied = HashMap<String, Instant>;

/// The API of one of our kinds in a namespace.
pub fn api(client: &Client, namespace: &str, kind: &str) -> Api<DynamicObject> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("simops.dev", "v1alpha1", kind));
    Api::namespaced_with(client.clone(), namespace, &resource)
}

/// Integration number `index` of a tenant. Every third names its sources and its cluster, all others give ids.
pub fn integration(tenant: &str, index: usize) -> Value {
    let by_name = index.is_multiple_of(3);
    let reference = |(id, name): (&str, &str)| if by_name { json!({"name": name}) } else { json!({"id": id}) };
    let name = integration_name(tenant, index);
    json!({
        "apiVersion": "simops.dev/v1alpha1",
        "kind": "SimIntegration",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "argocd"}},
        "spec": {
            "tenantRef": {"name": tenant},
            "name": format!("ServiceNow {name}"),
            "description": "Tickets for Active Directory and Workday",
            "type": "ServiceNow Service Desk",
            "cluster": reference(CLUSTER),
            "sources": [reference(SOURCES[0]), reference(SOURCES[1])],
            "statusMap": {"closed_complete": "Committed", "closed_cancelled": "Failed", "in_process": "Queued"},
            "request": {
                "short_description": "SailPoint Access Request $!plan.arguments.identityRequestId",
                "description": "#foreach($req in $plan.requests)$req.operation $req.id #end",
            },
            "attributes": {
                "url": "https://acme.service-now.com", "username": "svc_sailpoint", "timeout": 60,
                "ticketType": "sc_req_item", "retries": {"count": 3, "wait": 5},
            },
            "attributesFrom": [{
                "attribute": "password",
                "secretKeyRef": {"name": format!("servicenow-{}", index % SECRETS), "key": "password"},
            }],
            "beforeProvisioningRule": {"id": RULE.0, "name": RULE.1},
        },
    })
}

/// The name of integration number `index` of a tenant.
pub fn integration_name(tenant: &str, index: usize) -> String {
    format!("{tenant}-{index:05}")
}

/// Creates a `SailPointTenant` or a `SimIntegration`.
pub async fn create(client: &Client, namespace: &str, manifest: Value) -> Result<DynamicObject, Failed> {
    let kind = manifest["kind"].as_str().ok_or("a manifest without a kind")?.to_owned();
    let object = serde_json::from_value(manifest)?;
    Ok(api(client, namespace, &kind).create(&PostParams::default(), &object).await?)
}

/// Creates a Secret.
pub async fn create_secret(client: &Client, namespace: &str, manifest: Value) -> Result<(), Failed> {
    let secret: Secret = serde_json::from_value(manifest)?;
    Api::namespaced(client.clone(), namespace).create(&PostParams::default(), &secret).await?;
    Ok(())
}

/// Creates the Secrets that integrations name.
pub async fn create_passwords(client: &Client, namespace: &str) -> Result<(), Failed> {
    for number in 0..SECRETS {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": format!("servicenow-{number}")},
            "stringData": {"password": format!("correct-horse-battery-staple-{number}")},
        });
        create_secret(client, namespace, secret).await?;
    }
    Ok(())
}

/// Creates many integrations, several at once and in this order, and notes when each was taken.
pub async fn create_all(client: &Client, namespace: &str, manifests: Vec<Value>) -> Result<Applied, Failed> {
    let created = stream::iter(manifests).map(async |manifest| {
        let object = create(client, namespace, manifest).await?;
        Ok::<_, Failed>((object.metadata.name.unwrap_or_default(), Instant::now()))
    });
    created.buffer_unordered(AT_ONCE).try_collect().await
}

/// How long each took from being applied until `when`, in rising order.
pub fn waits(applied: &Applied, when: &HashMap<String, Instant>) -> Vec<Duration> {
    let wait = |(name, at): (&String, &Instant)| Some(when.get(name)?.saturating_duration_since(*at));
    let mut waits: Vec<Duration> = applied.iter().filter_map(wait).collect();
    waits.sort();
    waits
}

/// The wait that so many of a hundred do not exceed.
pub fn percentile(sorted: &[Duration], percent: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index into what is in memory"
    )]
    let index = (sorted.len() as f64 * percent / 100.0).ceil() as usize;
    sorted.get(index.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or_default()
}

/// The line of a chart: seconds over percent.
pub fn percentiles(sorted: &[Duration]) -> Vec<(f64, f64)> {
    (1..=100).map(|percent| (f64::from(percent), percentile(sorted, f64::from(percent)).as_secs_f64())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_wait_that_somebody_had() {
        let waits: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        for (percent, wait) in [(0.0, 1), (1.0, 2), (50.0, 100), (99.0, 198), (100.0, 200)] {
            assert_eq!(percentile(&waits, percent), Duration::from_millis(wait), "{percent}");
        }
        assert_eq!(percentile(&[], 99.0), Duration::ZERO);
    }
}
