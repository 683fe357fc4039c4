//! A deployment at its address: what is healthy stays without a failure however little of it can be seen, what is wrong
//! is found, and nobody there is harmed.
//!
//! Needs a container engine; without one each case is shown as ignored, and with `CI` set that is an error.

mod address;
mod balancer;
mod container;
mod first_run;
mod observer;
mod server;
mod single;
mod staging;
#[path = "../support/mod.rs"]
mod support;
mod way;

use libtest_mimic::Arguments;
use std::process::ExitCode;
use support::{Case, run_cases};

const CASES: &[(&str, Case)] = &[
    ("a_staging_by_its_address", staging::staging),
    ("a_single_node_without_redis", single::single_node),
    ("livekit_server_1_7_0", single::old_server),
    ("behind_a_balancer_with_its_own_date_and_a_client_certificate", balancer::own_date_and_mtls),
    ("through_an_http_proxy", way::proxied),
    ("the_first_run", first_run::first_run),
];

fn main() -> ExitCode {
    // The runtime of the cases is made behind this, and TLS wants its provider before the first connection.
    greenlight_harness::clients::install_crypto_provider();
    // One after the other: how long the first run takes is told to users.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    run_cases(&arguments, CASES)
}
