//! Reading and writing integrations.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Details, Integration, PatchOperation, Reference, pointer};

fn read(value: &Value) -> Integration {
    Integration::read(value.clone()).unwrap()
}

fn whole() -> Value {
    json!({
        "id": "2c91", "name": "ServiceNow SIM", "description": "Tickets", "type": "ServiceNow Service Desk",
        "created": "2024-01-17T18:45:25.994Z", "modified": "2024-02-18T18:45:25.994Z",
        "ownerRef": {"type": "IDENTITY", "id": "o1", "name": "Ada"},
        "clusterRef": {"type": "CLUSTER", "id": "c1", "name": "Training VA"}, "cluster": "c1",
        "managedSources": ["s1", "s2"],
        "provisioningConfig": {"universalManager": false, "managedResourceRefs": [
            {"type": "SOURCE", "id": "s1", "name": "AD"}, {"type": "SOURCE", "id": "s2", "name": "HR"}]},
        "attributes": {"url": "https://acme.service-now.com", "password": "1:ACP:cipher"},
        "beforeProvisioningRule": {"type": "RULE", "id": "r1", "name": "Rule"},
        "statusMap": {"requested": "Queued"}, "newField": [1]
    })
}

#[test]
fn what_is_read_becomes_what_is_written() {
    let integration = read(&whole());
    assert_eq!(integration.created.unwrap().to_string(), "2024-01-17T18:45:25.994Z");
    assert_eq!(integration.cluster_id(), Some("c1"));
    assert_eq!(
        serde_json::to_value(integration.into_details()).unwrap(),
        json!({
            "name": "ServiceNow SIM", "description": "Tickets", "type": "ServiceNow Service Desk",
            "cluster": "c1", "sources": ["s1", "s2"], "statusMap": {"requested": "Queued"},
            "attributes": {"url": "https://acme.service-now.com", "password": "1:ACP:cipher"},
            "beforeProvisioningRule": {"type": "RULE", "id": "r1", "name": "Rule"}, "newField": [1]
        })
    );
}

#[test]
fn other_shapes_are_read_too() {
    let integration = read(&json!({"id": 12345, "name": "x", "managedSources": [1, "s2"], "cluster": null,
        "attributes": "{\"url\":\"u\"}", "provisioningConfig": {"managedResourceRefs": []}}));
    assert_eq!(integration.id.as_deref(), Some("12345"));
    assert_eq!(integration.source_ids().unwrap(), ["1", "s2"]);
    assert_eq!(integration.attributes.unwrap()["url"], "u");
    assert!(integration.cluster.is_none() && integration.extra.is_empty());
}

#[test]
fn what_is_not_understood_is_kept_as_it_came() {
    let odd = json!({"name": ["x"], "attributes": 7, "statusMap": "no map", "sources": [{}], "created": 5,
        "provisioningConfig": "odd", "beforeProvisioningRule": "r1"});
    let integration = read(&odd);
    assert_eq!(integration.name, None);
    assert_eq!(Value::Object(integration.extra.clone()), odd);
    let details = serde_json::to_value(integration.into_details()).unwrap();
    assert_eq!(
        details,
        json!({"name": ["x"], "attributes": 7, "statusMap": "no map", "sources": [{}], "beforeProvisioningRule": "r1"})
    );
}

#[test]
fn what_can_be_no_id_is_none() {
    let odd =
        [json!(""), json!(".."), json!("../x"), json!("a\u{0}b"), json!("x".repeat(10_000)), json!(1.5), json!({})];
    for id in odd.into_iter().chain([serde_json::from_str("18446744073709551616").unwrap()]) {
        assert_eq!(read(&json!({"id": id, "name": "x"})).id, None, "{id}");
    }
    assert_eq!(read(&json!({"id": u64::MAX})).id.unwrap(), u64::MAX.to_string());
}

#[test]
fn nothing_unset_is_sent() {
    let details = Details { name: Some("x".into()), ..Details::default() };
    assert_eq!(serde_json::to_value(details).unwrap(), json!({"name": "x"}));
    let reference = Reference { id: Some("r1".into()), ..Reference::default() };
    assert_eq!(serde_json::to_value(reference).unwrap(), json!({"id": "r1"}));
    let operation = PatchOperation::replace("/description", "A new description");
    assert_eq!(
        serde_json::to_value([operation]).unwrap(),
        json!([{"op": "replace", "path": "/description", "value": "A new description"}])
    );
}

#[test]
fn debug_prints_no_value() {
    let text = format!(
        "{:?} {:?} {:?}",
        read(&whole()),
        read(&json!({"name": "x", "attributes": "{\"password\":\"cipher\"", "request": {"k": "cipher"}}))
            .into_details(),
        PatchOperation::replace(pointer(["attributes", "password"]), "cipher")
    );
    assert!(!text.contains("cipher") && !text.contains("acme"), "{text}");
    assert!(text.contains("replace /attributes/password") && text.contains("\"newField\""), "{text}");
}

proptest! {
    /// What a JSON library finds by the pointer is what the keys lead to.
    #[test]
    fn pointers_lead_where_the_keys_do(keys in prop::collection::vec("[a-z~/0-9\"\\\\ü]{0,6}", 0..4)) {
        let document = keys.iter().rev().fold(json!("here"), |inner, key| json!({key.as_str(): inner}));
        let path = pointer(keys.iter().map(String::as_str));
        prop_assert_eq!(document.pointer(&path), Some(&json!("here")));
    }

    /// Any object can be read, and no field is lost but null ones.
    #[test]
    fn no_field_is_lost(values in prop::collection::vec((0_usize..16, 0_u8..8), 0..10)) {
        const KEYS: [&str; 16] = ["id", "name", "description", "type", "created", "modified", "cluster", "clusterRef",
            "managedSources", "provisioningConfig", "attributes", "beforeProvisioningRule", "sources", "statusMap", "request", "more"];
        let samples = [json!(1), json!("x"), json!("{}"), json!([]), json!([null]), json!({"id": "1"}), json!(true), json!(1.5)];
        let map: serde_json::Map<_, _> =
            values.into_iter().map(|(key, value)| (KEYS[key].to_owned(), samples[usize::from(value)].clone())).collect();
        let integration = read(&Value::Object(map.clone()));
        let mut known = 0;
        known += usize::from(integration.id.is_some()) + usize::from(integration.name.is_some());
        known += usize::from(integration.description.is_some()) + usize::from(integration.kind.is_some());
        known += usize::from(integration.created.is_some()) + usize::from(integration.modified.is_some());
        known += usize::from(integration.cluster.is_some()) + usize::from(integration.cluster_ref.is_some());
        known += usize::from(integration.managed_sources.is_some()) + usize::from(integration.sources.is_some());
        known += usize::from(integration.provisioning_config.is_some()) + usize::from(integration.attributes.is_some());
        known += usize::from(integration.before_provisioning_rule.is_some()) + usize::from(integration.status_map.is_some());
        known += usize::from(integration.request.is_some());
        prop_assert_eq!(known + integration.extra.len(), map.len());
    }
}
