//! Which path leads where.

use crate::access::{Gate, Resource, Version, admit};
use crate::errors::ApiError;
use crate::intercept::intercept;
use crate::journal::TOKEN_PATH;
use crate::tenant::Shared;
use crate::{control, lookups, sim_integrations, tokens};
use axum::extract::Extension;
use axum::middleware::{from_fn_with_state, map_response_with_state};
use axum::routing::{MethodRouter, get, patch, post};
use axum::{Router, middleware};

/// The whole of what is served.
pub(crate) fn router(shared: &Shared) -> Router {
    let mut tenant = Router::new().route(TOKEN_PATH, post(tokens::issue)).route("/oauth/info", get(tokens::info));
    for version in Version::ALL {
        for resource in [Resource::SimIntegrations, Resource::Sources, Resource::ManagedClusters] {
            let gate = Gate { shared: shared.clone(), version, resource };
            let served = resource_routes(version, resource).route_layer(from_fn_with_state(gate, admit));
            tenant = tenant.merge(served.layer(Extension(version)));
        }
    }
    let tenant = tenant
        .fallback(async || ApiError::NotFound)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(middleware::from_fn_with_state(shared.clone(), intercept));
    let control = control::routes().layer(map_response_with_state((), control::plain_errors));
    tenant.nest("/_simulator", control).with_state(shared.clone())
}

fn resource_routes(version: Version, resource: Resource) -> Router<Shared> {
    let path = version.path(resource);
    let one = |handler: MethodRouter<Shared>| Router::new().route(&path, handler);
    match resource {
        Resource::SimIntegrations => one(get(sim_integrations::list).post(sim_integrations::create))
            .route(
                &format!("{path}/{{id}}"),
                get(sim_integrations::read)
                    .put(sim_integrations::replace)
                    .patch(sim_integrations::patch)
                    .delete(sim_integrations::delete),
            )
            .route(&format!("{path}/{{id}}/beforeProvisioningRule"), patch(sim_integrations::patch_rule)),
        Resource::Sources => one(get(lookups::sources)),
        Resource::ManagedClusters => one(get(lookups::clusters)),
    }
}
