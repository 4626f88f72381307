//! Wiring: clients, watches, the two controllers, probes and shutdown.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use futures::{FutureExt as _, StreamExt as _};
use k8s_openapi::api::core::v1::Namespace;
use kube::core::NamespaceResourceScope;
use kube::runtime::PredicateConfig;
use kube::runtime::controller::Config as Concurrency;
use kube::runtime::reflector::{self, ObjectRef};
use kube::runtime::watcher::Event;
use kube::runtime::{Controller, WatchStreamExt as _, watcher};
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::api::condition::find;
use crate::api::{ConditionType, Reason, SailPointTenant, SimIntegration};
use crate::cluster::{self, Clients};
use crate::config::Config;
use crate::controller::{
    Census, Context, Departure, Events, Holders, Memories, SecretVersions, Watch, Watched, reconcile, reconcile_tenant,
};
use crate::metrics::Metrics;
use crate::probes::{self, Readiness};
use crate::tenants::{Fleet, TenantKey};

/// How often the gauge of integrations by reason is brought up to date.
const GAUGES: Duration = Duration::from_secs(15);
const INTEGRATIONS: &str = "the CRD simintegrations.simops.dev and its list";
const TENANTS: &str = "the CRD sailpointtenants.simops.dev and its list";

/// Why the operator cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no Kubernetes to work with.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// What tells this cluster from others is not known.
    #[error("the uid of namespace kube-system cannot be read: {0}; grant get on it, or set --cluster-id")]
    ClusterId(Box<kube::Error>),
    /// The address of the probes cannot be used.
    #[error("{address} cannot be listened on: {why}; set --listen to another address")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why not.
        why: std::io::Error,
    },
    /// Signals cannot be heard.
    #[error("the signals that end this process cannot be heard: {0}")]
    Signals(std::io::Error),
}

/// Runs until the process is told to end.
///
/// # Errors
/// If it cannot start.
pub async fn run(config: Config) -> Result<(), Error> {
    let clients = cluster::connect().await?;
    let address = config.listen;
    let listener = TcpListener::bind(address).await.map_err(|why| Error::Listen { address, why })?;
    // With port 0 the system picks one.
    let listen = listener.local_addr().unwrap_or(address);
    let (stop, stopping) = watch::channel(false);
    let readiness = Readiness::waiting_for([INTEGRATIONS, TENANTS]);
    let metrics = Metrics::new();
    let served = tokio::spawn(probes::serve(listener, readiness.clone(), metrics.clone(), ended(stopping.clone())));
    let signals = signals()?;
    #[cfg(feature = "failpoints")]
    crate::failpoint::release_on_signal().map_err(Error::Signals)?;
    tokio::spawn(signals.map(move |()| stop.send_replace(true)));
    let Wired { context, integrations, tenants, departures } = wire(clients, config, metrics).await?;
    tracing::info!(cluster = context.cluster, version = env!("CARGO_PKG_VERSION"), %listen, "started");
    tokio::spawn(ready(Arc::clone(&context), readiness));
    tokio::spawn(gauges(Arc::clone(&context)));
    tokio::spawn(see_off(Arc::clone(&context), departures));
    let namespaces = u16::try_from(integrations.len()).unwrap_or(u16::MAX).max(1);
    let concurrency = (context.config.concurrency / namespaces).max(1);
    let integrations = integrations.into_iter().map(|controller| {
        let run = controller
            .with_config(Concurrency::default().concurrency(concurrency))
            .graceful_shutdown_on(ended(stopping.clone()))
            .run(reconcile, |_, error, _| match *error {}, Arc::clone(&context));
        run.for_each(|_| async {}).boxed()
    });
    // A tenant's reconcile waits for its tenant and for nothing else: each has a place of its own.
    let tenants = tenants.into_iter().map(|controller| {
        let run = controller.graceful_shutdown_on(ended(stopping.clone())).run(
            reconcile_tenant,
            |_, error, _| match *error {},
            Arc::clone(&context),
        );
        run.for_each(|_| async {}).boxed()
    });
    tokio::select! {
        _ = join_all(integrations.chain(tenants)) => tracing::info!("ended"),
        () = patience(stopping.clone(), context.config.shutdown_limit) => tracing::warn!("ended, though a reconcile was still waiting for Kubernetes"),
    }
    // What it served is of no use to anybody now.
    served.abort();
    Ok(())
}

