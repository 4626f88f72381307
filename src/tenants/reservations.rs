//! Who in this process is about to take a name or an id of an org: from the look that shows it free to the write that binds it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What can be taken in an org.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A name that nothing bears yet.
    Name(String),
    /// An existing integration.
    Id(String),
}

/// The reservations of one org.
#[derive(Clone, Debug, Default)]
pub(super) struct Reservations(Arc<Mutex<HashMap<Target, String>>>);

/// A reservation; dropping it ends it.
#[derive(Debug)]
pub struct Reservation {
    all: Reservations,
    target: Target,
}

impl Reservations {
    /// Reserves `target` for `resource`, or says who has it.
    pub(super) fn reserve(&self, target: Target, resource: &str) -> Result<Reservation, String> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(holder) = all.get(&target) {
            return Err(holder.clone());
        }
        all.insert(target.clone(), resource.to_owned());
        Ok(Reservation { all: self.clone(), target })
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_a_target_until_it_lets_go() {
        let all = Reservations::default();
        let first = all.reserve(Target::Name("n".into()), "a/one").unwrap();
        assert_eq!(all.reserve(Target::Name("n".into()), "a/two").unwrap_err(), "a/one");
        assert!(all.reserve(Target::Id("n".into()), "a/two").is_ok());
        drop(first);
        assert!(all.reserve(Target::Name("n".into()), "a/two").is_ok());
    }
}
