//! Of two processes one leads, by a Lease; then the other does.

use sim_operator::failpoint::Point;

use super::row;
use crate::calls::Call;
use crate::operator::mishaps::too_many;
use crate::place::Place;
use crate::row::{Row, Writes};

pub fn rows() -> Vec<Row> {
    let suspended = |words: &str| {
        row("leader suspended between intent and POST", words)
            .least(Writes::posts(1))
            .held_at(&[Point::IntentWritten])
            .by(suspended)
    };
    vec![
        elected(row(
            "POST queued behind a 429, leader changes",
            "429 to the POST, asks for a minute; SIGKILL, the follower takes the Lease",
        ))
        .least(Writes::posts(2))
        .by(queued),
        elected(suspended(
            "SIGSTOP there; the follower takes the Lease and creates; SIGCONT: it sends nothing, and ends",
        )),
        elected(row(
            "two operators at once",
            "the leader is cut off from Kubernetes between intent and POST; the follower takes the Lease and creates",
        ))
        .least(Writes::posts(1))
        .held_at(&[Point::IntentWritten])
        .by(cut_off),
        elected(row("two operators at once", "one leads")).least(Writes::posts(1)).by(async |place| {
            place.world.start_operator();
            place.world.start_operator();
            place.apply().await;
        }),
    ]
}

/// The leader may write for 13 s after a renewal; who follows takes over after 15 s of silence.
fn elected(row: Row) -> Row {
    row.flag("--leader-elect", "true")
        .flag("--lease-duration", "15s")
        .flag("--lease-renew", "500ms")
        .flag("--request-limit", "2s")
}

async fn queued(place: &mut Place) {
    place.world.tenant.inject(&Call::Post.fault(too_many(60))).await;
    place.apply().await;
    place.world.start_operator();
    place.world.sims.reconciling("desk", "RateLimited").await;
    place.kill_and_restart();
}

async fn suspended(place: &mut Place) {
    place.apply().await;
    place.start_held_at(&[Point::IntentWritten]);
    place.held_at(Point::IntentWritten).await;
    place.world.start_operator();
    place.world.operator().says("follows").await;
    place.world.first_operator().suspend();
    place.in_order().await;
    place.world.first_operator().resume();
    place.world.first_operator().release();
    place.world.first_operator_ends().await;
}

async fn cut_off(place: &mut Place) {
    place.apply().await;
    place.behind_a_gate().await;
    place.start_held_at(&[Point::IntentWritten]);
    place.held_at(Point::IntentWritten).await;
    place.past_the_gate();
    place.world.start_operator();
    place.world.operator().says("follows").await;
    place.gate().cut();
    place.world.first_operator_ends().await;
    place.in_order().await;
}
