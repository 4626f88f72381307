//! What an HTTP answer says: its headers, and the error that a refusal means.
//!
//! Pure: reads headers and bytes, asks nothing. The shapes of error bodies are those that SailPoint documents or was seen
//! to send (`ErrorResponseDto`, the gateway's `error` and `message`, the connectors' `detailMessage`); the order in which
//! they are tried is that of SailPoint's own VS Code extension.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, LOCATION, RETRY_AFTER};
use serde_json::{Map, Value};
use url::Url;

use super::error::{Error, ErrorKind};
use super::scrub::Scrubber;

/// SailPoint asks for minutes. What asks for more than an hour is not believed: some servers send a time of day here.
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// What asks for no wait, or for one that is over, would be asked again at once and without end.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// The most characters of a redirect's target that are shown.
const LONGEST_LOCATION: usize = 200;
/// The most values in one answer, as each takes many times more memory than it has bytes: some ten thousand integrations.
pub(super) const MOST_VALUES: usize = 2_000_000;

/// What callers may want to know of the headers.
#[derive(Clone, Debug, Default)]
pub(super) struct Heading {
    pub(super) date: Option<Timestamp>,
    pub(super) tracking_id: Option<String>,
    pub(super) deprecated: bool,
    pub(super) retry_after: Option<Duration>,
    content_type: String,
    location: Option<String>,
}

impl Heading {
    pub(super) fn read(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let date = text(DATE.as_str()).and_then(http_date);
        Self {
            date,
            tracking_id: text("slpt-request-id").and_then(tracking_id),
            deprecated: text("x-deprecated").is_some_and(|value| value.eq_ignore_ascii_case("true")),
            retry_after: text(RETRY_AFTER.as_str()).and_then(|value| wait(value, date)),
            content_type: text(CONTENT_TYPE.as_str()).unwrap_or("no content type").to_owned(),
            location: text(LOCATION.as_str()).map(shown_location),
        }
    }
}

/// The error that an answer other than 2xx means.
pub(super) fn refusal(status: StatusCode, heading: &Heading, body: &[u8], scrubber: &Scrubber) -> Error {
    let object = serde_json::from_slice::<Map<String, Value>>(body).ok();
    let own = object.as_ref().is_some_and(|object| is_sailpoints(status, object, heading));
    let kind = kind(status, own, body.is_empty());
    let words = match (kind, &object) {
        (ErrorKind::Redirected, _) => {
            let to = heading.location.as_deref().unwrap_or("somewhere unnamed");
            format!("sent on to {to}, which is not followed: is the base URL right?")
        }
        (_, Some(object)) => words(object).unwrap_or_else(|| "an error without words".to_owned()),
        (_, None) => unlike_sailpoint(&scrubber.clean(&String::from_utf8_lossy(body)), heading),
    };
    let tracking =
        heading.tracking_id.clone().or_else(|| object.as_ref()?.get("trackingId")?.as_str().and_then(tracking_id));
    Error::new(kind, scrubber.clean(&words)).answered(status.as_u16(), own, tracking).retry_after(heading.retry_after)
}

fn kind(status: StatusCode, own: bool, empty: bool) -> ErrorKind {
    match status.as_u16() {
        300..=399 => ErrorKind::Redirected,
        // An empty 401 is about credentials all the same; a page is a proxy's.
        401 if own || empty => ErrorKind::Unauthorized,
        403 if own => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound { by_sailpoint: own },
        429 => ErrorKind::RateLimited,
        // 408 says that somebody gave up waiting, not what became of the request.
        400..=499 if own && status != StatusCode::REQUEST_TIMEOUT => ErrorKind::Refused,
        400..=499 => ErrorKind::Gateway,
        _ => ErrorKind::Server,
    }
}

