//! What the flags of `run` mean: checked, with units, once.
//!
//! Not here: what was typed ([`crate::cli`]) and what stands in a tenant's spec.

mod election;

use std::net::SocketAddr;
use std::time::Duration;

use tracing_subscriber::filter::Targets;

use crate::cli::{LogFormat, Run};
use crate::cluster;
use crate::sailpoint::AllowedHosts;

pub use election::Election;

/// All that can be set about a running operator.
#[derive(Clone, Debug)]
pub struct Config {
    /// Namespace and name of the tenant of integrations that name none.
    pub default_tenant: Option<(String, String)>,
    /// The namespaces to watch; none: all.
    pub namespaces: Vec<String>,
    /// How many resources are reconciled at once.
    pub concurrency: u16,
    /// How many reconciles of one tenant may be writing to it at once.
    pub writes_per_tenant: usize,
    /// Where probes and metrics are served.
    pub listen: SocketAddr,
    /// The hosts that credentials may be sent to.
    pub allowed_hosts: AllowedHosts,
    /// What tells this cluster from others; absent: the uid of namespace kube-system.
    pub cluster_id: Option<String>,
    /// How long a write whose answer never came may still take effect.
    pub settle: Duration,
    /// How long the tenant's list may lag behind its writes.
    pub list_lag: Duration,
    /// How long connecting to a tenant may take.
    pub connect_limit: Duration,
    /// How long a request to a tenant may take.
    pub request_limit: Duration,
    /// How long a missing Secret or reference counts as being on its way.
    pub reference_grace: Duration,
    /// Instead of every tenant's `resyncInterval`.
    pub resync: Option<Duration>,
    /// The first wait after an error.
    pub backoff_min: Duration,
    /// The longest wait after an error.
    pub backoff_max: Duration,
    /// The wait before sending again what was refused.
    pub refused_retry: Duration,
    /// How long reconciles may take to finish once the process is told to end.
    pub shutdown_limit: Duration,
    /// How processes agree on which of them works; absent: this one does, whatever others do.
    pub election: Option<Election>,
    /// What is logged, and how.
    pub log: LogConfig,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// For people or for collectors.
    pub format: LogFormat,
    /// A filter that [`Targets`] reads.
    pub filter: String,
}

/// A flag that cannot mean anything: which, and what to write instead.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{flag}: {why}")]
pub struct Invalid {
    flag: &'static str,
    why: String,
}

impl Invalid {
    fn new(flag: &'static str, why: impl Into<String>) -> Self {
        Self { flag, why: why.into() }
    }
}

impl TryFrom<Run> for Config {
    type Error = Invalid;

    fn try_from(run: Run) -> Result<Self, Invalid> {
        let backoff_min = duration("--backoff-min", &run.backoff_min)?;
        let backoff_max = duration("--backoff-max", &run.backoff_max)?;
        let request_limit = duration("--request-limit", &run.request_limit)?;
        if backoff_max < backoff_min {
            return Err(Invalid::new("--backoff-max", "must not be less than --backoff-min"));
        }
        Ok(Self {
            default_tenant: run.default_tenant.as_deref().map(tenant).transpose()?,
            namespaces: namespaces(&run.namespace)?,
            concurrency: run.concurrency,
            writes_per_tenant: run.writes_per_tenant.into(),
            listen: run.listen,
            allowed_hosts: allowed_hosts(&run.allowed_hosts)?,
            cluster_id: run.cluster_id.map(cluster_id).transpose()?,
            settle: duration("--settle", &run.settle)?,
            list_lag: duration("--list-lag", &run.list_lag)?,
            connect_limit: duration("--connect-limit", &run.connect_limit)?,
            request_limit,
            reference_grace: duration("--reference-grace", &run.reference_grace)?,
            resync: run.resync.as_deref().map(|text| duration("--resync", text)).transpose()?,
            backoff_min,
            backoff_max,
            refused_retry: duration("--refused-retry", &run.refused_retry)?,
            shutdown_limit: duration("--shutdown-limit", &run.shutdown_limit)?,
            election: election::election(run.election, request_limit)?,
            log: LogConfig { format: run.log_format, filter: filter(run.log)? },
        })
    }
}

impl Default for Config {
    /// What `sim-operator run` means where nothing is said.
    fn default() -> Self {
        Self {
            default_tenant: None,
            namespaces: Vec::new(),
            concurrency: 512,
            writes_per_tenant: 4,
            listen: SocketAddr::from(([0, 0, 0, 0], 8080)),
            allowed_hosts: AllowedHosts::sailpoint(!cluster::in_pod()),
            cluster_id: None,
            settle: Duration::from_mins(5),
            list_lag: Duration::from_secs(30),
            connect_limit: Duration::from_secs(5),
            request_limit: Duration::from_secs(30),
            reference_grace: Duration::from_mins(5),
            resync: None,
            backoff_min: Duration::from_secs(2),
            backoff_max: Duration::from_mins(5),
            refused_retry: Duration::from_hours(1),
            shutdown_limit: Duration::from_secs(25),
            election: Some(Election::default()),
            log: LogConfig { format: LogFormat::Text, filter: "info".to_owned() },
        }
    }
}

