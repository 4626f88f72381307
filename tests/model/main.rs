//! A model of the protocol.
#![allow(clippy::unwrap_used, reason = "a model that cannot go on fails its test")]

mod explorer;
mod holds;
mod judge;
mod mind;
mod mixer;
mod operator;
mod people;
mod promises;
mod protocol;
mod real;
mod rules;
mod same;
mod steps;
mod tenant;
mod world;
