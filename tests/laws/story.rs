//! One resource's life in a tenant: specs, edits in the UI, new Secrets; and every moment of it, for the laws to judge.

use std::sync::Arc;

use kube::api::ObjectMeta;
use serde_json::{Map, Value, json};
use sim_operator::api::integration::{Origin, Sent};
use sim_operator::api::{Adopt, Mode, SimIntegration, SimIntegrationSpec};
use sim_operator::controller::Seat;
use sim_operator::controller::act::{self, Failure, Scene};
use sim_operator::controller::observe::{Link, Observed};
use sim_operator::controller::plan::{Desired, Plan, Surroundings, plan};
use sim_operator::controller::recorded::Recorded;
use sim_operator::model::{Names, Path, Remote, wants};
use sim_operator::sailpoint::{ApiVersion, Class};
use sim_operator::tenants::Connection;

use crate::support::simulator::Call;
use crate::world::{World, foreign, look_up};

#[derive(Clone, Debug)]
pub struct Story {
    pub switches: Value,
    pub api: ApiVersion,
    pub start: Start,
    pub chapters: Vec<Chapter>,
}

#[derive(Clone, Debug)]
pub enum Start {
    Absent,
    Stranger(Value),
}

#[derive(Clone, Debug)]
pub struct Chapter {
    pub spec: SimIntegrationSpec,
    /// In the UI, before.
    pub edit: Option<Value>,
    /// In the UI, after the first plan and before it is acted on.
    pub meanwhile: Option<Value>,
    pub mode: Mode,
    pub rotate: bool,
    pub again: bool,
}

/// How acting ended.
#[derive(Debug)]
pub enum Outcome {
    /// There was nothing to do.
    Settled,
    Done,
    Bound,
    /// Another plan follows at once, or after a new list.
    Again,
    /// In these words.
    Refused(#[allow(dead_code, reason = "printed where a law is broken")] String),
}

/// One plan and what came of it.
pub struct Moment {
    pub chapter: usize,
    pub desired: Desired,
    pub recorded: Recorded,
    pub plan: Plan,
    /// From a second list, by the same spec written in another order.
    pub replanned: Plan,
    pub outcome: Outcome,
    pub before: Map<String, Value>,
    pub after: Map<String, Value>,
    pub calls: Vec<Call>,
    pub disturbed: bool,
    pub secret_version: u32,
}

/// No chapter needs more plans.
const MOST_PLANS: usize = 8;

pub struct Told {
    pub moments: Vec<Moment>,
    pub id: Option<String>,
    pub foreign: Vec<String>,
}

/// Plays the story and tells every moment.
pub async fn tell(world: &World, story: &Story) -> Told {
    world.clear(&story.switches).await;
    let mut foreigners = Vec::new();
    for one in foreign() {
        foreigners.push(world.tenant.create_in_ui(&one).await);
    }
    let mut hero = Hero { world, connection: world.connect(story.api), recorded: Recorded::default(), stranger: None };
    if let Start::Stranger(stranger) = &story.start {
        hero.stranger = Some(world.tenant.create_in_ui(stranger).await);
    }
    let mut moments = Vec::new();
    for (number, chapter) in story.chapters.iter().enumerate() {
        moments.extend(hero.live(number, chapter).await);
    }
    Told { moments, id: hero.recorded.id, foreign: foreigners }
}

struct Hero<'a> {
    world: &'a World,
    connection: Arc<Connection>,
    recorded: Recorded,
    stranger: Option<String>,
}

