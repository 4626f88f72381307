//! The table of section 8 of the protocol row by row, and that no status is ever refused or written for nothing.

use kube::CustomResourceExt as _;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::api::SimIntegration;
use crate::api::integration::Cause;
use crate::metrics::Change;

fn at(second: u32) -> Timestamp {
    format!("2026-01-01T00:00:{second:02}Z").parse().unwrap()
}

fn new() -> SimIntegrationStatus {
    SimIntegrationStatus { observed_generation: -1, ..SimIntegrationStatus::default() }
}

fn changes(action: &str, paths: &[&str]) -> PlannedChanges {
    let change = |path: &&str| PlannedChange { path: (*path).to_owned(), ..PlannedChange::default() };
    PlannedChanges { action: action.to_owned(), changes: paths.iter().map(change).collect(), omitted: None }
}

fn stalled() -> Verdict {
    Verdict::Stalled(Reason::Refused, "no".into(), None)
}

/// Type, status, reason and message of each condition.
fn lines(status: &SimIntegrationStatus) -> Vec<String> {
    let line = |c: &k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition| {
        format!("{} {} {}: {}", c.type_, c.status, c.reason, c.message)
    };
    status.conditions.iter().map(line).collect()
}

#[rstest]
#[case::in_order(Verdict::InOrder("in order".into()), &["Ready True Reconciled: in order"])]
#[case::heals(
    Verdict::Heals(Reason::CreateUnresolved, "looking".into()),
    &["Ready False CreateUnresolved: looking", "Reconciling True CreateUnresolved: looking"]
)]
#[case::needs_a_person(stalled(), &["Ready False Refused: no", "Stalled True Refused: no"])]
#[case::plan(
    Verdict::Planned(changes("Update", &["/type"])),
    &["Ready True Planned: would update: /type", "Planned True Planned: would update: /type"]
)]
#[case::plan_without_changes(Verdict::Planned(changes("Nothing", &[])), &["Ready True Planned: nothing would be done"])]
#[case::report_with_drift(
    Verdict::Drifted(changes("Update", &["/a", "/b", "/c", "/d", "/e", "/f"])),
    &["Ready True Drifted: drifted: /a, /b, /c, /d, /e and 1 more",
      "Drifted True Drifted: drifted: /a, /b, /c, /d, /e and 1 more"]
)]
#[case::paused_before_anything(Verdict::Paused("asked".into()), &["Paused True Paused: asked"])]
fn each_state_has_its_conditions(#[case] verdict: Verdict, #[case] expected: &[&str]) {
    for previous in [new(), next(&new(), &Findings::of(Verdict::Heals(Reason::RateLimited, "x".into()), 1), at(0))] {
        if matches!(verdict, Verdict::Paused(_)) && !previous.conditions.is_empty() {
            continue;
        }
        let status = next(&previous, &Findings::of(verdict.clone(), 7), at(1));
        assert_eq!(lines(&status), expected);
        assert_eq!(status.observed_generation, 7);
        assert!(status.conditions.iter().all(|c| c.observed_generation == Some(7)));
    }
}

#[test]
fn a_pause_leaves_ready_as_it_was_and_moves_the_generation() {
    for (before, ready) in
        [(Verdict::InOrder("fine".into()), "Ready True Reconciled: fine"), (stalled(), "Ready False Refused: no")]
    {
        let before = next(&new(), &Findings::of(before, 1), at(0));
        let paused = next(&before, &Findings::of(Verdict::Paused("asked".into()), 2), at(1));
        assert_eq!(lines(&paused), [ready, "Paused True Paused: asked"]);
        assert_eq!(paused.conditions[0].last_transition_time.0, at(0));
        assert_eq!(paused.conditions[0].observed_generation, Some(2));
    }
}

#[rstest]
#[case(Verdict::InOrder("in order".into()))]
#[case(Verdict::Heals(Reason::RateLimited, "wait".into()))]
#[case(stalled())]
#[case(Verdict::Planned(changes("Create", &["/name"])))]
#[case(Verdict::Drifted(changes("Update", &["/name"])))]
#[case(Verdict::Paused("asked".into()))]
fn looking_again_changes_nothing(#[case] verdict: Verdict) {
    let findings = Findings { sent: Some(Sent::default()), ..Findings::of(verdict, 1) };
    let once = next(&new(), &findings, at(0));
    assert_eq!(next(&once, &findings, at(9)), once);
}

#[test]
fn a_new_tracking_id_alone_writes_nothing_and_a_new_cause_does() {
    let refused = |cause: &str, details: &str| {
        let message = Message { cause: cause.to_owned(), details: details.to_owned() };
        Findings::of(Verdict::Stalled(Reason::Refused, message, None), 1)
    };
    let first = next(&new(), &refused("type is wrong", " (tracking id 1)"), at(0));
    assert_eq!(lines(&first)[0], "Ready False Refused: type is wrong (tracking id 1)");
    assert_eq!(next(&first, &refused("type is wrong", " (tracking id 2)"), at(1)), first);
    let second = next(&first, &refused("type", " (tracking id 3)"), at(2));
    assert_eq!(lines(&second)[0], "Ready False Refused: type (tracking id 3)", "a shorter cause is another one");
}

