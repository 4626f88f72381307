//! The fields of a token request, wherever the client put them: query, urlencoded body, multipart body, or some of each \[D\].
//!
//! It also hides the secret from the log. Whether the fields are right is the concern of [`crate::tokens`].

use form_urlencoded::Serializer;
use serde_json::{Map, Value};

const REDACTED: &str = "(redacted)";

/// The pairs of the query first, then those of the body.
pub(crate) fn fields(query: Option<&str>, content_type: Option<&str>, body: &[u8]) -> Vec<(String, String)> {
    let mut fields = pairs(query.unwrap_or_default().as_bytes());
    fields.extend(body_fields(content_type, body));
    fields
}

/// The value of one field; the body wins over the query.
pub(crate) fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// The query for the log.
pub(crate) fn redacted_query(query: &str) -> String {
    Serializer::new(String::new()).extend_pairs(redacted(pairs(query.as_bytes()))).finish()
}

/// The body for the log, as an object.
pub(crate) fn redacted_body(content_type: Option<&str>, body: &[u8]) -> Value {
    let fields = redacted(body_fields(content_type, body));
    Value::Object(fields.map(|(key, value)| (key, Value::String(value))).collect::<Map<_, _>>())
}

fn redacted(fields: Vec<(String, String)>) -> impl Iterator<Item = (String, String)> {
    fields.into_iter().map(|(key, value)| {
        let value = if key == "client_secret" { REDACTED.to_owned() } else { value };
        (key, value)
    })
}

fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}

fn body_fields(content_type: Option<&str>, body: &[u8]) -> Vec<(String, String)> {
    let content_type = content_type.unwrap_or_default();
    if content_type.starts_with("application/x-www-form-urlencoded") {
        return pairs(body);
    }
    let boundary = content_type.strip_prefix("multipart/form-data").and_then(|rest| rest.split_once("boundary="));
    match boundary {
        Some((_, boundary)) => multipart(boundary.trim_matches('"'), &String::from_utf8_lossy(body)),
        None => Vec::new(),
    }
}

/// Text fields only, which is all that a token request has.
fn multipart(boundary: &str, body: &str) -> Vec<(String, String)> {
    let part = |part: &str| {
        let (head, value) = part.split_once("\r\n\r\n")?;
        let (_, name) = head.split_once("name=\"")?;
        let (name, _) = name.split_once('"')?;
        Some((name.to_owned(), value.strip_suffix("\r\n")?.to_owned()))
    };
    body.split(&format!("--{boundary}")).filter_map(part).collect()
}
