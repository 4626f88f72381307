//! People change things meanwhile: in Git, in the cluster, and in the tenant.

use serde_json::json;
use sim_operator::failpoint::Point;

use super::row;
use crate::calls::{Call, Trouble};
use crate::operation::Operation;
use crate::operator::manifests::made_in_the_ui;
use crate::operator::mishaps::answer;
use crate::place::Place;
use crate::row::{End, Row, Writes};
use crate::support::simulator::Action;

const ONCE: Writes = Writes::posts(1);
/// What was created in vain, its removal, and the create for the new resource.
const REMOVED: Writes = Writes::posts(2).and_deletes(1);

pub fn rows() -> Vec<Row> {
    [renamed(), strangers(), labels(), created_anew(), deleted(), policies()].into_iter().flatten().collect()
}

fn renamed() -> Vec<Row> {
    vec![
        row(
            "spec renamed while unresolved",
            "the POST takes effect after our time limit, the spec has a new name by then",
        )
        .least(ONCE.and_patches(1))
        .flag("--request-limit", "1s")
        .flag("--settle", "1m")
        .by(async |place| {
            place.apply().await;
            Trouble::MadeLate.arm(Call::Post, place).await;
            place.world.start_operator();
            place.world.sims.reconciling("desk", "CreateUnresolved").await;
            place.edit(json!({"name": "renamed"})).await;
            place.world.sims.reconciling("desk", "CreateUnresolved").await;
            place.world.tenant.release().await;
        }),
        row("object renamed in the UI, then status lost", "both while no operator runs").least(Writes::patches(1)).by(
            async |place| {
                place.created(json!({})).await;
                let desk = place.world.sims.see("desk").await;
                place.world.tenant.edit_in_ui(desk.id(), &json!({"name": "renamed in the UI"})).await;
                place.world.sims.patch_status("desk", &json!({"status": null})).await;
                place.world.start_operator();
                assert_eq!(place.in_order().await.id(), desk.id());
            },
        ),
        row("UI edit between LIST and PUT", "an attribute that the spec does not name; it stays")
            .least(Writes::puts(1))
            .held_at(&[Point::BeforeUpdate])
            .by(async |place| {
                Operation::Put.asked_for(place).await;
                place.start_held_at(&[Point::BeforeUpdate]);
                place.held_at(Point::BeforeUpdate).await;
                let desk = place.world.sims.see("desk").await;
                place.world.tenant.edit_in_ui(desk.id(), &json!({"attributes": {"theirs": "kept"}})).await;
                place.world.operator().release();
                place.in_order().await;
                assert_eq!(place.ours().await[0]["attributes"]["theirs"], "kept");
            }),
    ]
}

fn strangers() -> Vec<Row> {
    const CASE: &str = "a stranger creates the name between LIST and POST";
    let stranger = async |place: &mut Place| {
        place.apply().await;
        place.start_held_at(&[Point::IntentWritten]);
        place.held_at(Point::IntentWritten).await;
        place.stranger_creates(&made_in_the_ui("desk")).await;
        place.world.operator().release();
    };
    vec![
        row(CASE, "held between them; the POST is answered").least(ONCE).held_at(&[Point::IntentWritten]).by(stranger),
        row(CASE, "held between them; connection cut after the POST took effect: two of the name, a person tells")
            .least(ONCE)
            .ends(End::Stalled("AmbiguousCreate"))
            .held_at(&[Point::IntentWritten])
            .by(async move |place| {
                Trouble::CutAfter.arm(Call::Post, place).await;
                stranger(place).await;
                place.world.sims.stalled("desk", "AmbiguousCreate").await;
                assert_eq!(place.ours().await.len(), 1);
            }),
    ]
}

/// Waits until the POST is made, its answer being held.
async fn post_in_flight(place: &mut Place, points: &[Point]) {
    place.apply().await;
    place.world.tenant.inject(&Call::Post.fault(Action::HoldAfter {})).await;
    place.start_held_at(points);
    crate::place::met(&place.world, "holdAfter").await;
}

fn labels() -> Vec<Row> {
    const CASE: &str = "labels edited while POST is in flight";
    let edited = async |place: &mut Place, points: &[Point]| {
        post_in_flight(place, points).await;
        place.world.sims.patch("desk", &json!({"metadata": {"labels": {"team": "itsm"}}})).await;
        place.world.tenant.release().await;
    };
    vec![
        row(CASE, "the first status patch is refused as outdated")
            .least(ONCE)
            .by(async move |place| edited(place, &[]).await),
        row(CASE, "held at `landing-again`, SIGKILL, restart").least(ONCE).held_at(&[Point::LandingAgain]).by(
            async move |place| {
                edited(place, &[Point::LandingAgain]).await;
                place.held_at(Point::LandingAgain).await;
                place.kill_and_restart();
            },
        ),
    ]
}

