//! What can become of one call to the tenant.

use serde_json::json;

use super::operator::mishaps::{ALL, ONE, answer, answer_after, answer_of_a_gateway, once};
use super::place::{Place, met};
use crate::support::simulator::{Action, Fault};

/// A call to the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Token,
    List,
    Get,
    Post,
    Patch,
    Put,
    Delete,
}

impl Call {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token request",
            Self::List => "LIST",
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// The next such call meets this.
    pub fn fault(self, action: Action) -> Fault {
        match self {
            Self::Token => once("POST", "/oauth/token", action),
            Self::List => once("GET", ALL, action),
            Self::Get => once("GET", ONE, action),
            Self::Post => once("POST", ALL, action),
            Self::Patch => once("PATCH", ONE, action),
            Self::Put => once("PUT", ONE, action),
            Self::Delete => once("DELETE", ONE, action),
        }
    }
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It has arrived and is held; SIGKILL and restart; it takes effect after that.
    HeldThenKilled,
    /// It has taken effect and its answer is held; SIGKILL and restart.
    MadeThenKilled,
    /// The connection ends before it takes effect.
    CutBefore,
    /// The connection ends after it took effect.
    CutAfter,
    /// 503, and it takes no effect.
    ServerErrorBefore,
    /// 500, and it took effect.
    ServerErrorAfter,
    /// A proxy answers 200 with a page of its own, and it takes no effect.
    Page,
    /// No answer within our time limit, and it never takes effect.
    NeverMade,
    /// No answer within our time limit, and it takes effect after that.
    MadeLate,
    /// It takes effect at once, and there is no answer within our time limit.
    AnsweredLate,
}

impl Trouble {
    /// Those that a call without effects can have: it matters to nobody when it took place.
    pub const OF_READS: [Self; 6] =
        [Self::HeldThenKilled, Self::CutBefore, Self::CutAfter, Self::ServerErrorBefore, Self::Page, Self::NeverMade];

    /// What is done, in words.
    pub fn done(self, call: Call) -> String {
        let call = call.as_str();
        match self {
            Self::HeldThenKilled => format!("{call} held, SIGKILL, restart; then it takes effect"),
            Self::MadeThenKilled => format!("{call} made, its answer held, SIGKILL, restart"),
            Self::CutBefore => format!("connection cut before the {call} takes effect"),
            Self::CutAfter => format!("connection cut after the {call} took effect"),
            Self::ServerErrorBefore => format!("503, the {call} takes no effect"),
            Self::ServerErrorAfter => format!("500, though the {call} took effect"),
            Self::Page => format!("200 and an HTML page, the {call} takes no effect"),
            Self::NeverMade => format!("no answer within our time limit; the {call} never takes effect"),
            Self::MadeLate => format!("no answer within our time limit; the {call} takes effect after that"),
            Self::AnsweredLate => format!("the {call} takes effect; no answer within our time limit"),
        }
    }

    fn action(self) -> Action {
        match self {
            Self::HeldThenKilled | Self::MadeLate => Action::HoldBefore {},
            Self::MadeThenKilled | Self::AnsweredLate => Action::HoldAfter {},
            Self::CutBefore => Action::CutBefore {},
            Self::CutAfter => Action::CutAfter {},
            Self::ServerErrorBefore => answer(503),
            Self::ServerErrorAfter => answer_after(500),
            Self::Page => answer_of_a_gateway(200, json!("<html>Please log in to the network</html>")),
            Self::NeverMade => Action::Silence {},
        }
    }

    /// Whether our time limit must pass for it.
    pub fn waits_for_our_limit(self) -> bool {
        matches!(self, Self::NeverMade | Self::MadeLate | Self::AnsweredLate)
    }

    /// Whether the call takes effect when we have given it up.
    pub fn lands_late(self) -> bool {
        matches!(self, Self::HeldThenKilled | Self::MadeLate)
    }

    /// Has the next such call meet this.
    pub async fn arm(self, call: Call, place: &Place) {
        place.world.tenant.inject(&call.fault(self.action())).await;
    }

    /// Waits until it has come to the call, and kills where that belongs to it.
    pub async fn happen(self, place: &mut Place) {
        let fault = serde_json::to_value(self.action()).unwrap();
        met(&place.world, fault["kind"].as_str().unwrap()).await;
        if matches!(self, Self::HeldThenKilled | Self::MadeThenKilled) {
            place.kill_and_restart();
        }
    }
}
