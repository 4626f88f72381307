//! The seven operations under every version.

use crate::support::{AD, BASES, CLUSTER, LEGACY, RULE, Tried, V1, WORKDAY, full, send};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn every_operation_under_every_version() {
    let tried = Tried::seeded().await;
    for base in BASES {
        let made = tried.post(base, &full("Desk")).await.ok();
        let id = made["id"].as_str().unwrap();
        assert_eq!(id.len(), 32);
        let one = format!("{base}/{id}");
        assert_eq!(tried.get(&one).await.ok(), made, "{base}");
        assert_eq!(tried.names(base).await, ["Legacy Desk", "Desk"], "{base}");

        let patch = json!([{ "op": "replace", "path": "/description", "value": "new" }]);
        assert_eq!(tried.patch(&one, &patch).await.ok()["description"], "new");
        let rule = json!([{ "op": "replace", "path": "/beforeProvisioningRule", "value": { "type": "RULE", "id": "1", "name": "R" } }]);
        let ruled = tried.patch(&format!("{one}/beforeProvisioningRule"), &rule).await.ok();
        assert_eq!(ruled["beforeProvisioningRule"], json!({ "type": "RULE", "id": "1", "name": "R" }));
        assert_eq!(tried.put(&one, &full("Put")).await.ok()["name"], "Put");

        let deleted = tried.delete(&one).await;
        assert_eq!((deleted.status.as_u16(), deleted.text.as_str()), (200, ""), "{base}");
        for answer in [tried.get(&one).await, tried.delete(&one).await, tried.put(&one, &full("x")).await] {
            answer.refused(404);
        }
        tried.patch(&one, &patch).await.refused(404);
    }
}

#[tokio::test]
async fn what_is_read_is_not_what_was_sent() {
    let tried = Tried::seeded().await;
    let made = tried.post(V1, &full("Desk")).await.ok();
    assert!(made.get("sources").is_none());
    assert_eq!(made["managedSources"], json!([AD, WORKDAY]));
    let refs = json!([
        { "type": "SOURCE", "id": AD, "name": "Active Directory" },
        { "type": "SOURCE", "id": WORKDAY, "name": "Workday" },
    ]);
    assert_eq!(made["provisioningConfig"]["managedResourceRefs"], refs);
    assert_eq!(made["cluster"], CLUSTER);
    assert_eq!(made["clusterRef"], json!({ "type": "CLUSTER", "id": CLUSTER, "name": "Training VA" }));
    let rule = json!({ "type": "RULE", "id": RULE, "name": "Before Provisioning Rule" });
    assert_eq!(made["beforeProvisioningRule"], rule);
    assert_eq!(made["ownerRef"]["type"], "IDENTITY");
    assert_eq!(made["attributes"]["url"], "https://acme.service-now.com/");
    assert_eq!(made["statusMap"], json!({ "closed_complete": "Committed" }));
    let read = made.to_string();
    assert!(!read.contains("plain") && !read.contains("secretsReceived"), "{read}");
}

#[tokio::test]
async fn only_the_name_is_needed_and_extras_are_tolerated() {
    let tried = Tried::seeded().await;
    let sent = json!({ "name": "Bare", "id": "mine", "created": "2001-01-01T00:00:00Z", "unknown": { "a": 1 } });
    let made = tried.post(V1, &sent).await.ok();
    assert_ne!(made["id"], "mine");
    assert!(!made["created"].as_str().unwrap().starts_with("2001"));
    assert!(made.get("unknown").is_none());
    assert_eq!((&made["description"], &made["type"]), (&json!(""), &json!("ServiceNowSDIM")));
    assert_eq!(made["cluster"], Value::Null);
    for absent in ["clusterRef", "beforeProvisioningRule", "statusMap", "request"] {
        assert!(made.get(absent).is_none(), "{absent}");
    }
    let encoded = json!({ "name": "Encoded", "attributes": "{\"url\":\"u\"}" });
    assert_eq!(tried.post(V1, &encoded).await.ok()["attributes"]["url"], "u");
}

