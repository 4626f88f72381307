//! The tenant's integration, read path by path in the form that a spec is written in.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Path, Want, canonical};
use crate::sailpoint::{Integration, Reference};

/// An integration of the tenant that is known by its id.
#[derive(Clone, Debug, PartialEq)]
pub struct Remote {
    /// Its id.
    pub id: String,
    integration: Arc<Integration>,
}

/// What the tenant shows at one path.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// This value, in its canonical form.
    Value(Value),
    /// Nothing: the field is empty.
    Absent,
    /// The tenant does not read this back, so nothing is known.
    Hidden,
}

impl Remote {
    /// This integration; `None` where it has no id.
    #[must_use]
    pub fn new(integration: Arc<Integration>) -> Option<Self> {
        Some(Self { id: integration.id.clone()?, integration })
    }

    /// The integration as it was read.
    #[must_use]
    pub fn integration(&self) -> &Integration {
        &self.integration
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.integration.name.as_deref()
    }

    /// When it was created, by the tenant's clock.
    #[must_use]
    pub fn created(&self) -> Option<Timestamp> {
        self.integration.created
    }

    /// What it shows at `path`.
    #[must_use]
    pub fn read(&self, path: &Path) -> Reading {
        let it = &self.integration;
        let text = |text: &Option<String>| match text {
            Some(text) => Reading::Value(json!(text)),
            None => Reading::Absent,
        };
        match path {
            Path::Name => text(&it.name),
            Path::Description => match &it.description {
                Some(words) if words.is_empty() => Reading::Absent,
                words => text(words),
            },
            Path::Type => text(&it.kind),
            Path::Cluster => self.cluster(),
            Path::Sources => self.sources(),
            Path::StatusMap => self.echoed("statusMap", it.status_map.as_ref()),
            Path::Request => self.echoed("request", it.request.as_ref()),
            Path::Rule => it
                .before_provisioning_rule
                .as_ref()
                .filter(|rule| rule.id.is_some())
                .map_or(Reading::Absent, of_reference),
            Path::Attribute(pointer) => self.attribute(pointer),
        }
    }

    /// Whether `path` can be replaced by a PATCH, and by which pointer: the read shape must have it.
    #[must_use]
    pub fn patch_pointer(&self, path: &Path) -> Option<String> {
        let it = &self.integration;
        match path {
            Path::Name | Path::Description | Path::Type | Path::Rule => Some(path.to_string()),
            Path::Cluster if it.cluster_ref.is_none() && it.cluster.is_some() => Some("/cluster".to_owned()),
            Path::Cluster => Some("/clusterRef".to_owned()),
            Path::Sources if it.managed_resource_refs.is_none() => Some("/managedSources".to_owned()),
            Path::Sources => Some("/provisioningConfig/managedResourceRefs".to_owned()),
            Path::StatusMap if it.status_map.is_some() => Some("/statusMap".to_owned()),
            Path::StatusMap => self.attribute_object("statusMap").map(|_| "/attributes/statusMap".to_owned()),
            Path::Request if it.request.is_some() => Some("/request".to_owned()),
            Path::Request => self.attribute_object("request").map(|_| "/attributes/request".to_owned()),
            Path::Attribute(pointer) => self.lookup(pointer).map(|_| path.to_string()),
        }
    }

    /// Keys of its attributes, as JSON pointers, that hold or look like secrets.
    #[must_use]
    pub fn secret_looking(&self) -> Vec<Path> {
        let mut found = Vec::new();
        if let Some(attributes) = &self.integration.attributes {
            collect_secret_looking(attributes, "", false, &mut found);
        }
        found
    }

    fn cluster(&self) -> Reading {
        match (&self.integration.cluster_ref, &self.integration.cluster) {
            (Some(cluster), _) if cluster.id.is_some() => of_reference(cluster),
            (_, Some(id)) => Reading::Value(json!({"id": id})),
            _ => Reading::Absent,
        }
    }

    fn sources(&self) -> Reading {
        let it = &self.integration;
        if let Some(refs) = &it.managed_resource_refs {
            return Reading::Value(refs.iter().map(reference_value).collect());
        }
        match it.source_ids() {
            Some(ids) => Reading::Value(ids.iter().map(|id| json!({"id": id})).collect()),
            None => Reading::Absent,
        }
    }

    fn echoed(&self, key: &str, top_level: Option<&Map<String, Value>>) -> Reading {
        match top_level.or_else(|| self.attribute_object(key)) {
            Some(map) => Reading::Value(canonical(&Value::Object(map.clone()))),
            None => Reading::Hidden,
        }
    }

