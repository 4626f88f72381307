//! Habits of tenants that no story can be told in.

use serde_json::json;

use crate::story::{Chapter, Outcome, Start, Story, tell};
use crate::world::World;
use sim_operator::api::{Mode, SimIntegrationSpec};
use sim_operator::sailpoint::ApiVersion;

fn story(switches: serde_json::Value, api: ApiVersion) -> Story {
    let spec = SimIntegrationSpec { description: Some("one".into()), ..SimIntegrationSpec::default() };
    let first = Chapter { spec, edit: None, meanwhile: None, mode: Mode::Enforce, rotate: false, again: false };
    let second = SimIntegrationSpec { description: Some("two".into()), ..SimIntegrationSpec::default() };
    let second = Chapter { spec: second, ..first.clone() };
    Story { switches, api, start: Start::Absent, chapters: vec![first, second] }
}

#[test]
fn a_tenant_that_takes_only_the_documented_patch_says_no_in_its_own_words() {
    let world = World::new();
    let told = world.block_on(tell(&world, &story(json!({"patchAccepts": "operations"}), ApiVersion::V2024)));
    let last = told.moments.last().unwrap();
    assert!(matches!(last.outcome, Outcome::Settled), "{:?}", last.outcome);
    assert_eq!(last.after[told.id.as_ref().unwrap()]["description"], "two");
}
