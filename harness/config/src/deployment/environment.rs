//! One environment: what it demands, what is shipped to it, and by what means.

use super::docker::DockerSpec;
use super::gate::{ArtefactSpec, GateSpec};
use super::migrate::MigrateSpec;
use super::rollback::RollbackSpec;
use super::step::{Step, Steps};
use super::target::TargetSpec;
use serde::Deserialize;

/// A day: what takes longer is watched by something else.
const SOAK_S_MAX: u64 = 86_400;

/// One environment.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// What a report must show.
    pub gate: GateSpec,
    /// What is about to be shipped.
    pub artefact: ArtefactSpec,
    /// Where it is reached: `greenlight-verify --target NAME` tests that.
    pub target: Option<TargetSpec>,
    /// The operator's own checks.
    #[serde(default)]
    pub checks: Steps,
    /// How a build gets there. Without it the environment is gated only, and something else deploys.
    pub driver: Option<Driver>,
    /// For how many seconds both colours run after the switch, while the checks in `checks.after` and the driver's
    /// `watch` still can take traffic back.
    #[serde(default)]
    pub soak_s: u64,
    /// What a rollback point holds, and where it is kept.
    pub rollback: Option<RollbackSpec>,
    /// What `greenlight migrate` changes. Without it this environment is not migrated.
    pub migrate: Option<MigrateSpec>,
}

/// How a build gets into an environment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// The operator's own command lines, one for each thing to do.
    Command(Box<Lines>),
    /// Containers on this machine's engine.
    Docker(Box<DockerSpec>),
}

/// One command line for each thing to do. Each is told by its environment: GREENLIGHT_ENVIRONMENT, GREENLIGHT_COLOUR (the
/// one to act on), GREENLIGHT_OTHER_COLOUR and GREENLIGHT_DEPLOY (the deploy's id). Each must do nothing, successfully, if
/// it has been done already: after a crash it is called again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    /// Prints `blue`, `green` or `none`: the colour that gets new traffic.
    pub active: Step,
    /// Starts the colour, without traffic.
    pub start: Step,
    /// Prints what the colour runs: `image_id sha256:…`, `program_sha256 …` or `image_digest sha256:…`, one a line.
    pub identify: Step,
    /// Fails unless the colour works.
    pub verify: Step,
    /// Gives new traffic to the colour, and keeps it there over a reload.
    pub switch: Step,
    /// Fails if the colour, which has the traffic, does not do well.
    pub watch: Step,
    /// Lets the colour's calls end, and returns when they have.
    pub drain: Step,
    /// Removes what is left of the colour.
    pub remove: Step,
    /// Where each colour is reached past the balancer. With it `verify` and `watch` are told by GREENLIGHT_URL and
    /// LIVEKIT_URL as well, and while the other colour has the traffic by GREENLIGHT_OTHER_URL; without it they must know.
    pub urls: Option<Urls>,
}

/// Addresses of the two colours, past the balancer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Urls {
    /// Of blue.
    pub blue: String,
    /// Of green.
    pub green: String,
}

