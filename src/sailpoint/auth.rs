//! The token: who we are to the tenant.
//!
//! Gets one by the client-credentials grant (`POST /oauth/token`, as a form), joins callers who need it at the same time
//! into one call, and gets a new one a little before the old one ends. It does not back off: a failure is told to all who
//! joined, and when to try again is theirs to decide.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, WeakShared};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::answer;
use super::budget::Budget;
use super::claims::Claims;
use super::class::Class;
use super::error::{Error, ErrorKind};
use super::http::{Http, Inbound};
use super::outbound::{Body, Outbound, Verb};
use super::scrub::Scrubber;

/// The path of the token endpoint, below the base URL as everything else.
const PATH: &str = "/oauth/token";
/// A new token is asked for at most this long before the old one ends, and at most a fifth of its life: a personal access
/// token may be made to live 15 s, or 12 h.
const EARLIEST: Duration = Duration::from_mins(1);
/// The life of a token whose answer does not say.
const UNSAID: u64 = 60;
/// An answer with a token is small.
const LARGEST: usize = 1024 * 1024;

/// A personal access token's id and secret.
#[derive(Clone)]
pub struct Credentials {
    /// The client id: no secret, and shown.
    pub client_id: String,
    /// The client secret.
    pub client_secret: SecretString,
}

