//! Specs, tenants and what happens to them. The pools are small, so that chapters of a story meet in the same paths.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};
use sim_operator::api::integration::{AttributeFrom, ObjectRef, RuleRef, SecretKeyRef};
use sim_operator::api::{Attributes, Mode, SimIntegrationSpec};
use sim_operator::sailpoint::ApiVersion;

use crate::story::{Chapter, Start, Story};

/// Any story.
pub fn story() -> impl Strategy<Value = Story> {
    let api = select(vec![ApiVersion::Beta, ApiVersion::V2024, ApiVersion::V2025, ApiVersion::V1]);
    (switches(), api, start(), vec(chapter(), 1..4)).prop_map(|(switches, api, start, chapters)| Story {
        switches,
        api,
        start,
        chapters,
    })
}

fn switches() -> impl Strategy<Value = Value> {
    let fields = select(vec!["top-level", "attributes", "absent"]);
    let shape = select(vec!["object", "string"]);
    let secrets = select(vec!["cipher-text", "mask", "dropped"]);
    let patch = select(vec!["both", "array", "array", "none"]);
    let flags = [(); 6].map(|()| any::<bool>());
    (fields, shape, secrets, patch, flags).prop_map(|(fields, shape, secrets, patch, flags)| {
        let [normalize, adds, shuffled, deprecated, encoding, echo] = flags;
        json!({
            "ticketFields": fields, "attributesShape": shape, "secretReadBack": secrets, "patchAccepts": patch,
            "normalizeValues": normalize, "serverAddsAttributes": adds, "listShuffled": shuffled,
            "xDeprecated": deprecated, "contentEncodingUtf8": encoding, "errorsEchoInput": echo,
        })
    })
}

fn start() -> impl Strategy<Value = Start> {
    prop_oneof![Just(Start::Absent), stranger().prop_map(Start::Stranger)]
}

/// What somebody made in the UI, in the shape of a create.
fn stranger() -> impl Strategy<Value = Value> {
    let known = select(vec![json!({}), json!({"password": "ui-made"}), json!({"oauth": {"clientSecret": "ui-made"}})]);
    let extra = json!({"extra": {"deep": [1, {"x": null}]}, "untouched": "as it is"});
    (attributes(), known, texts(), select(vec![json!([]), json!(["s1"]), json!(["s2", "s3"])])).prop_map(
        move |(mut attributes, known, map, sources)| {
            for more in [extra.clone(), known] {
                attributes.extend(more.as_object().unwrap().clone());
            }
            json!({
                "name": "Desk", "type": "Stranger", "description": "made in the UI", "cluster": "c2",
                "sources": sources, "attributes": attributes, "statusMap": map, "request": map,
                "beforeProvisioningRule": {"type": "RULE", "id": "r2", "name": "Another"},
            })
        },
    )
}

fn chapter() -> impl Strategy<Value = Chapter> {
    let mode = select(vec![Mode::Enforce, Mode::Enforce, Mode::Report]);
    (spec(), weighted(0.4, edit()), weighted(0.2, edit()), mode, weighted(0.2, Just(())), weighted(0.2, Just(())))
        .prop_map(|(spec, edit, meanwhile, mode, rotate, again)| Chapter {
            spec,
            edit,
            meanwhile,
            mode,
            rotate: rotate.is_some(),
            again: again.is_some(),
        })
}

/// What somebody does to it in the UI, as a merge patch.
fn edit() -> impl Strategy<Value = Value> {
    let secret = json!({"attributes": {"password": "ui-edited", "anotherSecret": "ui-added"}});
    select(vec![
        json!({"description": "edited"}),
        json!({"type": "Edited", "statusMap": {"edited": "Failed"}}),
        json!({"clusterRef": {"type": "CLUSTER", "id": "c2"}, "managedSources": ["s3"]}),
        json!({"attributes": {"url": "https://edited", "added": {"in": "the UI"}}}),
        json!({"attributes": {"free": {"b": "edited", "z": 1}, "oauth": {"clientId": "edited", "more": 1}}}),
        json!({"attributes": {"free": "edited", "a/b~c": null}}),
        json!({"beforeProvisioningRule": null, "name": "Renamed"}),
        secret,
    ])
}

