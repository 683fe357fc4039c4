//! `greenlight gate` on the command line.

use super::evidence::ask;
use super::serve::serve;
use crate::configuration;
use crate::failure::Failure;
use crate::output::{Format, print};
use clap::{Args, Subcommand};
use greenlight_reports::Exit;
use greenlight_reports::gate::{Decision, Refusal, self_test};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Decides whether what deployment.yaml describes may be shipped to an environment.
///
/// The gate is open only if the report is signed by a pinned key, fresh, whole, about exactly that build and
/// configuration, from a real target, and every required check passed. Each reason against it is printed.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Exit codes: 0 open; 1 a check failed; 3 inconclusive; 4 not everything required ran; 5 the report is stale, foreign,
unsigned or was changed; 2 the configuration is wrong.

Examples:
  greenlight gate --env staging
  greenlight gate --env production --report ci/report.json -o json
  greenlight gate --self-test
  GREENLIGHT_GATE_TOKEN=… greenlight gate serve --env production --listen 127.0.0.1:8080   # Flagger, Argo Rollouts"
)]
pub(crate) struct GateArgs {
    #[command(subcommand)]
    command: Option<GateCommand>,

    /// The environment.
    #[arg(long, value_name = "NAME")]
    env: Option<String>,

    /// Another report than the one that the environment names. Its attestation, FILE with the ending `.intoto.jsonl`, lies
    /// beside it.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Keys, environments, policies.
    #[arg(long, value_name = "FILE", default_value = "config/deployment.yaml")]
    config: String,

    /// Corrupt a good report in every known way, and fail unless each is refused for its own reason.
    #[arg(long, conflicts_with_all = ["env", "report"])]
    self_test: bool,

    /// What to print on standard output.
    #[arg(short, long, value_enum, default_value = "text")]
    output: Format,
}

#[derive(Debug, Subcommand)]
enum GateCommand {
    /// Answer rollout engines over HTTP, until interrupted: 200 and `"open": true`, or 403 and the reasons.
    ///
    /// GREENLIGHT_GATE_TOKEN holds the bearer token that callers need. What is to be shipped stands in the configuration,
    /// never in a request, and the report is read anew for each.
    Serve {
        /// The environment.
        #[arg(long, value_name = "NAME")]
        env: String,

        /// Where to listen.
        #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
        listen: SocketAddr,

        /// Keys, environments, policies.
        #[arg(long, value_name = "FILE", default_value = "config/deployment.yaml")]
        config: String,
    },
}

/// Runs it.
///
/// # Errors
/// [`Failure`]; a closed gate is no failure but a status.
pub(crate) async fn run(args: &GateArgs) -> Result<Exit, Failure> {
    if args.self_test {
        return test_itself();
    }
    if let Some(GateCommand::Serve { env, listen, config }) = &args.command {
        return serve(config, env, *listen).await;
    }
    let deployment = configuration::read(&args.config)?;
    let name = configuration::given(&deployment, args.env.as_deref())?;
    let environment = configuration::environment(&deployment, name)?;
    let decision = ask(&deployment, environment, args.report.as_deref()).await?.decision;
    match args.output {
        Format::Text => print(&text(name, &decision))?,
        Format::Json => print(&format!("{}\n", json(name, &decision)))?,
    }
    Ok(decision.exit())
}

/// The decision for people.
pub(crate) fn text(environment: &str, decision: &Decision) -> String {
    let mut text = String::new();
    let word = if decision.is_open() { "OPEN" } else { "CLOSED" };
    let run = decision.run_id.as_deref().map(|run| format!("   run {run}")).unwrap_or_default();
    let key = decision.signed_by.as_deref().and_then(|key| key.get(..12)).map(|key| format!("   signed by {key}…"));
    let _ = writeln!(text, "gate     {word:<7} {environment}{run}{}", key.unwrap_or_default());
    for refusal in &decision.refusals {
        let _ = writeln!(text, "  {:<20} {refusal}", refusal.name());
    }
    // Many checks are mended the same way, which is said once.
    let mut said: Vec<&str> = Vec::new();
    for fix in decision.refusals.iter().filter_map(Refusal::fix) {
        if !said.contains(&fix) {
            let _ = writeln!(text, "  {:<20} {fix}", if said.is_empty() { "fix" } else { "" });
            said.push(fix);
        }
    }
    for waived in &decision.waived {
        let _ = writeln!(text, "  waived               {waived}");
    }
    text
}

/// The decision for programs.
pub(crate) fn json(environment: &str, decision: &Decision) -> serde_json::Value {
    let refusal = |refusal: &Refusal| serde_json::json!({ "name": refusal.name(), "message": refusal.to_string(), "fix": refusal.fix() });
    serde_json::json!({
        "format": 1,
        "environment": environment,
        "open": decision.is_open(),
        "exit": decision.exit().code(),
        "refusals": decision.refusals.iter().map(refusal).collect::<Vec<_>>(),
        "waived": decision.waived,
        "run_id": decision.run_id,
        "signed_by": decision.signed_by,
    })
}

fn test_itself() -> Result<Exit, Failure> {
    let cases = self_test().map_err(Failure::unknown)?;
    let mut text = String::new();
    let mut wrong = 0;
    for case in &cases {
        let found: Vec<&str> = case.decision.refusals.iter().map(|refusal| refusal.name()).collect();
        let held = if case.held() { "ok" } else { "WRONG" };
        wrong += usize::from(!case.held());
        let found = if found.is_empty() { "open".to_owned() } else { found.join(", ") };
        let _ = writeln!(text, "  {held:<6} {:<58} {found}", case.name);
    }
    let _ = writeln!(text, "{} corruptions refused, {wrong} not; the good report opens", cases.len() - 1 - wrong);
    print(&text)?;
    Ok(if wrong == 0 { Exit::Passed } else { Exit::Failed })
}
