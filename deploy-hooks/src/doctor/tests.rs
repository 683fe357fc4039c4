//! Machines written down, and what is to be said of each.

use super::facts::{Configuration, Environment, Facts, Image, Looked, Verifier};
use super::finding::{State, json, ready, text};
use super::judge::{at_least, judge};
use super::look::{available_mib, environment};

fn image(has_local: bool, has_official: bool) -> Image {
    Image { official: "redis:7.0".into(), local: "greenlight/redis:7.0".into(), has_official, has_local }
}

/// A machine on which everything works.
fn good() -> Facts {
    let looked = |file: &str| Looked { file: file.into(), problem: None };
    Facts {
        verifier: Verifier::Here,
        rustc: Some("rustc 1.95.0 (59807616e 2026-04-14)".into()),
        cc: Some("cc (Debian 12.2.0-14) 12.2.0".into()),
        docker: Some("Docker version 28.0.1, build 068a01e".into()),
        engine: Ok("28.0.1".into()),
        images: vec![image(true, false)],
        go: None,
        debootstrap: false,
        root: false,
        redis_cli: true,
        openssl: true,
        open_files: Some(65_536),
        disk_mib: Some(20_480),
        memory_mib: Some(8_192),
        configuration: Configuration {
            folder: "config".into(),
            files: vec![looked("config/staging_tests.yaml")],
            named: vec![looked("config/greenlight.pub.pem")],
            misnamed: vec![],
        },
        environment: Environment::default(),
    }
}

fn at(facts: &Facts, state: State) -> Vec<String> {
    let found = judge(facts).into_iter().filter(|finding| finding.state == state);
    found.map(|finding| format!("{}: {}; {}", finding.group, finding.what, finding.mend.unwrap_or_default())).collect()
}

#[test]
fn a_good_machine_is_ready_and_every_line_is_said() {
    let findings = judge(&good());
    assert!(ready(&findings));
    assert_eq!(
        text(&findings),
        "build
  ok     greenlight-verify of this version lies beside greenlight
  ok     rustc 1.95.0 (59807616e 2026-04-14); 1.95 or newer is needed
  ok     C compiler: cc (Debian 12.2.0-14) 12.2.0
engine
  ok     Docker version 28.0.1, build 068a01e
  ok     the container engine 28.0.1 answers
  ok     image greenlight/redis:7.0 is there
tests
  ok     redis-cli runs
  ok     openssl runs
limits
  ok     65536 open files are allowed; 4096 are wanted
  ok     20480 MiB of disk are free here; 256 are wanted
  ok     8192 MiB of memory are free; 1024 are wanted
configuration
  ok     config/staging_tests.yaml is read
  ok     config/greenlight.pub.pem is read
verify
  ok     `cargo verify` starts a staging in containers and tests that
READY   14 ok, 0 warn, 0 lacks
"
    );
    let json = json(&findings);
    assert_eq!((&json["ready"], &json["findings"][0]["state"]), (&true.into(), &"ok".into()));
}

/// Each is one change to the good machine, and what is then said instead of `ok`.
#[test]
fn what_is_lacking_is_said_with_its_remedy() {
    type Change = fn(&mut Facts);
    let cases: [(Change, State, &str); 19] = [
        (
            |f| f.verifier = Verifier::Unusable("other".into()),
            State::Lacks,
            "build: other; install both from one release",
        ),
        (
            |f| f.rustc = None,
            State::Warn,
            "build: no rustc runs; 1.95 or newer is needed; `rustup toolchain install 1.95` (https://rustup.rs)",
        ),
        (
            |f| f.rustc = Some("rustc 1.94.1 (x)".into()),
            State::Warn,
            "build: rustc 1.94.1 (x) is too old; 1.95 or newer is needed; `rustup toolchain install 1.95` (https://rustup.rs)",
        ),
        (|f| f.cc = None, State::Warn, "build: no C compiler runs as `cc`; `apt-get install gcc libc6-dev`"),
        (
            |f| f.docker = None,
            State::Warn,
            "engine: no Docker client runs as `docker`; `cargo test` and `cargo xtask images` call it; `apt-get install docker.io`",
        ),
        (
            |f| f.redis_cli = false,
            State::Warn,
            "tests: no redis-cli; `cargo test` and `cargo xtask matrix` look at faults with it; `apt-get install redis-tools`",
        ),
        (
            |f| f.openssl = false,
            State::Warn,
            "tests: no openssl; `cargo test` and `cargo xtask matrix` look at faults with it; `apt-get install openssl`",
        ),
        (
            |f| f.open_files = Some(1024),
            State::Warn,
            "limits: 1024 open files are allowed, and checks under load want 4096; `ulimit -n 4096`",
        ),
        (
            |f| f.open_files = Some(4095),
            State::Warn,
            "limits: 4095 open files are allowed, and checks under load want 4096; `ulimit -n 4096`",
        ),
        (
            |f| f.disk_mib = Some(255),
            State::Lacks,
            "limits: 255 MiB of disk are free here, and 256 are needed; free some; `df .`",
        ),
        (|f| f.disk_mib = None, State::Warn, "limits: free disk space is not known; `df .`"),
        (
            |f| f.memory_mib = Some(1023),
            State::Warn,
            "limits: 1023 MiB of memory are free; 1024 are wanted; end what is not needed; `free -m`",
        ),
        (
            |f| f.configuration.files[0].problem = Some("line 3".into()),
            State::Lacks,
            "configuration: line 3; mend config/staging_tests.yaml",
        ),
        (
            |f| f.configuration.named[0].problem = Some("no key".into()),
            State::Warn,
            "configuration: no key; the gate stays closed until then",
        ),
        (
            |f| f.configuration.files.clear(),
            State::Warn,
            "configuration: config/ has no file of ours; the built-in limits and images are used; `greenlight init` writes one",
        ),
        (
            |f| f.configuration.misnamed = vec![("config/deploy.yaml".into(), "deployment.yaml")],
            State::Warn,
            "configuration: nobody reads config/deploy.yaml; was deployment.yaml meant?",
        ),
        (
            |f| f.environment.url = Some(Err("is no address".into())),
            State::Lacks,
            "verify: LIVEKIT_URL is no address; as wss://livekit.example.com, or unset it",
        ),
        (
            |f| f.environment.url = Some(Ok("wss://a".into())),
            State::Lacks,
            "verify: LIVEKIT_URL is wss://a, without LIVEKIT_API_KEY and LIVEKIT_API_SECRET; set what is missing, or unset LIVEKIT_URL to test a staging in containers",
        ),
        (
            |f| f.images = vec![image(false, false)],
            State::Warn,
            "engine: image greenlight/redis:7.0 is not there; a run pulls redis:7.0; `cargo xtask images` builds it where no registry can be reached",
        ),
    ];
    for (change, state, said) in cases {
        let mut facts = good();
        change(&mut facts);
        let found = at(&facts, state);
        assert_eq!(found.first().map(String::as_str), Some(said));
        assert_eq!(ready(&judge(&facts)), state != State::Lacks, "{said}");
    }
}

