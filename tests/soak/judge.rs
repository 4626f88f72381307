//! The invariants, object by object: what each desk has in the end, and what it may say.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::closing::Rest;
use crate::ledger::{Book, Claim, Desk, verdict};
use crate::objects::Objects;

/// A promise that was not kept.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The tag of the desk; empty: of none.
    pub about: String,
    pub text: String,
}

impl Finding {
    pub fn new(about: &str, text: impl Into<String>) -> Self {
        Self { about: about.to_owned(), text: text.into() }
    }
}

/// One desk as it stands at rest, among all others.
struct Standing<'a> {
    desk: &'a Desk,
    sim: &'a Value,
    rest: &'a Rest,
    book: &'a Book,
    objects: &'a [Objects],
}

/// What each desk has in the end.
pub fn desks(rest: &Rest, book: &Book, objects: &[Objects]) -> Vec<Finding> {
    let by_uid: BTreeMap<&str, &Value> =
        rest.sims.iter().map(|sim| (sim["metadata"]["uid"].as_str().unwrap(), sim)).collect();
    let mut findings = Vec::new();
    for desk in &book.desks {
        match by_uid.get(desk.uid.as_str()) {
            Some(sim) => {
                let standing = Standing { desk, sim, rest, book, objects };
                findings.extend(standing.judge().into_iter().map(|text| Finding::new(&desk.wanted.tag, text)));
            }
            None if desk.deletion.is_none() => findings.push(Finding::new(&desk.wanted.tag, "nobody deleted it")),
            None => findings.extend(left_behind(desk, book, objects)),
        }
    }
    findings.extend(held_twice(rest));
    findings
}

/// What a desk that is gone has left without being asked to.
fn left_behind(desk: &Desk, book: &Book, objects: &[Objects]) -> Vec<Finding> {
    let deletion = desk.deletion.clone().unwrap_or_default();
    let may_stay = |(mode, delete): &(Option<&str>, Option<&str>)| *mode == Some("Plan") || *delete == Some("Orphan");
    if desk.stripped || deletion.forced || deletion.policies.iter().any(may_stay) {
        return Vec::new();
    }
    let objects = &objects[desk.site];
    // Handed over, or adopted by itself: then it stays unless something else is said.
    let is_handed_over = |id: &str| book.desks.iter().any(|one| one.uid != desk.uid && objects.is_claimed(one, id));
    let is_adopted = |id: &str| desk.claims.contains(&Claim::Id(id.to_owned()));
    let left = objects.living_of(&desk.wanted.tag).filter(|id| !is_handed_over(id) && !is_adopted(id));
    left.map(|id| Finding::new(&desk.wanted.tag, format!("it is gone and has left {id} behind"))).collect()
}

fn held_twice(rest: &Rest) -> Vec<Finding> {
    let mut holders: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for sim in &rest.sims {
        let org = sim["status"]["tenant"]["org"].as_str().unwrap_or_default();
        if let Some(id) = sim["status"]["id"].as_str() {
            holders.entry((org, id)).or_default().push(sim["spec"]["attributes"]["soak"].as_str().unwrap());
        }
    }
    let twice = holders.into_iter().filter(|(_, tags)| tags.len() > 1);
    twice.map(|((_, id), tags)| Finding::new(tags[0], format!("{id} is held by {tags:?}"))).collect()
}

impl Standing<'_> {
    fn judge(&self) -> Vec<String> {
        let (reason, message) = verdict(self.sim);
        let mut wrong = match reason {
            "Reconciled" => self.content(),
            "Planned" if self.desk.only_planned => Vec::new(),
            _ if self.is_rightly(reason) => Vec::new(),
            _ => vec![format!("it has no right to say {reason}: {message}")],
        };
        wrong.extend(self.lost());
        wrong
    }

    fn id(&self) -> Option<&str> {
        self.sim["status"]["id"].as_str()
    }

    fn truth(&self, id: &str) -> Option<&Value> {
        self.rest.truths[self.desk.site].iter().find(|one| one["id"] == id)
    }

    /// What it holds is there, and is as it is wanted, secrets included.
    fn content(&self) -> Vec<String> {
        let Some(id) = self.id() else { return vec!["it is in order and holds nothing".to_owned()] };
        let Some(truth) = self.truth(id) else { return vec![format!("it is in order, and {id} is not there")] };
        let external_id = self.desk.wanted.external_id.as_deref();
        if external_id.is_some_and(|external_id| external_id != id) {
            return vec![format!("it holds {id}, not its externalId")];
        }
        let unverified = self.sim["status"]["sent"]["unverified"].as_array();
        let is_adopted = unverified.into_iter().flatten().any(|path| path == "/attributes/password");
        let password = self.book.passwords[self.desk.namespace].as_str();
        self.desk.wanted.differences(truth, (!is_adopted).then_some(password))
    }

    /// What was made for it and is there, and nobody holds.
    fn lost(&self) -> Vec<String> {
        let objects = &self.objects[self.desk.site];
        let held = |id: &&str| self.rest.sims.iter().any(|sim| sim["status"]["id"] == **id);
        let is_elsewhere = self.desk.stripped || self.desk.wanted.external_id.is_some();
        let lost = objects.living_of(&self.desk.wanted.tag).filter(|id| !held(id) && !is_elsewhere);
        lost.map(|id| format!("{id} was made for it, and nobody holds it")).collect()
    }

    /// Whether the documented reason is right for what happened.
    fn is_rightly(&self, reason: &str) -> bool {
        let Self { desk, rest, .. } = self;
        let wanted = &desk.wanted;
        let others = self.objects[desk.site].living().filter(|id| Some(*id) != self.id());
        let named = others.filter(|id| self.truth(id).is_some_and(|truth| truth["name"] == wanted.name)).count();
        let target = wanted.external_id.as_deref().or(self.id());
        match reason {
            "AlreadyExists" => named > usize::from(wanted.adopts_by_name),
            "Ambiguous" => named > 1 && wanted.adopts_by_name,
            "Conflict" => rest.sims.iter().any(|sim| self.is_rival(sim)),
            "ExternalIdGone" => target.is_some_and(|id| self.truth(id).is_none()),
            "ExternalIdMismatch" => wanted.external_id.is_some() && self.id() != wanted.external_id.as_deref(),
            // This site minds double names.
            "Refused" => desk.site == 1 && named > 0,
            _ => false,
        }
    }

    /// Whether this is another that has, or wants, what this one wants.
    fn is_rival(&self, sim: &Value) -> bool {
        let wanted = &self.desk.wanted;
        let other = self.book.desks.iter().find(|desk| sim["metadata"]["uid"] == desk.uid);
        let Some(other) = other.filter(|other| other.uid != self.desk.uid && other.site == self.desk.site) else {
            return false;
        };
        let holds = sim["status"]["id"].as_str();
        let has_name = holds.and_then(|id| self.truth(id)).is_some_and(|truth| truth["name"] == wanted.name);
        let target = wanted.external_id.as_deref().or(self.id());
        let same_target = target.is_some() && (holds == target || other.wanted.external_id.as_deref() == target);
        has_name || same_target || other.wanted.name == wanted.name
    }
}
