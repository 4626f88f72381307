//! The seven operations on `/sim-integrations`, and who the tenant says it is.
//!
//! Each is one call of the [`Client`], the same in every version but for its path. Which to send, and what its answer
//! means, is the controller's to decide.

use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use super::answer;
use super::budget::Slot;
use super::claims::is_usable_org;
use super::class::Class;
use super::client::{Answer, Client, malformed};
use super::error::{Error, ErrorKind};
use super::lenient;
use super::listed::{Known, Listed, Reader};
use super::outbound::{Body, Outbound, Verb};
use super::versions::Collection;
use super::wire::{Details, Integration, PatchOperation};

/// The most that is read of a list: some ten thousand integrations.
pub(super) const LARGEST_LIST: usize = 64 * 1024 * 1024;
/// The most that is read of any other answer: what Kubernetes keeps of a resource (1.5 MiB) with every letter escaped.
const LARGEST: usize = 10 * 1024 * 1024;

const JSON: &str = "application/json";
const JSON_PATCH: &str = "application/json-patch+json";

/// On what terms a write is sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms<'a> {
    /// The secret values in the body: taken out of whatever the server says.
    pub secrets: &'a [SecretString],
    /// Not sent at or after that time: the call then fails as [`ErrorKind::NotSent`].
    pub send_before: Option<Instant>,
}

impl Client {
    /// The org as `GET /oauth/info` names it (`tenantName`), for a token that does not.
    ///
    /// # Errors
    /// As the call failed; [`ErrorKind::Malformed`] if the answer has no usable `tenantName`.
    pub async fn org_info(&self) -> Result<Answer<String>, Error> {
        let slot = self.prepare(Class::Look).await?;
        let request = self.request(Verb::Get, "/oauth/info".to_owned(), "/oauth/info");
        self.value(slot, Outbound { experimental: false, ..request }, |value| match value {
            Value::Object(mut map) => lenient::take(&mut map, "tenantName", lenient::text)
                .filter(|org| is_usable_org(org))
                .ok_or_else(|| "an answer without a usable tenantName".to_owned()),
            other => Err(format!("{} where an object was expected", lenient::type_name(&other))),
        })
        .await
    }

    /// All integrations of the tenant: the API has no pages for them. They are read while they arrive.
    ///
    /// # Errors
    /// As the call failed; [`ErrorKind::Malformed`] also if one entry cannot be read.
    pub async fn list(&self, slot: Slot) -> Result<Answer<Vec<Listed>>, Error> {
        self.list_beside(slot, &|_| None).await
    }

    /// The same; an integration that is as it is `known` by its id already shares the memory of that.
    ///
    /// # Errors
    /// As those of [`list`](Self::list).
    pub async fn list_beside(&self, slot: Slot, known: Known<'_>) -> Result<Answer<Vec<Listed>>, Error> {
        let path = self.api().collection(Collection::SimIntegrations);
        let request = Outbound { largest: LARGEST_LIST, ..self.request(Verb::Get, path, "/sim-integrations") };
        let mut reader = Reader::new(known);
        let inbound = self.send(slot, &request, &mut reader).await?;
        match reader.end(&inbound.heading) {
            Ok(list) => Ok(Answer::new(list, &inbound)),
            Err(words) => Err(malformed(&request, &inbound, words)),
        }
    }

    /// One integration.
    ///
    /// # Errors
    /// As the call failed.
    pub async fn get(&self, slot: Slot, id: &str) -> Result<Answer<Integration>, Error> {
        let request = self.request(Verb::Get, self.path(id)?, "/sim-integrations/{id}");
        self.value(slot, request, |value| recognisable(value, id)).await
    }

    /// Creates an integration. Not repeatable: after an error of [`Certainty::Unknown`](super::Certainty) it may exist. An
    /// answer without an id is returned as it is.
    ///
    /// # Errors
    /// As the call failed.
    pub async fn create(&self, slot: Slot, details: &Details, terms: Terms<'_>) -> Result<Answer<Integration>, Error> {
        let path = self.api().collection(Collection::SimIntegrations);
        let request = self.request(Verb::Post, path, "/sim-integrations").on(terms).body(JSON, details)?;
        self.value(slot, request, |value| Integration::read(value).map_err(|why| format!("the answer {why}"))).await
    }

