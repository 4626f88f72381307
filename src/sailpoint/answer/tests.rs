//! What answers are taken for.

use rstest::rstest;
use secrecy::SecretString;
use serde_json::json;

use super::*;
use crate::sailpoint::Certainty;

fn heading(pairs: &[(&'static str, &'static str)]) -> Heading {
    Heading::read(&pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect())
}

fn refused(status: u16, pairs: &[(&'static str, &'static str)], body: &str) -> Error {
    refusal(StatusCode::from_u16(status).unwrap(), &heading(pairs), body.as_bytes(), &Scrubber::default())
}

fn documented(code: &str, text: &str) -> String {
    let message = json!({"locale": "en-US", "localeOrigin": "DEFAULT", "text": text});
    json!({"detailCode": code, "trackingId": "b21b1f7ce4da4d639f2c62a57171b427", "messages": [message], "causes": []})
        .to_string()
}

const ID: &str = "slpt-request-id";
const NUMBER: &str = "d824d908a75c4cdd9968d4e739514c49";

#[rstest]
#[case(400, documented("400.1 Bad Request Content", "bad"), ErrorKind::Refused, "bad")]
#[case(403, documented("403 Forbidden", "The server refuses"), ErrorKind::Forbidden, "The server refuses")]
#[case(404, documented("404 Not found", "not there"), ErrorKind::NotFound { by_sailpoint: true }, "not there")]
#[case(409, documented("409 Conflict", ""), ErrorKind::Refused, "409 Conflict")]
#[case(401, r#"{"error":"JWT validation failed: JWT is expired"}"#.into(), ErrorKind::Unauthorized, "JWT is expired")]
#[case(429, r#"{"message":" Rate Limit Exceeded "}"#.into(), ErrorKind::RateLimited, "Rate Limit Exceeded")]
#[case(400, r#"{"error":"Experimental Header is missing or invalid."}"#.into(), ErrorKind::Refused, "Experimental")]
#[case(400, r#"{"detailMessage":"Application template for X was not found."}"#.into(), ErrorKind::Refused, "template")]
#[case(401, r#"{"error":"invalid_client","error_description":"who?"}"#.into(), ErrorKind::Unauthorized, "who?")]
fn sailpoints_own_bodies_are_refusals(
    #[case] status: u16,
    #[case] body: String,
    #[case] kind: ErrorKind,
    #[case] words: &str,
) {
    let error = refused(status, &[], &body);
    assert_eq!((error.kind(), error.certainty()), (kind, Certainty::Refused), "{error}");
    assert!(error.words().contains(words), "{error}");
}

#[rstest]
#[case(500, documented("500.0 Internal Fault", "An internal fault occurred."), ErrorKind::Server)]
#[case(503, "<html><head><title>503 Unavailable</title>".into(), ErrorKind::Server)]
#[case(404, "<html>nginx".into(), ErrorKind::NotFound { by_sailpoint: false })]
#[case(404, r#"{"message":"no Route matched"}"#.into(), ErrorKind::NotFound { by_sailpoint: false })]
#[case(404, r#"{"status":404,"error":"Not Found","path":"/x"}"#.into(), ErrorKind::NotFound { by_sailpoint: false })]
#[case(403, "<html>Access denied by policy".into(), ErrorKind::Gateway)]
#[case(403, r#"{"message":"Forbidden"}"#.into(), ErrorKind::Gateway)]
#[case(401, "<html>Log in to the proxy".into(), ErrorKind::Gateway)]
#[case(401, String::new(), ErrorKind::Unauthorized)]
#[case(408, documented("408 Request Timeout", "slow"), ErrorKind::Gateway)]
#[case(407, String::new(), ErrorKind::Gateway)]
#[case(429, String::new(), ErrorKind::RateLimited)]
#[case(302, String::new(), ErrorKind::Redirected)]
fn others_leave_it_unknown(#[case] status: u16, #[case] body: String, #[case] kind: ErrorKind) {
    let error = refused(status, &[], &body);
    assert_eq!(error.kind(), kind, "{error}");
    // 408 and 5xx are unknown even in SailPoint's own words.
    assert_eq!(error.certainty(), Certainty::Unknown, "{error}");
}

