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
    holds("crashes 2 faults 2", Setup::new(Lease).crashes(2).faults(2));
    holds("lease", Setup::new(Lease).crashes(1).takeovers(1).faults(1));
    holds("user1", Setup::new(Lease).crashes(1).faults(1).users(1, USERS));
    holds("stranger1", Setup::new(Lease).crashes(1).faults(1).strangers(1, STRANGERS));
    holds("lies", Setup::new(Lease).crashes(1).faults(1).lies(1));
    holds("user2", Setup::new(Lease).faults(1).users(2, USERS));
    holds("user1 stranger1", Setup::new(Lease).users(1, USERS).strangers(1, STRANGERS));
    holds("both0", Setup::new(Both));
    holds("both1", Setup::new(Both).faults(1));
    holds("both2", Setup::new(Both).crashes(1));
}