/// Comes to an end some time after the process was told to: what has begun may finish, but not wait for ever.
async fn patience(stopping: watch::Receiver<bool>, limit: Duration) {
    ended(stopping).await;
    sleep(limit).await;
}

async fn ended(mut stopping: watch::Receiver<bool>) {
    // An error means that whoever would tell has gone: that is the end as well.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// Comes to an end when the process is told to.
fn signals() -> Result<impl Future<Output = ()> + Send, Error> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Signals)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// What the parts of the operator are made of.
struct Wired {
    context: Arc<Context>,
    integrations: Vec<Controller<SimIntegration>>,
    tenants: Vec<Controller<SailPointTenant>>,
    /// The resources that watches show to be gone.
    departures: mpsc::UnboundedReceiver<Departure>,
}

async fn wire(
    Clients { ask: client, watch: watching }: Clients,
    config: Config,
    metrics: Metrics,
) -> Result<Wired, Error> {
    let cluster = match &config.cluster_id {
        Some(id) => id.clone(),
        None => cluster_id(&client).await?,
    };
    let (holders, fleet) = (Arc::new(Holders::default()), Arc::new(Fleet::default()));
    let (depart, departures) = mpsc::unbounded_channel();
    let watched = namespaces(&config.namespaces, None);
    let of_tenants = namespaces(&config.namespaces, config.default_tenant.as_ref().map(|(namespace, _)| namespace));
    let observed = {
        let (holders, cluster, config) = (Arc::clone(&holders), cluster.clone(), config.clone());
        move |resource: &SimIntegration| holders.observe(resource, &cluster, &config)
    };
    let left = {
        let (holders, depart) = (Arc::clone(&holders), depart.clone());
        move |uid: String, _| {
            let holder = holders.forget(&uid);
            // Nobody listens only while the process ends.
            let _ = depart.send(Departure::Integration(uid, holder));
        }
    };
    let (integrations, integration_controllers) = watches(&watching, &watched, observed, left);
    let left = {
        let fleet = Arc::clone(&fleet);
        move |uid: String, tenant: ObjectRef<SailPointTenant>| {
            let key = TenantKey { namespace: tenant.namespace.unwrap_or_default(), name: tenant.name };
            fleet.forget(&key);
            let _ = depart.send(Departure::Tenant(uid, key));
        }
    };
    let (tenants, tenant_controllers) = watches(&watching, &of_tenants, |_: &SailPointTenant| {}, left);
    let instance = std::env::var("HOSTNAME").unwrap_or_else(|_| "sim-operator".to_owned());
    let context = Context {
        events: Events::new(client.clone(), instance),
        client,
        config,
        cluster,
        fleet,
        holders,
        integrations: Watched::new(integrations),
        tenants: Watched::new(tenants),
        memories: Memories::default(),
        tenant_memories: Memories::default(),
        secret_versions: SecretVersions::default(),
        observer: Arc::new(metrics.clone()),
        metrics,
    };
    let context = Arc::new(context);
    Ok(Wired { context, integrations: integration_controllers, tenants: tenant_controllers, departures })
}

async fn cluster_id(client: &Client) -> Result<String, Error> {
    let api: Api<Namespace> = Api::all(client.clone());
    let namespace = api.get_metadata("kube-system").await.map_err(|error| Error::ClusterId(Box::new(error)))?;
    Ok(namespace.metadata.uid.unwrap_or_default())
}

