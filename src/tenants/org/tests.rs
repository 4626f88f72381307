//! Who waits for which list.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn is_listed(look: &Look) -> bool {
    matches!(look, Look::Listed(_))
}

#[test]
fn a_question_is_answered_by_a_list_that_started_after_it() {
    let (org, start) = (Org::new("acme"), Instant::now());
    assert!(matches!(org.look(None), Look::Wait) && org.is_wanted());
    org.listed(Vec::new(), start + SECOND, None, SECOND, Vec::new());
    assert!(is_listed(&org.look(None)) && is_listed(&org.look(Some(start + SECOND))));
    assert!(!org.is_wanted());
    assert!(matches!(org.look(Some(start + 2 * SECOND)), Look::Wait) && org.is_wanted());
    assert!(is_listed(&org.look(None)), "who takes any list does not wait for those who do not");
    org.listed(Vec::new(), start + 3 * SECOND, None, SECOND, Vec::new());
    assert!(is_listed(&org.look(Some(start + 2 * SECOND))) && !org.is_wanted());
}

#[test]
fn the_first_list_serves_all_who_take_any() {
    let (org, start) = (Org::new("acme"), Instant::now());
    assert!(matches!(org.look(None), Look::Wait) && org.is_wanted());
    org.listed(Vec::new(), start - SECOND, None, SECOND, Vec::new());
    assert!(!org.is_wanted() && is_listed(&org.look(None)), "though it was on its way when they asked");
}

#[test]
fn a_resync_is_due_after_its_interval_whatever_was_listed_between() {
    let (org, start) = (Org::new("acme"), Instant::now());
    assert_eq!(org.resync_due(10 * SECOND), None);
    org.resync(start);
    org.listed(Vec::new(), start + 5 * SECOND, None, SECOND, Vec::new());
    let due = org.resync_due(10 * SECOND).unwrap();
    assert!((start + 9 * SECOND..=start + 10 * SECOND).contains(&due), "{due:?}");
    assert_eq!(org.rests_until(2 * SECOND), Some(start + 7 * SECOND));
}

#[test]
fn the_newest_question_is_the_one_that_is_wanted() {
    let (org, start) = (Org::new("acme"), Instant::now());
    drop(org.look(Some(start + 5 * SECOND)));
    drop(org.look(Some(start + 2 * SECOND)));
    org.listed(Vec::new(), start + 3 * SECOND, None, SECOND, Vec::new());
    assert!(org.is_wanted());
}

#[test]
fn only_whole_lists_are_counted_and_a_short_one_says_what_it_lacks() {
    let (org, start) = (Org::new("acme"), Instant::now());
    for (second, missing) in [(1, vec![]), (2, vec!["1".to_owned()]), (3, vec![])] {
        org.listed(Vec::new(), start + second * SECOND, None, SECOND, missing);
        let Look::Listed(view) = org.look(None) else { panic!("listed") };
        assert_eq!((view.whole, view.whole_so_far), [(true, 1), (false, 1), (true, 2)][second as usize - 1]);
        let outcome = org.last_round().unwrap().outcome;
        assert_eq!(matches!(outcome, ListOutcome::Incomplete(_)), second == 2);
    }
}
