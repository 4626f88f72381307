//! What differs between a spec and the tenant, and why: the record of what was last sent tells a change in Git from drift.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::remote::{Agreement, agreement};
use super::{Path, Reading, Remote, Want, Wants, canonical, digest};
use crate::api::integration::{Cause, Sent};

/// One path at which the tenant shall change.
#[derive(Clone, PartialEq)]
pub struct Difference {
    /// Where.
    pub path: Path,
    /// Why.
    pub cause: Cause,
    /// What the tenant shows.
    pub from: Reading,
    /// What it shall be; `None` clears it.
    pub to: Option<Want>,
}

impl Difference {
    /// What creating brings to this path.
    #[must_use]
    pub fn created(path: &Path, want: &Want) -> Self {
        Self { path: path.clone(), cause: Cause::Spec, from: Reading::Absent, to: Some(want.clone()) }
    }
}

impl std::fmt::Debug for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({:?}{})", self.path, self.cause, if self.to.is_none() { ", cleared" } else { "" })
    }
}

/// The result of comparing a spec with the tenant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// Where the tenant shall change.
    pub differences: Vec<Difference>,
    /// What the spec no longer names and leaves as it is.
    pub released: Vec<Path>,
    /// The record as it shall be: what is in order, and what is not yet repaired as it was.
    pub record: Sent,
}

/// Compares what the spec wants with what the tenant shows and what was last sent.
///
/// No record (`sent` is `None`) means adopted or restored: what cannot be read back is then taken to be in order.
/// `again` asks to send once more all that differs or cannot be read back.
#[must_use]
pub fn compare(wants: &Wants, remote: &Remote, sent: Option<&Sent>, again: bool) -> Comparison {
    let mut comparison = Comparison::default();
    for (path, want) in wants {
        let judged = Judged::new(path, want, remote, sent, again);
        match judged.verdict() {
            Judgement::InOrder => judged.keep(&mut comparison.record),
            Judgement::Unverified => {
                judged.keep(&mut comparison.record);
                comparison.record.unverified.insert(path.to_string());
            }
            Judgement::Changes(cause) => {
                judged.keep_as_it_was(cause, &mut comparison.record);
                let (path, to) = (path.clone(), Some(want.clone()));
                comparison.differences.push(Difference { path, cause, from: judged.reading, to });
            }
        }
    }
    withdrawn(wants, remote, sent, &mut comparison);
    comparison
}

struct Judged<'a> {
    path: &'a Path,
    want: &'a Want,
    reading: Reading,
    agreement: Agreement,
    sent: Option<&'a Sent>,
    again: bool,
}

enum Judgement {
    InOrder,
    Unverified,
    Changes(Cause),
}

impl<'a> Judged<'a> {
    fn new(path: &'a Path, want: &'a Want, remote: &Remote, sent: Option<&'a Sent>, again: bool) -> Self {
        let reading = remote.read(path);
        let agreement = agreement(path, want, &reading);
        Self { path, want, reading, agreement, sent, again }
    }

    fn verdict(&self) -> Judgement {
        if self.agreement == Agreement::Same {
            return Judgement::InOrder;
        }
        let unreadable = self.agreement == Agreement::Unreadable;
        let Some(sent) = self.sent else {
            return match (unreadable, self.again) {
                (true, false) => Judgement::Unverified,
                (_, true) => Judgement::Changes(Cause::Requested),
                (false, false) => Judgement::Changes(Cause::Adoption),
            };
        };
        if self.again {
            return Judgement::Changes(Cause::Requested);
        }
        if self.moved(sent) {
            let from_secret = matches!(self.want, Want::Secret(_)) && self.recorded_reference_is_same(sent);
            return Judgement::Changes(if from_secret { Cause::Secret } else { Cause::Spec });
        }
        match unreadable {
            true if sent.unverified.contains(&self.path.to_string()) => Judgement::Unverified,
            true => Judgement::InOrder,
            false if self.is_normalised(sent) => Judgement::InOrder,
            false => Judgement::Changes(Cause::Drift),
        }
    }

    fn moved(&self, sent: &Sent) -> bool {
        let path = self.path.to_string();
        match self.want.as_sent_secret(self.path) {
            Some(secret) => !sent.secrets.contains(&secret),
            None => sent.paths.get(&path) != self.want.digest().as_ref(),
        }
    }

    fn recorded_reference_is_same(&self, sent: &Sent) -> bool {
        self.want.as_sent_secret(self.path).is_some_and(|now| {
            sent.secrets
                .iter()
                .any(|was| (&was.attribute, &was.name, &was.key) == (&now.attribute, &now.name, &now.key))
        })
    }

