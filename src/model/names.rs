//! Sources and clusters by name: which ids are needed for a write, and the value with ids in the place of names.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{InvalidSpec, Path, Want, Wants};

/// What can be looked up by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A source.
    Source,
    /// A managed (VA) cluster.
    Cluster,
}

impl Kind {
    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Cluster => "cluster",
        }
    }
}

/// The ids that names of sources and clusters stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// By the name of the source.
    pub sources: BTreeMap<String, String>,
    /// By the name of the cluster.
    pub clusters: BTreeMap<String, String>,
}

impl Names {
    /// The id that a reference by name stands for; `None` where the name was not looked up.
    #[must_use]
    pub fn id(&self, kind: Kind, name: &str) -> Option<&str> {
        let ids = match kind {
            Kind::Source => &self.sources,
            Kind::Cluster => &self.clusters,
        };
        ids.get(name).map(String::as_str)
    }
}

/// The names among `paths` whose ids are not known yet.
#[must_use]
pub fn names_needed<'a>(wants: &Wants, paths: impl Iterator<Item = &'a Path>, known: &Names) -> Vec<(Kind, String)> {
    let named = |path: &Path| -> Vec<(Kind, String)> {
        let name = |kind, value: &Value| value.get("name").and_then(Value::as_str).map(|name| (kind, name.to_owned()));
        match (path, wants.get(path)) {
            (Path::Cluster, Some(Want::Plain(value))) if value.get("id").is_none() => {
                name(Kind::Cluster, value).into_iter().collect()
            }
            (Path::Sources, Some(Want::Plain(Value::Array(sources)))) => {
                sources.iter().filter(|one| one.get("id").is_none()).filter_map(|one| name(Kind::Source, one)).collect()
            }
            _ => Vec::new(),
        }
    };
    paths.flat_map(named).filter(|(kind, name)| known.id(*kind, name).is_none()).collect()
}

/// The source that is given by its id and by its name; `None` while a name was not looked up.
#[must_use]
pub fn given_twice(wants: &Wants, names: &Names) -> Option<InvalidSpec> {
    let Some(Want::Plain(Value::Array(sources))) = wants.get(&Path::Sources) else { return None };
    let given = sources.iter().filter_map(|one| one.get("name")?.as_str());
    let mut by_name = given.filter_map(|name| Some((name, names.id(Kind::Source, name)?)));
    let by_id = |id: &str| sources.iter().any(|one| one.get("id").is_some_and(|given| given == id));
    by_name.find(|(_, id)| by_id(id)).map(|(name, id)| {
        InvalidSpec(format!("spec.sources gives one source twice: {name:?} is the name of {id}; remove one of the two"))
    })
}

/// The value with every reference by name replaced by its id; what was not looked up stays as it is.
#[must_use]
pub fn by_id(path: &Path, value: &Value, names: &Names) -> Value {
    let resolve = |kind, one: &Value| match one.get("name").and_then(Value::as_str) {
        Some(name) if one.get("id").is_none() => json!({"id": names.id(kind, name), "name": name}),
        _ => one.clone(),
    };
    match (path, value) {
        (Path::Cluster, one) => resolve(Kind::Cluster, one),
        (Path::Sources, Value::Array(all)) => all.iter().map(|one| resolve(Kind::Source, one)).collect(),
        _ => value.clone(),
    }
}
