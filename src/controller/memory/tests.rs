//! What is remembered, and for how long.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn backoff_doubles_to_its_bound_and_starts_anew() {
    let mut memory = Memory::default();
    let waits: Vec<Duration> = (0..40).map(|_| memory.failed(2 * SECOND, 300 * SECOND, Instant::now())).collect();
    for (n, wait) in waits.iter().enumerate() {
        let full = (2.0 * 2_f64.powi(i32::try_from(n).unwrap())).min(300.0);
        assert!((0.74 * full..=full).contains(&wait.as_secs_f64()), "{n}: {wait:?}");
    }
    memory.succeeded();
    assert!(memory.failed(2 * SECOND, 300 * SECOND, Instant::now()) <= 2 * SECOND);
}

#[test]
fn a_question_keeps_its_time_until_it_is_answered() {
    let (mut memory, start) = (Memory::default(), Instant::now());
    assert_eq!(memory.asked("name a", start), start);
    assert_eq!(memory.asked("name a", start + SECOND), start);
    assert_eq!(memory.asked("name b", start + SECOND), start + SECOND);
    assert_eq!(memory.asked("name a", start + SECOND), start, "one question does not make another new");
    memory.answered();
    assert_eq!(memory.asked("name b", start + 2 * SECOND), start + 2 * SECOND);
}

#[test]
fn what_was_asked_in_vain_is_not_asked_again_for_a_while() {
    let (mut memory, start) = (Memory::default(), Instant::now());
    let at = |seconds: u32| start + seconds * SECOND;
    memory.in_vain(at(0), Some(at(5)), at(5));
    assert_eq!(memory.resting(at(1)), None, "nothing was asked");
    memory.asked("name a", at(0));
    memory.in_vain(at(0), Some(at(5)), at(5));
    memory.answered();
    memory.in_vain(at(2), Some(at(9)), at(9));
    let rest = Rest { since: at(2), until: at(5), look_at: Some(at(5)) };
    assert_eq!(memory.resting(at(4)), Some(rest), "what others asked for since counts, and makes it no longer");
    assert_eq!(memory.failed(SECOND, SECOND, at(4)), SECOND);
    assert_eq!(memory.resting(at(5)), None);
    memory.asked("name a", at(6));
    memory.in_vain(at(6), None, at(306));
    assert!(memory.resting(at(300)).is_some_and(|rest| rest.look_at.is_none()));
    memory.notice("something else is asked for".to_owned(), at(6));
    assert_eq!(memory.resting(at(7)), None);
}

#[test]
fn it_is_open_since_it_was_first_looked_at_for_what_it_asks_for_now() {
    let (mut memory, start) = (Memory::default(), Instant::now());
    memory.notice("this".to_owned(), start);
    assert_eq!(memory.open_since(), None);
    memory.opens(start + SECOND);
    memory.opens(start + 2 * SECOND);
    memory.notice("this".to_owned(), start + 2 * SECOND);
    assert_eq!(memory.open_since(), Some(start + SECOND));
    memory.notice("that".to_owned(), start + 3 * SECOND);
    assert_eq!(memory.open_since(), Some(start + 3 * SECOND));
    memory.closes();
    assert!(memory.open_since().is_none() && memory.is_blank());
}

#[test]
fn what_was_replaced_is_forgotten_when_the_watch_has_come_as_far() {
    let mut memory = Memory::default();
    memory.superseded("1");
    memory.closed("nonce");
    memory.superseded_by("2", "3");
    assert!(memory.is_superseded("1") && memory.is_superseded("2"));
    assert!(!memory.is_superseded("1.5") && memory.is_superseded("2"), "somebody else's, before ours");
    assert_eq!(memory.open_intent(None, Some("id")), None);
    assert!(!memory.is_blank());
    assert!(!memory.is_superseded("3") && !memory.is_superseded("2"));
    assert_eq!(memory.open_intent(None, Some("id")), None);
    assert!(memory.is_blank());
}

#[test]
fn three_repairs_running_are_contested_and_one_that_lasts_is_not() {
    let (mut memory, start) = (Memory::default(), Instant::now());
    let paths = [Path::Name];
    for n in 0..3 {
        assert!(!memory.contested(paths.iter()));
        memory.drifted(&paths, start + n * SECOND);
        memory.repaired(paths.iter(), start + n * SECOND);
    }
    assert!(memory.contested(paths.iter()));
    memory.drifted(&[], start + 2 * SECOND);
    assert!(memory.contested(paths.iter()), "a LIST from before the repair says nothing of it");
    memory.drifted(&[], start + 3 * SECOND);
    assert!(!memory.contested(paths.iter()));
}
