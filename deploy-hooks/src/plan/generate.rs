//! `plan analyze` and `plan generate`: looks, plans, and writes it down.

use super::analyse::{analyse, counts};
use super::command::{AnalyzeArgs, GenerateArgs, LookArgs, SeeArgs};
use super::containers;
use super::document::{FORMAT, Plan, Risk};
use super::inputs::{Found, Kind, Read, find};
use super::looked::Looked;
use super::markdown::{TITLE, markdown};
use super::sip::{Exported, export};
use super::versions::named;
use crate::failure::Failure;
use crate::files::{read_text, write_whole};
use crate::output::{Format, print};
use crate::secrets::of_text;
use greenlight_clients::{Http, Key, Secret, SipApi, install_crypto_provider, system_roots};
use greenlight_config::lint::FileKind;
use greenlight_config::yaml_edit::Edit;
use greenlight_reports::{Exit, Redactor};
use std::fmt::Write as _;
use std::path::{Component, Path};
use std::time::Duration;

/// A file of tokens, one a line.
const TOKENS_BYTES_MAX: u64 = 4 << 20;
const PLAN_BYTES_MAX: u64 = 64 << 20;
/// A deployment that answers does so in far less.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// `plan analyze`.
///
/// # Errors
/// [`Failure`] of usage, or of an unreachable deployment.
pub(super) async fn analyze(args: &AnalyzeArgs) -> Result<Exit, Failure> {
    let plan = planned(&args.look).await?;
    match args.format {
        Format::Json => print(&text_of(&plan)?)?,
        Format::Text => print(&summary(&plan))?,
    }
    Ok(Exit::Passed)
}

/// `plan generate`.
///
/// # Errors
/// As [`analyze`], and when a file can't be written; then neither is.
pub(super) async fn generate(args: &GenerateArgs) -> Result<Exit, Failure> {
    let markdown_file = args.out.with_extension("md");
    ours_or_none(&args.out, &markdown_file)?;
    let plan = planned(&args.look).await?;
    let cannot = |file: &Path, error| {
        Failure::usage(format!(
            "cannot write {}: {error}; name a file in a folder that can be written with --out",
            file.display()
        ))
    };
    // The JSON last: it is what is applied, and without it there is no plan.
    write_whole(&markdown_file, markdown(&plan).as_bytes()).map_err(|error| cannot(&markdown_file, error))?;
    write_whole(&args.out, text_of(&plan)?.as_bytes()).map_err(|error| cannot(&args.out, error))?;
    let shown = args.out.display();
    let mut said = summary(&plan);
    let _ = writeln!(said, "wrote    {shown}  {}", markdown_file.display());
    let folder = match args.look.see.folder.as_os_str() == "." {
        true => String::new(),
        false => format!(" --folder {}", args.look.see.folder.display()),
    };
    let _ = writeln!(said, "next     greenlight plan apply {shown}{folder} --dry-run");
    print(&said)?;
    Ok(Exit::Passed)
}

/// A plan may be made again; whatever else stands there is somebody's.
fn ours_or_none(out: &Path, markdown: &Path) -> Result<(), Failure> {
    if out == markdown {
        return Err(Failure::usage(format!(
            "{} is where the Markdown goes; name a file that ends with .json with --out",
            out.display()
        )));
    }
    let stands = |file: &Path| file.symlink_metadata().is_ok();
    let begins = |file: &Path, begin: &str| read_text(file, PLAN_BYTES_MAX).is_ok_and(|text| text.starts_with(begin));
    let other = [(out, "{\n  \"format\": "), (markdown, TITLE)]
        .into_iter()
        .find(|(file, begin)| stands(file) && !begins(file, begin));
    match other {
        None => Ok(()),
        Some((file, _)) => Err(Failure::usage(format!(
            "{} exists and is no plan; it was not touched, name another file with --out",
            file.display()
        ))),
    }
}

