//! Stands before all of the tenant: writes each call down, plays the fault that meets it, and has its answer finished.

use crate::errors::ApiError;
use crate::faults::Action;
use crate::finish::Finish;
use crate::journal::Entry;
use crate::server::Connection;
use crate::tenant::{Shared, new_id};
use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::futures::OwnedNotified;
use tokio::time::sleep;

/// More than any integration needs.
const LONGEST_BODY: usize = 16 * 1024 * 1024;

/// The call was met by a cut: there is no answer.
struct Cut;

/// The layer around the token endpoint and the API.
pub(crate) async fn intercept(
    State(shared): State<Shared>,
    Extension(connection): Extension<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    // Read whole before anything else, so that a change can be made after the client has gone. A body that cannot be
    // read counts as empty, which no operation that takes one accepts.
    let body = to_bytes(body, LONGEST_BODY).await.unwrap_or_default();
    let finish = Finish::new(new_id(), parts.uri.path(), body.clone());
    // Before anybody can see that the call is there, so that no release is missed.
    let released = shared.released();
    let (number, action) = {
        let mut tenant = shared.lock();
        let action = tenant.faults.meet(parts.method.as_str(), parts.uri.path());
        let fault = action.as_ref().map(Action::kind);
        let entry = Entry::new(&parts, &body, finish.request_id(), fault, &tenant.tokens);
        (tenant.journal.record(entry), action)
    };
    let request = Request::from_parts(parts, Body::from(body));
    let Ok(answer) = play(action, request, next, released).await else { return connection.cut().await };
    let mut tenant = shared.lock();
    let answer = finish.finish(answer, &tenant);
    tenant.journal.answered(number, &answer);
    answer
}

async fn play(action: Option<Action>, request: Request, next: Next, released: OwnedNotified) -> Result<Response, Cut> {
    let Some(action) = action else { return Ok(next.run(request).await) };
    match action {
        Action::Answer { status, headers, body, content_type, commit } => {
            if commit {
                next.run(request).await;
            }
            Ok(made_up(status, &headers, body, content_type))
        }
        Action::DelayBefore { ms } => Ok(later(sleep(Duration::from_millis(ms)), request, next).await),
        Action::DelayAfter { ms } => {
            let answer = next.run(request).await;
            sleep(Duration::from_millis(ms)).await;
            Ok(answer)
        }
        Action::HoldBefore {} => Ok(later(released, request, next).await),
        Action::HoldAfter {} => {
            let answer = later(std::future::ready(()), request, next).await;
            released.await;
            Ok(answer)
        }
        Action::Silence {} => {
            released.await;
            Err(Cut)
        }
        Action::CutBefore {} => Err(Cut),
        Action::CutAfter {} => {
            next.run(request).await;
            Err(Cut)
        }
        Action::EmptyList {} => Ok(shorten(next.run(request).await, Vec::clear).await),
        Action::ShortList { without_ids, drop_last } => {
            let leave_out = |list: &mut Vec<Value>| {
                list.retain(|item| !without_ids.iter().any(|id| item["id"] == **id));
                list.truncate(list.len().saturating_sub(drop_last));
            };
            Ok(shorten(next.run(request).await, leave_out).await)
        }
    }
}

/// Makes the change when `moment` has come, whether the client is still there or not.
async fn later(moment: impl Future<Output = ()> + Send + 'static, request: Request, next: Next) -> Response {
    let made = tokio::spawn(async move {
        moment.await;
        next.run(request).await
    });
    made.await.unwrap_or_else(|_| ApiError::Internal.into_response())
}

/// Rewrites the body of an answer if it is a list.
async fn shorten(answer: Response, change: impl FnOnce(&mut Vec<Value>)) -> Response {
    let (mut parts, body) = answer.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let Ok(Value::Array(mut list)) = serde_json::from_slice(&body) else {
        return Response::from_parts(parts, Body::from(body));
    };
    change(&mut list);
    parts.headers.remove(header::CONTENT_LENGTH);
    (parts, Json(list)).into_response()
}

fn made_up(
    status: u16,
    headers: &BTreeMap<String, String>,
    body: Option<Value>,
    content_type: Option<String>,
) -> Response {
    let Ok(code) = StatusCode::from_u16(status) else { return ApiError::Internal.into_response() };
    let mut answer = match (body, ApiError::documented(status)) {
        (None, Some(error)) => error.into_response(),
        (None, None) => code.into_response(),
        (Some(Value::String(text)), _) => (code, with_type("text/plain"), Bytes::from(text)).into_response(),
        (Some(json), _) => (code, with_type("application/json"), Bytes::from(json.to_string())).into_response(),
    };
    let content_type = content_type.map(|value| (header::CONTENT_TYPE.to_string(), value));
    for (name, value) in headers.clone().into_iter().chain(content_type) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

fn with_type(content_type: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))])
}