fn duration(flag: &'static str, text: &str) -> Result<Duration, Invalid> {
    let signed: Option<jiff::SignedDuration> = text.parse().ok();
    signed
        .and_then(|signed| Duration::try_from(signed).ok())
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| Invalid::new(flag, format!("{text:?} is no duration above 0: write 90s, 5m or 1h30m")))
}

fn tenant(text: &str) -> Result<(String, String), Invalid> {
    let named = text.split_once('/').filter(|(namespace, name)| is_label(namespace) && is_subdomain(name));
    let (namespace, name) = named.ok_or_else(|| {
        Invalid::new("--default-tenant", format!("{text:?} names no tenant: write NAMESPACE/NAME, such as iam/acme"))
    })?;
    Ok((namespace.to_owned(), name.to_owned()))
}

fn namespaces(typed: &[String]) -> Result<Vec<String>, Invalid> {
    let mut names: Vec<String> =
        typed.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    if let Some(wrong) = names.iter().find(|name| !is_label(name)) {
        return Err(Invalid::new("--namespace", format!("{wrong:?} is no name of a namespace")));
    }
    names.sort();
    names.dedup();
    Ok(names)
}

fn allowed_hosts(typed: &[String]) -> Result<AllowedHosts, Invalid> {
    if typed.iter().all(|host| host.trim().is_empty()) {
        return Ok(AllowedHosts::sailpoint(!cluster::in_pod()));
    }
    AllowedHosts::parse(typed.iter().map(String::as_str), !cluster::in_pod())
        .map_err(|error| Invalid::new("--allowed-hosts", error.to_string()))
}

fn cluster_id(text: String) -> Result<String, Invalid> {
    if text.is_empty() || text.len() > 128 || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Invalid::new("--cluster-id", "must have 1 to 128 characters and no blanks"));
    }
    Ok(text)
}

fn filter(text: String) -> Result<String, Invalid> {
    match text.parse::<Targets>() {
        Ok(_) => Ok(text),
        Err(error) => Err(Invalid::new("--log", format!("{text:?}: {error}; write info, or sim_operator=debug,info"))),
    }
}

/// Whether this can be the name of a namespace (RFC 1123 label).
fn is_label(name: &str) -> bool {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    name.len() <= 63 && !name.is_empty() && name.bytes().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

/// Whether this can be the name of a resource (RFC 1123 subdomain).
fn is_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn config(flags: &[&str]) -> Result<Config, String> {
        let typed = Cli::try_parse_from(["sim-operator", "run"].iter().chain(flags)).map_err(|e| e.to_string())?;
        let Command::Run(run) = typed.command else { unreachable!() };
        Config::try_from(*run).map_err(|invalid| invalid.to_string())
    }

    #[test]
    fn no_flags_mean_the_default() {
        let (typed, default) = (config(&[]).unwrap(), Config::default());
        assert_eq!(format!("{typed:?}"), format!("{default:?}"));
    }

    #[test]
    fn flags_are_resolved() {
        let config = config(&[
            "--default-tenant=iam/acme",
            "--namespace=iam,itsm",
            "--namespace=apps,iam",
            "--settle=1m30s",
            "--resync=5s",
            "--log=sim_operator=debug,info",
            "--cluster-id=prod-eu",
            "--allowed-hosts=acme.example,*.corp.example",
        ])
        .unwrap();
        assert_eq!(config.default_tenant, Some(("iam".to_owned(), "acme".to_owned())));
        assert_eq!(config.namespaces, ["apps", "iam", "itsm"]);
        assert_eq!(config.settle, Duration::from_secs(90));
        assert_eq!(config.resync, Some(Duration::from_secs(5)));
        assert!(config.allowed_hosts.to_string().starts_with("acme.example, *.corp.example"));
        assert_eq!(config.cluster_id.as_deref(), Some("prod-eu"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_one_line() {
        for (flag, words) in [
            ("--settle=soon", "--settle: \"soon\" is no duration"),
            ("--settle=-5m", "no duration above 0"),
            ("--list-lag=0s", "no duration above 0"),
            ("--default-tenant=acme", "write NAMESPACE/NAME"),
            ("--default-tenant=iam/", "write NAMESPACE/NAME"),
            ("--default-tenant=iam/a/b", "write NAMESPACE/NAME"),
            ("--namespace=Iam", "\"Iam\" is no name of a namespace"),
            ("--cluster-id=a b", "no blanks"),
            ("--allowed-hosts=https://a.example", "--allowed-hosts"),
            ("--log=sim_operator=loud", "--log: "),
            ("--backoff-min=1h", "--backoff-max: must not be less"),
        ] {
            let refused = config(&[flag]).unwrap_err();
            assert!(refused.contains(words) && !refused.contains('\n'), "{flag}: {refused}");
        }
        for flag in ["--concurrency=0", "--concurrency=1025", "--writes-per-tenant=0", "--listen=8080"] {
            assert!(config(&[flag]).is_err(), "{flag}");
        }
    }
}
