//! PATCH: which documents are accepted, which operations and paths, and how they change an integration.
//!
//! Also the merge patch of somebody who edits in the UI. What a field may hold is the concern of [`crate::fields`].

use crate::errors::ApiError;
use crate::fields::{Rules, attributes};
use crate::integration::Integration;
use crate::{PatchAccepts, TicketFields};
use json_patch::PatchOperation;
use json_patch::jsonptr::Pointer;
use serde_json::{Map, Value};

const TICKET_FIELDS: [&str; 2] = ["statusMap", "request"];

/// Reads a PATCH body. \[D\] Only `replace` is accepted (by the sibling API; SIM is taken to be as strict), else 403.
pub(crate) fn operations(body: &[u8], accepts: PatchAccepts) -> Result<Vec<PatchOperation>, ApiError> {
    if accepts == PatchAccepts::None {
        return Err(ApiError::Forbidden);
    }
    let not_a_patch = || ApiError::bad_request("The body is not a JSON patch.");
    let list = match serde_json::from_slice(body).map_err(|_| not_a_patch())? {
        list @ Value::Array(_) if accepts != PatchAccepts::Operations => list,
        Value::Object(mut object) if accepts != PatchAccepts::Array => object.remove("operations").unwrap_or_default(),
        _ => return Err(not_a_patch()),
    };
    let operations: Vec<PatchOperation> = serde_json::from_value(list).map_err(|_| not_a_patch())?;
    if operations.iter().all(|operation| matches!(operation, PatchOperation::Replace(_))) {
        Ok(operations)
    } else {
        Err(ApiError::Forbidden)
    }
}

/// Applies operations one by one. Fails as a whole: the caller drops the integration that it gave.
pub(crate) fn apply(
    integration: &mut Integration,
    operations: &[PatchOperation],
    rules: Rules<'_>,
) -> Result<(), ApiError> {
    operations.iter().try_for_each(|operation| apply_one(integration, operation, rules))
}

fn apply_one(integration: &mut Integration, operation: &PatchOperation, rules: Rules<'_>) -> Result<(), ApiError> {
    let bad_path = || ApiError::bad_request(format!("The path {} cannot be replaced.", operation.path()));
    let ticket_fields = rules.switches.ticket_fields;
    let (field, touched) = split(operation.path()).ok_or_else(bad_path)?;
    if TICKET_FIELDS.contains(&field.as_str()) && ticket_fields != TicketFields::TopLevel {
        return Err(ApiError::Forbidden);
    }
    let mut document = Value::Object(document(integration, ticket_fields));
    json_patch::patch(&mut document, std::slice::from_ref(operation)).map_err(|_| bad_path())?;
    let mut value = document.get_mut(&field).map(Value::take).unwrap_or_default();
    if field == "attributes" && ticket_fields == TicketFields::Attributes {
        let mut attributes = attributes(value)?;
        for inner in TICKET_FIELDS {
            integration.take(inner, attributes.remove(inner).unwrap_or_default(), "", rules)?;
        }
        value = Value::Object(attributes);
    }
    integration.take(&field, value, &touched, rules)
}

/// The document that a client of this tenant believes in. It is made of the truth, so that a dropped secret can be replaced.
fn document(integration: &Integration, ticket_fields: TicketFields) -> Map<String, Value> {
    let mut document = integration.document();
    if ticket_fields == TicketFields::Attributes {
        for inner in TICKET_FIELDS {
            let value = document.remove(inner).unwrap_or_default();
            if let Some(Value::Object(attributes)) = document.get_mut("attributes")
                && !value.is_null()
            {
                attributes.insert(inner.to_owned(), value);
            }
        }
    }
    document
}

/// The field that a path is in, and the path below it with its parts unescaped. None for the whole document.
fn split(path: &Pointer) -> Option<(String, String)> {
    let mut tokens = path.tokens();
    let field = tokens.next()?.decoded().into_owned();
    let below: Vec<_> = tokens.map(|token| token.decoded().into_owned()).collect();
    Some((field, below.join("/")))
}

/// Somebody edits in the UI: an RFC 7396 merge patch on the read shape, with statusMap and request at the top.
pub(crate) fn merge(
    integration: &mut Integration,
    changes: Map<String, Value>,
    rules: Rules<'_>,
) -> Result<(), ApiError> {
    for (field, change) in changes {
        if field == "attributes" {
            for (key, value) in change.as_object().cloned().unwrap_or_default() {
                let mut attributes = Value::Object(integration.attributes.stored().clone());
                json_patch::merge(&mut attributes, &Value::Object(Map::from_iter([(key.clone(), value)])));
                integration.take(&field, attributes, &key, rules)?;
            }
        } else {
            let mut value = integration.document().remove(&field).unwrap_or_default();
            json_patch::merge(&mut value, &change);
            integration.take(&field, value, "", rules)?;
        }
    }
    Ok(())
}