#[test]
fn what_is_to_be_built_needs_more() {
    let mut facts = Facts { verifier: Verifier::Missing, rustc: None, cc: None, ..good() };
    facts.disk_mib = Some(6143);
    facts.memory_mib = Some(2047);
    let lacking = at(&facts, State::Lacks);
    assert_eq!(lacking.len(), 2, "{lacking:?}");
    assert!(lacking[0].starts_with("build: no rustc") && lacking[1].starts_with("build: no C compiler"), "{lacking:?}");
    let warned = at(&facts, State::Warn);
    assert!(
        warned.iter().any(|line| line.contains("6143 MiB of disk are free here; a build takes up to 6144")),
        "{warned:?}"
    );
    assert!(warned.iter().any(|line| line.contains("2047 MiB of memory are free; 2048 are wanted")), "{warned:?}");
}

#[test]
fn an_engine_is_needed_only_where_no_address_is_given() {
    let mut facts = Facts { engine: Err("connection refused".into()), images: vec![], ..good() };
    assert_eq!(
        at(&facts, State::Lacks),
        [
            "engine: no container engine answers (connection refused); `systemctl start docker`, or `dockerd &`; `docker info` must succeed"
        ]
    );
    let would = "verify: `cargo verify` would test a staging in containers, but for 1 that is lacking above; mend that first, or name a server with LIVEKIT_URL";
    assert_eq!(at(&facts, State::Warn), [would]);
    facts.environment = Environment { url: Some(Ok("wss://a".into())), api_key: true, api_secret: true };
    assert_eq!(at(&facts, State::Lacks), [""; 0]);
    assert!(
        at(&facts, State::Ok)
            .contains(&"verify: `cargo verify` tests wss://a (LIVEKIT_URL), with safe checks only; ".to_owned())
    );
}

#[test]
fn what_builds_images_is_asked_only_where_images_are_missing() {
    let mut facts = good();
    facts.images = vec![image(false, true)];
    assert_eq!(at(&facts, State::Warn), [""; 0], "a pulled one is as good");
    facts.images.push(image(false, false));
    let warned = at(&facts, State::Warn);
    assert_eq!(warned.len(), 4, "{warned:?}");
    for (line, said) in warned[1..].iter().zip(["Go 1.24 or newer", "needs debootstrap", "needs root"]) {
        assert!(line.contains(said), "{line}");
    }
    facts.go = Some("go version go1.24.4 linux/amd64".into());
    (facts.debootstrap, facts.root) = (true, true);
    assert_eq!(at(&facts, State::Warn).len(), 1);
}

#[test]
fn versions_are_compared_as_numbers() {
    for (said, wanted, enough) in [
        ("rustc 1.95.0 (59807616e 2026-04-14)", "1.95", true),
        ("rustc 1.100.0-nightly (x)", "1.95", true),
        ("rustc 1.9.9", "1.95", false),
        ("rustc 2.0.0", "1.95", true),
        ("go version go1.19.8 linux/amd64", "1.24", false),
        ("go version go1.25 linux/amd64", "1.24", true),
        ("error: no toolchain", "1.95", false),
    ] {
        assert_eq!(at_least(said, wanted), enough, "{said}");
    }
}

/// As Linux 6 prints it.
#[test]
fn memory_is_what_linux_says_is_available() {
    let meminfo =
        "MemTotal:       16384000 kB\nMemFree:          204800 kB\nMemAvailable:    8388608 kB\nBuffers: 1 kB\n";
    assert_eq!(available_mib(meminfo), Some(8192));
    assert_eq!(available_mib("MemTotal: 1 kB\n"), None);
}

#[test]
fn an_address_is_shown_without_what_may_be_secret() {
    let seen = |url: &str| environment(|name| (name == "LIVEKIT_URL").then(|| url.to_owned())).url;
    assert_eq!(seen("wss://me:pw@a.example:7443/lk/?access_token=t"), Some(Ok("wss://a.example:7443/lk".into())));
    assert_eq!(seen(""), None);
    assert_eq!(
        seen("localhost:7880"),
        Some(Err("begins with localhost: and must begin with wss:, ws:, https: or http:".into()))
    );
    assert_eq!(seen("example.com"), Some(Err("is no address (relative URL without a base)".into())));
}
