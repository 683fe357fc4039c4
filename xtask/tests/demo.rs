//! `cargo xtask demo` as its users call it. Needs a container engine and the images; without an engine it is shown as
//! ignored, and with `CI` set that is an error.

#![expect(clippy::expect_used, reason = "a test ends where it can not go on")]

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let engine = Command::new("docker").args(["version", "--format", "{{.Server.Version}}"]).output();
    let engine = engine.is_ok_and(|output| output.status.success());
    if !engine && std::env::var_os("CI").is_some() {
        eprintln!("error: no container engine answers, and with CI set that is no reason to skip");
        return ExitCode::FAILURE;
    }
    let trial = Trial::ignorable_test("a_demo_comes_up_once_and_leaves_nothing", move || match engine {
        false => Ok(Completion::ignored_with("no container engine answers")),
        true => match std::panic::catch_unwind(up_and_down) {
            Ok(()) => Ok(Completion::Completed),
            Err(panic) => Err(Failed::from(panic.downcast_ref::<String>().cloned().unwrap_or_default())),
        },
    });
    libtest_mimic::run(&arguments, vec![trial]).exit_code()
}

/// A demo of a checkout of its own, so that one that somebody has up is left alone.
struct Checkout(tempfile::TempDir);

impl Drop for Checkout {
    fn drop(&mut self) {
        self.demo("down");
    }
}

impl Checkout {
    fn demo(&self, word: &str) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let output = command.args(["demo", word, "--dir"]).arg(self.path("")).output().expect("it runs");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join("demo").join(file)
    }
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("the docker client");
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn named(name: &str) -> String {
    let mut names: Vec<String> =
        docker(&["ps", "-a", "--filter", &format!("name={name}"), "--format", "{{.Names}} {{.Ports}}"])
            .lines()
            .map(str::to_owned)
            .collect();
    names.sort();
    names.join("\n")
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).expect("there").permissions().mode() & 0o777
}

fn up_and_down() {
    let checkout = Checkout(tempfile::tempdir().expect("a folder"));
    let (up, said) = checkout.demo("up");
    assert!(up, "{said}");
    assert!(said.contains("greenlight deploy --env demo"), "{said}");

    // Its key is for its owner's eyes, and in no file that others may read.
    let environment = fs::read_to_string(checkout.path("env")).expect("written");
    let value = |name: &str| {
        let line = environment.lines().find_map(|line| line.strip_prefix(&format!("export {name}=")));
        line.expect("a variable").to_owned()
    };
    let secret = value("LIVEKIT_API_SECRET");
    assert!(secret.len() >= 32 && !said.contains(&secret));
    assert_eq!((mode(&checkout.path("env")), mode(&checkout.path("livekit.yaml"))), (0o600, 0o600));
    for open in ["deployment.yaml", "haproxy.cfg", "haproxy/state"] {
        assert!(!fs::read_to_string(checkout.path(open)).expect("written").contains(&secret), "{open}");
    }
    let deployment = fs::read_to_string(checkout.path("deployment.yaml")).expect("written");
    let name = deployment.lines().find_map(|line| line.trim().strip_prefix("name: ")).expect("a name").to_owned();

    // Everything is published on this machine only.
    let there = named(&name);
    assert_eq!(there.lines().count(), 3, "{there}");
    assert!(!there.contains("0.0.0.0") && there.contains("127.0.0.1"), "{there}");

    let (again, said) = checkout.demo("up");
    assert!(!again && said.contains("a demo is up already"), "{said}");
    assert_eq!(named(&name), there, "the second `up` has changed something");

    // A colour that a deploy has made is removed as well; what only has such a name is somebody else's.
    let image = "greenlight/redis:7.0";
    docker(&["run", "-d", "--name", &format!("{name}-green"), "--network", &name, image]);
    docker(&["create", "--name", &format!("{name}-green-of-others"), image]);
    let (down, said) = checkout.demo("down");
    let left = named(&name);
    docker(&["rm", "-f", &format!("{name}-green-of-others")]);
    assert!(down && said.contains("4 containers, 1 network"), "{said}");
    assert_eq!(left, format!("{name}-green-of-others"));
    assert_eq!(docker(&["network", "ls", "-q", "--filter", &format!("name={name}")]), "");
    assert!(!checkout.path("").exists());
    let (down, said) = checkout.demo("down");
    assert!(down && said.contains("nothing was removed"), "{said}");
}