#[test]
fn the_time_of_a_transition_moves_with_the_status_alone() {
    let heals = |reason| Findings::of(Verdict::Heals(reason, "x".into()), 1);
    let first = next(&new(), &heals(Reason::RateLimited), at(0));
    let second = next(&first, &heals(Reason::TenantUnavailable), at(1));
    assert_eq!(second.conditions[0].last_transition_time.0, at(0));
    let third = next(&second, &Findings::of(Verdict::InOrder("y".into()), 1), at(2));
    assert_eq!(third.conditions[0].last_transition_time.0, at(2));
}

#[test]
fn a_plan_is_there_only_while_it_is_shown() {
    let planned = Findings::of(Verdict::Planned(changes("Update", &["/type"])), 1);
    let shown = next(&new(), &planned, at(0));
    assert_eq!(shown.plan, Some(changes("Update", &["/type"])));
    for verdict in [Verdict::InOrder(String::new()), Verdict::Paused(String::new()), stalled()] {
        assert_eq!(next(&shown, &Findings::of(verdict, 1), at(1)).plan, None);
    }
    let lose = Verdict::Stalled(Reason::WouldLose, "x".into(), Some(changes("Update", &["/type"])));
    assert!(next(&new(), &Findings::of(lose, 1), at(1)).plan.is_some());
}

#[test]
fn what_was_learnt_is_kept_where_nothing_new_is() {
    let tenant = TenantIdentity { namespace: "iam".into(), name: "acme".into(), org: "org".into() };
    let bound = Bound { id: "1".into(), origin: Some(Origin::Adopted), tenant };
    let sent = Sent { unverified: ["/request".to_owned()].into(), ..Sent::default() };
    let handled = LastHandled { correct_requested_at: Some("now".into()), ..LastHandled::default() };
    let all = Findings {
        bound: Some(bound),
        sent: Some(sent),
        handled: Some(handled),
        ..Findings::of(Verdict::InOrder(String::new()), 1)
    };
    let full = next(&new(), &all, at(0));
    let later = next(&full, &Findings::of(stalled(), 2), at(1));
    assert_eq!(
        (&later.id, &later.origin, &later.tenant),
        (&Some("1".to_owned()), &Some(Origin::Adopted), &full.tenant)
    );
    assert_eq!((&later.sent, &later.last_handled), (&full.sent, &full.last_handled));
}

#[test]
fn no_value_that_could_be_secret_is_planned() {
    let path = |pointer: &str| Path::Attribute(pointer.to_owned());
    let difference = |path, from: Value, to| Difference { path, cause: Cause::Spec, from: Reading::Value(from), to };
    let secret = Want::Inline { value: json!("canary"), generation: 1 };
    let planned = planned(
        Action::Update,
        &[
            difference(path("/url"), json!("https://old"), Some(Want::Plain(json!("https://new")))),
            difference(path("/password"), json!("1:ACP:canary"), Some(secret)),
            difference(path("/gone"), json!("canary"), None),
            difference(Path::Description, json!("shown"), None),
        ],
    );
    let shown: Vec<_> = planned.changes.iter().map(|one| (one.from.as_deref(), one.to.as_deref())).collect();
    let hidden = Some("(sensitive)");
    assert_eq!(
        shown,
        [(Some("https://old"), Some("https://new")), (hidden, hidden), (hidden, None), (Some("shown"), None)]
    );
}

/// Where `value` breaks a bound of `schema`.
fn broken(value: &Value, schema: &Value, path: &str) -> Vec<String> {
    let over = |key: &str, size: usize| schema[key].as_u64().is_some_and(|most| size as u64 > most);
    match value {
        Value::String(text) if over("maxLength", text.chars().count()) => vec![path.to_owned()],
        Value::Array(items) => {
            let below = items.iter().flat_map(|item| broken(item, &schema["items"], &format!("{path}[]")));
            below.chain(over("maxItems", items.len()).then(|| path.to_owned())).collect()
        }
        Value::Object(map) => {
            let of = |key: &str| schema["properties"].get(key).unwrap_or(&schema["additionalProperties"]).clone();
            let below = map.iter().flat_map(|(key, value)| broken(value, &of(key), &format!("{path}.{key}")));
            below.chain(over("maxProperties", map.len()).then(|| path.to_owned())).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn no_status_breaks_a_bound_of_its_schema() {
    let long = "ü".repeat(40_000);
    let many: Vec<String> = (0..200).map(|n| format!("/attributes/{n}{long}")).collect();
    let want = Want::Plain(json!(long));
    let differences: Vec<_> = many.iter().map(|path| Difference::created(&path.parse().unwrap(), &want)).collect();
    let applied = Applied {
        id: "1".into(),
        change: Change::Updated,
        cause: Cause::Spec,
        sent: Sent::default(),
        paths: many.clone(),
        tracking_id: Some(long.clone()),
    };
    let verdict =
        Verdict::Stalled(Reason::WouldLose, long.as_str().into(), Some(planned(Action::Update, &differences)));
    let findings = Findings { applied: Some(applied), change_ref: Some(long.clone()), ..Findings::of(verdict, 1) };
    let status = next(&new(), &findings, at(0));
    let crd = json!(SimIntegration::crd());
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"];
    assert_eq!(broken(&json!(status), schema, "status"), Vec::<String>::new());
    assert_eq!(next(&status, &findings, at(0)), status, "and it is the same when it is cut again");
    assert!(!broken(&json!({"id": long}), schema, "status").is_empty(), "the bounds are looked at");
}
