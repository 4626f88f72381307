//! The tenants at run time: connections, the orgs behind them, and what is known of each org.
//!
//! Holds state and answers questions at once; nothing here waits for a tenant. What a question lacks (a list, the id of a
//! name) is noted, the tenant's own reconcile fetches it, and whoever asked is woken.

mod connection;
mod directory;
mod fleet;
mod org;
mod reservations;
mod writers;

pub use connection::Connection;
pub use directory::Lookup;
pub use fleet::{Fleet, Standing, TenantKey};
pub use org::{ListOutcome, Look, Org, OrgView, Round};
pub use reservations::{Reservation, Target};
pub use writers::{Writers, Writing};
