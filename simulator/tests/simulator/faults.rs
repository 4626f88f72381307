//! Each kind of fault: what the client meets, and what the tenant has done by then.

use crate::support::{LEGACY, Tried, V1, eventually, full, send};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

async fn next_create(tried: &Tried, action: Value) {
    tried.fault(json!({ "method": "POST", "path": V1, "action": action })).await;
}

/// Whether the connection ends without an HTTP answer.
async fn is_cut(tried: &Tried, method: Method, path: &str) -> bool {
    let error = tried.request(method, path).json(&full("Cut")).send().await;
    error.is_err_and(|error| error.is_request() && !error.is_timeout() && !error.is_connect())
}

async fn count(tried: &Tried) -> usize {
    tried.truth().await.len()
}

#[tokio::test]
async fn an_answer_in_place_of_the_tenant_s() {
    let tried = Tried::seeded().await;
    let answer = json!({ "kind": "answer", "status": 503, "headers": { "Retry-After": "60" }, "body": { "a": 1 } });
    next_create(&tried, answer).await;
    let got = tried.post(V1, &full("x")).await;
    assert_eq!((got.status.as_u16(), got.json()), (503, json!({ "a": 1 })));
    assert_eq!((got.header("retry-after"), got.header("content-type")), (Some("60"), Some("application/json")));
    assert!(got.header("slpt-request-id").is_some());
    assert_eq!(count(&tried).await, 1);
    assert_eq!(tried.post(V1, &full("x")).await.status, 200);
}

#[tokio::test]
async fn a_raw_body_of_another_content_type() {
    let tried = Tried::seeded().await;
    let html = "<html>502</html>";
    next_create(&tried, json!({ "kind": "answer", "status": 502, "contentType": "text/html", "body": html })).await;
    let got = tried.post(V1, &full("x")).await;
    assert_eq!((got.status.as_u16(), got.text.as_str(), got.header("content-type")), (502, html, Some("text/html")));
    next_create(&tried, json!({ "kind": "answer", "status": 200, "body": "not json" })).await;
    let got = tried.post(V1, &full("x")).await;
    assert_eq!((got.text.as_str(), got.header("content-type")), ("not json", Some("text/plain")));
}

#[tokio::test]
async fn without_a_body_the_documented_one_is_answered() {
    let tried = Tried::seeded().await;
    for status in [400, 403, 404, 500] {
        next_create(&tried, json!({ "kind": "answer", "status": status })).await;
        tried.post(V1, &full("x")).await.refused(status);
    }
    next_create(&tried, json!({ "kind": "answer", "status": 429, "headers": { "Retry-After": "300" } })).await;
    let got = tried.post(V1, &full("x")).await;
    assert_eq!((got.json(), got.header("retry-after")), (json!({ "message": " Rate Limit Exceeded " }), Some("300")));
    next_create(&tried, json!({ "kind": "answer", "status": 504 })).await;
    let got = tried.post(V1, &full("x")).await;
    assert_eq!((got.status.as_u16(), got.text.as_str()), (504, ""));
}

#[tokio::test]
async fn the_change_is_made_and_500_is_answered() {
    let tried = Tried::seeded().await;
    next_create(&tried, json!({ "kind": "answer", "status": 500, "commit": true })).await;
    tried.post(V1, &full("x")).await.refused(500);
    assert_eq!(count(&tried).await, 2);
}

#[tokio::test]
async fn the_change_comes_after_the_client_has_gone() {
    let tried = Tried::seeded().await;
    // Long enough for the client to go first, however busy the machine is.
    next_create(&tried, json!({ "kind": "delayBefore", "ms": 2_000 })).await;
    let client = tokio::spawn(tried.request(Method::POST, V1).json(&full("Late")).send());
    eventually(async || tried.faults_are_met().await).await;
    client.abort();
    eventually(async || count(&tried).await == 2).await;
    let log = tried.control(Method::GET, "requests?method=post&path=/sim-integrations/v1", None).await.ok();
    assert_eq!((&log[0]["status"], &log[0]["fault"]), (&Value::Null, &json!("delayBefore")));
    let at = |time: &Value| time.as_str().unwrap().parse::<Timestamp>().unwrap().as_millisecond();
    assert!(at(&tried.truth().await[1]["created"]) - at(&log[0]["time"]) >= 1_999);
}

#[tokio::test]
async fn a_delayed_change_is_answered_to_a_client_that_waits() {
    let tried = Tried::seeded().await;
    next_create(&tried, json!({ "kind": "delayBefore", "ms": 20 })).await;
    let begun = Instant::now();
    tried.post(V1, &full("x")).await.ok();
    assert!(begun.elapsed() >= Duration::from_millis(20));
}

#[tokio::test]
async fn the_change_is_made_and_the_answer_held() {
    let tried = Tried::seeded().await;
    next_create(&tried, json!({ "kind": "delayAfter", "ms": 60_000 })).await;
    let client = tokio::spawn(tried.request(Method::POST, V1).json(&full("Held")).send());
    eventually(async || count(&tried).await == 2).await;
    assert!(!client.is_finished());
    client.abort();
}

async fn release(tried: &Tried) {
    tried.control(Method::POST, "release", None).await;
}

