//! Whether what serves has recovered: not we say so, the suites do.

use super::site::Site;
use crate::beside::Beside;
use crate::failure::Failure;
use crate::process::{StepError, run};
use greenlight_config::Step;
use greenlight_reports::Exit;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// The smoke set takes half a minute where nothing is wrong.
const SUITES_TIMEOUT_S: u64 = 900;
/// For so long a target that can't be reached is asked again. livekit-server gives rooms to a node that was killed until it
/// has not been heard of for 5 s, and answers with a 408 meanwhile.
const SETTLE: Duration = Duration::from_secs(20);
const ASK_EVERY: Duration = Duration::from_secs(2);

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Recovered {
    /// It has, and who says so.
    Yes(String),
    /// There is nobody to ask: no environment, or one without a target.
    NobodyAsked,
}

/// Asks the line `rollback.verify`, else greenlight-verify's smoke set on the environment's target, which is asked again
/// for some seconds while it can't be reached: what was there has just been started, and who was killed before is not
/// forgotten yet. What is red is red at once.
///
/// # Errors
/// [`Failure`]: it has not, or that could not be found out.
pub(super) fn recovered(site: &Site) -> Result<Recovered, Failure> {
    let (Some(environment), Some(spec), Some(name)) = (site.environment(), site.spec(), site.name()) else {
        return Ok(Recovered::NobodyAsked);
    };
    let (step, settle) = match (&spec.verify, &environment.target) {
        (Some(step), _) => (step.clone(), Duration::ZERO),
        (None, None) => return Ok(Recovered::NobodyAsked),
        (None, Some(_)) => {
            let run = smoke(site, name)?;
            (Step { name: "greenlight-verify".to_owned(), run, timeout_s: SUITES_TIMEOUT_S, after: vec![] }, SETTLE)
        }
    };
    say!("asking   {}", step.run.join(" "));
    let told = [("GREENLIGHT_ENVIRONMENT".to_owned(), name.to_owned())];
    site.wait(async {
        let interrupt = crate::interrupt::on_signal()?;
        ask(&step, &told, settle, &interrupt).await
    })?;
    Ok(Recovered::Yes(format!("recovered, says {}", step.name)))
}

/// Runs a step, and again while it ends as greenlight-verify does that reaches nothing, for so long.
async fn ask(
    step: &Step,
    told: &[(String, String)],
    settle: Duration,
    interrupt: &CancellationToken,
) -> Result<(), Failure> {
    let (until, mut ticks) = (Instant::now() + settle, tokio::time::interval(ASK_EVERY));
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = interrupt.cancelled() => return Err(Failure::interrupted("interrupted while the target was asked")),
        }
        match run(step, told, Stdio::null(), interrupt).await {
            Err(StepError::Ended { code: Some(code), .. })
                if code == i32::from(Exit::Unreachable.code()) && Instant::now() < until =>
            {
                say!("asking   again, since the target could not be reached");
            }
            other => return other.map(drop).map_err(Failure::from),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::{SETTLE, ask};
    use greenlight_config::Step;
    use std::time::Duration;
    use tokio_util::sync::CancellationToken;

    /// 6 is what greenlight-verify says of a target that it can't reach, 1 what it says of a
    /// red check.
    #[tokio::test]
    async fn who_can_not_be_reached_is_asked_again_and_who_is_red_is_not() {
        for (statuses, settle, asked, is_good) in [
            ("6 6 0", SETTLE, 3, true),
            ("0 6", SETTLE, 1, true),
            ("1 0", SETTLE, 1, false),
            ("6 1 0", SETTLE, 2, false),
            ("6 0", Duration::ZERO, 1, false),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let line = r#"echo >> "$0/asked"; set -- $1; shift $(($(wc -l < "$0/asked") - 1)); exit "$1""#;
            let run = ["sh", "-c", line, folder.path().to_str().expect("text"), statuses].map(str::to_owned).to_vec();
            let step = Step { name: "a".into(), run, timeout_s: 60, after: vec![] };
            let said = ask(&step, &[], settle, &CancellationToken::new()).await;
            let lines = std::fs::read_to_string(folder.path().join("asked")).expect("asked").lines().count();
            assert_eq!((said.is_ok(), lines), (is_good, asked), "{statuses}: {said:?}");
        }
    }
}
