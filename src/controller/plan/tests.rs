//! One row for each thing that can be observed, by mode and adoption; then the size of a call, and what a PUT would lose.

use std::collections::BTreeMap;
use std::sync::Arc;

use rstest::rstest;
use serde_json::{Map, Value, json};

use super::*;
use crate::api::annotations::WrittenFor;
use crate::api::integration::Cause;
use crate::model::{Difference, SecretVersion, Want, record_want};
use crate::sailpoint::Integration;

fn attributes(value: &Value) -> Option<Map<String, Value>> {
    value.as_object().cloned()
}

fn remote(integration: Integration) -> Remote {
    Remote::new(Arc::new(Integration { id: Some("1".into()), name: Some("Desk".into()), ..integration })).unwrap()
}

fn described(text: &str) -> Remote {
    remote(Integration { description: Some(text.into()), ..Integration::default() })
}

fn wants(more: &[(Path, Value)]) -> Wants {
    let name = (Path::Name, json!("Desk"));
    more.iter().chain([&name]).map(|(path, value)| (path.clone(), Want::Plain(value.clone()))).collect()
}

fn desired(mode: Mode, adopt: Adopt) -> Desired {
    let wants = wants(&[(Path::Description, json!("new"))]);
    Desired { name: "Desk".into(), external_id: None, mode, adopt, wants, again: false }
}

/// Held, and `sent` when it was last in order.
fn recorded(origin: Origin, sent: &Wants) -> Recorded {
    let mut record = Sent::default();
    for (path, want) in sent {
        record_want(path, want, &mut record);
    }
    Recorded { id: Some("1".into()), in_status: true, origin: Some(origin), sent: Some(record), ..Recorded::default() }
}

fn intent() -> Box<CreateIntent> {
    Box::new(CreateIntent {
        nonce: "n".into(),
        written_for: WrittenFor { resource: "iam/desk".into(), cluster: "c".into() },
        org: "acme".into(),
        name: "Desk".into(),
        since: None,
        digest: BTreeMap::new(),
        paths: BTreeMap::from([("/name".to_owned(), "d".to_owned())]),
        secrets: Vec::new(),
        replaces: None,
    })
}

fn planned(desired: &Desired, recorded: &Recorded, observed: &Observed) -> Plan {
    let names = Names { sources: [("AD".to_owned(), "s1".to_owned())].into(), ..Names::default() };
    plan(desired, recorded, observed, &Surroundings { names: &names, takes_patch: &|_, _| true, contested: &|_| false })
}

/// The plan in a word or two.
fn word(plan: &Plan) -> String {
    match plan {
        Plan::InOrder(_) => "in order".into(),
        Plan::Drifted(_) => "drifted".into(),
        Plan::Show(action, _) => format!("show {}", action.as_str()),
        Plan::Create { replaces, follows } => format!("create {replaces:?} {}", follows.is_some()),
        Plan::Bind { origin, sent, .. } => format!("bind {origin:?} {}", sent.is_some()),
        Plan::Update(update) => format!("update {:?}", update.call),
        Plan::LookUp(..) => "look up".into(),
        Plan::Wait(reason, _) => format!("wait {}", reason.as_str()),
        Plan::Stall(reason, ..) => format!("stall {}", reason.as_str()),
    }
}

#[rstest]
#[case::free(Observed::Free, Adopt::Never, "create None false", "create None false", "show Create")]
#[case::named(Observed::Named(vec![described("x")]), Adopt::Never, "stall AlreadyExists", "stall AlreadyExists", "stall AlreadyExists")]
#[case::named_adopted(Observed::Named(vec![described("x")]), Adopt::ByName, "bind Some(Adopted) false", "bind Some(Adopted) false", "show Adopt")]
#[case::two(Observed::Named(vec![described("x"); 2]), Adopt::ByName, "stall Ambiguous", "stall Ambiguous", "stall Ambiguous")]
#[case::two_unadopted(Observed::Named(vec![described("x"); 2]), Adopt::Never, "stall AlreadyExists", "stall AlreadyExists", "stall AlreadyExists")]
#[case::external(
    Observed::Present(described("x"), Link::External),
    Adopt::Never,
    "bind Some(Adopted) false",
    "bind Some(Adopted) false",
    "show Adopt"
)]
#[case::restored(
    Observed::Present(described("x"), Link::Restored),
    Adopt::Never,
    "bind None false",
    "bind None false",
    "show Adopt"
)]
#[case::created(
    Observed::Present(described("x"), Link::Created(intent())),
    Adopt::Never,
    "bind Some(Created) true",
    "bind Some(Created) true",
    "show Create"
)]
#[case::ambiguous(Observed::AmbiguousCreate(vec!["1".into()]), Adopt::ByName, "stall AmbiguousCreate", "stall AmbiguousCreate", "stall AmbiguousCreate")]
#[case::mismatch(Observed::Mismatch { held: "2".into() }, Adopt::Never, "stall ExternalIdMismatch", "stall ExternalIdMismatch", "stall ExternalIdMismatch")]
#[case::asked(Observed::Asked, Adopt::Never, "wait Progressing", "wait Progressing", "wait Progressing")]
#[case::unknown(
    Observed::Unknown { reason: Reason::ListIncomplete, message: String::new(), until: None },
    Adopt::ByName, "wait ListIncomplete", "wait ListIncomplete", "wait ListIncomplete"
)]
fn what_holds_nothing(
    #[case] observed: Observed,
    #[case] adopt: Adopt,
    #[case] enforce: &str,
    #[case] report: &str,
    #[case] show: &str,
) {
    for (mode, expected) in [(Mode::Enforce, enforce), (Mode::Report, report), (Mode::Plan, show)] {
        assert_eq!(word(&planned(&desired(mode, adopt), &Recorded::default(), &observed)), expected, "{mode:?}");
    }
}

