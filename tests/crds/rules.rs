//! Each rule and bound, one row each: what the API server takes, and its words where it refuses.

use kube::api::{ApiResource, DynamicObject, PostParams};
use kube::{Api, Error};
use serde_json::{Value, json};

use sim_operator::api::{SailPointTenant, SimIntegration};

use crate::support::control_plane::Sandbox;
use crate::support::crds::install;

/// Creates, without keeping it: what the API server says.
async fn refusal<K: kube::Resource<DynamicType = ()>>(sandbox: &Sandbox, base: &Value, spec: &Value) -> String {
    let resource = ApiResource::erase::<K>(&());
    let mut object = json!({
        "apiVersion": resource.api_version, "kind": resource.kind, "metadata": {"generateName": "row-"}, "spec": base,
    });
    object["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    let api: Api<DynamicObject> = Api::namespaced_with(sandbox.client.clone(), &sandbox.namespace, &resource);
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    match api.create(&dry_run, &serde_json::from_value(object).unwrap()).await {
        Ok(_) => String::new(),
        Err(Error::Api(status)) => status.message,
        Err(other) => panic!("{other}"),
    }
}

/// One row per case; no words: it is accepted.
async fn check<K: kube::Resource<DynamicType = ()>>(base: Value, rows: Vec<(Value, &str)>) {
    install();
    let sandbox = Sandbox::new().await;
    for (spec, words) in rows {
        let refused = refusal::<K>(&sandbox, &base, &spec).await;
        let shown = spec.to_string().chars().take(200).collect::<String>();
        match words {
            "" => assert_eq!(refused, "", "{shown}"),
            words => assert!(refused.contains(words), "{shown}\nexpected: {words}\nsaid: {refused}"),
        }
        assert!(!refused.contains("evaluating rule"), "a rule fails instead of refusing: {shown}\n{refused}");
    }
}

fn text(length: usize) -> String {
    "a".repeat(length)
}

fn texts(count: usize, value: &str) -> Value {
    (0..count).map(|at| (format!("key{at}"), Value::from(value))).collect()
}

fn from_secret(attributes: &[&str]) -> Value {
    let entry = |attribute: &&str| json!({"attribute": attribute, "secretKeyRef": {"name": "s", "key": "k"}});
    json!({"attributesFrom": attributes.iter().map(entry).collect::<Vec<_>>()})
}

const LONG: &str = "Too long";
const PATTERN: &str = "should match";

#[tokio::test]
async fn names_and_texts_of_an_integration() {
    let blanks = "name must have no blanks around it and no line breaks";
    let rows = vec![
        (json!({}), ""),
        (json!({"name": "ServiceNow SIM – Zürich"}), ""),
        (json!({"name": ""}), "should be at least 1 chars long"),
        (json!({"name": " ServiceNow"}), blanks),
        (json!({"name": "ServiceNow\u{a0}"}), blanks),
        (json!({"name": "Service\nNow"}), blanks),
        (json!({"name": text(256)}), ""),
        (json!({"name": text(257)}), LONG),
        (json!({"description": text(4096)}), ""),
        (json!({"description": text(4097)}), LONG),
        (json!({"type": "ServiceNow Service Desk"}), ""),
        (json!({"type": "ServiceNow "}), "type must have no blanks around it"),
        (json!({"type": text(257)}), LONG),
        (json!({"statusMap": {"closed_complete": "Committed"}}), ""),
        (json!({"statusMap": {"": "Committed"}}), "keys must have 1 to 256 characters"),
        (json!({"statusMap": texts(64, "Queued")}), ""),
        (json!({"statusMap": texts(65, "Queued")}), "Too many"),
        (json!({"statusMap": {"a": text(129)}}), LONG),
        (json!({"request": {"short_description": text(32768)}}), ""),
        (json!({"request": {"short_description": text(32769)}}), LONG),
        (json!({"request": {text(257): "x"}}), "keys must have 1 to 256 characters"),
        (json!({"request": texts(129, "x")}), "Too many"),
        (json!({"attributes": {"free": [1, {"form": null}], "$x": "#{{"}}), ""),
        (json!({"attributes": texts(257, "x")}), "Too many"),
        (json!({"attributes": "text"}), "must be of type object"),
    ];
    check::<SimIntegration>(json!({}), rows).await;
}

#[tokio::test]
async fn references_of_an_integration() {
    let one_of = "write exactly one of id and name";
    let ids = |count: usize| (0..count).map(|at| json!({"id": format!("{at:0128}")})).collect::<Vec<_>>();
    let rows = vec![
        (json!({"tenantRef": {"name": "acme", "namespace": "iam"}}), ""),
        (json!({"tenantRef": {"namespace": "iam"}}), "spec.tenantRef.name: Required"),
        (json!({"tenantRef": {"name": "Acme"}}), PATTERN),
        (json!({"tenantRef": {"name": text(254)}}), LONG),
        (json!({"tenantRef": {"name": "acme", "namespace": "a.b"}}), PATTERN),
        (json!({"tenantRef": {"name": "acme", "namespace": text(64)}}), LONG),
        (json!({"externalId": "2c9180835d191a86015d28455b4a2329"}), ""),
        (json!({"externalId": ""}), "at least 1 chars long"),
        (json!({"externalId": "../x"}), PATTERN),
        (json!({"externalId": "a b"}), PATTERN),
        (json!({"externalId": text(129)}), LONG),
        (json!({"cluster": {"id": "a"}}), ""),
        (json!({"cluster": {"name": "Training VA"}}), ""),
        (json!({"cluster": {}}), one_of),
        (json!({"cluster": {"id": "a", "name": "Training VA"}}), one_of),
        (json!({"cluster": {"id": "a/b"}}), PATTERN),
        (json!({"cluster": {"name": text(257)}}), LONG),
        (json!({"sources": []}), ""),
        (json!({"sources": [{"id": "a"}, {"name": "a"}]}), ""),
        (json!({"sources": [{"id": "a", "name": "b"}]}), one_of),
        (json!({"sources": ids(1000)}), ""),
        (json!({"sources": ids(1001)}), "Too many"),
        (json!({"beforeProvisioningRule": {"id": "048eb3d55c5a4758bd07dccb87741c78"}}), ""),
        (
            json!({"beforeProvisioningRule": {"name": "Before Provisioning Rule"}}),
            "beforeProvisioningRule.id: Required",
        ),
        (json!({"policy": {"mode": "Report", "adopt": "ByName", "delete": "Orphan"}}), ""),
        (json!({"policy": {"mode": "Off"}}), "supported values: \"Enforce\", \"Report\", \"Plan\", \"Paused\""),
        (json!({"policy": {"adopt": "Always"}}), "supported values: \"Never\", \"ByName\""),
        (json!({"policy": {"delete": "Keep"}}), "supported values: \"Delete\", \"Orphan\""),
    ];
    check::<SimIntegration>(json!({}), rows).await;
}

#[tokio::test]
async fn attributes_from_secrets() {
    let pointer = "attribute must be a key, such as password, or a JSON pointer";
    let once = "attributesFrom must name each attribute once, and none inside another";
    // As long as they may be, and twice as long as JSON pointers: the dearest case for the rule.
    let many: Vec<String> = (0..65).map(|at| format!("~{at:/>255}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let secret = |name: &str, key: &str| json!({"attributesFrom": [{"attribute": "a", "secretKeyRef": {"name": name, "key": key}}]});
    let rows = vec![
        (from_secret(&["password", "/auth/token", "/auth/tokens", "a/b", "~"]), ""),
        (from_secret(&[""]), "at least 1 chars long"),
        (from_secret(&["/"]), pointer),
        (from_secret(&["/a~"]), pointer),
        (from_secret(&["/a~2"]), pointer),
        (from_secret(&["/a~0~1"]), ""),
        (from_secret(&["password", "password"]), "Duplicate value"),
        (from_secret(&["password", "/password"]), once),
        (from_secret(&["a/b", "/a~1b"]), once),
        (from_secret(&["auth", "/auth/password"]), once),
        (from_secret(&["/auth/password", "/auth"]), once),
        (from_secret(&many[..64]), ""),
        (from_secret(&many), "Too many"),
        (from_secret(&[&text(257)]), LONG),
        (secret("servicenow.prod", "Pass_word.1-x"), ""),
        (secret("Servicenow", "k"), PATTERN),
        (secret("s", "pass word"), PATTERN),
        (secret(&text(254), "k"), LONG),
        (secret("s", &text(254)), LONG),
    ];
    check::<SimIntegration>(json!({}), rows).await;
}

fn base() -> Value {
    json!({"baseUrl": "https://acme.api.identitynow.com", "api": "v2024", "credentials": {"secretRef": {"name": "acme"}}})
}

#[tokio::test]
async fn the_url_of_a_tenant() {
    let host = "baseUrl must be https:// and a host, such as https://acme.api.identitynow.com";
    let user = "baseUrl must have no user and password: credentials belong into a Secret";
    let only = "no path, query or fragment and no slash at its end: write https://acme.api.identitynow.com";
    let rows = [
        ("https://acme.api.identitynow.com", ""),
        ("https://acme.api.identitynow.com:8443", ""),
        ("https://127.0.0.1", ""),
        ("http://127.0.0.1:8080", ""),
        ("http://127.9.9.9", ""),
        ("http://localhost:8080", ""),
        ("http://[::1]:8080", ""),
        ("http://acme.api.identitynow.com", host),
        ("http://127.0.0.1.evil.example", host),
        ("http://localhost.evil.example", host),
        ("http://127.0.0.1@evil.example", host),
        ("acme.api.identitynow.com", host),
        ("ftp://acme.api.identitynow.com", host),
        ("https://", host),
        ("https://:443", host),
        ("https:///v2024", host),
        ("https://acme api.identitynow.com", host),
        ("", "at least 1 chars long"),
        ("https://acme.api.identitynow.com/", only),
        ("https://acme.api.identitynow.com/v2024", only),
        ("https://acme.api.identitynow.com?x=1", only),
        ("https://acme.api.identitynow.com#x", only),
        ("https://user:word@acme.api.identitynow.com", user),
        ("https://user@acme.api.identitynow.com/x", user),
    ];
    let mut rows: Vec<_> = rows.into_iter().map(|(url, words)| (json!({"baseUrl": url}), words)).collect();
    rows.push((json!({"baseUrl": format!("https://{}.example", text(512))}), LONG));
    check::<SailPointTenant>(base(), rows).await;
}

const ACCEPTED_INTERVALS: [&str; 8] = ["10s", "90s", "10m", "1h30m", "24h", "1h0m5s", "86400s", "0h10m"];

#[tokio::test]
async fn how_often_a_tenant_is_listed() {
    let words = "resyncInterval must be from 10s to 24h, such as 90s, 10m or 1h30m";
    let mut rows: Vec<_> = ACCEPTED_INTERVALS.iter().map(|text| (json!({"resyncInterval": text}), "")).collect();
    for refused in
        ["", "9s", "24h1s", "99999h", "10", "10 m", "1.5h", "-10m", "10m1h", "500ms", "1d", "10min", "PT10M", "soon"]
    {
        rows.push((json!({"resyncInterval": refused}), words));
    }
    rows.push((json!({"resyncInterval": text(33)}), LONG));
    check::<SailPointTenant>(base(), rows).await;
}

#[test]
fn the_operator_reads_every_interval_that_the_api_server_takes() {
    for text in ACCEPTED_INTERVALS {
        let read: jiff::SignedDuration = text.parse().unwrap();
        assert!((10..=86400).contains(&read.as_secs()), "{text}: {read:?}");
    }
}

#[tokio::test]
async fn all_else_of_a_tenant() {
    let pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    let selector = "write selector with from: Selector, and only there";
    let values = "In and NotIn need values, Exists and DoesNotExist have none";
    let allowed = |from: &str, selector: Value| json!({"allowedNamespaces": {"from": from, "selector": selector}});
    let requirement = |operator: &str, values: Value| {
        allowed("Selector", json!({"matchExpressions": [{"key": "stage", "operator": operator, "values": values}]}))
    };
    let rows = vec![
        (json!({"api": "v1"}), ""),
        (json!({"api": "v3"}), "supported values: \"beta\", \"v2024\", \"v2025\", \"v2026\", \"v1\""),
        (json!({"credentials": {"secretRef": {"name": "Acme"}}}), PATTERN),
        (json!({"credentials": {}}), "spec.credentials.secretRef: Required"),
        (json!({"caBundle": pem}), ""),
        (json!({"caBundle": "MIIB"}), "caBundle must hold certificates in PEM"),
        (json!({"caBundle": format!("{pem}{}", text(65536))}), LONG),
        (json!({"requestsPer10s": 1}), ""),
        (json!({"requestsPer10s": 10_000}), ""),
        (json!({"requestsPer10s": 0}), "should be greater than or equal to 1"),
        (json!({"requestsPer10s": 10_001}), "should be less than or equal to 10000"),
        (json!({"allowedNamespaces": {}}), "allowedNamespaces.from: Required"),
        (json!({"allowedNamespaces": {"from": "All"}}), ""),
        (json!({"allowedNamespaces": {"from": "Selector"}}), selector),
        (allowed("All", json!({})), selector),
        (allowed("Same", json!({})), selector),
        (allowed("Selector", json!({})), ""),
        (allowed("Selector", json!({"matchLabels": {"team": "iam"}})), ""),
        (allowed("Selector", json!({"matchLabels": {"team": text(64)}})), LONG),
        (allowed("Selector", json!({"matchLabels": texts(65, "x")})), "Too many"),
        (requirement("In", json!(["prod"])), ""),
        (requirement("In", json!([])), values),
        (requirement("Exists", Value::Null), ""),
        (requirement("Exists", json!(["prod"])), values),
        (requirement("Gt", json!(["1"])), "supported values: \"In\""),
        (json!({"policy": {"mode": "Plan", "adopt": "ByName"}}), ""),
        (json!({"policy": {"mode": "Off"}}), "supported values"),
    ];
    check::<SailPointTenant>(base(), rows).await;
}
