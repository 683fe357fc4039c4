//! What `greenlight-verify` does with its command line.

use crate::args::{Cli, ListFormat, OutputFormat, Profile};
use crate::baseline;
use crate::emulated::SELF_TEST;
use crate::explain::explain;
use crate::github::{append_summary, inside_actions};
use crate::output::{
    ATTESTATION, OutDir, ReportFile, print_report, result_line, verdict_line, write_files, write_whole,
};
use crate::session::{Place, Session, SessionError, configuration, new_run_id, runtime};
use crate::tape::written;
use crate::target::{Chosen, Described, choose};
use greenlight_fixtures::{Engine, PlantedFault, catalogue, find};
use greenlight_harness::clients::tokens_of;
use greenlight_harness::config::{LivekitYaml, StagingTests};
use greenlight_harness::reports::{
    CheckResult, Exit, NodeIdentity, Outcome, Redactor, Report, Signer, attest, canonical_json, github_annotations,
};
use greenlight_harness::{Capability, Check, Interrupt, RemoteError, Selection, Target, TargetKind, select};
use greenlight_suites::{SUITES, checks};
use libtest_mimic::Arguments;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use tokio::runtime::Runtime;

/// Runs the command and says how it ended. Everything that goes wrong has been printed by then.
pub fn execute(cli: &Cli) -> Exit {
    match run(cli) {
        Ok(exit) => exit,
        Err((exit, message)) => {
            // The answer of a server may quote the token that it refused.
            eprintln!("error: {}", Redactor::default().text(&message));
            exit
        }
    }
}

type Stopped = (Exit, String);

