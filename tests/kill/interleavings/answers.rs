//! The tenant answers late, wrongly, or not at all.

use serde_json::{Value, json};
use sim_operator::failpoint::Point;

use super::crashes::in_create;
use super::row;
use crate::calls::{Call, Trouble};
use crate::operator::mishaps::{ALL, ONE, answer, times};
use crate::place::Place;
use crate::row::{Row, Writes};
use crate::support::simulator::{Action, Switches};

const ONCE: Writes = Writes::posts(1);

pub fn rows() -> Vec<Row> {
    let of_post = |case, trouble: Trouble| row(case, &trouble.done(Call::Post)).least(ONCE);
    let lost = |trouble| in_create(Call::Post, trouble);
    vec![
        of_post("lost answer", Trouble::CutAfter).by(lost(Trouble::CutAfter)),
        of_post("5xx after commit", Trouble::ServerErrorAfter).by(lost(Trouble::ServerErrorAfter)),
        of_post("commit after our time limit", Trouble::MadeLate)
            .flag("--request-limit", "1s")
            .flag("--settle", "1m")
            .by(async |place| {
                in_create(Call::Post, Trouble::MadeLate)(place).await;
                place.world.sims.reconciling("desk", "CreateUnresolved").await;
                place.world.tenant.release().await;
            }),
        row("LIST lags", "the list is 1.5 s behind; connection cut after the POST took effect")
            .least(ONCE)
            .tenant(Switches { list_lag_ms: 1_500, ..Switches::default() })
            .flag("--list-lag", "2s")
            .flag("--settle", "5s")
            .by(lost(Trouble::CutAfter)),
        row(
            "LIST lags",
            "deleted and made again; held at `created`, SIGKILL, restart; the list still shows the former one",
        )
        .least(ONCE.and_deletes(1))
        .tenant(Switches { list_lag_ms: 3_000, ..Switches::default() })
        .held_at(&[Point::Created])
        .flag("--list-lag", "4s")
        .flag("--settle", "8s")
        .by(made_again),
        lying("LIST empty or short", "every list is empty after a restart", |_| Action::EmptyList {}, None),
        lying("LIST empty or short", "every list lacks it after a restart", without, None),
        lying("token sees less", "the list lacks it and a GET of it is a 403, after a restart", without, Some(403)),
        skewed("the tenant's clock is an hour ahead", 3_600),
        skewed("the tenant's clock is an hour behind", -3_600),
        row(
            "unanswered PUT landing after a newer one",
            "the PUT is held; a newer spec; it lands before it has settled",
        )
        .least(Writes::puts(1).and_patches(1))
        .flag("--request-limit", "1s")
        .flag("--settle", "6s")
        .by(an_older_put),
        row(
            "unanswered PUT landing after a newer one",
            "the PUT is held; a newer spec; SIGKILL, restart; it lands after the newer one",
        )
        .least(Writes::puts(2).and_patches(1))
        .by(a_much_older_put),
    ]
}

fn without(id: &str) -> Action {
    Action::ShortList { without_ids: vec![id.to_owned()], drop_last: 0 }
}

/// What was deleted a moment ago is in the list, and what was made in its place is not.
async fn made_again(place: &mut Place) {
    place.created(json!({})).await;
    place.start_held_at(&[Point::Created]);
    place.world.sims.delete("desk").await;
    place.world.sims.gone("desk").await;
    place.apply().await;
    place.held_at(Point::Created).await;
    place.kill_and_restart();
}

/// Nothing is believed of such lists, and nothing is done, until they are whole again.
fn lying(case: &str, done: &str, lie: fn(&str) -> Action, get: Option<u16>) -> Row {
    row(case, &format!("{done}, later it is whole")).by(async move |place: &mut Place| {
        place.created(json!({})).await;
        let id = place.world.sims.see("desk").await.id().to_owned();
        place.world.tenant.inject(&times(None, "GET", ALL, lie(&id))).await;
        if let Some(status) = get {
            place.world.tenant.inject(&times(None, "GET", ONE, answer(status))).await;
        }
        place.world.start_operator();
        place.world.tenants.not_ready("acme", "ListIncomplete").await;
        place.world.resyncs(2).await;
        assert_eq!(place.writes().await, Writes::NONE);
        place.world.tenant.clear_faults().await;
        place.world.tenants.ready("acme").await;
    })
}

fn skewed(done: &str, seconds: i32) -> Row {
    row("clock skew both ways", &format!("{done}; connection cut after the POST took effect"))
        .least(ONCE)
        .tenant(Switches { clock_skew_seconds: seconds, ..Switches::default() })
        .by(in_create(Call::Post, Trouble::CutAfter))
}

/// What only a PUT can write, as no read shows it before.
fn ticket_type(kind: &str) -> Value {
    json!({"attributes": {"ticketType": kind}})
}

async fn held_put(place: &mut Place) {
    place.created(json!({})).await;
    place.edit(ticket_type("older")).await;
    Trouble::MadeLate.arm(Call::Put, place).await;
    place.world.start_operator();
    Trouble::MadeLate.happen(place).await;
}

async fn an_older_put(place: &mut Place) {
    held_put(place).await;
    place.world.sims.reconciling("desk", "WriteUnsettled").await;
    place.edit(ticket_type("newer")).await;
    place.world.sims.reconciling("desk", "WriteUnsettled").await;
    place.world.tenant.release().await;
}

async fn a_much_older_put(place: &mut Place) {
    held_put(place).await;
    place.edit(ticket_type("newer")).await;
    place.kill_and_restart();
    place.in_order().await;
    place.world.tenant.release().await;
    let is_repaired = |now: &crate::operator::resources::Seen| now["status"]["lastChange"]["cause"] == "Drift";
    place.world.sims.until("desk", "is repaired", is_repaired).await;
}
