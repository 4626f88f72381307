//! The control API: what tests see and steer.

use crate::support::{AD, LEGACY, Tried, V1, full, send};
use reqwest::Method;
use sailpoint_simulator::{Config, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET};
use serde_json::{Value, json};

#[tokio::test]
async fn somebody_creates_edits_and_deletes_in_the_ui() {
    let tried = Tried::with(json!({ "duplicateNames": "409" })).await;
    let made = json!({ "id": "ui", "created": "2020-01-02T03:04:05Z", "name": "Legacy Desk", "sources": [AD],
        "attributes": { "url": "u", "password": "p" } });
    let made = tried.control(Method::POST, "integrations", Some(made)).await.ok();
    assert_eq!((&made["id"], &made["created"]), (&json!("ui"), &json!("2020-01-02T03:04:05.000Z")));
    assert_eq!(made["secretsReceived"], json!({ "password": "p" }));

    let edit =
        json!({ "description": "by hand", "attributes": { "url": "v", "new": 1 }, "statusMap": { "a": "Failed" } });
    let edited = tried.control(Method::PATCH, "integrations/ui", Some(edit)).await.ok();
    assert_eq!((&edited["description"], &edited["attributes"]["url"]), (&json!("by hand"), &json!("v")));
    assert_eq!((&edited["attributes"]["new"], &edited["statusMap"]), (&json!(1), &json!({ "a": "Failed" })));
    assert_eq!(edited["attributes"]["password"], made["attributes"]["password"]);
    assert_eq!(edited["secretsReceived"], made["secretsReceived"]);
    let edit = json!({ "attributes": { "new": null, "password": "q" }, "managedSources": [], "name": "Mine" });
    let edited = tried.control(Method::PATCH, "integrations/ui", Some(edit)).await.ok();
    assert!(edited["attributes"].get("new").is_none());
    assert_eq!((&edited["secretsReceived"], &edited["name"]), (&json!({ "password": "q" }), &json!("Mine")));

    assert_eq!(tried.control(Method::DELETE, "integrations/ui", None).await.status, 200);
    assert_eq!(tried.control(Method::DELETE, "integrations/ui", None).await.status, 404);
    assert_eq!(tried.names(V1).await, ["Legacy Desk"]);
    let unknown = tried.control(Method::PATCH, &format!("integrations/{LEGACY}"), Some(json!({ "nmae": 1 }))).await;
    assert_eq!(unknown.status, 403);
}

#[tokio::test]
async fn every_call_is_written_down_and_no_client_secret() {
    let tried = Tried::seeded().await;
    let query = [
        ("grant_type", "client_credentials"),
        ("client_id", DEFAULT_CLIENT_ID),
        ("client_secret", DEFAULT_CLIENT_SECRET),
    ];
    send(tried.bare(Method::POST, "/oauth/token").query(&query)).await.ok();
    let made = tried.post(V1, &full("Desk")).await;
    tried.get("/nothing?a=b").await;
    let log = tried.control(Method::GET, "requests", None).await;
    assert!(!log.text.contains(DEFAULT_CLIENT_SECRET), "{}", log.text);
    let log = log.ok();
    assert_eq!(log.as_array().unwrap().len(), 4);
    assert_eq!(
        (&log[0]["clientId"], &log[0]["body"]["client_id"]),
        (&json!(DEFAULT_CLIENT_ID), &json!(DEFAULT_CLIENT_ID))
    );
    assert_eq!(log[0]["body"]["client_secret"], "(redacted)");
    assert!(log[1]["query"].as_str().unwrap().contains("redacted"));
    let create = &log[2];
    assert_eq!((&create["method"], &create["path"], &create["status"]), (&json!("POST"), &json!(V1), &json!(200)));
    assert_eq!((&create["clientId"], &create["body"]), (&json!(DEFAULT_CLIENT_ID), &full("Desk")));
    assert_eq!(create["headers"]["content-type"], "application/json");
    assert_eq!(create["headers"]["x-sailpoint-experimental"], "true");
    assert_eq!(create["requestId"], made.header("slpt-request-id").unwrap());
    assert!(create["time"].is_string());
    assert_eq!((&log[3]["query"], &log[3]["status"]), (&json!("a=b"), &json!(404)));
}

