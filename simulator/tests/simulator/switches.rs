//! Each switch in each of its positions.

use crate::support::{LEGACY, Tried, V1, full};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::Method;
use sailpoint_simulator::Switches;
use serde_json::{Value, json};
use std::time::Duration;

const BETA: &str = "/beta/sim-integrations";

async fn made(tried: &Tried) -> Value {
    tried.post(V1, &full("Desk")).await.ok()
}

#[tokio::test]
async fn ticket_fields_come_back_at_the_top_inside_attributes_or_not_at_all() {
    let tried = Tried::seeded().await;
    let expected = json!({ "closed_complete": "Committed" });
    let top = made(&tried).await;
    assert_eq!(top["statusMap"], expected);
    assert!(top["attributes"].get("statusMap").is_none());
    let id = top["id"].as_str().unwrap();

    tried.turn(json!({ "ticketFields": "attributes" })).await;
    let inside = tried.get(&format!("{V1}/{id}")).await.ok();
    assert!(inside.get("statusMap").is_none() && inside.get("request").is_none());
    assert_eq!(inside["attributes"]["statusMap"], expected);
    tried.replace(id, "/statusMap", json!({})).await.refused(403);
    tried.replace(id, "/attributes/statusMap", json!({ "a": "b" })).await.ok();
    assert_eq!(tried.truth_of(id).await["statusMap"], json!({ "a": "b" }));
    assert_eq!(tried.truth_of(id).await["secretsReceived"], json!({ "password": "plain" }));

    tried.turn(json!({ "ticketFields": "absent" })).await;
    let absent = tried.get(&format!("{V1}/{id}")).await.ok();
    assert!(!absent.to_string().contains("statusMap"), "{absent}");
    tried.replace(id, "/request", json!({})).await.refused(403);
    assert!(tried.truth_of(id).await["request"].is_object());
}

#[tokio::test]
async fn attributes_as_a_string() {
    let tried = Tried::with(json!({ "attributesShape": "string", "serverAddsAttributes": false })).await;
    let text = made(&tried).await["attributes"].as_str().unwrap().to_owned();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["username"], "svc");
}

#[tokio::test]
async fn secrets_are_read_as_cipher_text_mask_or_not_at_all() {
    let tried = Tried::seeded().await;
    let made = made(&tried).await;
    let one = format!("{V1}/{}", made["id"].as_str().unwrap());
    assert!(made["attributes"]["password"].as_str().unwrap().starts_with("1:ACP:"));
    tried.turn(json!({ "secretReadBack": "mask" })).await;
    assert_eq!(tried.get(&one).await.ok()["attributes"]["password"], "********");
    tried.turn(json!({ "secretReadBack": "dropped" })).await;
    let dropped = tried.get(&one).await.ok();
    assert!(dropped["attributes"].get("password").is_none());
    assert_eq!(dropped["attributes"]["username"], "svc");
    tried.replace(made["id"].as_str().unwrap(), "/attributes/password", json!("new")).await.ok();
}

#[tokio::test]
async fn values_are_normalised_on_request() {
    let tried = Tried::seeded().await;
    assert_eq!(made(&tried).await["attributes"]["url"], "https://acme.service-now.com/");
    tried.turn(json!({ "normalizeValues": true })).await;
    assert_eq!(made(&tried).await["attributes"]["url"], "https://acme.service-now.com");
}

#[tokio::test]
async fn errors_echo_the_input_on_request() {
    let tried = Tried::seeded().await;
    let bad = json!({ "name": "x", "cluster": "unknown", "attributes": { "password": "hush" } });
    assert!(!tried.post(V1, &bad).await.refused(400).contains("hush"));
    tried.turn(json!({ "errorsEchoInput": true })).await;
    assert!(tried.post(V1, &bad).await.refused(400).contains("hush"));
}

#[tokio::test]
async fn list_lags_behind_writes_and_get_does_not() {
    let tried = Tried::with(json!({ "listLagMs": 60_000 })).await;
    let made = made(&tried).await;
    tried.delete(&format!("{V1}/{LEGACY}")).await;
    assert_eq!(tried.names(V1).await, ["Legacy Desk"]);
    assert_eq!(tried.get(&format!("{V1}/{}", made["id"].as_str().unwrap())).await.status, 200);
    tried.turn(json!({ "listLagMs": 30 })).await;
    tokio::time::sleep(Duration::from_millis(35)).await;
    assert_eq!(tried.names(V1).await, ["Desk"]);
}

#[tokio::test]
async fn beta_can_hide_the_id_and_list_a_single_object() {
    let tried = Tried::seeded().await;
    assert_eq!(tried.get(BETA).await.ok()[0]["id"], LEGACY);
    tried.turn(json!({ "betaReadId": false, "betaListSingle": true })).await;
    let single = tried.get(BETA).await.ok();
    assert_eq!(single["name"], "Legacy Desk");
    for hidden in ["id", "created", "modified"] {
        assert!(single.get(hidden).is_none(), "{hidden}");
    }
    assert!(tried.post(BETA, &full("Second")).await.ok().get("id").is_none());
    assert_eq!(tried.names(BETA).await.len(), 2);
    assert_eq!(tried.get(V1).await.ok()[0]["id"], LEGACY);
}