fn run(cli: &Cli) -> Result<Exit, Stopped> {
    let usage = |error: &dyn std::fmt::Display| (Exit::Usage, error.to_string());
    if let Some(id) = &cli.explain {
        let one = Selection { tests: vec![id.clone()], ..Selection::default() };
        let text: String = select(&checks(), &one).map_err(|error| usage(&error))?.into_iter().map(explain).collect();
        return io::stdout()
            .write_all(text.as_bytes())
            .map(|()| Exit::Passed)
            .map_err(|error| (Exit::Inconclusive, error.to_string()));
    }
    let mut config = configuration(cli.config.as_deref()).map_err(|error| usage(&error))?;
    if let Some(file) = &cli.livekit_config {
        config.livekit_yaml = Some(livekit_yaml(file).map_err(|error| usage(&error))?);
    }
    baseline::without_comparisons(cli, &mut config);
    // To list, nobody needs a target: a deployment that is not described is no reason not to.
    let chosen = choose(cli, &config);
    let is_remote = matches!(chosen, Ok(Chosen::Remote(_)));
    let selected = select(&checks(), &selection(cli, is_remote)).map_err(|error| usage(&error))?;
    let fault = cli.plant.as_deref().map(fault_named).transpose().map_err(|error| usage(&error))?;
    if selected.is_empty() {
        return Err((Exit::Incomplete, "the filters together select no check; `--list` shows all".into()));
    }
    if cli.list {
        return list(&selected, cli.format)
            .map(|()| Exit::Passed)
            .map_err(|error| (Exit::Inconclusive, error.to_string()));
    }

    let chosen = chosen.map_err(|error| usage(&error))?;
    let kind = if is_remote { TargetKind::Url } else { TargetKind::Containers };
    let baselines = baseline::prepare(cli, &config, &selected, kind).map_err(|error| usage(&error))?;
    if let (Chosen::Remote(described), true) = (&chosen, cli.require_containers) {
        let url = &described.spec.address;
        return Err((
            Exit::Unreachable,
            format!("this run was to test a staging in containers, and would test {url} ({})", described.url_from),
        ));
    }
    if let (Chosen::Emulator, true) = (&chosen, cli.require_containers || cli.record.is_some()) {
        return Err(usage(&"the emulator is no staging in containers; leave --target emulator out"));
    }
    if let (Chosen::Remote(_) | Chosen::Emulator, Some(fault)) = (&chosen, fault) {
        return Err(usage(&format!(
            "{} can't be planted in {}; use --target containers",
            fault.fault,
            if is_remote { "a deployment at its address" } else { "the emulator" }
        )));
    }
    if config.livekit_yaml.is_some() && (fault.is_some() || matches!(chosen, Chosen::Remote(_) | Chosen::Emulator)) {
        let why = match (&chosen, fault) {
            (_, Some(_)) => "faults are edits of the staging's own",
            (Chosen::Emulator, _) => "the emulator runs none",
            _ => "a deployment at its address has its own",
        };
        return Err(usage(&format!("--livekit-config can't be used here: {why}; leave it out")));
    }
    // Before anything is started: a run that can't be signed is of no use to the gate that waits for it.
    let signer = cli.sign_key.as_deref().map(signing_key).transpose().map_err(|error| usage(&error))?;
    if let Some(file) = &cli.token_file {
        holds_tokens(file).map_err(|error| usage(&error))?;
    }
    let out = OutDir::prepare(&cli.out).map_err(|error| usage(&error))?;
    let unknown = |error: &dyn std::fmt::Display| (Exit::Inconclusive, error.to_string());
    let runtime = runtime().map_err(|error| unknown(&error))?;
    let interrupt = {
        let _context = runtime.enter();
        greenlight_harness::init().map_err(|error| unknown(&error))?
    };
    let run_id = new_run_id();
    let place = match &chosen {
        Chosen::Local | Chosen::Emulator => {
            // Whoever signs, compares or plants means a server.
            let must = fault.is_some()
                || cli.record.is_some()
                || cli.require_containers
                || config.livekit_yaml.is_some()
                || cli.sign_key.is_some()
                || cli.baseline.is_some()
                || cli.record_baseline.is_some()
                || cli.profile.is_some();
            local_place(&runtime, &interrupt, &chosen, &config, must)
        }
        Chosen::Containers => containers(&config),
        Chosen::Remote(described) => {
            eprint!("{}", intentions(described, &run_id));
            Place::Remote(&described.spec)
        }
    };
    let session = Session {
        place,
        run_id: &run_id,
        checks: &selected,
        config: &config,
        fault,
        seed: cli.seed.unwrap_or_else(rand::random),
        retries: cli.retries,
        token_file: cli.token_file.as_deref(),
        baselines: &baselines,
        folder: out.path(),
        record: cli.record.is_some(),
        arguments: Arguments {
            test_threads: Some(usize::from(cli.threads)),
            // libtest-mimic panics on a disk that is full; run.jsonl has all that it would say.
            logfile: Some("/dev/null".into()),
            ..Arguments::default()
        },
        on_ready: announce,
        on_result: match place {
            Place::Containers => print_result,
            Place::Remote(_) | Place::Emulator => print_seen,
        },
    };
    let ended = session.run(&runtime, &interrupt).map_err(|error| (exit_of(&error), error.to_string()))?;
    write_files(out.path(), &ended.report, ReportFile::ALL)
        .map_err(|error| unknown(&format!("cannot write the report into {}: {error}; make room there, or name another folder with --out, and verify again", out.path().display())))?;
    if let Some(file) = &cli.record {
        let text = written(&ended.recorded).map_err(io::Error::from);
        text.and_then(|text| fs::write(file, text))
            .map_err(|error| unknown(&format!("cannot write the recording {}: {error}", file.display())))?;
    }
    let signer = signer.as_ref().filter(|_| ended.removal.is_none());
    if let Some(signer) = signer {
        let signed = attest(&ended.report, signer).map_err(io::Error::from);
        signed
            .and_then(|attestation| write_whole(out.path(), ATTESTATION, &attestation))
            .map_err(|error| unknown(&format!("cannot sign the report: {error}")))?;
    }
    if let Some(file) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|file| !file.is_empty()) {
        append_summary(Path::new(&file), &ended.report, out.path()).map_err(|error| unknown(&error))?;
    }
    print(cli.output, &ended.report, &out).map_err(|error| unknown(&error))?;
    if let Some(removal) = &ended.removal {
        // It is read by people, and opens no gate.
        return Err(unknown(&format!("{removal:#}; the report in {} is not signed", out.path().display())));
    }
    if let Err(reason) = baseline::record(cli, &baselines, &ended.report) {
        eprintln!("{reason}");
        return Ok(no_better_than_inconclusive(ended.report.exit()));
    }
    if baselines.against.is_some() && baselines.compared() == 0 {
        eprintln!("nothing was compared with the baseline: no check that loads the target has run");
        return Ok(no_better_than_inconclusive(ended.report.exit()));
    }
    match ended.report.header.target.kind == TargetKind::Emulator.to_string() && is_ci() {
        true => Err((Exit::Unreachable, format!("{SELF_TEST}, and CI is set; {TEST_IT}"))),
        false => Ok(ended.report.exit()),
    }
}

