//! Create: intent, POST, status, annotations.

use std::collections::BTreeMap;

use serde_json::json;
use sim_operator::failpoint::Point;

use super::calls::Call::{List, Post, Token};
use super::calls::Trouble;
use super::kubernetes::Write;
use super::operation::Operation;
use super::operator::mishaps::too_many;
use super::place::Place;
use super::row::{Row, Writes};
use super::scenario::Mishap::{Call, CallThenKilledAt, KilledAt};
use super::scenario::{of_kubernetes, of_reads, rows as of};
use crate::support::simulator::Action;

const ONCE: Writes = Writes::posts(1);
/// The first never took effect: without it there would be none.
const TWICE: Writes = Writes::posts(2);

pub fn rows() -> Vec<Row> {
    let points = [
        Point::BeforeIntent,
        Point::IntentWritten,
        Point::Created,
        Point::StatusWritten,
        Point::Announced,
        Point::AnnotationsWritten,
    ];
    let posts = [
        (Call(Post, Trouble::HeldThenKilled), ONCE),
        (Call(Post, Trouble::MadeThenKilled), ONCE),
        (Call(Post, Trouble::CutBefore), TWICE),
        (Call(Post, Trouble::CutAfter), ONCE),
        (Call(Post, Trouble::ServerErrorBefore), TWICE),
        (Call(Post, Trouble::ServerErrorAfter), ONCE),
        (Call(Post, Trouble::Page), TWICE),
        (Call(Post, Trouble::NeverMade), TWICE),
        (Call(Post, Trouble::MadeLate), ONCE),
        (Call(Post, Trouble::AnsweredLate), ONCE),
        (CallThenKilledAt(Post, Trouble::CutBefore, Point::CreateUnanswered), TWICE),
        (CallThenKilledAt(Post, Trouble::CutAfter, Point::CreateUnanswered), ONCE),
    ];
    let killed = points.map(|point| (KilledAt(point), ONCE));
    let kubernetes = of_kubernetes(&[Write::Intent, Write::NewId, Write::Annotations], ONCE);
    let whole = killed.into_iter().chain(of_reads(&[Token, List], ONCE)).chain(posts).chain(kubernetes);
    of(Operation::Create, whole).into_iter().chain(answered_otherwise()).chain(refused()).collect()
}

/// Answers that are neither the new integration nor a failure of the network.
fn answered_otherwise() -> Vec<Row> {
    let row = |done: &str| Row::of(Operation::Create.as_str(), "POST", done);
    let answered = |action: Action| {
        async move |place: &mut Place| {
            place.world.tenant.inject(&Post.fault(action)).await;
            place.apply().await;
            place.world.start_operator();
        }
    };
    let without_id = Action::Answer {
        status: 200,
        headers: BTreeMap::new(),
        body: Some(json!({})),
        content_type: None,
        commit: true,
    };
    vec![
        row("200 without an id, and the POST took effect").least(ONCE).by(answered(without_id)),
        row("429, asks for a second").least(TWICE).by(answered(too_many(1))),
        row("401, as the token was revoked right before").least(TWICE).held_at(&[Point::IntentWritten]).by(
            async |place: &mut Place| {
                place.apply().await;
                place.start_held_at(&[Point::IntentWritten]);
                place.held_at(Point::IntentWritten).await;
                place.world.tenant.revoke_tokens().await;
                place.world.operator().release();
            },
        ),
    ]
}

/// The first POST was refused. A process that died since does not know, and asks again.
fn refused() -> Vec<Row> {
    let killed =
        [Point::CreateRefused, Point::IntentClosed, Point::StatusWritten].map(|point| (KilledAt(point), TWICE));
    of(Operation::CreateRefused, killed.into_iter().chain(of_kubernetes(&[Write::ClosedIntent], TWICE)))
}