impl Lines {
    /// Every line with its key.
    pub fn all(&self) -> [(&'static str, &Step); 8] {
        let Self { active, start, identify, verify, switch, watch, drain, remove, urls: _ } = self;
        [
            ("active", active),
            ("start", start),
            ("identify", identify),
            ("verify", verify),
            ("switch", switch),
            ("watch", watch),
            ("drain", drain),
            ("remove", remove),
        ]
    }
}

impl Urls {
    fn problems(&self) -> Vec<String> {
        let known = ["http://", "https://", "ws://", "wss://"];
        let mut problems: Vec<String> = [("blue", &self.blue), ("green", &self.green)]
            .into_iter()
            .filter(|(_, url)| !known.iter().any(|scheme| url.starts_with(scheme)))
            .map(|(name, url)| {
                format!("driver.command.urls.{name} is {url:?}; it begins with ws://, wss://, http:// or https://")
            })
            .collect();
        if self.blue == self.green {
            problems.push("driver.command.urls: blue and green are the same, and both run during a deploy; write the address of each".to_owned());
        }
        problems
    }
}

impl Environment {
    pub(super) fn problems(&self) -> impl Iterator<Item = String> {
        let mut problems = self.gate.problems();
        problems.extend(self.artefact.problems());
        problems.extend(self.checks.problems());
        problems.extend(self.target.iter().flat_map(TargetSpec::problems));
        problems.extend(self.rollback.iter().flat_map(|rollback| rollback.problems(self.target.is_some())));
        problems.extend(self.migrate.iter().flat_map(|migrate| migrate.problems(self)));
        if self.soak_s > SOAK_S_MAX {
            problems.push(format!(
                "soak_s is {}, and a soak of more than {SOAK_S_MAX} s is none; write at most that",
                self.soak_s
            ));
        }
        match &self.driver {
            None => {}
            Some(Driver::Command(lines)) => {
                problems.extend(
                    lines.all().iter().flat_map(|(name, step)| step.problems(&format!("driver.command.{name}"))),
                );
                problems.extend(lines.urls.iter().flat_map(Urls::problems));
            }
            Some(Driver::Docker(spec)) => {
                problems.extend(spec.problems());
                if self.artefact.image.is_none() {
                    problems.push(
                        "driver.docker needs artefact.image, which it starts; write `image:` below `artefact:`"
                            .to_owned(),
                    );
                }
            }
        }
        problems.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use crate::Deployment;

    const GOOD: &str = "format: 1
keys: [greenlight.pub.pem]
state: state
environments:
  staging:
    gate:
      report: report.json
      required: [api.room_life_cycle]
      age_max_s: 3600
    artefact:
      image: livekit/livekit-server:v1.13.5
    checks:
      before:
        - {name: disk, run: [df], timeout_s: 5}
        - {name: then, run: [df], timeout_s: 5, after: [disk]}
pipelines:
  release: [staging]
";

    #[test]
    fn a_good_file_is_read_with_its_defaults_and_paths_beside_it() {
        let read = Deployment::parse("/etc/greenlight/deployment.yaml", GOOD).expect("good");
        let staging = read.environment("staging").expect("there");
        assert_eq!((staging.gate.clock_skew_max_s, staging.gate.flaky_accepted, staging.soak_s), (5, false, 0));
        assert_eq!(staging.gate.warnings, super::super::Warnings::Accepted);
        assert_eq!(read.path(&read.keys[0]).to_str(), Some("/etc/greenlight/greenlight.pub.pem"));
        assert_eq!(
            read.environment("production").expect_err("not there"),
            "deployment.yaml has no environment \"production\"; it has staging"
        );
    }

    /// A step that is told the other colour's address would call red green.
    #[test]
    fn colours_of_one_address_and_addresses_of_no_scheme_are_refused() {
        let lines: String = ["active", "start", "identify", "verify", "switch", "watch", "drain", "remove"]
            .map(|name| format!("        {name}: {{name: {name}, run: [{name}], timeout_s: 5}}\n"))
            .concat();
        let read = |urls: &str| {
            let driver = format!("    driver:\n      command:\n{lines}        urls: {urls}\npipelines:");
            Deployment::parse("deployment.yaml", &GOOD.replacen("pipelines:", &driver, 1)).map_err(|e| e.to_string())
        };
        assert!(read("{blue: \"http://10.0.0.1:7880\", green: \"wss://10.0.0.2\"}").is_ok());
        let same = read("{blue: \"ws://10.0.0.1\", green: \"ws://10.0.0.1\"}").expect_err("the same");
        assert!(same.contains("driver.command.urls: blue and green are the same"), "{same}");
        let bare = read("{blue: \"10.0.0.1:7880\", green: \"ws://10.0.0.1\"}").expect_err("no scheme");
        assert!(bare.contains("driver.command.urls.blue is \"10.0.0.1:7880\""), "{bare}");
    }

    /// Each of these would make a gate that opens on nothing, or a deploy that does nothing.
    #[test]
    fn what_would_open_on_nothing_is_refused() {
        for (from, to, problem) in [
            ("format: 1", "format: 2", "format is 2 and must be 1"),
            ("required: [api.room_life_cycle]", "required: []", "gate requires no check"),
            ("required: [api.room_life_cycle]", "required: [smoke]", "a check is named suite.name"),
            ("required: [api.room_life_cycle]", "required: [a.b, a.b]", "has \"a.b\" twice"),
            ("age_max_s: 3600", "age_max_s: 0", "gate.age_max_s is 0"),
            ("      age_max_s: 3600\n", "", "age_max_s"),
            ("image: livekit/livekit-server:v1.13.5", "version: 1.13.5", "artefact names no build"),
            ("image: livekit/livekit-server:v1.13.5", "image_id: sha256:12", "artefact.image_id is no `sha256:`"),
            ("run: [df], timeout_s: 5}", "run: [], timeout_s: 5}", "checks.before.disk runs nothing"),
            ("run: [df], timeout_s: 5}", "run: [df], timeout_s: 0}", "checks.before.disk.timeout_s is 0"),
            ("after: [disk]", "after: [disc]", "waits for \"disc\""),
            ("name: then", "name: disk", "two steps called \"disk\""),
            ("release: [staging]", "release: [stagin]", "pipelines.release names \"stagin\""),
            ("release: [staging]", "release: []", "pipelines.release has no stage"),
            ("  staging:", "  ../staging:", "use letters, digits"),
            ("keys:", "key:", "key"),
            (
                "    checks:",
                "    target: {url: wss://h, secret_env: s3cret}\n    checks:",
                "a secret never stands here",
            ),
            ("    checks:", "    target: {url: wss://h, own: true}\n    checks:", "own"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert_ne!(text, GOOD, "{from}");
            let error = Deployment::parse("deployment.yaml", &text).expect_err(to).to_string();
            assert!(error.contains(problem), "no {problem:?} in: {error}");
        }
    }
}
