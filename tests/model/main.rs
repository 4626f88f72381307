//! A model of the protocol, gone through whole: two operators, one slow tenant, people on both sides, and whatever may go
//! wrong at every step.
//!
//! What an operator believes, decides and recognises is the operator's own code (`mind`, `looking`, `real`); what it does
//! with a decision, and all around it, is modelled by hand (`operator`, `steps`, `tenant`, `people`). `worlds` are gone
//! through; in `ablations` a rule is missing, and a promise breaks.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a model that cannot go on fails its test")]
#![allow(clippy::print_stdout, reason = "how far it went, and the way to what broke")]
#![allow(
    unreachable_pub,
    reason = "`pub` marks what the other files may use; no crate is ever linked against a test binary"
)]
#![allow(clippy::trivially_copy_pass_by_ref, reason = "what is small today grows with the model")]

mod ablations;
mod explorer;
mod judge;
mod looking;
mod mind;
mod mixer;
mod operator;
mod people;
mod process;
mod promises;
mod protocol;
mod real;
mod rules;
mod same;
mod steps;
mod tenant;
mod world;
mod worlds;
