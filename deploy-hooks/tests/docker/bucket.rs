//! Rollback points in a bucket, on versitygw, a server of S3's protocol.

use crate::hooks_world::Ended;
use crate::world::{docker, done};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const IMAGE: &str = "greenlight/versitygw:v1.8.0";
const SECRET: &str = "bucketXqLr8TgZ5sKe7hFa2jMp9oQi4wRx6y";
const CONTENT: &str = "content-that-nobody-may-read-in-the-bucket";
const IDENTITY: &str = "AGE-SECRET-KEY-1KGHQU4RYKSHGK7MWXZ8V5YKE96FTAJ5N72VX6WW7HLYK0GW9EDQSVVNTWA";
const RECIPIENT: &str = "age15letucc8fgq974gaq25axlnz8z00qz9krkq7qa6gjhrefnawac0suv9dqq";
const UP_MAX: Duration = Duration::from_secs(20);
/// Not compressible, and more than one part of an upload.
const LARGE_BYTES: usize = 40 << 20;

/// A gateway with one bucket, and the folder of whoever uses it.
struct World {
    folder: tempfile::TempDir,
    name: String,
    port: u16,
}

impl Drop for World {
    fn drop(&mut self) {
        docker(&["rm", "-fv", &self.name]);
    }
}

impl World {
    fn start() -> Self {
        let letters: String = (0..5).map(|_| char::from(b'a' + rand::random::<u8>() % 26)).collect();
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").port();
        let world = Self { folder: tempfile::tempdir().expect("a folder"), name: format!("gld-{letters}-s3"), port };
        fs::create_dir_all(world.path("s3/points")).expect("made");
        fs::create_dir(world.path("etc")).expect("made");
        fs::write(world.path("etc/livekit.yaml"), CONTENT).expect("written");
        let mut noise =
            Command::new("head").args(["-c", &LARGE_BYTES.to_string(), "/dev/urandom"]).output().expect("head").stdout;
        noise.extend(CONTENT.bytes());
        fs::write(world.path("etc/large"), noise).expect("written");
        fs::write(world.path("key.txt"), IDENTITY).expect("written");
        fs::set_permissions(world.path("key.txt"), fs::Permissions::from_mode(0o600)).expect("rights");
        let (publish, volume) = (format!("127.0.0.1:{port}:7070"), format!("{}:/data", world.path("s3").display()));
        done(&[
            "run",
            "-d",
            "--name",
            &world.name,
            "--label",
            "dev.greenlight.test=bucket",
            "-p",
            &publish,
            "-v",
            &volume,
            "-e",
            "ROOT_ACCESS_KEY=points",
            "-e",
            &format!("ROOT_SECRET_KEY={SECRET}"),
            IMAGE,
            "--port",
            ":7070",
            "posix",
            "/data",
        ]);
        let until = Instant::now() + UP_MAX;
        let answers = || TcpStream::connect(("127.0.0.1", port)).is_ok() && world.run("list", &[]).code == Some(0);
        assert_eq!(world.greenlight(&["keygen", "--out", "sign"]).code, Some(0));
        while !answers() {
            assert!(Instant::now() < until, "the gateway does not answer: {:?}", docker(&["logs", &world.name]));
            std::thread::yield_now();
        }
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
        command.args(arguments).current_dir(self.folder.path());
        command.env("AWS_ACCESS_KEY_ID", "points").env("AWS_SECRET_ACCESS_KEY", SECRET).env("AWS_REGION", "us-east-1");
        command.env("AWS_ENDPOINT", format!("http://127.0.0.1:{}", self.port)).env("AWS_ALLOW_HTTP", "true");
        command.env("GREENLIGHT_STORE", "s3://points/of/livekit").env("XDG_STATE_HOME", self.path("state"));
        command
    }

    /// Where locks and journals of the bucket are: one folder, named after its address.
    fn state(&self) -> PathBuf {
        let mut found = fs::read_dir(self.path("state/greenlight")).expect("a folder").flatten();
        found.next().expect("one").path()
    }

    fn greenlight(&self, arguments: &[&str]) -> Ended {
        Ended::of(&self.command(arguments).output().expect("it runs"))
    }

    fn create(&self, name: &str) -> Ended {
        Ended::of(&self.creating(name).output().expect("it runs"))
    }

    fn creating(&self, name: &str) -> Command {
        let with = ["--files", "etc", "--recipient", RECIPIENT, "--sign-key", "sign.pem"];
        self.command(&[&["rollback", "create", name], &with[..]].concat())
    }

    /// Makes a point as somebody on another machine does, who has its own lock, until its name is taken.
    fn takes_its_name(&self, name: &str, state: &str) -> Child {
        let mut child = self.creating(name).env("XDG_STATE_HOME", self.path(state)).spawn().expect("it runs");
        let until = Instant::now() + UP_MAX;
        while !self.path("s3/points/of/livekit").join(name).join("claim").exists() {
            assert!(Instant::now() < until && child.try_wait().expect("asked").is_none(), "it was not caught");
            std::thread::yield_now();
        }
        child
    }

