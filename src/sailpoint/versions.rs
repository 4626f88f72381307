//! The versions of the tenant's API: their paths, and whether they want the experimental header.
//!
//! Pure: builds paths, sends nothing. The facts come from SailPoint's specifications (`sailpoint-oss/api-specs`):
//! the operations are the same in every version, only the paths and the header differ.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All but the unreserved characters of RFC 3986.
const NOT_IN_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A version of the tenant's API (`spec.api` of a `SailPointTenant`).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[schemars(description = "")]
pub enum ApiVersion {
    /// `/beta/sim-integrations`: supported until the second quarter of 2028.
    Beta,
    /// `/v2024/sim-integrations`.
    #[default]
    V2024,
    /// `/v2025/sim-integrations`.
    V2025,
    /// `/v2026/sim-integrations`.
    V2026,
    /// `/sim-integrations/v1`: the per-service style, the current one.
    V1,
}

/// A collection of the API that this operator asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Collection {
    /// `sim-integrations`: the only one that is written.
    SimIntegrations,
    /// `sources`: looked up by name.
    Sources,
    /// `managed-clusters`: looked up by name.
    ManagedClusters,
}

impl Collection {
    const fn name(self) -> &'static str {
        match self {
            Self::SimIntegrations => "sim-integrations",
            Self::Sources => "sources",
            Self::ManagedClusters => "managed-clusters",
        }
    }
}

impl ApiVersion {
    /// Every version, oldest style first.
    pub const ALL: [Self; 5] = [Self::Beta, Self::V2024, Self::V2025, Self::V2026, Self::V1];

    /// The version as it is written in `spec.api`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Beta => "beta",
            Self::V2024 => "v2024",
            Self::V2025 => "v2025",
            Self::V2026 => "v2026",
            Self::V1 => "v1",
        }
    }

    /// Whether calls of `/sim-integrations` must say `X-SailPoint-Experimental: true`: all versions but beta refuse them
    /// without it (400 "Experimental Header is missing or invalid."). Sources and clusters are public and need none.
    #[must_use]
    pub const fn experimental(self) -> bool {
        match self {
            Self::Beta => false,
            Self::V2024 | Self::V2025 | Self::V2026 | Self::V1 => true,
        }
    }

    /// The path of a collection: `/v2024/sources`, `/sources/v1`.
    pub(super) fn collection(self, collection: Collection) -> String {
        match self {
            Self::Beta | Self::V2024 | Self::V2025 | Self::V2026 => format!("/{self}/{}", collection.name()),
            Self::V1 => format!("/{}/v1", collection.name()),
        }
    }

    /// The path of one integration, its id percent-encoded.
    ///
    /// # Errors
    /// [`UnusableId`] if the id could not stand in a path: see [`is_usable_id`].
    pub(super) fn integration(self, id: &str) -> Result<String, UnusableId> {
        if !is_usable_id(id) {
            return Err(UnusableId);
        }
        let segment = utf8_percent_encode(id, NOT_IN_SEGMENT);
        Ok(format!("{}/{segment}", self.collection(Collection::SimIntegrations)))
    }
}

/// The most characters of an id: what a status can keep.
const LONGEST_ID: usize = 1024;

/// Whether this can be the id of an integration: it stands in paths, in a status and in messages.
///
/// Empty, `.` and `..` would name another resource, and a slash might, as some gateways decode `%2F`.
#[must_use]
pub fn is_usable_id(id: &str) -> bool {
    let fits =
        |character: char| !character.is_control() && !character.is_whitespace() && !matches!(character, '/' | '\\');
    !matches!(id, "" | "." | "..") && id.chars().all(fits) && id.chars().count() <= LONGEST_ID
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl std::str::FromStr for ApiVersion {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        Self::ALL.into_iter().find(|version| version.as_str() == text).ok_or_else(|| UnknownVersion(text.to_owned()))
    }
}

/// The text names no version of the API.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no version of the API: write beta, v2024, v2025, v2026 or v1")]
pub struct UnknownVersion(String);

/// An id that cannot stand in a path.
#[derive(Debug, thiserror::Error)]
#[error("this can be no integration's id: it may not be empty, \".\" or \"..\", and have no slash and no blank")]
pub(super) struct UnusableId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_follow_the_version() {
        let paths = ApiVersion::ALL.map(|version| version.collection(Collection::SimIntegrations));
        assert_eq!(
            paths,
            [
                "/beta/sim-integrations",
                "/v2024/sim-integrations",
                "/v2025/sim-integrations",
                "/v2026/sim-integrations",
                "/sim-integrations/v1"
            ]
        );
        assert_eq!(ApiVersion::V2025.collection(Collection::Sources), "/v2025/sources");
        assert_eq!(ApiVersion::V1.collection(Collection::ManagedClusters), "/managed-clusters/v1");
        assert_eq!(ApiVersion::V1.integration("12345").unwrap(), "/sim-integrations/v1/12345");
    }

    #[test]
    fn ids_cannot_leave_their_segment() {
        assert_eq!(ApiVersion::Beta.integration("a..b?c#d&e").unwrap(), "/beta/sim-integrations/a..b%3Fc%23d%26e");
        assert_eq!(ApiVersion::Beta.integration("%2e%2e").unwrap(), "/beta/sim-integrations/%252e%252e");
        assert_eq!(ApiVersion::Beta.integration("ü%").unwrap(), "/beta/sim-integrations/%C3%BC%25");
        let long = "x".repeat(LONGEST_ID + 1);
        for id in ["", ".", "..", "a/b", "../sources/1", "a\\b", "a b", "a\nb", "a\0", &long] {
            assert!(ApiVersion::V1.integration(id).is_err(), "{id:?}");
        }
    }

    #[test]
    fn names_go_both_ways() {
        for version in ApiVersion::ALL {
            assert_eq!(version.to_string().parse::<ApiVersion>().unwrap(), version);
            assert_eq!(serde_json::to_value(version).unwrap(), version.as_str());
        }
        let error = "v3".parse::<ApiVersion>().unwrap_err().to_string();
        assert!(error.contains("v2026"), "{error}");
    }
}
