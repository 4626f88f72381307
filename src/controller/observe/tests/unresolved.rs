//! What is believed of an open create.

use super::*;

#[test]
fn an_open_create_left_nothing_only_after_settle_and_two_whole_lists() {
    let mut scene = Scene::new();
    assert_eq!(scene.take(0, &open()), "Asked");
    scene.listed(1, &[], true);
    assert_eq!(scene.take(2, &open()), "unknown CreateUnresolved");
    scene.listed(3, &[], true);
    scene.listed(4, &[], true);
    assert_eq!(scene.take(301, &open()), "unknown CreateUnresolved", "settle runs from the first look, at 2");
    assert_eq!(scene.take(303, &open()), "unknown CreateUnresolved", "no LIST since it has passed");
    scene.listed(304, &[], false);
    assert_eq!(scene.take(305, &open()), "unknown CreateUnresolved", "it is not whole");
    scene.listed(306, &[], true);
    assert_eq!(scene.take(307, &open()), "NeverCreated");
}

#[test]
fn one_whole_list_is_not_enough() {
    let mut scene = Scene::new();
    scene.take(0, &open());
    scene.listed(1, &[], true);
    scene.take(2, &open());
    scene.listed(303, &[], true);
    assert_eq!(scene.take(304, &open()), "unknown CreateUnresolved");
    scene.listed(305, &[], true);
    assert_eq!(scene.take(306, &open()), "NeverCreated");
}

#[test]
fn an_open_create_has_left_the_one_that_is_like_it() {
    let mut scene = Scene::new();
    scene.take(0, &open());
    scene.listed(1, &[], true);
    scene.take(2, &open());
    scene.listed(33, &[("1", "Desk")], true);
    assert_eq!(scene.take(33, &open()), "created 1");
    scene.listed(34, &[("1", "Desk"), ("2", "Desk")], true);
    assert_eq!(scene.take(35, &open()), "ambiguous 1 2");
    scene.other("holder", OLDER, holds("2"));
    assert_eq!(scene.take(35, &open()), "created 1", "what another holds is not meant");
    let mut unlike = intent("me");
    unlike.digest = [("/description".to_owned(), "other".to_owned())].into();
    assert_eq!(scene.take(35, &Recorded { intent: Some(unlike), ..open() }), "ambiguous 1");
}

#[test]
fn what_a_list_may_show_though_it_is_deleted_is_no_result() {
    let mut scene = Scene::new();
    scene.take(0, &open());
    scene.listed(1, &[("deleted", "Desk")], true);
    assert_eq!(scene.take(2, &open()), "unknown CreateUnresolved", "of the same name before, and deleted a moment ago");
    scene.listed(31, &[("deleted", "Desk")], true);
    assert_eq!(scene.take(33, &open()), "Asked", "that list may still show it");
    scene.listed(34, &[("1", "Desk")], true);
    assert_eq!(scene.take(35, &open()), "created 1");
}

#[test]
fn an_external_id_waits_until_the_open_create_is_resolved() {
    let mut scene = Scene::new();
    let mut look = |seconds, shown: &[(&str, &str)]| {
        for listed in [seconds, seconds + 1] {
            scene.look(listed, &open(), Some("9"), true);
            scene.listed(listed, shown, true);
        }
        scene.look(seconds + 2, &open(), Some("9"), true)
    };
    assert_eq!(look(0, &[("9", "Service Desk")]), "unknown CreateUnresolved", "what is made later would be nobody's");
    assert_eq!(look(40, &[("9", "Service Desk"), ("1", "Desk")]), "created 1", "and what was made is held");
    assert_eq!(look(43, &[("9", "Desk"), ("1", "Desk")]), "External 9", "of two a person tells which");
    look(400, &[("9", "Service Desk")]);
    assert_eq!(look(800, &[("9", "Service Desk")]), "External 9", "nothing was made");
}
