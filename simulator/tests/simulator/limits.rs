//! The rate limit: per client and API version, in a window that slides.

use crate::support::{Tried, V1, send};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

const LIMIT: usize = 5;

async fn spend(tried: &Tried, path: &str, calls: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..calls {
        statuses.push(tried.get(path).await.status.as_u16());
    }
    statuses
}

#[tokio::test]
async fn the_limit_is_per_client_and_version() {
    let mut tried = Tried::with(json!({ "rateLimit": LIMIT })).await;
    assert_eq!(spend(&tried, V1, LIMIT).await, [200; LIMIT]);
    let refused = tried.get(V1).await;
    assert_eq!((refused.status.as_u16(), refused.json()), (429, json!({ "message": " Rate Limit Exceeded " })));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((5..=10).contains(&wait), "{wait}");
    let log = tried.control(Method::GET, "requests", None).await.ok();
    let last = log.as_array().unwrap().last().unwrap();
    assert_eq!((&last["status"], &last["retryAfter"]), (&json!(429), &json!(wait.to_string())));
    assert_eq!(spend(&tried, "/managed-clusters/v1", 1).await, [429]);
    // Another version, and another token of the same client.
    assert_eq!(spend(&tried, "/v2024/sources", LIMIT).await, [200; LIMIT]);
    let (id, secret) = (sailpoint_simulator::DEFAULT_CLIENT_ID, sailpoint_simulator::DEFAULT_CLIENT_SECRET);
    tried.token = tried.token_of(id, secret).await;
    assert_eq!(spend(&tried, V1, 1).await, [429]);
    // Another client.
    let other = json!([{ "clientId": "other", "clientSecret": "s", "userName": "u" }]);
    tried.control(Method::PUT, "clients", Some(other)).await;
    tried.token = tried.token_of("other", "s").await;
    assert_eq!(spend(&tried, V1, 1).await, [200]);
}

#[tokio::test]
async fn token_calls_count_for_themselves() {
    let tried = Tried::with(json!({ "rateLimit": 2 })).await;
    let form = [("grant_type", "client_credentials"), ("client_id", sailpoint_simulator::DEFAULT_CLIENT_ID)];
    let wrong = async || send(tried.bare(Method::POST, "/oauth/token").form(&form)).await;
    // The first of the two was spent on the token of this test.
    assert_eq!(wrong().await.status, 401);
    let refused = wrong().await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(spend(&tried, V1, 2).await, [200, 200]);
}

#[tokio::test]
async fn the_window_can_be_set() {
    let tried = Tried::with(json!({ "rateLimit": 1, "rateLimitWindowMs": 3_600_000 })).await;
    assert_eq!(spend(&tried, V1, 2).await, [200, 429]);
    tried.turn(json!({ "rateLimitWindowMs": 1 })).await;
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert_eq!(spend(&tried, V1, 1).await, [200]);
}

#[tokio::test]
async fn the_default_is_a_hundred_and_zero_is_none() {
    let tried = Tried::seeded().await;
    assert_eq!(spend(&tried, V1, 101).await.iter().position(|status| *status == 429), Some(100));
    tried.turn(json!({ "rateLimit": 0 })).await;
    assert_eq!(spend(&tried, V1, 1).await, [200]);
}