fn no_better_than_inconclusive(exit: Exit) -> Exit {
    if exit == Exit::Passed { Exit::Inconclusive } else { exit }
}

/// How somebody gets from the emulator to a server.
pub(crate) const TEST_IT: &str =
    "for a staging in containers, start Docker and run `cargo xtask images`; for a deployment, name it with --url";

/// Whether this runs where nobody reads what is printed: there, the emulator is never enough.
fn is_ci() -> bool {
    const SET_BY: &[&str] = &[
        "CI",
        "GITHUB_ACTIONS",
        "GITLAB_CI",
        "TF_BUILD",
        "JENKINS_URL",
        "BUILD_ID",
        "TEAMCITY_VERSION",
        "CODEBUILD_BUILD_ID",
        "bamboo_buildKey",
        "KUBERNETES_SERVICE_HOST",
    ];
    SET_BY.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// A staging where an engine could start one at once. With `CI` set, a staging or an error.
fn local_place(
    runtime: &Runtime,
    interrupt: &Interrupt,
    chosen: &Chosen,
    config: &StagingTests,
    must_be_containers: bool,
) -> Place<'static> {
    let pulled = async |engine: &Engine| {
        tokio::select! {
            pulled = engine.pull_missing(&config.images) => pulled,
            // The staging is not started either then.
            () = interrupt.wait() => Ok(()),
        }
    };
    let why = match chosen {
        Chosen::Emulator => "asked for with --target emulator".to_owned(),
        _ if must_be_containers || is_ci() => return containers(config),
        _ => match runtime.block_on(Engine::connect()) {
            Err(missing) => missing.to_string(),
            Ok(engine) => match runtime.block_on(pulled(&engine)) {
                Ok(()) => return containers(config),
                Err(reason) => {
                    format!("a container engine answers, and an image of a staging is not to be had: {reason}")
                }
            },
        },
    };
    eprintln!("{SELF_TEST}\ntarget   emulator: {why}");
    Place::Emulator
}

fn containers(config: &StagingTests) -> Place<'static> {
    eprintln!("target   containers: two livekit-server nodes, Redis, HAProxy with TLS; starting");
    if let Some(yaml) = &config.livekit_yaml {
        eprintln!("config   {} on both nodes; of the staging's own: {}", yaml.file, LivekitYaml::OURS);
    }
    Place::Containers
}

/// The checks that a command line means. On a deployment that serves users nothing waits for minutes unless it is asked for.
fn selection(cli: &Cli, is_remote: bool) -> Selection {
    let chosen = cli.run_all || !(cli.suites.is_empty() && cli.tests.is_empty() && cli.tags.is_empty());
    let profile = match cli.profile {
        None if is_remote && !chosen => Some(Profile::Production),
        profile => profile,
    };
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let (tags, without) = match profile {
        Some(Profile::Smoke) => (names(&["smoke"]), vec![]),
        Some(Profile::Production) => (vec![], names(&["slow", "load", "drill"])),
        Some(Profile::PreRelease) => (vec![], names(&["slow"])),
        Some(Profile::Full) | None => (cli.tags.clone(), vec![]),
    };
    Selection { suites: cli.suites.clone(), tests: cli.tests.clone(), tags, without }
}

fn print_result(result: &CheckResult) {
    eprintln!("{}", result_line(result));
}

/// What a deployment does not offer is summed up at the end.
fn print_seen(result: &CheckResult) {
    if result.outcome != Outcome::Skipped {
        print_result(result);
    }
}

