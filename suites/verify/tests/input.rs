//! What people get wrong about a deployment's address, and what they are told: one paragraph with what, where and how to
//! mend it, and the status of the table. Needs no engine.

#![expect(clippy::expect_used, reason = "a test ends where it can not go on")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn verify(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let out = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight-verify"));
    command.args(arguments).arg("--out").arg(out.path());
    for name in ["LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "CI"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied()).output().expect("greenlight-verify")
}

const KEY: [(&str, &str); 2] =
    [("LIVEKIT_API_KEY", "APIkey"), ("LIVEKIT_API_SECRET", "secret-of-a-deployment-0000000000000")];

/// The status and the one line that begins with `error: `, with the port written as PORT.
fn told(output: &Output, port: u16) -> (Option<i32>, String) {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!text.contains("secret-of-a-deployment"), "{text}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    let mut errors = text.lines().filter_map(|line| line.strip_prefix("error: "));
    let error = errors.next().unwrap_or_else(|| panic!("no error in:\n{text}")).replace(&format!(":{port}"), ":PORT");
    assert_eq!(errors.next(), None, "{text}");
    (output.status.code(), error)
}

/// Listens, and hands every connection to the function, each in a thread of its own, until the test ends.
fn serving(serve: fn(TcpStream)) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    port
}

/// Reads a request as far as it comes at once, and answers with this.
fn answer(mut stream: TcpStream, head: &str, body: &[u8]) {
    let mut request = [0; 4096];
    let _ = stream.read(&mut request);
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}

