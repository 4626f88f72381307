//! The bodies of writes, from what is wanted.

use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

use super::secrets::Values;
use crate::model::{Difference, Names, Path, Remote, Want, Wants, by_id};
use crate::sailpoint::{Details, PatchOperation, Reference};

/// The value of one want, with ids in the place of names.
fn value(path: &Path, want: &Want, names: &Names, values: &Values) -> Value {
    match want {
        Want::Plain(plain) => by_id(path, plain, names),
        Want::Inline { value, .. } => value.clone(),
        Want::Secret(version) => values.get(version).map_or(Value::Null, |secret| json!(secret.expose_secret())),
    }
}

/// `base` with everything that is wanted in it.
pub(super) fn details(mut base: Details, wants: &Wants, names: &Names, values: &Values) -> Details {
    for (path, want) in wants {
        set(&mut base, path, value(path, want, names, values));
    }
    base
}

/// `base` without what is withdrawn.
pub(super) fn without(mut base: Details, differences: &[Difference]) -> Details {
    for difference in differences.iter().filter(|one| one.to.is_none()) {
        match &difference.path {
            Path::Description => base.description = Some(String::new()),
            Path::Rule => base.before_provisioning_rule = None,
            Path::Attribute(pointer) => remove(base.attributes.get_or_insert_default(), pointer),
            Path::Name | Path::Type | Path::Cluster | Path::Sources | Path::StatusMap | Path::Request => {}
        }
    }
    base
}

/// `base` with statusMap and request where they are written: a tenant may show them among the attributes.
pub(super) fn with_ticket_fields(mut base: Details) -> Details {
    let Some(attributes) = &mut base.attributes else { return base };
    for (key, field) in [("statusMap", &mut base.status_map), ("request", &mut base.request)] {
        if field.is_none() && attributes.get(key).is_some_and(Value::is_object) {
            *field = attributes.remove(key).and_then(|value| value.as_object().cloned());
        }
    }
    base
}

/// `base` without attributes that look like secrets: what was read of them is cipher-text or a mask.
pub(super) fn without_secrets(mut base: Details, remote: &Remote) -> Details {
    for path in remote.secret_looking() {
        if let Path::Attribute(pointer) = path {
            remove(base.attributes.get_or_insert_default(), &pointer);
        }
    }
    base
}

fn set(details: &mut Details, path: &Path, value: Value) {
    match path {
        Path::Name => details.name = text(&value),
        Path::Description => details.description = text(&value),
        Path::Type => details.kind = text(&value),
        Path::Cluster => details.cluster = id(&value),
        Path::Sources => details.sources = Some(value.as_array().into_iter().flatten().filter_map(id).collect()),
        Path::StatusMap => details.status_map = value.as_object().cloned(),
        Path::Request => details.request = value.as_object().cloned(),
        Path::Rule => details.before_provisioning_rule = Some(rule(&value)),
        Path::Attribute(pointer) => insert(details.attributes.get_or_insert_default(), pointer, value),
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn id(value: &Value) -> Option<String> {
    value.get("id").and_then(text)
}

fn rule(value: &Value) -> Reference {
    Reference { kind: Some("RULE".to_owned()), id: id(value), name: value.get("name").and_then(text) }
}

fn keys(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~")).collect()
}

/// Puts `value` where `pointer` leads, making objects on the way.
fn insert(map: &mut Map<String, Value>, pointer: &str, value: Value) {
    let keys = keys(pointer);
    let Some((last, above)) = keys.split_last() else { return };
    let mut map = map;
    for key in above {
        let below = map.entry(key.clone()).or_insert_with(|| json!({}));
        if !below.is_object() {
            *below = json!({});
        }
        let Value::Object(inner) = below else { return };
        map = inner;
    }
    // Nothing in an empty object is asked for, so that what is in it stays.
    let stays = value == json!({}) && map.get(last).is_some_and(Value::is_object);
    if !stays {
        map.insert(last.clone(), value);
    }
}

fn remove(map: &mut Map<String, Value>, pointer: &str) {
    let keys = keys(pointer);
    let Some((last, above)) = keys.split_last() else { return };
    let mut map = map;
    for key in above {
        let Some(Value::Object(inner)) = map.get_mut(key) else { return };
        map = inner;
    }
    map.remove(last);
}

/// The operations that make these differences go, secrets first.
pub(super) fn operations(
    differences: &[Difference],
    remote: &Remote,
    names: &Names,
    values: &Values,
) -> Vec<PatchOperation> {
    let is_secret = |one: &&Difference| matches!(one.to, Some(Want::Secret(_) | Want::Inline { .. }));
    let (secret, plain): (Vec<_>, Vec<_>) = differences.iter().partition(is_secret);
    let operation = |one: &Difference| {
        let pointer = remote.patch_pointer(&one.path).unwrap_or_else(|| one.path.to_string());
        let value = one.to.as_ref().map_or_else(|| cleared(&one.path), |want| value(&one.path, want, names, values));
        PatchOperation::replace(pointer.clone(), in_read_shape(&one.path, &pointer, value))
    };
    secret.into_iter().chain(plain).map(operation).collect()
}

fn cleared(path: &Path) -> Value {
    if *path == Path::Description { json!("") } else { Value::Null }
}

/// A PATCH is of what is read: references are objects there, or bare ids in the older fields.
fn in_read_shape(path: &Path, pointer: &str, value: Value) -> Value {
    match (path, pointer) {
        (Path::Cluster, "/cluster") => json!(id(&value)),
        (Path::Cluster, _) => typed("CLUSTER", &value),
        (Path::Sources, "/managedSources") => value.as_array().into_iter().flatten().filter_map(id).collect(),
        (Path::Sources, _) => value.as_array().into_iter().flatten().map(|one| typed("SOURCE", one)).collect(),
        (Path::Rule, _) if !value.is_null() => typed("RULE", &value),
        _ => value,
    }
}

fn typed(kind: &str, value: &Value) -> Value {
    let mut reference = Map::from_iter([("type".to_owned(), json!(kind)), ("id".to_owned(), json!(id(value)))]);
    if let Some(name) = value.get("name").and_then(text) {
        reference.insert("name".to_owned(), json!(name));
    }
    Value::Object(reference)
}

/// What is sent of each want that can be seen, with ids in the place of names.
pub(super) fn visible<'a>(wants: &'a Wants, names: &Names) -> Vec<(&'a Path, Value)> {
    let plain = |(path, want): (&'a Path, &'a Want)| match want {
        Want::Plain(plain) => Some((path, by_id(path, plain, names))),
        Want::Inline { .. } | Want::Secret(_) => None,
    };
    wants.iter().filter_map(plain).collect()
}
