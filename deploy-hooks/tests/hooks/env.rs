//! `greenlight env`: files of variables, judged and changed.

use crate::world::Ended;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const SECRET: &str = "WUDnXb3vYc1qLr8TgZ5sKe7hFa2jMp9oQi4wRx6y";
const FILE: &str = "# of the host\nexport NODE_IP=\"10.0.0.1\" # LAN\n\nLIVEKIT_KEYS='APIa: WUDnXb3vYc1qLr8TgZ5sKe7hFa2jMp9oQi4wRx6y'\r\nUDP_PORT=7882\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(text: &str) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        fs::write(folder.file(), text).expect("written");
        fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o640)).expect("rights");
        folder
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("a.env")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).expect("there")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight"));
        command.arg("env").args(arguments).current_dir(self.0.path()).env_remove("REDIS_PASSWORD");
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(&self.command(arguments).output().expect("it runs"))
    }
}

#[test]
fn a_change_keeps_everything_else_and_what_stood_there() {
    let folder = Folder::with(FILE);
    let set = ["update", "a.env", "--set", "NODE_IP=203.0.113.7", "--unset", "UDP_PORT"];
    let dry = folder.run(&[set.as_slice(), &["--dry-run"]].concat());
    assert_eq!((dry.code, folder.text().as_str()), (Some(0), FILE), "{dry:?}");
    let ended = folder.run(&set);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let expected = FILE.replace("10.0.0.1", "203.0.113.7").replace("UDP_PORT=7882\n", "");
    assert_eq!(folder.text(), expected);
    assert_eq!(fs::read_to_string(folder.0.path().join("a.env.before")).expect("kept"), FILE);
    for name in ["a.env", "a.env.before"] {
        let there = fs::metadata(folder.0.path().join(name)).expect("there");
        assert_eq!(there.permissions().mode() & 0o777, 0o640, "{name}");
    }
    assert!(
        ended.out.contains("-export NODE_IP=\"10.0.0.1\" # LAN\n+export NODE_IP=\"203.0.113.7\" # LAN\n"),
        "{ended:?}"
    );
    assert!(!format!("{}{}{}", dry.out, ended.out, ended.said).contains(SECRET), "{ended:?}");
    assert_eq!(fs::read_dir(folder.0.path()).expect("a folder").count(), 2, "nothing else lies about");
    // What stood there first is not lost by a second change.
    folder.run(&["update", "a.env", "--set", "NODE_IP=203.0.113.8"]);
    assert_eq!(fs::read_to_string(folder.0.path().join("a.env.before")).expect("kept"), FILE);
    assert_eq!(fs::read_to_string(folder.0.path().join("a.env.before.1")).expect("kept"), expected);
    folder.run(&["update", "a.env", "--set", "NODE_IP=203.0.113.7"]);
    let again = folder.run(&["update", "a.env", "--set", "NODE_IP=203.0.113.7"]);
    assert_eq!((again.code, again.out.as_str()), (Some(0), "same     a.env: nothing to change\n"));
}

#[test]
fn a_change_that_the_server_would_not_read_is_refused() {
    let folder = Folder::with(FILE);
    let refused = [
        (vec!["--set", "NODE_IP=not an address"], "env_node_ip_garbage"),
        (vec!["--set", "LIVEKIT_PORT=7881x"], "env_wrong_type"),
        (vec!["--set", "LIVEKIT_RTC_TCP_PORT=7880"], "port_collision"),
        (vec!["--set", "LIVEKIT_RTC_NODE_IP=203.0.113.7"], "env_rtc_node_ip_ignored"),
        (vec!["--set", "LIVEKIT_API_SECRET=x"], "--take LIVEKIT_API_SECRET"),
        (vec!["--set", "OPENAI_API_KEY=x"], "--take OPENAI_API_KEY"),
        (vec!["--set", "CACHE=redis://:pw@h"], "--take CACHE"),
        (vec!["--set", "NODE_IP"], "--set wants NAME=VALUE"),
        (vec!["--unset", "NODE_PI"], "a.env has no NODE_PI"),
        (vec!["--set", "NODE_IP=203.0.113.7", "--unset", "NODE_IP"], "two ways"),
        (vec!["--take", "REDIS_PASSWORD"], "this command's environment has no REDIS_PASSWORD"),
        (vec!["--generate", "NODE_IP"], "NODE_IP is none by its name"),
        (vec![], "nothing to change; name it"),
    ];
    for (arguments, because) in refused {
        let ended = folder.run(&[&["update", "a.env"], arguments.as_slice()].concat());
        assert_eq!((ended.code, folder.text().as_str()), (Some(2), FILE), "{arguments:?}: {ended:?}");
        assert!(ended.said.contains(because), "{arguments:?}: {ended:?}");
    }
    // What was wrong before is no reason to refuse another change.
    let folder = Folder::with("LIVEKIT_RTC_TCP_PROT=7881\n");
    let ended = folder.run(&["update", "a.env", "--set", "NODE_IP=203.0.113.7"]);
    assert_eq!((ended.code, folder.text().ends_with("NODE_IP=203.0.113.7\n")), (Some(0), true), "{ended:?}");
}

