//! `/sources` and `/managed-clusters`: what an integration can name, found by name.

use crate::Named;
use crate::errors::ApiError;
use crate::filters::Filter;
use crate::tenant::Shared;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// \[D\] Standard collection parameters.
const MOST: usize = 250;

/// The standard collection parameters \[D\].
#[derive(Deserialize)]
pub(crate) struct Page {
    filters: Option<String>,
    limit: Option<usize>,
    offset: Option<usize>,
    count: Option<bool>,
}

type Parameters = Result<Query<Page>, axum::extract::rejection::QueryRejection>;

/// `GET /sources`.
pub(crate) async fn sources(State(shared): State<Shared>, page: Parameters) -> Result<Response, ApiError> {
    page_of(&shared.lock().directory.sources, page)
}

/// `GET /managed-clusters`.
pub(crate) async fn clusters(State(shared): State<Shared>, page: Parameters) -> Result<Response, ApiError> {
    page_of(&shared.lock().directory.clusters, page)
}

fn page_of(all: &[Named], page: Parameters) -> Result<Response, ApiError> {
    let Query(page) = page.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let filter = page.filters.as_deref().map(Filter::parse).transpose()?;
    let limit = page.limit.unwrap_or(MOST);
    if limit > MOST {
        return Err(ApiError::bad_request(format!("limit must be at most {MOST}.")));
    }
    let found: Vec<&Named> = all.iter().filter(|named| filter.as_ref().is_none_or(|f| f.matches(named))).collect();
    let mut headers = HeaderMap::new();
    if page.count == Some(true) {
        headers.insert("x-total-count", found.len().into());
    }
    let shown: Vec<&Named> = found.into_iter().skip(page.offset.unwrap_or(0)).take(limit).collect();
    Ok((headers, Json(shown)).into_response())
}
