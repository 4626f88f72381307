//! PATCH: what may be replaced, what is refused, and what else changes with it.

use crate::support::{AD, CLUSTER, LEGACY, RULE, Tried, V1, WORKDAY, full};
use serde_json::{Value, json};

/// Replaces one path after the other, and looks for what is expected in the answer and in the stored truth.
async fn replaced(cases: &[(&str, Value, &str, Value)]) {
    let tried = Tried::seeded().await;
    for (path, value, read, expected) in cases {
        let answer = tried.replace(LEGACY, path, value.clone()).await.ok();
        assert_eq!(answer.pointer(read).unwrap_or(&Value::Null), expected, "{path}");
        assert_eq!(tried.truth_of(LEGACY).await.pointer(read).unwrap_or(&Value::Null), expected, "{path}");
    }
}

#[tokio::test]
async fn every_field_of_the_read_shape_can_be_replaced() {
    let cases = [
        ("/name", json!("N"), "/name", json!("N")),
        ("/description", json!("D"), "/description", json!("D")),
        ("/description", json!(null), "/description", json!("")),
        ("/type", json!("T"), "/type", json!("T")),
        ("/attributes/url", json!("https://new"), "/attributes/url", json!("https://new")),
        ("/statusMap", json!({ "a": "Failed" }), "/statusMap/a", json!("Failed")),
        ("/request", json!({ "b": "c" }), "/request/b", json!("c")),
        ("/statusMap", json!(null), "/statusMap", json!(null)),
    ];
    replaced(&cases).await;
}

#[tokio::test]
async fn references_and_their_old_fields_stay_one() {
    let cases = [
        (
            "/beforeProvisioningRule",
            json!({ "type": "RULE", "id": RULE }),
            "/beforeProvisioningRule/name",
            json!("Before Provisioning Rule"),
        ),
        ("/beforeProvisioningRule", json!(null), "/beforeProvisioningRule", json!(null)),
        ("/cluster", json!(null), "/clusterRef", json!(null)),
        ("/clusterRef", json!({ "type": "CLUSTER", "id": CLUSTER }), "/cluster", json!(CLUSTER)),
        ("/clusterRef", json!(null), "/cluster", json!(null)),
        ("/cluster", json!(CLUSTER), "/clusterRef/name", json!("Training VA")),
        ("/clusterRef/id", json!(CLUSTER), "/cluster", json!(CLUSTER)),
        ("/managedSources", json!([AD]), "/provisioningConfig/managedResourceRefs/0/name", json!("Active Directory")),
        (
            "/provisioningConfig/managedResourceRefs",
            json!([{ "type": "SOURCE", "id": WORKDAY }]),
            "/managedSources",
            json!([WORKDAY]),
        ),
        (
            "/provisioningConfig/provisioningRequestExpiration",
            json!(9),
            "/provisioningConfig/provisioningRequestExpiration",
            json!(9),
        ),
        (
            "/provisioningConfig/noProvisioningRequests",
            json!(true),
            "/provisioningConfig/noProvisioningRequests",
            json!(true),
        ),
    ];
    replaced(&cases).await;
}

#[tokio::test]
async fn what_may_not_be_patched_is_refused() {
    let tried = Tried::seeded().await;
    for path in ["/id", "/created", "/modified", "/ownerRef", "/provisioningConfig/universalManager"] {
        tried.replace(LEGACY, path, json!("x")).await.refused(403);
    }
    for path in ["", "/sources", "/unknown", "/attributes/unknown", "/managedSources/7", "/name/deeper"] {
        tried.replace(LEGACY, path, json!("x")).await.refused(400);
    }
    for (path, value) in
        [("/name", json!(null)), ("/managedSources", json!(["unknown"])), ("/cluster", json!("unknown"))]
    {
        tried.replace(LEGACY, path, value).await.refused(400);
    }
    let one = format!("{V1}/{LEGACY}");
    for operation in [
        json!({ "op": "add", "path": "/attributes/new", "value": 1 }),
        json!({ "op": "remove", "path": "/description" }),
        json!({ "op": "test", "path": "/name", "value": "Legacy Desk" }),
        json!({ "op": "move", "path": "/name", "from": "/description" }),
        json!({ "op": "copy", "path": "/name", "from": "/description" }),
    ] {
        tried.patch(&one, &json!([operation])).await.refused(403);
    }
    for body in [json!("x"), json!([{ "op": "replace" }]), json!([{ "op": "nonsense", "path": "/name" }]), json!({})] {
        tried.patch(&one, &body).await.refused(400);
    }
}

#[tokio::test]
async fn a_patch_is_applied_whole_or_not_at_all() {
    let tried = Tried::seeded().await;
    let good = json!({ "op": "replace", "path": "/name", "value": "Renamed" });
    let bad = json!({ "op": "replace", "path": "/unknown", "value": 1 });
    tried.patch(&format!("{V1}/{LEGACY}"), &json!([good, bad])).await.refused(400);
    assert_eq!(tried.truth_of(LEGACY).await["name"], "Legacy Desk");
}

#[tokio::test]
async fn a_secret_is_encrypted_on_patch_and_the_others_stay() {
    let tried = Tried::seeded().await;
    let mut sent = full("Desk");
    sent["attributes"]["oauth"] = json!({ "clientSecret": "inner", "tokenUrl": "https://t" });
    let made = tried.post(V1, &sent).await.ok();
    let id = made["id"].as_str().unwrap();
    let after = tried.replace(id, "/attributes/password", json!("rotated")).await.ok();
    assert_ne!(after["attributes"]["password"], made["attributes"]["password"]);
    assert_ne!(after["attributes"]["password"], "rotated");
    assert_eq!(after["attributes"]["oauth"], made["attributes"]["oauth"]);
    assert_eq!(after["attributes"]["oauth"]["tokenUrl"], "https://t");
    let received = json!({ "password": "rotated", "oauth/clientSecret": "inner" });
    assert_eq!(tried.truth_of(id).await["secretsReceived"], received);

    // Cipher-text sent back is a new secret: this is how a test sees the mistake.
    let cipher = after["attributes"]["password"].clone();
    tried.replace(id, "/attributes", json!({ "password": cipher })).await.ok();
    let truth = tried.truth_of(id).await;
    assert_eq!(truth["secretsReceived"], json!({ "password": cipher }));
    assert!(truth["attributes"].get("url").is_none());
}

#[tokio::test]
async fn the_rule_s_own_endpoint_takes_only_the_rule() {
    let tried = Tried::seeded().await;
    let path = format!("{V1}/{LEGACY}/beforeProvisioningRule");
    let operation = |path: &str, value: Value| json!([{ "op": "replace", "path": path, "value": value }]);
    tried.patch(&path, &operation("/description", json!("x"))).await.refused(400);
    tried.patch(&path, &json!([{ "op": "remove", "path": "/beforeProvisioningRule" }])).await.refused(403);
    let rule = json!({ "type": "IDENTITY", "id": RULE, "name": "mine" });
    let answer = tried.patch(&path, &operation("/beforeProvisioningRule", rule)).await.ok();
    let expected = json!({ "type": "RULE", "id": RULE, "name": "Before Provisioning Rule" });
    assert_eq!(answer["beforeProvisioningRule"], expected);
    tried.patch(&path.replace(LEGACY, "unknown"), &json!([])).await.refused(404);
}
