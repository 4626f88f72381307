//! What a spec wants: each path that it names, with the value or where the value is.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value, json};

use super::bounds::{fits, is_flat_enough, is_small_enough};
use super::sensitive::{harmless, is_harmless_pointer};
use super::{Path, digest};
use crate::api::integration::{AttributeFrom, ObjectRef, SentSecret};
use crate::api::{Attributes, SimIntegrationSpec};
use crate::sailpoint::pointer;

/// What one path shall be.
#[derive(Clone, PartialEq)]
pub enum Want {
    /// A value of the spec that may be seen, compared and digested.
    Plain(Value),
    /// A secret that stands in the spec itself; it counts as new with each generation, as it is never digested.
    Inline {
        /// The value.
        value: Value,
        /// The generation of the spec.
        generation: i64,
    },
    /// A value that is in a Secret, by its version.
    Secret(SecretVersion),
}

impl fmt::Debug for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("Plain"),
            Self::Inline { generation, .. } => write!(f, "Inline({generation})"),
            Self::Secret(version) => version.fmt(f),
        }
    }
}

/// One key of a Secret, at a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretVersion {
    /// The name of the Secret.
    pub name: String,
    /// The key in its data.
    pub key: String,
    /// `metadata.resourceVersion` of the Secret.
    pub resource_version: String,
}

/// How [`SentSecret`] names the spec itself in the place of a Secret.
const IN_SPEC: &str = "(spec)";

impl Want {
    /// What `status.sent.secrets` says of this want once it is sent; `None` for what is digested instead.
    #[must_use]
    pub fn as_sent_secret(&self, path: &Path) -> Option<SentSecret> {
        let (name, key, resource_version) = match self {
            Self::Plain(_) => return None,
            Self::Inline { generation, .. } => (IN_SPEC.to_owned(), IN_SPEC.to_owned(), generation.to_string()),
            Self::Secret(version) => (version.name.clone(), version.key.clone(), version.resource_version.clone()),
        };
        Some(SentSecret { attribute: path.to_string(), name, key, resource_version })
    }

    /// Whether sending this to `here` says all that shall be at `path`: an empty object leaves what is in it.
    #[must_use]
    pub fn covers(&self, here: &Path, path: &Path) -> bool {
        let is_empty = matches!(self, Self::Plain(Value::Object(map)) if map.is_empty());
        here == path || (here.contains(path) && !is_empty)
    }

    /// The digest of a value that may be seen.
    #[must_use]
    pub fn digest(&self) -> Option<String> {
        match self {
            Self::Plain(value) => Some(digest(value)),
            Self::Inline { .. } | Self::Secret(_) => None,
        }
    }
}

/// Every path that a spec names.
pub type Wants = BTreeMap<Path, Want>;

/// The spec cannot mean anything, for this reason, in words for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidSpec(pub String);

/// What this spec wants. `version_of` gives the version of a Secret by its name.
///
/// # Errors
/// If an attribute or a source is given twice, or the spec names more than a status can keep.
pub fn wants(
    spec: &SimIntegrationSpec,
    name: &str,
    generation: i64,
    version_of: impl Fn(&str) -> String,
) -> Result<Wants, InvalidSpec> {
    is_small_enough(spec)?;
    let mut wants = Wants::from([(Path::Name, Want::Plain(json!(name)))]);
    let mut plain = |path, value: Option<Value>| {
        if let Some(value) = value {
            wants.insert(path, Want::Plain(value));
        }
    };
    plain(Path::Description, spec.description.as_ref().map(|text| json!(text)));
    plain(Path::Type, spec.type_.as_ref().map(|text| json!(text)));
    plain(Path::Cluster, spec.cluster.as_ref().map(reference));
    plain(Path::Sources, spec.sources.as_ref().map(|sources| sources_value(sources)).transpose()?);
    plain(Path::StatusMap, spec.status_map.as_ref().map(|map| json!(map)));
    plain(Path::Request, spec.request.as_ref().map(|map| json!(map)));
    plain(Path::Rule, spec.before_provisioning_rule.as_ref().map(|rule| json!({"id": rule.id, "name": rule.name})));
    if let Some(Attributes(attributes)) = &spec.attributes {
        is_flat_enough(attributes)?;
        inline_attributes(attributes, "", generation, &mut wants);
    }
    for from in spec.attributes_from.iter().flatten() {
        secret_attribute(from, &version_of, &mut wants)?;
    }
    fits(&wants)?;
    Ok(wants)
}

