//! What every answer has in common: the bodies of errors, the request id, the tenant's clock, and headers that a gateway adds.

use crate::errors::ApiError;
use crate::journal::TOKEN_PATH;
use crate::tenant::Tenant;
use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// \[O\] What a live gateway sent with each answer.
const ALWAYS: [(HeaderName, &str); 4] = [
    (header::SERVER, "nginx"),
    (header::CACHE_CONTROL, "no-cache, no-store, must-revalidate"),
    (header::ACCESS_CONTROL_EXPOSE_HEADERS, "Retry-After,SLPT-Request-ID,Date"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

/// Finishes the answer to one request.
pub(crate) struct Finish {
    request_id: String,
    is_token: bool,
    input: Bytes,
}

impl Finish {
    pub(crate) fn new(request_id: String, path: &str, input: Bytes) -> Self {
        Self { request_id, is_token: path == TOKEN_PATH, input }
    }

    pub(crate) fn request_id(&self) -> &str {
        &self.request_id
    }

    /// A header that the answer already has, from a fault, is left as it is.
    pub(crate) fn finish(&self, mut answer: Response, tenant: &Tenant) -> Response {
        if let Some(error) = answer.extensions_mut().remove::<ApiError>() {
            let echoed = tenant.switches.errors_echo_input.then(|| String::from_utf8_lossy(&self.input));
            let body = error.body(&self.request_id, echoed.as_deref());
            if let ApiError::RateLimited { seconds } = error {
                put(&mut answer, header::RETRY_AFTER, &seconds.to_string());
            }
            put(&mut answer, header::CONTENT_TYPE, "application/json;charset=UTF-8");
            *answer.body_mut() = Body::from(body.to_string());
            answer.headers_mut().remove(header::CONTENT_LENGTH);
        }
        put(&mut answer, HeaderName::from_static("slpt-request-id"), &self.request_id);
        put(&mut answer, header::DATE, &http_date(tenant.now()));
        for (name, value) in ALWAYS {
            put(&mut answer, name, value);
        }
        if tenant.switches.content_encoding_utf8 && answer.status().is_client_error() {
            // [O] Not an encoding at all, yet sent; clients that decode by this header choke.
            put(&mut answer, header::CONTENT_ENCODING, "UTF-8");
        }
        if tenant.switches.x_deprecated && !self.is_token {
            put(&mut answer, HeaderName::from_static("x-deprecated"), "true");
        }
        answer
    }
}

fn put(answer: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().entry(name).or_insert(value);
    }
}

fn http_date(now: Timestamp) -> String {
    rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now).unwrap_or_default()
}
