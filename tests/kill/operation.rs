//! The operations: what was before, what somebody asks for, and what is left in the end.

use serde_json::{Value, json};

use super::calls::Call;
use super::operator::manifests::{made_in_the_ui, sim};
use super::operator::mishaps::answer;
use super::place::Place;
use super::row::End;

/// Something that the operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A resource is new, its name is free.
    Create,
    /// A resource is new, and the tenant refuses it the first time.
    CreateRefused,
    /// A resource is new and takes what has its name.
    AdoptByName,
    /// A resource is new and takes what has the id that it names.
    AdoptById,
    /// A change that a PATCH can make.
    Patch,
    /// A change of the rule alone.
    PatchRule,
    /// A change that only a PUT can make.
    Put,
    /// A resource is deleted, and its integration with it.
    Delete,
    /// A resource is deleted, and its integration stays, as its policy says.
    LetGo,
    /// A resource is deleted, and another claims its integration by the name.
    HandOverByName,
    /// A resource is deleted, and another claims its integration by the id.
    HandOverById,
}

impl Operation {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::CreateRefused => "Create, refused once (400)",
            Self::AdoptByName => "Adopt by name",
            Self::AdoptById => "Adopt by externalId",
            Self::Patch => "Update by PATCH",
            Self::PatchRule => "Update of the rule",
            Self::Put => "Update by PUT",
            Self::Delete => "Delete",
            Self::LetGo => "Delete, policy Orphan",
            Self::HandOverByName => "Hand-over by name",
            Self::HandOverById => "Hand-over by externalId",
        }
    }

    pub fn end(self) -> End {
        match self {
            Self::Delete => End::Gone,
            Self::LetGo => End::Kept,
            Self::HandOverByName | Self::HandOverById => End::HandedOver,
            _ => End::One,
        }
    }

    /// All that was before, and what somebody asks for then. No operator runs at its end.
    pub async fn asked_for(self, place: &mut Place) {
        match self {
            Self::Create => place.apply().await,
            Self::CreateRefused => {
                place.apply().await;
                place.world.tenant.inject(&Call::Post.fault(answer(400))).await;
            }
            Self::AdoptByName => {
                place.world.tenant.create_in_ui(&made_in_the_ui("desk")).await;
                place.edit(json!({"policy": {"adopt": "ByName"}})).await;
            }
            Self::AdoptById => {
                let id = place.world.tenant.create_in_ui(&made_in_the_ui("desk")).await;
                place.edit(json!({"externalId": id})).await;
            }
            Self::Patch => place.created_then_edited(json!({"description": "New words"})).await,
            Self::PatchRule => {
                let rule = json!({"id": "048eb3d55c5a4758bd07dccb87741c79", "name": "Another rule"});
                place.created_then_edited(json!({"beforeProvisioningRule": rule})).await;
            }
            Self::Put => place.created_then_edited(json!({"attributes": {"ticketType": "incident"}})).await,
            Self::Delete => place.created_then_deleted(json!({})).await,
            Self::LetGo => place.created_then_deleted(json!({"policy": {"delete": "Orphan"}})).await,
            Self::HandOverByName => place.created_then_left_to(json!({"policy": {"adopt": "ByName"}})).await,
            Self::HandOverById => {
                place.created(json!({})).await;
                let id = place.world.sims.see("desk").await.id().to_owned();
                place.left_to(json!({"externalId": id})).await;
            }
        }
    }
}

impl Place {
    /// `desk` with this in its spec is created by an operator that is gone by now; its calls are forgotten.
    pub async fn created(&mut self, spec: Value) {
        self.desk = self.desk.clone().with(spec);
        self.apply().await;
        self.world.start_operator();
        self.in_order().await;
        self.world.kill_operators();
        self.world.tenant.forget_calls().await;
    }

    async fn created_then_edited(&mut self, spec: Value) {
        self.created(json!({})).await;
        self.edit(spec).await;
    }

    async fn created_then_left_to(&mut self, claim: Value) {
        self.created(json!({})).await;
        self.left_to(claim).await;
    }

    /// Another resource claims what `desk` has, and `desk` is deleted.
    async fn left_to(&mut self, claim: Value) {
        let heir = sim("heir").with(json!({"name": "desk"})).with(claim);
        self.world.sims.apply(&heir).await;
        self.world.sims.delete("desk").await;
    }

    async fn created_then_deleted(&mut self, spec: Value) {
        self.created(spec).await;
        self.world.sims.delete("desk").await;
    }
}
