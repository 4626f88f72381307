//! `/oauth/token` and `/oauth/info`: who gets an access token, what is in it, and for how long it serves.

use crate::Client;
use crate::credentials;
use crate::errors::ApiError;
use crate::tenant::{Shared, Tenant, new_id};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::{Duration, Instant};

const POD: &str = "se01-useast1";
const IDENTITY_ID: &str = "2c9180a46faadee4016fb4e018c20639";
/// Grants everything \[D\].
const ALL_SCOPES: &str = "sp:scopes:all";

/// The tokens that were issued.
#[derive(Debug, Default)]
pub(crate) struct Tokens(HashMap<String, Issued>);

/// Whom a token was issued to.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) client_id: String,
    pub(crate) user_name: Option<String>,
    scopes: Vec<String>,
    expires: Instant,
}

impl Issued {
    pub(crate) fn has_any(&self, scopes: &[&str]) -> bool {
        self.scopes.iter().any(|scope| scope == ALL_SCOPES || scopes.contains(&scope.as_str()))
    }
}

impl Tokens {
    /// The token, if it still serves.
    pub(crate) fn valid(&self, token: &str) -> Option<&Issued> {
        self.0.get(token).filter(|issued| Instant::now() < issued.expires)
    }

    /// Whose token this is or was, for the log.
    pub(crate) fn client(&self, token: &str) -> Option<String> {
        self.0.get(token).map(|issued| issued.client_id.clone())
    }

    pub(crate) fn revoke_all(&mut self) {
        self.0.clear();
    }
}

/// `POST /oauth/token`.
pub(crate) async fn issue(
    State(shared): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let fields = credentials::fields(query.as_deref(), content_type, &body);
    let field = |name| credentials::field(&fields, name);
    let mut tenant = shared.lock();
    // [D] form of OAuth 2.0; the exact texts of the tenant are unknown.
    let invalid = || ApiError::OAuth(StatusCode::UNAUTHORIZED, "invalid_client", "Bad client credentials");
    let known = tenant.clients.iter().find(|client| field("client_id") == Some(&client.client_id));
    let client = known.ok_or_else(invalid)?.clone();
    let Tenant { limits, switches, .. } = &mut *tenant;
    limits.admit(&client.client_id, None, Instant::now(), switches)?;
    if field("client_secret") != Some(&client.client_secret) {
        return Err(invalid());
    }
    if field("grant_type") != Some("client_credentials") {
        let description = "Only client_credentials is served here";
        return Err(ApiError::OAuth(StatusCode::BAD_REQUEST, "unsupported_grant_type", description));
    }
    Ok(Json(tenant.issue(&client)))
}

impl Tenant {
    fn issue(&mut self, client: &Client) -> Value {
        let (expires_in, jti) = (self.switches.expires_in, new_id());
        let claims = self.claims(client, &jti);
        let token = jwt(&claims);
        let mut answer = json!({
            "access_token": token,
            "token_type": "bearer",
            "expires_in": expires_in,
            "scope": client.scopes.join(" "),
            "accessType": "OFFLINE",
            "tenant_id": claims["tenant_id"],
            "pod": POD,
            "org": claims["org"],
            "internal": false,
            "strong_auth_supported": false,
            "strong_auth": false,
            "jti": jti,
        });
        if client.user_name.is_some() {
            answer["user_id"] = json!(IDENTITY_ID);
            answer["identity_id"] = json!(IDENTITY_ID);
        }
        let issued = Issued {
            client_id: client.client_id.clone(),
            user_name: client.user_name.clone(),
            scopes: client.scopes.clone(),
            expires: Instant::now() + Duration::from_secs(expires_in.into()),
        };
        self.tokens.0.insert(token, issued);
        answer
    }

    /// The documented payload; one without a user has no `user_name`, identity or authorities.
    fn claims(&self, client: &Client, jti: &str) -> Value {
        let org = client.org.as_deref().unwrap_or(&self.org);
        let mut claims = json!({
            "tenant_id": tenant_id(org),
            "pod": POD,
            "org": org,
            "internal": false,
            "strong_auth": false,
            "strong_auth_supported": false,
            "client_id": client.client_id,
            "scope": client.scopes,
            "exp": self.now().as_second() + i64::from(self.switches.expires_in),
            "jti": jti,
        });
        if let Some(user_name) = &client.user_name {
            claims["user_name"] = json!(user_name);
            claims["user_id"] = json!(IDENTITY_ID);
            claims["identity_id"] = json!(IDENTITY_ID);
            claims["authorities"] = json!(["ORG_ADMIN"]);
        }
        claims
    }
}

/// `GET /oauth/info`, which needs no token.
pub(crate) async fn info(State(shared): State<Shared>, headers: HeaderMap) -> Json<Value> {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let base = format!("{}://{host}", if shared.config().tls { "https" } else { "http" });
    let org = &shared.lock().org;
    Json(json!({
        "tenantId": tenant_id(org),
        "tenantName": org,
        "authorizeEndpoint": format!("{base}/oauth/authorize"),
        "tokenEndpoint": format!("{base}/oauth/token"),
        "cloudDomainUrl": base,
        "logoutUrl": format!("{base}/logout"),
        "pod": POD,
    }))
}

/// Looks like a JWT; the signature is noise, as nobody but the tenant could check it.
fn jwt(claims: &Value) -> String {
    let encode = |part: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(part);
    let header = encode(json!({ "alg": "HS256", "typ": "JWT" }).to_string().as_bytes());
    let signature: [u8; 32] = std::array::from_fn(|_| fastrand::u8(..));
    format!("{header}.{}.{}", encode(claims.to_string().as_bytes()), encode(&signature))
}

/// A UUID that is the same for the same org, run after run.
fn tenant_id(org: &str) -> String {
    let hash =
        |basis: u64| org.bytes().fold(basis, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let hex = format!("{:016x}{:016x}", hash(0xcbf2_9ce4_8422_2325), hash(0x8422_2325_cbf2_9ce4));
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
