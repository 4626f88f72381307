//! What a LIST may change, and what it may not.

use super::*;

const LAG: Duration = Duration::from_secs(30);
const SECOND: Duration = Duration::from_secs(1);

fn integration(id: &str, name: &str) -> Integration {
    Integration { id: Some(id.to_owned()), name: Some(name.to_owned()), ..Integration::default() }
}

fn listed(id: &str, name: &str) -> Listed {
    Listed::from(&integration(id, name))
}

fn ids(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.ids().collect()
}

#[test]
fn a_list_never_removes_or_replaces_what_we_wrote_since_it_started() {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    snapshot.wrote(&integration("new", "written"), start);
    snapshot.merge(vec![listed("new", "stale")], start + SECOND, LAG, true);
    assert_eq!(snapshot.get("new").unwrap().name.as_deref(), Some("written"));
    snapshot.merge(vec![], start + SECOND, LAG, true);
    assert_eq!(ids(&snapshot), ["new"], "a lagging list does not remove it");
    snapshot.merge(vec![], start + LAG + SECOND, LAG, true);
    assert!(snapshot.is_empty(), "a later one does");
}

#[test]
fn a_lagging_list_revives_nothing_that_we_deleted() {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    snapshot.merge(vec![listed("a", "a")], start, LAG, true);
    snapshot.deleted("a", start + SECOND);
    snapshot.merge(vec![listed("a", "a")], start + 2 * SECOND, LAG, true);
    assert!(snapshot.is_empty() && snapshot.is_gone("a", None));
    snapshot.merge(vec![listed("a", "a")], start + LAG + 2 * SECOND, LAG, true);
    assert_eq!(ids(&snapshot), ["a"], "after the lag it is believed: the delete did not last");
    assert!(!snapshot.is_gone("a", None));
}

#[test]
fn what_is_held_or_was_listed_is_missed() {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    snapshot.merge(vec![listed("a", "a"), listed("b", "b")], start, LAG, true);
    snapshot.deleted("b", start);
    let held = BTreeSet::from(["h".into(), "new".into()]);
    let later = start + LAG + SECOND;
    snapshot.wrote(&integration("new", "new"), later);
    assert_eq!(snapshot.missing(&[], later + SECOND, LAG, &held), ["a", "h"]);
    snapshot.confirm_gone("a", start);
    assert_eq!(snapshot.missing(&[], later + SECOND, LAG, &held), ["h"]);
    snapshot.doubt_gone("a");
    assert_eq!(
        snapshot.missing(&[], later + SECOND, LAG, &held),
        ["h"],
        "none waits for what nobody holds and no list showed"
    );
    snapshot.confirm_gone("h", start);
    snapshot.doubt_gone("h");
    assert_eq!(snapshot.missing(&[], later + SECOND, LAG, &held), ["h"], "what is held is asked for again");
    assert!(snapshot.is_gone("h", Some(start)) && !snapshot.is_gone("h", Some(start + SECOND)));
}

#[test]
fn a_list_soon_after_another_must_show_what_that_one_showed() {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    snapshot.merge(vec![listed("a", "a"), listed("b", "b")], start, LAG, true);
    let none = BTreeSet::new();
    assert_eq!(snapshot.missing(&[], start + SECOND, LAG, &none), ["a", "b"]);
    snapshot.read(&integration("a", "a"), start + 2 * SECOND);
    snapshot.wrote(&integration("b", "b"), start + 2 * SECOND);
    assert_eq!(snapshot.missing(&[], start + 3 * SECOND, LAG, &none), ["a", "b"], "whatever we know of them since");
}

#[test]
fn what_we_wrote_outweighs_every_list_until_the_lag_is_over() {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    assert_eq!(snapshot.outweighs_lists_until("a", LAG, start), None);
    snapshot.merge(vec![listed("a", "a")], start, LAG, true);
    assert_eq!(snapshot.outweighs_lists_until("a", LAG, start), None, "a LIST showed it");
    snapshot.wrote(&integration("a", "b"), start);
    assert_eq!(snapshot.outweighs_lists_until("a", LAG, start + SECOND), Some(start + LAG));
    assert_eq!(snapshot.outweighs_lists_until("a", LAG, start + LAG), None);
}

#[test]
fn of_two_lists_the_later_is_the_newer() {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    snapshot.merge(vec![listed("a", "before")], start, LAG, true);
    snapshot.merge(vec![listed("a", "after")], start + SECOND, LAG, true);
    assert_eq!(snapshot.get("a").unwrap().name.as_deref(), Some("after"));
    snapshot.merge(vec![listed("a", "before")], start, LAG, true);
    assert_eq!(snapshot.get("a").unwrap().name.as_deref(), Some("after"), "an earlier one that comes late is not");
}

#[test]
fn a_list_that_is_not_whole_removes_nothing() {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    snapshot.merge(vec![listed("a", "a")], start, LAG, true);
    snapshot.merge(vec![listed("b", "b")], start + LAG + SECOND, LAG, false);
    assert_eq!(ids(&snapshot), ["a", "b"]);
}

#[test]
fn what_was_known_before_is_no_result_of_a_create() {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    snapshot.merge(vec![listed("a", "a"), listed("b", "b")], start, LAG, true);
    snapshot.deleted("b", start);
    let mark = snapshot.mark();
    // It started before the create was sent, and ended after: it may show its result.
    snapshot.merge(vec![listed("a", "a"), listed("new", "new")], start + SECOND, LAG, true);
    let known = ["a", "b", "new", "other"].map(|id| snapshot.was_known(id, mark));
    assert_eq!(known, [true, true, false, false]);
}

#[test]
fn names_follow_their_entries() {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    snapshot.merge(vec![listed("a", "x"), listed("b", "x")], start, LAG, true);
    assert_eq!(snapshot.named("x").count(), 2);
    snapshot.wrote(&integration("a", "y"), start);
    assert_eq!(snapshot.named("x").count(), 1);
    assert_eq!(snapshot.named("y").count(), 1);
}

#[test]
fn a_list_says_which_are_other_than_before() {
    let start = Instant::now();
    let mut snapshot = Snapshot::default();
    let changed = |changed: BTreeSet<Arc<str>>| changed.iter().map(ToString::to_string).collect::<Vec<_>>();
    let all = [listed("a", "a"), listed("b", "b"), listed("c", "c")];
    assert_eq!(changed(snapshot.merge(all.to_vec(), start, LAG, true)), ["a", "b", "c"]);
    assert!(snapshot.merge(all.to_vec(), start + SECOND, LAG, true).is_empty());
    let later = [listed("a", "a"), listed("b", "renamed"), listed("d", "d")];
    assert_eq!(changed(snapshot.merge(later.to_vec(), start + 2 * SECOND, LAG, true)), ["b", "c", "d"]);
    snapshot.wrote(&integration("a", "written"), start + 3 * SECOND);
    let shown = vec![listed("a", "written"), listed("b", "renamed"), listed("d", "d")];
    assert!(snapshot.merge(shown, start + LAG + 4 * SECOND, LAG, true).is_empty(), "what we wrote ourselves is known");
}
