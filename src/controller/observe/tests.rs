//! What is believed of a snapshot, step by step: the times are given, so that nothing waits.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::api::ObjectMeta;
use serde_json::json;

use super::*;
use crate::api::annotations::{CREATE, WrittenFor};
use crate::api::integration::TenantIdentity;
use crate::api::{Mode, Policy, SimIntegration, SimIntegrationSpec, SimIntegrationStatus};
use crate::sailpoint::{ApiVersion, Budget, Client, ClientConfig, Integration, Listed, Unobserved};
use crate::tenants::{Org, TenantKey};

mod unresolved;

const SECOND: Duration = Duration::from_secs(1);
const SETTLE: Duration = Duration::from_mins(5);
const LAG: Duration = Duration::from_secs(30);

/// A tenant that is listed by hand, and the other resources of the cluster.
struct Scene {
    fleet: Fleet,
    holders: Holders,
    config: Config,
    connection: Arc<Connection>,
    memory: Memory,
    start: Instant,
}

impl Scene {
    fn new() -> Self {
        let config = ClientConfig::new("https://acme.api.identitynow.com".parse().unwrap(), ApiVersion::V2024);
        let client = Client::new(&config, None, Budget::warmed_up(1), Arc::new(Unobserved)).unwrap();
        let (fleet, key) = (Fleet::default(), TenantKey { namespace: "iam".into(), name: "acme".into() });
        let connection = Arc::new(Connection::new(key, client, fleet.org("acme"), SETTLE, 1));
        fleet.connected(Arc::clone(&connection));
        let config = Config { default_tenant: Some(("iam".into(), "acme".into())), ..Config::default() };
        let start = Instant::now();
        Self { fleet, holders: Holders::default(), config, connection, memory: Memory::default(), start }
    }

    fn org(&self) -> &Org {
        &self.connection.org
    }

    fn at(&self, seconds: u32) -> Instant {
        self.start + seconds * SECOND
    }

    /// A LIST at `seconds` that shows `names` by id, or that is not whole.
    fn listed(&self, seconds: u32, shown: &[(&str, &str)], is_whole: bool) {
        let one = |(id, name): &(&str, &str)| {
            let (id, name) = (Some((*id).to_owned()), Some((*name).to_owned()));
            Listed::from(&Integration { id, name, ..Integration::default() })
        };
        let missing = if is_whole { Vec::new() } else { vec!["known".to_owned()] };
        self.org().listed(shown.iter().map(one).collect(), self.at(seconds), None, LAG, missing);
    }

    fn other(&self, uid: &str, age: &str, change: impl FnOnce(&mut SimIntegration)) {
        let mut other = resource(uid, age);
        change(&mut other);
        self.holders.observe(&other, "c", &self.config);
    }

    fn look(&mut self, seconds: u32, recorded: &Recorded, external_id: Option<&str>, anew: bool) -> String {
        let now = self.at(seconds);
        let question = Question { uid: "me", name: "Desk", external_id, recorded, anew, now };
        let around = Around { fleet: &self.fleet, holders: &self.holders, config: &self.config };
        word(&observe(&question, &mut self.memory, &self.connection, &around))
    }

    /// As something about to be taken is looked for: by a LIST from after the question.
    fn take(&mut self, seconds: u32, recorded: &Recorded) -> String {
        self.look(seconds, recorded, None, true)
    }
}

fn resource(uid: &str, created: &str) -> SimIntegration {
    let metadata = ObjectMeta {
        namespace: Some("iam".into()),
        name: Some(uid.to_owned()),
        uid: Some(uid.to_owned()),
        creation_timestamp: Some(Time(created.parse().unwrap())),
        ..ObjectMeta::default()
    };
    let spec = SimIntegrationSpec { name: Some("Desk".into()), ..SimIntegrationSpec::default() };
    SimIntegration { metadata, spec, status: None }
}

const OLDER: &str = "2026-01-01T00:00:00Z";
const YOUNGER: &str = "2026-01-03T00:00:00Z";

fn me(scene: &Scene) {
    scene.other("me", "2026-01-02T00:00:00Z", |_| {});
}

fn holds(id: &str) -> impl FnOnce(&mut SimIntegration) {
    move |resource| {
        let tenant = TenantIdentity { namespace: "iam".into(), name: "acme".into(), org: "acme".into() };
        let status =
            SimIntegrationStatus { id: Some(id.into()), tenant: Some(tenant), ..SimIntegrationStatus::default() };
        resource.status = Some(status);
    }
}

