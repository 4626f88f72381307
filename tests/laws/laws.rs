//! The laws.

use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use serde_json::{Value, json};
use sim_operator::api::Mode;
use sim_operator::api::integration::{Origin, Sent};
use sim_operator::controller::plan::Plan;
use sim_operator::model::{Difference, Path, Want, digest};

use crate::generate;
use crate::oracle::{fields, lacking, leaves};
use crate::story::{Moment, Outcome, Story, Told, tell};
use crate::support::simulator::Call;
use crate::world::World;

/// Stories for each law, unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 96;

/// Judges many stories by one law.
fn law(judge: impl Fn(&Story, &Told) -> Result<(), TestCaseError>) {
    let world = World::new();
    let persistence = FileFailurePersistence::WithSource("regressions");
    let config = Config {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES),
        max_shrink_iters: 300,
        source_file: Some(file!()),
        failure_persistence: Some(Box::new(persistence)),
        ..Config::default()
    };
    let told = |story: Story| judge(&story, &world.block_on(tell(&world, &story)));
    let broken = TestRunner::new(config).run(&generate::story(), told).err();
    assert!(broken.is_none(), "{}", broken.unwrap());
}

fn writes(calls: &[Call]) -> impl Iterator<Item = &Call> {
    calls.iter().filter(|call| is_write(call))
}

fn is_write(call: &Call) -> bool {
    call.method != "GET" && call.path.contains("sim-integrations")
}

#[test]
fn acting_on_a_plan_and_planning_again_gives_nothing_to_do() {
    law(|story, told| {
        for pair in told.moments.windows(2).filter(|pair| pair[0].chapter == pair[1].chapter) {
            let (done, next) = (&pair[0], &pair[1]);
            let acted = matches!(done.outcome, Outcome::Done) && !done.disturbed;
            prop_assert!(!acted || is_quiet(&next.plan), "after {:?}\ncame {:?}", done.plan, next.plan);
        }
        for (number, _) in story.chapters.iter().enumerate() {
            let last = told.moments.iter().rfind(|moment| moment.chapter == number).unwrap();
            prop_assert!(matches!(last.outcome, Outcome::Settled), "{:?} ended in {:?}", last.plan, last.outcome);
            if let Plan::InOrder(comparison) = &last.plan {
                is_there(story, last, &comparison.record)?;
            }
        }
        Ok(())
    });
}

/// In order means that the tenant has it. What nobody can see may have been changed in the UI.
fn is_there(story: &Story, moment: &Moment, record: &Sent) -> Result<(), TestCaseError> {
    let edited = story.chapters.iter().any(|chapter| chapter.edit.is_some() || chapter.meanwhile.is_some());
    let mut wants = moment.desired.wants.clone();
    wants.retain(|path, want| {
        !record.unverified.contains(&path.to_string()) && (!edited || is_plain(want) && !is_never_shown(story, path))
    });
    let truth = &moment.after[moment.recorded.id.as_ref().unwrap()];
    let lacks = lacking(truth, &wants, moment.secret_version, story.switches["normalizeValues"] == true);
    prop_assert!(lacks.is_empty(), "in order, but not there: {lacks:?} in {truth}");
    Ok(())
}

fn is_plain(want: &Want) -> bool {
    matches!(want, Want::Plain(_))
}

fn is_quiet(plan: &Plan) -> bool {
    matches!(plan, Plan::InOrder(_) | Plan::Drifted(_))
}

#[test]
fn no_plan_touches_a_foreign_object() {
    law(|_, told| {
        for moment in &told.moments {
            for id in &told.foreign {
                prop_assert_eq!(moment.before[id].to_string(), moment.after[id].to_string());
            }
            for call in writes(&moment.calls) {
                let is_ours = told.id.as_ref().is_some_and(|id| call.path.contains(id.as_str()));
                prop_assert!(is_ours || call.method == "POST", "{} {}", call.method, call.path);
            }
            let posts = writes(&moment.calls).filter(|call| call.method == "POST").count();
            let creates = usize::from(matches!(moment.plan, Plan::Create { .. }));
            prop_assert_eq!(posts, creates);
        }
        let count = told.moments.last().map_or(0, |moment| moment.after.len());
        prop_assert!(count <= told.foreign.len() + 1, "made one too many");
        Ok(())
    });
}

#[test]
fn only_owned_paths_appear_in_a_change() {
    law(|story, told| {
        for moment in &told.moments {
            let owned = owned(moment);
            for difference in differences(&moment.plan) {
                let is_owned = owned.iter().any(|(path, _)| path.overlaps(&difference.path));
                prop_assert!(is_owned, "{difference:?} is nobody's; owned are {owned:?}");
            }
            let Some(id) = &moment.recorded.id else { continue };
            let (before, after) = (&moment.before[id], &moment.after[id]);
            keeps_fields(story, moment, before, after)?;
            if !hides_secrets(story, moment) {
                keeps_attributes(story, &owned, before, after)?;
            }
        }
        Ok(())
    });
}

