//! What must hold for every field of a schema.

use serde_json::Value;

use sim_operator::api::crds;

/// Calls `see` with the path and the schema of every property, item and value below `schema`.
fn walk(path: &str, schema: &Value, see: &mut dyn FnMut(&str, &Value)) {
    see(path, schema);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        walk(&format!("{path}.{name}"), property, see);
    }
    for (suffix, key) in [("[]", "items"), ("{}", "additionalProperties")] {
        if schema[key].is_object() {
            walk(&format!("{path}{suffix}"), &schema[key], see);
        }
    }
}

/// The fields of both definitions that `wrong` finds something wrong with.
fn fields(wrong: impl Fn(&str, &Value) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for definition in crds::all() {
        let schema = serde_json::to_value(&definition.spec.versions[0].schema).unwrap();
        let kind = definition.spec.names.kind;
        for part in ["spec", "status"] {
            let schema = &schema["openAPIV3Schema"]["properties"][part];
            assert!(schema.is_object(), "{kind} has {part}");
            walk(&format!("{kind}.{part}"), schema, &mut |path, schema| {
                if wrong(path, schema) {
                    found.push(path.to_owned());
                }
            });
        }
    }
    found
}

#[test]
fn every_string_list_and_map_has_a_bound() {
    let unbounded = fields(|_, schema| match schema["type"].as_str() {
        Some("string") => schema["maxLength"].is_null() && schema["enum"].is_null() && schema["format"] != "date-time",
        Some("array") => schema["maxItems"].is_null(),
        Some("object") => schema["properties"].is_null() && schema["maxProperties"].is_null(),
        _ => false,
    });
    assert_eq!(unbounded, [""; 0]);
}

#[test]
fn every_field_says_what_it_is() {
    // What an item of a list or a value of a map is, the list or map itself says.
    let silent = fields(|path, schema| {
        let named = !path.ends_with("[]") && !path.ends_with("{}");
        named && schema["description"].as_str().is_none_or(|text| !text.ends_with('.') || text.contains('`'))
    });
    assert_eq!(silent, [""; 0]);
}

#[test]
fn every_optional_field_of_a_spec_says_what_its_absence_means() {
    let mut silent = Vec::new();
    for definition in crds::all() {
        let schema = serde_json::to_value(&definition.spec.versions[0].schema).unwrap();
        walk("", &schema["openAPIV3Schema"]["properties"]["spec"], &mut |path, schema| {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                let says = property["description"].as_str().is_some_and(|text| text.contains("Absent: "));
                if !says && !required.contains(&Value::from(name.as_str())) && !path.contains(".selector") {
                    silent.push(format!("{path}.{name}"));
                }
            }
        });
    }
    assert_eq!(silent, [""; 0]);
}

#[test]
fn no_spec_has_a_default_that_argo_cd_would_call_a_difference() {
    assert_eq!(fields(|path, schema| path.contains(".spec") && !schema["default"].is_null()), [""; 0]);
}

#[test]
fn formats_are_those_that_the_api_server_knows() {
    let unknown = fields(|_, schema| {
        schema["format"].as_str().is_some_and(|format| !["int32", "int64", "date-time"].contains(&format))
    });
    assert_eq!(unknown, [""; 0]);
}
