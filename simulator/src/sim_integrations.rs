//! The seven operations of `/sim-integrations`, alike under every version.

use crate::access::Version;
use crate::errors::ApiError;
use crate::fields::Rules;
use crate::history::By;
use crate::integration::Integration;
use crate::patch as patches;
use crate::tenant::{Shared, Tenant, new_id};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use json_patch::PatchOperation;
use serde_json::{Map, Value};

type Answer = Result<Json<Value>, ApiError>;

/// `GET /sim-integrations`: a bare array, without pages \[D\].
pub(crate) async fn list(State(shared): State<Shared>, Extension(version): Extension<Version>) -> Json<Value> {
    let tenant = shared.lock();
    let switches = &tenant.switches;
    let seen = tenant.store.list(switches.list_lag());
    let mut list: Vec<Value> = seen.iter().map(|integration| integration.read(version, switches)).collect();
    if switches.list_shuffled {
        fastrand::shuffle(&mut list);
    }
    match list.pop() {
        // [D] What the beta specification says; it can only be meant for a tenant with one.
        Some(single) if list.is_empty() && version == Version::Beta && switches.beta_list_single => Json(single),
        popped => Json(list.into_iter().chain(popped).collect()),
    }
}

/// `POST /sim-integrations`: 200, not 201 \[D\].
pub(crate) async fn create(
    State(shared): State<Shared>,
    Extension(version): Extension<Version>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let details = details(&headers, &body)?;
    let mut tenant = shared.lock();
    let mut integration = Integration::blank(new_id(), tenant.now());
    integration.fill(details, tenant.rules())?;
    tenant.answer(version, integration)
}

/// `GET /sim-integrations/{id}`.
pub(crate) async fn read(
    State(shared): State<Shared>,
    Extension(version): Extension<Version>,
    Path(id): Path<String>,
) -> Answer {
    let tenant = shared.lock();
    let integration = tenant.store.get(&id).ok_or(ApiError::NotFound)?;
    Ok(Json(integration.read(version, &tenant.switches)))
}

/// `PUT /sim-integrations/{id}`: what is left out is cleared, attributes and their secrets included \[D: "replaces"\].
pub(crate) async fn replace(
    State(shared): State<Shared>,
    Extension(version): Extension<Version>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let details = details(&headers, &body)?;
    shared.lock().change(&id, version, |integration, rules| integration.fill(details, rules))
}

/// `PATCH /sim-integrations/{id}`.
pub(crate) async fn patch(
    State(shared): State<Shared>,
    Extension(version): Extension<Version>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let mut tenant = shared.lock();
    let operations = operations(&tenant, &headers, &body)?;
    tenant.change(&id, version, |integration, rules| patches::apply(integration, &operations, rules))
}

/// `PATCH /sim-integrations/{id}/beforeProvisioningRule`. No real example of its body exists; the path is taken to be that of
/// the whole integration, and to lead to the rule.
pub(crate) async fn patch_rule(
    State(shared): State<Shared>,
    Extension(version): Extension<Version>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let mut tenant = shared.lock();
    let operations = operations(&tenant, &headers, &body)?;
    let field =
        |operation: &PatchOperation| operation.path().first().is_some_and(|f| f.decoded() == "beforeProvisioningRule");
    if !operations.iter().all(field) {
        return Err(ApiError::bad_request("Only /beforeProvisioningRule can be replaced here."));
    }
    tenant.change(&id, version, |integration, rules| patches::apply(integration, &operations, rules))
}

/// `DELETE /sim-integrations/{id}`: 200 with an empty body, not 204 \[D\].
pub(crate) async fn delete(State(shared): State<Shared>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    shared.lock().delete(&id, By::Api)
}

impl Tenant {
    /// Changes a copy; nothing is changed if any of it is refused.
    fn change(
        &mut self,
        id: &str,
        version: Version,
        change: impl FnOnce(&mut Integration, Rules<'_>) -> Result<(), ApiError>,
    ) -> Answer {
        let mut integration = Integration::clone(self.store.get(id).ok_or(ApiError::NotFound)?);
        change(&mut integration, self.rules())?;
        self.answer(version, integration)
    }

    fn answer(&mut self, version: Version, integration: Integration) -> Answer {
        let integration = self.commit(integration)?;
        Ok(Json(integration.read(version, &self.switches)))
    }
}

fn details(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    require_type(headers, "application/json")?;
    serde_json::from_slice(body).map_err(|_| ApiError::bad_request("The body is not a JSON object."))
}

fn operations(tenant: &Tenant, headers: &HeaderMap, body: &[u8]) -> Result<Vec<PatchOperation>, ApiError> {
    require_type(headers, "application/json-patch+json")?;
    patches::operations(body, tenant.switches.patch_accepts)
}

fn require_type(headers: &HeaderMap, wanted: &str) -> Result<(), ApiError> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(wanted) { Ok(()) } else { Err(ApiError::UnsupportedMediaType) }
}
