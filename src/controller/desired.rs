//! What a resource asks for: its spec with every default resolved, its tenant, and the versions of its Secrets.
//!
//! Reads Kubernetes, never the tenant. What is missing ends the reconcile with a verdict that says what to do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Namespace;
use kube::core::{Selector, SelectorExt as _};
use kube::{Api, ResourceExt as _};
use tokio::time::Instant;

use super::landing::is_in_order;
use super::pass::remember;
use super::plan::Desired;
use super::recorded::Recorded;
use super::requests::Requests;
use super::status::Verdict;
use super::{Context, integration_name, tenant_key};
use crate::api::annotations::CreateIntent;
use crate::api::tenant::NamespacesFrom;
use crate::api::{Annotations, Mode, Reason, SailPointTenant, SimIntegration};
use crate::model::wants;
use crate::tenants::{Connection, Standing, TenantKey};

/// For so long the version of a Secret counts for who waits for something else.
const LONGEST_KNOWN: Duration = Duration::from_secs(10);

/// Why a reconcile ends before there is a plan.
#[derive(Debug)]
pub enum Halt {
    /// It is woken when what it waits for is there.
    Parked,
    /// What it waits for was asked for a moment ago: when to look again, if not when it is woken.
    Resting(Option<Instant>),
    /// With this verdict.
    Verdict(Box<Verdict>),
    /// Something that is named is not there: it may come, and after a while a person must see to it.
    Missing(Reason, String),
    /// Kubernetes failed.
    Kubernetes(Box<kube::Error>),
}

impl From<kube::Error> for Halt {
    fn from(error: kube::Error) -> Self {
        Self::Kubernetes(Box::new(error))
    }
}

/// A person must see to it.
pub(super) fn stalled(reason: Reason, message: impl Into<String>) -> Halt {
    Halt::Verdict(Box::new(Verdict::Stalled(reason, message.into().into(), None)))
}

/// It heals itself.
pub(super) fn heals(reason: Reason, message: impl Into<String>) -> Halt {
    Halt::Verdict(Box::new(Verdict::Heals(reason, message.into().into())))
}

/// What the resource asks for, and the tenant that it asks of.
///
/// # Errors
/// With the reason why it cannot be looked at now.
pub async fn desired(
    context: &Context,
    resource: &SimIntegration,
    recorded: &Recorded,
    requests: Requests,
) -> Result<(Desired, Arc<Connection>), Halt> {
    let (key, tenant) = tenant_of(context, resource).await?;
    let mode = mode(resource, Some(&tenant), Timestamp::now())?;
    if mode == Mode::Paused {
        return Err(paused(resource, &tenant));
    }
    let connection = connection(context, &key, recorded)?;
    let versions = versions(context, resource, recorded, &connection, requests).await?;
    let name = integration_name(resource).to_owned();
    let generation = resource.metadata.generation.unwrap_or_default();
    let version_of = |secret: &str| versions.get(secret).cloned().unwrap_or_default();
    let wants = wants(&resource.spec, &name, generation, version_of)
        .map_err(|invalid| stalled(Reason::InvalidSpec, invalid.to_string()))?;
    let policy = resource.spec.policy.clone().unwrap_or_default();
    let of_tenant = tenant.spec.policy.clone().unwrap_or_default();
    let desired = Desired {
        name,
        external_id: resource.spec.external_id.clone(),
        mode,
        adopt: policy.adopt.or(of_tenant.adopt).unwrap_or_default(),
        wants,
        again: requests.again,
    };
    Ok((desired, connection))
}

/// The tenant that the resource names, if it is there and allows it.
pub(super) async fn tenant_of(
    context: &Context,
    resource: &SimIntegration,
) -> Result<(TenantKey, Arc<SailPointTenant>), Halt> {
    let key = tenant_key(resource, &context.config).ok_or_else(|| {
        stalled(
            Reason::TenantNotSet,
            "no tenant is named: set spec.tenantRef, or start the operator with --default-tenant",
        )
    })?;
    let tenant = context.tenant(&key).ok_or_else(|| {
        let TenantKey { namespace, name } = &key;
        Halt::Missing(
            Reason::TenantMissing,
            format!("there is no SailPointTenant {name} in namespace {namespace}; create it"),
        )
    })?;
    if !allows(context, &tenant, &resource.namespace().unwrap_or_default()).await? {
        let message = format!("SailPointTenant {key} does not allow this namespace: see its spec.allowedNamespaces");
        return Err(stalled(Reason::TenantNotAllowed, message));
    }
    Ok((key, tenant))
}

/// Whether `tenant` may be used from `namespace`.
pub(super) async fn allows(context: &Context, tenant: &SailPointTenant, namespace: &str) -> Result<bool, kube::Error> {
    if tenant.namespace().as_deref() == Some(namespace) {
        return Ok(true);
    }
    let Some(allowed) = &tenant.spec.allowed_namespaces else { return Ok(false) };
    match allowed.from {
        NamespacesFrom::Same => Ok(false),
        NamespacesFrom::All => Ok(true),
        NamespacesFrom::Selector => {
            let Some(selector) = allowed.selector.clone().and_then(|selector| Selector::try_from(selector).ok()) else {
                return Ok(false);
            };
            let api: Api<Namespace> = Api::all(context.client.clone());
            let labels: BTreeMap<String, String> =
                api.get_metadata_opt(namespace).await?.and_then(|found| found.metadata.labels).unwrap_or_default();
            Ok(selector.matches(&labels))
        }
    }
}