/// Reads a private key from a file that nobody else can read.
fn signing_key(file: &Path) -> Result<Signer, String> {
    use std::os::unix::fs::PermissionsExt as _;
    let shown = file.display();
    let read = |error: io::Error| format!("cannot read the signing key {shown}: {error}");
    let mode = fs::metadata(file).map_err(read)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(format!("others can read the signing key {shown} (mode {:o}); `chmod 600 {shown}`", mode & 0o7777));
    }
    Signer::from_pem(&fs::read_to_string(file).map_err(read)?).map_err(|error| format!("{shown}: {error}"))
}

/// A livekit.yaml of the user's for the staging to run.
fn livekit_yaml(file: &Path) -> Result<LivekitYaml, String> {
    let shown = file.display().to_string();
    let text = fs::read_to_string(file).map_err(|error| format!("cannot read the livekit.yaml {shown}: {error}"))?;
    LivekitYaml::parse(&shown, &text)
}

/// Before anything starts: a run without the tokens that were to be looked at is of no use.
fn holds_tokens(file: &Path) -> Result<(), String> {
    let advice = "name a file with one token a line with --token-file";
    let text = fs::read_to_string(file)
        .map_err(|error| format!("cannot read the tokens in {}: {error}; {advice}", file.display()))?;
    match tokens_of(&text).is_empty() {
        true => Err(format!("there is no token in {}; {advice}", file.display())),
        false => Ok(()),
    }
}

fn exit_of(error: &SessionError) -> Exit {
    match error {
        SessionError::Engine(_) | SessionError::Staging(_) | SessionError::Remote(RemoteError::Unusable(_)) => {
            Exit::Unreachable
        }
        SessionError::Remote(RemoteError::Wrong(_) | RemoteError::Busy(_)) => Exit::Usage,
        SessionError::Interrupted => Exit::Interrupted,
        SessionError::Config(_) => Exit::Usage,
        SessionError::Fault(_) | SessionError::Run(_) | SessionError::Removal(_) => Exit::Inconclusive,
    }
}

fn fault_named(name: &str) -> Result<PlantedFault, String> {
    find(name).ok_or_else(|| {
        let known: Vec<&str> = catalogue().iter().map(|entry| entry.fault.name()).collect();
        format!("no fault is called {name:?}; there are {}", known.join(", "))
    })
}

/// What is about to be done to whom, before the first request.
fn intentions(described: &Described, run_id: &str) -> String {
    let Described { spec, url_from, key_from } = described;
    let allowed = spec.allowed;
    let named: Vec<&str> = [
        ("load", allowed.load),
        ("attacks", allowed.attack),
        ("changes to trunks, rules and stream keys", allowed.drill),
    ]
    .into_iter()
    .filter_map(|(name, is_allowed)| is_allowed.then_some(name))
    .collect();
    let few = format!("at most 4 rooms glt-{run_id}-* and 4 participants at a time");
    let mode = match (named.is_empty(), allowed.load) {
        (true, _) => format!("SAFE: {few}; no load, no attacks, nothing that is kept"),
        (false, true) => format!("OWNED: allowed are {}", named.join(", ")),
        (false, false) => format!("OWNED: {few}; allowed are {}", named.join(", ")),
    };
    let effects = "your application gets webhooks for these rooms; agents without a name are kept out of them; one of the rooms keeps other runs away";
    let proxy = spec.proxy.place().map(|proxy| format!("proxy    {proxy}\n")).unwrap_or_default();
    format!(
        "target   {}   from {url_from}, key {} from {key_from}\n{proxy}mode     {mode}\neffects  {effects}\n",
        spec.address, spec.key.id
    )
}

