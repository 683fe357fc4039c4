//! `greenlight migrate` on containers: from livekit-server 1.7.0 with a configuration of its time to 1.13.5, with a fault on
//! the way and without.

use crate::bad_builds::suites;
use crate::world::{World, ask, done};
use greenlight_clients::{TokenBuilder, VideoGrant};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

const OLD: &str = "greenlight/livekit-server:v1.7.0";
const NEW: &str = "greenlight/livekit-server:v1.13.5";
/// Made for these tests with `age-keygen`; it opens nothing else.
const IDENTITY: &str = "AGE-SECRET-KEY-1KGHQU4RYKSHGK7MWXZ8V5YKE96FTAJ5N72VX6WW7HLYK0GW9EDQSVVNTWA";
const RECIPIENT: &str = "age15letucc8fgq974gaq25axlnz8z00qz9krkq7qa6gjhrefnawac0suv9dqq";
/// What 1.7.0 read and 1.13.5 ends its start on.
const OF_ITS_TIME: &str = "rtc:
  congestion_control:
    enabled: true
    # probing, tuned for the office line
    probe_mode: padding
";

/// A production of livekit-server 1.7.0 in containers, with blue on it, and what its migration needs.
fn production() -> World {
    let world = World::start();
    fs::create_dir(world.path("ops")).expect("made");
    world.put("ops/livekit.yaml", &world.read("livekit.yaml").replace("rtc:\n", OF_ITS_TIME));
    world.put("ops/.env", "LIVEKIT_RTC_NODE_IP=127.0.0.1\n");
    for (file, text) in
        [("key.txt", IDENTITY.to_owned()), ("sign.pem", crate::hooks_world::signer().to_pem().expect("pem"))]
    {
        world.put(file, &text);
        fs::set_permissions(world.path(file), fs::Permissions::from_mode(0o600)).expect("rights");
    }
    let sections = format!(
        "    target: {{url: \"ws://127.0.0.1:{}\"}}
    rollback:
      store: points
      recipients: [{RECIPIENT}]
      files: [ops]
      rehearse: {{name: looks, run: [sh, -c, 'grep -q probe_mode $GREENLIGHT_RESTORED{}/ops/livekit.yaml'], timeout_s: 30}}
    migrate: {{folder: ops, from: 1.7.0, to: 1.13.5, env: [ops/.env], engine: false}}
    driver:\n",
        world.balancer,
        fs::canonicalize(world.path("")).expect("there").display()
    );
    let text = world.read("deployment.yaml").replacen("    driver:\n", &sections, 1);
    world.put("deployment.yaml", &text.replace("config: livekit.yaml", "config: ops/livekit.yaml").replace(NEW, OLD));
    world.report(OLD);
    let (code, said) = world.deploy();
    assert_eq!(code, Some(0), "livekit-server 1.7.0 with the configuration of its time: {said}");
    assert_eq!(image(&world, "blue"), OLD);
    world.put("deployment.yaml", &world.read("deployment.yaml").replace(OLD, NEW));
    world.report(NEW);
    world
}

fn image(world: &World, colour: &str) -> String {
    done(&["inspect", "-f", "{{.Config.Image}}", &format!("{}-{colour}", world.name)])
}

/// Status, and everything that was said.
fn greenlight(world: &World, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
    command.args(arguments).args(["--config", "deployment.yaml"]).current_dir(world.path(""));
    command.env("GREENLIGHT_SIGN_KEY", "sign.pem").env("GREENLIGHT_IDENTITY", "key.txt").env_remove("CI");
    command.env("LIVEKIT_API_KEY", &world.key.id).env("LIVEKIT_API_SECRET", world.key.secret.expose());
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(!said.contains(world.key.secret.expose()), "{arguments:?} shows the secret");
    (output.status.code(), said)
}

/// What `find` and `sha256sum` see of the deployment's files.
fn seen(world: &World) -> String {
    let line = "find ops -printf '%p %y %m %U %G %n %s %T@ %l\\n' | sort; find ops -type f -print0 | sort -z | xargs -0 sha256sum";
    let output = Command::new("bash").args(["-euo", "pipefail", "-c", line]).current_dir(world.path("")).output();
    String::from_utf8(output.expect("bash").stdout).expect("text")
}

pub(crate) fn migrates() {
    suites();
    let world = &production();
    let before = seen(world);
    // A token of an application, minted before: good for hours, as tokens are.
    let grants = VideoGrant::join("minted-before");
    let token = TokenBuilder::new(&world.key, grants).identity("caller").expires_in(Duration::from_secs(6 * 3_600));
    let token = token.sign().expect("signed");
    let accepted = |when: &str| {
        let question = format!("GET /rtc/validate?access_token={} HTTP/1.0\r\nHost: here\r\n\r\n", token.expose());
        let answer = ask(world.balancer, &question).expect("an answer");
        assert!(answer.starts_with("HTTP/1.") && answer[8..].starts_with(" 200"), "{when}: {answer}");
        let forged = question.replace(" HTTP/1.0", "x HTTP/1.0");
        let answer = ask(world.balancer, &forged).expect("an answer");
        assert!(answer[8..].starts_with(" 401"), "{when}, and so was a forged one: {answer}");
    };
    accepted("before");

    // Nothing rehearsed: nothing is begun.
    let (code, said) = greenlight(world, &["migrate", "production"]);
    assert!(code == Some(5) && said.contains("no point that production could go back to was rehearsed"), "{said}");
    let keys = ["--key", "pub.pem", "--identity", "key.txt"];
    for line in [&["rollback", "create", "a"][..], &[&["rollback", "rehearse", "a"][..], &keys].concat()] {
        let (code, said) = greenlight(world, &[line, &["--environment", "production"]].concat());
        assert_eq!(code, Some(0), "{line:?}: {said}");
    }

    // A new build that does not work: found before it has the traffic.
    let good = world.read("deployment.yaml");
    world.put(
        "deployment.yaml",
        &good.replacen("u.urlopen(os.environ['LIVEKIT_URL']", "u.urlopen('http://127.0.0.1:9'", 1),
    );
    let (code, said) = greenlight(world, &["migrate", "production"]);
    assert_eq!(code, Some(7), "{said}");
    assert!(
        said.contains("greenlight deploy ended with 7") && said.contains("recovered, says greenlight-verify"),
        "{said}"
    );
    assert_eq!((world.there().0, image(world, "blue")), (vec!["blue".to_owned()], OLD.to_owned()));
    assert_eq!(seen(world), before);
    accepted("after the way back");

    world.put("deployment.yaml", &good);
    let (code, said) = greenlight(world, &["migrate", "production"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!((world.there().0, image(world, "green")), (vec!["green".to_owned()], NEW.to_owned()));
    // The key has its new place, and the variable its new name.
    let (config, env) = (world.read("ops/livekit.yaml"), world.read("ops/.env"));
    assert!(config.contains("    stream_allocator:\n      probe_mode: padding\n"), "{config}");
    assert_eq!(env, "NODE_IP=127.0.0.1\n");
    accepted("after the migration");
    let verdict = said.lines().find(|line| line.starts_with("PASSED ")).unwrap_or_default();
    eprintln!("  {verdict}");
}