    fn is_normalised(&self, sent: &Sent) -> bool {
        sent.normalised.get(&self.path.to_string()) == Some(&reading_digest(&self.reading))
    }

    /// Records what is in order as it is wanted.
    fn keep(&self, record: &mut Sent) {
        record_want(self.path, self.want, record);
        if self.agreement == Agreement::Different {
            record.normalised.insert(self.path.to_string(), reading_digest(&self.reading));
        }
    }

    /// Keeps what was recorded, as the change is not made yet. At adoption the spec becomes the record: what differs from it
    /// later is no change in Git, and mode Report must not send it.
    fn keep_as_it_was(&self, cause: Cause, record: &mut Sent) {
        match self.sent {
            Some(sent) => copy_record(sent, &self.path.to_string(), record),
            None if cause == Cause::Adoption => record_want(self.path, self.want, record),
            None => {}
        }
    }
}

fn copy_record(sent: &Sent, path: &str, record: &mut Sent) {
    if let Some(digest) = sent.paths.get(path) {
        record.paths.insert(path.to_owned(), digest.clone());
    }
    if let Some(digest) = sent.normalised.get(path) {
        record.normalised.insert(path.to_owned(), digest.clone());
    }
    if sent.unverified.contains(path) {
        record.unverified.insert(path.to_owned());
    }
    record.secrets.extend(sent.secrets.iter().filter(|secret| secret.attribute == path).cloned());
}

/// Records that `want` is at `path` in the tenant now.
pub fn record_want(path: &Path, want: &Want, record: &mut Sent) {
    forget(path, record);
    if let Some(secret) = want.as_sent_secret(path) {
        record.secrets.push(secret);
        record.secrets.sort_by(|a, b| a.attribute.cmp(&b.attribute));
    }
    if let Some(digest) = want.digest() {
        record.paths.insert(path.to_string(), digest);
    }
}

/// Records that nothing of ours is at `path` any more.
pub fn forget(path: &Path, record: &mut Sent) {
    let text = path.to_string();
    record.unverified.remove(&text);
    record.normalised.remove(&text);
    record.paths.remove(&text);
    record.secrets.retain(|secret| secret.attribute != text);
}

/// Notes where `remote`, the answer to our own write of `sent`, reads back differently than it was sent.
pub fn note_normalised(sent: &Wants, remote: &Remote, record: &mut Sent) {
    for (path, want) in sent {
        let reading = remote.read(path);
        if agreement(path, want, &reading) == Agreement::Different && record.paths.contains_key(&path.to_string()) {
            record.normalised.insert(path.to_string(), reading_digest(&reading));
        }
    }
}

fn reading_digest(reading: &Reading) -> String {
    match reading {
        Reading::Value(value) => digest(&canonical(value)),
        Reading::Absent | Reading::Hidden => digest(&Value::Null),
    }
}

/// What was sent and is no longer named: cleared where that is what withdrawing means, else released.
fn withdrawn(wants: &Wants, remote: &Remote, sent: Option<&Sent>, comparison: &mut Comparison) {
    let Some(sent) = sent else { return };
    let recorded: BTreeSet<&String> =
        sent.paths.keys().chain(sent.secrets.iter().map(|secret| &secret.attribute)).collect();
    for path in recorded.into_iter().filter_map(|text| text.parse::<Path>().ok()) {
        if wants.iter().any(|(wanted, want)| path.contains(wanted) || want.covers(wanted, &path)) {
            continue;
        }
        let reading = remote.read(&path);
        if !path.is_cleared_when_withdrawn() {
            if reading == Reading::Hidden {
                // A PUT must know that it is there.
                copy_record(sent, &path.to_string(), &mut comparison.record);
            }
            comparison.released.push(path);
        } else if is_left_of_us(&path, &reading, sent) {
            copy_record(sent, &path.to_string(), &mut comparison.record);
            comparison.differences.push(Difference { path, cause: Cause::Spec, from: reading, to: None });
        }
    }
}

/// Whether there is something to clear: a secret may be there unseen, and an empty object that others filled is theirs.
fn is_left_of_us(path: &Path, reading: &Reading, sent: &Sent) -> bool {
    let text = path.to_string();
    let was_secret = sent.secrets.iter().any(|secret| secret.attribute == text);
    let was_empty = sent.paths.get(&text) == Some(&digest(&json!({})));
    match reading {
        Reading::Value(Value::Object(map)) if was_empty => map.is_empty(),
        Reading::Value(_) => true,
        Reading::Absent | Reading::Hidden => was_secret,
    }
}

#[cfg(test)]
mod tests;
