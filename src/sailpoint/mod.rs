//! The tenant's API: a client that says exactly what happened to each call.
//!
//! It sends one request per call (two after a 401), within a [`Budget`], and reports every failure as an [`Error`] that
//! says what may be believed. It repeats nothing by itself, keeps no picture of the tenant and decides nothing: that is
//! the controller's. The facts about the API are SailPoint's specifications (`sailpoint-oss/api-specs`) and what was seen
//! of live tenants.

mod answer;
mod auth;
mod budget;
mod claims;
mod class;
mod client;
mod deadline;
pub mod decode;
mod elements;
mod error;
mod hosts;
mod http;
mod lenient;
mod listed;
mod names;
mod operations;
mod outbound;
mod scrub;
pub mod snapshot;
mod versions;
mod wire;

pub use auth::Credentials;
pub use budget::{Budget, Slot};
pub use claims::Claims;
pub use class::{Class, Purpose};
pub use client::{Answer, Client, ClientConfig};
pub use deadline::WriteDeadline;
pub use error::{Certainty, Error, ErrorKind};
pub use hosts::{AllowedHosts, HostRefused, NotAHost};
pub use http::{Observer, Unobserved};
pub use listed::{Known, Listed};
pub use operations::Terms;
pub use versions::{ApiVersion, UnknownVersion, is_usable_id};
pub use wire::{Details, Integration, Named, PatchOperation, Reference, pointer};
