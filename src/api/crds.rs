//! The custom resource definitions as YAML, as `deploy/crds` holds them.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;

use super::{SailPointTenant, SimIntegration};

/// A definition as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The name of the file, such as `simintegrations.simops.dev.yaml`.
    pub name: String,
    /// What it holds.
    pub yaml: String,
}

/// A definition that cannot be written as YAML.
#[derive(Debug, thiserror::Error)]
#[error("{definition} cannot be written as YAML: {source}")]
pub struct Error {
    definition: String,
    source: serde_saphyr::SerializeError,
}

/// Both definitions, as files.
///
/// # Errors
/// [`Error`] if one cannot be written as YAML.
pub fn files() -> Result<Vec<File>, Error> {
    all().iter().map(file).collect()
}

/// Both definitions.
#[must_use]
pub fn all() -> [CustomResourceDefinition; 2] {
    [SimIntegration::crd(), SailPointTenant::crd()].map(finished)
}

fn file(definition: &CustomResourceDefinition) -> Result<File, Error> {
    let name = definition.metadata.name.clone().unwrap_or_default();
    match serde_saphyr::to_string(definition) {
        Ok(yaml) => Ok(File { name: format!("{name}.yaml"), yaml }),
        Err(source) => Err(Error { definition: name, source }),
    }
}

/// What no derive can say.
fn finished(mut definition: CustomResourceDefinition) -> CustomResourceDefinition {
    for version in &mut definition.spec.versions {
        let Some(schema) = version.schema.as_mut().and_then(|validation| validation.open_api_v3_schema.as_mut()) else {
            continue;
        };
        without_nullable(schema);
        // On the property, not inside it: so that the API server gives a new resource a status, and tools that judge by
        // it (kstatus) do not take a resource for current that nobody has looked at.
        if let Some(status) = schema.properties.as_mut().and_then(|properties| properties.get_mut("status")) {
            status.default = Some(JSON(serde_json::json!({"observedGeneration": -1})));
        }
    }
    definition
}

/// Where null is not allowed, the API server drops it from what is created or replaced, and refuses it in a server-side
/// apply: either way no rule meets a null, for which `has` would be true.
fn without_nullable(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    schema.properties.iter_mut().flat_map(|properties| properties.values_mut()).for_each(without_nullable);
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        without_nullable(items);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        without_nullable(values);
    }
}