impl PartialEq for Credentials {
    fn eq(&self, other: &Self) -> bool {
        self.client_id == other.client_id && self.client_secret.expose_secret() == other.client_secret.expose_secret()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// A token that is held.
pub(super) struct Token {
    pub(super) bearer: SecretString,
    pub(super) claims: Claims,
    issued_to: Credentials,
    refresh_at: Instant,
    ends_at: Instant,
}

impl Token {
    /// What no server may be quoted with.
    pub(super) fn secrets(&self) -> [&SecretString; 2] {
        [&self.bearer, &self.issued_to.client_secret]
    }
}

type Flight = BoxFuture<'static, Result<Arc<Token>, Error>>;

/// Holds the token of one tenant.
pub(super) struct Authenticator {
    http: Arc<Http>,
    budget: Budget,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    credentials: Option<Credentials>,
    /// The org that every token must be of, once it is known.
    org: Option<String>,
    token: Option<Arc<Token>>,
    /// An early refresh of this token failed: the next try is when it ends.
    refresh_failed: bool,
    /// The call that is under way. Weak: when all who wait for it have gone, so has the call.
    flight: Option<WeakShared<Flight>>,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// The token that is held, if it needs nothing done.
    fn good(&self, now: Instant) -> Option<Arc<Token>> {
        let keep = self.credentials.is_none() || self.refresh_failed;
        self.token.clone().filter(|token| now < if keep { token.ends_at } else { token.refresh_at })
    }
}

impl Authenticator {
    pub(super) fn new(http: Arc<Http>, credentials: Option<Credentials>, budget: Budget) -> Self {
        Self { http, budget, state: Arc::new(Mutex::new(State { credentials, ..State::default() })) }
    }

    /// Uses other credentials from now on. A token issued to others is dropped. With none, the token that is held serves
    /// while it lasts.
    pub(super) fn set_credentials(&self, credentials: Option<Credentials>) {
        let mut state = lock(&self.state);
        if state.credentials == credentials {
            return;
        }
        if let Some(credentials) = &credentials {
            state.token = state.token.take().filter(|token| token.issued_to == *credentials);
        }
        state.refresh_failed = false;
        state.flight = None;
        state.credentials = credentials;
    }

    /// From now on only tokens of this org, as far as tokens name theirs. What is sent is meant for it: with a token of
    /// another, a create would be made there, and a delete find nothing and be taken for done.
    pub(super) fn keep_to(&self, org: &str) {
        let mut state = lock(&self.state);
        state.org = Some(org.to_owned());
        state.token = state.token.take().filter(|token| is_of(token, Some(org)).is_ok());
    }

    /// A token that is held and good, without waiting.
    pub(super) fn held(&self) -> Option<Arc<Token>> {
        lock(&self.state).good(Instant::now())
    }

    /// A good token: the one held, or a new one.
    ///
    /// # Errors
    /// [`ErrorKind::CredentialsRejected`] if there are no credentials or they are refused; else as the call failed. The
    /// token held serves on when an early refresh fails.
    pub(super) async fn token(&self) -> Result<Arc<Token>, Error> {
        let flight = {
            let mut state = lock(&self.state);
            if let Some(token) = state.good(Instant::now()) {
                return Ok(token);
            }
            self.join(&mut state)?
        };
        let result = flight.await;
        match (result, self.held()) {
            (Err(_), Some(held)) => Ok(held),
            (result, _) => result,
        }
    }

    /// The call that is under way, or a new one.
    fn join(&self, state: &mut State) -> Result<Shared<Flight>, Error> {
        if let Some(flight) = state.flight.as_ref().and_then(WeakShared::upgrade) {
            return Ok(flight);
        }
        let Some(credentials) = state.credentials.clone() else {
            return Err(
                Error::new(ErrorKind::CredentialsRejected, "no credentials").for_token(ErrorKind::CredentialsRejected)
            );
        };
        let (http, budget, kept) = (Arc::clone(&self.http), self.budget.clone(), Arc::clone(&self.state));
        let flight = async move {
            let result = request(&http, &budget, &credentials).await.map(Arc::new);
            let mut state = lock(&kept);
            let result = result.and_then(|token| is_of(&token, state.org.as_deref()).map(|()| token));
            // The credentials may have been replaced meanwhile: then this answer is only for those who waited for it.
            if state.credentials.as_ref() == Some(&credentials) {
                state.flight = None;
                state.refresh_failed = result.is_err();
                state.token = result.clone().ok().or_else(|| state.token.take());
            }
            result
        };
        let flight = flight.boxed().shared();
        state.flight = flight.downgrade();
        Ok(flight)
    }

    /// The tenant refused this token: it is dropped, unless another has taken its place already.
    pub(super) fn reject(&self, refused: &Arc<Token>) {
        let mut state = lock(&self.state);
        state.token = state.token.take().filter(|token| !Arc::ptr_eq(token, refused));
    }
}

/// Whether the token is of this org, if it says.
fn is_of(token: &Token, org: Option<&str>) -> Result<(), Error> {
    match (&token.claims.org, org) {
        (Some(now), Some(org)) if now != org => {
            let words =
                format!("the token is of org {now}, but this tenant is of org {org}: give it credentials of {org}");
            Err(Error::new(ErrorKind::AnotherOrg, words).of_call("POST", PATH).for_token(ErrorKind::AnotherOrg))
        }
        _ => Ok(()),
    }
}

/// Asks the tenant for a token.
async fn request(http: &Http, budget: &Budget, credentials: &Credentials) -> Result<Token, Error> {
    let waiting = Instant::now();
    let slot = budget.take(Class::Token).await;
    http.observer.on_wait(Class::Token, waiting.elapsed());
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_id", &credentials.client_id)
        .append_pair("client_secret", credentials.client_secret.expose_secret())
        .finish();
    // The id is no secret, unless somebody has mixed up the two.
    let secrets = [credentials.client_secret.clone(), SecretString::from(credentials.client_id.clone())];
    let outbound = Outbound {
        method: Verb::Post,
        path: PATH.to_owned(),
        query: None,
        route: PATH,
        experimental: false,
        body: Some(Body { content_type: "application/x-www-form-urlencoded", bytes: form.into() }),
        largest: LARGEST,
        secrets: &secrets,
        send_before: None,
    };
    let failed = |error: Error| {
        let kind = match error.kind() {
            ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::Refused => ErrorKind::CredentialsRejected,
            kind => kind,
        };
        error.for_token(kind)
    };
    let mut body = Vec::new();
    let inbound = http.send(slot, &outbound, None, &mut body).await.map_err(failed)?;
    read(&inbound, &body, credentials).map_err(|(kind, words)| {
        let words = Scrubber::new(&secrets).clean(&words);
        Error::new(kind, words)
            .of_call("POST", PATH)
            .answered(inbound.status, false, inbound.heading.tracking_id.clone())
            .took(1, inbound.answered - inbound.started)
            .for_token(kind)
    })
}

/// Reads a 2xx answer of the token endpoint.
fn read(inbound: &Inbound, body: &[u8], credentials: &Credentials) -> Result<Token, (ErrorKind, String)> {
    let malformed = |words| (ErrorKind::Malformed, words);
    let Value::Object(answer) = answer::json(&inbound.heading, body).map_err(malformed)? else {
        return Err(malformed("no JSON object where a token was expected".to_owned()));
    };
    let Some(bearer) = answer.get("access_token").and_then(Value::as_str).filter(|token| is_header(token)) else {
        return Err(match answer::words(&answer) {
            Some(words) => (ErrorKind::CredentialsRejected, words),
            None => malformed("an answer without a usable access_token".to_owned()),
        });
    };
    let life = Duration::from_secs(life(&answer));
    let ends_at = inbound.started + life;
    Ok(Token {
        bearer: SecretString::from(bearer),
        claims: Claims::read(&answer, bearer),
        issued_to: credentials.clone(),
        refresh_at: ends_at - (life / 5).min(EARLIEST),
        ends_at,
    })
}

/// `expires_in` in seconds, as a number or a string; at most a year, so that times stay within their range.
fn life(answer: &Map<String, Value>) -> u64 {
    let said = answer.get("expires_in");
    let seconds = said.and_then(Value::as_u64).or_else(|| said?.as_str()?.trim().parse().ok());
    let negative = said.and_then(Value::as_f64).filter(|seconds| *seconds <= 0.0).map(|_| 0);
    seconds.or(negative).unwrap_or(UNSAID).min(365 * 24 * 3600)
}

/// Whether the token can be sent in a header.
fn is_header(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}
