//! One integration as the tenant keeps it, and the shape in which it is read.
//!
//! What may be written to it is the concern of [`crate::fields`].

use crate::access::Version;
use crate::attributes::Attributes;
use crate::directory::{Directory, Reference};
use crate::{AttributesShape, Switches, TicketFields};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The default of the response schema \[D\].
pub(crate) const DEFAULT_TYPE: &str = "ServiceNowSDIM";
const OWNER_ID: &str = "2c9180a46faadee4016fb4e018c20639";
/// The attribute that a server which adds attributes adds.
const ADDED_ATTRIBUTE: &str = "cloudExternalId";

/// An integration in one of its versions: a change makes a new one.
#[derive(Clone, Debug)]
pub(crate) struct Integration {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) kind: String,
    pub(crate) cluster: Option<Reference>,
    pub(crate) sources: Vec<Reference>,
    pub(crate) rule: Option<Reference>,
    pub(crate) attributes: Attributes,
    pub(crate) status_map: Value,
    pub(crate) request: Value,
    pub(crate) plan_initializer_script: Value,
    pub(crate) no_provisioning_requests: bool,
    pub(crate) provisioning_request_expiration: i64,
}

impl Integration {
    /// An integration that has an id and nothing else yet.
    pub(crate) fn blank(id: String, now: Timestamp) -> Self {
        Self {
            id,
            created: now,
            modified: now,
            name: String::new(),
            description: String::new(),
            kind: DEFAULT_TYPE.to_owned(),
            cluster: None,
            sources: Vec::new(),
            rule: None,
            attributes: Attributes::default(),
            status_map: Value::Null,
            request: Value::Null,
            plan_initializer_script: Value::Null,
            no_provisioning_requests: false,
            provisioning_request_expiration: 7,
        }
    }

    /// Resolves the names of references anew; one that is gone keeps its last name.
    pub(crate) fn refresh(&mut self, directory: &Directory) {
        for source in &mut self.sources {
            *source = directory.source(&source.id).unwrap_or_else(|_| source.clone());
        }
        if let Some(cluster) = &mut self.cluster {
            *cluster = directory.cluster(&cluster.id).unwrap_or_else(|_| cluster.clone());
        }
    }

    /// Everything in the read shape, with null for what is not there: the document that a PATCH is applied to.
    pub(crate) fn document(&self) -> Map<String, Value> {
        let cluster = self.cluster.as_ref();
        let document = json!({
            "id": self.id,
            "created": time(self.created),
            "modified": time(self.modified),
            "name": self.name,
            "description": self.description,
            "type": self.kind,
            "ownerRef": { "type": "IDENTITY", "id": OWNER_ID, "name": "Support" },
            "clusterRef": cluster.map(Reference::shown),
            "cluster": cluster.map(|cluster| &cluster.id),
            "managedSources": self.sources.iter().map(|source| &source.id).collect::<Vec<_>>(),
            "provisioningConfig": {
                "universalManager": false,
                "managedResourceRefs": self.sources.iter().map(Reference::shown).collect::<Vec<_>>(),
                "planInitializerScript": self.plan_initializer_script,
                "noProvisioningRequests": self.no_provisioning_requests,
                "provisioningRequestExpiration": self.provisioning_request_expiration,
            },
            "attributes": self.attributes.stored(),
            "beforeProvisioningRule": self.rule.as_ref().map(Reference::shown),
            "statusMap": self.status_map,
            "request": self.request,
        });
        match document {
            Value::Object(document) => document,
            _ => Map::new(),
        }
    }

    /// The truth, for the control API: also what is not read back, and the secrets as they were received.
    pub(crate) fn truth(&self) -> Value {
        let mut document = self.document();
        document.insert("secretsReceived".to_owned(), json!(self.attributes.received()));
        Value::Object(document)
    }

    /// What a client of this API version reads.
    pub(crate) fn read(&self, version: Version, switches: &Switches) -> Value {
        let mut document = self.document();
        let ticket_fields = ["statusMap", "request"].map(|key| (key, document.remove(key).unwrap_or_default()));
        let mut attributes = self.attributes.shown(switches.secret_read_back);
        if switches.server_adds_attributes {
            attributes.entry(ADDED_ATTRIBUTE).or_insert_with(|| json!(self.id));
        }
        for (key, value) in ticket_fields.into_iter().filter(|(_, value)| !value.is_null()) {
            match switches.ticket_fields {
                TicketFields::TopLevel => document.insert(key.to_owned(), value),
                TicketFields::Attributes => attributes.insert(key.to_owned(), value),
                TicketFields::Absent => None,
            };
        }
        document.insert("attributes".to_owned(), shaped(attributes, switches.attributes_shape));
        if version == Version::Beta && !switches.beta_read_id {
            // [D] The beta schema has none of the three; [O] live answers had an id all the same.
            document.retain(|key, _| !["id", "created", "modified"].contains(&key.as_str()));
        }
        // [D] Of all references only the old `cluster` is nullable.
        document.retain(|key, value| !value.is_null() || key == "cluster");
        Value::Object(document)
    }
}

fn shaped(attributes: Map<String, Value>, shape: AttributesShape) -> Value {
    let object = Value::Object(attributes);
    match shape {
        AttributesShape::Object => object,
        AttributesShape::String => Value::String(object.to_string()),
    }
}

/// As in the documents' examples: `2024-01-17T18:45:25.994Z`.
fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}