/// What the spec names, and what was sent; and whether all below it is owned, too: what is in an empty object is not, unless
/// that takes the place of something else by a plan older than what somebody put in there.
fn owned(moment: &Moment) -> Vec<(Path, bool)> {
    let sent = moment.recorded.sent.clone().unwrap_or_default();
    let empty = digest(&json!({}));
    let paths = sent.paths.iter().map(|(path, digest)| (path.parse().unwrap(), *digest != empty));
    let secrets = sent.secrets.iter().map(|secret| (secret.attribute.parse().unwrap(), true));
    let replaced = |path: &Path| moment.disturbed && differences(&moment.plan).iter().any(|one| one.path == *path);
    let is_whole = |path: &Path, want: &Want| want.digest() != Some(empty.clone()) || replaced(path);
    let wants = moment.desired.wants.iter().map(|(path, want)| (path.clone(), is_whole(path, want)));
    wants.chain(paths).chain(secrets).collect()
}

fn differences(plan: &Plan) -> &[Difference] {
    match plan {
        Plan::Update(update) => &update.differences,
        Plan::Stall(_, _, differences) => differences,
        Plan::InOrder(comparison) | Plan::Drifted(comparison) => &comparison.differences,
        _ => &[],
    }
}

/// What somebody adds in the UI to an integration of ours, or beside the secrets of the spec, and the tenant shows to nobody,
/// nobody can keep.
fn hides_secrets(story: &Story, moment: &Moment) -> bool {
    let ours = moment.recorded.origin == Some(Origin::Created);
    let names_secrets = moment.desired.wants.values().any(|want| !is_plain(want));
    story.switches["secretReadBack"] == "dropped" && (ours || names_secrets)
}

fn hides_field(story: &Story, moment: &Moment, path: &Path) -> bool {
    let sent = |sent: &Sent| sent.paths.contains_key(&path.to_string());
    let ours = moment.recorded.origin == Some(Origin::Created) && !moment.recorded.sent.as_ref().is_some_and(sent);
    let restated = moment.desired.wants.contains_key(path);
    (ours || restated) && is_never_shown(story, path)
}

/// A ticket field of a tenant that shows none.
fn is_never_shown(story: &Story, path: &Path) -> bool {
    story.switches["ticketFields"] == "absent" && matches!(path, Path::StatusMap | Path::Request)
}

fn keeps_fields(story: &Story, moment: &Moment, before: &Value, after: &Value) -> Result<(), TestCaseError> {
    let changed: Vec<&Path> = differences(&moment.plan).iter().map(|one| &one.path).collect();
    let shown = |(path, _): &(Path, Value)| !hides_field(story, moment, path);
    let pairs = fields(before).into_iter().filter(shown).zip(fields(after).into_iter().filter(shown));
    for ((path, before), (_, after)) in pairs {
        let restates = moment.desired.wants.contains_key(&path) && moment.desired.mode == Mode::Enforce;
        prop_assert!(changed.contains(&&path) || restates || before == after, "{path}: {before} became {after}");
    }
    Ok(())
}

fn keeps_attributes(story: &Story, owned: &[(Path, bool)], before: &Value, after: &Value) -> Result<(), TestCaseError> {
    let (before, after) = (leaves(before), leaves(after));
    let is_foreign = |pointer: &&String| {
        let path = Path::Attribute((*pointer).clone());
        let by_server = *pointer == "/cloudExternalId" && story.switches["serverAddsAttributes"] == true;
        !by_server && !owned.iter().any(|(one, whole)| path.contains(one) || (*whole && one.contains(&path)))
    };
    for pointer in before.keys().chain(after.keys()).filter(is_foreign) {
        prop_assert_eq!(before.get(pointer), after.get(pointer), "{} was changed", pointer);
    }
    Ok(())
}

#[test]
fn the_same_input_gives_the_same_plan() {
    law(|_, told| {
        for moment in &told.moments {
            prop_assert_eq!(&moment.plan, &moment.replanned);
        }
        Ok(())
    });
}

#[test]
fn what_was_read_of_a_secret_is_never_sent() {
    law(|_, told| {
        for call in told.moments.iter().flat_map(|moment| writes(&moment.calls)) {
            let body = call.body.as_ref().unwrap_or(&Value::Null).to_string();
            prop_assert!(!body.contains("1:ACP:") && !body.contains("****"), "{} sent {body}", call.method);
        }
        Ok(())
    });
}
