//! The things that integrations refer to: sources, clusters and rules. It resolves ids to names, as the server does.

use crate::Named;
use crate::errors::ApiError;
use serde_json::{Value, json};

/// What the tenant knows by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    pub(crate) sources: Vec<Named>,
    pub(crate) clusters: Vec<Named>,
    pub(crate) rules: Vec<Named>,
}

/// A reference by id with the name that the server resolved.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reference {
    kind: &'static str,
    pub(crate) id: String,
    name: Option<String>,
}

impl Reference {
    pub(crate) fn shown(&self) -> Value {
        json!({ "type": self.kind, "id": self.id, "name": self.name })
    }
}

impl Directory {
    /// The source of this id. A source that is not there is a 400; the status is unknown \[U\].
    pub(crate) fn source(&self, id: &str) -> Result<Reference, ApiError> {
        resolve(&self.sources, "SOURCE", id).ok_or_else(|| ApiError::bad_request(format!("Source {id} was not found.")))
    }

    /// The cluster of this id, or a 400 likewise.
    pub(crate) fn cluster(&self, id: &str) -> Result<Reference, ApiError> {
        resolve(&self.clusters, "CLUSTER", id)
            .ok_or_else(|| ApiError::bad_request(format!("Cluster {id} was not found.")))
    }

    /// The rule of this id. Cloud rules cannot be listed, so one that was not seeded keeps the name it was sent with.
    pub(crate) fn rule(&self, id: &str, name: Option<&str>) -> Reference {
        resolve(&self.rules, "RULE", id).unwrap_or_else(|| Reference {
            kind: "RULE",
            id: id.to_owned(),
            name: name.map(str::to_owned),
        })
    }
}

fn resolve(known: &[Named], kind: &'static str, id: &str) -> Option<Reference> {
    let named = known.iter().find(|named| named.id == id)?;
    Some(Reference { kind, id: named.id.clone(), name: Some(named.name.clone()) })
}