fn held(id: &str) -> Recorded {
    Recorded { id: Some(id.into()), in_status: true, org: Some("acme".into()), ..Recorded::default() }
}

fn intent(resource: &str) -> CreateIntent {
    CreateIntent {
        nonce: "n".into(),
        written_for: WrittenFor { resource: format!("iam/{resource}"), cluster: "c".into() },
        org: "acme".into(),
        name: "Desk".into(),
        since: None,
        digest: crate::model::loose_digests([(&crate::model::Path::Name, &json!("Desk"))]),
        paths: std::collections::BTreeMap::new(),
        secrets: Vec::new(),
        replaces: None,
    }
}

fn creates(uid: &str) -> impl FnOnce(&mut SimIntegration) {
    let text = json!(intent(uid)).to_string();
    move |resource| resource.metadata.annotations = Some([(CREATE.to_owned(), text)].into())
}

fn open() -> Recorded {
    Recorded { org: Some("acme".into()), intent: Some(intent("me")), ..Recorded::default() }
}

fn word(observed: &Observed) -> String {
    match observed {
        Observed::Present(remote, Link::Created(_)) => format!("created {}", remote.id),
        Observed::Present(remote, link) => format!("{link:?} {}", remote.id),
        Observed::Named(found) => format!("named {}", found.len()),
        Observed::Supplanted(found) => format!("supplanted {}", found.len()),
        Observed::Held(holder) => format!("held by {}", holder.resource),
        Observed::AmbiguousCreate(ids) => format!("ambiguous {}", ids.join(" ")),
        Observed::Unknown { reason, .. } => format!("unknown {}", reason.as_str()),
        Observed::Mismatch { held } => format!("mismatch {held}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_name_is_free_only_by_a_whole_list_from_after_the_question() {
    let mut scene = Scene::new();
    scene.listed(0, &[], true);
    assert_eq!(scene.take(1, &Recorded::default()), "Asked");
    scene.listed(2, &[], false);
    assert_eq!(scene.take(3, &Recorded::default()), "unknown ListIncomplete");
    scene.listed(4, &[], true);
    assert_eq!(scene.take(5, &Recorded::default()), "Free");
    scene.listed(6, &[("1", "Desk")], false);
    assert_eq!(scene.take(7, &Recorded::default()), "unknown ListIncomplete", "nor is anything taken by its name");
    scene.listed(8, &[("1", "Desk")], true);
    assert_eq!(scene.take(9, &Recorded::default()), "named 1");
}

#[test]
fn who_holds_it_keeps_it_and_the_younger_waits_for_the_older() {
    let mut scene = Scene::new();
    me(&scene);
    scene.take(0, &Recorded::default());
    scene.listed(0, &[("1", "Desk")], true);
    scene.other("holder", YOUNGER, holds("1"));
    assert_eq!(scene.take(1, &Recorded::default()), "held by iam/holder", "of any age");
    scene.listed(2, &[("1", "Desk")], true);
    assert_eq!(scene.look(2, &Recorded::default(), Some("1"), true), "held by iam/holder");
    scene.holders.forget("holder");
    assert_eq!(scene.look(2, &Recorded::default(), Some("1"), true), "External 1", "judged anew when it lets go");
}

#[test]
fn between_two_that_hold_nothing_the_older_takes() {
    let mut scene = Scene::new();
    me(&scene);
    scene.take(0, &Recorded::default());
    scene.listed(0, &[], true);
    scene.other("younger", YOUNGER, |_| {});
    assert_eq!(scene.take(1, &Recorded::default()), "Free");
    scene.other("older", OLDER, |_| {});
    assert_eq!(scene.take(1, &Recorded::default()), "held by iam/older");
    for mode in [Mode::Plan, Mode::Paused] {
        let policy = Some(Policy { mode: Some(mode), ..Policy::default() });
        scene.other("older", OLDER, |older| older.spec.policy = policy);
        assert_eq!(scene.take(1, &Recorded::default()), "Free", "{mode:?} reserves nothing");
    }
    scene.other("older", OLDER, holds("another"));
    assert_eq!(scene.take(1, &Recorded::default()), "Free", "who holds another one needs no more");
}

#[test]
fn an_open_create_of_this_name_is_a_claim() {
    let mut scene = Scene::new();
    me(&scene);
    scene.take(0, &Recorded::default());
    scene.listed(0, &[], true);
    scene.other("creator", YOUNGER, creates("creator"));
    assert_eq!(scene.take(1, &Recorded::default()), "held by iam/creator");
    scene.other("creator", YOUNGER, creates("elsewhere"));
    assert_eq!(scene.take(1, &Recorded::default()), "Free", "a copied one is none");
}

#[test]
fn of_two_that_claim_an_id_the_older_holds_it() {
    let mut scene = Scene::new();
    scene.other("me", "2026-01-02T00:00:00Z", holds("1"));
    scene.listed(0, &[("1", "Desk")], true);
    scene.other("younger", YOUNGER, holds("1"));
    assert_eq!(scene.look(1, &held("1"), None, false), "Held 1");
    scene.other("older", OLDER, holds("1"));
    assert_eq!(scene.look(1, &held("1"), None, false), "held by iam/older");
}

#[test]
fn what_is_held_is_restored_mismatched_or_unsettled() {
    let mut scene = Scene::new();
    scene.listed(0, &[("1", "Desk"), ("2", "Other")], true);
    assert_eq!(scene.look(1, &held("1"), Some("2"), false), "mismatch 1");
    assert_eq!(scene.look(1, &held("1"), Some("1"), false), "Held 1");
    assert_eq!(scene.look(1, &Recorded { in_status: false, ..held("1") }, None, false), "Restored 1");
    let sent = scene.at(2);
    scene.org().update(|snapshot| snapshot.unanswered("1", sent));
    assert_eq!(scene.look(3, &held("1"), None, false), "unknown WriteUnsettled");
    assert_eq!(scene.look(303, &held("1"), None, false), "Asked", "after settle, the list is from before the write");
    scene.listed(304, &[("1", "Desk"), ("2", "Other")], true);
    assert_eq!(scene.look(305, &held("1"), None, false), "Held 1");
}

#[test]
fn gone_is_said_by_the_tenant_and_long_after_our_last_write() {
    let mut scene = Scene::new();
    scene.listed(0, &[], true);
    assert_eq!(scene.look(1, &held("1"), None, false), "Asked", "an old list says nothing of it");
    scene.listed(2, &[], false);
    assert_eq!(scene.look(3, &held("1"), None, false), "unknown ListIncomplete");
    scene.listed(4, &[], true);
    assert_eq!(scene.look(5, &held("1"), None, false), "unknown ConfirmingAbsence", "no 404 yet");
    let said = scene.at(4);
    scene.org().update(|snapshot| snapshot.confirm_gone("1", said));
    assert_eq!(scene.look(6, &held("1"), None, false), "Gone");
    let recently = Recorded { last_change: Some(Timestamp::now()), ..held("1") };
    assert_eq!(scene.look(6, &recently, None, false), "unknown ConfirmingAbsence", "written before a restart");
    scene.org().set_vanished((1..=9).map(|n| format!("gone {n}")).collect());
    assert_eq!(scene.look(6, &held("1"), None, false), "unknown MassDisappearance");
}

#[test]
fn what_was_said_to_be_gone_before_it_settled_is_asked_again() {
    let mut scene = Scene::new();
    scene.listed(0, &[], true);
    // It was changed at 0.
    let after = |seconds| Recorded { last_change: Timestamp::now().checked_sub(seconds * SECOND).ok(), ..held("1") };
    let said = scene.at(1);
    scene.org().update(|snapshot| snapshot.confirm_gone("1", said));
    assert_eq!(scene.look(2, &after(2), None, false), "unknown ConfirmingAbsence", "a replica may not know of it yet");
    assert_eq!(scene.look(301, &after(301), None, false), "Asked", "what was said then proves nothing now");
    let said = scene.at(302);
    scene.org().update(|snapshot| snapshot.confirm_gone("1", said));
    scene.listed(302, &[], true);
    assert_eq!(scene.look(303, &after(303), None, false), "Gone");
}

#[test]
fn what_is_gone_is_not_created_beside_what_has_its_name() {
    let mut scene = Scene::new();
    scene.listed(0, &[("2", "Desk")], true);
    let said = scene.at(0);
    scene.org().update(|snapshot| snapshot.confirm_gone("1", said));
    assert_eq!(scene.look(1, &held("1"), None, false), "supplanted 1");
    scene.other("holder", OLDER, holds("2"));
    assert_eq!(scene.look(1, &held("1"), None, false), "held by iam/holder");
}

#[test]
fn nothing_is_renamed_onto_what_another_holds() {
    let mut scene = Scene::new();
    scene.listed(0, &[("1", "Old name"), ("2", "Desk")], true);
    assert_eq!(scene.look(1, &held("1"), None, false), "Held 1");
    scene.other("holder", YOUNGER, holds("2"));
    assert_eq!(scene.look(1, &held("1"), None, false), "held by iam/holder");
}
