//! Named places between two effects, at which a test can hold this process: to kill it there, to suspend it, or to change the
//! world around it. Without the feature `failpoints`, which no release has, nothing of this is compiled in.
//!
//! `FAILPOINTS='intent-written=1*return(hold)'` holds the first that comes to [`Point::IntentWritten`]: it says so in the log
//! and waits until SIGUSR1 releases all that is held. The other actions of the `fail` crate work too.

/// Defines [`Point`], so that a test can go through all of them.
macro_rules! points {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// A place between two effects.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Point { $($(#[$doc])* $name,)+ }

        impl Point {
            /// Every point.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name in `FAILPOINTS`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

points! {
    /// A create: the name is free and the slot is taken, the intent is not written.
    BeforeIntent = "before-intent",
    /// A create: the intent is written, the POST is not sent.
    IntentWritten = "intent-written",
    /// A create: the POST is answered, the new id is in this process alone.
    Created = "created",
    /// A create: what came of the POST is not known, the status does not say so.
    CreateUnanswered = "create-unanswered",
    /// A create: the tenant has refused, the intent is still open.
    CreateRefused = "create-refused",
    /// A create: the tenant has refused and the intent is closed, the status does not say so.
    IntentClosed = "intent-closed",
    /// A create: the new id was not written the first time, the resource was read again.
    LandingAgain = "landing-again",
    /// A create: no resource can hold the new id, what has it is not deleted.
    DuplicateFound = "duplicate-found",
    /// A create: what no resource can hold is deleted, nobody was told.
    DuplicateRemoved = "duplicate-removed",
    /// Taking what is there: nothing is written.
    BeforeBind = "before-bind",
    /// Taking what is there: our finalizer is written, the id is not.
    FinalizerWritten = "finalizer-written",
    /// The status is written, there is no event of it.
    StatusWritten = "status-written",
    /// The status is written and announced, the annotations are not written.
    Announced = "announced",
    /// The annotations are written.
    AnnotationsWritten = "annotations-written",
    /// An update: nothing is sent.
    BeforeUpdate = "before-update",
    /// An update by PUT: the integration is read, the PUT is not sent.
    ReadBeforePut = "read-before-put",
    /// An update: it is answered, the status does not say so.
    Updated = "updated",
    /// A deletion: the resource is read, the DELETE is not sent.
    BeforeDelete = "before-delete",
    /// A deletion: the integration is gone, our finalizer is not removed.
    Deleted = "deleted",
    /// A deletion: another resource takes over, our finalizer is not removed.
    HandedOver = "handed-over",
    /// A deletion: it is said that the integration stays, our finalizer is not removed.
    LetGo = "let-go",
    /// A deletion: our finalizer is removed, there is no event of it.
    FinalizerRemoved = "finalizer-removed",
}

#[cfg(feature = "failpoints")]
mod armed {
    use std::io;

    use fail::{FailScenario, fail_point};
    use tokio::signal::unix::{SignalKind, signal};
    use tokio::sync::Notify;

    use super::Point;

    static RELEASED: Notify = Notify::const_new();

    /// The failpoints of this process, until it is dropped.
    pub struct Armed {
        _scenario: FailScenario<'static>,
    }

    /// Reads `FAILPOINTS`.
    #[must_use]
    pub fn arm() -> Armed {
        Armed { _scenario: FailScenario::setup() }
    }

    /// Releases all that is held at each SIGUSR1.
    ///
    /// # Errors
    /// If the signal cannot be heard.
    pub fn release_on_signal() -> io::Result<()> {
        let mut user = signal(SignalKind::user_defined1())?;
        tokio::spawn(async move {
            while user.recv().await.is_some() {
                RELEASED.notify_waiters();
            }
        });
        Ok(())
    }

    fn is_held(point: Point) -> bool {
        fail_point!(point.as_str(), |action| action.as_deref() == Some("hold"));
        false
    }

    /// Does here what `FAILPOINTS` says of this point.
    pub async fn at(point: Point) {
        // Before the test is told, so that no release is missed.
        let released = RELEASED.notified();
        if is_held(point) {
            tracing::info!(point = point.as_str(), "held at a failpoint");
            released.await;
            tracing::info!(point = point.as_str(), "released from a failpoint");
        }
    }
}

#[cfg(feature = "failpoints")]
pub use armed::{Armed, arm, at, release_on_signal};

/// Nothing: this build has no failpoints.
#[cfg(not(feature = "failpoints"))]
#[expect(clippy::unused_async, reason = "as with the feature")]
#[inline]
pub async fn at(_: Point) {}
