//! What schemas share: patterns and bounds of Kubernetes' own names, and the schemas of types that are not ours.
//!
//! Every string, list and map has a bound, so that the API server can estimate the cost of each rule. The bounds of
//! status are those of what the operator may write there: it has to cut what could be longer.
//!
//! Enums say `#[schemars(description = "")]`, as kube would put an enum's words in the place of its field's; so the field
//! says what its values mean.

use schemars::{Schema, SchemaGenerator, json_schema};

/// The name of an object (RFC 1123 subdomain), at most [`NAME_LENGTH`].
pub(super) const NAME: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
/// The name of a namespace (RFC 1123 label), at most [`NAMESPACE_LENGTH`].
pub(super) const NAMESPACE: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
/// A key of a Secret, at most [`NAME_LENGTH`].
pub(super) const SECRET_KEY: &str = "^[-._a-zA-Z0-9]+$";
/// An id of SailPoint; it stands in paths of its API.
pub(super) const REMOTE_ID: &str = "^[A-Za-z0-9][A-Za-z0-9._:-]*$";

/// Of names of objects and keys of Secrets.
pub(super) const NAME_LENGTH: usize = 253;
/// Of names of namespaces.
pub(super) const NAMESPACE_LENGTH: usize = 63;
/// Of ids of SailPoint.
pub(super) const REMOTE_ID_LENGTH: usize = 128;
/// Of names in SailPoint.
pub(super) const REMOTE_NAME_LENGTH: usize = 256;
/// Of an `attribute` of `attributesFrom`.
pub(super) const ATTRIBUTE_LENGTH: usize = 256;
/// Of the path of a change; the longest `attribute` as a JSON pointer fits.
pub(crate) const PATH_LENGTH: usize = 2048;
/// Of `sources`.
pub(super) const MOST_SOURCES: usize = 1000;
/// Of `attributesFrom`.
pub(super) const MOST_SECRETS: usize = 64;
/// Of the secrets that a status keeps the versions of: `attributesFrom`, and as many as attributes can be inline.
pub(crate) const MOST_SENT_SECRETS: usize = MOST_SECRETS + 256;
/// Of the digests that a status keeps.
pub(crate) const MOST_DIGESTS: usize = 1024;
/// Of the paths that a change names, and a plan shows.
pub(crate) const MOST_CHANGES: usize = 64;
/// Of the message of a condition.
pub(crate) const MESSAGE_LENGTH: usize = 32768;
/// Of ids and references that come from outside.
pub(crate) const REFERENCE_LENGTH: usize = 256;

/// The conditions of a status: one of each type, bounds as in Kubernetes' own types.
pub(super) fn conditions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 16,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": {
            "type": "object",
            "required": ["type", "status", "reason", "message", "lastTransitionTime"],
            "properties": {
                "type": {"type": "string", "maxLength": 316, "description": "Which condition."},
                "status": {
                    "type": "string",
                    "enum": ["True", "False", "Unknown"],
                    "description": "Whether it holds.",
                },
                "reason": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 1024,
                    "description": "Why, in one word; the troubleshooting page explains each.",
                },
                "message": {
                    "type": "string",
                    "maxLength": MESSAGE_LENGTH,
                    "description": "Why, in a sentence, and what can be done.",
                },
                "observedGeneration": {
                    "type": "integer",
                    "format": "int64",
                    "minimum": 0,
                    "description": "The metadata.generation that the condition speaks of.",
                },
                "lastTransitionTime": {
                    "type": "string",
                    "format": "date-time",
                    "description": "Since when the condition has its status.",
                },
            },
        },
    })
}

/// A label selector, as Kubernetes has it, with bounds.
pub(super) fn label_selector(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "matchLabels": {
                "type": "object",
                "description": "Labels that a namespace must have, such as {team: iam}.",
                "maxProperties": 64,
                "additionalProperties": {"type": "string", "maxLength": 63},
            },
            "matchExpressions": {
                "type": "array",
                "description": "Requirements on labels; a namespace must meet all of them.",
                "maxItems": 32,
                "x-kubernetes-list-type": "atomic",
                "items": {
                    "type": "object",
                    "required": ["key", "operator"],
                    "properties": {
                        "key": {
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 317,
                            "description": "The key of the label.",
                        },
                        "operator": {
                            "type": "string",
                            "enum": ["In", "NotIn", "Exists", "DoesNotExist"],
                            "description": "How the label is compared with the values.",
                        },
                        "values": {
                            "type": "array",
                            "description": "The values of In and NotIn.",
                            "maxItems": 64,
                            "x-kubernetes-list-type": "atomic",
                            "items": {"type": "string", "maxLength": 63},
                        },
                    },
                    "x-kubernetes-validations": [{
                        "rule": "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
                        "message": "In and NotIn need values, Exists and DoesNotExist have none",
                    }],
                },
            },
        },
        "x-kubernetes-map-type": "atomic",
    })
}

/// A map of short texts, whose keys are bounded by a rule, as schemas cannot bound them.
pub(super) fn short_texts(_: &mut SchemaGenerator) -> Schema {
    texts(64, 128)
}

/// A map of texts as long as a ticket's.
pub(super) fn long_texts(_: &mut SchemaGenerator) -> Schema {
    texts(128, 32768)
}

/// Atomic: of a map that is merged key by key, a server-side apply of `{}` leaves null, which the API server refuses. So
/// nobody could empty it.
fn texts(entries: usize, length: usize) -> Schema {
    json_schema!({
        "type": "object",
        "x-kubernetes-map-type": "atomic",
        "maxProperties": entries,
        "additionalProperties": {"type": "string", "maxLength": length},
        "x-kubernetes-validations": [{
            "rule": "self.all(key, key.size() > 0 && key.size() <= 256)",
            "message": "keys must have 1 to 256 characters",
        }],
    })
}

/// Digests by path.
pub(super) fn digests(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": MOST_DIGESTS,
        "additionalProperties": {"type": "string", "maxLength": 128},
    })
}