    fn run(&self, what: &str, rest: &[&str]) -> Ended {
        self.greenlight(&[&["rollback", what], rest, &["--key", "sign.pub.pem"]].concat())
    }

    /// Every object, as the file system below the gateway has it.
    fn objects(&self) -> String {
        let line = "cd s3/points && find . -type f -not -path './.sgwtmp/*' -printf '%P\\n' | sort";
        let seen = Command::new("sh").args(["-c", line]).current_dir(self.folder.path()).output().expect("find");
        String::from_utf8_lossy(&seen.stdout).into_owned()
    }

    fn sums(&self) -> String {
        let line = "find etc -type f | sort | xargs sha256sum";
        let seen = Command::new("sh").args(["-c", line]).current_dir(self.folder.path()).output().expect("sha256sum");
        String::from_utf8_lossy(&seen.stdout).into_owned()
    }
}

pub(crate) fn bucket() {
    let world = World::start();
    let before = world.sums();
    let created = world.create("before");
    assert_eq!(created.code, Some(0), "{created:?}");
    assert!(created.out.contains("s3://points/of/livekit/before"), "{created:?}");
    let whole =
        "of/livekit/before/files.tar.zst.age\nof/livekit/before/manifest.json\nof/livekit/before/manifest.json.sig\n";
    assert_eq!(world.objects(), whole);
    let grep = Command::new("grep").args(["-ra", CONTENT, "s3", "state"]).current_dir(world.folder.path()).status();
    assert_eq!(grep.expect("grep").code(), Some(1), "nothing in clear text");
    assert!(world.create("before").said.contains("there is a point \"before\" already"));

    let opened = ["--identity", "key.txt"];
    let verified = world.run("verify", &[&["before"], &opened[..]].concat());
    assert!(verified.code == Some(0) && verified.out.contains("every sum is right"), "{verified:?}");
    fs::write(world.path("etc/livekit.yaml"), "port: 1").expect("written");
    fs::remove_file(world.path("etc/large")).expect("removed");
    let restored = world.run("run", &[&["before"], &opened[..]].concat());
    assert_eq!((restored.code, world.sums()), (Some(0), before.clone()), "{restored:?}");

    // One flipped bit in the bucket.
    let archive = world.path("s3/points/of/livekit/before/files.tar.zst.age");
    let good = fs::read(&archive).expect("read");
    let mut flipped = good.clone();
    flipped[good.len() / 3] ^= 1;
    fs::write(&archive, flipped).expect("written");
    fs::write(world.path("etc/livekit.yaml"), "port: 2").expect("written");
    let changed = world.sums();
    let refused = world.run("run", &[&["before"], &opened[..]].concat());
    assert!(refused.code == Some(5) && refused.said.contains("not the one that was signed"), "{refused:?}");
    assert_eq!(world.sums(), changed);
    fs::write(&archive, good).expect("written");

    // A killed upload is no point, and the next one sweeps it.
    let mut child = world.takes_its_name("killed", "state");
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert!(!world.run("list", &[]).out.contains("killed"));
    assert_eq!(world.create("after").code, Some(0));
    assert!(!world.objects().contains("killed"), "{}", world.objects());
    assert!(!world.state().join(".unfinished-killed").exists());

    // A name that somebody takes on another machine.
    let mut other = world.takes_its_name("taken", "elsewhere");
    let signal = |name: &str| Command::new("kill").args([name, &other.id().to_string()]).status().expect("kill");
    assert!(signal("-STOP").success());
    let refused = world.create("taken");
    assert!(signal("-CONT").success());
    assert!(refused.code == Some(6) && refused.said.contains("somebody else makes the point \"taken\""), "{refused:?}");
    assert_eq!(other.wait().expect("ended").code(), Some(0), "the control: it is left alone");
    assert!(!world.objects().contains("claim"), "{}", world.objects());

    let listed = world.run("list", &[]).out;
    assert!(listed.contains("  before  files  ") && listed.contains("  taken  files  "), "{listed}");
    let pruned = world.run("prune", &["--bytes", "1"]);
    assert!(pruned.out.starts_with("removed  ") && pruned.out.ends_with("  after\n"), "{pruned:?}");
    assert!(!world.objects().contains("before/") && !world.objects().contains("after/"), "{}", world.objects());

    // Whoever may not is told so, and the secret is never said.
    let mut stranger = world.command(&["rollback", "list", "--key", "sign.pub.pem"]);
    let refused =
        Ended::of(&stranger.env("AWS_SECRET_ACCESS_KEY", "another-secret-of-somebody").output().expect("it runs"));
    assert!(refused.code == Some(6) && !refused.said.contains("another-secret"), "{refused:?}");
    let mut nobody = world.command(&["rollback", "list", "--key", "sign.pub.pem"]);
    let unknown = Ended::of(&nobody.env_remove("AWS_SECRET_ACCESS_KEY").output().expect("it runs"));
    assert!(
        unknown.code == Some(2) && unknown.said.contains("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        "{unknown:?}"
    );
    done(&["stop", "-t", "0", &world.name]);
    let gone = world.run("list", &[]);
    assert!(gone.code == Some(6) && !gone.said.contains(SECRET), "{gone:?}");
}
