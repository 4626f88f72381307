//! Wiring: clients, the election, watches, the two controllers, probes and shutdown.

mod gauges;
mod shutdown;
mod watches;

use std::sync::Arc;

use futures::future::{join_all, ready};
use futures::{FutureExt as _, StreamExt as _};
use k8s_openapi::api::core::v1::Namespace;
use kube::runtime::Controller;
use kube::runtime::controller::Config as Concurrency;
use kube::runtime::reflector::ObjectRef;
use kube::{Api, Client};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinError;

use crate::api::{Folded, SailPointTenant, SimIntegration};
use crate::cluster::{self, Clients};
use crate::config::Config;
use crate::controller::{
    Context, Departure, Events, Holders, Memories, Seats, SecretVersions, Unreadable, Watched, reconcile,
    reconcile_tenant,
};
use crate::leader::{Candidate, Leadership, Lost};
use crate::metrics::Metrics;
use crate::probes::{self, Readiness};
use crate::tenants::{Fleet, TenantKey};
use gauges::gauges;
use shutdown::{ended, patience, signals};
use watches::watches;

const INTEGRATIONS: &str = "the CRD simintegrations.simops.dev and its list";
const TENANTS: &str = "the CRD sailpointtenants.simops.dev and its list";
const LEASE: &str = "the Lease of the leader election";

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
    /// Another may work by now.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// Whether this process may work is not known any more.
    #[error("the leader election ended: {0}")]
    Election(#[from] JoinError),
}

/// Runs until the process is told to end.
///
/// # Errors
/// If it cannot start, and [`Error::Lost`] if another may work in its place.
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
    let candidate = config.election.as_ref().map(|election| {
        readiness.wait_for(LEASE);
        let (client, limit) = (clients.ask.clone(), config.request_limit);
        Candidate::new(client, &clients.namespace, election, limit, metrics.clone())
    });
    let leadership = candidate.as_ref().map_or_else(Leadership::unopposed, Candidate::leadership);
    metrics.leads(leadership.leads());
    let Wired { context, integrations, tenants, tenant_seats, departures } =
        wire(clients, config, metrics, leadership).await?;
    tracing::info!(cluster = context.cluster, version = env!("CARGO_PKG_VERSION"), %listen, "started");
    tokio::spawn(warm(Arc::clone(&context), readiness.clone()));
    tokio::spawn(begin(Arc::clone(&context), tenant_seats));
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
    let (work, worked_out) = watch::channel(false);
    let election = match candidate {
        Some(candidate) => {
            elect(candidate, Arc::clone(&context), readiness, stopping.clone(), worked_out).left_future()
        }
        None => ready(Ok(())).right_future(),
    };
    let controllers = join_all(integrations.chain(tenants)).map(|_| {
        work.send_replace(true);
        Ok(())
    });
    tokio::select! {
        // Of a lease that is lost nothing more is waited for; else it is given back when all work has ended.
        result = async { tokio::try_join!(controllers, election) } => {
            result?;
            tracing::info!("ended");
        }
        () = patience(stopping.clone(), context.config.shutdown_limit) => tracing::warn!("ended, though a reconcile was still waiting"),
    }
    // What it served is of no use to anybody now.
    served.abort();
    Ok(())
}

/// Takes part in the election, once all is known that a leader must know.
async fn elect(
    candidate: Candidate,
    context: Arc<Context>,
    readiness: Readiness,
    stopping: watch::Receiver<bool>,
    worked_out: watch::Receiver<bool>,
) -> Result<(), Error> {
    // By itself: nothing that keeps the reconciles busy may delay a renewal.
    let run = tokio::spawn(async move {
        tokio::select! {
            () = context.known() => {}
            () = ended(stopping.clone()) => {}
        }
        candidate.run(stopping, worked_out, || readiness.arrived(LEASE)).await
    });
    Ok(run.await??)
}

/// What the parts of the operator are made of.
struct Wired {
    context: Arc<Context>,
    integrations: Vec<Controller<Folded<SimIntegration>>>,
    tenants: Vec<Controller<Folded<SailPointTenant>>>,
    tenant_seats: Arc<Seats>,
    /// The resources that watches show to be gone.
    departures: mpsc::UnboundedReceiver<Departure>,
}

async fn wire(
    Clients { ask: client, watch: watching, .. }: Clients,
    config: Config,
    metrics: Metrics,
    leadership: Leadership,
) -> Result<Wired, Error> {
    let cluster = match &config.cluster_id {
        Some(id) => id.clone(),
        None => cluster_id(&client).await?,
    };
    let (holders, fleet) = (Arc::new(Holders::default()), Arc::new(Fleet::default()));
    let (depart, departures) = mpsc::unbounded_channel();
    let watched = namespaces(&config.namespaces, None);
    let of_tenants = namespaces(&config.namespaces, config.default_tenant.as_ref().map(|(namespace, _)| namespace));
    let (unreadable, seats) = (Arc::new(Unreadable::default()), Arc::new(Seats::default()));
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
    let (integrations, integration_controllers) = watches(&watching, &watched, &unreadable, &seats, observed, left);
    let left = {
        let fleet = Arc::clone(&fleet);
        move |uid: String, tenant: ObjectRef<Folded<SailPointTenant>>| {
            let key = TenantKey { namespace: tenant.namespace.unwrap_or_default(), name: tenant.name };
            fleet.forget(&key);
            let _ = depart.send(Departure::Tenant(uid, key));
        }
    };
    // Nobody takes one of these: no tenant waits for integrations.
    let tenant_seats = Arc::default();
    let (tenants, tenant_controllers) =
        watches(&watching, &of_tenants, &unreadable, &tenant_seats, |_: &SailPointTenant| {}, left);
    let instance = std::env::var("HOSTNAME").unwrap_or_else(|_| "sim-operator".to_owned());
    let context = Context {
        events: Events::new(client.clone(), instance),
        client,
        config,
        cluster,
        leadership,
        fleet,
        holders,
        unreadable,
        integrations: Watched::new(integrations),
        tenants: Watched::new(tenants),
        memories: Memories::default(),
        tenant_memories: Memories::default(),
        seats,
        secret_versions: SecretVersions::default(),
        observer: Arc::new(metrics.clone()),
        metrics,
    };
    let context = Arc::new(context);
    Ok(Wired { context, integrations: integration_controllers, tenants: tenant_controllers, tenant_seats, departures })
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

/// Tells those who are concerned of each resource that is gone.
async fn see_off(context: Arc<Context>, mut departures: mpsc::UnboundedReceiver<Departure>) {
    while let Some(departure) = departures.recv().await {
        departure.tell(&context);
    }
}

/// Lets the reconciles begin when this process leads and every resource is known: before that, nobody knows what is held and
/// what is missing.
async fn begin(context: Arc<Context>, tenant_seats: Arc<Seats>) {
    if context.leadership.begins().await {
        context.known().await;
        tenant_seats.open();
        context.seats.open();
    }
}

/// Says what is still missing until both kinds are known.
async fn warm(context: Arc<Context>, readiness: Readiness) {
    context.integrations.ready().await;
    readiness.arrived(INTEGRATIONS);
    context.tenants.ready().await;
    readiness.arrived(TENANTS);
    tracing::info!("ready");
}
