//! The body of a refusal that repeats a secret in some spelling: no word of it is left in what is shown.
#![no_main]

use libfuzzer_sys::{arbitrary, fuzz_target};
use reqwest::StatusCode;
use secrecy::SecretString;
use sim_operator::sailpoint::decode;
use sim_operator::text::{is_unseen, one_line};

#[derive(arbitrary::Arbitrary, Debug)]
struct Input<'a> {
    status: u16,
    secret: &'a str,
    another: &'a str,
    before: &'a [u8],
    after: &'a [u8],
    in_words: bool,
    heading: &'a str,
}

fuzz_target!(|input: Input| {
    let Ok(status) = StatusCode::from_u16(300 + input.status % 700) else { return };
    let body = if input.in_words {
        let (before, after) = (String::from_utf8_lossy(input.before), String::from_utf8_lossy(input.after));
        serde_json::json!({"error": format!("{before}{}{after}", input.secret)}).to_string().into_bytes()
    } else {
        [input.before, input.secret.as_bytes(), input.after].concat()
    };
    let secrets = [input.secret, input.another].map(SecretString::from);
    let headers = [("content-type", input.heading), ("location", input.heading), ("slpt-request-id", input.heading)];
    let error = decode::refused(status, &headers, &body, &secrets);
    let _ = (error.kind(), error.certainty(), error.wait());
    let words = error.words();
    assert!(words.len() <= 1024 && !words.contains(is_unseen), "{words:?}");
    // What is put in a secret's place may hold one that is like it.
    let left = words.replace("(sensitive)", "\u{1}");
    for secret in [input.secret.to_owned(), input.secret.trim().to_owned(), one_line(input.secret)] {
        let is_word = ["true", "false", "null"].contains(&secret.trim().to_lowercase().as_str());
        if secret.trim().len() >= 4 && !is_word && !is_like_our_words(&secret) {
            assert!(!left.contains(&secret), "{words:?} has {secret:?}");
        }
    }
});

/// Whether our own words around the server's may make up this secret, or the mark in its place.
fn is_like_our_words(secret: &str) -> bool {
    const OURS: &str = "not SailPoint's own answer but \"\" ()";
    let letters: Vec<char> = secret.chars().collect();
    letters.contains(&'\u{1}') || letters.windows(3).any(|part| OURS.contains(&part.iter().collect::<String>()))
}
