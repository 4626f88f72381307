//! Where a row takes place, and what must be so at the end of every row.

use std::path::PathBuf;

use serde_json::{Value, json};
use sim_operator::failpoint::Point;

use super::operator::manifests::{Manifest, config, made_in_the_ui, sim};
use super::operator::resources::Seen;
use super::operator::world::World;
use super::row::{End, Row, Writes};
use crate::support::gate::Gate;
use crate::support::simulator::Config;
use crate::support::wait::eventually;

/// Nothing here waits for more than it must; a row that needs other times says so.
const FLAGS: [(&str, &str); 3] = [("--resync", "500ms"), ("--settle", "1s"), ("--backoff-max", "500ms")];
/// What others have made in the tenant.
const FOREIGN: [&str; 2] = ["Their desk", "Another desk of theirs"];

/// A world with the integrations of others in its tenant, and a gate before its Kubernetes.
pub struct Place {
    pub world: World,
    /// What the resource `desk` shall be in the end.
    pub desk: Manifest,
    gate: Option<Gate>,
    /// What others have in the tenant, as it must stay.
    foreign: Vec<Value>,
}

impl Place {
    /// The place of a row, with no operator yet.
    pub async fn new(row: &Row) -> Self {
        let mut setup = World::like().prepared().tenant(config_with_others(row));
        for (flag, value) in FLAGS.into_iter().chain(row.flags.iter().map(|(flag, value)| (*flag, *value))) {
            setup = setup.flag(flag, value);
        }
        let world = setup.create().await;
        let foreign = world.tenant.integrations().await;
        Self { world, desk: sim("desk"), gate: None, foreign }
    }

    /// Starts an operator that is held at the first arrival at each of these points.
    pub fn start_held_at(&mut self, points: &[Point]) {
        let hold = |point: &Point| format!("{}=1*return(hold)", point.as_str());
        self.world.set_failpoints(&points.iter().map(hold).collect::<Vec<_>>().join(";"));
        self.world.start_operator();
        self.world.set_failpoints("");
    }

    /// Waits until the operator is held there.
    pub async fn held_at(&self, point: Point) {
        let text = format!("held at a failpoint point=\"{}\"", point.as_str());
        self.world.operator().says(&text).await;
    }

    /// SIGKILL, and another process in its place.
    pub fn kill_and_restart(&mut self) {
        self.world.kill_operators();
        self.world.start_operator();
    }

    /// Operators that are started from now on reach Kubernetes by a gate.
    pub async fn behind_a_gate(&mut self) {
        let (gate, kubeconfig): (Gate, PathBuf) = Gate::before_kubernetes().await;
        self.world.set_kubeconfig(Some(kubeconfig));
        self.gate = Some(gate);
    }

    /// Operators that are started from now on reach Kubernetes straight.
    pub fn past_the_gate(&mut self) {
        self.world.set_kubeconfig(None);
    }

    /// The gate.
    pub fn gate(&self) -> &Gate {
        self.gate.as_ref().expect("the operator is behind a gate")
    }

    /// Somebody makes something in the tenant that must stay as it is.
    pub async fn stranger_creates(&mut self, integration: &Value) -> String {
        let id = self.world.tenant.create_in_ui(integration).await;
        let there = self.world.tenant.integrations().await;
        self.foreign.extend(there.into_iter().filter(|one| one["id"] == json!(id)));
        id
    }

    /// The resource `desk` as it is now.
    pub async fn look(&self) -> Option<Seen> {
        self.world.sims.look("desk").await
    }

    /// Applies `desk` as it shall be in the end.
    pub async fn apply(&self) {
        self.world.sims.apply(&self.desk).await;
    }

    /// Changes what `desk` shall be in the end, and applies it.
    pub async fn edit(&mut self, spec: Value) {
        self.desk = self.desk.clone().with(spec);
        self.apply().await;
    }

    /// Waits until `desk` is in order, to the last annotation.
    pub async fn in_order(&self) -> Seen {
        let settled = |now: &Seen| {
            let has_id = now.annotation("simops.dev/remote-id").is_some_and(|text| text.contains(now.id()));
            has_id && now.annotation("simops.dev/create").is_none()
        };
        self.world
            .sims
            .until("desk", "is in order and settled", |now| {
                now.is_ready() && now.verdict().1 == "Reconciled" && settled(now)
            })
            .await
    }