/// The attributes of a spec that look like secrets and stand in it as they are; none where they cannot be walked.
#[must_use]
pub fn inline_secrets(spec: &SimIntegrationSpec) -> Vec<Path> {
    let mut wants = Wants::new();
    if let Some(Attributes(attributes)) = &spec.attributes
        && is_flat_enough(attributes).is_ok()
    {
        inline_attributes(attributes, "", 0, &mut wants);
    }
    wants.into_iter().filter(|(_, want)| matches!(want, Want::Inline { .. })).map(|(path, _)| path).collect()
}

fn reference(reference: &ObjectRef) -> Value {
    match (&reference.id, &reference.name) {
        (Some(id), _) => json!({"id": id}),
        (None, name) => json!({"name": name}),
    }
}

/// In one order, as theirs does not matter.
fn sources_value(sources: &[ObjectRef]) -> Result<Value, InvalidSpec> {
    let mut sorted = sources.to_vec();
    sorted.sort();
    if let Some([twice, _]) = sorted.array_windows().find(|[one, next]| one == next) {
        let which = twice.id.as_ref().or(twice.name.as_ref()).map(String::as_str).unwrap_or_default();
        return Err(InvalidSpec(format!("spec.sources gives {which:?} twice; remove one of the two")));
    }
    Ok(sorted.iter().map(reference).collect())
}

fn inline_attributes(map: &Map<String, Value>, above: &str, generation: i64, wants: &mut Wants) {
    for (key, value) in map {
        let here = format!("{above}{}", pointer([key.as_str()]));
        match value {
            Value::Null => {}
            Value::Object(inner) if !inner.is_empty() => inline_attributes(inner, &here, generation, wants),
            _ => {
                let visible = is_harmless_pointer(&here) && harmless(value);
                let want = if visible {
                    Want::Plain(value.clone())
                } else {
                    Want::Inline { value: value.clone(), generation }
                };
                wants.insert(Path::Attribute(here), want);
            }
        }
    }
}

