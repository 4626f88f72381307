//! A look at the resource by the operator's own code: the real `Recorded`, `Holders`, `observe`, `plan` and `farewell`.
//!
//! Only what is around them is played: the connection is one that nothing is ever sent over, and what the process remembers
//! is put into its real `Memory` and read back.

use std::sync::Arc;
use std::time::Duration;

use sim_operator::api::integration::Origin;
use sim_operator::api::{Adopt, Mode, Reason};
use sim_operator::controller::observe::{Around, Link, Observed, Question as Look, observe};
use sim_operator::controller::plan::{Desired, Farewell, Plan, Surroundings, farewell, plan};
use sim_operator::controller::recorded::Recorded;
use sim_operator::controller::{Holders, Memory};
use sim_operator::model::Names;
use sim_operator::sailpoint::snapshot::Snapshot;
use sim_operator::tenants::{Connection, Fleet, Org, TenantKey};
use tokio::time::Instant;

use crate::judge::{Decision, Judge, Judged, Sight};
use crate::mind::Minds;
use crate::process::{Answer, Listed, Question, Seen};
use crate::real::{CLUSTER, NOW, ORG, TICK, ago, id, last_made, manifest, name, wants};
use crate::rules::Rule;
use crate::world::{Age, LAG, Version};

/// One look.
pub struct Looking<'a> {
    judge: &'a Judge,
    sight: &'a Sight,
    recorded: Recorded,
    holders: Holders,
    fleet: Fleet,
    connection: Arc<Connection>,
    memory: Memory,
}

impl<'a> Looking<'a> {
    pub fn new(judge: &'a Judge, sight: &'a Sight, minds: &Minds) -> Self {
        let (org, fleet) = (Arc::new(org(sight, minds)), Fleet::default());
        let key = TenantKey { namespace: "iam".to_owned(), name: "acme".to_owned() };
        let connection = Arc::new(Connection::new(key, judge.client.clone(), org, TICK, 1));
        fleet.connected(Arc::clone(&connection));
        let recorded = Recorded::of(&manifest(&sight.resource, &judge.setup), CLUSTER);
        let mut looking = Self {
            judge,
            sight,
            recorded,
            holders: judge.holders(sight.view.as_ref()),
            fleet,
            connection,
            memory: Memory::default(),
        };
        looking.remember();
        looking
    }

    /// Puts into the memory what the process remembers.
    fn remember(&mut self) {
        let started = self.sight.listed.map_or(*NOW, |listed| began(listed.age));
        for (question, answer) in &self.sight.asked {
            let asked = if *answer == Answer::Read { started } else { started + Duration::from_secs(1) };
            self.memory.asked(&words(*question), asked);
        }
        if let Some(seen) = self.sight.seen {
            self.memory.intent(&seen.nonce.to_string(), 1, began(seen.age));
        }
    }

    /// What the process remembers now: a question that was not asked before is taken for one that is asked at this time.
    fn remembered(&mut self) -> Vec<(Question, Answer)> {
        let resource = self.sight.resource;
        let gone = resource.id.or(resource.remote_id).map(Question::Gone);
        let intent = resource.intent.map(|intent| Question::Intent(intent.nonce));
        let mut asked = self.sight.asked.clone();
        // No nonce comes twice: what was asked of another is not asked again.
        asked.retain(|(question, _)| !matches!(question, Question::Intent(_)) || Some(*question) == intent);
        for question in [Some(Question::Anew), gone, Some(Question::Named(resource.name)), intent].into_iter().flatten()
        {
            let later = *NOW + TICK;
            if asked.iter().all(|(known, _)| *known != question) && self.memory.asked(&words(question), later) != later
            {
                asked.push((question, Answer::Wanted));
            }
        }
        asked.sort_unstable();
        asked
    }

    fn seen(&mut self) -> Option<Seen> {
        let nonce = self.recorded.intent.as_ref()?.nonce.clone();
        let never = self.memory.intent(&nonce, u64::MAX, *NOW);
        let known: Version = nonce.parse().unwrap();
        if never.whole_lists == u64::MAX {
            return None;
        }
        match self.sight.seen {
            Some(seen) if seen.nonce == known => Some(seen),
            _ => Some(Seen { nonce: known, age: 0, whole: 0 }),
        }
    }

    pub fn judge(mut self, minds: &Minds) -> Judged {
        let decision = if self.sight.resource.deleting { self.leave() } else { self.keep() };
        // Where a LIST is waited for, the question stays; else the next is a new one.
        let asked = if decision == Decision::Park { self.remembered() } else { Vec::new() };
        let is_awaited = asked.iter().any(|(_, answer)| *answer != Answer::Read);
        // It waits for a LIST from after a time, not after a question.
        let decision = if decision == Decision::Park && !is_awaited { Decision::List } else { decision };
        let mind = minds.number(self.connection.org.read(Snapshot::clone));
        Judged { decision, mind, asked, seen: self.seen() }
    }

