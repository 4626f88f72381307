use crate::explorer::explore;
use crate::protocol::Protocol;
use crate::rules::{Leadership::*, Setup, Stranger, User};

fn holds(name: &str, setup: Setup) {
    if std::env::var("ONLY").is_ok_and(|only| !name.starts_with(&only)) { return }
    let protocol = Protocol::new(setup);
    let start = std::time::Instant::now();
    match explore(&protocol) {
        Ok(explored) => println!("{name}: {} in {:?}", protocol.report(&explored), start.elapsed()),
        Err(found) => println!("{name}: after {:?}\n{found}", start.elapsed()),
    }
}
const USERS: &[User] = &[User::Delete, User::Recreate, User::Rename, User::ForceOrphan, User::Strip, User::LoseStatus];
const STRANGERS: &[Stranger] = &[Stranger::CreateSame, Stranger::RenameOnto, Stranger::RenameAway, Stranger::Delete];

#[test]
fn all() {
    holds("a", Setup::new(Lease).crashes(2).faults(2).lies(1).replicas());
    holds("b", Setup::new(Lease).crashes(2).takeovers(2).faults(1));
    holds("c", Setup::new(Both));
    holds("d", Setup::new(Lease).crashes(1).faults(1).takeovers(1).users(1, USERS));
    holds("e", Setup::new(Lease).crashes(1).users(3, USERS));
    holds("f", Setup::new(Lease).crashes(1).faults(1).users(2, USERS).replicas());
    holds("g", Setup::new(Lease).crashes(1).faults(1).strangers(2, STRANGERS).replicas());
    holds("h", Setup::new(Lease).crashes(1).users(1, USERS).strangers(1, STRANGERS).replicas());
    holds("i", Setup::new(Lease).users(2, USERS).strangers(1, STRANGERS));
    holds("j", Setup::new(Both).users(1, USERS));
    holds("k", Setup::new(Both).strangers(1, STRANGERS));
}
