//! Which hosts may be sent credentials.
//!
//! Whoever may write a `SailPointTenant` could otherwise have the operator send a Secret's contents anywhere. Pure: a
//! list of patterns and a check. It resolves no names.

use std::fmt;

use url::{Host, Url};

/// SailPoint's own API hosts: production, demo and partner, `FedRAMP`, and the tenants of `identitysoon.com`.
const SAILPOINT: [&str; 4] = [
    "*.api.identitynow.com",
    "*.api.identitynow-demo.com",
    "*.api.saas.sailpointfedramp.com",
    "*.api.cloud.sailpoint.com",
];

/// The hosts that a tenant's base URL may name (`--allowed-hosts`).
#[derive(Clone, Debug)]
pub struct AllowedHosts {
    patterns: Vec<Pattern>,
    /// Loopback needs no pattern: the operator runs outside a pod, where loopback is the user's own machine.
    loopback: bool,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Pattern {
    /// `*.identitynow.com`: any host below that domain, not the domain itself. Holds `.identitynow.com`.
    Below(String),
    Exactly(String),
}

/// An entry of `--allowed-hosts` that is no host.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} in --allowed-hosts is no host: write acme.api.identitynow.com or *.api.identitynow.com, without scheme, port and path"
)]
pub struct NotAHost(String);

/// A base URL that may not be used, and what to do about it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct HostRefused(String);

impl AllowedHosts {
    /// SailPoint's own hosts. `outside_pod` also allows loopback.
    #[must_use]
    pub fn sailpoint(outside_pod: bool) -> Self {
        let patterns = SAILPOINT.iter().map(|pattern| Pattern::Below(pattern[1..].to_owned())).collect();
        Self { patterns, loopback: outside_pod }
    }

    /// The hosts of a list: exact names, or `*.` and a domain for all below it. Empty entries count for nothing.
    /// Loopback is allowed if `outside_pod`, or if the list names it.
    ///
    /// # Errors
    /// [`NotAHost`] if an entry is neither.
    pub fn parse<'a>(list: impl IntoIterator<Item = &'a str>, outside_pod: bool) -> Result<Self, NotAHost> {
        let entries = list.into_iter().map(str::trim).filter(|entry| !entry.is_empty());
        Ok(Self { patterns: entries.map(Pattern::parse).collect::<Result<_, _>>()?, loopback: outside_pod })
    }

    /// Whether credentials may be sent to this base URL.
    ///
    /// # Errors
    /// [`HostRefused`] if it is not https (http: loopback only), has more than scheme, host and port, or names a host
    /// that is not allowed.
    pub fn check(&self, base: &Url) -> Result<(), HostRefused> {
        let refuse = |words: String| Err(HostRefused(words));
        let Some(host) = base.host() else {
            return refuse("baseUrl names no host: write https://<tenant>.api.identitynow.com".to_owned());
        };
        let loopback = is_loopback(&host);
        match base.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return refuse(format!("baseUrl must begin with https://: credentials are sent to {host}")),
        }
        if !base.username().is_empty() || base.password().is_some() {
            return refuse("baseUrl may name no user or password: credentials belong into the Secret".to_owned());
        }
        if base.path() != "/" || base.query().is_some() || base.fragment().is_some() {
            let origin = base.origin().ascii_serialization();
            return refuse(format!("baseUrl may have no path, query or fragment: write {origin}"));
        }
        let name = host.to_string();
        if (loopback && self.loopback) || self.patterns.iter().any(|pattern| pattern.matches(&name)) {
            return Ok(());
        }
        refuse(format!(
            "{name} is not among the operator's allowed hosts ({self}): correct baseUrl, or add it to --allowed-hosts"
        ))
    }
}