/// How far the operator may go: the stricter of tenant and resource, and Paused while an annotation says so.
pub(super) fn mode(resource: &SimIntegration, tenant: Option<&SailPointTenant>, now: Timestamp) -> Result<Mode, Halt> {
    let paused = |annotations: Annotations| {
        annotations
            .paused_until(now)
            .map(|until| until.is_some())
            .map_err(|why| stalled(Reason::InvalidAnnotation, why))
    };
    let by_annotation = paused(Annotations::of(resource))?
        || tenant.is_some_and(|tenant| {
            // A tenant with a pause that cannot be read says so itself, and makes no call.
            Annotations::of(tenant).paused_until(now).map_or(true, |until| until.is_some())
        });
    if by_annotation {
        return Ok(Mode::Paused);
    }
    let own = resource.spec.policy.as_ref().and_then(|policy| policy.mode).unwrap_or_default();
    let of_tenant = tenant.and_then(|tenant| tenant.spec.policy.as_ref()?.mode).unwrap_or_default();
    Ok(own.max(of_tenant))
}

fn paused(resource: &SimIntegration, tenant: &SailPointTenant) -> Halt {
    let by_resource = resource.spec.policy.as_ref().and_then(|policy| policy.mode) == Some(Mode::Paused);
    let by_tenant = tenant.spec.policy.as_ref().and_then(|policy| policy.mode) == Some(Mode::Paused);
    let message = match (by_resource, by_tenant) {
        (true, _) => "spec.policy.mode is Paused",
        (_, true) => "the SailPointTenant's policy.mode is Paused",
        _ => "paused by annotation simops.dev/paused-until",
    };
    Halt::Verdict(Box::new(Verdict::Paused(message.to_owned())))
}

/// The connection, if the tenant can be talked to and is the one that the record belongs to.
fn connection(context: &Context, key: &TenantKey, recorded: &Recorded) -> Result<Arc<Connection>, Halt> {
    match context.fleet.standing(key) {
        None => Err(Halt::Parked),
        Some(Standing::NotReady { reason, message, .. }) => Err(heals(
            Reason::TenantNotReady,
            format!("SailPointTenant {key} is not ready: {}: {message}", reason.as_str()),
        )),
        Some(Standing::Connected(connection)) => same_org(connection, recorded),
    }
}

/// An id means something only in its org.
pub(super) fn same_org(connection: Arc<Connection>, recorded: &Recorded) -> Result<Arc<Connection>, Halt> {
    match &recorded.org {
        Some(org) if *org != connection.org.name => Err(stalled(
            Reason::TenantChanged,
            format!(
                "this resource belongs to org {org}, but SailPointTenant {} is of org {}: nothing is created, changed or \
                 deleted; bring the old tenant back, or delete this resource with annotation simops.dev/force-orphan",
                connection.key, connection.org.name
            ),
        )),
        _ => Ok(connection),
    }
}

/// The versions of the Secrets that the resource names: read once in each resync, or now if it is asked for. Of one that is
/// not in order, since it is looked at; where it was parked, others have asked meanwhile. Before an integration is known they
/// are compared with nothing, and what creates it reads the Secrets itself.
async fn versions(
    context: &Context,
    resource: &SimIntegration,
    recorded: &Recorded,
    connection: &Connection,
    requests: Requests,
) -> Result<BTreeMap<String, String>, Halt> {
    let namespace = resource.namespace().unwrap_or_default();
    let from = resource.spec.attributes_from.iter().flatten();
    let names: BTreeSet<&str> = from.map(|from| from.secret_key_ref.name.as_str()).collect();
    let now = Instant::now();
    let longest_known = now.checked_sub(LONGEST_KNOWN);
    let not_before = if requests.secrets {
        None
    } else if is_in_order(resource) {
        connection.org.resynced()
    } else {
        remember(context, resource, |memory| memory.open_since()).max(longest_known)
    };
    let not_before = not_before.unwrap_or(now);
    let may_be_created =
        |intent: &CreateIntent| connection.org.read(|known| known.named(&intent.name).next().is_some());
    let compares_nothing = recorded.id.is_none() && !recorded.intent.as_ref().is_some_and(may_be_created);
    let mut versions = BTreeMap::new();
    for name in names {
        let since = async |since| context.secret_versions.get(&context.client, &namespace, name, since).await;
        let mut version = since(longest_known.filter(|_| compares_nothing).unwrap_or(not_before)).await?;
        if version.is_none() {
            // It may have been made since.
            version = since(not_before).await?;
        }
        let missing = || format!("there is no Secret {name} in namespace {namespace}; create it");
        let version = version.ok_or_else(|| Halt::Missing(Reason::SecretNotFound, missing()))?;
        versions.insert(name.to_owned(), version);
    }
    Ok(versions)
}
