//! What the documents of the API leave open, as switches with a sane default.
//!
//! One struct serves [`Config`](crate::Config), the control API and the command line. It decides nothing: the modules that
//! behave one way or the other ask it.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The tenant's unknown traits. As JSON the names are in camelCase and the choices are spelled as on the command line.
#[derive(Args, Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[command(next_help_heading = "Switches")]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent trait of the tenant")]
pub struct Switches {
    /// Where statusMap and request come back
    #[arg(long, value_enum, default_value = "top-level")]
    pub ticket_fields: TicketFields,
    /// How attributes come back: as an object, or as JSON in a string
    #[arg(long, value_enum, default_value = "object")]
    pub attributes_shape: AttributesShape,
    /// What is read in place of a secret
    #[arg(long, value_enum, default_value = "cipher-text")]
    pub secret_read_back: SecretReadBack,
    /// Strip trailing slashes off the text of attributes whose key ends in "url"
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", default_value_t = false, action = clap::ArgAction::Set)]
    pub normalize_values: bool,
    /// Repeat the request's body in the text of 400 answers
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", default_value_t = false, action = clap::ArgAction::Set)]
    pub errors_echo_input: bool,
    /// By how many milliseconds LIST lags behind writes (those made from now on)
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub list_lag_ms: u64,
    /// Whether answers under /beta carry id, created and modified
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", default_value_t = true, action = clap::ArgAction::Set)]
    pub beta_read_id: bool,
    /// Whether LIST under /beta answers the bare object when there is exactly one
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", default_value_t = false, action = clap::ArgAction::Set)]
    pub beta_list_single: bool,
    /// What becomes of a write that would give two integrations the same name
    #[arg(long, value_enum, default_value = "allowed")]
    pub duplicate_names: DuplicateNames,
    /// Which bodies PATCH accepts
    #[arg(long, value_enum, default_value = "both")]
    pub patch_accepts: PatchAccepts,
    /// LIST answers in another order each time
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", default_value_t = false, action = clap::ArgAction::Set)]
    pub list_shuffled: bool,
    /// Put the bogus header `Content-Encoding: UTF-8` on 4xx answers
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", default_value_t = false, action = clap::ArgAction::Set)]
    pub content_encoding_utf8: bool,
    /// Put the header `X-Deprecated: true` on the answers of the API
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", default_value_t = false, action = clap::ArgAction::Set)]
    pub x_deprecated: bool,
    /// For how many seconds an access token serves (a PAT can say 15 to 43200; 0 issues tokens that are expired)
    #[arg(long, value_name = "SECONDS", default_value_t = 749)]
    pub expires_in: u32,
    /// By how many seconds the tenant's clock (Date, created, modified, exp) is ahead of ours, or behind if negative
    #[arg(long, value_name = "SECONDS", default_value_t = 0, allow_negative_numbers = true)]
    pub clock_skew_seconds: i32,
    /// Whether the server adds an attribute of its own (cloudExternalId)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", default_value_t = true, action = clap::ArgAction::Set)]
    pub server_adds_attributes: bool,
    /// Requests let through per client and API version in one window; 0 for no limit
    #[arg(long, value_name = "REQUESTS", default_value_t = 100)]
    pub rate_limit: u32,
    /// Length of the rate limit's sliding window in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    pub rate_limit_window_ms: u64,
}

impl Switches {
    pub(crate) fn list_lag(&self) -> Duration {
        Duration::from_millis(self.list_lag_ms)
    }

    pub(crate) fn rate_limit_window(&self) -> Duration {
        Duration::from_millis(self.rate_limit_window_ms)
    }
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            ticket_fields: TicketFields::TopLevel,
            attributes_shape: AttributesShape::Object,
            secret_read_back: SecretReadBack::CipherText,
            normalize_values: false,
            errors_echo_input: false,
            list_lag_ms: 0,
            beta_read_id: true,
            beta_list_single: false,
            duplicate_names: DuplicateNames::Allowed,
            patch_accepts: PatchAccepts::Both,
            list_shuffled: false,
            content_encoding_utf8: false,
            x_deprecated: false,
            expires_in: 749,
            clock_skew_seconds: 0,
            server_adds_attributes: true,
            rate_limit: 100,
            rate_limit_window_ms: 10_000,
        }
    }
}

/// Where statusMap and request come back: the response schema does not have them \[U\].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum TicketFields {
    /// As further keys of the integration.
    TopLevel,
    /// As keys inside attributes.
    Attributes,
    /// Nowhere.
    Absent,
}

/// How attributes come back: the schema says object, its example is a string \[U\].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum AttributesShape {
    /// A JSON object.
    Object,
    /// JSON encoded in a string.
    String,
}

/// What is read in place of a secret \[U\].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum SecretReadBack {
    /// What encryption made of it.
    CipherText,
    /// A row of asterisks.
    Mask,
    /// Nothing: the key is left out.
    Dropped,
}

/// What becomes of a second integration of the same name \[U\].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
pub enum DuplicateNames {
    /// The second is made.
    #[serde(rename = "allowed")]
    Allowed,
    /// It is refused with 400.
    #[serde(rename = "400")]
    #[value(name = "400")]
    BadRequest,
    /// It is refused with 409.
    #[serde(rename = "409")]
    #[value(name = "409")]
    Conflict,
}

/// Which bodies PATCH accepts: the schema says `{"operations": […]}`, every example is a bare array \[U\].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum PatchAccepts {
    /// Either.
    Both,
    /// The bare array of RFC 6902; the object is a 400.
    Array,
    /// The object; the array is a 400.
    Operations,
    /// Neither: any PATCH is a 403.
    None,
}