fn spec() -> impl Strategy<Value = SimIntegrationSpec> {
    let description = weighted(0.5, select(vec!["", "one", "two"]));
    let kind = weighted(0.5, select(vec!["ServiceNow", "Jira"]));
    let tops = (description, kind, weighted(0.5, cluster()), weighted(0.6, sources()), weighted(0.4, rule()));
    let maps = (weighted(0.5, texts()), weighted(0.5, texts()));
    (tops, maps, weighted(0.9, attributes()), attributes_from()).prop_map(
        |((description, kind, cluster, sources, rule), (status_map, request), attributes, from)| SimIntegrationSpec {
            name: Some("Desk".into()),
            description: description.map(str::to_owned),
            type_: kind.map(str::to_owned),
            cluster,
            sources,
            before_provisioning_rule: rule,
            status_map: status_map.map(|map| serde_json::from_value(map).unwrap()),
            request: request.map(|map| serde_json::from_value(map).unwrap()),
            attributes: attributes.map(Attributes),
            attributes_from: (!from.is_empty()).then_some(from),
            ..SimIntegrationSpec::default()
        },
    )
}

pub fn by_id(id: &str) -> ObjectRef {
    ObjectRef { id: Some(id.to_owned()), name: None }
}

pub fn by_name(name: &str) -> ObjectRef {
    ObjectRef { id: None, name: Some(name.to_owned()) }
}

fn cluster() -> impl Strategy<Value = ObjectRef> {
    select(vec![by_id("c1"), by_id("c2"), by_name("Training VA")])
}

fn sources() -> impl Strategy<Value = Vec<ObjectRef>> {
    // Never one source twice: that is no spec.
    let all = vec![by_id("s1"), by_name("Workday"), by_id("s3")];
    subsequence(all, 0..=3).prop_shuffle()
}

fn rule() -> impl Strategy<Value = RuleRef> {
    let rule = |id: &str, name: Option<&str>| RuleRef { id: id.to_owned(), name: name.map(str::to_owned) };
    select(vec![rule("r1", None), rule("r2", Some("Another")), rule("r1", Some("Not its name"))])
}

fn texts() -> impl Strategy<Value = Value> {
    select(vec![json!({}), json!({"closed": "Committed"}), json!({"closed": "Failed", "open": "Queued"})])
}

fn free() -> impl Strategy<Value = Value> {
    select(vec![
        json!("x"),
        json!(1),
        json!(1.0),
        json!(2.5),
        json!(true),
        json!(null),
        json!([]),
        json!({}),
        json!([1, null, 2]),
        json!([{"a": 1, "n": null}]),
        json!({"b": 1}),
        json!({"b": {"c": "z"}, "d": null}),
        json!({"b": []}),
        json!({"b": {}}),
        json!({"0": 1}),
        json!([{"apiKey": "in a list"}]),
    ])
}

fn attributes() -> impl Strategy<Value = Map<String, Value>> {
    let url = select(vec![json!("https://desk/"), json!("https://desk"), json!("https://user:word@desk/")]);
    let oauth = select(vec![json!({"clientId": "id"}), json!({"clientId": "other", "scope": []})]);
    let inline = select(vec![json!("inline"), json!("other inline")]);
    (weighted(0.7, url), weighted(0.7, free()), weighted(0.4, free()), weighted(0.4, oauth), weighted(0.2, inline))
        .prop_map(|(url, free, odd, oauth, inline)| {
            let keys = ["url", "free", "a/b~c", "oauth", "apiToken"].into_iter().map(str::to_owned);
            keys.zip([url, free, odd, oauth, inline]).filter_map(|(key, value)| Some((key, value?))).collect()
        })
}

fn attributes_from() -> impl Strategy<Value = Vec<AttributeFrom>> {
    let from = |attribute: &str, key: &str| AttributeFrom {
        attribute: attribute.to_owned(),
        secret_key_ref: SecretKeyRef { name: "desk".into(), key: key.to_owned() },
    };
    let all = vec![from("password", "password"), from("/oauth/clientSecret", "oauth"), from("pin", "pin")];
    subsequence(all, 0..=3)
}