impl Hero<'_> {
    async fn live(&mut self, number: usize, chapter: &Chapter) -> Vec<Moment> {
        let generation = i64::try_from(number).unwrap() + 1;
        if chapter.rotate || number == 0 {
            self.world.stored.lock().unwrap().secret_version += 1;
        }
        if let (Some(edit), Some(id)) = (&chapter.edit, &self.recorded.id) {
            self.world.tenant.edit_in_ui(id, edit).await;
        }
        let (mut moments, mut again) = (Vec::new(), chapter.again);
        for _ in 0..MOST_PLANS {
            let desired = self.desired(chapter, generation, again);
            let moment = self.moment(number, chapter, desired, moments.is_empty()).await;
            again &= matches!(moment.outcome, Outcome::Bound | Outcome::Again);
            // What was changed meanwhile may refuse a PATCH; the next list shows it.
            let ends = match moment.outcome {
                Outcome::Settled => true,
                Outcome::Refused(_) => !moment.disturbed,
                Outcome::Done | Outcome::Bound | Outcome::Again => false,
            };
            moments.push(moment);
            if ends {
                return moments;
            }
        }
        moments
    }

    fn desired(&self, chapter: &Chapter, generation: i64, again: bool) -> Desired {
        let version = self.world.stored.lock().unwrap().secret_version.to_string();
        Desired {
            name: "Desk".into(),
            external_id: self.stranger.clone(),
            mode: chapter.mode,
            adopt: Adopt::Never,
            wants: wants(&chapter.spec, "Desk", generation, |_| version.clone()).unwrap(),
            again,
        }
    }

    async fn moment(&mut self, number: usize, chapter: &Chapter, desired: Desired, first: bool) -> Moment {
        let observed = self.observe().await;
        let (plan, names) = self.plan(&desired, &observed);
        let generation = i64::try_from(number).unwrap() + 1;
        let rewritten = self.desired(&rewritten(chapter), generation, desired.again);
        let (replanned, _) = self.plan(&rewritten, &self.observe().await);
        let (recorded, mut disturbed) = (self.recorded.clone(), false);
        if let (true, Some(edit), Some(id)) = (first, &chapter.meanwhile, &self.recorded.id) {
            self.world.tenant.edit_in_ui(id, edit).await;
            disturbed = true;
        }
        let before = self.world.truth().await;
        self.world.tenant.forget_calls().await;
        let outcome = self.act(chapter, &desired, &plan, &names).await;
        Moment {
            chapter: number,
            desired,
            recorded,
            plan,
            replanned,
            outcome,
            before,
            after: self.world.truth().await,
            calls: self.world.tenant.calls().await,
            disturbed,
            secret_version: self.world.stored.lock().unwrap().secret_version,
        }
    }

    async fn observe(&self) -> Observed {
        let client = &self.connection.client;
        let list = client.list(client.prepare(Class::Look).await.unwrap()).await.unwrap().value;
        let find = |id: &str| {
            let found = list.iter().find(|one| one.id.as_deref() == Some(id)).unwrap();
            Remote::new(found.open().unwrap()).unwrap()
        };
        match (&self.recorded.id, &self.stranger) {
            (Some(id), _) => Observed::Present(find(id), Link::Held),
            (None, Some(id)) => Observed::Present(find(id), Link::External),
            (None, None) => Observed::Free,
        }
    }

    fn plan(&self, desired: &Desired, observed: &Observed) -> (Plan, Names) {
        let mut names = Names::default();
        loop {
            let takes_patch = |path: &Path, shown| self.connection.takes_patch(path, shown);
            let around = Surroundings { names: &names, takes_patch: &takes_patch, contested: &|_| false };
            match plan(desired, &self.recorded, observed, &around) {
                Plan::LookUp(needed, _) => look_up(&needed, &mut names),
                plan => return (plan, names),
            }
        }
    }

    async fn act(&mut self, chapter: &Chapter, desired: &Desired, plan: &Plan, names: &Names) -> Outcome {
        let resource = resource(&chapter.spec);
        self.world.stored.lock().unwrap().resource = json!(resource);
        let client = &self.world.kubernetes;
        let seat = Seat::default();
        let scene = Scene { client, cluster: "test", resource: &resource, connection: &self.connection, seat: &seat };
        let result = match plan {
            Plan::InOrder(comparison) | Plan::Drifted(comparison) => {
                self.recorded.sent = Some(comparison.record.clone());
                return Outcome::Settled;
            }
            Plan::Bind { remote, origin, sent } => {
                self.bind(&remote.id, *origin, sent.clone());
                return Outcome::Bound;
            }
            Plan::Create { .. } => {
                let creation = act::Creation { names, since: None, replaces: None };
                let created = act::create(&scene, desired, creation).await.unwrap();
                created.result.map(Option::unwrap)
            }
            Plan::Update(update) => act::update(&scene, desired, &self.recorded, update, names).await,
            _ => return Outcome::Settled,
        };
        match result {
            Ok(applied) => {
                let origin = self.recorded.origin.or(Some(Origin::Created));
                self.bind(&applied.id, origin, Some(applied.sent.clone()));
                Outcome::Done
            }
            Err(Failure::PatchRefused(_) | Failure::WouldLose(_)) => Outcome::Again,
            Err(failure) => Outcome::Refused(failure.to_string()),
        }
    }

    fn bind(&mut self, id: &str, origin: Option<Origin>, sent: Option<Sent>) {
        self.recorded.id = Some(id.to_owned());
        self.recorded.in_status = true;
        self.recorded.origin = origin;
        self.recorded.sent = sent;
    }
}

/// The same chapter with its lists in the other order.
fn rewritten(chapter: &Chapter) -> Chapter {
    let mut other = chapter.clone();
    other.spec.sources.as_mut().into_iter().for_each(|sources| sources.reverse());
    other.spec.attributes_from.as_mut().into_iter().for_each(|from| from.reverse());
    other
}

fn resource(spec: &SimIntegrationSpec) -> SimIntegration {
    let metadata = ObjectMeta {
        namespace: Some("iam".into()),
        name: Some("desk".into()),
        uid: Some("u".into()),
        resource_version: Some("1".into()),
        ..ObjectMeta::default()
    };
    SimIntegration { metadata, spec: spec.clone(), status: None }
}