/// Looks at everything that was named, and plans. What files say and secrets would be in is shown without them; what a plan
/// is applied by (paths, hashes, edits) stays as it is.
async fn planned(args: &LookArgs) -> Result<Plan, Failure> {
    let looked = look(args).await?;
    let mut plan = analyse(&looked)?;
    let redactor = redactor(&looked.files);
    plan.risks.iter_mut().for_each(|risk| without_secrets(&redactor, risk));
    for text in plan.corrections.iter_mut().flat_map(|one| &mut one.because).chain(&mut plan.not_seen) {
        *text = redactor.text(text);
    }
    let edits = plan.corrections.iter().flat_map(|one| &one.edits);
    let values = edits.filter_map(|edit| if let Edit::Set { value, .. } = edit { Some(value) } else { None });
    match values.into_iter().any(|value| redactor.text(value) != *value) {
        true => Err(Failure::unknown("a secret would stand in the plan; correct the file by hand")),
        false => Ok(plan),
    }
}

/// Knows the secrets of these files.
pub(super) fn redactor(files: &[Read]) -> Redactor {
    let secrets: Vec<(String, String)> =
        files.iter().flat_map(|read| of_text(lint_kind(read.kind), &read.text)).collect();
    let written = secrets.iter().filter(|(_, value)| !value.contains('$'));
    Redactor::new(written.map(|(name, value)| (name.as_str(), value.as_str())))
}

/// What a risk quotes from a file. Our own sentences may have words in them that are somebody's password, and stay.
pub(super) fn without_secrets(redactor: &Redactor, risk: &mut Risk) {
    risk.found = redactor.text(&risk.found);
}

/// Where secrets of a file stand.
fn lint_kind(kind: Kind) -> FileKind {
    match kind {
        Kind::Linted(kind) => kind,
        Kind::Egress | Kind::Ingress | Kind::Manifest => FileKind::SipYaml,
    }
}

async fn look(args: &LookArgs) -> Result<Looked, Failure> {
    let (from, to) = (named(args.from.as_deref(), "--from")?, named(args.to.as_deref(), "--to")?);
    let mut not_seen = Vec::new();
    let running = match args.no_engine {
        true => None,
        false => match containers::look().await {
            Ok(running) => Some(running),
            Err(_) => {
                not_seen.push("running containers: no container engine answers here".to_owned());
                None
            }
        },
    };
    let seen = see(&args.see).await?;
    not_seen.extend(seen.unreadable.iter().chain(&seen.passed_over).cloned());
    if seen.tokens.is_none() {
        not_seen.push("tokens of your application: --token-file FILE, with one a line".to_owned());
    }
    if seen.sip.is_none() {
        not_seen.push("trunks and rules: --url URL, with LIVEKIT_API_KEY and LIVEKIT_API_SECRET".to_owned());
    }
    let unreadable = seen.unreadable;
    Ok(Looked { files: seen.files, running, tokens: seen.tokens, sip: seen.sip, from, to, unreadable, not_seen })
}

/// Files, tokens, trunks and rules.
pub(super) struct Seen {
    pub(super) files: Vec<Read>,
    pub(super) unreadable: Vec<String>,
    pub(super) passed_over: Vec<String>,
    pub(super) tokens: Option<String>,
    pub(super) sip: Option<Exported>,
}

/// Reads what was named, and asks the deployment if one was.
///
/// # Errors
/// [`Failure`] of usage, or of an unreachable deployment.
pub(super) async fn see(args: &SeeArgs) -> Result<Seen, Failure> {
    let Found { files, unreadable, passed_over } = find(&args.folder)?;
    let tokens = match &args.token_file {
        None => None,
        Some(file) => Some(read_text(file, TOKENS_BYTES_MAX).map_err(|error| {
            Failure::usage(format!(
                "cannot read {}: {error}; name a file with one token a line with --token-file",
                file.display()
            ))
        })?),
    };
    let sip = match &args.url {
        Some(url) => Some(export(&api(url, args)?).await?),
        None => None,
    };
    let passed_over = passed_over.into_iter().map(|(path, why)| format!("{path}: {why}")).collect();
    Ok(Seen { files, unreadable, passed_over, tokens, sip })
}

