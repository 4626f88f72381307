use rstest::rstest;

use super::*;

fn reference(id: Option<&str>, name: Option<&str>) -> Reference {
    Reference { kind: None, id: id.map(str::to_owned), name: name.map(str::to_owned) }
}

fn map(value: &Value) -> Option<Map<String, Value>> {
    value.as_object().cloned()
}

fn remote(integration: Integration) -> Remote {
    Remote::new(Arc::new(Integration { id: Some("1".into()), ..integration })).unwrap()
}

fn agrees(path: &Path, wanted: Value, remote: &Remote) -> Agreement {
    agreement(path, &Want::Plain(wanted), &remote.read(path))
}

#[rstest]
#[case::by_id(json!({"id": "c1"}), Some("c1"), Some("VA"), Agreement::Same)]
#[case::by_another_id(json!({"id": "c2"}), Some("c1"), Some("VA"), Agreement::Different)]
#[case::by_name(json!({"name": "VA"}), Some("c1"), Some("VA"), Agreement::Same)]
#[case::by_the_exact_name(json!({"name": "va"}), Some("c1"), Some("VA"), Agreement::Different)]
#[case::by_name_where_only_the_id_is_shown(json!({"name": "VA"}), Some("c1"), None, Agreement::Unreadable)]
#[case::none_there(json!({"name": "VA"}), None, None, Agreement::Different)]
fn a_cluster_agrees_by_what_the_spec_gives(
    #[case] wanted: Value,
    #[case] id: Option<&str>,
    #[case] name: Option<&str>,
    #[case] expected: Agreement,
) {
    let cluster_ref = id.map(|id| reference(Some(id), name));
    let remote = remote(Integration { cluster_ref, ..Integration::default() });
    assert_eq!(agrees(&Path::Cluster, wanted, &remote), expected);
}

#[rstest]
#[case::in_any_order(json!([{"id": "2"}, {"id": "1"}]), Agreement::Same)]
#[case::by_name_and_id(json!([{"name": "AD"}, {"id": "2"}]), Agreement::Same)]
#[case::a_name_that_two_have(json!([{"name": "AD"}, {"id": "1"}]), Agreement::Same)]
#[case::fewer(json!([{"id": "1"}]), Agreement::Different)]
#[case::none(json!([]), Agreement::Different)]
#[case::another(json!([{"id": "1"}, {"id": "3"}]), Agreement::Different)]
fn sources_agree_in_any_order(#[case] wanted: Value, #[case] expected: Agreement) {
    let refs = vec![reference(Some("1"), Some("AD")), reference(Some("2"), Some("AD"))];
    let remote = remote(Integration { managed_resource_refs: Some(refs), ..Integration::default() });
    assert_eq!(agrees(&Path::Sources, wanted, &remote), expected);
}

#[test]
fn sources_are_read_wherever_a_tenant_shows_them() {
    let ids = || Some(vec!["1".to_owned()]);
    let all = [
        Integration { managed_sources: ids(), ..Integration::default() },
        Integration { sources: ids(), ..Integration::default() },
        Integration { managed_resource_refs: Some(vec![reference(Some("1"), None)]), ..Integration::default() },
    ];
    for integration in all {
        let remote = remote(integration);
        assert_eq!(agrees(&Path::Sources, json!([{"id": "1"}]), &remote), Agreement::Same);
        assert_eq!(agrees(&Path::Sources, json!([{"name": "AD"}]), &remote), Agreement::Unreadable);
    }
    assert_eq!(agrees(&Path::Sources, json!([]), &remote(Integration::default())), Agreement::Same, "none is none");
}

#[rstest]
#[case::top_level(Integration { status_map: map(&json!({"a": "b"})), ..Integration::default() }, Agreement::Same)]
#[case::among_attributes(
    Integration { attributes: map(&json!({"statusMap": {"a": "b"}})), ..Integration::default() },
    Agreement::Same
)]
#[case::nowhere(Integration { attributes: map(&json!({"statusMap": "text"})), ..Integration::default() }, Agreement::Unreadable)]
#[case::edited(Integration { status_map: map(&json!({"a": "c"})), ..Integration::default() }, Agreement::Different)]
fn ticket_fields_are_read_in_each_shape(#[case] integration: Integration, #[case] expected: Agreement) {
    assert_eq!(agrees(&Path::StatusMap, json!({"a": "b"}), &remote(integration)), expected);
}

#[rstest]
#[case::number(json!(1), json!(1.0), Agreement::Same)]
#[case::text(json!("1"), json!(1), Agreement::Different)]
#[case::null_in_an_object_of_a_list(json!([{"a": 1, "b": null}]), json!([{"a": 1}]), Agreement::Same)]
#[case::null_in_a_list(json!([1, null]), json!([1]), Agreement::Different)]
#[case::order_of_a_list(json!([1, 2]), json!([2, 1]), Agreement::Different)]
#[case::empty_list(json!([]), json!(null), Agreement::Different)]
#[case::empty_object_is_an_object(json!({}), json!({"b": 1}), Agreement::Same)]
#[case::empty_object_is_not_null(json!({}), json!(null), Agreement::Different)]
fn attributes_agree_by_meaning(#[case] wanted: Value, #[case] shown: Value, #[case] expected: Agreement) {
    let remote = remote(Integration { attributes: map(&json!({"a": shown})), ..Integration::default() });
    assert_eq!(agrees(&Path::Attribute("/a".into()), wanted, &remote), expected);
}

#[test]
fn a_pointer_leads_through_objects_and_escapes() {
    let attributes = map(&json!({"list": ["x"], "a/b": {"c~d": "y"}}));
    let remote = remote(Integration { attributes, ..Integration::default() });
    let read = |pointer: &str| remote.read(&Path::Attribute(pointer.into()));
    assert_eq!(read("/list/0"), Reading::Absent);
    assert_eq!(read("/a~1b/c~0d"), Reading::Value(json!("y")));
    assert_eq!(remote.patch_pointer(&Path::Attribute("/list/0".into())), None);
}

#[test]
fn an_empty_description_is_none() {
    let empty = remote(Integration { description: Some(String::new()), ..Integration::default() });
    assert_eq!(agrees(&Path::Description, json!(""), &empty), Agreement::Same);
    assert_eq!(agrees(&Path::Description, json!(""), &remote(Integration::default())), Agreement::Same);
    assert_eq!(agrees(&Path::Description, json!("x"), &empty), Agreement::Different);
}

#[test]
fn a_rule_agrees_by_its_id() {
    let rule = Some(reference(Some("r"), Some("Name of the server")));
    let remote = remote(Integration { before_provisioning_rule: rule, ..Integration::default() });
    assert_eq!(agrees(&Path::Rule, json!({"id": "r", "name": "x"}), &remote), Agreement::Same);
    assert_eq!(agrees(&Path::Rule, json!({"id": "q", "name": null}), &remote), Agreement::Different);
}

#[test]
fn secrets_are_seen_leaf_by_leaf() {
    let attributes = map(&json!({
        "url": "https://x", "password": "********", "odd": "1:ACP:x", "none": {"token": null},
        "clientSecret": {"a": "x", "b": {"c": "y"}}, "list": [{"apiKey": "z"}],
    }));
    let remote = remote(Integration { attributes, ..Integration::default() });
    let mut found: Vec<String> = remote.secret_looking().iter().map(ToString::to_string).collect();
    found.sort();
    let expected = ["/clientSecret/a", "/clientSecret/b/c", "/list", "/odd", "/password"];
    assert_eq!(found, expected.map(|pointer| format!("/attributes{pointer}")));
}