    /// The writes on the tenant's log, by their method.
    pub async fn writes(&self) -> Writes {
        let mut writes = Writes::NONE;
        for write in self.world.writes().await {
            match write.call.method.as_str() {
                "POST" => writes.posts += 1,
                "PATCH" => writes.patches += 1,
                "PUT" => writes.puts += 1,
                "DELETE" => writes.deletes += 1,
                other => panic!("a {other}: {write:#?}"),
            }
        }
        writes
    }

    /// What is in the tenant and not made by others.
    pub async fn ours(&self) -> Vec<Value> {
        let is_foreign = |one: &Value| self.foreign.iter().any(|foreign| foreign["id"] == one["id"]);
        self.world.tenant.integrations().await.into_iter().filter(|one| !is_foreign(one)).collect()
    }

    /// Waits until all is as it must be, for two lists more, and checks that nothing else has happened.
    pub async fn ends(self, end: End, least: Writes) {
        self.reached(end).await;
        match self.world.tenants.look("acme").await {
            Some(acme) if acme["metadata"]["deletionTimestamp"].is_null() => self.world.resyncs(2).await,
            // A tenant that goes, too, is not listed any more.
            _ => self.world.tenants.gone("acme").await,
        }
        self.reached(end).await;
        let writes = self.writes().await;
        assert_eq!(writes, least, "the writes on the tenant's log: {:#?}", self.world.writes().await);
        self.assert_foreign_untouched().await;
        self.world.close().await;
    }

    /// Waits until it is so.
    pub async fn reached(&self, end: End) {
        match end {
            End::One => {
                let desk = self.in_order().await;
                let ours = self.ours().await;
                assert_eq!(ours.len(), 1, "{ours:#?}");
                assert_eq!(ours[0]["id"], desk.id());
                assert_content(&ours[0], &self.desk);
            }
            End::Gone => {
                self.world.sims.gone("desk").await;
                let ours = self.ours().await;
                assert!(ours.is_empty(), "{ours:#?}");
            }
            End::Kept => {
                self.world.sims.gone("desk").await;
                let ours = self.ours().await;
                assert_eq!(ours.len(), 1, "{ours:#?}");
            }
            End::HandedOver => {
                self.world.sims.gone("desk").await;
                let heir = self.world.sims.ready("heir").await;
                let ours = self.ours().await;
                assert_eq!(ours.len(), 1, "{ours:#?}");
                assert_eq!(ours[0]["id"], heir.id());
                assert_content(&ours[0], &self.desk);
            }
            End::Stalled(reason) => drop(self.world.sims.stalled("desk", reason).await),
        }
    }

    async fn assert_foreign_untouched(&self) {
        let there = self.world.tenant.integrations().await;
        for foreign in &self.foreign {
            let now = there.iter().find(|one| one["id"] == foreign["id"]);
            let (now, before) = (now.map(ToString::to_string), foreign.to_string());
            assert_eq!(now.as_deref(), Some(before.as_str()), "what others have made is as it was");
        }
        assert!(self.foreign.len() >= FOREIGN.len());
    }
}

fn config_with_others(row: &Row) -> Config {
    let mut config = Config { switches: row.switches.clone(), ..config() };
    for name in FOREIGN {
        let Value::Object(details) = made_in_the_ui(name) else { unreachable!() };
        config.seed.integrations.push(details);
    }
    config
}

/// All that the manifest names is in the tenant as it names it.
fn assert_content(there: &Value, manifest: &Manifest) {
    let spec = &manifest.0["spec"];
    let name = spec["name"].as_str().unwrap_or(manifest.name());
    let ids = |list: &Value| list.as_array().into_iter().flatten().map(|one| one["id"].clone()).collect::<Vec<_>>();
    assert_eq!(there["name"], name, "{there:#}");
    for field in ["description", "type", "statusMap", "request"] {
        assert_eq!(there[field], spec[field], "{field} of {there:#}");
    }
    assert_eq!(there["cluster"], spec["cluster"]["id"], "{there:#}");
    assert_eq!(there["managedSources"], json!(ids(&spec["sources"])), "{there:#}");
    assert_eq!(there["beforeProvisioningRule"]["id"], spec["beforeProvisioningRule"]["id"], "{there:#}");
    for (key, value) in spec["attributes"].as_object().into_iter().flatten() {
        assert_eq!(there["attributes"][key], *value, "{key} of {there:#}");
    }
}

/// Waits until a call was met by a fault of this kind.
pub async fn met(world: &World, kind: &str) {
    eventually(&format!("a call is met by {kind}"), async || {
        let calls = world.tenant.calls().await;
        let is_met = calls.iter().any(|call| call.fault.as_deref() == Some(kind));
        if is_met { Ok(()) } else { Err(calls) }
    })
    .await;
}