#[tokio::test]
async fn a_name_that_is_taken_is_allowed_or_400_or_409() {
    let tried = Tried::seeded().await;
    let other = made(&tried).await;
    let other = other["id"].as_str().unwrap();
    tried.post(V1, &full("Legacy Desk")).await.ok();
    for (choice, status) in [("400", 400), ("409", 409)] {
        tried.turn(json!({ "duplicateNames": choice })).await;
        tried.post(V1, &full("Legacy Desk")).await.refused(status);
        tried.replace(other, "/name", json!("Legacy Desk")).await.refused(status);
        tried.put(&format!("{V1}/{other}"), &full("Desk")).await.ok();
    }
}

#[tokio::test]
async fn patch_bodies_are_accepted_as_told() {
    let tried = Tried::seeded().await;
    let one = format!("{V1}/{LEGACY}");
    let operation = json!({ "op": "replace", "path": "/description", "value": "x" });
    let (array, object) = (json!([operation]), json!({ "operations": [operation] }));
    for (choice, of_array, of_object) in
        [("both", 200, 200), ("array", 200, 400), ("operations", 400, 200), ("none", 403, 403)]
    {
        tried.turn(json!({ "patchAccepts": choice })).await;
        assert_eq!(tried.patch(&one, &array).await.status, of_array, "{choice}");
        assert_eq!(tried.patch(&one, &object).await.status, of_object, "{choice}");
    }
}

#[tokio::test]
async fn the_order_of_the_list_can_change() {
    let tried = Tried::with(json!({ "listShuffled": true, "rateLimit": 0 })).await;
    for name in ["1", "2", "3", "4", "5", "6"] {
        tried.post(V1, &json!({ "name": name })).await.ok();
    }
    let first = tried.names(V1).await;
    let mut orders = Vec::new();
    for _ in 0..20 {
        orders.push(tried.names(V1).await);
    }
    assert!(orders.iter().any(|order| order != &first));
    assert!(orders.iter().all(|order| order.len() == 7));
    tried.turn(json!({ "listShuffled": false })).await;
    assert_eq!(tried.names(V1).await, ["Legacy Desk", "1", "2", "3", "4", "5", "6"]);
}

#[tokio::test]
async fn odd_headers_come_on_request() {
    let tried = Tried::seeded().await;
    for (path, status) in [(V1, 200), ("/v2024/sim-integrations/unknown", 404)] {
        tried.turn(json!({ "contentEncodingUtf8": false, "xDeprecated": false })).await;
        let plain = tried.get(path).await;
        assert_eq!((plain.header("content-encoding"), plain.header("x-deprecated")), (None, None));
        tried.turn(json!({ "contentEncodingUtf8": true, "xDeprecated": true })).await;
        let odd = tried.get(path).await;
        assert_eq!(odd.status, status);
        assert_eq!(odd.header("content-encoding"), (status == 404).then_some("UTF-8"));
        assert_eq!(odd.header("x-deprecated"), Some("true"));
    }
}

#[tokio::test]
async fn the_tenant_s_clock_is_ahead_or_behind() {
    let tried = Tried::seeded().await;
    for skew in [0, 86_400, -86_400] {
        tried.turn(json!({ "clockSkewSeconds": skew })).await;
        let created: Timestamp = made(&tried).await["created"].as_str().unwrap().parse().unwrap();
        let answer = tried.get(V1).await;
        let date = rfc2822::DateTimeParser::new().parse_timestamp(answer.header("date").unwrap()).unwrap();
        for shown in [created, date] {
            let off = shown.as_second() - Timestamp::now().as_second() - skew;
            assert!(off.abs() < 60, "{shown} with {skew}");
        }
    }
}

#[tokio::test]
async fn the_server_adds_an_attribute_unless_told_not_to() {
    let tried = Tried::seeded().await;
    assert!(made(&tried).await["attributes"].get("cloudExternalId").is_some());
    tried.turn(json!({ "serverAddsAttributes": false })).await;
    assert!(made(&tried).await["attributes"].get("cloudExternalId").is_none());
}

#[tokio::test]
async fn the_life_of_a_token_can_be_set() {
    let tried = Tried::with(json!({ "expiresIn": 15 })).await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", sailpoint_simulator::DEFAULT_CLIENT_ID),
        ("client_secret", sailpoint_simulator::DEFAULT_CLIENT_SECRET),
    ];
    let answer = crate::support::send(tried.bare(Method::POST, "/oauth/token").form(&form)).await.ok();
    assert_eq!(answer["expires_in"], 15);
}

#[tokio::test]
async fn a_switch_that_is_none_is_refused() {
    let tried = Tried::seeded().await;
    for wrong in [json!({ "listLag": 1 }), json!({ "patchAccepts": "some" }), json!(1)] {
        let answer = tried.control(Method::PATCH, "switches", Some(wrong)).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
    }
    let shown = tried.control(Method::GET, "switches", None).await.ok();
    assert_eq!(serde_json::from_value::<Switches>(shown).unwrap(), Switches::default());
}
