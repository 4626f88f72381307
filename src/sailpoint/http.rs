//! The only place that sends: one request, one answer or one [`Error`], within limits.
//!
//! It follows no redirect, decompresses nothing, repeats nothing (the HTTP library's own retry is off), and sends nothing
//! without a [`Slot`]. It knows no tokens' lifetime and no meaning of a body: see `auth` and `client`. Headers and bodies
//! are never logged.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Certificate, Response};
use secrecy::ExposeSecret;
use tokio::time::Instant;
use url::Url;

use super::answer::{Heading, refusal};
use super::auth::Token;
use super::budget::{Slot, WINDOW};
use super::class::Class;
use super::client::ClientConfig;
use super::deadline::WriteDeadline;
use super::elements::Intake;
use super::error::{Error, ErrorKind};
use super::hosts::is_loopback;
use super::outbound::{InTime, Limits, Outbound, TooLate};
use super::scrub::Scrubber;

/// Idle connections are closed after this: well before a load balancer does. A write on a connection that is being closed
/// at the other end has an unknown outcome.
const LONGEST_IDLE: Duration = Duration::from_secs(15);

/// The most that is read of an answer that is no success: its words are cut to 1 KiB.
const LARGEST_REFUSAL: usize = 1024 * 1024;

/// Told of every request and every wait for the budget; for metrics.
pub trait Observer: Send + Sync {
    /// A request ended: with a status, or without an answer. `route` is the path with `{id}` for ids.
    fn on_request(&self, method: &'static str, route: &'static str, status: Option<u16>, elapsed: Duration);
    /// A slot of this class was waited for.
    fn on_wait(&self, class: Class, waited: Duration);
}

/// An [`Observer`] that looks away.
#[derive(Clone, Copy, Debug)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn on_request(&self, _: &'static str, _: &'static str, _: Option<u16>, _: Duration) {}
    fn on_wait(&self, _: Class, _: Duration) {}
}

/// A 2xx answer whose body was taken in.
pub(super) struct Inbound {
    pub(super) heading: Heading,
    pub(super) status: u16,
    pub(super) started: Instant,
    pub(super) answered: Instant,
}

/// Sends to one base URL.
pub(super) struct Http {
    client: reqwest::Client,
    base: Url,
    time_limit: Duration,
    write_deadline: WriteDeadline,
    pub(super) observer: Arc<dyn Observer>,
}

impl Http {
    /// # Errors
    /// [`ErrorKind::Misconfigured`] if the base URL or the CA bundle cannot be used.
    pub(super) fn new(config: &ClientConfig, observer: Arc<dyn Observer>) -> Result<Self, Error> {
        let wrong = |words: String| Error::new(ErrorKind::Misconfigured, words);
        let host = config.base_url.host().ok_or_else(|| wrong("the base URL names no host".to_owned()))?;
        let mut builder = reqwest::Client::builder()
            .user_agent(&config.user_agent)
            .connect_timeout(config.connect_limit)
            .timeout(config.time_limit)
            .pool_idle_timeout(LONGEST_IDLE)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never());
        if is_loopback(&host) {
            builder = builder.no_proxy();
        }
        if let Some(bundle) = &config.ca_bundle {
            builder = builder.tls_certs_merge(certificates(bundle).map_err(wrong)?);
        }
        // With a CA bundle, that is what cannot be used: nothing else here is the user's.
        let what = if config.ca_bundle.is_some() { "caBundle cannot be used" } else { "no HTTP client" };
        let client = builder.build().map_err(|error| wrong(format!("{what}: {}", chain(error))))?;
        let ClientConfig { base_url, time_limit, write_deadline, .. } = config.clone();
        Ok(Self { client, base: base_url, time_limit, write_deadline, observer })
    }

    /// Sends the request once, and has the body of a 2xx taken in.
    pub(super) async fn send(
        &self,
        mut slot: Slot,
        outbound: &Outbound<'_>,
        token: Option<&Token>,
        intake: &mut dyn Intake,
    ) -> Result<Inbound, Error> {
        let method = outbound.method.as_str();
        let (started, limits) = (Instant::now(), outbound.limits(&self.write_deadline));
        may_go(&mut slot, &limits, self.time_limit).map_err(|error| error.of_call(method, &outbound.path))?;
        let result = self.exchange(outbound, token, intake).await;
        let elapsed = started.elapsed();
        match &result {
            Err(error) if error.kind() == ErrorKind::RateLimited => {
                slot.refused(Instant::now() + error.wait().unwrap_or(WINDOW));
            }
            _ => slot.answered(),
        }
        let result = result.map_err(|error| error.of_call(method, &outbound.path).took(1, elapsed));
        self.note(outbound, &result, elapsed);
        let (status, heading) = result?;
        Ok(Inbound { heading, status, started, answered: Instant::now() })
    }

    async fn exchange(
        &self,
        outbound: &Outbound<'_>,
        token: Option<&Token>,
        intake: &mut dyn Intake,
    ) -> Result<(u16, Heading), Error> {
        let scrubber = || Scrubber::new(outbound.secrets.iter().chain(token.into_iter().flat_map(Token::secrets)));
        let sent = self.request(outbound, token).send().await;
        let mut response = sent.map_err(|error| no_answer(error, &scrubber()))?;
        let status = response.status();
        let heading = Heading::read(response.headers());
        if !status.is_success() {
            let mut body = Vec::new();
            // What came of the body is enough to tell whose it is.
            let _ = read(&mut response, LARGEST_REFUSAL, &mut body).await;
            return Err(refusal(status, &heading, &body, &scrubber()));
        }
        let error = match read(&mut response, outbound.largest, intake).await {
            Ok(()) => return Ok((status.as_u16(), heading)),
            Err(Unread::Broken(error)) => no_answer(error, &scrubber()),
            Err(Unread::TooLarge) => {
                Error::new(ErrorKind::TooLarge, format!("the answer is larger than {} bytes", outbound.largest))
            }
        };
        Err(error.answered(status.as_u16(), false, heading.tracking_id.clone()))
    }

    fn request(&self, outbound: &Outbound<'_>, token: Option<&Token>) -> reqwest::RequestBuilder {
        let mut url = self.base.clone();
        url.set_path(&outbound.path);
        url.set_query(outbound.query.as_deref());
        let mut request = self
            .client
            .request(outbound.method.method(), url)
            .header(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(token) = token {
            // reqwest marks it as sensitive.
            request = request.bearer_auth(token.bearer.expose_secret());
        }
        if outbound.experimental {
            request = request.header("X-SailPoint-Experimental", "true");
        }
        match &outbound.body {
            Some(body) => {
                let in_time = InTime::new(body.bytes.clone(), outbound.limits(&self.write_deadline));
                request.header(CONTENT_TYPE, body.content_type).body(reqwest::Body::wrap(in_time))
            }
            None => request,
        }
    }

    fn note(&self, outbound: &Outbound<'_>, result: &Result<(u16, Heading), Error>, elapsed: Duration) {
        let (status, tracking_id, error) = match result {
            Ok((status, heading)) => (Some(*status), heading.tracking_id.as_deref(), None),
            Err(error) => (error.status(), error.tracking_id(), Some(error.kind().as_str())),
        };
        let method = outbound.method.as_str();
        self.observer.on_request(method, outbound.route, status, elapsed);
        tracing::debug!(method, path = outbound.path, status, ?elapsed, tracking_id, error, "called SailPoint");
    }
}