#[rstest]
#[case::in_order("new", "new", "in order", "in order", "show Nothing")]
#[case::git("old", "old", "update Patch", "update Patch", "show Update")]
#[case::drift("new", "edited", "update Patch", "drifted", "show Update")]
fn what_is_held(
    #[case] sent: &str,
    #[case] shown: &str,
    #[case] enforce: &str,
    #[case] report: &str,
    #[case] show: &str,
) {
    let recorded = recorded(Origin::Created, &wants(&[(Path::Description, json!(sent))]));
    let observed = Observed::Present(described(shown), Link::Held);
    for (mode, expected) in [(Mode::Enforce, enforce), (Mode::Report, report), (Mode::Plan, show)] {
        assert_eq!(word(&planned(&desired(mode, Adopt::Never), &recorded, &observed)), expected, "{mode:?}");
    }
}

#[rstest]
#[case::ours(Origin::Created, None, Mode::Enforce, r#"create Some("1") false"#)]
#[case::ours_in_report(Origin::Created, None, Mode::Report, "drifted")]
#[case::ours_in_plan(Origin::Created, None, Mode::Plan, "show Create")]
#[case::adopted(Origin::Adopted, None, Mode::Enforce, "stall ExternalIdGone")]
#[case::external(Origin::Created, Some("1"), Mode::Enforce, "stall ExternalIdGone")]
fn what_is_gone(#[case] origin: Origin, #[case] external_id: Option<&str>, #[case] mode: Mode, #[case] expected: &str) {
    let desired = Desired { external_id: external_id.map(str::to_owned), ..desired(mode, Adopt::ByName) };
    assert_eq!(word(&planned(&desired, &recorded(origin, &Wants::new()), &Observed::Gone)), expected);
}

#[test]
fn what_was_never_created_is_created_by_the_same_since() {
    let recorded = Recorded { intent: Some(*intent()), ..Recorded::default() };
    let plan = planned(&desired(Mode::Enforce, Adopt::Never), &recorded, &Observed::NeverCreated);
    assert_eq!(word(&plan), "create None true");
}

#[test]
fn report_sends_git_and_leaves_drift() {
    let before = wants(&[(Path::Description, json!("old")), (Path::Type, json!("Jira"))]);
    let now = wants(&[(Path::Description, json!("new")), (Path::Type, json!("Jira"))]);
    let integration =
        Integration { description: Some("old".into()), kind: Some("Edited".into()), ..Integration::default() };
    let desired = Desired { wants: now, ..desired(Mode::Report, Adopt::Never) };
    let observed = Observed::Present(remote(integration), Link::Held);
    let Plan::Update(update) = planned(&desired, &recorded(Origin::Created, &before), &observed) else { panic!() };
    let paths = |all: &[Difference]| all.iter().map(|one| one.path.clone()).collect::<Vec<_>>();
    assert_eq!(paths(&update.differences), [Path::Description]);
    assert_eq!(paths(&update.comparison.differences), [Path::Type]);
}

#[test]
fn contested_drift_is_left_and_a_change_in_git_is_not() {
    let names = Names::default();
    let around = |contested| Surroundings { names: &names, takes_patch: &|_, _| true, contested };
    let observed = Observed::Present(described("edited"), Link::Held);
    let desired = desired(Mode::Enforce, Adopt::Never);
    let drift = recorded(Origin::Created, &desired.wants);
    assert_eq!(word(&plan(&desired, &drift, &observed, &around(&|_| true))), "stall Contested");
    let git = recorded(Origin::Created, &wants(&[(Path::Description, json!("old"))]));
    assert_eq!(word(&plan(&desired, &git, &observed, &around(&|_| true))), "update Patch");
}

#[rstest]
#[case::known(json!([{"name": "AD"}]), "create None false")]
#[case::unknown(json!([{"name": "Other"}]), "look up")]
#[case::twice(json!([{"name": "AD"}, {"id": "s1"}]), "stall InvalidSpec")]
fn names_are_looked_up_for_a_write(#[case] sources: Value, #[case] expected: &str) {
    let desired = Desired { wants: wants(&[(Path::Sources, sources)]), ..desired(Mode::Enforce, Adopt::Never) };
    assert_eq!(word(&planned(&desired, &Recorded::default(), &Observed::Free)), expected);
    let expected = expected.replace("create None false", "update Patch");
    let held =
        planned(&desired, &recorded(Origin::Created, &wants(&[])), &Observed::Present(described(""), Link::Held));
    assert_eq!(word(&held), expected);
}

