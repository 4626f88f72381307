//! `Retry-After`, with or without a `Date`: within bounds, whatever is said.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sim_operator::sailpoint::decode;

fuzz_target!(|said: (&str, Option<&str>)| {
    let bounds = Duration::from_secs(1)..=Duration::from_hours(1);
    let wait = decode::wait(said.0, said.1);
    assert!(wait.is_none_or(|wait| bounds.contains(&wait)), "{wait:?}");
});
