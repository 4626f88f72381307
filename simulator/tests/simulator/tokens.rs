//! Tokens: encodings, contents, and what they may do.

use crate::support::{Answer, BASES, LEGACY, Tried, V1, send};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::Method;
use sailpoint_simulator::{Config, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET};
use serde_json::{Value, json};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");
const ID: (&str, &str) = ("client_id", DEFAULT_CLIENT_ID);
const SECRET: (&str, &str) = ("client_secret", DEFAULT_CLIENT_SECRET);

async fn token(tried: &Tried, query: &[(&str, &str)], form: &[(&str, &str)]) -> Answer {
    send(tried.bare(Method::POST, "/oauth/token").query(query).form(form)).await
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn every_encoding_of_a_token_request() {
    let tried = Tried::seeded().await;
    token(&tried, &[], &[GRANT, ID, SECRET]).await.ok();
    token(&tried, &[GRANT, ID, SECRET], &[]).await.ok();
    token(&tried, &[GRANT], &[ID, SECRET]).await.ok();
    token(&tried, &[GRANT, ID], &[SECRET]).await.ok();
    send(tried.bare(Method::POST, "/oauth/token").query(&[GRANT, ID, SECRET])).await.ok();
    let part = |(name, value)| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let body = [GRANT, ID, SECRET].map(part).concat() + "--b--\r\n";
    let multipart = tried.bare(Method::POST, "/oauth/token").header("content-type", "multipart/form-data; boundary=b");
    send(multipart.body(body)).await.ok();
}

#[tokio::test]
async fn what_a_token_answer_and_its_payload_say() {
    let tried = Tried::seeded().await;
    let answer = token(&tried, &[], &[GRANT, ID, SECRET]).await.ok();
    let documented =
        ["access_token", "scope", "accessType", "tenant_id", "pod", "org", "user_id", "identity_id", "jti"];
    for field in documented {
        assert!(answer[field].is_string(), "{field}");
    }
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("bearer"), &json!(749)));
    let claims = claims(answer["access_token"].as_str().unwrap());
    assert_eq!((&claims["org"], &claims["client_id"]), (&json!("acme"), &json!(DEFAULT_CLIENT_ID)));
    assert_eq!((&claims["jti"], &claims["tenant_id"]), (&answer["jti"], &answer["tenant_id"]));
    assert_eq!(claims["authorities"], json!(["ORG_ADMIN"]));
    assert!(claims["user_name"].is_string() && claims["exp"].is_i64());
    assert!(claims["scope"].as_array().unwrap().contains(&json!("idn:service-desk-integration:manage")));
}

#[tokio::test]
async fn a_wrong_client_is_told_in_the_manner_of_oauth() {
    let tried = Tried::seeded().await;
    let wrong = ("client_secret", "wrong");
    for form in [&[GRANT, ID, wrong][..], &[GRANT, ("client_id", "other"), SECRET], &[GRANT, ID], &[GRANT]] {
        let answer = token(&tried, &[], form).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json()["error"], "invalid_client");
        assert!(answer.json()["error_description"].is_string());
    }
    let answer = token(&tried, &[], &[("grant_type", "password"), ID, SECRET]).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (400, &json!("unsupported_grant_type")));
}

#[tokio::test]
async fn no_token_a_wrong_one_and_a_revoked_one_are_401() {
    let tried = Tried::seeded().await;
    let expected = json!({ "error": "JWT validation failed: JWT is expired" });
    for base in BASES {
        for request in [tried.bare(Method::GET, base), tried.bare(Method::GET, base).bearer_auth("x")] {
            let answer = send(request).await;
            assert_eq!((answer.status.as_u16(), answer.json()), (401, expected.clone()));
        }
    }
    assert_eq!(tried.get(V1).await.status, 200);
    tried.control(Method::POST, "tokens/revoke", None).await;
    assert_eq!(tried.get(V1).await.json(), expected);
}

#[tokio::test]
async fn a_token_expires() {
    let tried = Tried::with(json!({ "expiresIn": 0 })).await;
    assert_eq!(tried.get(V1).await.status, 401);
}

#[tokio::test]
async fn scopes_and_the_user_decide_what_a_token_may_do() {
    let mut tried = Tried::seeded().await;
    let (sim, manage) = ("idn:service-desk-integration:read", "idn:service-desk-integration:manage");
    let client = |id: &str, scopes: &[&str], user: Option<&str>| json!({ "clientId": id, "clientSecret": "s", "scopes": scopes, "userName": user, "org": "other" });
    let clients = json!([
        client("read", &[sim], Some("u")),
        client("manage", &[manage], Some("u")),
        client("sources", &["idn:sources:read"], Some("u")),
        client("clusters", &["idn:remote-client:read"], Some("u")),
        client("all", &["sp:scopes:all"], Some("u")),
        client("nobody", &["sp:scopes:all"], None),
    ]);
    tried.control(Method::PUT, "clients", Some(clients)).await;
    // List, write, sources, clusters.
    let cases = [
        ("read", [200, 403, 403, 403]),
        ("manage", [200, 200, 403, 403]),
        ("sources", [403, 403, 200, 403]),
        ("clusters", [403, 403, 403, 200]),
        ("all", [200, 200, 200, 200]),
        ("nobody", [403, 403, 403, 403]),
    ];
    for (id, expected) in cases {
        tried.token = tried.token_of(id, "s").await;
        assert_eq!(claims(&tried.token)["org"], "other");
        assert_eq!(claims(&tried.token).get("user_name").is_some(), id != "nobody");
        let answers = [
            tried.get(V1).await,
            tried.replace(LEGACY, "/description", json!(id)).await,
            tried.get("/sources/v1").await,
            tried.get("/managed-clusters/v1").await,
        ];
        for (answer, expected) in answers.iter().zip(expected) {
            assert_eq!(answer.status, expected, "{id}: {}", answer.text);
            if expected == 403 {
                answer.refused(403);
            }
        }
    }
}

#[tokio::test]
async fn the_info_endpoint_names_the_org() {
    let tried = Tried::start(Config { org: "globex".to_owned(), ..Config::default() }).await;
    let info = send(tried.bare(Method::GET, "/oauth/info")).await.ok();
    assert_eq!(info["tenantName"], "globex");
    assert_eq!(info["tokenEndpoint"], format!("{}/oauth/token", tried.simulator.url()));
    assert_eq!(info["tenantId"], claims(&tried.token)["tenant_id"]);
}
