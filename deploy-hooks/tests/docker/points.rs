//! Rollback points of an environment's containers, and the containers as `docker inspect` sees them.

use crate::world::{World, docker, done};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Made for these tests with `age-keygen`; it opens nothing else.
const IDENTITY: &str = "AGE-SECRET-KEY-1KGHQU4RYKSHGK7MWXZ8V5YKE96FTAJ5N72VX6WW7HLYK0GW9EDQSVVNTWA";
const RECIPIENT: &str = "age15letucc8fgq974gaq25axlnz8z00qz9krkq7qa6gjhrefnawac0suv9dqq";
/// What no eye of ours looks at: everything by which a container was made.
const SEEN: &str = "{{.Image}} {{.Config.Image}} {{json .Config.Cmd}} {{json .Config.Entrypoint}} {{json .Config.Env}} \
    {{json .Config.Labels}} {{.Config.User}} {{.Config.WorkingDir}} {{.HostConfig.NetworkMode}} \
    {{json .HostConfig.PortBindings}} {{json .HostConfig.RestartPolicy}} {{json .HostConfig.Binds}} {{.HostConfig.Memory}} \
    {{.HostConfig.NanoCpus}} {{range $name, $n := .NetworkSettings.Networks}}{{$name}} {{end}} {{.State.Running}}";
const REACHED_MAX: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// An environment with points of its containers.
pub(crate) struct Points {
    pub(crate) world: World,
}

impl Points {
    /// Blue has the traffic, and limits. `named` are containers beside the colours.
    pub(crate) fn start(named: &[&str]) -> Self {
        let points = Self { world: World::start() };
        let world = &points.world;
        let named: Vec<String> = named.iter().map(|part| format!("{}-{part}", world.name)).collect();
        let healthy = world.path("healthy").display().to_string();
        let rollback = format!(
            "    rollback:\n      store: points\n      recipients: [{RECIPIENT}]\n      services: {{containers: [{}], stop_timeout_s: 5}}\n      verify: {{name: recovered, run: [test, -e, \"{healthy}\"], timeout_s: 10}}\n",
            named.join(", ")
        );
        world.put("deployment.yaml", &(world.read("deployment.yaml") + &rollback));
        world.put("healthy", "");
        world.put("key.txt", IDENTITY);
        fs::set_permissions(world.path("key.txt"), fs::Permissions::from_mode(0o600)).expect("rights");
        let mut keys = Command::new(env!("CARGO_BIN_EXE_greenlight"));
        keys.args(["keygen", "--out", "sign"]).current_dir(world.path(""));
        assert!(keys.output().expect("it runs").status.success());
        let (code, said) = world.deploy();
        assert_eq!(code, Some(0), "{said}");
        done(&["update", "--memory", "300m", "--memory-swap", "300m", "--cpus", "1.5", &points.name("blue")]);
        points
    }

    pub(crate) fn name(&self, part: &str) -> String {
        format!("{}-{part}", self.world.name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
        command.arg("rollback").args(arguments).args(["--environment", "production", "--config"]);
        command.arg(self.world.path("deployment.yaml")).current_dir(self.world.path(""));
        command.env_remove("GREENLIGHT_STORE").env_remove("GREENLIGHT_SIGN_KEY");
        command
    }

    pub(crate) fn rollback(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.command(arguments).output().expect("it runs");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(!said.contains(self.world.key.secret.expose()), "{arguments:?} shows the secret: {said}");
        (output.status.code(), said)
    }

    pub(crate) fn create(&self, name: &str) -> String {
        let (code, said) = self.rollback(&["create", name, "--sign-key", "sign.pem"]);
        assert_eq!(code, Some(0), "{said}");
        said
    }

    /// Arguments of a restore.
    pub(crate) fn run<'a>(&self, name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        [&["run", name, "--key", "sign.pub.pem", "--identity", "key.txt"], more].concat()
    }

    /// A container as the engine's own client shows it, and its livekit.yaml.
    pub(crate) fn seen(&self, part: &str) -> String {
        let name = self.name(part);
        let file = docker(&["cp", &format!("{name}:/livekit.yaml"), "-"]).stdout;
        // An archive has times; the text in it has none.
        let file = String::from_utf8_lossy(&file).lines().filter(|line| line.contains("keys")).collect::<String>();
        let file = file.split_once('{').map(|(_, text)| text.trim_end_matches('\0').to_owned());
        done(&["inspect", "--format", SEEN, &name]) + " " + &file.unwrap_or_default()
    }

    pub(crate) fn id(&self, part: &str) -> String {
        done(&["inspect", "--format", "{{.Id}} {{.State.Running}}", &self.name(part)])
    }

    /// Containers of this world that a restore has left.
    pub(crate) fn left(&self) -> Vec<String> {
        let names = done(&["ps", "-a", "--filter", &format!("name={}-", self.world.name), "--format", "{{.Names}}"]);
        let mut left: Vec<String> =
            names.lines().filter(|name| name.contains(".greenlight-")).map(str::to_owned).collect();
        left.sort();
        left
    }

    /// Ends a command as soon as something is so.
    pub(crate) fn killed(&self, arguments: &[&str], when: impl Fn() -> bool) {
        let mut child = self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
        let end = Instant::now() + REACHED_MAX;
        while !when() {
            assert!(child.try_wait().expect("its status").is_none(), "it ended before it could be killed");
            assert!(Instant::now() < end, "it was not reached");
            std::thread::park_timeout(LOOK_EVERY);
        }
        child.kill().expect("killed");
        assert_eq!(child.wait().expect("its status").code(), None, "it was not killed");
    }
}
