//! The control API under `/_simulator/`: what tests and demonstrations see and steer. It needs no token.
//!
//! Data of the tenant is the concern of [`crate::control_data`]; here are the log, faults, switches, tokens and the reset.

use crate::control_data as data;
use crate::errors::ApiError;
use crate::faults::Waiting;
use crate::journal::Entry;
use crate::tenant::Shared;
use crate::{Fault, Switches};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::{delete, get, patch, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/integrations", get(data::integrations).post(data::create))
        .route("/integrations/{id}", patch(data::edit).delete(data::delete))
        .route("/sources", put(data::sources))
        .route("/managed-clusters", put(data::clusters))
        .route("/rules", put(data::rules))
        .route("/clients", put(data::clients))
        .route("/requests", get(requests).delete(forget_requests))
        .route("/changes", get(changes))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/faults/{id}", delete(remove_fault))
        .route("/release", post(release))
        .route("/switches", get(switches).patch(turn_switches))
        .route("/tokens/revoke", post(revoke))
        .route("/reset", post(reset))
        // A fault may hold an answer that is too large for whoever gets it.
        .layer(DefaultBodyLimit::max(64 * 1024 * 1024))
}

/// Reads a body of the control API, whatever content type it has; a mistake in it is told in full.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::bad_request(error.to_string()))
}

/// Errors of the control API have the shape of the API's, without a request id.
pub(crate) async fn plain_errors(mut answer: Response) -> Response {
    if let Some(error) = answer.extensions_mut().remove::<ApiError>() {
        answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
        answer.headers_mut().remove(header::CONTENT_LENGTH);
        *answer.body_mut() = error.body("", None).to_string().into();
    }
    answer
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    method: Option<String>,
    path: Option<String>,
    /// The number of the last call that is known already.
    #[serde(default)]
    after: u64,
}

/// Both are exact, save that the method is in any case and a path may end in `*`.
async fn requests(State(shared): State<Shared>, Query(wanted): Query<Wanted>) -> Json<Vec<Entry>> {
    let has_path = |path: &str| match &wanted.path {
        None => true,
        Some(pattern) => pattern.strip_suffix('*').map_or(path == pattern, |start| path.starts_with(start)),
    };
    let has_method = |method: &str| wanted.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
    let tenant = shared.lock();
    let entries = tenant.journal.entries().filter(|entry| entry.number > wanted.after);
    Json(entries.filter(|entry| has_path(&entry.path) && has_method(&entry.method)).cloned().collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    /// The number of the last change that is known already.
    #[serde(default)]
    after: u64,
}

async fn changes(State(shared): State<Shared>, Query(since): Query<Since>) -> Json<Vec<Value>> {
    Json(shared.lock().history.after(since.after))
}

async fn forget_requests(State(shared): State<Shared>) {
    shared.lock().journal.clear();
}

async fn faults(State(shared): State<Shared>) -> Json<Vec<Waiting>> {
    Json(shared.lock().faults.all().to_vec())
}

async fn add_fault(State(shared): State<Shared>, body: Bytes) -> Result<Json<Waiting>, ApiError> {
    let fault: Fault = read(&body)?;
    fault.check().map_err(ApiError::bad_request)?;
    Ok(Json(shared.lock().faults.add(fault)))
}

async fn clear_faults(State(shared): State<Shared>) {
    shared.lock().faults.clear();
}

async fn remove_fault(State(shared): State<Shared>, Path(id): Path<u64>) -> Result<StatusCode, ApiError> {
    if shared.lock().faults.remove(id) { Ok(StatusCode::OK) } else { Err(ApiError::NotFound) }
}

async fn release(State(shared): State<Shared>) {
    shared.release();
}

async fn switches(State(shared): State<Shared>) -> Json<Switches> {
    Json(shared.lock().switches.clone())
}

/// Turns those that are named and leaves the rest.
async fn turn_switches(State(shared): State<Shared>, body: Bytes) -> Result<Json<Switches>, ApiError> {
    let turned: Value = read(&body)?;
    let mut tenant = shared.lock();
    let mut switches = serde_json::to_value(&tenant.switches).map_err(|_| ApiError::Internal)?;
    json_patch::merge(&mut switches, &turned);
    tenant.switches = serde_json::from_value(switches).map_err(|error| ApiError::bad_request(error.to_string()))?;
    Ok(Json(tenant.switches.clone()))
}

async fn revoke(State(shared): State<Shared>) {
    shared.lock().tokens.revoke_all();
}

async fn reset(State(shared): State<Shared>) -> Result<(), ApiError> {
    shared.reset()
}