#[tokio::test]
async fn the_log_is_filtered_and_forgotten() {
    let tried = Tried::seeded().await;
    tried.get(V1).await;
    tried.get(&format!("{V1}/{LEGACY}")).await;
    tried.delete(&format!("{V1}/{LEGACY}")).await;
    let count = async |query: &str| {
        let log = tried.control(Method::GET, &format!("requests{query}"), None).await.ok();
        log.as_array().unwrap().len()
    };
    assert_eq!(count("").await, 4);
    assert_eq!(count("?method=get").await, 2);
    assert_eq!(count(&format!("?path={V1}")).await, 1);
    assert_eq!(count(&format!("?path={V1}/*")).await, 2);
    assert_eq!(count(&format!("?path={V1}/*&method=DELETE")).await, 1);
    assert_eq!(count("?after=2").await, 2);
    assert_eq!(tried.control(Method::GET, "requests?mehtod=GET", None).await.status, 400);
    tried.control(Method::DELETE, "requests", None).await;
    assert_eq!(count("").await, 0);
}

#[tokio::test]
async fn every_change_is_written_down_with_what_it_made_and_who() {
    let tried = Tried::with(json!({ "duplicateNames": "409" })).await;
    let id = tried.post(V1, &full("Desk")).await.ok()["id"].as_str().unwrap().to_owned();
    tried.post(V1, &full("Desk")).await.refused(409);
    let edit = json!({ "attributes": { "password": "new" } });
    tried.control(Method::PATCH, &format!("integrations/{id}"), Some(edit)).await.ok();
    tried.delete(&format!("{V1}/{LEGACY}")).await;
    tried.delete(&format!("{V1}/{LEGACY}")).await;

    let all = tried.control(Method::GET, "changes", None).await.ok();
    let told = |change: &Value| (change["by"].clone(), change["what"].clone(), change["integration"]["id"].clone());
    let told: Vec<_> = all.as_array().unwrap().iter().map(told).collect();
    let expected = [("api", "created", id.as_str()), ("ui", "changed", &id), ("api", "deleted", LEGACY)];
    assert_eq!(told, expected.map(|(by, what, id)| (json!(by), json!(what), json!(id))));
    assert_eq!(all[1]["integration"]["secretsReceived"]["password"], "new");
    let last = tried.control(Method::GET, &format!("changes?after={}", all[1]["number"]), None).await.ok();
    assert_eq!(last, json!([all[2]]));
}

#[tokio::test]
async fn reset_brings_the_start_back() {
    let mut tried = Tried::with(json!({ "expiresIn": 100 })).await;
    tried.post(V1, &full("Desk")).await.ok();
    tried.delete(&format!("{V1}/{LEGACY}")).await;
    tried.turn(json!({ "expiresIn": 5, "rateLimit": 1 })).await;
    tried.fault(json!({ "path": "*", "times": null, "action": { "kind": "emptyList" } })).await;
    tried.control(Method::PUT, "sources", Some(json!([]))).await;
    tried.control(Method::PUT, "rules", Some(json!([]))).await;
    tried.control(Method::PUT, "clients", Some(json!([]))).await;
    assert_eq!(tried.control(Method::POST, "reset", None).await.status, 200);
    assert_eq!(tried.control(Method::GET, "requests", None).await.ok(), json!([]));
    assert_eq!(tried.control(Method::GET, "changes", None).await.ok(), json!([]));
    assert_eq!(tried.get(V1).await.status, 401);
    tried.token = tried.token_of(DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET).await;
    assert_eq!(tried.names(V1).await, ["Legacy Desk"]);
    assert_eq!(tried.get("/sources/v1").await.ok().as_array().unwrap().len(), 2);
    assert_eq!(tried.control(Method::GET, "switches", None).await.ok()["expiresIn"], 100);
    assert_eq!(tried.control(Method::GET, "faults", None).await.ok(), json!([]));
}

#[tokio::test]
async fn a_library_user_starts_empty() {
    let tried = Tried::start(Config::default()).await;
    assert_eq!(tried.get(V1).await.ok(), json!([]));
    assert_eq!(tried.get("/sources/v1").await.ok(), json!([]));
    assert_eq!(tried.truth().await, Vec::<Value>::new());
}
