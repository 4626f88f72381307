//! The smallest call that makes a change, and what the largest of them, a PUT, could lose.

use super::Desired;
use crate::api::integration::Origin;
use crate::controller::recorded::Recorded;
use crate::model::{Comparison, Difference, Path, Reading, Remote, Want};

/// The kinds of call that change an integration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// PATCH of `…/beforeProvisioningRule`.
    PatchRule,
    /// PATCH with `replace` operations.
    Patch,
    /// PUT of the whole object.
    Put,
}

/// The smallest call that makes `differences`.
pub(super) fn smallest(differences: &[Difference], remote: &Remote, takes_patch: &dyn Fn(&Path, bool) -> bool) -> Call {
    let can_patch = |one: &Difference| {
        let secret = matches!(one.to, Some(Want::Secret(_) | Want::Inline { .. }));
        let shown = remote.patch_pointer(&one.path).is_some();
        (shown || secret) && takes_patch(&one.path, shown)
    };
    match differences {
        [one] if one.path == Path::Rule && takes_patch(&Path::Rule, true) => Call::PatchRule,
        all if all.iter().all(can_patch) => Call::Patch,
        _ => Call::Put,
    }
}

/// What a PUT that makes `changes` could drop, as the operator does not know its value. What `left` shows is not sent.
#[must_use]
pub fn would_lose(
    desired: &Desired,
    recorded: &Recorded,
    remote: &Remote,
    changes: &[Difference],
    left: &Comparison,
) -> Vec<String> {
    let is_left = |path: &Path| left.differences.iter().any(|one| one.path.overlaps(path));
    let is_sent = |path: &Path| desired.wants.iter().any(|(here, want)| want.covers(here, path)) && !is_left(path);
    let is_cleared = |path: &Path| changes.iter().any(|one| one.to.is_none() && one.path.contains(path));
    let secrets = remote.secret_looking();
    let lost = secrets.iter().filter(|path| !is_sent(path) && !is_cleared(path)).map(ToString::to_string);
    lost.chain(hidden(desired, recorded, remote)).collect()
}

/// What may be there and is not shown: nothing but what we sent, if the integration is of our making.
fn hidden(desired: &Desired, recorded: &Recorded, remote: &Remote) -> Vec<String> {
    let ours = recorded.origin == Some(Origin::Created);
    let was_sent = |path: &Path| recorded.sent.as_ref().is_some_and(|sent| sent.paths.contains_key(&path.to_string()));
    let names_secrets =
        desired.wants.iter().any(|(path, want)| matches!(want, Want::Secret(_)) || path.names_a_secret());
    let shows_secrets = remote.secret_looking().iter().any(Path::names_a_secret);
    let fields = [Path::StatusMap, Path::Request].into_iter().filter(|path| {
        let is_hidden = remote.read(path) == Reading::Hidden && !desired.wants.contains_key(path);
        is_hidden && (!ours || was_sent(path))
    });
    let mut hidden: Vec<String> = fields.map(|path| path.to_string()).collect();
    // A tenant that shows no secret has none or hides them; a spec that names some says which there are.
    if !ours && !names_secrets && !shows_secrets {
        hidden.push("the password or token among /attributes".to_owned());
    }
    hidden
}

/// What to do about it.
#[must_use]
pub fn would_lose_message(lost: &[String]) -> String {
    format!(
        "this change needs the whole integration to be sent, and {} cannot be read back from the tenant: add it to the spec \
         (secrets by attributesFrom), so that it is not lost",
        lost.join(", ")
    )
}
