//! The worlds that are gone through: in each of them the promises hold in every state that can be reached.

use crate::explorer::explore;
use crate::protocol::Protocol;
use crate::rules::{Leadership, Setup, Stranger, User};

/// All that people may do to the resource.
pub const USERS: &[User] =
    &[User::Delete, User::Recreate, User::Rename, User::ForceOrphan, User::Strip, User::LoseStatus];
/// All that people may do in the tenant.
pub const STRANGERS: &[Stranger] =
    &[Stranger::CreateSame, Stranger::RenameOnto, Stranger::RenameAway, Stranger::Delete];

/// One leader at a time.
pub fn led() -> Setup {
    Setup::new(Leadership::Lease)
}

/// Two operators that know nothing of one another.
pub fn unled() -> Setup {
    Setup::new(Leadership::Both)
}

fn holds(setup: Setup) {
    let protocol = Protocol::new(setup);
    match explore(&protocol) {
        Ok(explored) => println!("{}", protocol.report(&explored)),
        Err(found) => panic!("\n{found}"),
    }
}

/// The worlds of millions of states, with two operators at once: minutes each, so on request alone.
fn is_deep() -> bool {
    std::env::var_os("MODEL_DEEP").is_some()
}

#[test]
fn kills_faults_and_lists_that_lie() {
    holds(led().crashes(2).faults(2).lies(1).replicas());
}

#[test]
fn leaders_that_are_suspended_and_resume() {
    holds(led().crashes(2).takeovers(2).faults(1));
}

#[test]
fn two_operators_at_once() {
    holds(unled());
}

#[test]
fn people_while_leaders_change() {
    holds(led().crashes(1).faults(1).takeovers(1).users(1, USERS));
}

#[test]
fn people_who_do_three_things() {
    holds(led().crashes(1).users(3, USERS));
}

#[test]
fn people_and_replicas_that_lag() {
    holds(led().crashes(1).faults(1).users(2, USERS).replicas());
}

#[test]
fn people_and_clocks_that_differ() {
    // Not stripped: what was made a moment before and given up, no list shows it yet, is then like the result of a create.
    holds(led().crashes(1).users(2, &[User::Delete, User::Recreate, User::Rename, User::LoseStatus]).skewed());
}

#[test]
fn people_in_the_tenant() {
    holds(led().crashes(1).faults(1).strangers(2, STRANGERS).replicas());
}

#[test]
fn people_on_both_sides() {
    holds(led().crashes(1).users(1, USERS).strangers(1, STRANGERS).replicas());
}

#[test]
fn people_on_both_sides_without_a_kill() {
    holds(led().users(2, USERS).strangers(1, STRANGERS));
}

#[test]
fn two_operators_at_once_and_people() {
    if is_deep() {
        holds(unled().users(1, USERS));
    }
}

#[test]
fn two_operators_at_once_and_people_in_the_tenant() {
    if is_deep() {
        holds(unled().strangers(1, STRANGERS));
    }
}