#[test]
fn with_sailpoints_request_id_other_words_are_its_own_too() {
    for key in ["errorMessage", "formatted_msg", "message"] {
        let error = refused(422, &[(ID, NUMBER)], &json!({key: "said"}).to_string());
        assert_eq!((error.kind(), error.words(), error.tracking_id()), (ErrorKind::Refused, "said", Some(NUMBER)));
    }
    assert_eq!(refused(404, &[(ID, NUMBER)], r#"{"message":"x"}"#).kind(), ErrorKind::NotFound { by_sailpoint: false });
}

#[test]
fn words_are_sought_in_the_order_of_the_extension() {
    let mut all = json!({"error": "a", "error_description": "b", "message": "c", "causes": [{"text": "d"}],
        "messages": [{"text": "e"}], "formatted_msg": "f", "errorMessage": "g", "detailMessage": "h"});
    let mut found = Vec::new();
    while let Some(said) = words(all.as_object().unwrap()) {
        let map = all.as_object_mut().unwrap();
        map.retain(|_, value| !value.to_string().contains(&format!("\"{}\"", &said[..1])));
        found.push(said);
    }
    assert_eq!(found, ["a: b", "c", "d", "e", "f", "g", "h"]);
}

#[test]
fn what_a_header_says_is_read() {
    let date = ("date", "Wed, 21 Oct 2015 07:28:00 GMT");
    assert_eq!(heading(&[date]).date.unwrap().to_string(), "2015-10-21T07:28:00Z");
    let wait = |value| heading(&[date, ("retry-after", value)]).retry_after;
    assert_eq!(wait("1200"), Some(Duration::from_mins(20)));
    assert_eq!(wait("Wed, 21 Oct 2015 07:28:30 GMT"), Some(Duration::from_secs(30)));
    for over in ["Wed, 21 Oct 2015 07:00:00 GMT", "Mon, 01 Jan 1900 00:00:00 GMT", "0"] {
        assert_eq!(wait(over), Some(SHORTEST_WAIT), "{over}");
    }
    for far in ["99999999999999", "100000000000000000000", "1735689600", "Thu, 31 Dec 2099 23:59:59 GMT"] {
        assert_eq!(wait(far), Some(LONGEST_WAIT), "{far}");
    }
    for garbage in ["soon", "", "-5", "1.5", "0x10", "1e3", "5 s"] {
        assert_eq!(wait(garbage), None, "{garbage}");
    }
    assert_eq!(heading(&[(ID, "not an id: <b>")]).tracking_id, None);
}

#[test]
fn a_redirect_is_named_without_its_query() {
    let error = refused(302, &[("location", "https://user:word@login.example/sso?token=t#f")], "");
    assert!(error.words().contains("https://login.example/sso,"), "{error}");
    assert!(!error.to_string().contains("word") && !error.to_string().contains("token"), "{error}");
}

#[test]
fn pages_are_named_by_their_title() {
    let error = refused(502, &[("content-type", "text/html")], "<html><title>Bad Gateway</title>");
    assert!(error.to_string().contains("a page titled \"Bad Gateway\" (text/html)"), "{error}");
    let known = Scrubber::new([&SecretString::from("s3cr3t-value")]);
    let text = format!("{}s3cr3t-value", "x".repeat(195));
    let error = refusal(StatusCode::BAD_GATEWAY, &heading(&[]), text.as_bytes(), &known);
    assert!(!error.to_string().contains("s3cr"), "{error}");
}

#[test]
fn json_that_cannot_be_read_is_not_quoted() {
    let deep = "[".repeat(200);
    for (body, words) in
        [("", "empty body"), (" \n", "empty body"), ("{\"password\":hunter2}", "not JSON"), (&deep, "deep")]
    {
        let error = json(&heading(&[]), body.as_bytes()).unwrap_err();
        assert!(error.contains(words) && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn json_that_would_fill_the_memory_is_not_read() {
    let many = format!("[{}0]", "0,".repeat(MOST_VALUES));
    let error = json(&heading(&[]), many.as_bytes()).unwrap_err();
    assert!(error.contains("more than 2000000 values"), "{error}");
    let text = format!("[\"{}\"]", ",\\\",".repeat(MOST_VALUES));
    assert!(json(&heading(&[]), text.as_bytes()).is_ok(), "a long text is one value");
}
