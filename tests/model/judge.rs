//! What an operator decides when it looks at the resource: as with beliefs, each different look is judged once. How is in
//! `looking`.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use sim_operator::api::Reason;
use sim_operator::config::Config;
use sim_operator::controller::Holders;
use sim_operator::sailpoint::{ApiVersion, Budget, Client, ClientConfig, Unobserved};

use crate::looking::Looking;
use crate::mind::{Mind, Minds};
use crate::process::{Answer, Listed, Question, Seen};
use crate::real::{CLUSTER, ORG, TICK, manifest, neighbour};
use crate::rules::{Rule, Setup};
use crate::world::{Id, LAG, Resource, SETTLE};

/// All that a look depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sight {
    pub resource: Resource,
    /// What the watch shows of it.
    pub view: Option<Resource>,
    pub mind: Mind,
    pub listed: Option<Listed>,
    pub asked: Vec<(Question, Answer)>,
    pub seen: Option<Seen>,
}

/// What is decided, and what is remembered of the look.
#[derive(Clone, Debug)]
pub struct Judged {
    pub decision: Decision,
    pub mind: Mind,
    pub asked: Vec<(Question, Answer)>,
    pub seen: Option<Seen>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A LIST is asked for.
    Park,
    /// And nobody waits for it.
    List,
    /// It heals itself.
    Wait,
    /// A person must see to it.
    Stall(Reason),
    InOrder,
    Create {
        since: Id,
        replaces: Option<Id>,
    },
    Bind {
        id: Id,
        created: bool,
    },
    Update(Id),
    Delete(Id),
    /// The finalizer goes without a call; what was made stays, where that is meant.
    LetGo {
        keeps: bool,
    },
}

/// Judges what operators see.
pub struct Judge {
    pub setup: Setup,
    pub client: Client,
    pub config: Config,
    known: RefCell<HashMap<Sight, Judged>>,
    held: RefCell<HashMap<Option<Resource>, BTreeSet<Arc<str>>>>,
    looks: Cell<usize>,
}

impl Judge {
    pub fn new(setup: Setup) -> Self {
        let client = ClientConfig::new("https://acme.api.identitynow.com".parse().unwrap(), ApiVersion::V2024);
        let client = Client::new(&client, None, Budget::warmed_up(1), Arc::new(Unobserved)).unwrap();
        let settle = if setup.keeps(Rule::Settle) { u32::from(SETTLE) * TICK } else { Duration::ZERO };
        let default_tenant = Some(("iam".to_owned(), "acme".to_owned()));
        let list_lag = if setup.keeps(Rule::ListLag) { u32::from(LAG) * TICK } else { Duration::ZERO };
        let config = Config { default_tenant, settle, list_lag, ..Config::default() };
        Self { setup, client, config, known: RefCell::default(), held: RefCell::default(), looks: Cell::default() }
    }

    /// How many different looks were judged.
    pub fn looks(&self) -> usize {
        self.looks.get()
    }

    /// The ids that are held, as the watch shows it.
    pub fn held(&self, view: Option<Resource>) -> BTreeSet<Arc<str>> {
        self.held.borrow_mut().entry(view).or_insert_with_key(|view| self.holders(view.as_ref()).ids(ORG)).clone()
    }

    /// Who holds what, as the watch shows it.
    pub fn holders(&self, view: Option<&Resource>) -> Holders {
        let holders = Holders::default();
        holders.observe(&neighbour(&self.setup), CLUSTER, &self.config);
        if let Some(view) = view {
            holders.observe(&manifest(view, &self.setup), CLUSTER, &self.config);
        }
        holders
    }

    pub fn judge(&self, sight: Sight, minds: &Minds) -> Judged {
        if let Some(judged) = self.known.borrow().get(&sight) {
            return judged.clone();
        }
        self.looks.set(self.looks.get() + 1);
        let judged = Looking::new(self, &sight, minds).judge(minds);
        self.known.borrow_mut().insert(sight, judged.clone());
        judged
    }
}
