//! The operators of a world: how they start, what they are told and answer, and how they end.

use std::path::PathBuf;

use super::World;
use crate::support::control_plane::kubeconfig;
use crate::support::process::Operator;
use crate::support::wait::eventually;

/// Before the address of the probes and metrics, in the line with which an operator begins.
const LISTEN: &str = "listen=";

impl World {
    /// Starts an operator; one more, if one runs.
    pub fn start_operator(&mut self) {
        let flags: Vec<String> = self.flags.iter().map(|(flag, value)| format!("{flag}={value}")).collect();
        let arguments: Vec<&str> =
            ["run", "--listen=127.0.0.1:0"].into_iter().chain(flags.iter().map(String::as_str)).collect();
        let environment: Vec<_> = self.environment.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let kubeconfig = self.kubeconfig.as_deref().unwrap_or_else(|| kubeconfig());
        self.operators.push(Operator::start_as(kubeconfig, &arguments, &environment));
    }

    /// The operator that was started last.
    pub fn operator(&self) -> &Operator {
        self.operators.last().expect("an operator runs")
    }

    /// The operator that was started as this one, from 0 on.
    pub fn replica(&mut self, number: usize) -> &mut Operator {
        &mut self.operators[number]
    }

    /// Of the operators that run, the one that was started first.
    pub fn first_operator(&self) -> &Operator {
        self.operators.first().expect("an operator runs")
    }

    /// Waits until the operator that was started first ends of itself.
    pub async fn first_operator_ends(&mut self) {
        let mut operator = self.operators.remove(0);
        operator.exits().await;
        self.said.push_str(&operator.lines().join("\n"));
    }

    /// Every operator dies as with its node.
    pub fn kill_operators(&mut self) {
        for mut operator in self.operators.drain(..) {
            operator.kill();
            self.said.push_str(&operator.lines().join("\n"));
        }
    }

    /// Every operator is told to end, as Kubernetes tells it, and does so in order.
    pub async fn end_operators(&mut self) {
        for mut operator in self.operators.drain(..) {
            let status = operator.terminate().await;
            self.said.push_str(&operator.lines().join("\n"));
            assert!(status.success(), "{status}: {}", self.said);
        }
    }

    /// Changes a flag for the operators that are started from now on.
    pub fn set_flag(&mut self, flag: &str, value: &str) {
        self.flags.insert(flag.to_owned(), value.to_owned());
    }

    /// Holds the operators that are started from now on at failpoints, as in `created=1*return(hold)`; empty: nowhere.
    pub fn set_failpoints(&mut self, failpoints: &str) {
        self.environment.insert("FAILPOINTS".to_owned(), failpoints.to_owned());
    }

    /// The operators that are started from now on reach Kubernetes by this kubeconfig, or straight.
    pub fn set_kubeconfig(&mut self, kubeconfig: Option<PathBuf>) {
        self.kubeconfig = kubeconfig;
    }

    /// What Prometheus reads of the operator that was started last.
    pub async fn metrics(&self) -> String {
        self.served(self.operators.len() - 1, "metrics").await
    }

    /// What the operator that was started as this one answers at a path.
    pub async fn served(&self, number: usize, path: &str) -> String {
        let started = self.operators.get(number).expect("an operator runs").says(LISTEN).await;
        let address = started.split(LISTEN).nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        eventually(&format!("the operator's {path}"), async || {
            let answer = http.get(format!("http://{address}/{path}")).send().await;
            answer.map_err(|error| error.to_string())?.text().await.map_err(|error| error.to_string())
        })
        .await
    }

    /// Keeps what was said by operators that have ended.
    pub(super) fn bury(&mut self) {
        let ended: Vec<_> = self.operators.extract_if(.., |operator| operator.exit_status().is_some()).collect();
        for operator in ended {
            self.said.push_str(&operator.lines().join("\n"));
        }
    }
}