/// The namespaces to watch: `None` stands for all.
fn namespaces(named: &[String], also: Option<&String>) -> Vec<Option<String>> {
    if named.is_empty() {
        return vec![None];
    }
    let mut all: Vec<Option<String>> = named.iter().chain(also).cloned().map(Some).collect();
    all.sort();
    all.dedup();
    all
}

/// A watch and a controller for each namespace. `observed` sees each resource before the store does, and `left` those that
/// are gone after it: nobody who reads the store knows more than the index of holders.
fn watches<K>(
    client: &Client,
    namespaces: &[Option<String>],
    observed: impl Fn(&K) + Clone + Send + 'static,
    left: impl Fn(String, ObjectRef<K>) + Clone + Send + 'static,
) -> (Vec<Watch<K>>, Vec<Controller<K>>)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug
        + Send
        + Sync
        + 'static,
{
    let one = |namespace: &Option<String>| {
        let api = match namespace {
            Some(namespace) => Api::namespaced(client.clone(), namespace),
            None => Api::all(client.clone()),
        };
        let (store, writer) = reflector::store();
        let (wake, woken) = mpsc::unbounded_channel::<ObjectRef<K>>();
        let (tell, known) = watch::channel(false);
        let (observed, left, mut census) = (observed.clone(), left.clone(), Census::default());
        let stream = watcher(api, watcher::Config::default())
            .default_backoff()
            .modify(|resource: &mut K| resource.managed_fields_mut().clear())
            .inspect(move |event| {
                if let Ok(Event::Apply(resource) | Event::InitApply(resource)) = event {
                    observed(resource);
                }
            })
            .reflect(writer)
            .inspect(move |event| {
                for (uid, resource) in event.iter().flat_map(|event| census.note(event)) {
                    left(uid, resource);
                }
                if matches!(event, Ok(Event::InitDone)) {
                    tell.send_replace(true);
                }
            })
            .applied_objects()
            .predicate_filter(what_matters, PredicateConfig::default());
        let controller =
            Controller::for_stream(stream, store.clone()).reconcile_on(UnboundedReceiverStream::new(woken));
        (Watch { namespace: namespace.clone(), store, wake, known }, controller)
    };
    namespaces.iter().map(one).unzip()
}

/// What a reconcile looks at: not the status, which is our own.
#[expect(clippy::unnecessary_wraps, reason = "the form that a predicate has")]
fn what_matters<K: Resource>(resource: &K) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    let meta = resource.meta();
    (meta.generation, &meta.annotations, &meta.finalizers, meta.deletion_timestamp.is_some()).hash(&mut hasher);
    Some(hasher.finish())
}

/// Says what is still missing until both kinds are known.
async fn ready(context: Arc<Context>, readiness: Readiness) {
    context.integrations.ready().await;
    readiness.arrived(INTEGRATIONS);
    context.tenants.ready().await;
    readiness.arrived(TENANTS);
    tracing::info!("ready");
}

/// Tells those who are concerned of each resource that is gone.
async fn see_off(context: Arc<Context>, mut departures: mpsc::UnboundedReceiver<Departure>) {
    while let Some(departure) = departures.recv().await {
        departure.tell(&context);
    }
}

/// Counts integrations by the reason of their Ready condition.
async fn gauges(context: Arc<Context>) {
    let mut ticks = interval(GAUGES);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let mut counts: BTreeMap<Reason, usize> = BTreeMap::new();
        for resource in context.integrations.state() {
            let status = resource.status.as_ref();
            let ready = status.and_then(|status| find(&status.conditions, ConditionType::Ready));
            let reason = ready.and_then(|ready| Reason::ALL.iter().find(|reason| reason.as_str() == ready.reason));
            *counts.entry(reason.copied().unwrap_or(Reason::Progressing)).or_default() += 1;
        }
        context.metrics.integrations(&counts);
    }
}
