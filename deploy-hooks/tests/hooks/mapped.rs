//! docs/migration.md maps the first report's commands, functions and files to these: each is there, and runs.

use crate::migrate::place;
use crate::world::{Ended, PROGRAM, World};
use std::os::unix::fs::symlink;
use std::process::Command;

const TABLE: &str = include_str!("../../../docs/migration.md");
const HEAD: &str = "| first report | here | without harm |";

/// Everything that the first report names: what it ran, its key functions, its files.
const NAMED: [&str; 41] = [
    "deploy_livekit_migration.sh",
    "deploy_livekit_migration.sh staging",
    "deploy_livekit_migration.sh production",
    "migration_plan.py --analyze",
    "migration_plan.py --backup",
    "migration_plan.py --generate-plan",
    "blue_green_deployment.py --deploy",
    "blue_green_deployment.py --status",
    "blue_green_deployment.py --switch green",
    "rollback_procedures.py --create",
    "rollback_procedures.py --list",
    "rollback_procedures.py --rollback",
    "staging_environment_tests.py --run-all",
    "staging_environment_tests.py --suite infrastructure",
    "staging_environment_tests.py --test infrastructure.service_health",
    "validate_migration.py --full",
    "validate_migration.py --category configuration",
    "validate_migration.py --full --output validation_report.json",
    "analyze_current_configuration()",
    "create_backup()",
    "generate_migration_steps()",
    "save_migration_plan()",
    "perform_blue_green_deployment()",
    "deploy_to_environment()",
    "switch_traffic()",
    "_wait_for_health_check()",
    "create_rollback_point()",
    "perform_rollback()",
    "_verify_rollback_health()",
    "list_rollback_points()",
    "create_deployment_pipeline()",
    "_run_pre_deployment_checks()",
    "_run_post_deployment_checks()",
    "scripts/migration_plan.py",
    "scripts/blue_green_deployment.py",
    "scripts/rollback_procedures.py",
    "scripts/automated_deployment.py",
    "scripts/staging_environment_tests.py",
    "scripts/update_env_vars.py",
    "scripts/validate_migration.py",
    "scripts/deploy_livekit_migration.sh",
];

/// One row: what was, the command, its harmless form, and the status of that.
struct Row {
    was: String,
    command: Vec<String>,
    form: Vec<String>,
    status: i32,
}

/// What stands between the backticks of a cell, and what behind them.
fn quoted(cell: &str) -> (&str, &str) {
    let (_, rest) = cell.split_once('`').expect("a command in backticks");
    rest.split_once('`').expect("closed backticks")
}

fn rows() -> Vec<Row> {
    let (_, below) = TABLE.split_once(HEAD).expect("the table");
    let lines = below.lines().skip(2).take_while(|line| line.starts_with('|'));
    let words = |command: &str| command.split(' ').map(str::to_owned).collect::<Vec<_>>();
    lines
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            assert_eq!(cells.len(), 3, "{line}");
            let (form, status) = quoted(cells[2]);
            let status = if status.trim().is_empty() { 0 } else { status.trim().parse().expect("a status") };
            Row { was: cells[0].to_owned(), command: words(quoted(cells[1]).0), form: words(form), status }
        })
        .collect()
}

fn run(world: &World, words: &[String]) -> Ended {
    assert_eq!(words[0], "greenlight", "{words:?}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
    command.args(&words[1..]).current_dir(world.path(""));
    command.env("GREENLIGHT_SIGN_KEY", "sign.pem").env("GREENLIGHT_IDENTITY", "key.txt");
    for name in ["LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "GREENLIGHT_STORE"] {
        command.env_remove(name);
    }
    Ended::of(&command.output().expect("it runs"))
}

#[test]
fn everything_that_the_first_report_names_has_its_row() {
    let rows = rows();
    for named in NAMED {
        assert!(rows.iter().any(|row| row.was.contains(&format!("`{named}`"))), "{named} is mapped to nothing");
    }
    for file in
        ["`config/deployment.yaml`", "`config/staging_tests.yaml`", "`MIGRATION_DEPLOYMENT_IMPLEMENTATION_REPORT.md`"]
    {
        assert!(rows.iter().any(|row| row.was.contains(file)), "{file} is mapped to nothing");
    }
}

#[test]
fn every_mapped_command_is_there_and_runs() {
    let world = place();
    // `config/deployment.yaml` is where commands look by themselves.
    symlink(".", world.path("config")).expect("linked");
    let text = world.read("deployment.yaml");
    let (above, staging) = text.split_once("  staging:\n").expect("an environment");
    let (staging, rest) = staging.split_once("  production:\n").expect("another");
    let all = format!("{above}  development:\n{staging}  staging:\n{staging}  production:\n{rest}");
    world.put("deployment.yaml", &all);
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    for line in [
        "greenlight rollback create a --environment production",
        "greenlight rollback rehearse a --environment production --key pub.pem --identity key.txt",
    ] {
        let ended = run(&world, &words(line));
        assert_eq!(ended.code, Some(0), "{line}: {ended:?}");
    }
    // `cargo test` of the workspace builds it; where only these tests were built there is none to hand over to.
    let own = std::path::Path::new(env!("CARGO_BIN_EXE_greenlight"));
    let verify = own.with_file_name("greenlight-verify").exists();
    let mut ran = 0;
    for row in rows() {
        let help: Vec<String> = [&words("greenlight help")[..], &row.command[1..]].concat();
        let without = help.iter().filter(|word| !["staging", "production"].contains(&word.as_str())).cloned();
        let ended = run(&world, &without.collect::<Vec<_>>());
        assert!(ended.code == Some(0) && ended.out.contains("Usage: greenlight"), "{}: {ended:?}", row.was);
        if row.form[1] == "verify" && !verify {
            eprintln!("NOT RUN  {:?}: greenlight-verify was not built", row.form);
            continue;
        }
        // Before each blue has the traffic, and green runs what the gate has seen.
        world.put("there/active", "blue\n");
        world.put("there/green", &format!("program_sha256 {PROGRAM}\n"));
        let ended = run(&world, &row.form);
        assert_eq!(ended.code, Some(row.status), "{}: {:?}: {ended:?}", row.was, row.form);
        assert!(ended.code == Some(0) || !ended.said.contains("unrecognized"), "{}: {ended:?}", row.was);
        ran += 1;
    }
    assert!(ran >= 36, "only {ran} ran");
}

/// A command that there is not is seen.
#[test]
fn a_command_that_there_is_not_is_no_help() {
    let world = place();
    let ended = run(&world, &["greenlight", "help", "migrat"].map(str::to_owned));
    assert_eq!(ended.code, Some(2), "{ended:?}");
}
