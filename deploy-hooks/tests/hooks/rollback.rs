//! `greenlight rollback`: files and environment files, kept and put back.

use crate::world::Ended;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

pub(crate) const SECRET: &str = "WUDnXb3vYc1qLr8TgZ5sKe7hFa2jMp9oQi4wRx6y";
/// Made for these tests with `age-keygen`; it opens nothing else.
const IDENTITY: &str = "AGE-SECRET-KEY-1KGHQU4RYKSHGK7MWXZ8V5YKE96FTAJ5N72VX6WW7HLYK0GW9EDQSVVNTWA";
pub(crate) const RECIPIENT: &str = "age15letucc8fgq974gaq25axlnz8z00qz9krkq7qa6gjhrefnawac0suv9dqq";

/// A deployment's folder, its environment file, a pair of keys, an identity, and an empty store.
pub(crate) struct Place(pub(crate) tempfile::TempDir);

impl Place {
    pub(crate) fn new(files: usize) -> Self {
        let place = Self(tempfile::tempdir().expect("a folder"));
        fs::create_dir_all(place.path("etc/tls")).expect("made");
        for number in 0..files {
            fs::write(place.path(&format!("etc/tls/{number}.pem")), format!("{number} {SECRET}\n").repeat(40))
                .expect("written");
        }
        fs::write(place.path("etc/livekit.yaml"), format!("keys: {{APIa: {SECRET}}}\n")).expect("written");
        fs::write(place.path(".env"), format!("LIVEKIT_API_SECRET={SECRET}\n")).expect("written");
        place.mode("etc/livekit.yaml", 0o640);
        place.mode("etc/tls", 0o750);
        symlink("livekit.yaml", place.path("etc/current.yaml")).expect("linked");
        fs::hard_link(place.path("etc/livekit.yaml"), place.path("etc/same.yaml")).expect("linked");
        fs::write(place.path("key.txt"), format!("# made for tests\n{IDENTITY}\n")).expect("written");
        place.mode("key.txt", 0o600);
        assert_eq!(place.run(&["keygen", "--out", "sign"]).code, Some(0));
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).expect("rights");
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
        command.args(arguments).current_dir(self.0.path());
        for name in ["GREENLIGHT_STORE", "GREENLIGHT_SIGN_KEY"] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(&self.command(arguments).output().expect("it runs"))
    }

    pub(crate) fn create(&self, name: &str) -> Ended {
        self.run(&[
            "rollback",
            "create",
            name,
            "--description",
            "before",
            "--files",
            "etc",
            "--env",
            ".env",
            "--recipient",
            RECIPIENT,
            "--sign-key",
            "sign.pem",
        ])
    }

    pub(crate) fn opened(&self, what: &str, name: &str) -> Ended {
        self.run(&["rollback", what, name, "--key", "sign.pub.pem", "--identity", "key.txt"])
    }

    /// Everything that `find`, `stat` and `sha256sum` see, so that no eye of ours decides what is equal.
    pub(crate) fn seen(&self) -> String {
        let line = "find etc .env -printf '%p %y %m %U %G %n %l\\n' | sort; find etc .env -type f -printf '%p %s %T@\\n' | sort; \
                    find etc .env -type f -print0 | sort -z | xargs -0 sha256sum; getfattr -Rdh etc 2>/dev/null || true";
        let output = Command::new("bash").args(["-euo", "pipefail", "-c", line]).current_dir(self.0.path()).output();
        let output = output.expect("bash");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What an upgrade does, and worse.
    pub(crate) fn change(&self) {
        fs::write(self.path("etc/livekit.yaml"), "port: 1\n").expect("written");
        fs::remove_file(self.path("etc/tls/0.pem")).expect("removed");
        fs::write(self.path("etc/new"), "new").expect("written");
        self.mode("etc/tls", 0o755);
        fs::write(self.path(".env"), "X=1\n").expect("written");
    }
}

