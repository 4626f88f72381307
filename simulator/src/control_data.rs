//! The tenant's data in the control API: what is there in truth, and what somebody does in the UI.

use crate::control::read;
use crate::errors::ApiError;
use crate::history::By;
use crate::integration::Integration;
use crate::patch::merge;
use crate::tenant::Shared;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::Value;

/// What is there, with statusMap, request and the secrets as they were received.
pub(crate) async fn integrations(State(shared): State<Shared>) -> Json<Vec<Value>> {
    Json(shared.lock().store.all().iter().map(|integration| integration.truth()).collect())
}

/// Somebody creates one in the UI: the request shape, with `id` and `created` if they matter. Names may be taken twice.
pub(crate) async fn create(State(shared): State<Shared>, body: Bytes) -> Result<Json<Value>, ApiError> {
    Ok(Json(shared.lock().import(read(&body)?)?.truth()))
}

/// Somebody edits one in the UI: a JSON merge patch on the read shape.
pub(crate) async fn edit(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let mut tenant = shared.lock();
    let mut integration = Integration::clone(tenant.store.get(&id).ok_or(ApiError::NotFound)?);
    merge(&mut integration, read(&body)?, tenant.rules())?;
    integration.modified = tenant.now();
    Ok(Json(tenant.put(integration, By::Ui).truth()))
}

/// Somebody deletes one in the UI.
pub(crate) async fn delete(State(shared): State<Shared>, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    shared.lock().delete(&id, By::Ui)
}

pub(crate) async fn sources(State(shared): State<Shared>, body: Bytes) -> Result<(), ApiError> {
    let mut tenant = shared.lock();
    tenant.directory.sources = read(&body)?;
    tenant.rename_references();
    Ok(())
}

pub(crate) async fn clusters(State(shared): State<Shared>, body: Bytes) -> Result<(), ApiError> {
    let mut tenant = shared.lock();
    tenant.directory.clusters = read(&body)?;
    tenant.rename_references();
    Ok(())
}

pub(crate) async fn rules(State(shared): State<Shared>, body: Bytes) -> Result<(), ApiError> {
    let mut tenant = shared.lock();
    tenant.directory.rules = read(&body)?;
    tenant.rename_references();
    Ok(())
}

/// Who may ask for tokens from now on. Tokens that were issued serve on, until revoked.
pub(crate) async fn clients(State(shared): State<Shared>, body: Bytes) -> Result<(), ApiError> {
    shared.lock().clients = read(&body)?;
    Ok(())
}