/// Whether this is an error body of SailPoint's own.
///
/// The documented `ErrorResponseDto` always is. A 404 must be it, as much is believed of a 404. The gateway's and
/// connectors' short shapes count where they were documented or seen, else only with SailPoint's request id.
fn is_sailpoints(status: StatusCode, object: &Map<String, Value>, heading: &Heading) -> bool {
    let text = |key: &str| object.get(key).is_some_and(Value::is_string);
    if text("detailCode") && (text("trackingId") || object.contains_key("messages")) {
        return true;
    }
    match status.as_u16() {
        404 => false,
        400 if text("error") || text("detailMessage") => true,
        401 | 403 if text("error") => true,
        429 if text("message") => true,
        _ => heading.tracking_id.is_some() && words(object).is_some(),
    }
}

/// The words of an error body, in the order of the VS Code extension.
pub(super) fn words(object: &Map<String, Value>) -> Option<String> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let first = |key: &str| {
        let text = object.get(key)?.get(0)?.get("text")?.as_str()?.trim();
        (!text.is_empty()).then_some(text)
    };
    if let Some(error) = text("error") {
        return Some(text("error_description").map_or_else(|| error.to_owned(), |more| format!("{error}: {more}")));
    }
    text("message")
        .or_else(|| first("causes"))
        .or_else(|| first("messages"))
        .or_else(|| text("formatted_msg"))
        .or_else(|| text("errorMessage"))
        .or_else(|| text("detailMessage"))
        .or_else(|| text("detailCode"))
        .map(str::to_owned)
}

/// What to say of a body that is no JSON object. The text is scrubbed already: an excerpt might cut a secret in two.
fn unlike_sailpoint(text: &str, heading: &Heading) -> String {
    if text.is_empty() {
        return "an answer without a body".to_owned();
    }
    let title =
        text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).map(|(title, _)| title.trim());
    let shown = match title {
        Some(title) => format!("a page titled \"{title}\""),
        None if text.starts_with('<') => "a page".to_owned(),
        None => format!("\"{}\"", &text[..text.floor_char_boundary(200)]),
    };
    format!("not SailPoint's own answer but {shown} ({})", heading.content_type)
}

/// Parses the body of a 2xx. The words of a failure say where, never what: a parser's message may quote a value.
pub(super) fn json(heading: &Heading, body: &[u8]) -> Result<Value, String> {
    let kind = &heading.content_type;
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err("an empty body where JSON was expected".to_owned());
    }
    if values(body) > MOST_VALUES {
        return Err(format!("JSON with more than {MOST_VALUES} values ({kind}, {} bytes)", body.len()));
    }
    value(body).map_err(|words| format!("{words} ({kind}, {} bytes)", body.len()))
}

/// Parses a text. The words of a failure say where, never what.
pub(super) fn value(text: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(text).map_err(|error| {
        let deep = error.to_string().starts_with("recursion limit");
        let what = if deep { "JSON nested too deeply" } else { "not JSON" };
        format!("{what} at line {} column {}", error.line(), error.column())
    })
}

/// How many values a JSON text has at most: one for each comma, colon and bracket outside its strings.
pub(super) fn values(body: &[u8]) -> usize {
    let (mut count, mut in_string, mut escaped) = (0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b',' | b':' | b'[' | b'{' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

/// Only what looks like an id may be shown as one.
fn tracking_id(text: &str) -> Option<String> {
    let fits = (1..=64).contains(&text.len()) && text.chars().all(|each| each.is_ascii_alphanumeric() || each == '-');
    fits.then(|| text.to_owned())
}

fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// Whole seconds, or an HTTP date measured from the answer's own date; within bounds, whatever a server says.
fn wait(text: &str, date: Option<Timestamp>) -> Option<Duration> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let wait = if is_number {
        text.parse().map_or(LONGEST_WAIT, Duration::from_secs)
    } else {
        let now = date.unwrap_or_else(Timestamp::now);
        Duration::try_from(http_date(text)?.duration_since(now)).unwrap_or_default()
    };
    Some(wait.clamp(SHORTEST_WAIT, LONGEST_WAIT))
}

/// Where a redirect leads, without user, password, query and fragment.
fn shown_location(location: &str) -> String {
    let shown = match Url::parse(location) {
        Ok(url) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
        Err(_) => location.split(['?', '#']).next().unwrap_or_default().to_owned(),
    };
    shown.chars().take(LONGEST_LOCATION).collect()
}

#[cfg(test)]
mod tests;
