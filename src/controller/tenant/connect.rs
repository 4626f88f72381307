//! From a `SailPointTenant` to a connection: credentials, token, org.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use kube::ResourceExt as _;
use secrecy::ExposeSecret as _;
use tokio::time::Instant;
use url::Url;

use super::memory::HeldClient;
use super::trouble::Trouble;
use super::{RESYNC, remember};
use crate::api::{Reason, SailPointTenant};
use crate::controller::secrets::{SecretValues, secret_values, secret_version};
use crate::controller::{Context, key_of};
use crate::sailpoint::{Client, ClientConfig, Credentials};
use crate::tenants::{Connection, Standing};

/// Requests in 10 s where a tenant does not say: a fifth of SailPoint's 100 is left to others.
const REQUESTS_PER_10S: usize = 80;

/// How often a tenant may ask to be listed.
const RESYNCS: RangeInclusive<Duration> = Duration::from_secs(10)..=Duration::from_hours(24);
/// How many requests in 10 s a tenant may ask for.
const REQUESTS: RangeInclusive<usize> = 1..=1000;

/// A tenant that can be talked to.
pub(super) struct Connected {
    pub(super) connection: Arc<Connection>,
    /// Whether it could not be talked to before.
    pub(super) is_new: bool,
}

/// Connects, or keeps the connection that there is.
pub(super) async fn connect(context: &Context, tenant: &SailPointTenant) -> Result<Connected, Trouble> {
    let base_url = base_url(context, tenant)?;
    let resync = resync(context, tenant)?;
    let client = client(context, tenant, base_url, resync).await?;
    let claims = client.claims().await?;
    let org = match claims.org {
        Some(org) => org,
        None => client.org_info().await?.value,
    };
    same_org(tenant, &org)?;
    client.keep_to(&org);
    Ok(connection(context, tenant, client, &org, resync))
}

fn base_url(context: &Context, tenant: &SailPointTenant) -> Result<Url, Trouble> {
    let text = &tenant.spec.base_url;
    let url = Url::parse(text)
        .map_err(|error| Trouble::stalled(Reason::InvalidSpec, format!("baseUrl {text:?}: {error}")))?;
    context
        .config
        .allowed_hosts
        .check(&url)
        .map_err(|refused| Trouble::stalled(Reason::HostNotAllowed, refused.to_string()))?;
    Ok(url)
}

fn resync(context: &Context, tenant: &SailPointTenant) -> Result<Duration, Trouble> {
    let (Some(text), None) = (&tenant.spec.resync_interval, context.config.resync) else {
        return Ok(context.config.resync.unwrap_or(RESYNC));
    };
    let parsed = text.parse::<SignedDuration>().ok().and_then(|signed| Duration::try_from(signed).ok());
    // As in the definition: one that was installed with looser rules must not lead to a hot loop, or beyond all time.
    parsed.filter(|resync| RESYNCS.contains(resync)).ok_or_else(|| {
        Trouble::stalled(Reason::InvalidSpec, format!("resyncInterval {text:?} is not from 10s to 24h, such as 10m"))
    })
}