fn secret() -> Want {
    Want::Secret(SecretVersion { name: "s".into(), key: "k".into(), resource_version: "2".into() })
}

fn attribute(pointer: &str) -> Path {
    Path::Attribute(pointer.into())
}

/// The call for a change of `path`, with `shown` attributes, `more` wanted, and what takes a PATCH.
fn call(path: Path, want: Want, origin: Origin, shown: &Value, more: &[(Path, Value)], takes: bool) -> String {
    let mut wants = wants(more);
    let recorded = recorded(origin, &wants);
    wants.insert(path, want);
    let desired = Desired { wants, ..desired(Mode::Enforce, Adopt::Never) };
    let remote = remote(Integration { attributes: attributes(shown), ..Integration::default() });
    let around = Surroundings { names: &Names::default(), takes_patch: &|_, _| takes, contested: &|_| false };
    word(&plan(&desired, &recorded, &Observed::Present(remote, Link::Held), &around))
}

#[test]
fn the_call_is_the_smallest() {
    let plain = |value: Value| Want::Plain(value);
    let ours = |path, want, takes| call(path, want, Origin::Created, &json!({"shown": 1}), &[], takes);
    assert_eq!(ours(Path::Rule, plain(json!({"id": "r"})), true), "update PatchRule");
    assert_eq!(ours(Path::Type, plain(json!("Jira")), true), "update Patch");
    assert_eq!(ours(attribute("/shown"), plain(json!(2)), true), "update Patch");
    assert_eq!(
        ours(attribute("/password"), secret(), true),
        "update Patch",
        "a secret is tried though it is not shown"
    );
    assert_eq!(ours(attribute("/new"), plain(json!(2)), true), "update Put");
    assert_eq!(ours(Path::Request, plain(json!({"a": "b"})), true), "update Put");
    assert_eq!(ours(Path::Type, plain(json!("Jira")), false), "update Put");
}

#[rstest]
#[case::ours(Origin::Created, json!({}), &[], "update Put")]
#[case::a_secret_of_others(Origin::Created, json!({"password": "1:ACP:x"}), &[], "stall WouldLose")]
#[case::ticket_fields_of_others(Origin::Adopted, json!({"password": "1:ACP:x"}), &[("/password", "x")], "stall WouldLose")]
#[case::ticket_fields_are_shown(
    Origin::Adopted, json!({"password": "1:ACP:x", "statusMap": {}, "request": {}}), &[("/password", "x")], "update Put"
)]
#[case::secrets_may_be_hidden(Origin::Adopted, json!({"statusMap": {}, "request": {}}), &[], "stall WouldLose")]
#[case::the_spec_names_secrets(Origin::Adopted, json!({"statusMap": {}, "request": {}}), &[("/password", "x")], "update Put")]
#[case::one_leaf_of_a_secret(Origin::Created, json!({"secret": {"a": "x", "b": "y"}}), &[("/secret/a", "x")], "stall WouldLose")]
#[case::an_empty_object_gives_nothing_back(Origin::Created, json!({"oauth": {"token": "x"}}), &[("/oauth", "")], "stall WouldLose")]
fn a_put_loses_nothing(
    #[case] origin: Origin,
    #[case] shown: Value,
    #[case] wanted: &[(&str, &str)],
    #[case] expected: &str,
) {
    let value = |text: &str| if text.is_empty() { json!({}) } else { json!(text) };
    let more: Vec<_> = wanted.iter().map(|(pointer, text)| (attribute(pointer), value(text))).collect();
    let mut shown = shown;
    for (pointer, text) in wanted.iter().filter(|(pointer, _)| shown.pointer(pointer).is_none()).collect::<Vec<_>>() {
        shown[&pointer[1..]] = json!(text);
    }
    assert_eq!(call(attribute("/new"), Want::Plain(json!(1)), origin, &shown, &more, true), expected);
}

#[test]
fn what_was_released_and_is_hidden_would_be_lost() {
    let recorded = recorded(Origin::Created, &wants(&[(Path::Request, json!({"a": "b"}))]));
    let desired = Desired { wants: wants(&[(attribute("/new"), json!(1))]), ..desired(Mode::Enforce, Adopt::Never) };
    let held = planned(&desired, &recorded, &Observed::Present(remote(Integration::default()), Link::Held));
    assert_eq!(word(&held), "stall WouldLose");
}

#[test]
fn a_change_in_git_outweighs_drift() {
    let of = |causes: &[Cause]| {
        let difference = |cause: &Cause| Difference { cause: *cause, ..Difference::created(&Path::Name, &secret()) };
        main_cause(&causes.iter().map(difference).collect::<Vec<_>>())
    };
    assert_eq!(of(&[Cause::Drift, Cause::Spec]), Cause::Spec);
    assert_eq!(of(&[Cause::Spec, Cause::Requested]), Cause::Requested);
    assert_eq!(of(&[Cause::Adoption, Cause::Secret]), Cause::Secret);
    assert_eq!(of(&[Cause::Drift]), Cause::Drift);
}
