//! Who waits for which list.

use std::time::Duration;

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