#[test]
fn what_was_kept_comes_back_to_the_last_bit() {
    let place = Place::new(3);
    let before = place.seen();
    let created = place.create("before-1.13");
    assert_eq!(created.code, Some(0), "{created:?}");
    place.change();
    assert_ne!(place.seen(), before);
    assert_eq!(place.opened("verify", "before-1.13").code, Some(0));
    let env_changed = place.run(&[
        "rollback",
        "run",
        "before-1.13",
        "--only",
        "files",
        "--key",
        "sign.pub.pem",
        "--identity",
        "key.txt",
    ]);
    assert_eq!(env_changed.code, Some(0), "{env_changed:?}");
    assert_eq!(fs::read_to_string(place.path(".env")).expect("there"), "X=1\n", "only files were asked for");
    assert_eq!(place.opened("run", "before-1.13").code, Some(0));
    assert_eq!(place.seen(), before);
    let shown = place.opened("show", "before-1.13");
    assert!(shown.out.contains("0640 ") && shown.out.contains("/etc/livekit.yaml  "), "{shown:?}");
    assert!(
        place.run(&["rollback", "list", "--key", "sign.pub.pem"]).out.contains("  before-1.13  env,files  before\n")
    );
    // Nothing lies about, and nothing in the store is in clear text.
    let left: Vec<String> = fs::read_dir(place.0.path())
        .expect("listed")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert!(left.iter().all(|name| !name.starts_with(".greenlight-")), "{left:?}");
    let grep = Command::new("grep")
        .args(["-ra", SECRET, "greenlight-points"])
        .current_dir(place.0.path())
        .status()
        .expect("grep");
    assert_eq!(grep.code(), Some(1));
    let audit = place.run(&["audit", "verify", "greenlight-points/audit.jsonl"]);
    assert!(audit.code == Some(0) && audit.out.starts_with("whole    "), "{audit:?}");
    let said = format!("{}{}{}", created.out, created.said, shown.out);
    assert!(!said.contains(SECRET));
}

#[test]
fn what_is_not_to_be_believed_changes_nothing() {
    let place = Place::new(1);
    assert_eq!((place.create("a").code, place.create("b").code), (Some(0), Some(0)));
    place.change();
    let changed = place.seen();
    let store = |name: &str| place.path("greenlight-points").join(name);
    let refused = |because: &str| {
        for what in ["verify", "run"] {
            let ended = place.opened(what, "a");
            assert!(ended.code == Some(5) && ended.said.contains(because), "{what}: {ended:?}");
        }
        assert_eq!(place.seen(), changed);
    };
    let whole = |file: &str| fs::read(store(file)).expect("there");
    let (manifest, signature, archive) =
        (whole("a/manifest.json"), whole("a/manifest.json.sig"), whole("a/files.tar.zst.age"));
    let mut flipped = archive.clone();
    flipped[archive.len() / 2] ^= 4;
    fs::write(store("a/files.tar.zst.age"), flipped).expect("written");
    refused("the archive is not the one that was signed");
    fs::write(store("a/files.tar.zst.age"), &archive[..archive.len() - 1]).expect("written");
    refused("the archive is not the one that was signed");
    fs::write(store("a/files.tar.zst.age"), whole("b/files.tar.zst.age")).expect("written");
    refused("the archive is not the one that was signed");
    fs::write(store("a/files.tar.zst.age"), archive).expect("written");
    for file in ["manifest.json", "manifest.json.sig"] {
        fs::write(store(&format!("a/{file}")), whole(&format!("b/{file}"))).expect("written");
    }
    refused("it is the manifest of \"b\"");
    fs::write(store("a/manifest.json"), &manifest).expect("written");
    refused("no key that was named with --key has signed it");
    fs::write(store("a/manifest.json.sig"), signature).expect("written");
    assert_eq!(place.run(&["keygen", "--out", "other"]).code, Some(0));
    let ended = place.run(&["rollback", "run", "a", "--key", "other.pub.pem", "--identity", "key.txt"]);
    assert!(ended.code == Some(5) && ended.said.contains("no key that was named"), "{ended:?}");
    assert_eq!((place.opened("verify", "a").code, place.seen()), (Some(0), changed), "the control");
}

