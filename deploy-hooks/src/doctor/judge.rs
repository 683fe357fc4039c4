//! From what was seen to what is lacking: pure, so that every machine can be written down and tested.

use super::facts::{Configuration, Environment, Facts, Image, Verifier};
use super::finding::{Finding, State};

/// What the workspace needs; its Cargo.toml says so once.
const RUST: &str = env!("CARGO_PKG_RUST_VERSION");
/// What livekit-server 1.13.5 needs to be built.
const GO: &str = "1.24";
/// Load opens a socket or more for each participant; a system's 1024 ends in the middle of it.
const OPEN_FILES_MIN: u64 = 4096;
/// A build with its target folder was measured to take 5 GiB.
const DISK_BUILD_MIB: u64 = 6 * 1024;
/// A report with the logs of all containers.
const DISK_RUN_MIB: u64 = 256;
/// The staging's containers are held to 600 MiB, and the program takes some.
const MEMORY_RUN_MIB: u64 = 1024;
/// The largest of our crates is compiled and linked with this much.
const MEMORY_BUILD_MIB: u64 = 2048;

/// What is tested, which decides what is needed.
#[derive(Clone, Copy)]
struct Needs {
    /// greenlight-verify is not there yet.
    build: bool,
    /// No address is given: a staging is started.
    engine: bool,
}

/// Every finding, by group.
pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let needs = Needs { build: facts.verifier == Verifier::Missing, engine: facts.environment.url.is_none() };
    let mut findings = build(facts, needs);
    findings.extend(engine(facts, needs));
    findings.extend(tests(facts));
    findings.extend(limits(facts, needs));
    findings.extend(configuration(&facts.configuration));
    let target = target(&facts.environment, &findings);
    findings.extend(target);
    findings
}

fn ok(group: &'static str, what: impl Into<String>) -> Finding {
    Finding { group, state: State::Ok, what: what.into(), mend: None }
}

fn warn(group: &'static str, what: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding { group, state: State::Warn, what: what.into(), mend: Some(mend.into()) }
}

/// Lacking if it is needed here, and worth a word otherwise.
fn lacks_if(needed: bool, group: &'static str, what: impl Into<String>, mend: impl Into<String>) -> Finding {
    let state = if needed { State::Lacks } else { State::Warn };
    Finding { state, ..warn(group, what, mend) }
}

fn build(facts: &Facts, needs: Needs) -> Vec<Finding> {
    const GROUP: &str = "build";
    let verifier = match &facts.verifier {
        Verifier::Here => ok(GROUP, "greenlight-verify of this version lies beside greenlight"),
        Verifier::Missing => warn(
            GROUP,
            "greenlight-verify does not lie beside greenlight yet",
            "`cargo build --bin greenlight-verify` in Greenlight's repository",
        ),
        Verifier::Unusable(why) => lacks_if(true, GROUP, why, "install both from one release"),
    };
    let install = format!("`rustup toolchain install {RUST}` (https://rustup.rs)");
    let rustc = match &facts.rustc {
        Some(said) if at_least(said, RUST) => ok(GROUP, format!("{said}; {RUST} or newer is needed")),
        Some(said) => lacks_if(needs.build, GROUP, format!("{said} is too old; {RUST} or newer is needed"), install),
        None => lacks_if(needs.build, GROUP, format!("no rustc runs; {RUST} or newer is needed"), install),
    };
    let cc = match &facts.cc {
        Some(said) => ok(GROUP, format!("C compiler: {said}")),
        None => lacks_if(needs.build, GROUP, "no C compiler runs as `cc`", "`apt-get install gcc libc6-dev`"),
    };
    vec![verifier, rustc, cc]
}

fn engine(facts: &Facts, needs: Needs) -> Vec<Finding> {
    const GROUP: &str = "engine";
    let mut findings = vec![match &facts.docker {
        Some(said) => ok(GROUP, said),
        None => warn(
            GROUP,
            "no Docker client runs as `docker`; `cargo test` and `cargo xtask images` call it",
            "`apt-get install docker.io`",
        ),
    }];
    let mend = "`systemctl start docker`, or `dockerd &`; `docker info` must succeed";
    match &facts.engine {
        Ok(version) => findings.push(ok(GROUP, format!("the container engine {version} answers"))),
        Err(why) => {
            findings.push(lacks_if(needs.engine, GROUP, format!("no container engine answers ({why})"), mend));
            return findings;
        }
    }
    findings.extend(facts.images.iter().map(image));
    if facts.images.iter().any(|image| !image.has_local && !image.has_official) {
        findings.extend(builder_of_images(facts));
    }
    findings
}

fn image(image: &Image) -> Finding {
    const GROUP: &str = "engine";
    match (image.has_local, image.has_official) {
        (true, _) => ok(GROUP, format!("image {} is there", image.local)),
        (false, true) => ok(GROUP, format!("image {} is there", image.official)),
        (false, false) => warn(
            GROUP,
            format!("image {} is not there; a run pulls {}", image.local, image.official),
            "`cargo xtask images` builds it where no registry can be reached",
        ),
    }
}

/// Asked only where images are to be built.
fn builder_of_images(facts: &Facts) -> Vec<Finding> {
    const GROUP: &str = "engine";
    let mut findings = Vec::new();
    match &facts.go {
        Some(said) if at_least(said, GO) => findings.push(ok(GROUP, format!("{said}, for `cargo xtask images`"))),
        _ => findings.push(warn(
            GROUP,
            format!("`cargo xtask images` needs Go {GO} or newer"),
            "`apt-get install golang-go`, or https://go.dev/dl",
        )),
    }
    if !facts.debootstrap {
        findings.push(warn(GROUP, "`cargo xtask images` needs debootstrap", "`apt-get install debootstrap`"));
    }
    if !facts.root {
        findings.push(warn(GROUP, "`cargo xtask images` needs root, for debootstrap", "`sudo -E cargo xtask images`"));
    }
    findings
}

