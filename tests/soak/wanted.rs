//! What a person wants of one integration: its manifest, and how the tenant's truth differs from it.

use serde_json::{Map, Value, json};

use crate::tenants::{ACTIVE_DIRECTORY, Account, RULE, TRAINING_VA, WORKDAY};

/// The attribute by which every object can be traced to the resource that it was sent for.
pub const TAG: &str = "soak";
/// The Secret in every namespace that passwords come from.
pub const SECRET: &str = "servicenow";
const SOURCES: [(&str, &str); 2] = [(ACTIVE_DIRECTORY, "Active Directory"), (WORKDAY, "Workday")];
const RULE_NAME: &str = "Before Provisioning Rule";

/// The spec that a person last applied. Every version of every resource has content of its own.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Tells this resource from every other, also from earlier ones of its name.
    pub tag: String,
    /// Tells this spec from earlier ones.
    pub revision: usize,
    pub name: String,
    pub sources: Vec<usize>,
    /// References go by name, not by id.
    pub by_name: bool,
    pub has_rule: bool,
    pub external_id: Option<String>,
    pub mode: Option<&'static str>,
    pub adopts_by_name: bool,
    pub delete: Option<&'static str>,
}

impl Wanted {
    fn description(&self) -> String {
        format!("{} as of {}", self.tag, self.revision)
    }

    fn texts(&self) -> [Value; 2] {
        let state = format!("in_process_{}", self.revision % 3);
        let request = json!({"short_description": format!("{} $!plan.arguments.identityRequestId", self.revision)});
        [json!({"closed_complete": "Committed", state: "Queued"}), request]
    }

    fn attributes(&self) -> Map<String, Value> {
        let mut attributes = Map::new();
        attributes.insert(TAG.to_owned(), json!(self.tag));
        attributes.insert("url".to_owned(), json!(format!("https://desk-{}.service-now.com", self.revision)));
        attributes.insert("username".to_owned(), json!("svc_sailpoint"));
        if self.revision % 4 == 1 {
            attributes.insert("options".to_owned(), json!({"retries": self.revision, "states": [1, 2]}));
        }
        attributes
    }

    fn reference(&self, id: &str, name: &str) -> Value {
        if self.by_name { json!({"name": name}) } else { json!({"id": id}) }
    }

    /// The manifest, as it is applied.
    pub fn manifest(&self, namespace: &str, name: &str, account: &Account) -> Value {
        let sources = self.sources.iter().map(|index| self.reference(SOURCES[*index].0, SOURCES[*index].1));
        let [status_map, request] = self.texts();
        let mut spec = json!({
            "tenantRef": {"name": account.name, "namespace": account.namespace},
            "name": self.name,
            "description": self.description(),
            "type": "ServiceNow Service Desk",
            "cluster": self.reference(TRAINING_VA, "Training VA"),
            "sources": sources.collect::<Vec<_>>(),
            "statusMap": status_map,
            "request": request,
            "attributes": self.attributes(),
            "attributesFrom": [{"attribute": "password", "secretKeyRef": {"name": SECRET, "key": "password"}}],
        });
        if self.has_rule {
            spec["beforeProvisioningRule"] = json!({"id": RULE, "name": RULE_NAME});
        }
        if let Some(id) = &self.external_id {
            spec["externalId"] = json!(id);
        }
        let policy: Map<String, Value> =
            [("mode", self.mode), ("adopt", self.adopts_by_name.then_some("ByName")), ("delete", self.delete)]
                .into_iter()
                .filter_map(|(key, value)| Some((key.to_owned(), json!(value?))))
                .collect();
        if !policy.is_empty() {
            spec["policy"] = Value::Object(policy);
        }
        json!({
            "apiVersion": "simops.dev/v1alpha1",
            "kind": "SimIntegration",
            "metadata": {"name": name, "namespace": namespace},
            "spec": spec,
        })
    }

    /// What the tenant has otherwise than it is wanted; the password only where it is known to have been sent.
    pub fn differences(&self, truth: &Value, password: Option<&str>) -> Vec<String> {
        let [status_map, request] = self.texts();
        let sources = self.sources.iter().map(|index| SOURCES[*index].0);
        let mut wanted = vec![
            ("/name".to_owned(), json!(self.name)),
            ("/description".to_owned(), json!(self.description())),
            ("/type".to_owned(), json!("ServiceNow Service Desk")),
            ("/clusterRef/id".to_owned(), json!(TRAINING_VA)),
            ("/managedSources".to_owned(), json!(sources.collect::<Vec<_>>())),
            ("/statusMap".to_owned(), status_map),
            ("/request".to_owned(), request),
        ];
        if self.has_rule {
            wanted.push(("/beforeProvisioningRule/id".to_owned(), json!(RULE)));
        }
        let attributes = self.attributes().into_iter().map(|(key, value)| (format!("/attributes/{key}"), value));
        let password = password.map(|password| ("/secretsReceived/password".to_owned(), json!(password)));
        let differs = |(path, value): (String, Value)| {
            let found = truth.pointer(&path).unwrap_or(&Value::Null);
            (sorted(found) != sorted(&value)).then(|| format!("{path} is {found}, not {value}"))
        };
        wanted.into_iter().chain(attributes).chain(password).filter_map(differs).collect()
    }
}

/// The order of sources does not matter.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items = items.clone();
            items.sort_by_key(ToString::to_string);
            Value::Array(items)
        }
        other => other.clone(),
    }
}
