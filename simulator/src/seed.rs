//! What a tenant holds at the start. It is data only; [`crate::tenant`] takes it in.

use crate::Client;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The seed of a simulator that is tried by hand: two sources, a cluster, a rule, and an integration made in the UI.
pub const DEFAULT_SEED: &str = r#"{
  "sources": [
    {"id": "2c9180835d191a86015d28455b4a2329", "name": "Active Directory"},
    {"id": "2c5680835d191a85765d28455b4a9823", "name": "Workday"}
  ],
  "clusters": [{"id": "2c9180847a7fccdd017aa5896f9f4f6f", "name": "Training VA"}],
  "rules": [{"id": "048eb3d55c5a4758bd07dccb87741c78", "name": "Before Provisioning Rule"}],
  "integrations": [{
    "id": "62945a496ef440189b1f03e3623411c8",
    "created": "2024-01-17T18:45:25.994Z",
    "name": "Legacy Desk",
    "description": "Made in the UI",
    "type": "ServiceNow Service Desk",
    "cluster": "2c9180847a7fccdd017aa5896f9f4f6f",
    "sources": ["2c5680835d191a85765d28455b4a9823"],
    "attributes": {"url": "https://acme.service-now.com", "username": "svc_legacy", "password": "made-in-the-ui"}
  }]
}"#;

/// What a tenant holds at the start.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Seed {
    /// In the shape of the create request, each with an optional `id` (32 hex digits if not given) and `created` (now).
    pub integrations: Vec<Map<String, Value>>,
    /// The sources that an integration can name.
    pub sources: Vec<Named>,
    /// The virtual appliance clusters that an integration can name.
    pub clusters: Vec<Named>,
    /// The cloud rules whose names the server knows; a rule not listed is accepted with the name it is sent with.
    pub rules: Vec<Named>,
    /// Further clients, besides those of the configuration.
    pub clients: Vec<Client>,
}

impl Seed {
    /// [`DEFAULT_SEED`], read.
    #[must_use]
    pub fn example() -> Self {
        // A test reads the constant, so that the default of this line is never taken.
        serde_json::from_str(DEFAULT_SEED).unwrap_or_default()
    }
}

/// Something that integrations refer to by id and people by name.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Named {
    /// The id.
    pub id: String,
    /// The display name.
    pub name: String,
    /// Whatever else its own endpoint shows.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_seed_reads() {
        assert_eq!(serde_json::from_str::<Seed>(DEFAULT_SEED).unwrap().sources.len(), 2);
        assert_ne!(Seed::example(), Seed::default());
    }
}