/// Whether the request may be sent now.
fn may_go(slot: &mut Slot, limits: &Limits, time_limit: Duration) -> Result<(), Error> {
    limits.check().map_err(|too_late| Error::new(ErrorKind::NotSent, too_late.to_string()))?;
    slot.send(time_limit).map_err(|until| {
        let wait = until.saturating_duration_since(Instant::now());
        Error::new(ErrorKind::NotSent, "not sent: the tenant asked for a pause").retry_after(Some(wait))
    })
}

/// Why a body was not read to its end.
enum Unread {
    Broken(reqwest::Error),
    TooLarge,
}

/// Has the body taken in, as far as it comes and is not too large.
async fn read(response: &mut Response, largest: usize, intake: &mut dyn Intake) -> Result<(), Unread> {
    let mut length = 0;
    while let Some(chunk) = response.chunk().await.map_err(Unread::Broken)? {
        length += chunk.len();
        if length > largest {
            return Err(Unread::TooLarge);
        }
        intake.take(&chunk);
    }
    Ok(())
}

/// The certificates of a PEM bundle.
fn certificates(bundle: &str) -> Result<Vec<Certificate>, String> {
    let certificates = Certificate::from_pem_bundle(bundle.as_bytes())
        .map_err(|error| format!("caBundle is not PEM: {}", chain(error)))?;
    if certificates.is_empty() {
        return Err(
            "caBundle holds no certificate: it must hold one or more PEM blocks \"BEGIN CERTIFICATE\"".to_owned()
        );
    }
    Ok(certificates)
}

/// The error of a request that got no whole answer.
fn no_answer(error: reqwest::Error, scrubber: &Scrubber) -> Error {
    if let Some(too_late) = TooLate::cause_of(&error) {
        return Error::new(ErrorKind::NotSent, too_late.to_string()).because(error);
    }
    let (dns, connect, timeout, builder) = (error.is_dns(), error.is_connect(), error.is_timeout(), error.is_builder());
    let error = error.without_url();
    let causes = causes(&error);
    let proxy = causes.contains("tunnel error");
    let (kind, what) = match () {
        () if builder => (ErrorKind::Misconfigured, "no request could be made"),
        () if connect && proxy => (ErrorKind::Connect, "the proxy (HTTPS_PROXY) did not let us through"),
        () if connect && dns => (ErrorKind::Connect, "the host's address could not be found (DNS)"),
        () if connect && timeout => (ErrorKind::Connect, "no connection within the limit for connecting"),
        () if connect => (ErrorKind::Connect, "no connection"),
        () if timeout => (ErrorKind::Timeout, "no whole answer within the time limit"),
        () => (ErrorKind::Cut, "the connection ended before a whole answer"),
    };
    let words = if causes.is_empty() { what.to_owned() } else { format!("{what}: {causes}") };
    Error::new(kind, scrubber.clean(&words)).because(error)
}

fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let causes = causes(&error);
    if causes.is_empty() { error.to_string() } else { causes }
}

/// The causes below, joined. An error of reqwest's own says nothing of use, and may name the URL.
fn causes(error: &reqwest::Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(below) = cause {
        let text = below.to_string();
        if !below.is::<reqwest::Error>() && !texts.iter().any(|said| said.contains(&text)) {
            texts.push(text);
        }
        cause = below.source();
    }
    texts.join(": ")
}
