//! Each operation in each version, as the simulator's log has it.

use rstest::rstest;
use serde_json::{Value, json};
use sim_operator::sailpoint::{
    ApiVersion, Budget, Class, Client, ClientConfig, Details, ErrorKind, Observer, PatchOperation, Reference, Terms,
    Unobserved, pointer,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

use crate::support::simulator::{Call, Config, Named, Tenant};
use crate::{client, config, credentials, slot};

const ID: &str = "62945a496ef440189b1f03e3623411c8";

fn paths(api: ApiVersion) -> [String; 3] {
    let list = match api {
        ApiVersion::Beta => "/beta/sim-integrations",
        ApiVersion::V2024 => "/v2024/sim-integrations",
        ApiVersion::V2025 => "/v2025/sim-integrations",
        ApiVersion::V2026 => "/v2026/sim-integrations",
        ApiVersion::V1 => "/sim-integrations/v1",
    };
    [list.to_owned(), format!("{list}/{ID}"), format!("{list}/{ID}/beforeProvisioningRule")]
}

fn in_version(tenant: &Tenant, api: ApiVersion) -> Client {
    let config = ClientConfig { api, ..config(tenant.url()) };
    Client::new(&config, Some(credentials()), Budget::warmed_up(1000), Arc::new(Unobserved)).unwrap()
}

/// Method, path, content type and body of a call.
fn seen(call: &Call) -> (&str, &str, Option<&str>, Value) {
    let content_type = call.headers.get("content-type").map(String::as_str);
    (&call.method, &call.path, content_type, call.body.clone().unwrap_or_default())
}

#[rstest]
#[tokio::test]
async fn every_operation_is_on_the_wire_as_documented(
    #[values(ApiVersion::Beta, ApiVersion::V2024, ApiVersion::V2025, ApiVersion::V2026, ApiVersion::V1)]
    api: ApiVersion,
) {
    let tenant = Tenant::start(Config::seeded()).await;
    let client = in_version(&tenant, api);
    let details = Details { name: Some("New Desk".into()), kind: Some("ServiceNow".into()), ..Details::default() };
    let replaced = Details { description: Some("Replaced".into()), ..details.clone() };
    let described = [PatchOperation::replace("/description", "Patched")];
    let rule = Reference { kind: Some("RULE".into()), id: Some("r1".into()), name: Some("Rule".into()) };
    let ruled = [PatchOperation::replace("/beforeProvisioningRule", serde_json::to_value(rule).unwrap())];

    assert_eq!(client.list(slot(&client).await).await.unwrap().value[0].name.as_deref(), Some("Legacy Desk"));
    let got = client.get(slot(&client).await, ID).await.unwrap();
    assert_eq!((got.value.id.as_deref(), got.deprecated), (Some(ID), false));
    assert!(got.tracking_id.unwrap().len() == 32 && got.date.is_some() && got.answered >= got.started);
    let created = client.create(slot(&client).await, &details, Terms::default()).await.unwrap().value;
    assert!(created.id.is_some() && created.created.is_some());
    let patched = client.patch(slot(&client).await, ID, &described, Terms::default()).await.unwrap().value;
    assert_eq!(patched.description.as_deref(), Some("Patched"));
    let ruled_ =
        client.patch_before_provisioning_rule(slot(&client).await, ID, &ruled, Terms::default()).await.unwrap();
    assert_eq!(ruled_.value.before_provisioning_rule.unwrap().id.as_deref(), Some("r1"));
    let put = client.put(slot(&client).await, ID, &replaced, Terms::default()).await.unwrap().value;
    assert_eq!(put.description.as_deref(), Some("Replaced"));
    client.delete(slot(&client).await, ID, Terms::default()).await.unwrap();

    let [list, one, rule_path] = paths(api);
    let (json, patch) = (Some("application/json"), Some("application/json-patch+json"));
    let calls = tenant.calls().await;
    assert_eq!(
        calls[1..].iter().map(seen).collect::<Vec<_>>(),
        [
            ("GET", &*list, None, Value::Null),
            ("GET", &*one, None, Value::Null),
            ("POST", &*list, json, json!({"name": "New Desk", "type": "ServiceNow"})),
            ("PATCH", &*one, patch, json!([{"op": "replace", "path": "/description", "value": "Patched"}])),
            (
                "PATCH",
                &*rule_path,
                patch,
                json!([{"op": "replace", "path": "/beforeProvisioningRule",
                "value": {"type": "RULE", "id": "r1", "name": "Rule"}}])
            ),
            ("PUT", &*one, json, json!({"name": "New Desk", "type": "ServiceNow", "description": "Replaced"})),
            ("DELETE", &*one, None, Value::Null),
        ]
    );
    let experimental = (api != ApiVersion::Beta).then_some("true");
    for call in &calls[1..] {
        assert_eq!(call.headers.get("x-sailpoint-experimental").map(String::as_str), experimental, "{call:?}");
        assert_eq!(call.headers["accept"], "application/json");
        assert!(call.headers["user-agent"].starts_with("sim-operator/"));
    }
    assert_eq!((calls[0].path.as_str(), calls[0].headers.get("x-sailpoint-experimental")), ("/oauth/token", None));
}

#[tokio::test]
async fn what_the_tenant_may_do_differently_is_read_too() {
    let tenant = Tenant::start(Config::seeded()).await;
    tenant.turn(&json!({"attributesShape": "string", "xDeprecated": true, "betaListSingle": true})).await;
    let client = in_version(&tenant, ApiVersion::Beta);
    let list = client.list(slot(&client).await).await.unwrap();
    assert!(list.deprecated);
    assert_eq!(list.value[0].open().unwrap().attributes.as_ref().unwrap()["username"], "svc_legacy");
    tenant.turn(&json!({"ticketFields": "absent", "secretReadBack": "dropped"})).await;
    let read = client.get(slot(&client).await, ID).await.unwrap().value;
    assert!(read.status_map.is_none() && !read.attributes.unwrap().contains_key("password"));
}

#[tokio::test]
async fn one_secret_can_be_replaced_alone() {
    let tenant = Tenant::start(Config::seeded()).await;
    let client = client(tenant.url());
    let operations = [PatchOperation::replace(pointer(["attributes", "password"]), "n3w-password")];
    client.patch(slot(&client).await, ID, &operations, Terms::default()).await.unwrap();
    assert_eq!(tenant.integration("Legacy Desk").await.unwrap()["secretsReceived"]["password"], "n3w-password");
}

#[tokio::test]
async fn sources_are_found_by_name_and_clusters_are_listed() {
    let tenant = Tenant::start(Config::seeded()).await;
    let odd = r#"A "b" \ c & #d 100%"#;
    let mut sources: Vec<Named> = (0..600).map(|number| named(&format!("s{number}"), "Many")).collect();
    sources.push(named("odd", odd));
    tenant.set_sources(&sources).await;
    let client = client(tenant.url());
    let found = client.sources_by_name(slot(&client).await, &[odd, "absent"]).await.unwrap().value;
    assert_eq!(found.iter().map(|named| (named.id.as_str(), named.name.as_str())).collect::<Vec<_>>(), [("odd", odd)]);
    assert_eq!(client.sources_by_name(slot(&client).await, &["Many"]).await.unwrap().value.len(), 600);
    assert_eq!(client.clusters(slot(&client).await).await.unwrap().value[0].name, "Training VA");
    // One call, three pages of 250, one call.
    assert_eq!(tenant.calls_of("GET", "/v2024/*").await.len(), 5);
}

fn named(id: &str, name: &str) -> Named {
    Named { id: id.to_owned(), name: name.to_owned(), more: serde_json::Map::new() }
}

#[tokio::test]
async fn nothing_is_sent_after_its_deadline_or_for_an_unusable_id() {
    let tenant = Tenant::start(Config::seeded()).await;
    let client = client(tenant.url());
    let late = Terms { send_before: Some(Instant::now()), ..Terms::default() };
    let error = client.create(slot(&client).await, &Details::default(), late).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSent);
    let error = client.delete(slot(&client).await, "..", Terms::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    let held = slot(&client).await;
    client.budget().pause(Instant::now() + Duration::from_mins(5));
    let error = client.delete(held, ID, Terms::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSent);
    assert!(error.wait().unwrap() > Duration::from_mins(4), "{error}");
    assert_eq!(tenant.calls().await.len(), 1, "the token alone");
}

#[tokio::test]
async fn a_slot_for_a_class_is_kept_by_the_call_after_it() {
    let tenant = Tenant::start(Config::seeded()).await;
    let client = client(tenant.url());
    assert_eq!(client.prepare(Class::Delete).await.unwrap().class(), Class::Delete);
    assert_eq!(client.org_info().await.unwrap().value, "acme");
}

#[derive(Default)]
struct Noted(Mutex<Vec<String>>);

impl Observer for Noted {
    fn on_request(&self, method: &'static str, route: &'static str, status: Option<u16>, _: Duration) {
        self.0.lock().unwrap().push(format!("{method} {route} {status:?}"));
    }

    fn on_wait(&self, class: Class, _: Duration) {
        self.0.lock().unwrap().push(format!("waited for {}", class.as_str()));
    }
}

#[tokio::test]
async fn requests_and_waits_are_observed() {
    let tenant = Tenant::start(Config::default()).await;
    let noted = Arc::new(Noted::default());
    let observer: Arc<dyn Observer> = Arc::<Noted>::clone(&noted);
    let client = Client::new(&config(tenant.url()), Some(credentials()), Budget::warmed_up(9), observer).unwrap();
    client.get(slot(&client).await, "2c91").await.unwrap_err();
    assert_eq!(
        *noted.0.lock().unwrap(),
        ["waited for token", "POST /oauth/token Some(200)", "waited for look", "GET /sim-integrations/{id} Some(404)"]
    );
}