    fn look(&mut self, anew: bool) -> Observed {
        let Self { recorded, holders, fleet, connection, memory, judge, sight } = self;
        let uid = format!("uid-{}", sight.resource.uid);
        let name = name(sight.resource.name);
        let look = Look { uid: &uid, name, external_id: None, recorded, anew, now: *NOW };
        let around = Around { fleet, holders, config: &judge.config };
        observe(&look, memory, connection, &around)
    }

    /// As `controller::reconcile::keep`.
    fn keep(&mut self) -> Decision {
        let desired = Desired {
            name: name(self.sight.resource.name).to_owned(),
            external_id: None,
            mode: Mode::Enforce,
            adopt: Adopt::Never,
            wants: wants(self.sight.resource.name),
            again: false,
        };
        let names = Names::default();
        let around = Surroundings { names: &names, takes_patch: &|_, _| true, contested: &|_| false };
        let mut observed = self.look(false);
        let mut planned = plan(&desired, &self.recorded, &observed, &around);
        if !matches!(observed, Observed::Asked) && planned.takes() {
            observed = self.look(true);
            planned = plan(&desired, &self.recorded, &observed, &around);
        }
        if matches!(observed, Observed::Asked) { Decision::Park } else { self.decided(planned) }
    }

    fn decided(&self, planned: Plan) -> Decision {
        let date = self.sight.listed.map_or(0, |listed| listed.date);
        match planned {
            Plan::InOrder(_) => Decision::InOrder,
            Plan::Create { replaces, follows } => {
                let since = follows.and_then(|intent| intent.since).map_or(date, last_made);
                Decision::Create { since, replaces: replaces.as_deref().map(id) }
            }
            Plan::Bind { remote, origin, .. } => {
                Decision::Bind { id: id(&remote.id), created: origin == Some(Origin::Created) }
            }
            Plan::Update(update) => Decision::Update(id(&update.remote.id)),
            Plan::Wait(..) => Decision::Wait,
            Plan::Stall(reason, ..) => Decision::Stall(reason),
            Plan::Drifted(_) | Plan::Show(..) | Plan::LookUp(..) => unreachable!("{planned:?}"),
        }
    }

    /// As `controller::farewell`.
    fn leave(&mut self) -> Decision {
        let resource = self.sight.resource;
        if resource.orphan {
            return Decision::LetGo { keeps: true };
        }
        let resolves = self.recorded.intent.is_some() && self.judge.setup.keeps(Rule::ResolveFirst);
        let (left, origin) = if resolves {
            match self.look(false) {
                Observed::Present(remote, Link::Created(_)) => (Some(remote.id), Some(Origin::Created)),
                Observed::Asked => return Decision::Park,
                Observed::Unknown { .. } => return Decision::Wait,
                Observed::AmbiguousCreate(_) => return Decision::Stall(Reason::AmbiguousCreate),
                _ => (None, None),
            }
        } else {
            (self.recorded.id.clone(), self.recorded.origin)
        };
        match farewell(left, origin, None, Mode::Enforce) {
            Farewell::Delete(left) => self.delete(&left),
            Farewell::Nothing => Decision::LetGo { keeps: false },
            Farewell::Orphan(_) => Decision::LetGo { keeps: true },
        }
    }

    fn delete(&self, left: &str) -> Decision {
        let org = &self.connection.org;
        let settled = self.recorded.settled(self.judge.config.settle, *NOW);
        let is_gone = |settled| org.read(|snapshot| snapshot.is_gone(left, settled));
        match settled {
            _ if self.sight.listed.is_none() => Decision::List,
            settled if is_gone(settled) => Decision::LetGo { keeps: false },
            Some(settled) if is_gone(None) && settled <= *NOW => {
                org.update(|snapshot| snapshot.doubt_gone(left));
                Decision::List
            }
            Some(_) if is_gone(None) => Decision::Wait,
            _ => Decision::Delete(id(left)),
        }
    }
}

/// When a LIST of this age started, or an open create was first seen: before all that is asked now.
fn began(age: Age) -> Instant {
    ago(age) - Duration::from_secs(1)
}

/// The org as the process knows it: one LIST was whole when it first saw the open create, and so many since.
fn org(sight: &Sight, minds: &Minds) -> Org {
    let org = Org::new(ORG);
    let list = |at, missing| org.listed(Vec::new(), at, None, u32::from(LAG) * TICK, missing);
    if let Some(Listed { age, whole, .. }) = sight.listed {
        for _ in 0..=sight.seen.map_or(0, |seen| seen.whole) {
            list(began(age), Vec::new());
        }
        if !whole {
            list(began(age), vec!["missing".to_owned()]);
        }
    }
    org.update(|snapshot| snapshot.clone_from(&minds.snapshot(sight.mind)));
    org
}

/// As `controller::observe` asks.
fn words(question: Question) -> String {
    match question {
        Question::Anew => "anew".to_owned(),
        Question::Gone(id) => format!("gone {id}"),
        Question::Named(of) => format!("name {}", name(of)),
        Question::Intent(nonce) => format!("intent {nonce}"),
    }
}
