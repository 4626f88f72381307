//! Each rule taken out on its own: then a promise breaks, and the shortest way there is told. So the model can fail, and no
//! rule of these is there for nothing.

use crate::explorer::explore;
use crate::protocol::Protocol;
use crate::rules::{Rule, Setup, User};
use crate::worlds::{STRANGERS, USERS, led, unled};

/// Takes `rule` out of this world, and demands that this promise breaks.
fn breaks(rule: Rule, setup: Setup, promise: &str) {
    match explore(&Protocol::new(setup.without(rule))) {
        Ok(explored) => panic!("all holds without {rule:?}, in {} states", explored.states),
        Err(found) => {
            println!("without {rule:?}:\n{found}");
            assert!(found.promise.starts_with(promise), "{promise}, not {}", found.promise);
        }
    }
}

#[test]
fn the_intent_is_written_first() {
    breaks(Rule::IntentFirst, led().crashes(1), "never lost");
}

#[test]
fn writes_are_guarded() {
    breaks(Rule::Guard, led().crashes(1).takeovers(1), "never twice");
}

#[test]
fn a_post_is_not_sent_long_after_its_intent() {
    breaks(Rule::SendLimit, unled(), "never twice");
}

#[test]
fn a_create_settles_before_it_is_sent_again() {
    breaks(Rule::Settle, led().crashes(1).faults(1), "never twice");
}

#[test]
fn what_was_made_by_the_intent_is_not_older() {
    breaks(Rule::Since, led().crashes(1).strangers(1, STRANGERS), "never lost");
}

#[test]
fn what_was_made_by_the_intent_is_like_it() {
    breaks(Rule::Digest, led().crashes(1).strangers(1, STRANGERS), "never lost");
}

#[test]
fn what_was_made_by_the_intent_was_not_deleted_before() {
    let people = &[User::Delete, User::Recreate];
    breaks(Rule::ListLag, led().crashes(1).users(2, people).skewed(), "never lost");
}

#[test]
fn only_a_whole_list_says_that_something_is_absent() {
    breaks(Rule::WholeList, led().crashes(1).faults(1).lies(1), "never");
}

#[test]
fn gone_is_what_settled_long_ago() {
    breaks(Rule::SettledWrite, led().crashes(1).faults(1).lies(1).replicas(), "never twice");
}

#[test]
fn the_resource_is_read_before_its_integration_is_deleted() {
    breaks(Rule::LiveRead, led().crashes(1).users(2, USERS), "kept when a person says so");
}

#[test]
fn an_open_create_is_resolved_before_the_resource_goes() {
    breaks(Rule::ResolveFirst, led().crashes(1).users(1, USERS), "no leak");
}

#[test]
fn a_404_to_a_delete_alone_is_not_believed() {
    breaks(Rule::NotFound, led().users(1, USERS).replicas(), "no leak");
}
