//! How the files of a deployment stand, whatever version they are to move to: what `validate` reports.

use super::analyse::{newest, unknown_versions};
use super::command::SeeArgs;
use super::document::{Risk, Severity};
use super::generate::{redactor, see, without_secrets};
use super::jwt;
use super::risks::{configs, found_between, of_file, of_files, of_versions};
use super::sip;
use super::versions::{named, services};
use super::workers;
use crate::failure::Failure;
use clap::Args;
use greenlight_config::history::Version;
use std::collections::BTreeMap;

/// Between which versions of livekit-server the files have moved.
#[derive(Debug, Default, Args)]
pub(crate) struct BetweenArgs {
    /// The version of livekit-server that served with these files before: what a newer one does in another way, and the
    /// files leave to it, is named too.
    #[arg(long, value_name = "VERSION")]
    from: Option<String>,

    /// The version that serves now. Without it, the newest one whose keys are known.
    #[arg(long, value_name = "VERSION", requires = "from")]
    to: Option<String>,
}

impl BetweenArgs {
    /// Whether it is to be looked for.
    pub(crate) fn is_given(&self) -> bool {
        self.from.is_some()
    }

    fn versions(&self) -> Result<Option<(Version, Version)>, Failure> {
        let Some(from) = named(self.from.as_deref(), "--from")? else { return Ok(None) };
        let to = named(self.to.as_deref(), "--to")?.unwrap_or_else(newest);
        match from < to {
            true => Ok(Some((from, to))),
            false => Err(Failure::usage(format!(
                "nothing lies between --from {from} and --to {to}; name the older version with --from"
            ))),
        }
    }
}

/// What was looked at, and what is wrong with it.
#[derive(Debug)]
pub(crate) struct Standing {
    /// The folder, as it was named.
    pub(crate) folder: String,
    /// Each file.
    pub(crate) files: Vec<StandingFile>,
    /// How many there are of each kind that a [`StandingRisk`] may be about.
    pub(crate) looked: BTreeMap<&'static str, usize>,
    /// What belongs to the deployment by its name, and can't be read.
    pub(crate) unreadable: Vec<String>,
    /// What may belong to the deployment, and is not looked at.
    pub(crate) passed_over: Vec<String>,
    /// Whether it is known from which version the files come.
    pub(crate) has_moved: bool,
    /// The worst first.
    pub(crate) risks: Vec<StandingRisk>,
}

/// A file that was looked at.
#[derive(Debug)]
pub(crate) struct StandingFile {
    pub(crate) path: String,
    pub(crate) kind: &'static str,
    pub(crate) sha256: String,
}

/// One thing that is wrong.
#[derive(Debug)]
pub(crate) struct StandingRisk {
    pub(crate) severity: Severity,
    /// The kind of file; or `key`, `token`, `worker`, `trunks and rules`, `version`.
    pub(crate) about: &'static str,
    pub(crate) rule: String,
    pub(crate) at: String,
    pub(crate) found: String,
    pub(crate) what: String,
    pub(crate) fix: String,
}

const KEY: &str = "key";
const TOKEN: &str = "token";
const WORKER: &str = "worker";
const DOORS: &str = "trunks and rules";
const VERSION: &str = "version";
/// Inbound trunks, outbound trunks, rules.
const LISTS: usize = 3;

/// Nobody knows what a version does is no reason to say that it does nothing in another way.
fn not_known(what: String, found_by: String) -> Risk {
    Risk {
        severity: Severity::Medium,
        rule: "version_not_known".to_owned(),
        at: "every deployment".to_owned(),
        found: "a version whose keys are not known".to_owned(),
        what,
        fix: "read the change log between the two versions".to_owned(),
        source: "cargo xtask config-history".to_owned(),
        step: "config".to_owned(),
        found_by,
    }
}

/// Looks at everything that was named. No secret of any file is in what comes out.
///
/// # Errors
/// [`Failure`] of usage, or of an unreachable deployment.
pub(crate) async fn standing(args: &SeeArgs, between: &BetweenArgs) -> Result<Standing, Failure> {
    let between = between.versions()?;
    let seen = see(args).await?;
    let services = services(&seen.files);
    let (jwt, of_keys) = jwt::look(&seen.files, &services, seen.tokens.as_deref());
    let doors = sip::section(seen.sip.as_ref(), &seen.files);
    let mut all: Vec<(&'static str, Risk)> = Vec::new();
    for read in &seen.files {
        all.extend(of_file(read, &seen.files).into_iter().map(|risk| (read.kind.word(), risk)));
    }
    all.extend(of_keys.into_iter().map(|risk| (if risk.rule.starts_with("token") { TOKEN } else { KEY }, risk)));
    all.extend(sip::risks(&doors).into_iter().map(|risk| (DOORS, risk)));
    all.extend(workers::risks(&seen.files, &services).into_iter().map(|risk| (WORKER, risk)));
    let configs = configs(&seen.files, &services);
    if let Some((from, to)) = between {
        let found_by = found_between(from, to);
        let risks = of_versions(&seen.files, &configs, (from, to), &of_files(&seen.files));
        all.extend(risks.into_iter().filter(|risk| risk.found_by == found_by).map(|risk| (VERSION, risk)));
        all.extend(unknown_versions(from, to).into_iter().map(|what| (VERSION, not_known(what, found_by.clone()))));
    }
    all.sort_by(|(_, a), (_, b)| a.cmp(b));
    let mut looked: BTreeMap<&'static str, usize> = BTreeMap::new();
    for read in &seen.files {
        *looked.entry(read.kind.word()).or_default() += 1;
    }
    looked.insert(VERSION, configs.len());
    looked.insert(KEY, jwt.keys.len());
    looked.insert(TOKEN, jwt.tokens);
    looked.insert(WORKER, workers::count(&seen.files, &services));
    let items = doors.inbound.len() + doors.outbound.len() + doors.rules.len();
    looked.insert(DOORS, if doors.seen { LISTS + items } else { 0 });
    let redactor = redactor(&seen.files);
    all.iter_mut().for_each(|(_, risk)| without_secrets(&redactor, risk));
    let one = |(about, risk): (&'static str, Risk)| {
        let Risk { severity, rule, at, found, what, fix, .. } = risk;
        StandingRisk { severity, about, rule, at, found, what, fix }
    };
    Ok(Standing {
        folder: args.folder.display().to_string(),
        files: seen
            .files
            .iter()
            .map(|read| StandingFile { path: read.path.clone(), kind: read.kind.word(), sha256: read.sha256() })
            .collect(),
        looked,
        unreadable: seen.unreadable,
        passed_over: seen.passed_over,
        has_moved: between.is_some(),
        risks: all.into_iter().map(one).collect(),
    })
}