fn announce(target: &Target, session: &Session<'_>) {
    let nodes: Vec<String> =
        target.identity.nodes.iter().map(|node| format!("{} {} {}", named(node), node.version, node.node_id)).collect();
    match target.kind {
        TargetKind::Containers => eprintln!("target   {}   {}", target.entry.ws_url(), nodes.join("   ")),
        TargetKind::Url => eprintln!("found    {}", nodes.join("   ")),
        TargetKind::Emulator => eprintln!("found    an emulator that answers as livekit-server 1.13.5 was recorded to"),
    }
    let seen = session.checks.iter().filter(|check| check.needs.iter().all(|need| target.offers(*need)));
    let (all, seen) = (session.checks.len(), seen.count());
    let checks = if seen == all { format!("{all} checks") } else { format!("{seen} of {all} checks") };
    eprintln!("run      {}   {checks}   seed {}", session.run_id, session.seed);
    if let Some(fault) = session.fault {
        eprintln!("PLANTED  {}: red is what this run should be", fault.fault);
    }
}

/// A node that a balancer hides has no name but its id.
fn named(node: &NodeIdentity) -> &str {
    if node.name == node.node_id { "livekit-server" } else { &node.name }
}

fn print(format: OutputFormat, report: &Report, out: &OutDir) -> io::Result<()> {
    let text = match format {
        OutputFormat::Text if inside_actions() => github_annotations(report)
            .into_iter()
            .chain([print_report(report, out.path())])
            .collect::<Vec<_>>()
            .join("\n"),
        OutputFormat::Text => print_report(report, out.path()),
        OutputFormat::Short if report.header.target.kind == TargetKind::Emulator.to_string() => {
            format!("{SELF_TEST}\n{}\n", verdict_line(report))
        }
        OutputFormat::Short => verdict_line(report) + "\n",
        OutputFormat::Json => canonical_json(report)? + "\n",
    };
    io::stdout().write_all(text.as_bytes())
}

/// Whether it may run on a target that serves users: it loads, attacks, changes and ends nothing. `greenlight watch` runs no other.
fn is_safe(check: &Check) -> bool {
    !check
        .needs
        .iter()
        .any(|need| matches!(need, Capability::Load | Capability::Drill | Capability::Attack | Capability::Owned))
}

fn list(selected: &[&'static Check], format: ListFormat) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match format {
        ListFormat::Terse => selected.iter().try_for_each(|check| writeln!(stdout, "{}: test", check.id)),
        ListFormat::Json => {
            let list: Vec<_> = selected
                .iter()
                .map(|check| {
                    serde_json::json!({
                        "id": check.id,
                        "title": check.title,
                        "suite": check.suite(),
                        "tags": check.tags,
                        "safe": is_safe(check),
                        "timeout_s": check.timeout.as_secs_f64(),
                        "proven_by": check.proven_by.iter().map(|fault| fault.name()).collect::<Vec<_>>(),
                    })
                })
                .collect();
            writeln!(stdout, "{}", serde_json::to_string_pretty(&list)?)
        }
        ListFormat::Text => {
            for (suite, _) in SUITES {
                let of_suite: Vec<_> = selected.iter().filter(|check| check.suite() == *suite).collect();
                if !of_suite.is_empty() {
                    writeln!(stdout, "{suite}")?;
                }
                for check in of_suite {
                    writeln!(stdout, "  {:<38} {}", check.id, check.title)?;
                }
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::exit_of;
    use crate::output::tests::report;
    use crate::session::SessionError;
    use greenlight_harness::reports::{Exit, RunVerdict};

    #[test]
    fn only_a_passed_run_exits_0() {
        let mut report = report();
        for (verdict, exit) in [
            (RunVerdict::Passed, Exit::Passed),
            (RunVerdict::Failed, Exit::Failed),
            (RunVerdict::Inconclusive, Exit::Inconclusive),
            (RunVerdict::Incomplete, Exit::Incomplete),
        ] {
            report.verdict = verdict;
            assert_eq!(report.exit(), exit);
        }
        report.header.interrupted = true;
        assert_eq!(report.exit(), Exit::Interrupted);
    }

    #[test]
    fn a_run_that_did_not_take_place_never_exits_0() {
        let error = || anyhow::anyhow!("odd");
        for (error, exit) in [
            (SessionError::Staging(error()), Exit::Unreachable),
            (SessionError::Interrupted, Exit::Interrupted),
            (SessionError::Fault(error()), Exit::Inconclusive),
            (SessionError::Removal(error()), Exit::Inconclusive),
        ] {
            assert_eq!(exit_of(&error), exit, "{error}");
        }
    }
}
