//! All that the tenant knows, behind one lock, and the rules that span its parts.

use crate::directory::Directory;
use crate::errors::ApiError;
use crate::faults::Faults;
use crate::fields::Rules;
use crate::history::{By, History, What};
use crate::integration::Integration;
use crate::journal::Journal;
use crate::limits::Limits;
use crate::store::Store;
use crate::tokens::Tokens;
use crate::{Client, Config, DuplicateNames, Switches};
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// The tenant, as its handlers share it. It outlives the server, so that an outage keeps the data.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Inner>);

struct Inner {
    config: Config,
    tenant: Mutex<Tenant>,
    /// Wakes the calls that are held.
    release: Arc<Notify>,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Result<Self, ApiError> {
        let tenant = Mutex::new(Tenant::new(&config)?);
        Ok(Self(Arc::new(Inner { config, tenant, release: Arc::default() })))
    }

    /// Comes to an end when what is held from now on is released.
    pub(crate) fn released(&self) -> OwnedNotified {
        Arc::clone(&self.0.release).notified_owned()
    }

    /// Lets every call go on that is held.
    pub(crate) fn release(&self) {
        self.0.release.notify_waiters();
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    /// Held for one look or one change, never across an await.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Tenant> {
        self.0.tenant.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the tenant what it was at the start: data, clients, switches, no faults, no tokens, an empty log.
    pub(crate) fn reset(&self) -> Result<(), ApiError> {
        let fresh = Tenant::new(self.config())?;
        let mut tenant = self.lock();
        let (mut journal, mut history) = (std::mem::take(&mut tenant.journal), std::mem::take(&mut tenant.history));
        journal.clear();
        history.clear();
        *tenant = Tenant { journal, history, ..fresh };
        Ok(())
    }
}

/// All that the tenant knows.
pub(crate) struct Tenant {
    pub(crate) org: String,
    pub(crate) switches: Switches,
    pub(crate) store: Store,
    pub(crate) directory: Directory,
    pub(crate) clients: Vec<Client>,
    pub(crate) tokens: Tokens,
    pub(crate) limits: Limits,
    pub(crate) journal: Journal,
    pub(crate) history: History,
    pub(crate) faults: Faults,
}

impl Tenant {
    fn new(config: &Config) -> Result<Self, ApiError> {
        let seed = config.seed.clone();
        let directory = Directory { sources: seed.sources, clusters: seed.clusters, rules: seed.rules };
        let rules = Rules { directory: &directory, switches: &config.switches };
        let now = now(&config.switches);
        let integrations = seed.integrations.into_iter().map(|details| imported(details, now, rules));
        Ok(Self {
            org: config.org.clone(),
            switches: config.switches.clone(),
            store: Store::new(integrations.collect::<Result<_, _>>()?),
            clients: config.clients.iter().cloned().chain(seed.clients).collect(),
            directory,
            tokens: Tokens::default(),
            limits: Limits::default(),
            journal: Journal::default(),
            history: History::default(),
            faults: Faults::default(),
        })
    }

    /// The tenant's own clock.
    pub(crate) fn now(&self) -> Timestamp {
        now(&self.switches)
    }

    pub(crate) fn rules(&self) -> Rules<'_> {
        Rules { directory: &self.directory, switches: &self.switches }
    }

    /// Writes what a client of the API asked for, unless the name is taken and this tenant minds \[U\].
    pub(crate) fn commit(&mut self, mut integration: Integration) -> Result<Arc<Integration>, ApiError> {
        let Integration { name, id, .. } = &integration;
        if self.store.has_name(name, id) {
            let text = format!("An integration with the name {name} already exists.");
            match self.switches.duplicate_names {
                DuplicateNames::Allowed => {}
                DuplicateNames::BadRequest => return Err(ApiError::BadRequest(text)),
                DuplicateNames::Conflict => return Err(ApiError::Conflict(text)),
            }
        }
        integration.modified = self.now();
        Ok(self.put(integration, By::Api))
    }

    /// Somebody creates one in the UI: in the request shape, with an id and a time of creation if they matter.
    pub(crate) fn import(&mut self, details: Map<String, Value>) -> Result<Arc<Integration>, ApiError> {
        let integration = imported(details, self.now(), self.rules())?;
        Ok(self.put(integration, By::Ui))
    }

    /// Keeps an integration as it is now, and notes the change.
    pub(crate) fn put(&mut self, integration: Integration, by: By) -> Arc<Integration> {
        let what = if self.store.get(&integration.id).is_some() { What::Changed } else { What::Created };
        let kept = self.store.put(integration, self.switches.list_lag());
        self.history.record(by, what, Arc::clone(&kept));
        kept
    }

    /// Somebody deletes one, with the API or in the UI.
    pub(crate) fn delete(&mut self, id: &str, by: By) -> Result<StatusCode, ApiError> {
        let deleted = self.store.delete(id, self.switches.list_lag()).ok_or(ApiError::NotFound)?;
        self.history.record(by, What::Deleted, deleted);
        Ok(StatusCode::OK)
    }

    /// Sources, clusters or rules changed: every integration reads their new names.
    pub(crate) fn rename_references(&mut self) {
        self.store.refresh(&self.directory);
    }
}

fn now(switches: &Switches) -> Timestamp {
    let skew = SignedDuration::from_secs(switches.clock_skew_seconds.into());
    Timestamp::now().saturating_add(skew).unwrap_or_default()
}

fn imported(mut details: Map<String, Value>, now: Timestamp, rules: Rules<'_>) -> Result<Integration, ApiError> {
    let id = match details.remove("id") {
        None | Some(Value::Null) => new_id(),
        Some(Value::String(id)) => id,
        Some(_) => return Err(ApiError::bad_request("id must be a text.")),
    };
    let created = match details.remove("created") {
        None | Some(Value::Null) => now,
        Some(value) => serde_json::from_value(value).map_err(|_| ApiError::bad_request("created must be a time."))?,
    };
    let mut integration = Integration::blank(id, created);
    integration.fill(details, rules)?;
    Ok(integration)
}

/// 32 hex digits, as ids and request ids are \[O\].
pub(crate) fn new_id() -> String {
    format!("{:032x}", fastrand::u128(..))
}
