//! What the table does with operator processes, beyond starting and killing them.

use std::path::PathBuf;

use super::operator::world::World;
use crate::support::process::Operator;

impl World {
    /// The operator that was started last.
    pub fn operator(&self) -> &Operator {
        &self.operators.last().expect("an operator runs").0
    }

    /// Of the operators that run, the one that was started first.
    pub fn first_operator(&self) -> &Operator {
        &self.operators.first().expect("an operator runs").0
    }

    /// Waits until the operator that was started first ends of itself.
    pub async fn first_operator_ends(&mut self) {
        let (mut operator, _) = self.operators.remove(0);
        operator.exits().await;
        self.said.push_str(&operator.lines().join("\n"));
    }

    /// Holds the operators that are started from now on at failpoints, as in `created=1*return(hold)`; empty: nowhere.
    pub fn set_failpoints(&mut self, failpoints: &str) {
        self.environment.insert("FAILPOINTS".to_owned(), failpoints.to_owned());
    }

    /// The operators that are started from now on reach Kubernetes by this kubeconfig, or straight.
    pub fn set_kubeconfig(&mut self, kubeconfig: Option<PathBuf>) {
        self.kubeconfig = kubeconfig;
    }
}
