//! What can be typed: subcommands, flags and their environment variables.
//!
//! Nothing is resolved here; [`crate::config`] says what it means.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  sim-operator crds | kubectl apply -f -
  sim-operator run --default-tenant iam/acme
  sim-operator run --namespace iam,itsm --log-format json
  SIM_OPERATOR_LOG=sim_operator=debug sim-operator run";

/// Keeps SailPoint SIM (service desk) integrations as Kubernetes resources describe them.
#[derive(Debug, Parser)]
#[command(name = "sim-operator", version, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the operator can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the operator until SIGTERM or SIGINT.
    ///
    /// Durations are written as 90s, 5m or 1h30m. Each flag can be given by its environment variable; the flag wins.
    Run(Box<Run>),
    /// Print the custom resource definitions as YAML.
    Crds(Crds),
}

/// The flags of `crds`.
#[derive(Args, Debug)]
pub struct Crds {
    /// Write one file per definition into this folder instead of printing them.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// The flags of `run`.
#[derive(Args, Debug)]
pub struct Run {
    /// The SailPointTenant of integrations that name none (spec.tenantRef). Absent: such integrations wait.
    #[arg(long, env = "SIM_OPERATOR_DEFAULT_TENANT", value_name = "NAMESPACE/NAME")]
    pub default_tenant: Option<String>,

    /// The namespaces to watch, repeated or with commas between them. Absent: all.
    #[arg(long, env = "SIM_OPERATOR_NAMESPACE", value_name = "NAMESPACE", value_delimiter = ',')]
    pub namespace: Vec<String>,

    /// How many resources are reconciled at once, from 1 to 1024.
    #[arg(long, env = "SIM_OPERATOR_CONCURRENCY", value_name = "COUNT", default_value_t = 512)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: u16,

    /// How many reconciles of one tenant may be writing to it at once, from 1 to 64.
    #[arg(long, env = "SIM_OPERATOR_WRITES_PER_TENANT", value_name = "COUNT", default_value_t = 4)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=64))]
    pub writes_per_tenant: u16,

    /// Where /livez, /readyz and /metrics are served.
    #[arg(long, env = "SIM_OPERATOR_LISTEN", value_name = "ADDRESS:PORT", default_value = "0.0.0.0:8080")]
    pub listen: SocketAddr,

    /// The hosts that credentials may be sent to, with commas between them; `*.` allows all below a domain.
    /// Absent: SailPoint's own, and loopback where the operator runs outside a cluster.
    #[arg(long, env = "SIM_OPERATOR_ALLOWED_HOSTS", value_name = "HOSTS", value_delimiter = ',')]
    pub allowed_hosts: Vec<String>,

    /// What tells this cluster from others in the annotations that claim an integration.
    /// Absent: the uid of namespace kube-system.
    #[arg(long, env = "SIM_OPERATOR_CLUSTER_ID", value_name = "ID")]
    pub cluster_id: Option<String>,

    /// How long a write whose answer never came may still take effect in the tenant.
    #[arg(long, env = "SIM_OPERATOR_SETTLE", value_name = "DURATION", default_value = "5m")]
    pub settle: String,

    /// How long the tenant's list may lag behind its writes.
    #[arg(long, env = "SIM_OPERATOR_LIST_LAG", value_name = "DURATION", default_value = "30s")]
    pub list_lag: String,

    /// How long connecting to a tenant may take.
    #[arg(long, env = "SIM_OPERATOR_CONNECT_LIMIT", value_name = "DURATION", default_value = "5s")]
    pub connect_limit: String,

    /// How long a request to a tenant may take, from sending to the whole answer.
    #[arg(long, env = "SIM_OPERATOR_REQUEST_LIMIT", value_name = "DURATION", default_value = "30s")]
    pub request_limit: String,

    /// How long a missing Secret, source or cluster counts as being on its way.
    #[arg(long, env = "SIM_OPERATOR_REFERENCE_GRACE", value_name = "DURATION", default_value = "5m")]
    pub reference_grace: String,

    /// How often every tenant is listed, whatever its spec.resyncInterval says; for trials and tests.
    #[arg(long, env = "SIM_OPERATOR_RESYNC", value_name = "DURATION")]
    pub resync: Option<String>,

    /// The first wait after an error; each further error doubles it.
    #[arg(long, env = "SIM_OPERATOR_BACKOFF_MIN", value_name = "DURATION", default_value = "2s")]
    pub backoff_min: String,

    /// The longest wait after an error.
    #[arg(long, env = "SIM_OPERATOR_BACKOFF_MAX", value_name = "DURATION", default_value = "5m")]
    pub backoff_max: String,

    /// How long to wait before sending again what SailPoint has refused.
    #[arg(long, env = "SIM_OPERATOR_REFUSED_RETRY", value_name = "DURATION", default_value = "1h")]
    pub refused_retry: String,

    /// How long reconciles may take to finish once the process is told to end; a pod has 30 s in all by default.
    #[arg(long, env = "SIM_OPERATOR_SHUTDOWN_LIMIT", value_name = "DURATION", default_value = "25s")]
    pub shutdown_limit: String,

    /// How processes agree on which of them works.
    #[command(flatten)]
    pub election: Election,

    /// The format of log lines, on standard error.
    #[arg(long, env = "SIM_OPERATOR_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,

    /// What is logged: a level, or `target=level` with commas between them.
    #[arg(long, env = "SIM_OPERATOR_LOG", value_name = "FILTER", default_value = "info")]
    pub log: String,
}

/// The flags of the leader election.
#[derive(Args, Debug)]
pub struct Election {
    /// Works only while it holds a Lease, so that of several processes one writes and the others stand by.
    #[arg(long, env = "SIM_OPERATOR_LEADER_ELECT", value_name = "BOOL", default_value_t = true)]
    #[arg(action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub leader_elect: bool,

    /// The name of the Lease.
    #[arg(long, env = "SIM_OPERATOR_LEASE_NAME", value_name = "NAME", default_value = "sim-operator")]
    pub lease_name: String,

    /// The namespace of the Lease. Absent: that of the pod, or of the kubeconfig's context.
    #[arg(long, env = "SIM_OPERATOR_LEASE_NAMESPACE", value_name = "NAMESPACE")]
    pub lease_namespace: Option<String>,

    /// How long a process that died keeps the Lease; more than --request-limit and --lease-renew together.
    #[arg(long, env = "SIM_OPERATOR_LEASE_DURATION", value_name = "DURATION", default_value = "1m")]
    pub lease_duration: String,

    /// How often the Lease is renewed.
    #[arg(long, env = "SIM_OPERATOR_LEASE_RENEW", value_name = "DURATION", default_value = "5s")]
    pub lease_renew: String,
}