fn secret_attribute(
    from: &AttributeFrom,
    version_of: &impl Fn(&str) -> String,
    wants: &mut Wants,
) -> Result<(), InvalidSpec> {
    let here =
        if from.attribute.starts_with('/') { from.attribute.clone() } else { pointer([from.attribute.as_str()]) };
    let path = Path::Attribute(here);
    if let Some(other) = wants.keys().find(|other| other.overlaps(&path)) {
        let attribute = &from.attribute;
        return Err(InvalidSpec(format!(
            "attribute {attribute} is given twice: attributesFrom names {path} and {other} is given as well; remove one"
        )));
    }
    let name = from.secret_key_ref.name.clone();
    let resource_version = version_of(&name);
    wants.insert(path, Want::Secret(SecretVersion { name, key: from.secret_key_ref.key.clone(), resource_version }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::integration::SecretKeyRef;

    fn spec(attributes: Value, from: &[&str]) -> SimIntegrationSpec {
        let Value::Object(attributes) = attributes else { panic!("not an object") };
        let secret_key_ref = SecretKeyRef { name: "s".into(), key: "k".into() };
        let from_secret = |attribute: &&str| AttributeFrom {
            attribute: (*attribute).to_owned(),
            secret_key_ref: secret_key_ref.clone(),
        };
        SimIntegrationSpec {
            attributes: Some(Attributes(attributes)),
            attributes_from: Some(from.iter().map(from_secret).collect()),
            ..SimIntegrationSpec::default()
        }
    }

    fn paths(attributes: Value, from: &[&str]) -> Result<Vec<String>, InvalidSpec> {
        let wants = wants(&spec(attributes, from), "n", 1, |_| "7".to_owned())?;
        Ok(wants.keys().map(ToString::to_string).collect())
    }

    #[test]
    fn attributes_are_owned_leaf_by_leaf() {
        let attributes = json!({"url": "u", "a": {"b/c": 1, "none": null}, "empty": {}, "list": [{"x": 1}]});
        assert_eq!(
            paths(attributes, &["password", "/a/token"]),
            Ok([
                "/name",
                "/attributes/a/b~1c",
                "/attributes/a/token",
                "/attributes/empty",
                "/attributes/list",
                "/attributes/password",
                "/attributes/url"
            ]
            .map(str::to_owned)
            .to_vec())
        );
    }

    #[test]
    fn what_could_not_be_kept_or_read_back_is_refused() {
        let nested = |depth| (0..depth).fold(json!(1), |inner, _| json!([inner]));
        let keys: Map<String, Value> = (0..500).map(|at| (format!("{at}{}", "k".repeat(200)), json!(1))).collect();
        for (attributes, words) in [
            (json!({"a": nested(61)}), "nested 61 deep"),
            (json!({"text": "x".repeat(1 << 20)}), "bytes as JSON"),
            (Value::Object(keys), "bytes of keys and digests"),
            (json!({"k".repeat(2048): 1}), "characters in one path"),
        ] {
            let error = paths(attributes, &[]).unwrap_err();
            assert!(error.0.contains(words), "{error}");
        }
        assert!(paths(json!({"a": nested(60), "text": "x".repeat(1_000_000)}), &[]).is_ok());
    }

    #[test]
    fn an_attribute_given_twice_is_refused_by_its_name() {
        for (attributes, from) in
            [(json!({"password": "x"}), "password"), (json!({"a": {"b": 1}}), "/a"), (json!({"a": "x"}), "/a/b")]
        {
            let error = paths(attributes, &[from]).unwrap_err();
            assert!(error.0.contains("given twice"), "{error}");
        }
    }

    #[test]
    fn a_source_given_twice_is_refused() {
        let source = |id: &str| ObjectRef { id: Some(id.to_owned()), name: None };
        let spec = SimIntegrationSpec {
            sources: Some(vec![source("b"), source("a"), source("b")]),
            ..SimIntegrationSpec::default()
        };
        let error = wants(&spec, "n", 1, |_| String::new()).unwrap_err();
        assert_eq!(error.0, r#"spec.sources gives "b" twice; remove one of the two"#);
    }

    #[test]
    fn a_secret_in_the_spec_is_never_plain_and_never_printed() {
        let wants =
            wants(&spec(json!({"password": "canary", "list": [{"apiKey": "canary"}]}), &[]), "n", 3, |_| String::new());
        let wants = wants.unwrap();
        assert!(matches!(wants[&Path::Attribute("/password".into())], Want::Inline { generation: 3, .. }));
        assert!(matches!(wants[&Path::Attribute("/list".into())], Want::Inline { .. }));
        assert!(!format!("{wants:?}").contains("canary"));
    }

    #[test]
    fn secrets_in_the_spec_are_named_also_where_the_spec_means_nothing() {
        let attributes = json!({"a": {"token": "canary"}, "password": "canary", "url": "u", "type": 1});
        let spec = spec(attributes, &["password"]);
        assert!(wants(&spec, "n", 1, |_| String::new()).is_err(), "it is given twice");
        let named: Vec<String> = inline_secrets(&spec).iter().map(ToString::to_string).collect();
        assert_eq!(named, ["/attributes/a/token", "/attributes/password"]);
        assert_eq!(inline_secrets(&SimIntegrationSpec::default()), []);
    }
}
