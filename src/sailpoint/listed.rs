//! The integrations of a list, read one by one as they arrive and kept small.
//!
//! A list is whole or an error: an entry that vanished silently, or its name, would be created again.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use serde_json::Value;

use super::answer::{self, Heading, MOST_VALUES};
use super::elements::{Elements, End, Intake};
use super::lenient;
use super::wire::Integration;
use crate::packed::Packed;

/// One integration, packed, with what is asked of all of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Listed {
    /// Its id.
    pub id: Option<Arc<str>>,
    /// Its name.
    pub name: Option<Arc<str>>,
    /// Whether it has an id that can be none.
    pub has_odd_id: bool,
    packed: Option<Packed<Integration>>,
    /// Tells apart what is not packed.
    rest: u64,
}

impl Listed {
    /// The integration; without the fields that are not compared: `provisioningConfig` and those that are not known. `None`
    /// for an entry of a list that has no id: of such a list nothing is believed.
    #[must_use]
    pub fn open(&self) -> Option<Arc<Integration>> {
        self.packed.as_ref()?.open()
    }

    /// Whether both are the same integration in the same state, as far as it is compared.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.id == other.id && self.packed == other.packed
    }

    /// Reads one entry of a list.
    fn read(text: &[u8]) -> Result<Self, String> {
        let value = answer::value(text).map_err(|why| format!("is {why}"))?;
        let entry = Integration::read(value)?;
        if entry.extra.contains_key("name") {
            return Err("has a name that is no text".to_owned());
        }
        if entry.id.is_none() {
            // To pack it takes the most time of all, and there may be a million in a list that is not meant well.
            let has_odd_id = entry.extra.contains_key("id");
            return Ok(Self { id: None, name: None, has_odd_id, packed: None, rest: 0 });
        }
        Ok(Self::from(&entry))
    }
}

impl From<&Integration> for Listed {
    fn from(integration: &Integration) -> Self {
        let mut rest = DefaultHasher::new();
        (&integration.provisioning_config, &integration.extra).hash(&mut rest);
        Self {
            id: integration.id.as_deref().map(Arc::from),
            name: integration.name.as_deref().map(Arc::from),
            has_odd_id: integration.extra.contains_key("id"),
            packed: Some(Packed::new(integration)),
            rest: rest.finish(),
        }
    }
}

/// What is known of an id.
pub type Known<'a> = &'a (dyn Fn(&str) -> Option<Listed> + Sync);

/// Reads the answer to a list: an array, or the single object that the beta document shows.
pub(super) struct Reader<'a> {
    elements: Elements,
    read: Read<'a>,
}

struct Read<'a> {
    known: Known<'a>,
    list: Vec<Listed>,
    /// How many JSON values came so far.
    values: usize,
    /// Why it is no list, if it is none. What comes after is not read.
    failure: Option<String>,
}

impl Intake for Reader<'_> {
    fn take(&mut self, bytes: &[u8]) {
        let Self { elements, read } = self;
        elements.take(bytes, |index, text| read.entry(index, text));
    }
}

impl<'a> Reader<'a> {
    /// Nothing has come yet. What is as it is `known` already is kept once.
    pub(super) fn new(known: Known<'a>) -> Self {
        let read = Read { known, list: Vec::new(), values: 0, failure: None };
        Self { elements: Elements::default(), read }
    }

    /// All came: the list.
    ///
    /// # Errors
    /// If it is none, or an entry is no object, has a name that is no text, or the id of another: the words name its index,
    /// and quote no value.
    pub(super) fn end(self, heading: &Heading) -> Result<Vec<Listed>, String> {
        let Self { elements, mut read } = self;
        let count = elements.count();
        match elements.end() {
            End::List => {}
            End::Unfinished(text) => {
                read.entry(count, &text);
                read.failure.get_or_insert_with(|| "not JSON: a list without its end".to_owned());
            }
            End::Behind => {
                read.failure.get_or_insert_with(|| "not JSON: something behind the end of the list".to_owned());
            }
            End::Other(text) => return answer::json(heading, &text).and_then(single),
        }
        match read {
            Read { values, .. } if values > MOST_VALUES => Err(format!("JSON with more than {MOST_VALUES} values")),
            Read { failure: Some(words), .. } => Err(words),
            Read { list, .. } => each_id_once(&list).map(|()| list),
        }
    }
}

impl Read<'_> {
    fn entry(&mut self, index: usize, text: &[u8]) {
        self.values = self.values.saturating_add(answer::values(text)).saturating_add(1);
        if self.values > MOST_VALUES {
            self.fail("too many values".to_owned());
        }
        if self.failure.is_some() {
            return;
        }
        match Listed::read(text) {
            Ok(entry) => {
                let known = entry.id.as_deref().and_then(self.known).filter(|known| *known == entry);
                self.list.push(known.unwrap_or(entry));
            }
            Err(why) => self.fail(format!("entry {index} of the list {why}")),
        }
    }

    fn fail(&mut self, words: String) {
        self.failure.get_or_insert(words);
        self.list = Vec::new();
    }
}

/// Reads what came in the place of a list.
fn single(value: Value) -> Result<Vec<Listed>, String> {
    match value {
        Value::Object(ref object) if object.get("name").is_some_and(Value::is_string) => {
            Integration::read(value).map(|one| vec![Listed::from(&one)]).map_err(str::to_owned)
        }
        other => Err(format!("{} where a list was expected", lenient::type_name(&other))),
    }
}

/// Of two integrations with one id only one could be kept, and the name of the other would look free.
fn each_id_once(list: &[Listed]) -> Result<(), String> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (index, entry) in list.iter().enumerate() {
        let Some(before) = entry.id.as_deref().and_then(|id| seen.insert(id, index)) else { continue };
        if list.get(before) != Some(entry) {
            return Err(format!("entries {before} and {index} of the list have one id and are not the same"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
