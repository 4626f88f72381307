//! The errors of the API and their bodies, of which there are several shapes in the wild.
//!
//! A handler answers an [`ApiError`]; the body is written by [`crate::finish`], which knows the request.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A refusal by the API.
#[derive(Clone, Debug)]
pub(crate) enum ApiError {
    /// The request's content is wrong, and why.
    BadRequest(String),
    /// The body is of another media type than the operation takes; the documents do not say what is answered \[U\].
    UnsupportedMediaType,
    /// The token may not do this, or the PATCH touches what may not be patched \[D\].
    Forbidden,
    /// No such object, or no such path \[D\].
    NotFound,
    /// The path has other methods.
    MethodNotAllowed,
    /// The name is taken, and the tenant says so with 409.
    Conflict(String),
    /// No token, or one that is expired or unknown \[D\].
    Unauthorized,
    /// The experimental header is missing \[O\].
    Experimental,
    /// Too many requests; for how many seconds to wait \[D\].
    RateLimited {
        /// The value of Retry-After.
        seconds: u64,
    },
    /// The token endpoint refuses, in the manner of OAuth: status, error, description.
    OAuth(StatusCode, &'static str, &'static str),
    /// Something failed inside \[D\].
    Internal,
}

impl ApiError {
    /// The documented error of a status, if one is documented.
    pub(crate) fn documented(status: u16) -> Option<Self> {
        Some(match status {
            400 => Self::BadRequest("The request could not be processed.".to_owned()),
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            429 => Self::RateLimited { seconds: 1 },
            500 => Self::Internal,
            _ => return None,
        })
    }

    pub(crate) fn bad_request(text: impl Into<String>) -> Self {
        Self::BadRequest(text.into())
    }

    fn parts(&self) -> (StatusCode, &'static str, &str) {
        match self {
            Self::BadRequest(text) => (StatusCode::BAD_REQUEST, "400.1 Bad Request Content", text),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "415 Unsupported Media Type",
                "The media type of the request is not supported.",
            ),
            Self::Forbidden => (
                StatusCode::FORBIDDEN,
                "403 Forbidden",
                "The server understood the request but refuses to authorize it.",
            ),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "404 Not found",
                "The server did not find a current representation for the target resource.",
            ),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "405 Method Not Allowed", "The method is not supported here.")
            }
            Self::Conflict(text) => (StatusCode::CONFLICT, "409 Conflict", text),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "", "JWT validation failed: JWT is expired"),
            Self::Experimental => (StatusCode::BAD_REQUEST, "", "Experimental Header is missing or invalid."),
            Self::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "", " Rate Limit Exceeded "),
            Self::OAuth(status, error, _) => (*status, "", error),
            Self::Internal => {
                (StatusCode::INTERNAL_SERVER_ERROR, "500.0 Internal Fault", "An internal fault occurred.")
            }
        }
    }

    /// The body, for the request of this id; `input` is what a server that echoes its input would repeat.
    pub(crate) fn body(&self, request_id: &str, input: Option<&str>) -> Value {
        let (_, code, text) = self.parts();
        match self {
            Self::Unauthorized | Self::Experimental => json!({ "error": text }),
            Self::RateLimited { .. } => json!({ "message": text }),
            Self::OAuth(_, error, description) => json!({ "error": error, "error_description": description }),
            _ => {
                let text = match (self, input) {
                    (Self::BadRequest(_), Some(input)) => format!("{text} Request: {input}"),
                    _ => text.to_owned(),
                };
                let message = json!({ "locale": "en-US", "localeOrigin": "DEFAULT", "text": text });
                json!({ "detailCode": code, "trackingId": request_id, "messages": [message], "causes": [message] })
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut answer = self.parts().0.into_response();
        answer.extensions_mut().insert(self);
        answer
    }
}
