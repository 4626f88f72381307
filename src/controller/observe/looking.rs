//! The rules by which the snapshot is believed: who holds what, what is free, gone or unresolved.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Link, Observed, Question};
use crate::api::Reason;
use crate::api::annotations::CreateIntent;
use crate::config::Config;
use crate::controller::holders::{Holder, Holders};
use crate::controller::memory::Memory;
use crate::model::{Remote, looks_like};
use crate::tenants::{Connection, Fleet, OrgView};

/// A look for one resource.
pub(super) struct Looking<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) at: &'a Connection,
    pub(super) fleet: &'a Fleet,
    pub(super) holders: &'a Holders,
    pub(super) config: &'a Config,
}

impl Looking<'_> {
    /// Which rule answers the question.
    pub(super) fn dispatch(&self, memory: &mut Memory) -> Observed {
        let Question { recorded, external_id, .. } = self.question;
        match (&recorded.intent, &recorded.id, external_id) {
            (Some(intent), _, external) => self.resolved_before(intent, *external, memory),
            (None, Some(id), Some(other)) if recorded.in_status && id != other => self.instead(id, other, memory),
            (None, Some(id), _) => self.held(id, memory),
            (None, None, Some(id)) => self.external(id, memory),
            (None, None, None) => self.by_name(memory),
        }
    }

    /// The open create first, as its result would be nobody's; where it has none that is surely its, the person's word counts.
    fn resolved_before(&self, intent: &CreateIntent, external: Option<&str>, memory: &mut Memory) -> Observed {
        match (self.unresolved(intent, memory), external) {
            (Observed::AmbiguousCreate(_) | Observed::NeverCreated | Observed::Held(_), Some(id)) => {
                self.external(id, memory)
            }
            (observed, _) => observed,
        }
    }

    /// Nothing is swapped; but in the place of what is gone beyond doubt a person may name another.
    fn instead(&self, held: &str, external: &str, memory: &mut Memory) -> Observed {
        if self.remote(held).is_some() {
            return Observed::Mismatch { held: held.to_owned() };
        }
        let view = match self.sighted("anew", memory) {
            Ok(view) => view,
            Err(observed) => return *observed,
        };
        match self.absent(held, view, memory) {
            Ok(_) => self.external(external, memory),
            Err(observed) => *observed,
        }
    }

    /// A LIST that started after the question was first asked.
    fn fresh(&self, what: &str, memory: &mut Memory) -> Result<OrgView, Box<Observed>> {
        super::fresh(what, memory, &self.at.org, self.question.now)
    }

    /// A fresh LIST where one is needed, else the last one: what was judged before is judged again without a call.
    fn sighted(&self, what: &str, memory: &mut Memory) -> Result<OrgView, Box<Observed>> {
        if self.question.anew { self.fresh(what, memory) } else { self.view(None) }
    }

    fn view(&self, since: Option<Instant>) -> Result<OrgView, Box<Observed>> {
        super::listed(&self.at.org, since)
    }

    fn whole(view: OrgView) -> Result<OrgView, Box<Observed>> {
        if view.whole {
            return Ok(view);
        }
        let message = "the tenant's list does not show integrations that are there, so that nothing in it is believed; \
                       see the conditions of the SailPointTenant";
        Err(Box::new(Observed::Unknown { reason: Reason::ListIncomplete, message: message.to_owned(), until: None }))
    }

    fn remote(&self, id: &str) -> Option<Remote> {
        Remote::new(self.at.org.get(id)?)
    }

    fn other_holder(&self, id: &str) -> Option<Holder> {
        self.holders.other_holder_of_id(&self.at.org.name, id, self.question.uid)
    }

    fn held(&self, id: &str, memory: &mut Memory) -> Observed {
        if let Some(holder) = self.other_holder(id) {
            return Observed::Held(holder);
        }
        let view = match self.sighted("anew", memory) {
            Ok(view) => view,
            Err(observed) => return *observed,
        };
        let link = if self.question.recorded.in_status { Link::Held } else { Link::Restored };
        match self.remote(id).filter(|_| !self.at.org.has_vanished(id)) {
            Some(remote) => match self.renamed_onto(&remote) {
                Some(holder) => Observed::Held(holder),
                None => self.unless_unsettled(id, Observed::Present(remote, link)),
            },
            None => self.absent(id, view, memory).unwrap_or_else(|observed| *observed),
        }
    }

    /// Who holds or creates what has the wanted name, where the integration has another name yet.
    fn renamed_onto(&self, remote: &Remote) -> Option<Holder> {
        let Question { name, uid, .. } = self.question;
        if remote.name() == Some(name) {
            return None;
        }
        let creator = self.holders.other_creator(&self.at.org.name, name, uid);
        creator.or_else(|| self.free_and_held(name).1)
    }

    /// An unanswered write may still land: what is there is not known before a LIST from after that time shows it.
    fn unless_unsettled(&self, id: &str, observed: Observed) -> Observed {
        let settle = self.config.settle;
        let Some(since) = self.at.org.read(|snapshot| snapshot.unanswered_since(id)) else { return observed };
        let settled = since + settle;
        if settled <= self.question.now {
            return self.view(Some(settled)).map_or_else(|asked| *asked, |_| observed);
        }
        let message = format!(
            "a write was sent and its answer never came; nothing more is written until {settle:.0?} have passed"
        );
        Observed::Unknown { reason: Reason::WriteUnsettled, message, until: Some(settled) }
    }

    /// Gone is a 404 of SailPoint's own, absent from a whole LIST, and `settle` past our last write.
    fn absent(&self, id: &str, view: OrgView, memory: &mut Memory) -> Result<Observed, Box<Observed>> {
        let Self { question, config, .. } = self;
        if let Some(vanished) = view.mass_disappearance {
            let message = format!(
                "{vanished} integrations vanished at once; nothing is created again until annotation \
                 simops.dev/correct-requested-at on the SailPointTenant says that this is right"
            );
            return Err(Box::new(Observed::Unknown { reason: Reason::MassDisappearance, message, until: None }));
        }
        Self::whole(view)?;
        let in_process = self.at.org.read(|snapshot| snapshot.last_write(id)).map(|write| write + config.settle);
        let settled = in_process.max(question.recorded.settled(config.settle, question.now));
        let until = settled.filter(|settled| *settled > question.now);
        // What was said too early is asked again, once it can be believed.
        let not_before = if until.is_none() { settled } else { None };
        let is_gone = || self.at.org.read(|snapshot| snapshot.is_gone(id, not_before));
        if !is_gone() {
            self.at.org.update(|snapshot| snapshot.doubt_gone(id));
            Self::whole(self.fresh(&format!("gone {id}"), memory)?)?;
        }
        match until {
            None if is_gone() => Ok(self.in_its_place()),
            until => Err(Box::new(Observed::Unknown {
                reason: Reason::ConfirmingAbsence,
                message: format!("{id} is not in the tenant's list; making sure that it is gone"),
                until,
            })),
        }
    }

    /// What is gone may be created again only if its name is free.
    fn in_its_place(&self) -> Observed {
        let Question { name, uid, .. } = self.question;
        let creator = self.holders.other_creator(&self.at.org.name, name, uid);
        match (self.free_and_held(name), creator) {
            (_, Some(holder)) | ((_, Some(holder)), None) => Observed::Held(holder),
            ((found, None), None) if found.is_empty() => Observed::Gone,
            ((found, None), None) => Observed::Supplanted(found),
        }
    }

    fn external(&self, id: &str, memory: &mut Memory) -> Observed {
        if let Some(holder) = self.other_holder(id) {
            return Observed::Held(holder);
        }
        let view = match self.sighted(&format!("external {id}"), memory) {
            Ok(view) => view,
            Err(observed) => return *observed,
        };
        match self.remote(id) {
            Some(remote) => Observed::Present(remote, Link::External),
            None => Self::whole(view).map_or_else(|observed| *observed, |_| Observed::Gone),
        }
    }

    /// Integrations of this name that no other resource holds, and one that holds another.
    fn free_and_held(&self, name: &str) -> (Vec<Remote>, Option<Holder>) {
        let found: Vec<Arc<_>> = self.at.org.read(|snapshot| snapshot.named(name).collect());
        let mut free = Vec::new();
        let mut held = None;
        for remote in found.into_iter().filter_map(Remote::new) {
            match self.other_holder(&remote.id) {
                Some(holder) => held = Some(holder),
                None => free.push(remote),
            }
        }
        (free, held)
    }

    fn by_name(&self, memory: &mut Memory) -> Observed {
        let name = self.question.name;
        if let Some(holder) = self.holders.other_creator(&self.at.org.name, name, self.question.uid) {
            return Observed::Held(holder);
        }
        let view = match self.sighted(&format!("name {name}"), memory) {
            Ok(view) => view,
            Err(observed) => return *observed,
        };
        // Only a whole LIST may lead to a create, or to taking something by its name.
        match (Self::whole(view), self.free_and_held(name)) {
            (_, (_, Some(holder))) => Observed::Held(holder),
            (Err(observed), _) => *observed,
            (Ok(_), (found, None)) if !found.is_empty() => Observed::Named(found),
            (Ok(_), _) => self.older_claimant().map_or(Observed::Free, Observed::Held),
        }
    }

    /// Between two that hold nothing, the older may take.
    fn older_claimant(&self) -> Option<Holder> {
        let wanting = self.holders.wanting(self.question.name);
        let older = wanting.into_iter().take_while(|holder| *holder.age.1 != *self.question.uid);
        let now = jiff::Timestamp::now();
        let is_rival = |holder: &Holder| {
            let tenant = holder.tenant.as_ref().and_then(|tenant| self.fleet.connection(tenant));
            holder.reserves(now)
                && !holder.holds_something()
                && !holder.tenant.as_ref().is_some_and(|tenant| self.fleet.only_looks(tenant))
                && tenant.is_some_and(|tenant| tenant.org.name == self.at.org.name)
        };
        older.into_iter().find(is_rival)
    }

    /// Looks for the result of an open create. What is found counts once no LIST shows any more what was deleted before the
    /// create: a resource that was deleted and made again may have left its like. Nothing is believed absent before `settle`
    /// has passed on this process's own clock since it first saw the intent, and two LISTs have been whole since.
    fn unresolved(&self, intent: &CreateIntent, memory: &mut Memory) -> Observed {
        let settle = self.config.settle;
        let view = match self.fresh(&format!("intent {}", intent.nonce), memory) {
            Ok(view) => view,
            Err(observed) => return *observed,
        };
        let seen = memory.intent(&intent.nonce, view.whole_so_far, self.question.now);
        let (found, holder) = self.free_and_held(&intent.name);
        let told = seen.since + self.config.list_lag;
        if !found.is_empty() && told > self.question.now {
            let message = format!("{} is in the tenant's list, which may still show what was deleted", intent.name);
            return Observed::Unknown { reason: Reason::CreateUnresolved, message, until: Some(told) };
        }
        match found.as_slice() {
            [] => {}
            _ if view.started < told => {
                return self.view(Some(told)).map_or_else(|asked| *asked, |_| self.unresolved(intent, memory));
            }
            [one] if looks_like(one, intent) => {
                return Observed::Present(one.clone(), Link::Created(Box::new(intent.clone())));
            }
            several => return Observed::AmbiguousCreate(several.iter().map(|one| one.id.clone()).collect()),
        }
        let settled = seen.since + settle;
        if view.whole
            && self.question.now >= settled
            && view.started >= settled
            && view.whole_so_far >= seen.whole_lists + 2
        {
            return holder.map_or(Observed::NeverCreated, Observed::Held);
        }
        Observed::Unknown {
            reason: Reason::CreateUnresolved,
            message: format!(
                "a create was sent and its answer never came; looking for {} in the tenant, and sending again only after {settle:.0?}",
                intent.name
            ),
            until: Some(settled),
        }
    }
}