#[test]
fn mistakes_are_named_with_what_to_do() {
    let place = Place::new(1);
    assert_eq!(place.create("a").code, Some(0));
    let create = |more: &[&str]| {
        let base = ["rollback", "create", "x", "--recipient", RECIPIENT, "--sign-key", "sign.pem"];
        place.run(&[&base[..], more].concat())
    };
    place.mode("key.txt", 0o644);
    let open_key = place.opened("run", "a");
    place.mode("key.txt", 0o600);
    place.mode("greenlight-points", 0o755);
    let open_store = place.opened("run", "a");
    place.mode("greenlight-points", 0o700);
    for (ended, because) in [
        (create(&[]), "nothing to keep"),
        (create(&["--files", "nowhere"]), "nowhere"),
        (create(&["--files", "etc", "etc/tls"]), "lie within each other"),
        (create(&["--files", "etc", "--env", "etc/livekit.yaml"]), "lie within each other"),
        (place.create("a"), "there is a point \"a\" already"),
        (place.create("../a"), "is no name of a point"),
        (place.opened("run", "b"), "there is no point \"b\""),
        (create(&["--files", "etc", "--only", "filez"]), "there is no component \"filez\"; did you mean \"files\""),
        (
            create(&["--files", "etc", "--env", ".env", "--only", "files"]),
            "--only leaves env out, and --env names .env",
        ),
        (create(&["--files", "etc", "--only", "files,env"]), "--only names env, and nothing says what that is"),
        (
            place.run(&["rollback", "run", "a", "--only", "redis", "--key", "sign.pub.pem", "--identity", "key.txt"]),
            "has no redis; it has files, env",
        ),
        (place.run(&["rollback", "resume"]), "no restore was cut short"),
        (open_key, "others may read the key key.txt (mode 644)"),
        (open_store, "others may look into the store"),
    ] {
        assert!(ended.code == Some(2) && ended.said.contains(because), "{because}: {ended:?}");
    }
    let prune = |keep: &str| place.run(&["rollback", "prune", "--keep", keep, "--key", "sign.pub.pem"]);
    assert_eq!(place.create("b").code, Some(0));
    assert!(prune("1").out.contains("  a\n") && !place.path("greenlight-points/a").exists());
    assert_eq!(prune("0").out, "nothing to remove\n", "the last one stays");
}

/// `kill -9` at whatever moment: after `resume` or `abort` all is as it was, or all is restored, and nothing lies about.
#[test]
fn a_kill_leaves_all_old_or_all_new() {
    let place = Place::new(150);
    let kept = place.seen();
    assert_eq!(place.create("a").code, Some(0));
    let run = ["rollback", "run", "a", "--key", "sign.pub.pem", "--identity", "key.txt"];
    let (mut were_old, mut were_new, mut cut_short) = (0, 0, 0);
    for turn in 0..60_u64 {
        place.change();
        let changed = place.seen();
        let mut child = place.command(&run).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
        let (told, heard) = mpsc::channel();
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let reader = std::thread::spawn(move || lines.map_while(Result::ok).for_each(|_| _ = told.send(())));
        // Later and later, over what a run takes; the last ones end by themselves.
        let patience = if turn < 56 { Duration::from_millis(turn * 3) } else { Duration::from_secs(60) };
        let _ = heard.recv_timeout(patience);
        let _ = child.kill();
        child.wait().expect("ended");
        reader.join().expect("read");
        if place.path("greenlight-points/restore.json").exists() {
            cut_short += 1;
            let again = place.run(&run);
            if again.said.contains("put together of \"a\" and never exchanged") {
                assert_eq!(again.code, Some(0), "turn {turn}: nothing was exchanged, and it goes on: {again:?}");
            } else {
                assert!(again.code == Some(2) && again.said.contains("was cut short"), "turn {turn}: {again:?}");
                let end = if turn % 2 == 0 { "resume" } else { "abort" };
                // With what opens it, what is there is read again.
                let read = if turn % 4 == 0 { &["--identity", "key.txt"][..] } else { &[] };
                let ended = place.run(&[&["rollback", end], read].concat());
                assert_eq!(ended.code, Some(0), "turn {turn}: {ended:?}");
            }
        }
        // Two components, one after the other: each is all old or all new.
        let now = place.seen();
        let files =
            |seen: &str| seen.lines().filter(|line| line.contains("etc")).map(str::to_owned).collect::<Vec<_>>();
        match files(&now) {
            seen if seen == files(&kept) => were_new += 1,
            seen if seen == files(&changed) => were_old += 1,
            seen => panic!("turn {turn}: neither old nor new: {seen:#?}"),
        }
        // What is tried before anything is begun goes with the next command.
        let left = |but: &str| {
            let names = fs::read_dir(place.0.path()).expect("listed").flatten();
            let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
            names.filter(|name| name.starts_with(".greenlight-") && !name.starts_with(but)).collect::<Vec<_>>()
        };
        assert_eq!(left(".greenlight-try-"), [""; 0], "turn {turn}");
        assert_eq!(place.opened("run", "a").code, Some(0), "turn {turn}: and it goes on from there");
        assert_eq!((place.seen(), left("nothing")), (kept.clone(), vec![]), "turn {turn}");
    }
    assert!(were_old > 0 && were_new > 0, "{were_old} old, {were_new} new, {cut_short} cut short");
}
