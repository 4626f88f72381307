use std::sync::Arc;

use rstest::rstest;
use serde_json::{Map, json};

use super::*;
use crate::model::SecretVersion;
use crate::sailpoint::{Integration, Reference};

fn attribute(pointer: &str) -> Path {
    Path::Attribute(pointer.to_owned())
}

fn attributes(value: &Value) -> Option<Map<String, Value>> {
    value.as_object().cloned()
}

fn remote(integration: Integration) -> Remote {
    Remote::new(Arc::new(Integration { id: Some("1".into()), ..integration })).unwrap()
}

fn described(text: &str) -> Remote {
    remote(Integration { description: Some(text.into()), ..Integration::default() })
}

fn one(path: Path, want: Want) -> Wants {
    Wants::from([(path, want)])
}

fn description(text: &str) -> Wants {
    one(Path::Description, Want::Plain(json!(text)))
}

fn secret(version: &str, key: &str) -> Wants {
    let version = SecretVersion { name: "s".into(), key: key.into(), resource_version: version.into() };
    one(attribute("/password"), Want::Secret(version))
}

/// The record after `wants` were sent.
fn sent(wants: &Wants) -> Sent {
    let mut record = Sent::default();
    for (path, want) in wants {
        record_want(path, want, &mut record);
    }
    record
}

fn causes(comparison: &Comparison) -> Vec<Cause> {
    comparison.differences.iter().map(|difference| difference.cause).collect()
}

#[rstest]
#[case::in_order("new", "new", Some("new"), false, None)]
#[case::git_moved("old", "new", Some("old"), false, Some(Cause::Spec))]
#[case::drift("edited", "new", Some("new"), false, Some(Cause::Drift))]
#[case::both_moved("edited", "new", Some("old"), false, Some(Cause::Spec))]
#[case::adopted("old", "new", None, false, Some(Cause::Adoption))]
#[case::asked_for("edited", "new", Some("new"), true, Some(Cause::Requested))]
#[case::asked_for_at_adoption("old", "new", None, true, Some(Cause::Requested))]
#[case::asked_for_in_order("new", "new", Some("new"), true, None)]
fn the_record_tells_git_from_drift(
    #[case] shown: &str,
    #[case] wanted: &str,
    #[case] recorded: Option<&str>,
    #[case] again: bool,
    #[case] cause: Option<Cause>,
) {
    let recorded = recorded.map(|text| sent(&description(text)));
    let comparison = compare(&description(wanted), &described(shown), recorded.as_ref(), again);
    assert_eq!(causes(&comparison), Vec::from_iter(cause));
}

#[rstest]
#[case::same_version(Some(("1", "k")), false, None)]
#[case::new_version(Some(("0", "k")), false, Some(Cause::Secret))]
#[case::another_key(Some(("1", "other")), false, Some(Cause::Spec))]
#[case::adopted(None, false, None)]
#[case::asked_for(Some(("1", "k")), true, Some(Cause::Requested))]
#[case::asked_for_at_adoption(None, true, Some(Cause::Requested))]
fn a_secret_goes_out_when_it_moves(
    #[case] before: Option<(&str, &str)>,
    #[case] again: bool,
    #[case] cause: Option<Cause>,
) {
    let (wants, recorded) = (secret("1", "k"), before.map(|(version, key)| sent(&secret(version, key))));
    for shown in [json!({}), json!({"password": "1:ACP:x"}), json!({"password": "another cipher-text"})] {
        let remote = remote(Integration { attributes: attributes(&shown), ..Integration::default() });
        let comparison = compare(&wants, &remote, recorded.as_ref(), again);
        assert_eq!(causes(&comparison), Vec::from_iter(cause));
        let is_unverified = recorded.is_none() && !again;
        assert_eq!(!comparison.record.unverified.is_empty(), is_unverified);
    }
}

#[test]
fn what_is_not_read_back_is_unverified_until_it_moves() {
    let map = |value: &str| one(Path::Request, Want::Plain(json!({"a": value})));
    let hidden = remote(Integration::default());
    let adopted = compare(&map("x"), &hidden, None, false);
    assert!(adopted.differences.is_empty() && adopted.record.unverified.contains("/request"));
    let later = compare(&map("x"), &hidden, Some(&adopted.record), false);
    assert_eq!((later.differences.len(), &later.record), (0, &adopted.record));
    assert_eq!(causes(&compare(&map("y"), &hidden, Some(&adopted.record), false)), [Cause::Spec]);
    assert!(sent(&map("y")).unverified.is_empty(), "once it is sent it is no more so");
}

#[test]
fn what_the_tenant_normalises_is_no_drift_until_it_moves() {
    let (wants, mut record) = (description("Text"), sent(&description("Text")));
    note_normalised(&wants, &described("text"), &mut record);
    assert_eq!(record.normalised.len(), 1);
    let next = compare(&wants, &described("text"), Some(&record), false);
    assert_eq!((next.differences.len(), &next.record), (0, &record));
    assert_eq!(causes(&compare(&wants, &described("edited"), Some(&record), false)), [Cause::Drift]);
    assert_eq!(causes(&compare(&description("New"), &described("text"), Some(&record), false)), [Cause::Spec]);
    let as_wanted = compare(&wants, &described("Text"), Some(&record), false);
    assert!(as_wanted.record.normalised.is_empty(), "it is forgotten when the tenant shows what was sent");
}