#[test]
fn an_address_where_no_livekit_answers_is_told_from_one_where_nothing_does() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("its address").port()
    };
    let page = serving(|stream| answer(stream, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", b"<html>"));
    let garbage = serving(|stream| answer(stream, "\u{1}\u{2}garbage\r\n\r\n", b"more garbage"));
    let gone = serving(drop);
    let endless = serving(|stream| {
        answer(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n", &vec![b'x'; 100_000_000]);
    });
    for (scheme, port, expected) in [
        ("ws", closed, "http://127.0.0.1:PORT/: connection refused; is the server running, and is this its port?"),
        (
            "ws",
            page,
            "http://127.0.0.1:PORT answers, and not as a LiveKit server: GET / gives 200 \"<html>\", and 200 \"OK\" was expected; look at what listens there, and at the URL",
        ),
        ("wss", page, "https://127.0.0.1:PORT/: what answers there does not speak TLS; try ws:// in place of wss://"),
        (
            "ws",
            garbage,
            "http://127.0.0.1:PORT/: what answers there does not speak HTTP; look at what listens there; it may speak TLS: try wss:// in place of ws://",
        ),
        (
            "ws",
            gone,
            "http://127.0.0.1:PORT/: connection closed before the answer was complete; it may speak TLS: try wss:// in place of ws://",
        ),
        (
            "ws",
            endless,
            "http://127.0.0.1:PORT/: an answer above 4194304 bytes; check the name, the network, and what listens there",
        ),
    ] {
        let url = format!("{scheme}://127.0.0.1:{port}");
        let output = verify(&["--url", &url], &KEY);
        assert_eq!(told(&output, port), (Some(6), expected.to_owned()), "{url}");
    }
}

#[test]
fn a_target_that_never_answers_is_given_up() {
    let silent = serving(|mut stream| {
        let mut request = Vec::new();
        // Until the client gives up.
        let _ = stream.read_to_end(&mut request);
    });
    let output = verify(&["--url", &format!("ws://127.0.0.1:{silent}")], &KEY);
    let expected = "http://127.0.0.1:PORT/: no answer in time; something takes the connection and says nothing: look for a firewall, and at what listens there";
    assert_eq!(told(&output, silent), (Some(6), expected.to_owned()));
}

/// Ctrl-C while nothing answers: the status of an interrupt, and not that of a target which is given up.
#[test]
fn whoever_waits_for_a_silent_target_may_interrupt() {
    let silent = serving(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let out = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_greenlight-verify"));
    command.args(["--url", &format!("ws://127.0.0.1:{silent}"), "--out"]).arg(out.path()).env_remove("CI");
    let mut child = command.envs(KEY).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("greenlight-verify");
    let mut stderr = BufReader::new(child.stderr.take().expect("standard error"));
    let mut line = String::new();
    while !line.starts_with("effects") {
        line.clear();
        assert!(stderr.read_line(&mut line).expect("a line") > 0, "it ended before it began");
    }
    let killed = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status().expect("kill");
    assert!(killed.success());
    let mut said = String::new();
    stderr.read_to_string(&mut said).expect("text");
    assert_eq!(child.wait().expect("an end").code(), Some(130), "{said}");
    assert!(said.contains("error: interrupted before the first check\n"), "{said}");
}

/// `openssl s_server` with a certificate that it has signed itself.
struct TlsServer {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl TlsServer {
    fn start(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |file: &str| folder.path().join(file).display().to_string();
        let (certificate, key) = (path("cert.pem"), path("key.pem"));
        let subject = format!("subjectAltName={name}");
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "9"])
            .args([
                "-subj",
                "/CN=test",
                "-addext",
                &subject,
                "-addext",
                "basicConstraints=critical,CA:FALSE",
                "-keyout",
                &key,
                "-out",
                &certificate,
            ])
            .output()
            .expect("openssl");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self::listening(folder)
    }

    /// With this certificate and key, in PEM.
    fn serving(certificate: &str, key: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("cert.pem"), certificate).expect("a file");
        fs::write(folder.path().join("key.pem"), key).expect("a file");
        Self::listening(folder)
    }

    /// With cert.pem and key.pem of the folder.
    fn listening(folder: tempfile::TempDir) -> Self {
        let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").port();
        let accept = format!("127.0.0.1:{port}");
        let child = Command::new("openssl")
            .args(["s_server", "-accept", &accept, "-www", "-quiet", "-cert"])
            .arg(&certificate)
            .arg("-key")
            .arg(&key)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl");
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "openssl s_server does not listen");
            std::thread::yield_now();
        }
        Self { child, port, folder }
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_certificate_is_judged_before_anything_is_sent() {
    let server = TlsServer::start("DNS:rtc.example.com");
    let url = format!("wss://127.0.0.1:{}", server.port);
    let (code, error) = told(&verify(&["--url", &url], &KEY), server.port);
    assert_eq!(code, Some(6), "{error}");
    let advice = "; renew the certificate or correct the name; a private authority is named with --ca FILE";
    assert!(
        error.starts_with("https://127.0.0.1:PORT/: certificate not accepted: ") && error.ends_with(advice),
        "{error}"
    );
    // Trusted, and of another name.
    let ca = server.folder.path().join("cert.pem").display().to_string();
    let (code, named) = told(&verify(&["--url", &url, "--ca", &ca], &KEY), server.port);
    assert!(code == Some(6) && named.contains("certificate not accepted: certificate not valid for name"), "{named}");
    assert_ne!(named, error);
    // ws:// where TLS is spoken.
    let (code, plain) = told(&verify(&["--url", &url.replace("wss", "ws")], &KEY), server.port);
    assert!(code == Some(6) && plain.ends_with("it may speak TLS: try wss:// in place of ws://"), "{plain}");
}

/// A server with this certificate, which ended yesterday and whose authority is trusted.
#[test]
fn a_certificate_that_has_ended_is_named_as_such() {
    let mut params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    let now = time::OffsetDateTime::now_utc();
    (params.not_before, params.not_after) = (now - time::Duration::days(9), now - time::Duration::days(1));
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    let server = TlsServer::serving(&certificate.pem(), &key.serialize_pem());
    let url = format!("wss://127.0.0.1:{}", server.port);
    let ca = server.folder.path().join("cert.pem").display().to_string();
    let (code, error) = told(&verify(&["--url", &url, "--ca", &ca], &KEY), server.port);
    let expected = "https://127.0.0.1:PORT/: certificate not accepted: certificate expired: ";
    let advice = "; renew the certificate or correct the name; a private authority is named with --ca FILE";
    assert!(code == Some(6) && error.starts_with(expected) && error.ends_with(advice), "{error}");
}

#[test]
fn what_is_missing_or_contradicts_itself_is_said_before_the_first_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("deployment.yaml");
    let environment = |target: &str| {
        format!(
            "format: 1\nkeys: [k.pem]\nstate: s\nenvironments:\n  staging:\n    gate: {{report: r.json, required: [a.b], age_max_s: 1}}\n    artefact: {{image: i:1}}\n{target}"
        )
    };
    let deployment = file.display().to_string();
    let write = |target: &str| fs::write(&file, environment(target)).expect("a file");
    let url = [("LIVEKIT_URL", "wss://rtc.invalid")];
    let all: Vec<(&str, &str)> = url.into_iter().chain(KEY).collect();
    for (arguments, variables, target, code, expected) in [
        (&["--target", "url"][..], &[][..], "", 2, "no URL is given: --url, or LIVEKIT_URL in the environment"),
        // A secret that a pipeline did not pass on.
        (
            &[],
            &[("LIVEKIT_URL", "")],
            "",
            2,
            "LIVEKIT_URL is set and empty: give it the deployment's address, or unset it to test a staging (or say --target containers)",
        ),
        (
            &["--proxy", "socks5://user:pa55w0rd@proxy:1080"],
            &all[..],
            "",
            2,
            "--proxy: \"proxy:1080\" is no HTTP proxy; write it as http://proxy.example.com:3128, with USER:PASSWORD@ before the name if it wants them, and with what is special in a password as %40, %2F or %3A",
        ),
        (
            &["--url", "ws://rtc.example.com", "--proxy", "http://proxy:3128"],
            &KEY[..],
            "",
            2,
            "--proxy can't be used for ws://rtc.example.com: in clear text a proxy changes what it forwards, and its answers would be taken for the deployment's; name a wss:// address, or go there without the proxy",
        ),
        (
            &["--target", "staging", "--allow", "load", "--proxy", "http://user:pa55w0rd@proxy:3128"],
            &KEY[..],
            "    target: {url: \"wss://staging.example.com\", owned: true}\n",
            2,
            "--allow load through the proxy http://proxy:3128 would measure the proxy; run it where the servers are reached without one (NO_PROXY names them)",
        ),
        (
            &[],
            &url[..],
            "",
            2,
            "an API key is missing: set LIVEKIT_API_KEY (or --api-key KEY, which everybody on this machine can see)",
        ),
        (
            &["--url", "rtc.example.com"],
            &KEY[..],
            "",
            2,
            "--url: \"rtc.example.com\" is no URL; write it as wss://rtc.example.com, or ws://127.0.0.1:7880 where there is no TLS",
        ),
        (
            &["--allow", "load"],
            &all[..],
            "",
            2,
            "--allow needs a deployment of your own that serves nobody else: write `owned: true` under `target:` of an environment in config/deployment.yaml, and name that environment with --target; with --url, the address has to be the environment's own or that of one of its nodes",
        ),
        (
            &["--target", "staging", "--allow", "load,attack"],
            &KEY[..],
            "    target: {url: \"wss://app.livekit.cloud\", owned: true}\n",
            2,
            "wss://app.livekit.cloud is LiveKit Cloud, which is never loaded, attacked or changed; leave --allow out",
        ),
        // What is ours in the file is not the deployment that a flag names.
        (
            &["--target", "staging", "--url", "wss://rtc.example.com", "--allow", "attack"],
            &KEY[..],
            "    target: {url: \"wss://staging.example.com\", owned: true}\n",
            2,
            "--allow needs a deployment of your own that serves nobody else: write `owned: true` under `target:` of an environment in config/deployment.yaml, and name that environment with --target; with --url, the address has to be the environment's own or that of one of its nodes",
        ),
        (
            &["--target", "staging", "--allow", "attack"],
            &KEY[..],
            "    target: {url: \"wss://app.livekit.cloud.\", owned: true}\n",
            2,
            "wss://app.livekit.cloud. is LiveKit Cloud, which is never loaded, attacked or changed; leave --allow out",
        ),
        (
            &["--target", "staging"],
            &KEY[..],
            "",
            2,
            "environment \"staging\" in FILE has no `target:`, so nobody knows where it is; give it one with a `url:`",
        ),
        (&["--target", "stagin"], &KEY[..], "", 2, "deployment.yaml has no environment \"stagin\"; it has staging"),
        (&["--node", "a"], &all[..], "", 2, "--node \"a\": write NAME=URL, or NAME=URL,METRICS_URL"),
        (
            &["--plant", "redis_stopped"],
            &all[..],
            "",
            2,
            "redis_stopped can't be planted in a deployment at its address; use --target containers",
        ),
        (
            &["--require-containers"],
            &all[..],
            "",
            6,
            "this run was to test a staging in containers, and would test wss://rtc.invalid (LIVEKIT_URL)",
        ),
    ] {
        write(target);
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--deployment", &deployment]).collect();
        let (found, error) = told(&verify(&arguments, variables), 0);
        assert_eq!((found, error.replace(&deployment, "FILE")), (Some(code), expected.to_owned()), "{arguments:?}");
    }
}