fn tests(facts: &Facts) -> Vec<Finding> {
    const GROUP: &str = "tests";
    [
        ("redis-cli", facts.redis_cli, "`apt-get install redis-tools`"),
        ("openssl", facts.openssl, "`apt-get install openssl`"),
    ]
    .into_iter()
    .map(|(program, there, mend)| match there {
        true => ok(GROUP, format!("{program} runs")),
        false => {
            warn(GROUP, format!("no {program}; `cargo test` and `cargo xtask matrix` look at faults with it"), mend)
        }
    })
    .collect()
}

fn limits(facts: &Facts, needs: Needs) -> Vec<Finding> {
    const GROUP: &str = "limits";
    let files = match facts.open_files {
        Some(limit) if limit < OPEN_FILES_MIN => warn(
            GROUP,
            format!("{limit} open files are allowed, and checks under load want {OPEN_FILES_MIN}"),
            format!("`ulimit -n {OPEN_FILES_MIN}`"),
        ),
        Some(limit) => ok(GROUP, format!("{limit} open files are allowed; {OPEN_FILES_MIN} are wanted")),
        None => ok(GROUP, "any number of open files is allowed"),
    };
    let wanted = if needs.build { DISK_BUILD_MIB } else { DISK_RUN_MIB };
    let disk = match facts.disk_mib {
        None => warn(GROUP, "free disk space is not known", "`df .`"),
        Some(free) if free < DISK_RUN_MIB => lacks_if(
            true,
            GROUP,
            format!("{free} MiB of disk are free here, and {wanted} are needed"),
            "free some; `df .`",
        ),
        Some(free) if free < wanted => {
            warn(GROUP, format!("{free} MiB of disk are free here; a build takes up to {wanted}"), "free some; `df .`")
        }
        Some(free) => ok(GROUP, format!("{free} MiB of disk are free here; {wanted} are wanted")),
    };
    let wanted = if needs.build { MEMORY_BUILD_MIB } else { MEMORY_RUN_MIB };
    let memory = match facts.memory_mib {
        None => warn(GROUP, "free memory is not known on this system", format!("{wanted} MiB are wanted")),
        Some(free) if free < wanted => warn(
            GROUP,
            format!("{free} MiB of memory are free; {wanted} are wanted"),
            "end what is not needed; `free -m`",
        ),
        Some(free) => ok(GROUP, format!("{free} MiB of memory are free; {wanted} are wanted")),
    };
    vec![files, disk, memory]
}

fn configuration(seen: &Configuration) -> Vec<Finding> {
    const GROUP: &str = "configuration";
    let mut findings: Vec<Finding> = seen
        .files
        .iter()
        .map(|looked| match &looked.problem {
            None => ok(GROUP, format!("{} is read", looked.file)),
            // The problem names the file itself.
            Some(problem) => lacks_if(true, GROUP, problem, format!("mend {}", looked.file)),
        })
        .collect();
    if findings.is_empty() {
        let none = format!("{}/ has no file of ours; the built-in limits and images are used", seen.folder);
        findings.push(warn(GROUP, none, "`greenlight init` writes one"));
    }
    findings.extend(seen.named.iter().map(|looked| match &looked.problem {
        None => ok(GROUP, format!("{} is read", looked.file)),
        Some(problem) => warn(GROUP, problem, "the gate stays closed until then"),
    }));
    let misnamed = seen.misnamed.iter();
    findings.extend(
        misnamed.map(|(file, meant)| warn(GROUP, format!("nobody reads {file}"), format!("was {meant} meant?"))),
    );
    findings
}

/// What `cargo verify` would do here.
fn target(environment: &Environment, found: &[Finding]) -> Vec<Finding> {
    const GROUP: &str = "verify";
    match &environment.url {
        Some(Err(why)) => {
            vec![lacks_if(true, GROUP, format!("LIVEKIT_URL {why}"), "as wss://livekit.example.com, or unset it")]
        }
        Some(Ok(url)) => {
            let missing: Vec<&str> =
                [("LIVEKIT_API_KEY", environment.api_key), ("LIVEKIT_API_SECRET", environment.api_secret)]
                    .into_iter()
                    .filter_map(|(name, set)| (!set).then_some(name))
                    .collect();
            match missing.is_empty() {
                true => vec![ok(GROUP, format!("`cargo verify` tests {url} (LIVEKIT_URL), with safe checks only"))],
                false => vec![lacks_if(
                    true,
                    GROUP,
                    format!("LIVEKIT_URL is {url}, without {}", missing.join(" and ")),
                    "set what is missing, or unset LIVEKIT_URL to test a staging in containers",
                )],
            }
        }
        None => {
            let missing = found.iter().filter(|finding| finding.state == State::Lacks).count();
            match missing {
                0 => vec![ok(GROUP, "`cargo verify` starts a staging in containers and tests that")],
                missing => vec![warn(
                    GROUP,
                    format!(
                        "`cargo verify` would test a staging in containers, but for {missing} that is lacking above"
                    ),
                    "mend that first, or name a server with LIVEKIT_URL",
                )],
            }
        }
    }
}

/// Whether a program's words hold a version that is this one or newer; only major and minor are compared.
pub(super) fn at_least(said: &str, wanted: &str) -> bool {
    let parse = |text: &str| -> Option<(u32, u32)> {
        let mut parts = text.split('.').map(|part| part.chars().take_while(char::is_ascii_digit).collect::<String>());
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    };
    let words = said.split_whitespace().map(|word| word.trim_start_matches("go"));
    let found = words.filter_map(parse).next();
    found.is_some() && found >= parse(wanted)
}
