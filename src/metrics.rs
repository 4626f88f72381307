//! What Prometheus is told.
//!
//! Every label is a closed set: no name of an object, no text of a server and no secret ever becomes one. A clone of
//! [`Metrics`] counts into the same numbers; there are no globals.

mod labels;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::api::Reason;
use crate::api::integration::Cause;
use crate::sailpoint::{Class, Observer};

pub use labels::{Change, Kind, LetGo, Outcome};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReconcileLabels {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    method: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ClassLabel {
    class: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ChangeLabels {
    action: &'static str,
    cause: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// The operator's metrics. A clone counts into the same numbers.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    reconcile: Histograms<ReconcileLabels>,
    request: Histograms<RequestLabels>,
    budget_wait: Histograms<ClassLabel>,
    changes: Family<ChangeLabels, Counter>,
    let_go: Family<ReasonLabel, Counter>,
    integrations: Family<ReasonLabel, Gauge>,
    leader: Gauge,
}

impl Metrics {
    /// All at nought.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("sim_operator");
        let metrics = Self {
            registry: Arc::default(),
            reconcile: Family::new_with_constructor(reconcile_buckets),
            request: Family::new_with_constructor(request_buckets),
            budget_wait: Family::new_with_constructor(wait_buckets),
            changes: Family::default(),
            let_go: Family::default(),
            integrations: Family::default(),
            leader: Gauge::default(),
        };
        metrics.register(&mut registry);
        metrics.integrations(&BTreeMap::new());
        Self { registry: Arc::new(registry), ..metrics }
    }

    fn register(&self, registry: &mut Registry) {
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version that runs", version);
        registry.register_with_unit(
            "reconcile",
            "How long reconciles took, in seconds, by kind and by how they ended",
            Unit::Seconds,
            self.reconcile.clone(),
        );
        registry.register_with_unit(
            "sailpoint_request",
            "How long requests to SailPoint took, in seconds, from sending to the whole answer, by route, method and \
             class of status (429 by itself; none: no answer came)",
            Unit::Seconds,
            self.request.clone(),
        );
        registry.register_with_unit(
            "budget_wait",
            "How long requests waited for their turn in a tenant's budget (spec.requestsPer10s), in seconds, by class",
            Unit::Seconds,
            self.budget_wait.clone(),
        );
        let help = "Changes made in tenants, by what was done and why (Deletion: the resource was deleted)";
        registry.register("changes", help, self.changes.clone());
        let help = "Deleted resources whose integration was left in the tenant without a call, by why";
        registry.register("let_go", help, self.let_go.clone());
        let help =
            "SimIntegrations at present, by the reason of their condition Ready; all nought while this process follows";
        registry.register("integrations", help, self.integrations.clone());
        registry.register("leader", "1 while this process leads and works, 0 while it follows", self.leader.clone());
    }

    /// One reconcile has ended.
    pub fn reconciled(&self, kind: Kind, outcome: Outcome, elapsed: Duration) {
        let labels = ReconcileLabels { kind: kind.as_str(), outcome: outcome.as_str() };
        self.reconcile.get_or_create(&labels).observe(elapsed.as_secs_f64());
    }

    /// Something was changed in a tenant; without a cause the resource was deleted.
    pub fn changed(&self, change: Change, cause: Option<Cause>) {
        let cause = cause.map_or("Deletion", Cause::as_str);
        self.changes.get_or_create(&ChangeLabels { action: change.as_str(), cause }).inc();
    }

    /// A resource was let go of without a call.
    pub fn let_go(&self, why: LetGo) {
        self.let_go.get_or_create(&ReasonLabel { reason: why.as_str() }).inc();
    }

    /// How many integrations there are now by the reason of their Ready; a reason that is not named has none.
    pub fn integrations(&self, counts: &BTreeMap<Reason, usize>) {
        for reason in Reason::ALL {
            let count = counts.get(reason).copied().unwrap_or_default();
            let gauge = self.integrations.get_or_create_owned(&ReasonLabel { reason: reason.as_str() });
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// Whether this process leads.
    pub fn leads(&self, leads: bool) {
        self.leader.set(i64::from(leads));
    }

    /// The numbers as OpenMetrics text.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail; what an encoder of a metric refuses would be missing from the text.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl Observer for Metrics {
    fn on_request(&self, method: &'static str, route: &'static str, status: Option<u16>, elapsed: Duration) {
        let labels = RequestLabels { route, method, status: status_label(status) };
        self.request.get_or_create(&labels).observe(elapsed.as_secs_f64());
    }

    fn on_wait(&self, class: Class, waited: Duration) {
        self.budget_wait.get_or_create(&ClassLabel { class: class.as_str() }).observe(waited.as_secs_f64());
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn reconcile_buckets() -> Histogram {
    Histogram::new([0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0])
}

fn request_buckets() -> Histogram {
    Histogram::new([0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0])
}

fn wait_buckets() -> Histogram {
    Histogram::new([0.001, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0])
}

fn status_label(status: Option<u16>) -> &'static str {
    match status {
        None => "none",
        Some(429) => "429",
        Some(200..300) => "2xx",
        Some(300..400) => "3xx",
        Some(400..500) => "4xx",
        Some(500..600) => "5xx",
        Some(_) => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_can_be_read() {
        let metrics = Metrics::new();
        let other = metrics.clone();
        other.reconciled(Kind::Integration, Outcome::Changed, Duration::from_millis(3));
        other.on_request("GET", "/sim-integrations", Some(200), Duration::from_millis(40));
        other.on_request("GET", "/sim-integrations", Some(429), Duration::from_millis(40));
        other.on_request("GET", "/sim-integrations", None, Duration::from_millis(40));
        other.on_wait(Class::Token, Duration::from_millis(40));
        other.changed(Change::Updated, Some(Cause::Drift));
        other.changed(Change::Deleted, None);
        other.let_go(LetGo::ForceOrphan);
        other.integrations(&BTreeMap::from([(Reason::Reconciled, 7)]));

        let text = metrics.encode();
        for line in [
            "sim_operator_reconcile_seconds_count{kind=\"SimIntegration\",outcome=\"Changed\"} 1",
            "sim_operator_sailpoint_request_seconds_count{route=\"/sim-integrations\",method=\"GET\",status=\"2xx\"} 1",
            "sim_operator_sailpoint_request_seconds_count{route=\"/sim-integrations\",method=\"GET\",status=\"429\"} 1",
            "sim_operator_sailpoint_request_seconds_count{route=\"/sim-integrations\",method=\"GET\",status=\"none\"} 1",
            "sim_operator_budget_wait_seconds_count{class=\"token\"} 1",
            "sim_operator_changes_total{action=\"Updated\",cause=\"Drift\"} 1",
            "sim_operator_changes_total{action=\"Deleted\",cause=\"Deletion\"} 1",
            "sim_operator_let_go_total{reason=\"ForceOrphan\"} 1",
            "sim_operator_integrations{reason=\"Reconciled\"} 7",
            concat!("sim_operator_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
        ] {
            assert!(text.lines().any(|is| is == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn a_reason_that_is_over_counts_nought() {
        let metrics = Metrics::new();
        metrics.integrations(&BTreeMap::from([(Reason::Conflict, 2)]));
        metrics.integrations(&BTreeMap::new());
        assert!(metrics.encode().contains("sim_operator_integrations{reason=\"Conflict\"} 0\n"));
    }

    #[test]
    fn every_metric_says_what_it_is() {
        let text = Metrics::new().encode();
        let helps = text.lines().filter(|line| line.starts_with("# HELP")).count();
        let types = text.lines().filter(|line| line.starts_with("# TYPE")).count();
        assert!(helps == types && text.ends_with("# EOF\n"), "{text}");
    }
}