#[tokio::test]
async fn a_held_change_is_made_when_it_is_released_even_if_the_client_has_gone() {
    let tried = Tried::seeded().await;
    next_create(&tried, json!({ "kind": "holdBefore" })).await;
    let client = tokio::spawn(tried.request(Method::POST, V1).json(&full("Held")).send());
    eventually(async || tried.faults_are_met().await).await;
    client.abort();
    assert_eq!(count(&tried).await, 1);
    release(&tried).await;
    eventually(async || count(&tried).await == 2).await;

    next_create(&tried, json!({ "kind": "holdBefore" })).await;
    let client = tokio::spawn(tried.request(Method::POST, V1).json(&full("Waiting")).send());
    eventually(async || tried.faults_are_met().await).await;
    release(&tried).await;
    assert_eq!(client.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_held_answer_comes_when_it_is_released() {
    let tried = Tried::seeded().await;
    next_create(&tried, json!({ "kind": "holdAfter" })).await;
    let client = tokio::spawn(tried.request(Method::POST, V1).json(&full("Held")).send());
    eventually(async || count(&tried).await == 2).await;
    assert!(!client.is_finished());
    release(&tried).await;
    assert_eq!(client.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn silence_changes_nothing_and_ends_in_a_cut() {
    let tried = Tried::seeded().await;
    next_create(&tried, json!({ "kind": "silence" })).await;
    let client = tokio::spawn(tried.request(Method::POST, V1).json(&full("Never")).send());
    eventually(async || tried.faults_are_met().await).await;
    release(&tried).await;
    assert!(client.await.unwrap().is_err());
    assert_eq!(count(&tried).await, 1);
}

#[tokio::test]
async fn a_connection_is_cut_before_or_after_the_change() {
    let tried = Tried::seeded().await;
    next_create(&tried, json!({ "kind": "cutBefore" })).await;
    assert!(is_cut(&tried, Method::POST, V1).await);
    assert_eq!(count(&tried).await, 1);
    next_create(&tried, json!({ "kind": "cutAfter" })).await;
    assert!(is_cut(&tried, Method::POST, V1).await);
    assert_eq!(count(&tried).await, 2);
    tried.fault(json!({ "method": "DELETE", "path": format!("{V1}/*"), "action": { "kind": "cutAfter" } })).await;
    assert!(is_cut(&tried, Method::DELETE, &format!("{V1}/{LEGACY}")).await);
    assert_eq!(tried.names(V1).await, ["Cut"]);
}

#[tokio::test]
async fn a_cut_leaves_other_connections_alone() {
    let tried = Tried::seeded().await;
    tried.fault(json!({ "method": "GET", "path": V1, "action": { "kind": "delayAfter", "ms": 60 } })).await;
    tried.fault(json!({ "method": "POST", "path": V1, "action": { "kind": "cutBefore" } })).await;
    let (list, cut) = tokio::join!(tried.get(V1), is_cut(&tried, Method::POST, V1));
    assert!(list.status == 200 && cut);
}

#[tokio::test]
async fn lists_are_empty_or_short() {
    let tried = Tried::seeded().await;
    for name in ["1", "2", "3"] {
        tried.post(V1, &json!({ "name": name })).await.ok();
    }
    let cases = [
        (json!({ "kind": "emptyList" }), &[][..]),
        (json!({ "kind": "shortList", "dropLast": 1 }), &["Legacy Desk", "1", "2"]),
        (json!({ "kind": "shortList", "withoutIds": [LEGACY] }), &["1", "2", "3"]),
        (json!({ "kind": "shortList", "withoutIds": [LEGACY], "dropLast": 2 }), &["1"]),
        (json!({ "kind": "shortList", "dropLast": 9 }), &[]),
    ];
    for (action, expected) in cases {
        tried.fault(json!({ "method": "GET", "path": V1, "action": action })).await;
        assert_eq!(tried.names(V1).await, expected, "{action}");
    }
    assert_eq!(tried.names(V1).await.len(), 4);
}

#[tokio::test]
async fn a_fault_meets_the_calls_that_it_names_as_often_as_it_says() {
    let tried = Tried::seeded().await;
    let teapot = json!({ "kind": "answer", "status": 418 });
    let status = async |path: &str| tried.get(path).await.status.as_u16();
    let fault = json!({ "method": "get", "path": "/v2024/*", "times": 2, "action": teapot });
    tried.fault(fault).await;
    assert_eq!(status(V1).await, 200);
    assert_eq!(status("/v2024/sources").await, 418);
    let waiting = tried.control(Method::GET, "faults", None).await.ok();
    assert_eq!((&waiting[0]["times"], &waiting[0]["met"]), (&json!(1), &json!(1)));
    assert_eq!(status("/v2024/sim-integrations").await, 418);
    assert_eq!(status("/v2024/sim-integrations").await, 200);

    let id = tried.fault(json!({ "path": V1, "times": null, "action": teapot })).await["id"].clone();
    assert_eq!([status(V1).await, status(V1).await, tried.delete(V1).await.status.as_u16()], [418; 3]);
    tried.control(Method::DELETE, &format!("faults/{id}"), None).await;
    assert_eq!(status(V1).await, 200);
    tried.fault(json!({ "path": "*", "times": null, "action": teapot })).await;
    assert_eq!(send(tried.bare(Method::POST, "/oauth/token")).await.status, 418);
    tried.control(Method::DELETE, "faults", None).await;
    assert_eq!(status(V1).await, 200);
}

#[tokio::test]
async fn a_fault_that_is_none_is_refused() {
    let tried = Tried::seeded().await;
    let wrong = [
        json!({ "path": V1, "action": { "kind": "cut" } }),
        json!({ "path": V1, "action": { "kind": "delayBefore" } }),
        json!({ "path": V1, "action": { "kind": "emptyList", "ms": 1 } }),
        json!({ "path": V1, "action": { "kind": "answer", "status": 42 } }),
        json!({ "path": V1, "times": 0, "action": { "kind": "emptyList" } }),
        json!({ "path": V1, "tmies": 1, "action": { "kind": "emptyList" } }),
        json!({ "action": { "kind": "emptyList" } }),
    ];
    for fault in wrong {
        let answer = tried.control(Method::POST, "faults", Some(fault.clone())).await;
        assert_eq!(answer.status, 400, "{fault}");
    }
}
