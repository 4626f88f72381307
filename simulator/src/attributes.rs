//! The attributes of an integration: the secrets among them are encrypted on receipt and never shown again.
//!
//! It knows which keys are secret and what is read in their place. It does not know the rest of the integration.

use crate::{SecretReadBack, Switches};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A key that ends in one of these, in any case, holds a secret.
const SECRET_ENDINGS: [&str; 6] = ["password", "passphrase", "secret", "token", "privatekey", "apikey"];
const MASK: &str = "********";

/// The attributes as the tenant keeps them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes {
    /// With cipher-text in place of secrets.
    stored: Map<String, Value>,
    /// The secrets as they were received, by path (`password`, `oauth/clientSecret`): for tests, never for the API.
    received: BTreeMap<String, Value>,
}

impl Attributes {
    pub(crate) fn stored(&self) -> &Map<String, Value> {
        &self.stored
    }

    pub(crate) fn received(&self) -> &BTreeMap<String, Value> {
        &self.received
    }

    /// Takes `new` in. What lies at or below the path `touched` (everything if empty) came from the client and is encrypted,
    /// even if it is cipher-text sent back: what a real tenant does then is unknown, and this shows it. The rest is ours.
    pub(crate) fn absorb(&mut self, new: Map<String, Value>, touched: &str, switches: &Switches) {
        let mut new = Value::Object(new);
        if switches.normalize_values {
            normalize(&mut new);
        }
        let mut received = BTreeMap::new();
        visit_secrets(&mut new, "", &mut |path, value| {
            if is_touched(path, touched) {
                received.insert(path.to_owned(), value.clone());
                *value = Value::String(cipher_text());
            } else if let Some(known) = self.received.get(path) {
                received.insert(path.to_owned(), known.clone());
            }
            true
        });
        if let Value::Object(stored) = new {
            self.stored = stored;
        }
        self.received = received;
    }

    /// What is read.
    pub(crate) fn shown(&self, read_back: SecretReadBack) -> Map<String, Value> {
        let mut shown = Value::Object(self.stored.clone());
        visit_secrets(&mut shown, "", &mut |_, value| {
            match read_back {
                SecretReadBack::CipherText => {}
                SecretReadBack::Mask => *value = Value::String(MASK.to_owned()),
                SecretReadBack::Dropped => return false,
            }
            true
        });
        match shown {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }
}

fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    SECRET_ENDINGS.iter().any(|ending| key.ends_with(ending))
}

/// Whether a secret at `path` was written by a client that wrote to `touched`.
fn is_touched(path: &str, touched: &str) -> bool {
    let below = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
    touched.is_empty() || path == touched || below(path, touched) || below(touched, path)
}

/// Calls `on_secret` with the path and value of each secret; one for which it says false is taken out.
fn visit_secrets(value: &mut Value, path: &str, on_secret: &mut dyn FnMut(&str, &mut Value) -> bool) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}/{key}") };
    match value {
        Value::Object(map) => map.retain(|key, value| {
            if is_secret(key) && !value.is_object() && !value.is_null() {
                return on_secret(&below(key), value);
            }
            visit_secrets(value, &below(key), on_secret);
            true
        }),
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                visit_secrets(item, &below(&index.to_string()), on_secret);
            }
        }
        _ => {}
    }
}

fn normalize(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                match value {
                    Value::String(text) if key.to_ascii_lowercase().ends_with("url") => {
                        text.truncate(text.trim_end_matches('/').len());
                    }
                    _ => normalize(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(normalize),
        _ => {}
    }
}

/// Fresh each time, so that it says nothing about the secret, not even that it is the same.
fn cipher_text() -> String {
    let bytes: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(32).collect();
    format!("1:ACP:{}", BASE64_STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn only_the_end_of_a_key_makes_it_secret() {
        for key in ["password", "clientSecret", "REFRESH_TOKEN", "sshPrivateKey", "apikey", "keyPassphrase"] {
            assert!(is_secret(key), "{key}");
        }
        for key in ["tokenUrl", "passwordPolicy", "secretary", "url"] {
            assert!(!is_secret(key), "{key}");
        }
    }

    #[test]
    fn a_secret_that_was_not_touched_keeps_its_cipher_text() {
        let mut attributes = Attributes::default();
        let switches = Switches::default();
        attributes.absorb(map(json!({"password": "one", "oauth": {"clientSecret": "two"}})), "", &switches);
        let before = attributes.stored.clone();
        let mut new = before.clone();
        new["password"] = json!("three");
        attributes.absorb(new, "password", &switches);
        assert_eq!(attributes.stored["oauth"], before["oauth"]);
        assert_ne!(attributes.stored["password"], before["password"]);
        assert_eq!(attributes.received["password"], "three");
        assert_eq!(attributes.received["oauth/clientSecret"], "two");
    }
}
