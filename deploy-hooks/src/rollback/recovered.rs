//! Whether what serves has recovered: not we say so, the suites do.

use super::site::Site;
use crate::beside::Beside;
use crate::failure::Failure;
use crate::process::run;
use greenlight_config::Step;
use greenlight_reports::Exit;
use std::process::Stdio;

/// The smoke set takes half a minute where nothing is wrong.
const SUITES_TIMEOUT_S: u64 = 900;

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Recovered {
    /// It has, and who says so.
    Yes(String),
    /// There is nobody to ask: no environment, or one without a target.
    NobodyAsked,
}

/// Asks the line `rollback.verify`, else greenlight-verify's smoke set on the environment's target.
///
/// # Errors
/// [`Failure`]: it has not, or that could not be found out.
pub(super) fn recovered(site: &Site) -> Result<Recovered, Failure> {
    let (Some(environment), Some(spec), Some(name)) = (site.environment(), site.spec(), site.name()) else {
        return Ok(Recovered::NobodyAsked);
    };
    let step = match (&spec.verify, &environment.target) {
        (Some(step), _) => step.clone(),
        (None, None) => return Ok(Recovered::NobodyAsked),
        (None, Some(_)) => Step {
            name: "greenlight-verify".to_owned(),
            run: smoke(site, name)?,
            timeout_s: SUITES_TIMEOUT_S,
            after: vec![],
        },
    };
    say!("asking   {}", step.run.join(" "));
    let told = [("GREENLIGHT_ENVIRONMENT".to_owned(), name.to_owned())];
    site.wait(async {
        let interrupt = crate::interrupt::on_signal()?;
        Ok::<_, Failure>(run(&step, &told, Stdio::null(), &interrupt).await?)
    })?;
    Ok(Recovered::Yes(format!("recovered, says {}", step.name)))
}

/// greenlight-verify of this version, on the environment's target.
fn smoke(site: &Site, name: &str) -> Result<Vec<String>, Failure> {
    let beside = site.wait(Beside::find())?;
    let not_text = || Failure::new(Exit::Usage, format!("{} is no UTF-8", beside.shown()));
    let program = beside.program().to_str().ok_or_else(not_text)?.to_owned();
    let deployment = site.file().to_owned();
    Ok([&program, "--target", name, "--deployment", &deployment, "--tag", "smoke", "-o", "short"]
        .map(str::to_owned)
        .to_vec())
}