impl Pattern {
    fn parse(entry: &str) -> Result<Self, NotAHost> {
        let bare = entry.strip_prefix("*.").unwrap_or(entry);
        let host = Host::parse(bare).ok().filter(|_| !bare.contains('*')).ok_or_else(|| NotAHost(entry.to_owned()))?;
        match (&host, bare == entry) {
            (_, true) => Ok(Self::Exactly(host.to_string())),
            // "*.com" would allow half of the world.
            (Host::Domain(domain), false) if domain.contains('.') => Ok(Self::Below(format!(".{domain}"))),
            (Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_), false) => Err(NotAHost(entry.to_owned())),
        }
    }

    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exactly(name) => host == name,
            Self::Below(suffix) => host.strip_suffix(suffix.as_str()).is_some_and(|rest| !rest.is_empty()),
        }
    }
}

/// Whether the host is this machine.
pub(super) fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

impl fmt::Display for AllowedHosts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<String> = self
            .patterns
            .iter()
            .map(|pattern| match pattern {
                Pattern::Below(suffix) => format!("*{suffix}"),
                Pattern::Exactly(name) => name.clone(),
            })
            .collect();
        names.extend(self.loopback.then(|| "loopback".to_owned()));
        formatter.write_str(&names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hosts: &AllowedHosts, url: &str) -> Result<(), String> {
        hosts.check(&Url::parse(url).unwrap()).map_err(|refused| refused.to_string())
    }

    #[test]
    fn sailpoints_own_hosts_pass() {
        let hosts = AllowedHosts::sailpoint(false);
        for url in [
            "https://acme.api.identitynow.com",
            "https://acme.api.identitynow-demo.com/",
            "https://ACME.api.saas.sailpointfedramp.com",
            "https://acme.api.cloud.sailpoint.com:443",
        ] {
            assert_eq!(check(&hosts, url), Ok(()), "{url}");
        }
    }

    #[test]
    fn all_others_are_refused_in_words_that_help() {
        let hosts = AllowedHosts::sailpoint(false);
        for (url, words) in [
            ("https://evil.example", "--allowed-hosts"),
            ("https://api.identitynow.com", "--allowed-hosts"),
            ("https://acme.api.identitynow.com.evil.example", "--allowed-hosts"),
            ("https://evilapi.identitynow.com", "--allowed-hosts"),
            ("https://acme.api.identitynow.com.", "--allowed-hosts"),
            ("https://127.0.0.1:8080", "--allowed-hosts"),
            ("http://acme.api.identitynow.com", "https://"),
            ("ftp://acme.api.identitynow.com", "https://"),
            ("https://user:word@acme.api.identitynow.com", "Secret"),
            ("https://acme.api.identitynow.com/v2024", "write https://acme.api.identitynow.com"),
            ("https://acme.api.identitynow.com?x=1", "no path"),
            ("https://acme.api.identitynow.com#x", "no path"),
        ] {
            let refused = check(&hosts, url).unwrap_err();
            assert!(refused.contains(words) && !refused.contains("word@"), "{url}: {refused}");
        }
    }

    #[test]
    fn loopback_passes_outside_a_pod_or_when_named() {
        let outside = AllowedHosts::sailpoint(true);
        for url in ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:8080", "https://127.0.0.1"] {
            assert_eq!(check(&outside, url), Ok(()), "{url}");
            assert!(check(&AllowedHosts::sailpoint(false), url).is_err(), "{url}");
        }
        let named = AllowedHosts::parse(["127.0.0.1", " ", "*.example.com"], false).unwrap();
        assert_eq!(check(&named, "http://127.0.0.1:8080"), Ok(()));
        assert_eq!(check(&named, "https://a.b.example.com"), Ok(()));
        assert!(check(&named, "http://localhost").is_err());
        assert!(check(&named, "https://acme.api.identitynow.com").is_err());
    }

    #[test]
    fn entries_are_hosts() {
        for entry in ["*", "*.com", "https://a.example", "a.example/x", "a.example:443", "a.*.example", "*.127.0.0.1"] {
            assert!(AllowedHosts::parse([entry], false).is_err(), "{entry}");
        }
    }
}
