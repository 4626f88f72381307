//! What can become of one write to Kubernetes.

use sim_operator::failpoint::Point;

use super::operator::resources::Seen;
use super::place::Place;
use crate::support::wait::eventually;

/// A write to Kubernetes that an operation makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// The intent of a create.
    Intent,
    /// The status with the id of what was created.
    NewId,
    /// The annotations after that.
    Annotations,
    /// The intent of what was refused goes.
    ClosedIntent,
    /// Our finalizer on what takes.
    Finalizer,
    /// The status with the id of what is taken.
    TakenId,
    /// The status after an update.
    Record,
    /// Our finalizer goes, after a deletion.
    LastFinalizer,
    /// Our finalizer goes, and the integration stays.
    FinalizerLetGo,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It takes effect, and its answer never comes.
    AnswerLost,
    /// The API server is away before it leaves, and back later.
    Cut,
}

impl Trouble {
    pub fn done(self) -> &'static str {
        match self {
            Self::AnswerLost => "Kubernetes takes it, its answer is lost",
            Self::Cut => "Kubernetes cannot be reached for it, and is back later",
        }
    }
}

impl Write {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent patch",
            Self::NewId => "status patch with the new id",
            Self::Annotations => "metadata patch after Ready",
            Self::ClosedIntent => "patch that closes the intent",
            Self::Finalizer => "patch of our finalizer",
            Self::TakenId => "status patch with the id",
            Self::Record => "status patch after the change",
            Self::LastFinalizer | Self::FinalizerLetGo => "removal of our finalizer",
        }
    }

    /// The failpoint right before it.
    pub fn point(self) -> Point {
        match self {
            Self::Intent => Point::BeforeIntent,
            Self::NewId => Point::Created,
            Self::Annotations => Point::Announced,
            Self::ClosedIntent => Point::CreateRefused,
            Self::Finalizer => Point::BeforeBind,
            Self::TakenId => Point::FinalizerWritten,
            Self::Record => Point::Updated,
            Self::LastFinalizer => Point::Deleted,
            Self::FinalizerLetGo => Point::LetGo,
        }
    }

    /// Whether it is there.
    fn has_landed(self, desk: Option<&Seen>) -> bool {
        let Some(desk) = desk else { return matches!(self, Self::LastFinalizer | Self::FinalizerLetGo) };
        match self {
            Self::Intent => desk.annotation("simops.dev/create").is_some(),
            Self::NewId | Self::TakenId => desk["status"]["id"].is_string(),
            Self::Annotations => desk.annotation("simops.dev/remote-id").is_some(),
            Self::ClosedIntent => desk.annotation("simops.dev/create").is_none(),
            Self::Finalizer => desk["metadata"]["finalizers"].is_array(),
            Self::Record => desk.is_ready(),
            Self::LastFinalizer | Self::FinalizerLetGo => false,
        }
    }

    /// What the operator says when it could not be made.
    fn complaint(self) -> &'static str {
        match self {
            Self::Intent | Self::ClosedIntent | Self::Finalizer => "not done",
            Self::NewId => "the new id is not written yet",
            Self::Annotations | Self::TakenId | Self::Record => "the status was not written",
            Self::LastFinalizer | Self::FinalizerLetGo => "Kubernetes failed",
        }
    }

    /// With the operator held right before it, has this become of it.
    pub async fn happen(self, trouble: Trouble, place: &mut Place) {
        place.held_at(self.point()).await;
        match trouble {
            Trouble::AnswerLost => {
                place.gate().swallow_answers();
                place.world.operator().release();
                eventually(&format!("the {} has landed", self.as_str()), async || {
                    let desk = place.look().await;
                    if self.has_landed(desk.as_ref()) { Ok(()) } else { Err(desk) }
                })
                .await;
                place.gate().answers_are_lost().await;
                place.gate().open();
                place.world.operator().says(self.complaint()).await;
            }
            Trouble::Cut => {
                place.gate().cut();
                place.world.operator().release();
                place.world.operator().says(self.complaint()).await;
                place.gate().open();
            }
        }
    }
}