/// A client that may list trunks.
fn api(url: &str, args: &SeeArgs) -> Result<SipApi, Failure> {
    let given = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (Some(id), Some(secret)) = (given("LIVEKIT_API_KEY"), given("LIVEKIT_API_SECRET")) else {
        return Err(Failure::usage("--url needs a key: set LIVEKIT_API_KEY and LIVEKIT_API_SECRET"));
    };
    let http = match url.split_once("://") {
        Some(("ws" | "http", rest)) => format!("http://{rest}"),
        Some(("wss" | "https", rest)) => format!("https://{rest}"),
        _ => {
            return Err(Failure::usage(format!(
                "{url:?} is no address of a deployment; write wss://livekit.example.com"
            )));
        }
    };
    install_crypto_provider();
    let own = args.ca.as_ref().map(|file| {
        read_text(file, TOKENS_BYTES_MAX).map_err(|error| {
            Failure::usage(format!("cannot read {}: {error}; name a PEM file with --ca", file.display()))
        })
    });
    let roots = system_roots(own.transpose()?.as_deref()).map_err(Failure::usage)?;
    let client = Http::trusting(&roots).and_then(|client| client.within(ANSWER_MAX)).map_err(Failure::usage)?;
    say!("target   {http}: its SIP trunks and rules are listed, and nothing is changed");
    Ok(SipApi::new(client.endpoint(http.trim_end_matches('/')), Key { id, secret: Secret::new(secret) }))
}

/// The bytes of a plan.
fn text_of(plan: &Plan) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(plan).map_err(Failure::unknown)? + "\n")
}

/// A plan that was written before.
///
/// # Errors
/// [`Failure`] of usage: it is none, or of another format.
pub(super) fn read_plan(file: &Path) -> Result<Plan, Failure> {
    let shown = file.display();
    let text = read_text(file, PLAN_BYTES_MAX).map_err(|error| {
        Failure::usage(format!(
            "cannot read {shown}: {error}; make a plan with `greenlight plan generate --out {shown}`"
        ))
    })?;
    let plan: Plan = serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format!(
            "{shown} is no plan of this version ({error}); make one with `greenlight plan generate --out {shown}`"
        ))
    })?;
    let outside = |path: &str| !Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    let paths: Vec<&str> = plan.inputs.iter().map(|input| input.path.as_str()).collect();
    let strange = plan.corrections.iter().map(|one| one.file.as_str()).find(|file| !paths.contains(file));
    if let Some(path) = paths.iter().copied().find(|path| outside(path)).or(strange) {
        return Err(Failure::usage(format!("{shown} names {path:?}, which no plan of ours does; make it again")));
    }
    match plan.format == FORMAT {
        true => Ok(plan),
        false => Err(Failure::usage(format!(
            "{shown} has format {}, and this version reads {FORMAT}; make it again",
            plan.format
        ))),
    }
}

/// A screen of it.
fn summary(plan: &Plan) -> String {
    let mut out = format!(
        "from     livekit-server {} ({})\nto       livekit-server {}\n",
        plan.from.version, plan.from.seen, plan.to
    );
    for input in &plan.inputs {
        let _ = writeln!(out, "read     {}  {}", input.path, input.kind);
    }
    for risk in &plan.risks {
        if risk.severity == super::document::Severity::Low {
            continue;
        }
        let word = if risk.severity == super::document::Severity::High { "HIGH  " } else { "MEDIUM" };
        let _ = writeln!(
            out,
            "{word}   {}  {}\n  found     {}\n  hurts     {}\n  fix       {}",
            risk.at, risk.rule, risk.found, risk.what, risk.fix
        );
    }
    for correction in &plan.corrections {
        let _ = writeln!(out, "edits    {}: {}", correction.file, correction.edits.len());
    }
    for one in &plan.not_seen {
        let _ = writeln!(out, "not seen {one}");
    }
    let [high, medium, low] = counts(plan).map(|(_, word, count)| format!("{count} {word}"));
    let _ = writeln!(out, "risks    {high}, {medium}, {low}; {} steps", plan.steps.len());
    out
}
