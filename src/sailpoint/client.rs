//! A client of one tenant: token, slot and request brought together.
//!
//! A call sends one request, or two when the first is answered 401: the second with a new token. A create is sent once. The
//! client repeats nothing else, and holds no picture of the tenant. What can be asked is in `operations` and `names`.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::answer;
use super::auth::{Authenticator, Credentials, Token};
use super::budget::{Budget, Slot};
use super::claims::Claims;
use super::class::Class;
use super::deadline::WriteDeadline;
use super::elements::Intake;
use super::error::{Error, ErrorKind};
use super::http::{Http, Inbound, Observer};
use super::outbound::{Outbound, Verb};
use super::versions::ApiVersion;

/// How to reach a tenant.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// `https://<tenant>.api.identitynow.com`. Ask [`AllowedHosts`](super::AllowedHosts) first.
    pub base_url: Url,
    /// The version whose paths are called.
    pub api: ApiVersion,
    /// Further CA certificates, PEM, one or more.
    pub ca_bundle: Option<String>,
    /// The most time for a connection: address, TCP, proxy and TLS.
    pub connect_limit: Duration,
    /// The most time from sending to the end of the answer, connecting included.
    pub time_limit: Duration,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Until when writes may be sent.
    pub write_deadline: WriteDeadline,
}

impl ClientConfig {
    /// With 5 s to connect and 30 s in all, the operator's name and version as user agent, and no end to writes.
    #[must_use]
    pub fn new(base_url: Url, api: ApiVersion) -> Self {
        Self {
            base_url,
            api,
            ca_bundle: None,
            connect_limit: Duration::from_secs(5),
            time_limit: Duration::from_secs(30),
            user_agent: concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")).to_owned(),
            write_deadline: WriteDeadline::unlimited(),
        }
    }
}

/// An answer, with what its headers tell.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    /// What was asked for.
    pub value: T,
    /// The tenant's clock (`Date`).
    pub date: Option<Timestamp>,
    /// SailPoint's id of the request.
    pub tracking_id: Option<String>,
    /// The tenant says that this version of the API is deprecated (`X-Deprecated`).
    pub deprecated: bool,
    /// When the request was sent.
    pub started: Instant,
    /// When the answer was read whole.
    pub answered: Instant,
}

/// A client of one tenant, with one set of credentials. A clone is the same client.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: Arc<Http>,
    auth: Authenticator,
    budget: Budget,
    api: ApiVersion,
}

impl Client {
    /// A client; nothing is sent yet. The budget must be the one of the credentials' client id.
    ///
    /// # Errors
    /// [`ErrorKind::Misconfigured`] if the base URL or the CA bundle cannot be used.
    pub fn new(
        config: &ClientConfig,
        credentials: Option<Credentials>,
        budget: Budget,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, Error> {
        let http = Arc::new(Http::new(config, observer)?);
        let auth = Authenticator::new(Arc::clone(&http), credentials, budget.clone());
        Ok(Self(Arc::new(Inner { http, auth, budget, api: config.api })))
    }

    /// Whether this is the same client.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Uses other credentials from now on; the token is dropped if it was issued to others. With `None`, the token that is
    /// held serves while it lasts.
    pub fn set_credentials(&self, credentials: Option<Credentials>) {
        self.0.auth.set_credentials(credentials);
    }

    /// From now on only tokens of this org serve, as far as tokens name theirs.
    pub fn keep_to(&self, org: &str) {
        self.0.auth.keep_to(org);
    }

    /// The budget it spends.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.0.budget
    }

    /// Whom the token speaks for; gets one if none is held.
    ///
    /// # Errors
    /// As the token call failed.
    pub async fn claims(&self) -> Result<Claims, Error> {
        Ok(self.0.auth.token().await?.claims.clone())
    }

    /// A good token first, then a slot: what is sent with it goes out at once.
    ///
    /// # Errors
    /// As the token call failed.
    pub async fn prepare(&self, class: Class) -> Result<Slot, Error> {
        self.0.auth.token().await?;
        let slot = self.take(class).await;
        if self.0.auth.held().is_some() {
            return Ok(slot);
        }
        // The wait was longer than the token's life. To keep the slot while waiting for one more could use up all slots.
        drop(slot);
        self.0.auth.token().await?;
        Ok(self.take(class).await)
    }

    async fn take(&self, class: Class) -> Slot {
        let waiting = Instant::now();
        if let Some(until) = self.0.budget.paused_until() {
            let wait = until - waiting;
            tracing::debug!(class = class.as_str(), ?wait, "waits, as the tenant asked for a pause");
        }
        let slot = self.0.budget.take(class).await;
        self.0.http.observer.on_wait(class, waiting.elapsed());
        slot
    }

    pub(super) fn api(&self) -> ApiVersion {
        self.0.api
    }

    /// Sends the request, and again with a new token if the tenant refuses the one that is held.
    pub(super) async fn send(
        &self,
        slot: Slot,
        outbound: &Outbound<'_>,
        intake: &mut dyn Intake,
    ) -> Result<Inbound, Error> {
        let started = Instant::now();
        let class = slot.class();
        let (token, slot) = self.token_for(slot).await?;
        let refused = match self.0.http.send(slot, outbound, Some(&token), intake).await {
            Err(error) if error.status() == Some(401) => error,
            result => return result,
        };
        self.0.auth.reject(&token);
        // A write that something else than SailPoint refused may have been made. And a create is never sent twice by one
        // call, whoever says that the first was refused: a new LIST comes first.
        if outbound.method == Verb::Post || (outbound.method != Verb::Get && !refused.by_sailpoint()) {
            return Err(refused);
        }
        let again = |error: Error| error.took(2, started.elapsed());
        let token = self.0.auth.token().await.map_err(again)?;
        let slot = self.take(class).await;
        self.0.http.send(slot, outbound, Some(&token), intake).await.map_err(again)
    }

    /// The token that is held; else a new one, and a new slot, as the old one must not be kept while a token waits for its.
    async fn token_for(&self, slot: Slot) -> Result<(Arc<Token>, Slot), Error> {
        if let Some(token) = self.0.auth.held() {
            return Ok((token, slot));
        }
        let class = slot.class();
        drop(slot);
        let token = self.0.auth.token().await?;
        Ok((token, self.take(class).await))
    }

    /// Sends the request and reads the JSON of its answer.
    pub(super) async fn value<T>(
        &self,
        slot: Slot,
        outbound: Outbound<'_>,
        read: impl FnOnce(Value) -> Result<T, String>,
    ) -> Result<Answer<T>, Error> {
        let mut body = Vec::new();
        let inbound = self.send(slot, &outbound, &mut body).await?;
        match answer::json(&inbound.heading, &body).and_then(read) {
            Ok(value) => Ok(Answer::new(value, &inbound)),
            Err(words) => Err(malformed(&outbound, &inbound, words)),
        }
    }
}

/// A 2xx whose body is not what it should be.
pub(super) fn malformed(outbound: &Outbound<'_>, inbound: &Inbound, words: String) -> Error {
    Error::new(ErrorKind::Malformed, words)
        .of_call(outbound.method.as_str(), &outbound.path)
        .answered(inbound.status, false, inbound.heading.tracking_id.clone())
        .took(1, inbound.answered - inbound.started)
}

impl<T> Answer<T> {
    pub(super) fn new(value: T, inbound: &Inbound) -> Self {
        let heading = &inbound.heading;
        Self {
            value,
            date: heading.date,
            tracking_id: heading.tracking_id.clone(),
            deprecated: heading.deprecated,
            started: inbound.started,
            answered: inbound.answered,
        }
    }
}
