//! Reading lists.

use serde_json::json;

use super::*;

fn read_text(text: &str) -> Result<Vec<Listed>, String> {
    let mut reader = Reader::new(&|_| None);
    for piece in text.as_bytes().chunks(7) {
        reader.take(piece);
    }
    reader.end(&Heading::default())
}

fn read(list: &Value) -> Result<Vec<Listed>, String> {
    read_text(&list.to_string())
}

#[test]
fn a_list_is_whole_or_an_error() {
    assert_eq!(read(&json!([{"id": "1", "name": "a"}, {}])).unwrap().len(), 2);
    assert_eq!(read(&json!([])).unwrap(), []);
    assert_eq!(read(&json!({"id": "1", "name": "a"})).unwrap()[0].id.as_deref(), Some("1"));
    assert_eq!(read(&json!([{}, 5])).unwrap_err(), "entry 1 of the list is no JSON object");
    for odd in [json!(null), json!({}), json!({"messages": []}), json!("x"), json!({"name": 1})] {
        assert!(read(&odd).unwrap_err().contains("where a list was expected"), "{odd}");
    }
}

#[test]
fn what_is_as_it_was_is_kept_once() {
    let before = read(&json!([{"id": "1", "name": "a"}, {"id": "2", "name": "b"}])).unwrap();
    let known = |id: &str| before.iter().find(|entry| entry.id.as_deref() == Some(id)).cloned();
    let mut reader = Reader::new(&known);
    reader.take(json!([{"id": "1", "name": "a"}, {"id": "2", "name": "c"}]).to_string().as_bytes());
    let after = reader.end(&Heading::default()).unwrap();
    let is_one = |index: usize| Arc::ptr_eq(before[index].id.as_ref().unwrap(), after[index].id.as_ref().unwrap());
    assert!(is_one(0) && !is_one(1) && after[1].name.as_deref() == Some("c"));
}

#[test]
fn what_is_not_json_to_its_end_is_an_error() {
    for (text, words) in [
        ("", "an empty body"),
        ("[{},", "entry 1 of the list is not JSON at line 1 column 0"),
        ("[{}", "not JSON: a list without its end"),
        ("[{}] []", "not JSON: something behind the end"),
        ("[{} {}]", "entry 0 of the list is not JSON"),
        ("[{\"name\":hunter2}]", "entry 0 of the list is not JSON"),
        (&"[".repeat(1_000), "entry 0 of the list is JSON nested too deeply"),
    ] {
        let error = read_text(text).unwrap_err();
        assert!(error.starts_with(words) && !error.contains("hunter2"), "{text}: {error}");
    }
}

#[test]
fn what_would_fill_the_memory_is_not_kept() {
    for many in ["{},", "0,", "\"\","] {
        let error = read_text(&format!("[{}{{}}]", many.repeat(MOST_VALUES))).unwrap_err();
        assert!(error.contains("more than 2000000 values"), "{error}");
    }
    let unfinished = format!("[{{\"a\":[{}", "0,".repeat(MOST_VALUES));
    assert!(read_text(&unfinished).unwrap_err().contains("more than 2000000 values"));
}

#[test]
fn what_would_hide_an_integration_is_an_error() {
    let one = |id: Value, name: Value| json!({"id": id, "name": name});
    let twice = json!([one(json!("1"), json!("a")), one(json!("2"), json!("b")), one(json!(1), json!("c"))]);
    assert!(read(&twice).unwrap_err().starts_with("entries 0 and 2"));
    let repeated = json!([one(json!("1"), json!("a")), one(json!("1"), json!("a"))]);
    assert_eq!(read(&repeated).unwrap().len(), 2, "said twice and the same");
    let unlike = json!([{"id": "1", "name": "a", "ownerRef": {"id": "o"}}, {"id": "1", "name": "a"}]);
    assert!(read(&unlike).unwrap_err().starts_with("entries 0 and 1"), "in what is not compared, too");
    for name in [json!({"a": 1}), json!(["a"]), json!(true)] {
        let error = read(&json!([one(json!("1"), name)])).unwrap_err();
        assert_eq!(error, "entry 0 of the list has a name that is no text");
    }
    assert_eq!(read(&json!([one(json!("1"), json!(null))])).unwrap()[0].name, None);
}

#[test]
fn what_is_compared_is_kept() {
    let shown = json!({
        "id": "1", "name": "a", "description": "d", "type": "t", "created": "2024-01-17T18:45:25.994Z",
        "clusterRef": {"type": "CLUSTER", "id": "c", "name": "C"}, "cluster": "c", "managedSources": ["s"],
        "provisioningConfig": {"managedResourceRefs": [{"type": "SOURCE", "id": "s", "name": "S"}]},
        "attributes": {"url": "u", "deep": {"n": 1.5}}, "beforeProvisioningRule": {"type": "RULE", "id": "r"},
        "statusMap": {"a": "b"}, "request": {"c": "d"}, "ownerRef": {"id": "o"},
    });
    let whole = Integration::read(shown).unwrap();
    let kept = Listed::from(&whole).open().unwrap();
    let compared = Integration { provisioning_config: None, extra: serde_json::Map::new(), ..whole };
    assert!(*kept == compared);
}

#[test]
fn attributes_that_came_as_a_text_within_json_are_kept_at_any_depth() {
    let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(120), "]".repeat(120));
    let list = read(&json!([{"id": "1", "name": "a", "attributes": deep}])).unwrap();
    assert!(list[0].open().unwrap().attributes.as_ref().unwrap().contains_key("a"));
}
