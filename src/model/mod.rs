//! The integration as both sides see it: what the spec wants, what the tenant reads back, and how they differ.
//!
//! Pure: no client, no clock, no error that a person did not cause. The two shapes of the API (one writes `sources` and
//! `cluster`, one reads `managedSources` and `clusterRef`) meet here and nowhere else.

mod bounds;
mod compare;
mod intent;
mod names;
mod path;
mod remote;
mod sensitive;
mod value;
mod want;

pub use compare::{Comparison, Difference, compare, forget, note_normalised, record_want};
pub use intent::{looks_like, loose_digests};
pub use names::{Kind, Names, by_id, given_twice, names_needed};
pub use path::Path;
pub use remote::{Reading, Remote};
pub use sensitive::{harmless, is_secret_key, shown};
pub use value::{canonical, digest};
pub use want::{InvalidSpec, SecretVersion, Want, Wants, inline_secrets, wants};
