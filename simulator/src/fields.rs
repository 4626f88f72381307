//! What may be written to an integration, field by field, and what is refused.
//!
//! Fields go by their names in the read shape. The request shape is mapped onto it here; documents of PATCH are the concern of
//! [`crate::patch`].

use crate::Switches;
use crate::directory::{Directory, Reference};
use crate::errors::ApiError;
use crate::integration::{DEFAULT_TYPE, Integration};
use serde_json::{Map, Value};

/// The fields of the create and PUT request, and where each is read back \[D\]. Anything else in a request is tolerated.
const REQUEST_FIELDS: [(&str, &str); 9] = [
    ("name", "name"),
    ("description", "description"),
    ("type", "type"),
    ("attributes", "attributes"),
    ("sources", "managedSources"),
    ("cluster", "cluster"),
    ("statusMap", "statusMap"),
    ("request", "request"),
    ("beforeProvisioningRule", "beforeProvisioningRule"),
];

/// What a write is judged by.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) switches: &'a Switches,
}

impl Integration {
    /// Takes a whole request in: what it leaves out is cleared.
    pub(crate) fn fill(&mut self, mut details: Map<String, Value>, rules: Rules<'_>) -> Result<(), ApiError> {
        REQUEST_FIELDS.iter().try_for_each(|(sent, read)| {
            let value = details.remove(*sent).unwrap_or_default();
            self.take(read, value, "", rules)
        })
    }

    /// Takes the new value of one field in; `touched` is the path below it that the client wrote to, empty for all of it.
    pub(crate) fn take(&mut self, field: &str, value: Value, touched: &str, rules: Rules<'_>) -> Result<(), ApiError> {
        let directory = rules.directory;
        match field {
            "name" => self.name = name(value)?,
            "description" => self.description = optional_text(field, value)?.unwrap_or_default(),
            "type" => self.kind = optional_text(field, value)?.unwrap_or_else(|| DEFAULT_TYPE.to_owned()),
            "attributes" => self.attributes.absorb(attributes(value)?, touched, rules.switches),
            "cluster" => {
                self.cluster = optional_text(field, value)?.map(|id| directory.cluster(&id)).transpose()?;
            }
            "clusterRef" => self.cluster = id_of(field, &value)?.map(|id| directory.cluster(id)).transpose()?,
            "managedSources" => self.sources = sources(&value, directory)?,
            "provisioningConfig" => self.take_provisioning(value, directory)?,
            "beforeProvisioningRule" => {
                let name = value.get("name").and_then(Value::as_str);
                self.rule = id_of(field, &value)?.map(|id| directory.rule(id, name));
            }
            "statusMap" => self.status_map = object_or_null(field, value)?,
            "request" => self.request = object_or_null(field, value)?,
            _ => return Err(ApiError::Forbidden),
        }
        Ok(())
    }

    /// The provisioning configuration cannot be sent on create, but a PATCH can reach it.
    fn take_provisioning(&mut self, value: Value, directory: &Directory) -> Result<(), ApiError> {
        let Value::Object(mut config) = value else { return Err(wrong("provisioningConfig", "an object")) };
        if config.get("universalManager").is_some_and(|universal| universal != &Value::Bool(false)) {
            return Err(ApiError::Forbidden);
        }
        self.sources = references(&config.remove("managedResourceRefs").unwrap_or_default(), directory)?;
        self.plan_initializer_script =
            object_or_null("planInitializerScript", config.remove("planInitializerScript").unwrap_or_default())?;
        self.no_provisioning_requests = match config.remove("noProvisioningRequests") {
            None | Some(Value::Null) => false,
            Some(value) => value.as_bool().ok_or_else(|| wrong("noProvisioningRequests", "true or false"))?,
        };
        self.provisioning_request_expiration = match config.remove("provisioningRequestExpiration") {
            None | Some(Value::Null) => 0,
            Some(value) => value.as_i64().ok_or_else(|| wrong("provisioningRequestExpiration", "a number"))?,
        };
        Ok(())
    }
}

fn wrong(field: &str, expected: &str) -> ApiError {
    ApiError::bad_request(format!("{field} must be {expected}."))
}

/// The schema lets the name be null; no server could take that.
fn name(value: Value) -> Result<String, ApiError> {
    match value {
        Value::String(name) if !name.trim().is_empty() => Ok(name),
        _ => Err(wrong("name", "a text that is not empty")),
    }
}

fn optional_text(field: &str, value: Value) -> Result<Option<String>, ApiError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(wrong(field, "a text")),
    }
}

/// The schema says object, its example is JSON in a string \[D\]: both are taken.
pub(crate) fn attributes(value: Value) -> Result<Map<String, Value>, ApiError> {
    match value {
        Value::Null => Ok(Map::new()),
        Value::Object(map) => Ok(map),
        Value::String(text) => serde_json::from_str(&text).map_err(|_| wrong("attributes", "an object")),
        _ => Err(wrong("attributes", "an object")),
    }
}

fn object_or_null(field: &str, value: Value) -> Result<Value, ApiError> {
    if value.is_null() || value.is_object() { Ok(value) } else { Err(wrong(field, "an object")) }
}

fn id_of<'a>(field: &str, value: &'a Value) -> Result<Option<&'a str>, ApiError> {
    if value.is_null() {
        return Ok(None);
    }
    value.get("id").and_then(Value::as_str).map(Some).ok_or_else(|| wrong(field, "a reference with an id"))
}

fn sources(value: &Value, directory: &Directory) -> Result<Vec<Reference>, ApiError> {
    let ids = items("sources", value)?.iter().map(Value::as_str);
    ids.map(|id| directory.source(id.ok_or_else(|| wrong("sources", "a list of ids"))?)).collect()
}

fn references(value: &Value, directory: &Directory) -> Result<Vec<Reference>, ApiError> {
    const FIELD: &str = "managedResourceRefs";
    let ids = items(FIELD, value)?.iter().map(|item| id_of(FIELD, item));
    ids.map(|id| directory.source(id?.ok_or_else(|| wrong(FIELD, "a list of references"))?)).collect()
}

fn items<'a>(field: &str, value: &'a Value) -> Result<&'a [Value], ApiError> {
    match value {
        Value::Null => Ok(&[]),
        Value::Array(items) => Ok(items),
        _ => Err(wrong(field, "a list")),
    }
}
