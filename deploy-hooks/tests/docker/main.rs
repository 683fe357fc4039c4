//! The driver `docker` on a real engine: livekit-server in two colours behind HAProxy on one Redis, under joins and API
//! calls all the while. And points of a real Postgres.
//!
//! Needs a container engine and the images of `cargo xtask images`; without an engine each case is shown as ignored, and
//! with `CI` set that is an error.

#![expect(clippy::expect_used, reason = "a test ends where it can not go on")]

mod bad_builds;
mod bad_releases;
mod bucket;
mod copies;
mod database;
mod deployed;
mod emergency;
#[path = "../hooks/world.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod hooks_world;
mod killed;
mod live_room;
mod load;
mod migrate;
mod moves;
mod phones;
mod points;
mod postgres;
mod restored_by_deploy;
mod staging;
mod trunks;
mod upgrade;
mod world;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::process::ExitCode;
use std::time::Instant;

type Case = fn();

const CASES: &[(&str, Case)] = &[
    ("traffic_moves_from_colour_to_colour_without_a_failed_join_or_call", moves::moves),
    ("what_does_not_start_or_work_never_gets_traffic", bad_releases::bad_releases),
    ("what_starts_and_is_no_good_is_seen_by_the_suites", bad_builds::bad_builds),
    ("points_are_kept_in_a_bucket", bucket::bucket),
    ("an_old_configuration_is_moved_to_a_new_version", upgrade::upgrade),
    ("containers_come_back_in_an_emergency", emergency::emergency),
    ("containers_come_back_by_a_deploy", restored_by_deploy::restored_by_deploy),
    ("a_staging_and_a_production_are_migrated_in_one_command_or_not_at_all", migrate::migrates),
    ("killed_in_each_phase_it_ends_all_old_or_all_new", killed::killed),
    ("trunks_rules_and_ingress_come_back_from_redis", trunks::from_redis),
    ("trunks_and_rules_come_back_through_the_api", trunks::from_the_api),
    ("a_restore_of_trunks_that_is_killed_ends_all_old_or_all_new", trunks::killed_while_restoring),
    ("a_redis_that_can_not_exchange_keys_says_so", trunks::refused),
    ("a_restore_under_a_live_room_drops_nobody", live_room::nobody_notices),
    ("a_database_comes_back_as_pg_dump_saw_it", database::comes_back),
    ("what_is_wrong_with_a_database_is_named_and_changes_nothing", database::refused),
    ("a_copy_of_a_database_that_has_served_is_none_any_more", copies::served),
    ("settings_of_a_database_are_shown_to_nobody", copies::settings),
    ("a_restore_of_a_database_that_is_killed_ends_all_old_or_all_new", database::killed),
];

fn timed(case: Case) {
    let begun = Instant::now();
    case();
    eprintln!("  {:.1} s", begun.elapsed().as_secs_f64());
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let engine = world::docker(&["version", "--format", "{{.Server.Version}}"]).status.success();
    if !engine && std::env::var_os("CI").is_some() {
        eprintln!("error: no container engine answers, and with CI set that is no reason to skip");
        return ExitCode::FAILURE;
    }
    let trial = |(name, case): &(&'static str, Case)| {
        let case = *case;
        Trial::ignorable_test(*name, move || match engine {
            false => Ok(Completion::ignored_with("no container engine answers")),
            true => match std::panic::catch_unwind(|| timed(case)) {
                Ok(()) => Ok(Completion::Completed),
                Err(panic) => Err(Failed::from(panic.downcast_ref::<String>().cloned().unwrap_or_default())),
            },
        })
    };
    libtest_mimic::run(&Arguments { test_threads: Some(1), ..arguments }, CASES.iter().map(trial).collect()).exit_code()
}
