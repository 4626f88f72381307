//! The process dies, or stands still.

use std::time::Duration;

use serde_json::json;
use sim_operator::failpoint::Point;
use tokio::time::sleep;

use super::row;
use crate::calls::{Call, Trouble};
use crate::kubernetes::{self, Write};
use crate::operation::Operation;
use crate::place::Place;
use crate::row::{Row, Writes};

const ONCE: Writes = Writes::posts(1);
/// Longer than a POST may take to leave after its intent.
const TOO_LATE: Duration = Duration::from_millis(5_100);

pub fn rows() -> Vec<Row> {
    let killed_at = |case, point: Point| {
        row(case, &format!("held at `{}`, SIGKILL, restart", point.as_str())).least(ONCE).held_at(&[point])
    };
    vec![
        killed_at("crash before intent", Point::BeforeIntent).by(killed_in_create_at(Point::BeforeIntent)),
        killed_at("after intent before POST", Point::IntentWritten).by(killed_in_create_at(Point::IntentWritten)),
        row("intent patch unanswered", "Kubernetes takes it, its answer is lost; SIGKILL, restart")
            .least(ONCE)
            .held_at(&[Point::BeforeIntent])
            .by(unanswered_intent),
        row(
            "leader suspended between intent and POST",
            "without leader election: SIGSTOP there; another process creates; SIGCONT after the 5 s in which the POST may leave",
        )
        .least(ONCE)
        .held_at(&[Point::IntentWritten])
        .by(suspended),
        killed_at("crash after POST", Point::Created).by(killed_in_create_at(Point::Created)),
        creating_again(Point::IntentWritten),
        creating_again(Point::Created),
        killed_at("POST refused, then restart", Point::IntentClosed).least(Writes::posts(2)).by(async |place| {
            Operation::CreateRefused.asked_for(place).await;
            killed(place, Point::IntentClosed).await;
        }),
    ]
}

async fn killed(place: &mut Place, point: Point) {
    place.start_held_at(&[point]);
    place.held_at(point).await;
    place.kill_and_restart();
}

fn killed_in_create_at(point: Point) -> impl AsyncFnOnce(&mut Place) + Send {
    async move |place: &mut Place| {
        place.apply().await;
        killed(place, point).await;
    }
}

async fn unanswered_intent(place: &mut Place) {
    place.apply().await;
    place.behind_a_gate().await;
    place.start_held_at(&[Point::BeforeIntent]);
    Write::Intent.happen(kubernetes::Trouble::AnswerLost, place).await;
    place.kill_and_restart();
}

async fn suspended(place: &mut Place) {
    place.apply().await;
    place.start_held_at(&[Point::IntentWritten]);
    place.held_at(Point::IntentWritten).await;
    let suspended = sleep(TOO_LATE);
    place.world.operator().suspend();
    place.world.start_operator();
    place.in_order().await;
    suspended.await;
    place.world.first_operator().resume();
    place.world.first_operator().release();
    place.world.first_operator().says("not done").await;
}

fn creating_again(point: Point) -> Row {
    let done = format!("deleted in the UI; held at `{}` of the second create, SIGKILL, restart", point.as_str());
    row("crash while creating again after gone", &done).least(ONCE).held_at(&[point]).by(
        async move |place: &mut Place| {
            place.created(json!({})).await;
            let desk = place.world.sims.see("desk").await;
            place.world.tenant.delete_in_ui(desk.id()).await;
            killed(place, point).await;
            let is_new = |now: &crate::operator::resources::Seen| now.is_ready() && now.id() != desk.id();
            place.world.sims.until("desk", "is there again", is_new).await;
        },
    )
}

/// What becomes of a call within a create.
pub(super) fn in_create(call: Call, trouble: Trouble) -> impl AsyncFnOnce(&mut Place) + Send {
    async move |place: &mut Place| {
        place.apply().await;
        trouble.arm(call, place).await;
        place.world.start_operator();
        trouble.happen(place).await;
    }
}
