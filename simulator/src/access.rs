//! The gateway before every endpoint of the API: token, rate limit, experimental header, scope — in this order.

use crate::errors::ApiError;
use crate::tenant::Shared;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;

/// A version of the API. The gateway counts requests by it \[D\].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Version {
    Beta,
    V2024,
    V2025,
    V2026,
    V1,
}

impl Version {
    pub(crate) const ALL: [Self; 5] = [Self::Beta, Self::V2024, Self::V2025, Self::V2026, Self::V1];

    /// Where a resource lies under this version: the per-service layout puts the version behind \[D\].
    pub(crate) fn path(self, resource: Resource) -> String {
        let name = match resource {
            Resource::SimIntegrations => "sim-integrations",
            Resource::Sources => "sources",
            Resource::ManagedClusters => "managed-clusters",
        };
        match self {
            Self::Beta => format!("/beta/{name}"),
            Self::V2024 => format!("/v2024/{name}"),
            Self::V2025 => format!("/v2025/{name}"),
            Self::V2026 => format!("/v2026/{name}"),
            Self::V1 => format!("/{name}/v1"),
        }
    }
}

/// What lies behind the gateway.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Resource {
    SimIntegrations,
    Sources,
    ManagedClusters,
}

impl Resource {
    /// The scopes of which one is enough \[D\].
    fn scopes(self, method: &Method) -> &'static [&'static str] {
        match self {
            Self::SimIntegrations if method == Method::GET => {
                &["idn:service-desk-integration:read", "idn:service-desk-integration:manage"]
            }
            Self::SimIntegrations => &["idn:service-desk-integration:manage"],
            Self::Sources => &["idn:sources:read", "idn:sources:manage"],
            Self::ManagedClusters => &["idn:remote-client:read", "idn:remote-client:manage"],
        }
    }
}

/// The gate before one resource of one version.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) shared: Shared,
    pub(crate) version: Version,
    pub(crate) resource: Resource,
}

/// Lets a request through to its handler, or refuses it.
pub(crate) async fn admit(State(gate): State<Gate>, request: Request, next: Next) -> Result<Response, ApiError> {
    gate.check(request.method(), request.headers())?;
    Ok(next.run(request).await)
}

impl Gate {
    fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
        let mut tenant = self.shared.lock();
        let tenant = &mut *tenant;
        let bearer = bearer(headers).ok_or(ApiError::Unauthorized)?;
        let issued = tenant.tokens.valid(bearer).ok_or(ApiError::Unauthorized)?;
        tenant.limits.admit(&issued.client_id, Some(self.version), Instant::now(), &tenant.switches)?;
        // [D] Not in the beta specification; [O] the answer to its absence.
        let experimental = self.resource == Resource::SimIntegrations && self.version != Version::Beta;
        let given = headers.get("x-sailpoint-experimental").is_some_and(|value| value.as_bytes() == b"true");
        if experimental && !given {
            return Err(ApiError::Experimental);
        }
        // [O] An API client, which has no user, is refused where a personal access token is not.
        if issued.user_name.is_some() && issued.has_any(self.resource.scopes(method)) {
            Ok(())
        } else {
            Err(ApiError::Forbidden)
        }
    }
}

/// The token of the Authorization header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
