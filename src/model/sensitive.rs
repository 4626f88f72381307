//! What may be shown to people: a value whose every key and text looks harmless, and nothing else.

use serde_json::Value;

use crate::text::escaped;

/// Keys that end so hold secrets; a key such as `tokenUrl` does not end so.
const SECRET_ENDINGS: [&str; 6] = ["password", "passphrase", "secret", "token", "privatekey", "apikey"];
/// What stands in the place of a value that is not shown.
const SENSITIVE: &str = "(sensitive)";
const LONGEST_SHOWN: usize = 256;

/// Whether a key of this name holds a secret: it ends in password, passphrase, secret, token, privateKey or apiKey.
#[must_use]
pub fn is_secret_key(key: &str) -> bool {
    let plain: String = key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    SECRET_ENDINGS.iter().any(|ending| plain.ends_with(ending))
}

/// Whether every key and text in this value, at any depth, looks harmless.
#[must_use]
pub fn harmless(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().all(|(key, value)| !is_secret_key(key) && harmless(value)),
        Value::Array(items) => items.iter().all(harmless),
        Value::String(text) => is_harmless_text(text),
        _ => true,
    }
}

/// Whether a JSON pointer names no secret key.
pub(super) fn is_harmless_pointer(pointer: &str) -> bool {
    !pointer.split('/').any(|token| is_secret_key(&token.replace("~1", "/").replace("~0", "~")))
}

fn is_harmless_text(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let has_user = text.split("://").skip(1).any(|rest| rest.split('/').next().is_some_and(|host| host.contains('@')));
    let is_header = lower.starts_with("bearer ") || lower.starts_with("basic ");
    let is_token = text.starts_with("eyJ") || ["ghp_", "xoxb-", "AKIA"].iter().any(|mark| text.contains(mark));
    let has_assignment = SECRET_ENDINGS.iter().any(|word| {
        lower.split(word).skip(1).any(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with(['=', ':']))
    });
    let is_read_back = is_cipher_text(text) || (!text.is_empty() && text.chars().all(|c| c == '*'));
    !(has_user || is_header || is_token || has_assignment || is_read_back || text.contains("-----BEGIN"))
}

/// What SailPoint shows in the place of a secret that it keeps: `1:ACP:…`.
fn is_cipher_text(text: &str) -> bool {
    text.split_once(':').is_some_and(|(version, rest)| {
        !version.is_empty() && version.chars().all(|c| c.is_ascii_digit()) && rest.starts_with("ACP:")
    })
}

/// The value as it may be shown, cut to 256 characters; `inline` says that the spec gives this path itself.
#[must_use]
pub fn shown(value: &Value, inline: bool) -> String {
    if !inline || !harmless(value) {
        return SENSITIVE.to_owned();
    }
    let text = match value {
        Value::String(text) => escaped(text),
        other => escaped(&other.to_string()),
    };
    if text.chars().count() <= LONGEST_SHOWN {
        return text;
    }
    text.chars().take(LONGEST_SHOWN - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_that_end_like_a_secret_are_secret() {
        for key in ["password", "userPassword", "client_secret", "refreshToken", "private-key", "API_KEY"] {
            assert!(is_secret_key(key), "{key}");
        }
        for key in ["tokenUrl", "passwordPolicy", "secretary", "username", "keys"] {
            assert!(!is_secret_key(key), "{key}");
        }
    }

    #[test]
    fn a_value_is_shown_only_if_all_in_it_is_harmless() {
        assert_eq!(shown(&json!("https://acme.service-now.com"), true), "https://acme.service-now.com");
        for hidden in [
            json!({"a": [{"password": "x"}]}),
            json!("https://user:pass@host/"),
            json!("Bearer abc"),
            json!("login=me;password = hunter2"),
            json!("-----BEGIN PRIVATE KEY-----"),
            json!("1:ACP:c2VjcmV0"),
            json!("********"),
        ] {
            assert_eq!(shown(&hidden, true), "(sensitive)", "{hidden}");
        }
        assert_eq!(shown(&json!("plain"), false), "(sensitive)");
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(shown(&json!("x".repeat(1000)), true).chars().count(), 256);
    }
}
