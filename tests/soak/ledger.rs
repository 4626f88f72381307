//! What people did and wanted, as they know it themselves: the side of the truth that no log of a machine has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use jiff::Timestamp;
use serde_json::Value;

use crate::wanted::Wanted;

/// One resource, from its making to its end. Another of the same name is another desk.
#[derive(Clone, Debug)]
pub struct Desk {
    pub namespace: &'static str,
    pub name: String,
    /// As Kubernetes has it.
    pub uid: String,
    /// The number of its account.
    pub account: usize,
    /// The number of the site that the account leads to.
    pub site: usize,
    pub wanted: Wanted,
    /// What it ever asked to take.
    pub claims: BTreeSet<Claim>,
    /// It was never in any other mode than Plan.
    pub only_planned: bool,
    /// Somebody took our finalizer or annotations away.
    pub stripped: bool,
    pub deletion: Option<Deletion>,
    pub is_gone: bool,
}

/// What a resource asks to take, besides what it creates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    Id(String),
    Name(String),
}

/// How a resource is being deleted.
#[derive(Clone, Debug, Default)]
pub struct Deletion {
    /// Mode and policy.delete, each time that they changed.
    pub policies: Vec<(Option<&'static str>, Option<&'static str>)>,
    /// It was to be let go of without a call.
    pub forced: bool,
    /// And from the first.
    pub forced_before: bool,
}

impl Desk {
    /// Notes what is about to be applied, before it is: the operator may act on it before the person hears that it was.
    pub fn want(&mut self, wanted: Wanted) {
        if let Some(id) = &wanted.external_id {
            self.claims.insert(Claim::Id(id.clone()));
        }
        if wanted.adopts_by_name {
            self.claims.insert(Claim::Name(wanted.name.clone()));
        }
        self.only_planned &= wanted.mode == Some("Plan");
        if let Some(deletion) = &mut self.deletion {
            deletion.policies.push((wanted.mode, wanted.delete));
        }
        self.wanted = wanted;
    }

    /// Notes that it is about to be deleted.
    pub fn delete(&mut self, forced: bool) {
        let policies = vec![(self.wanted.mode, self.wanted.delete)];
        self.deletion = Some(Deletion { policies, forced, forced_before: forced });
    }
}

/// Something that happened, for the story that a failure is told by.
#[derive(Clone, Debug)]
pub struct Told {
    pub at: Timestamp,
    /// The tag of a desk; empty: it concerns all.
    pub about: String,
    pub text: String,
}

/// Somebody's integration, made in the UI.
#[derive(Clone, Debug)]
pub struct Stranger {
    pub site: usize,
    pub id: String,
}

#[derive(Default)]
pub struct Book {
    pub desks: Vec<Desk>,
    pub strangers: Vec<Stranger>,
    /// By namespace.
    pub passwords: BTreeMap<&'static str, String>,
    pub told: Vec<Told>,
    /// What people did, and what befell the operator, by kind.
    pub people: BTreeMap<&'static str, usize>,
    pub disasters: BTreeMap<&'static str, usize>,
}

/// The book, shared by all who write in it.
#[derive(Default)]
pub struct Ledger(Mutex<Book>);

impl Ledger {
    pub fn open(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap()
    }

    /// A person did something of this kind, about the desk of this tag.
    pub fn did(&self, kind: &'static str, about: &str, text: impl Into<String>) {
        let mut book = self.open();
        *book.people.entry(kind).or_default() += 1;
        book.tell(about, text.into());
    }

    /// A disaster of this kind.
    pub fn befell(&self, kind: &'static str, text: &str) {
        let mut book = self.open();
        *book.disasters.entry(kind).or_default() += 1;
        book.tell("", text.to_owned());
    }

    /// A part of the story that is not counted.
    pub fn tell(&self, about: &str, text: impl Into<String>) {
        self.open().tell(about, text.into());
    }

    /// Enters a new desk; its number.
    pub fn enter(&self, desk: Desk) -> usize {
        let mut book = self.open();
        book.desks.push(desk);
        book.desks.len() - 1
    }

    /// The desk of this number.
    pub fn desk(&self, number: usize) -> Desk {
        self.open().desks[number].clone()
    }

    /// Changes the desk of this number.
    pub fn note(&self, number: usize, change: impl FnOnce(&mut Desk)) {
        change(&mut self.open().desks[number]);
    }
}

impl Book {
    fn tell(&mut self, about: &str, text: String) {
        self.told.push(Told { at: Timestamp::now(), about: about.to_owned(), text });
    }
}

/// Reason and message of Ready, as a person reads them.
pub fn verdict(resource: &Value) -> (&str, &str) {
    let conditions = resource["status"]["conditions"].as_array();
    let ready = conditions.into_iter().flatten().find(|condition| condition["type"] == "Ready").unwrap_or(&Value::Null);
    (ready["reason"].as_str().unwrap_or_default(), ready["message"].as_str().unwrap_or_default())
}
