//! Whom a token speaks for.
//!
//! The token is our own and came over TLS from where it is used, so its signature is not verified: nothing is granted on
//! these claims, they only tell org, user and scopes. What cannot be read is absent.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::lenient::text;

/// What the token endpoint's answer and the token's payload say.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Claims {
    /// The org: the tenant's name, as ids are unique only within it.
    pub org: Option<String>,
    /// The tenant's id.
    pub tenant_id: Option<String>,
    /// The user. Absent for a plain API client, which the SIM operations refuse with a 403.
    pub user_name: Option<String>,
    /// The client id.
    pub client_id: Option<String>,
    /// The scopes granted.
    pub scopes: Vec<String>,
    /// User levels, as `ORG_ADMIN`.
    pub authorities: Vec<String>,
}

impl Claims {
    /// From the endpoint's answer and the token in it; what the answer itself says goes first.
    pub(super) fn read(answer: &Map<String, Value>, token: &str) -> Self {
        let payload = payload(token).unwrap_or_default();
        let field = |key: &str| [answer, &payload].into_iter().find_map(|map| map.get(key).and_then(text));
        let words = |key: &str| [answer, &payload].into_iter().find_map(|map| words(map.get(key)?)).unwrap_or_default();
        Self {
            org: field("org").filter(|org| is_usable_org(org)),
            tenant_id: field("tenant_id"),
            user_name: field("user_name"),
            client_id: field("client_id"),
            scopes: words("scope"),
            authorities: words("authorities"),
        }
    }
}

/// The most characters of an org's name that a status keeps.
const LONGEST_ORG: usize = 256;

/// Whether this can name an org: ids are unique in it, and it stands in statuses and messages.
pub(super) fn is_usable_org(org: &str) -> bool {
    let fits = |character: char| !character.is_control() && !character.is_whitespace();
    !org.is_empty() && org.chars().all(fits) && org.chars().count() <= LONGEST_ORG
}

/// The payload of a JWT.
fn payload(token: &str) -> Option<Map<String, Value>> {
    let part = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?).ok()
}

/// A list of strings, or strings in one, separated by spaces.
fn words(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(entries) => Some(entries.iter().filter_map(|entry| entry.as_str().map(str::to_owned)).collect()),
        Value::String(text) => Some(text.split_whitespace().map(str::to_owned).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn jwt(payload: &Value) -> String {
        format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(payload.to_string()))
    }

    fn read(answer: &Value, token: &str) -> Claims {
        Claims::read(answer.as_object().unwrap(), token)
    }

    #[test]
    fn the_payload_is_read_and_the_answer_goes_first() {
        let token = jwt(&json!({"org": "inner", "tenant_id": "t1", "user_name": "ada", "client_id": "c",
            "scope": ["sp:scopes:all"], "authorities": ["ORG_ADMIN"]}));
        let claims = read(&json!({"org": "acme", "expires_in": 749}), &token);
        assert_eq!(claims.org.as_deref(), Some("acme"));
        assert_eq!(claims.tenant_id.as_deref(), Some("t1"));
        assert_eq!(claims.user_name.as_deref(), Some("ada"));
        assert_eq!((claims.scopes, claims.authorities), (vec!["sp:scopes:all".into()], vec!["ORG_ADMIN".into()]));
        assert_eq!(read(&json!({"scope": "a b"}), &token).scopes, ["a", "b"]);
    }

    #[test]
    fn what_can_name_no_org_names_none() {
        for org in [json!(""), json!(" "), json!("a\nb"), json!("x".repeat(257)), json!(["acme"]), json!(null)] {
            assert_eq!(read(&json!({"org": org}), "opaque").org, None, "{org}");
        }
    }

    #[test]
    fn what_is_no_jwt_claims_nothing() {
        for token in ["", "opaque", "a.b.c", "e30.!!!.x", "e30.bm90anNvbg.x"] {
            assert_eq!(read(&json!({}), token), Claims::default(), "{token}");
        }
    }
}
