//! What happens to the integration of a resource that is being deleted.

use crate::api::integration::Origin;
use crate::api::{Delete, Mode};

/// What happens to the integration of a resource that is being deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// It is deleted.
    Delete(String),
    /// It stays, for this reason; no call is made.
    Orphan(Orphaning),
    /// There is nothing to delete.
    Nothing,
}

/// Why an integration stays in the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orphaning {
    /// The policy says so, or the integration is not of our making.
    Policy,
    /// Mode Plan writes nothing.
    Plan,
}

/// What happens to the integration `id`.
#[must_use]
pub fn farewell(id: Option<String>, origin: Option<Origin>, policy: Option<Delete>, mode: Mode) -> Farewell {
    let Some(id) = id else { return Farewell::Nothing };
    let by_default = if origin == Some(Origin::Created) { Delete::Delete } else { Delete::Orphan };
    match (mode, policy.unwrap_or(by_default)) {
        (Mode::Plan, _) => Farewell::Orphan(Orphaning::Plan),
        (_, Delete::Orphan) => Farewell::Orphan(Orphaning::Policy),
        (_, Delete::Delete) => Farewell::Delete(id),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::created(Some(Origin::Created), None, Mode::Enforce, "delete")]
    #[case::adopted(Some(Origin::Adopted), None, Mode::Enforce, "orphan Policy")]
    #[case::cannot_tell(None, None, Mode::Enforce, "orphan Policy")]
    #[case::asked_to_delete(Some(Origin::Adopted), Some(Delete::Delete), Mode::Enforce, "delete")]
    #[case::asked_to_orphan(Some(Origin::Created), Some(Delete::Orphan), Mode::Enforce, "orphan Policy")]
    #[case::report_deletes(Some(Origin::Created), None, Mode::Report, "delete")]
    #[case::plan_writes_nothing(Some(Origin::Created), Some(Delete::Delete), Mode::Plan, "orphan Plan")]
    fn a_farewell(
        #[case] origin: Option<Origin>,
        #[case] policy: Option<Delete>,
        #[case] mode: Mode,
        #[case] expected: &str,
    ) {
        let word = match farewell(Some("1".into()), origin, policy, mode) {
            Farewell::Delete(id) => format!("delete{}", if id == "1" { "" } else { "another" }),
            Farewell::Orphan(why) => format!("orphan {why:?}"),
            Farewell::Nothing => "nothing".into(),
        };
        assert_eq!(word, expected);
        assert_eq!(farewell(None, origin, policy, mode), Farewell::Nothing);
    }
}
