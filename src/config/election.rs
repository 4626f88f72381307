//! What the flags of the leader election mean.
//!
//! Two clocks decide between two processes. A follower takes over once it saw the Lease unchanged for its whole duration. Its
//! holder stops writing earlier, by what a call to a tenant may take: so whatever it sent has ended when another begins.
//! What is left in between is the time in which renewals may fail.

use std::time::Duration;

use super::{Invalid, duration, is_label, is_subdomain};
use crate::cli;

/// How processes agree on which of them works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Election {
    /// The name of the Lease.
    pub name: String,
    /// Its namespace; absent: that of the pod, or of the kubeconfig's context.
    pub namespace: Option<String>,
    /// How long a holder that does not renew it keeps it: whole seconds, as the Lease has them.
    pub duration: Duration,
    /// How often its holder renews it.
    pub renew: Duration,
}

impl Default for Election {
    fn default() -> Self {
        Self {
            name: "sim-operator".to_owned(),
            namespace: None,
            duration: Duration::from_mins(1),
            renew: Duration::from_secs(5),
        }
    }
}

/// The election that the flags describe; `None` for one that is not held.
pub(super) fn election(flags: cli::Election, request_limit: Duration) -> Result<Option<Election>, Invalid> {
    let (duration, renew) =
        (duration("--lease-duration", &flags.lease_duration)?, duration("--lease-renew", &flags.lease_renew)?);
    if !is_subdomain(&flags.lease_name) {
        return Err(Invalid::new("--lease-name", format!("{:?} is no name of a Lease", flags.lease_name)));
    }
    if let Some(wrong) = flags.lease_namespace.as_ref().filter(|name| !is_label(name)) {
        return Err(Invalid::new("--lease-namespace", format!("{wrong:?} is no name of a namespace")));
    }
    if duration.subsec_nanos() > 0 || duration > Duration::from_hours(1) {
        return Err(Invalid::new("--lease-duration", "must be whole seconds, at most 1h"));
    }
    if !flags.leader_elect {
        return Ok(None);
    }
    if duration <= request_limit + renew {
        let why = format!(
            "must be more than --request-limit and --lease-renew together ({} s), as no write is sent that could still be \
             on its way when the lease ends",
            (request_limit + renew).as_secs_f64()
        );
        return Err(Invalid::new("--lease-duration", why));
    }
    Ok(Some(Election { name: flags.lease_name, namespace: flags.lease_namespace, duration, renew }))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn typed(flags: &[&str], request_limit: u64) -> Result<Option<Election>, String> {
        let typed = Cli::try_parse_from(["sim-operator", "run"].iter().chain(flags)).map_err(|e| e.to_string())?;
        let Command::Run(run) = typed.command else { unreachable!() };
        election(run.election, Duration::from_secs(request_limit)).map_err(|invalid| invalid.to_string())
    }

    #[test]
    fn an_election_is_held_unless_somebody_says_no() {
        assert_eq!(typed(&[], 30), Ok(Some(Election::default())));
        assert_eq!(typed(&["--leader-elect"], 30), Ok(Some(Election::default())));
        assert_eq!(typed(&["--leader-elect=false"], 30), Ok(None));
        let flags = ["--lease-name=a", "--lease-namespace=b", "--lease-duration=4s", "--lease-renew=500ms"];
        let (duration, renew) = (Duration::from_secs(4), Duration::from_millis(500));
        let expected = Election { name: "a".to_owned(), namespace: Some("b".to_owned()), duration, renew };
        assert_eq!(typed(&flags, 2), Ok(Some(expected)));
    }

    #[test]
    fn a_lease_that_cannot_outlast_a_call_is_refused() {
        let refused = typed(&[], 55).unwrap_err();
        assert!(
            refused
                .starts_with("--lease-duration: must be more than --request-limit and --lease-renew together (60 s)")
        );
        assert!(typed(&[], 54).is_ok());
        assert_eq!(typed(&["--leader-elect=false"], 55), Ok(None), "what is not held needs no time");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_in_one_line() {
        for (flag, words) in [
            ("--lease-duration=1500ms", "--lease-duration: must be whole seconds, at most 1h"),
            ("--lease-duration=2h", "--lease-duration: must be whole seconds, at most 1h"),
            ("--lease-renew=0s", "--lease-renew: \"0s\" is no duration above 0"),
            ("--lease-name=A", "--lease-name: \"A\" is no name of a Lease"),
            ("--lease-namespace=a.b", "--lease-namespace: \"a.b\" is no name of a namespace"),
            ("--leader-elect=maybe", "--leader-elect"),
        ] {
            let refused = typed(&[flag], 30).unwrap_err();
            assert!(refused.contains(words), "{flag}: {refused}");
        }
    }
}