    /// Replaces an integration whole.
    ///
    /// # Errors
    /// As the call failed.
    pub async fn put(
        &self,
        slot: Slot,
        id: &str,
        details: &Details,
        terms: Terms<'_>,
    ) -> Result<Answer<Integration>, Error> {
        let request = self.request(Verb::Put, self.path(id)?, "/sim-integrations/{id}");
        self.value(slot, request.on(terms).body(JSON, details)?, |value| recognisable(value, id)).await
    }

    /// Changes an integration. The operations are sent as a bare array, as in every example of the specification.
    ///
    /// # Errors
    /// As the call failed. A 403 may mean that the operation or its path is not allowed.
    pub async fn patch(
        &self,
        slot: Slot,
        id: &str,
        operations: &[PatchOperation],
        terms: Terms<'_>,
    ) -> Result<Answer<Integration>, Error> {
        let request = self.request(Verb::Patch, self.path(id)?, "/sim-integrations/{id}");
        self.value(slot, request.on(terms).body(JSON_PATCH, operations)?, |value| recognisable(value, id)).await
    }

    /// Changes the rule that runs before provisioning.
    ///
    /// # Errors
    /// As the call failed.
    pub async fn patch_before_provisioning_rule(
        &self,
        slot: Slot,
        id: &str,
        operations: &[PatchOperation],
        terms: Terms<'_>,
    ) -> Result<Answer<Integration>, Error> {
        let path = format!("{}/beforeProvisioningRule", self.path(id)?);
        let request = self.request(Verb::Patch, path, "/sim-integrations/{id}/beforeProvisioningRule");
        self.value(slot, request.on(terms).body(JSON_PATCH, operations)?, |value| recognisable(value, id)).await
    }

    /// Deletes an integration. SailPoint documents a 200 without content; any 2xx counts that is empty or JSON. A page is
    /// another's answer: gateways have them for all that they do not pass on.
    ///
    /// # Errors
    /// As the call failed.
    pub async fn delete(&self, slot: Slot, id: &str, terms: Terms<'_>) -> Result<Answer<()>, Error> {
        let request = self.request(Verb::Delete, self.path(id)?, "/sim-integrations/{id}").on(terms);
        let mut body = Vec::new();
        let inbound = self.send(slot, &request, &mut body).await?;
        if !body.iter().all(u8::is_ascii_whitespace) {
            answer::json(&inbound.heading, &body).map_err(|words| malformed(&request, &inbound, words))?;
        }
        Ok(Answer::new((), &inbound))
    }

    fn path(&self, id: &str) -> Result<String, Error> {
        let path = self.api().integration(id);
        path.map_err(|unusable| Error::new(ErrorKind::Misconfigured, unusable.to_string()))
    }

    fn request(&self, method: Verb, path: String, route: &'static str) -> Outbound<'static> {
        Outbound {
            method,
            path,
            query: None,
            route,
            experimental: self.api().experimental(),
            body: None,
            largest: LARGEST,
            secrets: &[],
            send_before: None,
        }
    }
}

impl<'a> Outbound<'a> {
    fn on(self, terms: Terms<'a>) -> Self {
        Self { secrets: terms.secrets, send_before: terms.send_before, ..self }
    }

    fn body(self, content_type: &'static str, value: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        // The message of a serializer may quote a value.
        let bytes = serde_json::to_vec(value)
            .map_err(|_| Error::new(ErrorKind::Misconfigured, "the body cannot be written as JSON"))?;
        Ok(Self { body: Some(Body { content_type, bytes: bytes.into() }), ..self })
    }
}

/// An answer that is the integration `asked` for: some other service's JSON has neither id nor name, and what a proxy has
/// mixed up has another id.
pub(super) fn recognisable(value: Value, asked: &str) -> Result<Integration, String> {
    let integration = Integration::read(value).map_err(|why| format!("the answer {why}"))?;
    match (&integration.id, &integration.name) {
        (Some(id), _) if id != asked => Err("an integration with another id than was asked for".to_owned()),
        (None, _) if integration.extra.contains_key("id") => {
            Err("an integration with an id that can be none".to_owned())
        }
        (None, None) => Err("an object without id and name where an integration was expected".to_owned()),
        _ => Ok(integration),
    }
}
