//! The places in an integration that a spec can own.

use std::fmt;
use std::str::FromStr;

use super::sensitive::is_harmless_pointer;

/// A place that a spec can own. Written as a JSON pointer, as in `status.sent` and in plans.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    /// `/name`
    Name,
    /// `/description`
    Description,
    /// `/type`
    Type,
    /// `/cluster`
    Cluster,
    /// `/sources`
    Sources,
    /// `/statusMap`
    StatusMap,
    /// `/request`
    Request,
    /// `/beforeProvisioningRule`
    Rule,
    /// `/attributes` followed by this pointer, which starts with a slash.
    Attribute(String),
}

const ATTRIBUTES: &str = "/attributes";

impl Path {
    /// Whether withdrawing this path from the spec clears it in the tenant; others are released as they are.
    #[must_use]
    pub fn is_cleared_when_withdrawn(&self) -> bool {
        matches!(self, Self::Description | Self::Rule | Self::Attribute(_))
    }

    /// Whether a key that leads here holds a secret by its name.
    #[must_use]
    pub fn names_a_secret(&self) -> bool {
        matches!(self, Self::Attribute(pointer) if !is_harmless_pointer(pointer))
    }

    /// Whether `other` is this path or lies below it.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Attribute(above), Self::Attribute(below)) => is_at_or_below(below, above),
            _ => self == other,
        }
    }

    /// Whether this path is `other` or lies above or below it.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other) || other.contains(self)
    }
}

fn is_at_or_below(pointer: &str, ancestor: &str) -> bool {
    pointer.strip_prefix(ancestor).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "/name",
            Self::Description => "/description",
            Self::Type => "/type",
            Self::Cluster => "/cluster",
            Self::Sources => "/sources",
            Self::StatusMap => "/statusMap",
            Self::Request => "/request",
            Self::Rule => "/beforeProvisioningRule",
            Self::Attribute(pointer) => return write!(f, "{ATTRIBUTES}{pointer}"),
        })
    }
}

/// The text is no path of an integration: a status written by something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownPath;

impl FromStr for Path {
    type Err = UnknownPath;

    fn from_str(text: &str) -> Result<Self, UnknownPath> {
        Ok(match text {
            "/name" => Self::Name,
            "/description" => Self::Description,
            "/type" => Self::Type,
            "/cluster" => Self::Cluster,
            "/sources" => Self::Sources,
            "/statusMap" => Self::StatusMap,
            "/request" => Self::Request,
            "/beforeProvisioningRule" => Self::Rule,
            _ => match text.strip_prefix(ATTRIBUTES) {
                Some(pointer) if pointer.starts_with('/') => Self::Attribute(pointer.to_owned()),
                _ => return Err(UnknownPath),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_back_as_it_is_written() {
        for path in [Path::Name, Path::StatusMap, Path::Rule, Path::Attribute("/a~1b/c".to_owned())] {
            assert_eq!(path.to_string().parse(), Ok(path));
        }
        assert_eq!("/attributes".parse::<Path>(), Err(UnknownPath));
    }

    #[test]
    fn overlap_is_by_whole_keys() {
        let attribute = |pointer: &str| Path::Attribute(pointer.to_owned());
        assert!(attribute("/a").overlaps(&attribute("/a/b")));
        assert!(attribute("/a/b").overlaps(&attribute("/a")));
        assert!(attribute("/a").contains(&attribute("/a/b")) && !attribute("/a/b").contains(&attribute("/a")));
        assert!(!attribute("/a").overlaps(&attribute("/ab")));
        assert!(!Path::Name.overlaps(&attribute("/name")));
    }
}
