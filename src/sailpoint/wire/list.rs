//! Reading a whole list: an entry that vanished silently would be created again.

use std::collections::HashMap;

use serde_json::Value;

use super::super::lenient;
use super::Integration;

impl Integration {
    /// Reads the answer to a list: an array, or the single object that the beta document shows.
    ///
    /// # Errors
    /// If it is neither, or an entry is no object, has a name that is no text, or the id of another: the words name its
    /// index. No entry may vanish silently, nor its name, as an absent integration is created again.
    pub(in crate::sailpoint) fn read_list(value: Value) -> Result<Vec<Self>, String> {
        match value {
            Value::Array(entries) => {
                let read =
                    |(index, entry)| Self::read_entry(entry).map_err(|why| format!("entry {index} of the list {why}"));
                let list = entries.into_iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
                each_id_once(&list)?;
                Ok(list)
            }
            Value::Object(ref object) if object.get("name").is_some_and(Value::is_string) => {
                Self::read(value).map(|one| vec![one]).map_err(str::to_owned)
            }
            other => Err(format!("{} where a list was expected", lenient::type_name(&other))),
        }
    }

    fn read_entry(value: Value) -> Result<Self, &'static str> {
        let entry = Self::read(value)?;
        if entry.extra.contains_key("name") { Err("has a name that is no text") } else { Ok(entry) }
    }
}

/// Of two integrations with one id only one could be kept, and the name of the other would look free.
fn each_id_once(list: &[Integration]) -> Result<(), String> {
    let mut seen = HashMap::new();
    for (index, entry) in list.iter().enumerate() {
        let Some(id) = &entry.id else { continue };
        match seen.insert(id, index) {
            Some(before) if list.get(before) != Some(entry) => {
                return Err(format!("entries {before} and {index} of the list have one id and are not the same"));
            }
            _ => {}
        }
    }
    Ok(())
}
