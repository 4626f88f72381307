//! A 404 that means something else: a gateway's, a replica's, another org's.

use serde_json::json;

use super::row;
use crate::calls::Call;
use crate::operation::Operation;
use crate::operator::manifests::{client, credentials};
use crate::operator::mishaps::{ALL, ONE, answer, answer_of_a_gateway, times};
use crate::place::Place;
use crate::row::{End, Row, Writes};
use crate::support::simulator::{Action, Client};

const CASE: &str = "gateway, replica and other-org 404 on GET and on DELETE";

pub fn rows() -> Vec<Row> {
    vec![
        row(CASE, "every list is empty and every GET a gateway's 404, after a restart; later both are right")
            .by(gateway_on_get),
        row(CASE, "a replica's 404, in SailPoint's words, to the GET before a PUT")
            .least(Writes::puts(1))
            .by(replica_on_get),
        row(CASE, "a replica's list without it and its 404 to the GET, soon after the create; later both show it")
            .flag("--settle", "1m")
            .by(young),
        row(CASE, "credentials of another org, whose list is empty and whose GET is a 404; later the right ones")
            .by(other_org_on_get),
        row(CASE, "a gateway's 404 to the DELETE").least(Writes::deletes(2)).ends(End::Gone).by(async |place| {
            deleted_with(place, answer_of_a_gateway(404, json!("default backend - 404"))).await;
        }),
        row(CASE, "a replica's 404, in SailPoint's words, to the DELETE")
            .least(Writes::deletes(2))
            .ends(End::Gone)
            .by(async |place| deleted_with(place, answer(404)).await),
        row(CASE, "credentials of another org, then deleted: no DELETE; SIGKILL, restart; later the right ones")
            .least(Writes::deletes(1))
            .ends(End::Gone)
            .by(other_org_on_delete),
    ]
}

async fn gateway_on_get(place: &mut Place) {
    place.created(json!({})).await;
    let tenant = &place.world.tenant;
    tenant.inject(&times(None, "GET", ONE, answer_of_a_gateway(404, json!("no route")))).await;
    tenant.inject(&times(None, "GET", ALL, Action::EmptyList {})).await;
    place.world.start_operator();
    place.world.tenants.not_ready("acme", "ListIncomplete").await;
    place.world.resyncs(2).await;
    assert_eq!(place.writes().await, Writes::NONE);
    place.world.tenant.clear_faults().await;
}

async fn young(place: &mut Place) {
    place.created(json!({})).await;
    let id = place.world.sims.see("desk").await.id().to_owned();
    let without = Action::ShortList { without_ids: vec![id], drop_last: 0 };
    place.world.tenant.inject(&times(None, "GET", ALL, without)).await;
    place.world.tenant.inject(&times(None, "GET", ONE, answer(404))).await;
    place.world.start_operator();
    place.world.sims.reconciling("desk", "ConfirmingAbsence").await;
    place.world.resyncs(2).await;
    assert_eq!(place.writes().await, Writes::NONE);
    place.world.tenant.clear_faults().await;
}

async fn replica_on_get(place: &mut Place) {
    Operation::Put.asked_for(place).await;
    place.world.tenant.inject(&Call::Get.fault(answer(404))).await;
    place.world.start_operator();
}

/// The tenant's Secret gets credentials of another org, in which nothing of ours is.
async fn of_another_org(place: &Place) {
    let sandbox = Client { client_id: "6a1d8a6d3a9c4c4aafac1d7b8b2e3f40".to_owned(), ..client() };
    let sandbox = Client { org: Some("sandbox".to_owned()), ..sandbox };
    place.world.tenant.set_clients(&[client(), sandbox.clone()]).await;
    let of_sandbox = [("clientId", sandbox.client_id.as_str()), ("clientSecret", sandbox.client_secret.as_str())];
    place.world.secret("acme-sailpoint", &of_sandbox).await;
    place.world.tenant.inject(&times(None, "GET", ALL, Action::EmptyList {})).await;
    place.world.tenant.inject(&times(None, "GET", ONE, answer(404))).await;
    place.world.tenant.inject(&times(None, "DELETE", ONE, answer(404))).await;
}

async fn of_the_right_org(place: &Place) {
    place.world.tenant.clear_faults().await;
    place.world.secret("acme-sailpoint", &credentials()).await;
    place.world.tenants.ready("acme").await;
}

async fn other_org_on_get(place: &mut Place) {
    place.created(json!({})).await;
    of_another_org(place).await;
    place.world.start_operator();
    place.world.tenants.stalled("acme", "TenantChanged").await;
    of_the_right_org(place).await;
}

async fn deleted_with(place: &mut Place, action: Action) {
    Operation::Delete.asked_for(place).await;
    place.world.tenant.inject(&Call::Delete.fault(action)).await;
    place.world.start_operator();
}

async fn other_org_on_delete(place: &mut Place) {
    place.created(json!({})).await;
    place.world.start_operator();
    place.world.resyncs(1).await;
    of_another_org(place).await;
    place.world.tenants.stalled("acme", "TenantChanged").await;
    place.world.sims.delete("desk").await;
    place.world.sims.stalled("desk", "TenantChanged").await;
    place.kill_and_restart();
    place.world.tenants.stalled("acme", "TenantChanged").await;
    assert_eq!(place.writes().await, Writes::NONE);
    of_the_right_org(place).await;
}