#[test]
fn only_what_was_sent_can_be_normalised() {
    let kind = one(Path::Type, Want::Plain(json!("Jira")));
    let mut record = sent(&description("Text").into_iter().chain(kind).collect());
    let answer =
        remote(Integration { description: Some("text".into()), kind: Some("Edited".into()), ..Integration::default() });
    note_normalised(&description("Text"), &answer, &mut record);
    assert_eq!(record.normalised.keys().collect::<Vec<_>>(), ["/description"]);
}

#[test]
fn what_differs_at_adoption_is_drift_later_and_no_change_of_git() {
    let adopted = compare(&description("new"), &described("old"), None, false);
    assert_eq!(causes(&adopted), [Cause::Adoption]);
    let later = compare(&description("new"), &described("old"), Some(&adopted.record), false);
    assert_eq!(causes(&later), [Cause::Drift]);
    assert_eq!(causes(&compare(&description("newer"), &described("old"), Some(&later.record), false)), [Cause::Spec]);
}

#[test]
fn what_is_not_repaired_keeps_its_record() {
    let (wants, record) = (description("new"), sent(&description("old")));
    assert_eq!(compare(&wants, &described("old"), Some(&record), false).record, record);
}

#[rstest]
#[case::description(Path::Description, json!("x"), true)]
#[case::rule(Path::Rule, json!({"id": "r"}), true)]
#[case::attribute(attribute("/a"), json!(1), true)]
#[case::kind(Path::Type, json!("x"), false)]
#[case::cluster(Path::Cluster, json!({"id": "c"}), false)]
#[case::sources(Path::Sources, json!([{"id": "s"}]), false)]
#[case::status_map(Path::StatusMap, json!({"a": "b"}), false)]
#[case::request(Path::Request, json!({"a": "b"}), false)]
fn withdrawing_clears_or_releases(#[case] path: Path, #[case] value: Value, #[case] clears: bool) {
    let reference = || Some(Reference { kind: None, id: Some("r".into()), name: None });
    let remote = remote(Integration {
        description: Some("x".into()),
        kind: Some("x".into()),
        cluster: Some("c".into()),
        sources: Some(vec!["s".into()]),
        before_provisioning_rule: reference(),
        attributes: attributes(&json!({"a": 1})),
        status_map: attributes(&json!({"a": "b"})),
        request: attributes(&json!({"a": "b"})),
        ..Integration::default()
    });
    let record = sent(&one(path.clone(), Want::Plain(value)));
    let comparison = compare(&Wants::new(), &remote, Some(&record), false);
    let cleared = comparison.differences.iter().map(|one| (one.path.clone(), one.to.is_none())).collect::<Vec<_>>();
    assert_eq!(cleared, if clears { vec![(path.clone(), true)] } else { vec![] });
    assert_eq!(comparison.released, if clears { vec![] } else { vec![path] });
}

#[test]
fn what_is_released_and_hidden_stays_in_the_record() {
    let record = sent(&one(Path::Request, Want::Plain(json!({"a": "b"}))));
    let hidden = compare(&Wants::new(), &remote(Integration::default()), Some(&record), false);
    assert_eq!(hidden.record, record);
    let shown = remote(Integration { request: attributes(&json!({})), ..Integration::default() });
    assert_eq!(compare(&Wants::new(), &shown, Some(&record), false).record, Sent::default());
}

#[rstest]
#[case::gone_already(json!(1), json!({}), false)]
#[case::null(json!(1), json!({"a": null}), false)]
#[case::ours_and_empty(json!({}), json!({"a": {}}), true)]
#[case::others_have_filled_it(json!({}), json!({"a": {"theirs": 1}}), false)]
fn only_what_is_left_of_us_is_cleared(#[case] sent_value: Value, #[case] shown: Value, #[case] clears: bool) {
    let record = sent(&one(attribute("/a"), Want::Plain(sent_value)));
    let remote = remote(Integration { attributes: attributes(&shown), ..Integration::default() });
    assert_eq!(!compare(&Wants::new(), &remote, Some(&record), false).differences.is_empty(), clears);
}

#[test]
fn a_withdrawn_secret_is_cleared_even_where_it_is_not_shown() {
    let comparison = compare(&Wants::new(), &remote(Integration::default()), Some(&sent(&secret("1", "k"))), false);
    assert_eq!(comparison.differences.len(), 1);
}

#[rstest]
#[case::leaf_to_object(("/a", json!("x")), ("/a/b", json!(1)), json!({"a": "x"}), &["/attributes/a/b"])]
#[case::object_to_leaf(("/a/b", json!(1)), ("/a", json!("x")), json!({"a": {"b": 1}}), &["/attributes/a"])]
#[case::object_to_empty(("/a/b", json!(1)), ("/a", json!({})), json!({"a": {"b": 1}}), &["/attributes/a/b"])]
#[case::empty_to_object(("/a", json!({})), ("/a/b", json!(1)), json!({"a": {}}), &["/attributes/a/b"])]
#[case::sibling(("/a/b", json!(1)), ("/a/c", json!(2)), json!({"a": {"b": 1}}), &["/attributes/a/c", "/attributes/a/b"])]
fn an_attribute_changes_its_shape(
    #[case] before: (&str, Value),
    #[case] after: (&str, Value),
    #[case] shown: Value,
    #[case] changed: &[&str],
) {
    let record = sent(&one(attribute(before.0), Want::Plain(before.1)));
    let remote = remote(Integration { attributes: attributes(&shown), ..Integration::default() });
    let comparison = compare(&one(attribute(after.0), Want::Plain(after.1)), &remote, Some(&record), false);
    let paths: Vec<String> = comparison.differences.iter().map(|one| one.path.to_string()).collect();
    assert_eq!(paths, changed);
}