/// The POST of a resource is in flight; the resource is removed by force and made anew, which nobody can tell from the POST.
async fn replaced(place: &mut Place, points: &[Point]) {
    post_in_flight(place, points).await;
    place.world.sims.patch("desk", &json!({"metadata": {"finalizers": null}})).await;
    place.world.sims.delete("desk").await;
    place.world.sims.gone("desk").await;
    place.apply().await;
    place.world.tenant.release().await;
}

fn created_anew() -> Vec<Row> {
    const CASE: &str = "CR force-deleted and re-created meanwhile";
    let killed_at = |point: Point, words: &str| {
        let done = format!("POST in flight; held at `{}`, SIGKILL, restart{words}", point.as_str());
        row(CASE, &done).held_at(&[point]).by(async move |place: &mut Place| {
            replaced(place, &[point]).await;
            place.held_at(point).await;
            place.kill_and_restart();
        })
    };
    vec![
        row(CASE, "POST in flight; what it made is nobody's, and removed").least(REMOVED).by(async |place| {
            replaced(place, &[]).await;
        }),
        row(CASE, "POST in flight; the DELETE of what it made is a 503 the first time")
            .least(REMOVED.and_deletes(2))
            .by(async |place| {
                place.world.tenant.inject(&Call::Delete.fault(answer(503))).await;
                replaced(place, &[]).await;
            }),
        // Nothing that is left says whose it was: to take it, a person must say so.
        killed_at(Point::DuplicateFound, ": what it made is a stranger's to the new one")
            .least(ONCE)
            .ends(End::Stalled("AlreadyExists")),
        killed_at(Point::DuplicateRemoved, "").least(REMOVED),
    ]
}

fn deleted() -> Vec<Row> {
    const CASE: &str = "CR deleted while its create is unresolved";
    let least = ONCE.and_deletes(1);
    vec![
        row(CASE, "POST in flight; its answer comes later").least(least).ends(End::Gone).by(async |place| {
            post_in_flight(place, &[]).await;
            place.world.sims.delete("desk").await;
            place.world.tenant.release().await;
        }),
        row(CASE, "POST held, deleted, SIGKILL, restart; then it takes effect")
            .least(least)
            .ends(End::Gone)
            .flag("--settle", "1m")
            .by(async |place| {
                place.apply().await;
                Trouble::HeldThenKilled.arm(Call::Post, place).await;
                place.world.start_operator();
                crate::place::met(&place.world, "holdBefore").await;
                place.world.sims.delete("desk").await;
                place.kill_and_restart();
                place.world.sims.reconciling("desk", "CreateUnresolved").await;
                place.world.tenant.release().await;
            }),
        row(CASE, "connection cut before the POST takes effect; deleted")
            .least(ONCE)
            .ends(End::Gone)
            .flag("--settle", "6s")
            .by(async |place| {
                place.apply().await;
                Trouble::CutBefore.arm(Call::Post, place).await;
                place.world.start_operator();
                place.world.sims.reconciling("desk", "CreateUnresolved").await;
                place.world.sims.delete("desk").await;
            }),
    ]
}

fn policies() -> Vec<Row> {
    const CASE: &str = "policy changed during deletion";
    let changed = async |place: &mut Place, point: Point, policy: &str| {
        place.start_held_at(&[point]);
        place.held_at(point).await;
        place.world.sims.patch("desk", &json!({"spec": {"policy": {"delete": policy}}})).await;
        place.kill_and_restart();
    };
    vec![
        row(CASE, "to Orphan; held at `before-delete`, SIGKILL, restart")
            .ends(End::Kept)
            .held_at(&[Point::BeforeDelete])
            .by(async move |place| {
                Operation::Delete.asked_for(place).await;
                changed(place, Point::BeforeDelete, "Orphan").await;
            }),
        row(CASE, "to Delete; held at `let-go`, SIGKILL, restart")
            .least(Writes::deletes(1))
            .ends(End::Gone)
            .held_at(&[Point::LetGo])
            .by(async move |place| {
                Operation::LetGo.asked_for(place).await;
                changed(place, Point::LetGo, "Delete").await;
            }),
    ]
}
