//! The tenant's API.

pub mod versions;

pub use versions::ApiVersion;
