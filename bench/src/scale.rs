//! How much of everything: as the issue asks, or as much as fits into five minutes.

use std::time::Duration;

/// The sizes and intervals of a run.
#[derive(Clone, Debug)]
pub struct Scale {
    /// To so many integrations one world grows, step by step.
    pub steps: Vec<usize>,
    /// So many are created at once in another.
    pub many: usize,
    /// So many are created under the rate limit.
    pub limited: usize,
    /// So many tenants, and so many integrations in each.
    pub tenants: (usize, usize),
    /// Of these, so many are dead and as many limited.
    pub bad: usize,
    /// To so many tenants a world grows, step by step.
    pub tenant_steps: Vec<usize>,
    /// Between two lists, while resyncs are counted.
    pub resync: Duration,
    /// For so long CPU time is looked at: one resync of the default interval, or as much of it as there is time for.
    pub cpu: Duration,
}

impl Scale {
    /// What the issue asks for.
    pub fn full() -> Self {
        Self {
            steps: vec![1, 100, 1_000],
            many: 10_000,
            limited: 1_000,
            tenants: (100, 100),
            bad: 10,
            tenant_steps: vec![1, 10, 100],
            resync: Duration::from_secs(20),
            cpu: Duration::from_mins(10),
        }
    }

    /// What fits into five minutes.
    pub fn quick() -> Self {
        Self {
            steps: vec![1, 100],
            many: 1_000,
            limited: 120,
            tenants: (20, 20),
            bad: 2,
            tenant_steps: vec![1, 10],
            resync: Duration::from_secs(3),
            cpu: Duration::from_secs(6),
        }
    }
}
