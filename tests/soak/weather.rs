//! What goes wrong between the operator and one tenant: every kind of fault that the simulator has, again and again.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::dice::{Deck, Dice};
use crate::settings::{LATEST, LIST_LAG, REQUEST_LIMIT};
use crate::support::simulator::{Action, Fault};
use crate::world::World;

#[derive(Clone, Copy)]
enum Kind {
    /// A status of its own words, and nothing changed.
    Refuse,
    /// 5xx, and nothing changed.
    Fail,
    /// 5xx, and the change was made.
    FailAfter,
    /// Somebody between us and the tenant answers.
    Gateway,
    /// Slow, but in time.
    Slow,
    /// The change comes after the operator's time limit.
    Late,
    /// The change comes at once, the answer after the operator's time limit.
    LateAnswer,
    CutBefore,
    CutAfter,
    EmptyList,
    ShortList,
    /// 429 with seconds.
    Pause,
    /// Lists lag, or no longer.
    Lag,
    /// Every token is a 401 from now on.
    Revoke,
    /// The rest of the faults is taken back.
    Clear,
}

const ALL: [Kind; 18] = [
    Kind::Refuse,
    Kind::Fail,
    Kind::FailAfter,
    Kind::FailAfter,
    Kind::Gateway,
    Kind::Slow,
    Kind::Late,
    Kind::LateAnswer,
    Kind::CutBefore,
    Kind::CutAfter,
    Kind::CutAfter,
    Kind::EmptyList,
    Kind::ShortList,
    Kind::Pause,
    Kind::Lag,
    Kind::Revoke,
    Kind::Clear,
    Kind::Clear,
];

/// Makes bad weather over one tenant until the end.
pub async fn blow(world: &World, site: usize) {
    let mut all = Dice::new(world.settings.seed, &format!("weather over {site}"));
    let mut deck = Deck::new(&ALL);
    while !world.is_over() {
        let mut dice = all.throw();
        world.rest(dice.millis(150..1_300)).await;
        let kind = deck.deal(&mut all);
        let tenant = world.sites[site].tenant.read().await;
        match kind {
            Kind::Lag => tenant.turn(&json!({"listLagMs": dice.pick(&[0, lag() / 2, lag()])})).await,
            Kind::Revoke => {
                world.ledger.befell("tokens revoked", &format!("every token of {} is revoked", world.sites[site].org));
                tenant.revoke_tokens().await;
            }
            Kind::Clear => tenant.clear_faults().await,
            _ => {
                let fault = fault(site, kind, &mut dice);
                tenant.inject(&fault).await;
            }
        }
    }
}

fn lag() -> u64 {
    u64::try_from(LIST_LAG.as_millis()).unwrap()
}

/// Where everything lies but the tokens, in the versions of the API by which each tenant is spoken to.
const PATHS: [&str; 2] = ["/v20*", "/sim-integrations/v1*"];
/// How each is changed.
const CHANGES: [&str; 2] = ["PATCH", "PUT"];

fn fault(site: usize, kind: Kind, dice: &mut Dice) -> Fault {
    let lists = matches!(kind, Kind::EmptyList | Kind::ShortList);
    let (method, path) = match dice.below(10) {
        _ if lists => ("GET", PATHS[site]),
        0..4 => ("POST", PATHS[site]),
        4..6 => ("GET", PATHS[site]),
        6..8 => (CHANGES[site], PATHS[site]),
        8 => ("DELETE", PATHS[site]),
        _ => ("POST", "/oauth/token"),
    };
    let times = Some(u32::try_from(dice.within(1..4)).unwrap());
    Fault { method: Some(method.to_owned()), path: path.to_owned(), times, action: action(kind, dice) }
}

fn action(kind: Kind, dice: &mut Dice) -> Action {
    let latest = u64::try_from(LATEST.as_millis()).unwrap();
    let limit = u64::try_from(REQUEST_LIMIT.as_millis()).unwrap();
    let too_late = dice.within(limit + 200..latest);
    match kind {
        Kind::Refuse => answer(dice.pick(&[400, 403]), None, false),
        Kind::Fail => answer(dice.pick(&[500, 502, 503]), None, false),
        Kind::FailAfter => answer(dice.pick(&[500, 502, 504]), None, true),
        Kind::Gateway => answer(dice.pick(&[200, 404, 502]), Some(json!("<html>We will be back soon</html>")), false),
        Kind::Slow => Action::DelayAfter { ms: dice.within(200..1_200) },
        Kind::Late => Action::DelayBefore { ms: too_late },
        Kind::LateAnswer => Action::DelayAfter { ms: too_late },
        Kind::CutBefore => Action::CutBefore {},
        Kind::CutAfter => Action::CutAfter {},
        Kind::EmptyList => Action::EmptyList {},
        Kind::ShortList => Action::ShortList { without_ids: Vec::new(), drop_last: dice.below(4) + 1 },
        Kind::Pause | Kind::Lag | Kind::Revoke | Kind::Clear => too_many(dice.within(1..8)),
    }
}

/// The next call whatever is answered by 429.
pub fn pause(seconds: u64) -> Fault {
    Fault { method: None, path: "*".to_owned(), times: Some(1), action: too_many(seconds) }
}

fn too_many(seconds: u64) -> Action {
    let headers = BTreeMap::from([("Retry-After".to_owned(), seconds.to_string())]);
    Action::Answer { status: 429, headers, body: None, content_type: None, commit: false }
}

fn answer(status: u16, body: Option<Value>, commit: bool) -> Action {
    Action::Answer { status, headers: BTreeMap::new(), body, content_type: None, commit }
}