#[tokio::test]
async fn bad_content_is_refused_and_changes_nothing() {
    let tried = Tried::seeded().await;
    let bad = [
        json!({}),
        json!({ "name": null }),
        json!({ "name": "" }),
        json!({ "name": 1 }),
        json!({ "name": "x", "sources": ["unknown"] }),
        json!({ "name": "x", "sources": AD }),
        json!({ "name": "x", "cluster": "unknown" }),
        json!({ "name": "x", "attributes": [] }),
        json!({ "name": "x", "attributes": "no json" }),
        json!({ "name": "x", "statusMap": "no" }),
        json!({ "name": "x", "beforeProvisioningRule": { "name": "no id" } }),
        json!([]),
    ];
    for body in bad {
        tried.post(V1, &body).await.refused(400);
        tried.put(&format!("{V1}/{LEGACY}"), &body).await.refused(400);
    }
    assert_eq!(tried.truth().await.len(), 1);
    assert_eq!(tried.truth_of(LEGACY).await["name"], "Legacy Desk");
    let not_json = tried.request(Method::POST, V1).header("content-type", "application/json").body("{");
    send(not_json).await.refused(400);
}

#[tokio::test]
async fn another_content_type_is_refused() {
    let tried = Tried::seeded().await;
    let one = format!("{V1}/{LEGACY}");
    for (method, path) in [(Method::POST, V1), (Method::PUT, &one)] {
        send(tried.request(method.clone(), path).body(full("x").to_string())).await.refused(415);
        let typed = tried.request(method, path).header("content-type", "application/json; charset=utf-8");
        assert_eq!(send(typed.body(full("x").to_string())).await.status, 200);
    }
    let patch = json!([{ "op": "replace", "path": "/name", "value": "x" }]);
    send(tried.request(Method::PATCH, &one).json(&patch)).await.refused(415);
}

#[tokio::test]
async fn put_clears_what_it_leaves_out() {
    let tried = Tried::seeded().await;
    let made = tried.post(V1, &full("Desk")).await.ok();
    let id = made["id"].as_str().unwrap();
    let put = tried.put(&format!("{V1}/{id}"), &json!({ "name": "Desk" })).await.ok();
    assert_eq!((&put["id"], &put["created"]), (&made["id"], &made["created"]));
    assert_eq!(put["managedSources"], json!([]));
    let truth = tried.truth_of(id).await;
    assert_eq!((&truth["attributes"], &truth["secretsReceived"]), (&json!({}), &json!({})));
    assert_eq!((&truth["description"], &truth["type"]), (&json!(""), &json!("ServiceNowSDIM")));
    for cleared in ["clusterRef", "cluster", "beforeProvisioningRule", "statusMap", "request"] {
        assert_eq!(truth[cleared], Value::Null, "{cleared}");
    }
}

#[tokio::test]
async fn the_experimental_header_is_needed_except_under_beta() {
    let tried = Tried::seeded().await;
    for base in BASES {
        for value in [None, Some("false")] {
            let mut request = tried.bare(Method::GET, base).bearer_auth(&tried.token);
            if let Some(value) = value {
                request = request.header("X-SailPoint-Experimental", value);
            }
            let answer = send(request).await;
            if base.starts_with("/beta") {
                assert_eq!(answer.status, 200);
            } else {
                assert_eq!(answer.status, 400, "{base}");
                assert_eq!(answer.json(), json!({ "error": "Experimental Header is missing or invalid." }));
            }
        }
    }
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_the_time() {
    let tried = Tried::seeded().await;
    let mut seen = Vec::new();
    for path in [V1, "/v2024/sources", "/oauth/info", "/nothing", "/v3/sim-integrations"] {
        let answer = tried.get(path).await;
        let id = answer.header("slpt-request-id").unwrap().to_owned();
        assert!(id.len() == 32 && id.chars().all(|digit| digit.is_ascii_hexdigit()), "{id}");
        assert!(answer.header("date").unwrap().ends_with(" GMT"));
        assert!(!seen.contains(&id));
        seen.push(id);
    }
    tried.get("/v3/sim-integrations").await.refused(404);
    tried.delete(V1).await.refused(405);
}

#[tokio::test]
async fn modified_moves_and_created_stays() {
    let tried = Tried::seeded().await;
    let before = tried.truth_of(LEGACY).await;
    assert_eq!(before["created"], "2024-01-17T18:45:25.994Z");
    let after = tried.replace(LEGACY, "/name", json!("Renamed")).await.ok();
    assert_eq!(after["created"], before["created"]);
    assert!(after["modified"].as_str() > before["modified"].as_str());
}
