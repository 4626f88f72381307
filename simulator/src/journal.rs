//! The log of every call that was made, for tests and people. Control calls are not in it.

use crate::access::bearer;
use crate::credentials;
use crate::tokens::Tokens;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// The log keeps the latest so many.
const KEPT: usize = 20_000;
const HEADERS: [&str; 5] = ["accept", "content-type", "user-agent", "x-request-id", "x-sailpoint-experimental"];
/// The one path whose body and query hold the client's secret.
pub(crate) const TOKEN_PATH: &str = "/oauth/token";

/// One call.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub(crate) number: u64,
    /// By our clock, never the skewed one.
    time: Timestamp,
    client_id: Option<String>,
    pub(crate) method: String,
    pub(crate) path: String,
    query: Option<String>,
    /// Null while no answer was sent: the call is in flight, was cut, or the client left.
    status: Option<u16>,
    /// When it was answered, by our clock.
    answered: Option<Timestamp>,
    /// What the answer said of it.
    retry_after: Option<String>,
    headers: BTreeMap<String, String>,
    /// JSON as it is, anything else as text.
    body: Option<Value>,
    request_id: String,
    /// The kind of the fault that met it.
    fault: Option<&'static str>,
}

impl Entry {
    pub(crate) fn new(
        parts: &Parts,
        body: &[u8],
        request_id: &str,
        fault: Option<&'static str>,
        tokens: &Tokens,
    ) -> Self {
        let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let (path, query) = (parts.uri.path(), parts.uri.query());
        let mut entry = Self {
            number: 0,
            time: Timestamp::now(),
            client_id: bearer(&parts.headers).and_then(|token| tokens.client(token)),
            method: parts.method.to_string(),
            path: path.to_owned(),
            query: query.map(str::to_owned),
            status: None,
            answered: None,
            retry_after: None,
            headers: selected_headers(parts),
            body: None,
            request_id: request_id.to_owned(),
            fault,
        };
        if path == TOKEN_PATH {
            let fields = credentials::fields(query, content_type, body);
            entry.client_id = credentials::field(&fields, "client_id").map(str::to_owned);
            entry.query = query.map(credentials::redacted_query);
            entry.body = Some(credentials::redacted_body(content_type, body));
        } else if !body.is_empty() {
            let text = || Value::String(String::from_utf8_lossy(body).into_owned());
            entry.body = Some(serde_json::from_slice(body).unwrap_or_else(|_| text()));
        }
        entry
    }
}

fn selected_headers(parts: &Parts) -> BTreeMap<String, String> {
    let header = |name: &str| Some((name.to_owned(), parts.headers.get(name)?.to_str().ok()?.to_owned()));
    HEADERS.into_iter().filter_map(header).collect()
}

/// The calls in the order of their arrival.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: VecDeque<Entry>,
    last: u64,
}

impl Journal {
    /// Writes a call down as it arrives and gives it a number.
    pub(crate) fn record(&mut self, mut entry: Entry) -> u64 {
        self.last += 1;
        entry.number = self.last;
        self.entries.push_back(entry);
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
        self.last
    }

    /// Notes the answer of a call, if it is still in the log.
    pub(crate) fn answered(&mut self, number: u64, answer: &Response) {
        if let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.number == number) {
            entry.status = Some(answer.status().as_u16());
            entry.answered = Some(Timestamp::now());
            let retry_after = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            entry.retry_after = retry_after.map(str::to_owned);
        }
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Numbers go on, so that the answer to a call from before finds no other.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}