#[test]
fn names_that_a_version_ignores_are_renamed() {
    let folder = Folder::with("# LAN\nLIVEKIT_RTC_NODE_IP=10.0.0.1\nLIVEKIT_RTC_UDP_PORT='7882'\n");
    let ended = folder.run(&["update", "a.env", "--to", "1.13.5"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // What no version has read is not given a name under which it would begin to act.
    assert_eq!(folder.text(), "# LAN\nNODE_IP=10.0.0.1\nLIVEKIT_RTC_UDP_PORT='7882'\n");
    assert!(ended.out.contains("left     LIVEKIT_RTC_UDP_PORT: "), "{ended:?}");
    let unknown = folder.run(&["update", "a.env", "--to", "9.9.9"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    let both = Folder::with("LIVEKIT_RTC_NODE_IP=10.0.0.1\nNODE_IP=10.0.0.2\n");
    let ended = both.run(&["update", "a.env", "--to", "1.13.5"]);
    assert!(ended.out.starts_with("left     LIVEKIT_RTC_NODE_IP: NODE_IP is there too"), "{ended:?}");
}

#[test]
fn secrets_come_from_elsewhere_than_arguments() {
    let folder = Folder::with("REDIS_HOST=redis:6379\n");
    let mut command =
        folder.command(&["update", "a.env", "--take", "REDIS_PASSWORD", "--generate", "LIVEKIT_API_SECRET"]);
    let ended = Ended::of(&command.env("REDIS_PASSWORD", "s3cret canary").output().expect("it runs"));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let text = folder.text();
    let made = text.lines().find_map(|line| line.strip_prefix("LIVEKIT_API_SECRET=")).expect("made");
    assert_eq!((made.len(), text.contains("REDIS_PASSWORD=s3cret canary\n")), (43, true), "{text}");
    let said = format!("{}{}", ended.out, ended.said);
    assert!(!said.contains("canary") && !said.contains(made), "{said}");
}

#[test]
fn validate_names_line_and_remedy() {
    let folder = Folder::with("NODE_IP=10.0.0.1\nLIVEKIT_RTC_TCP_PROT=7881\nREDIS_PASSWORD=x-y-z-of-redis\n");
    let ended = folder.run(&["validate", "a.env"]);
    assert_eq!(ended.code, Some(1));
    let expected = "WRONG  a.env:2  env_unknown\n  found     LIVEKIT_RTC_TCP_PROT\n  hurts     livekit-server has no such variable and \
                    ignores it in silence\n  fix       write LIVEKIT_RTC_TCP_PORT\nNOT OK   1 wrong, 0 risky in 1 file\n";
    assert_eq!(ended.out, expected);
    fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o644)).expect("rights");
    folder.run(&["update", "a.env", "--unset", "LIVEKIT_RTC_TCP_PROT"]);
    let risky = folder.run(&["validate", "a.env", "-o", "json"]);
    let json: serde_json::Value = serde_json::from_str(&risky.out).expect("json");
    assert_eq!((risky.code, &json["files"][0]["findings"][0]["rule"]), (Some(0), &"env_file_mode".into()), "{risky:?}");
    assert_eq!(folder.run(&["validate", "a.env", "--strict"]).code, Some(1));
    let missing = folder.run(&["validate", "b.env"]);
    assert!(missing.said.contains("cannot read b.env: No such file") && missing.code == Some(2), "{missing:?}");
}

#[test]
fn a_template_is_written_once_with_secrets_of_its_own() {
    let folder = Folder::with("");
    for kind in ["development", "staging", "production"] {
        let out = format!("{kind}.env");
        let ended = folder.run(&["template", "--env", kind, "--out", &out]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let there = fs::metadata(folder.0.path().join(&out)).expect("there");
        assert_eq!(there.permissions().mode() & 0o777, 0o600);
        assert_eq!(folder.run(&["validate", "--strict", &out]).out, "OK   0 wrong, 0 risky in 1 file\n");
        assert_eq!(folder.run(&["template", "--env", kind, "--out", &out]).code, Some(2));
        let text = fs::read_to_string(folder.0.path().join(&out)).expect("text");
        let secret = text.lines().find_map(|line| line.strip_prefix("LIVEKIT_API_SECRET=")).expect("a secret");
        assert_eq!(text.matches(secret).count(), 2, "the server's and the clients' secret are one: {text}");
    }
    assert_eq!(folder.run(&["template", "--env", "prod"]).code, Some(2));
}

/// `kill -9` at whatever moment: the whole old file, or the whole new one.
#[test]
fn a_kill_leaves_the_old_file_or_the_new_one() {
    let old: String = (0..4_000).map(|line| format!("A{line}=before\n")).collect();
    let new = format!("{old}NODE_IP=203.0.113.7\n");
    let (mut were_old, mut were_new) = (0, 0);
    for turn in 0..24 {
        let folder = Folder::with(&old);
        let mut child = folder
            .command(&["update", "a.env", "--set", "NODE_IP=203.0.113.7"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let (told, heard) = mpsc::channel();
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let reader = std::thread::spawn(move || {
            while let Some(Ok(_)) = lines.next() {
                let _ = told.send(());
            }
        });
        // Later and later, and in the last turns when it has said that it is done.
        let patience = if turn < 20 { Duration::from_millis(turn * 5) } else { Duration::from_secs(60) };
        let _ = heard.recv_timeout(patience);
        child.kill().expect("killed");
        child.wait().expect("ended");
        reader.join().expect("read");
        match folder.text() {
            text if text == old => were_old += 1,
            text if text == new => were_new += 1,
            text => panic!("turn {turn}: {} bytes, neither the old nor the new file", text.len()),
        }
        assert!(Path::new(&folder.file()).exists());
    }
    assert!(were_old > 0 && were_new > 0, "{were_old} old, {were_new} new: the kill never fell into the work");
}

/// No file can grow beyond what is there, as on a disk that is full: what stands there still does, and no copy of it takes
/// the last room.
#[test]
fn what_could_not_be_replaced_has_no_copy_beside_it() {
    let folder = Folder::with(FILE);
    let names = || {
        let entries = fs::read_dir(folder.0.path()).expect("listed").flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    let update = |limit: usize| {
        // Its default ends a process, where a full disk is an error.
        let script = format!("trap '' XFSZ; exec prlimit --fsize={limit} \"$@\"");
        let bare = folder.command(&["update", "a.env", "--set", "GREETING=hello"]);
        let mut limited = Command::new("sh");
        limited.args(["-c", &script, "sh"]).arg(bare.get_program()).args(bare.get_args()).current_dir(folder.0.path());
        Ended::of(&limited.output().expect("it runs"))
    };
    let ended = update(FILE.len());
    assert!(ended.code == Some(2) && ended.said.contains("File too large"), "{ended:?}");
    assert_eq!((folder.text().as_str(), names()), (FILE, vec!["a.env".to_owned()]));
    // One that lay there before is somebody's.
    fs::write(folder.0.path().join("a.env.before"), FILE).expect("written");
    assert_eq!(update(FILE.len()).code, Some(2));
    assert_eq!(names(), ["a.env", "a.env.before"]);
    let ended = update(FILE.len() + "GREETING=hello\r\n".len());
    assert_eq!(ended.code, Some(0), "{ended:?}");
}
