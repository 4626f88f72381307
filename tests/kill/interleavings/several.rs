//! Several resources, tenants, operators and clusters.

use serde_json::json;
use sim_operator::failpoint::Point;

use super::row;
use crate::operator::manifests::{Manifest, bare_sim, client, config, made_in_the_ui, tenant};
use crate::place::Place;
use crate::row::{End, Row, Writes};
use crate::support::simulator::{Client, Tenant};

const ONCE: Writes = Writes::posts(1);

pub fn rows() -> Vec<Row> {
    vec![
        row("older CR renamed onto a younger's object", "the younger keeps what it has")
            .ends(End::Stalled("Conflict"))
            .by(renamed_onto),
        row("two tenants of one org", "a second resource asks for the name by the other tenant, and waits")
            .least(ONCE)
            .by(two_tenants),
        row("default tenant changed", "to a tenant of another org, where nothing is made; later back")
            .by(default_tenant),
        row("PUT of an adopted object", "its password is in hand").least(Writes::puts(1)).by(async |place| {
            let id = place.world.tenant.create_in_ui(&made_in_the_ui("desk")).await;
            place.edit(json!({"externalId": id, "attributes": {"ticketType": "incident"}})).await;
            place.world.start_operator();
        }),
        row("PUT of an adopted object", "its password is not in hand: a person must give it")
            .ends(End::Stalled("WouldLose"))
            .by(would_lose),
        row("copied manifests with our annotations", "under another name in the same cluster: no claim").by(copied),
        row("copied manifests with our annotations", "under the same name in another cluster: no claim")
            .ends(End::Stalled("AlreadyExists"))
            .by(copied_elsewhere),
        row("two operators at once", "without leader election").least(ONCE).by(async |place| {
            place.world.start_operator();
            place.world.start_operator();
            place.apply().await;
        }),
        row(
            "two operators at once",
            "without leader election; one is held at `created` until the other has found and bound what it made",
        )
        .least(ONCE)
        .held_at(&[Point::Created])
        .by(async |place| {
            place.apply().await;
            place.start_held_at(&[Point::Created]);
            place.held_at(Point::Created).await;
            place.world.start_operator();
            place.in_order().await;
            place.world.first_operator().release();
            place.world.first_operator().says("released from a failpoint").await;
        }),
    ]
}

async fn renamed_onto(place: &mut Place) {
    place.created(json!({})).await;
    let younger = bare_sim("younger").with(json!({"name": "Service Desk"}));
    place.world.sims.apply(&younger).await;
    place.world.start_operator();
    let younger = place.world.sims.ready("younger").await;
    place.world.tenant.forget_calls().await;
    place.edit(json!({"name": "Service Desk"})).await;
    place.world.sims.stalled("desk", "Conflict").await;
    place.kill_and_restart();
    place.world.sims.stalled("desk", "Conflict").await;
    assert_eq!(place.world.sims.ready("younger").await.id(), younger.id());
    assert_eq!(place.ours().await.len(), 2);
}

async fn two_tenants(place: &mut Place) {
    place.world.tenants.apply(&tenant("acme-too", place.world.tenant.url())).await;
    place.apply().await;
    place.world.start_operator();
    place.in_order().await;
    let second = json!({"name": "desk", "tenantRef": {"name": "acme-too"}});
    place.world.sims.apply(&bare_sim("second").with(second)).await;
    place.world.sims.stalled("second", "Conflict").await;
    place.kill_and_restart();
    place.world.tenants.ready("acme-too").await;
}

async fn default_tenant(place: &mut Place) {
    let of = |place: &Place, name: &str| format!("{}/{name}", place.world.kubernetes.namespace);
    place.world.set_flag("--default-tenant", &of(place, "acme"));
    place.created(json!({"tenantRef": null})).await;
    let other = Tenant::start(config()).await;
    other.set_clients(&[Client { org: Some("other".to_owned()), ..client() }]).await;
    place.world.tenants.apply(&tenant("other", other.url())).await;
    place.world.set_flag("--default-tenant", &of(place, "other"));
    place.world.start_operator();
    place.world.sims.stalled("desk", "TenantChanged").await;
    place.world.kill_operators();
    assert!(other.integrations().await.is_empty());
    place.world.set_flag("--default-tenant", &of(place, "acme"));
    place.world.start_operator();
}

async fn would_lose(place: &mut Place) {
    let id = place.stranger_creates(&made_in_the_ui("desk")).await;
    place.desk = bare_sim("desk");
    place.edit(json!({"externalId": id, "attributes": {"ticketType": "incident"}})).await;
    place.world.start_operator();
    place.world.sims.stalled("desk", "WouldLose").await;
    place.kill_and_restart();
}

/// `desk` as a backup has it: with our annotations and without its status.
async fn backup(place: &Place, name: &str) -> Manifest {
    let mut copy = place.desk.clone().with(json!({"name": "desk"}));
    copy.0["metadata"]["name"] = json!(name);
    copy.0["metadata"]["annotations"] = place.world.sims.see("desk").await["metadata"]["annotations"].clone();
    copy
}

async fn copied(place: &mut Place) {
    place.created(json!({})).await;
    place.world.sims.apply(&backup(place, "copy").await).await;
    place.world.start_operator();
    let copy = place.world.sims.stalled("copy", "Conflict").await;
    assert!(copy["status"]["id"].is_null());
    place.world.sims.delete("copy").await;
    place.world.sims.gone("copy").await;
}

async fn copied_elsewhere(place: &mut Place) {
    place.created(json!({})).await;
    let copy = backup(place, "desk").await;
    place.world.sims.patch("desk", &json!({"metadata": {"finalizers": null}})).await;
    place.world.sims.delete("desk").await;
    place.world.sims.gone("desk").await;
    place.world.set_flag("--cluster-id", "disaster-recovery");
    place.world.sims.apply(&copy).await;
    place.world.start_operator();
    place.world.sims.stalled("desk", "AlreadyExists").await;
    assert_eq!(place.ours().await.len(), 1);
}
