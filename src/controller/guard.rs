//! One reconcile's panic is its own: without this, a resource that meets a bug would end the process, and with it the work
//! for all others.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use kube::runtime::controller::Action;

/// Does this work; if it panics, it is done again after `retry`.
pub(super) async fn guarded(name: &str, retry: Duration, work: impl Future<Output = Action>) -> Action {
    // What it leaves behind half done is behind locks that pass on a poisoned state, as each change under them is one step.
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(name, "a reconcile panicked: this is a bug of the operator, please report it");
        Action::requeue(retry)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_tried_again_later() {
        let wait = Duration::from_secs(5);
        assert_eq!(guarded("a", wait, async { panic!("as a test") }).await, Action::requeue(wait));
        assert_eq!(guarded("a", wait, async { Action::await_change() }).await, Action::await_change());
    }
}