/// The client, with the credentials that the Secret has now.
async fn client(
    context: &Context,
    tenant: &SailPointTenant,
    base_url: Url,
    resync: Duration,
) -> Result<Client, Trouble> {
    let generation = tenant.metadata.generation.unwrap_or_default();
    let now = Instant::now();
    let (held, secret, suspect) =
        remember(context, tenant, |memory| (memory.client.clone(), memory.secret.clone(), memory.suspect));
    let current = held.clone().filter(|held| held.generation == generation);
    let is_connected = matches!(context.fleet.standing(&key_of(tenant)), Some(Standing::Connected(_)));
    if let (Some(held), Some((_, looked)), true, false) = (&current, &secret, is_connected, suspect)
        && *looked + resync.mul_f64(0.9) > now
    {
        return Ok(held.client.clone());
    }
    let (namespace, name) = (tenant.namespace().unwrap_or_default(), &tenant.spec.credentials.secret_ref.name);
    let version = secret_version(&context.client, &namespace, name).await?;
    if let (Some(held), Some((known, _)), false) = (&current, &secret, suspect)
        && version.as_ref() == Some(known)
    {
        remember(context, tenant, |memory| memory.secret = Some((known.clone(), now)));
        return Ok(held.client.clone());
    }
    let Some(values) = secret_values(&context.client, &namespace, name).await? else {
        if let Some(held) = &held {
            held.client.set_credentials(None);
        }
        remember(context, tenant, |memory| memory.secret = None);
        let message = format!(
            "there is no Secret {name} in namespace {namespace}; create it with the keys clientId and clientSecret"
        );
        return Err(Trouble::Missing(message));
    };
    let credentials = credentials(&values, &namespace, name)?;
    let client = with_credentials(context, tenant, current, credentials, base_url)?;
    let held = HeldClient { generation, client_id: client.1, client: client.0.clone() };
    remember(context, tenant, |memory| {
        memory.client = Some(held);
        memory.secret = Some((values.version.clone(), now));
    });
    Ok(client.0)
}

fn credentials(values: &SecretValues, namespace: &str, name: &str) -> Result<Credentials, Trouble> {
    // A trailing newline is what `--from-file` and editors leave, and never part of a SailPoint credential.
    let value = |key| {
        let text = values.get(key).map(|value| value.expose_secret().trim()).filter(|text| !text.is_empty());
        let missing = format!("Secret {name} in namespace {namespace} has no key {key} that holds text; add it");
        text.ok_or(Trouble::Missing(missing))
    };
    Ok(Credentials { client_id: value("clientId")?.to_owned(), client_secret: value("clientSecret")?.into() })
}

/// The client that there is, if it speaks for the same client id, as that is what the budget belongs to.
fn with_credentials(
    context: &Context,
    tenant: &SailPointTenant,
    current: Option<HeldClient>,
    credentials: Credentials,
    base_url: Url,
) -> Result<(Client, String), Trouble> {
    let client_id = credentials.client_id.clone();
    if let Some(held) = current.filter(|held| held.client_id == client_id) {
        held.client.set_credentials(Some(credentials));
        return Ok((held.client, client_id));
    }
    let config = ClientConfig {
        ca_bundle: tenant.spec.ca_bundle.clone(),
        connect_limit: context.config.connect_limit,
        time_limit: context.config.request_limit,
        write_deadline: context.leadership.write_deadline.clone(),
        ..ClientConfig::new(base_url, tenant.spec.api)
    };
    let per_10s = tenant.spec.requests_per_10s.and_then(|n| usize::try_from(n).ok()).unwrap_or(REQUESTS_PER_10S);
    let per_10s = per_10s.clamp(*REQUESTS.start(), *REQUESTS.end());
    let budget = context.fleet.budget(&client_id, per_10s);
    let client = Client::new(&config, Some(credentials), budget, Arc::clone(&context.observer))?;
    Ok((client, client_id))
}

fn same_org(tenant: &SailPointTenant, org: &str) -> Result<(), Trouble> {
    match tenant.status.as_ref().and_then(|status| status.org.as_ref()) {
        Some(known) if known != org => Err(Trouble::stalled(
            Reason::TenantChanged,
            format!(
                "the credentials are of org {org}, but this tenant is of org {known}: give it credentials of {known}, or make \
                 a new SailPointTenant for {org}"
            ),
        )),
        _ => Ok(()),
    }
}

fn connection(context: &Context, tenant: &SailPointTenant, client: Client, org: &str, resync: Duration) -> Connected {
    let key = key_of(tenant);
    let standing = context.fleet.standing(&key);
    let is_new = !matches!(standing, Some(Standing::Connected(_)));
    if let Some(connection) = context.fleet.connection(&key)
        && connection.client.is(&client)
        && connection.org.name == org
        && connection.resync == resync
    {
        return Connected { connection, is_new };
    }
    let org = context.fleet.org(org);
    let connection = Connection::new(key, client, org, resync, context.config.writes_per_tenant);
    Connected { connection: Arc::new(connection), is_new: true }
}
