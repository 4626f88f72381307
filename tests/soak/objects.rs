//! The remote objects of one site over time, as its history has them: who made each, who may touch it, and who did.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use crate::judge::Finding;
use crate::ledger::{Book, Claim, Desk};
use crate::support::simulator::Change;
use crate::wanted::TAG;

/// One object.
struct Object {
    /// The tag of the desk that it was created for; `None`: somebody made it in the UI.
    creator: Option<String>,
    names: BTreeSet<String>,
    /// What the UI left there last, if the API has not touched it since.
    untouched: Option<Value>,
    is_living: bool,
}

/// Two objects of one desk at once.
#[derive(Clone, Debug)]
pub struct Twin {
    pub tag: String,
    pub since: Timestamp,
    pub is_removed: bool,
}

/// All objects of one site.
#[derive(Default)]
pub struct Objects {
    objects: BTreeMap<String, Object>,
    pub twins: Vec<Twin>,
    pub created: usize,
    pub strangers: usize,
    pub adopted: usize,
    pub touched: usize,
}

/// Whether this desk, being deleted, may delete what it has: what was created for it where nothing else is said, the rest
/// only if it says so.
fn may_delete(desk: &Desk, is_creator: bool) -> bool {
    let allows = |(mode, delete): &(Option<&str>, Option<&str>)| match delete {
        _ if *mode == Some("Plan") => false,
        Some(delete) => *delete == "Delete",
        None => is_creator,
    };
    desk.deletion.as_ref().is_some_and(|deletion| !deletion.forced_before && deletion.policies.iter().any(allows))
}

impl Objects {
    /// Goes through the history, and says what nobody had a right to.
    pub fn follow(site: usize, changes: &[Change], book: &Book) -> (Self, Vec<Finding>) {
        let mut all = Self::default();
        let mut findings = Vec::new();
        for change in changes {
            let id = change.integration["id"].as_str().unwrap();
            if change.what == "created" {
                findings.extend(all.create(site, id, change, book));
            }
            let name = change.integration["name"].as_str().unwrap().to_owned();
            all.objects.get_mut(id).unwrap().names.insert(name);
        }
        for change in changes {
            findings.extend(all.judge(site, change, book));
        }
        all.count(book, site);
        (all, findings)
    }

    fn create(&mut self, site: usize, id: &str, change: &Change, book: &Book) -> Option<Finding> {
        let tag = change.integration["attributes"][TAG].as_str().filter(|_| change.by == "api");
        let object =
            Object { creator: tag.map(str::to_owned), names: BTreeSet::new(), untouched: None, is_living: false };
        self.objects.insert(id.to_owned(), object);
        let is_known = book.desks.iter().any(|desk| Some(desk.wanted.tag.as_str()) == tag && desk.site == site);
        (change.by == "api" && !is_known).then(|| Finding::new("", format!("nobody asked for {id}: {change:?}")))
    }

    fn judge(&mut self, site: usize, change: &Change, book: &Book) -> Option<Finding> {
        let id = change.integration["id"].as_str().unwrap();
        let finding = (change.by == "api").then(|| self.of_api(site, id, change, book)).flatten();
        let object = self.objects.get_mut(id).unwrap();
        object.is_living = change.what != "deleted";
        object.untouched = (change.by == "ui" && change.what != "deleted").then(|| change.integration.clone());
        finding
    }

    fn of_api(&mut self, site: usize, id: &str, change: &Change, book: &Book) -> Option<Finding> {
        let object = &self.objects[id];
        let creator = object.creator.clone();
        let mut owners = book.desks.iter().filter(|desk| desk.site == site && self.is_of(desk, id));
        match change.what.as_str() {
            "created" => {
                let tag = creator.unwrap_or_default();
                let is_twin = self.living_of(&tag).next().is_some();
                self.created += 1;
                if is_twin {
                    self.twins.push(Twin { tag, since: change.time, is_removed: false });
                }
                None
            }
            "changed" => {
                let tag = change.integration["attributes"][TAG].as_str();
                let is_right = tag.is_some_and(|tag| owners.clone().any(|desk| desk.wanted.tag == tag));
                // In mode Report what was adopted may be changed without its attributes.
                let is_right = is_right || (creator.is_none() && owners.next().is_some());
                self.touched += usize::from(!is_right);
                let about = creator.as_deref().unwrap_or_default();
                (!is_right).then(|| Finding::new(about, format!("{id} was changed by another: {change:?}")))
            }
            _ => {
                let is_creator = |desk: &Desk| creator.as_ref() == Some(&desk.wanted.tag);
                let is_right = owners.any(|desk| may_delete(desk, is_creator(desk)));
                if let Some(twin) = creator.as_ref().and_then(|tag| self.twin_of(tag)) {
                    twin.is_removed = true;
                    return None;
                }
                self.touched += usize::from(!is_right && creator.is_none());
                let about = creator.as_deref().unwrap_or_default();
                (!is_right)
                    .then(|| Finding::new(about, format!("{id} was deleted, and nobody asked for it: {change:?}")))
            }
        }
    }

    fn twin_of(&mut self, tag: &str) -> Option<&mut Twin> {
        let is_twin = self.living_of(tag).count() > 1;
        self.twins.iter_mut().find(|twin| is_twin && twin.tag == tag && !twin.is_removed)
    }

    fn is_of(&self, desk: &Desk, id: &str) -> bool {
        self.objects[id].creator.as_ref() == Some(&desk.wanted.tag) || self.is_claimed(desk, id)
    }

    /// Whether this desk ever asked to take what has this id.
    pub fn is_claimed(&self, desk: &Desk, id: &str) -> bool {
        let names = &self.objects[id].names;
        desk.claims.iter().any(|claim| match claim {
            Claim::Id(claimed) => claimed == id,
            Claim::Name(claimed) => names.contains(claimed),
        })
    }

    /// What is there.
    pub fn living(&self) -> impl Iterator<Item = &str> {
        self.objects.iter().filter(|(_, object)| object.is_living).map(|(id, _)| id.as_str())
    }

    /// What is there and was created for the desk of this tag.
    pub fn living_of(&self, tag: &str) -> impl Iterator<Item = &str> {
        let is_its = move |object: &Object| object.is_living && object.creator.as_deref() == Some(tag);
        self.objects.iter().filter(move |(_, object)| is_its(object)).map(|(id, _)| id.as_str())
    }

    /// What strangers made and nobody may touch is as they left it, byte for byte.
    pub fn untouched(&self, site: usize, truths: &[Value], book: &Book) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (id, object) in self.objects.iter().filter(|(_, object)| object.creator.is_none() && object.is_living) {
            let is_claimed = book.desks.iter().any(|desk| desk.site == site && self.is_claimed(desk, id));
            let truth = truths.iter().find(|truth| truth["id"] == **id);
            if !is_claimed && truth != object.untouched.as_ref() {
                findings.push(Finding::new("", format!("{id} is not as somebody left it: {truth:#?}")));
            }
        }
        findings
    }

    fn count(&mut self, book: &Book, site: usize) {
        let strangers: Vec<&String> =
            self.objects.iter().filter(|(_, object)| object.creator.is_none()).map(|(id, _)| id).collect();
        let claimed = |id: &str| book.desks.iter().any(|desk| desk.site == site && self.is_claimed(desk, id));
        let adopted = strangers.iter().filter(|id| claimed(id)).count();
        (self.strangers, self.adopted) = (strangers.len(), adopted);
    }
}
