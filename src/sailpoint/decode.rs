//! What an answer means, for whoever has its bytes and no connection: the very functions that the client reads with.
//!
//! For fuzzing, and for looking at an answer that was kept.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;

use super::answer::{Heading, json, refusal};
use super::elements::Intake as _;
use super::error::Error;
use super::listed::{Listed, Reader};
use super::operations::recognisable;
use super::scrub::Scrubber;
use super::wire::Integration;

/// Reads the body of a LIST.
///
/// # Errors
/// What is wrong with it, in words that quote no value.
pub fn list(body: &[u8]) -> Result<Vec<Listed>, String> {
    let mut reader = Reader::new(&|_| None);
    reader.take(body);
    reader.end(&Heading::default())
}

/// Reads the body of an answer about the integration of id `asked`.
///
/// # Errors
/// What is wrong with it, in words that quote no value.
pub fn one(body: &[u8], asked: &str) -> Result<Integration, String> {
    json(&Heading::default(), body).and_then(|value| recognisable(value, asked))
}

/// The error that an answer other than 2xx means to a call that has sent these secrets. Headers that cannot be sent are
/// left out.
#[must_use]
pub fn refused(status: StatusCode, headers: &[(&str, &str)], body: &[u8], secrets: &[SecretString]) -> Error {
    let header = |(name, value): &(&str, &str)| {
        Some((HeaderName::try_from(*name).ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
    };
    let headers: HeaderMap = headers.iter().filter_map(header).collect();
    refusal(status, &Heading::read(&headers), body, &Scrubber::new(secrets))
}

/// How long a 429 with this `Retry-After`, and perhaps this `Date`, asks to be left alone.
#[must_use]
pub fn wait(retry_after: &str, date: Option<&str>) -> Option<Duration> {
    let mut headers = vec![("retry-after", retry_after)];
    headers.extend(date.map(|date| ("date", date)));
    refused(StatusCode::TOO_MANY_REQUESTS, &headers, b"", &[]).wait()
}

/// These words without these secrets, on one line of at most 1 KiB.
#[must_use]
pub fn scrubbed(words: &str, secrets: &[SecretString]) -> String {
    Scrubber::new(secrets).clean(words)
}