    fn attribute_object(&self, key: &str) -> Option<&Map<String, Value>> {
        self.integration.attributes.as_ref()?.get(key)?.as_object()
    }

    fn attribute(&self, pointer: &str) -> Reading {
        match self.lookup(pointer) {
            None | Some(Value::Null) => Reading::Absent,
            Some(value) => Reading::Value(canonical(value)),
        }
    }

    fn lookup(&self, pointer: &str) -> Option<&Value> {
        let (first, mut rest) = split_first(pointer)?;
        let mut found = self.integration.attributes.as_ref()?.get(&first)?;
        // Never into an array: "/list/0" of a spec is a key.
        while let Some((key, below)) = split_first(rest) {
            found = found.as_object()?.get(&key)?;
            rest = below;
        }
        Some(found)
    }
}

/// The first key of a JSON pointer, unescaped, and the pointer below it.
pub(super) fn split_first(pointer: &str) -> Option<(String, &str)> {
    let below = pointer.strip_prefix('/')?;
    let (first, rest) = below.split_at(below.find('/').unwrap_or(below.len()));
    Some((first.replace("~1", "/").replace("~0", "~"), rest))
}

fn of_reference(reference: &Reference) -> Reading {
    Reading::Value(reference_value(reference))
}

fn reference_value(reference: &Reference) -> Value {
    canonical(&json!({"id": reference.id, "name": reference.name}))
}

/// Leaf by leaf; all is secret below a key that is (`within`).
fn collect_secret_looking(map: &Map<String, Value>, above: &str, within: bool, found: &mut Vec<Path>) {
    for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
        let here = format!("{above}{}", crate::sailpoint::pointer([key.as_str()]));
        let is_secret = within || super::is_secret_key(key);
        match value {
            Value::Object(inner) => collect_secret_looking(inner, &here, is_secret, found),
            _ if is_secret || !super::harmless(value) => found.push(Path::Attribute(here)),
            _ => {}
        }
    }
}

/// Whether what the tenant shows is what is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    /// It is.
    Same,
    /// It is not.
    Different,
    /// The tenant does not show enough to tell.
    Unreadable,
}

/// Whether `reading` is what `want` asks for at `path`.
pub(super) fn agreement(path: &Path, want: &Want, reading: &Reading) -> Agreement {
    let Want::Plain(wanted) = want else { return Agreement::Unreadable };
    let read = match reading {
        Reading::Hidden => return Agreement::Unreadable,
        Reading::Absent => &Value::Null,
        Reading::Value(value) => value,
    };
    match path {
        Path::Cluster => reference_agrees(wanted, read),
        Path::Sources => sources_agree(wanted, read),
        Path::Rule => reference_agrees(&json!({"id": wanted["id"]}), read),
        Path::Description if wanted == "" => same(read.is_null()),
        Path::Attribute(_) if wanted.as_object().is_some_and(Map::is_empty) => same(read.is_object()),
        _ => same(canonical(wanted) == *read),
    }
}

fn same(same: bool) -> Agreement {
    if same { Agreement::Same } else { Agreement::Different }
}

fn reference_agrees(wanted: &Value, read: &Value) -> Agreement {
    let key = if wanted.get("id").is_some() { "id" } else { "name" };
    match read.get(key) {
        None if key == "name" && read.get("id").is_some() => Agreement::Unreadable,
        found => same(found == wanted.get(key)),
    }
}

fn sources_agree(wanted: &Value, read: &Value) -> Agreement {
    let empty = Vec::new();
    let (wanted, mut left) = (wanted.as_array().unwrap_or(&empty), read.as_array().cloned().unwrap_or_default());
    if wanted.len() != left.len() {
        return Agreement::Different;
    }
    let mut unreadable = false;
    // Ids first, as a name may be that of several.
    let (by_id, by_name): (Vec<_>, Vec<_>) = wanted.iter().partition(|one| one.get("id").is_some());
    for reference in by_id.into_iter().chain(by_name) {
        match left.iter().position(|candidate| reference_agrees(reference, candidate) == Agreement::Same) {
            Some(index) => {
                left.swap_remove(index);
            }
            None if left.iter().any(|candidate| reference_agrees(reference, candidate) == Agreement::Unreadable) => {
                unreadable = true;
            }
            None => return Agreement::Different,
        }
    }
    if unreadable { Agreement::Unreadable } else { Agreement::Same }
}

#[cfg(test)]
mod tests;
