//! Receivers of notifications: HTTP and SMTP servers on 127.0.0.1 whose protocol others wrote.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use mailin::{Action, Handler, Response, Session, SessionBuilder, response};
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// How the sink answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Answers {
    With(u16),
    Never,
}

#[derive(Clone)]
struct Shared {
    got: Arc<Mutex<Vec<Got>>>,
    answers: Arc<Mutex<Answers>>,
}

/// An HTTP server that keeps what it gets.
pub(crate) struct HttpSink {
    address: SocketAddr,
    shared: Shared,
    runtime: tokio::runtime::Runtime,
}

impl HttpSink {
    pub(crate) fn start(answers: Answers) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("bound");
        let address = listener.local_addr().expect("an address");
        let shared = Shared { got: Arc::default(), answers: Arc::new(Mutex::new(answers)) };
        let router = Router::new().fallback(receive).with_state(shared.clone());
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { address, shared, runtime }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The same over TLS, with this certificate: a relay of its own takes it off.
    pub(crate) fn over_tls(&self, shown: Arc<ServerConfig>) -> u16 {
        let backend = self.address;
        let listener = self.runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("bound");
        let port = listener.local_addr().expect("an address").port();
        self.runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = TlsAcceptor::from(shown.clone());
                tokio::spawn(async move {
                    let mut outside = acceptor.accept(stream).await?;
                    let mut inside = tokio::net::TcpStream::connect(backend).await?;
                    tokio::io::copy_bidirectional(&mut outside, &mut inside).await
                });
            }
        });
        port
    }

    pub(crate) fn answer(&self, answers: Answers) {
        *self.shared.answers.lock().expect("not poisoned") = answers;
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.shared.got.lock().expect("not poisoned").clone()
    }
}

async fn receive(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let body = String::from_utf8(body.to_vec()).expect("text");
    shared.got.lock().expect("not poisoned").push(Got { headers, body });
    let answers = *shared.answers.lock().expect("not poisoned");
    match answers {
        Answers::With(status) => StatusCode::from_u16(status).expect("a status"),
        Answers::Never => std::future::pending().await,
    }
}

/// One mail as it came: envelope, who logged in, and the bytes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mail {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) login: Option<(String, String)>,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Clone, Default)]
struct Inbox {
    current: Mail,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl Handler for Inbox {
    fn auth_plain(&mut self, _authorization: &str, user: &str, password: &str) -> Response {
        self.current.login = Some((user.to_owned(), password.to_owned()));
        response::AUTH_OK
    }

    fn mail(&mut self, _ip: IpAddr, _domain: &str, from: &str) -> Response {
        self.current.from = from.to_owned();
        response::OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        self.current.to.push(to.to_owned());
        response::OK
    }

    fn data(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.current.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let mail = std::mem::take(&mut self.current);
        self.mails.lock().expect("not poisoned").push(mail);
        response::OK
    }
}

/// An SMTP server whose protocol is the mailin crate's.
pub(crate) struct SmtpSink {
    pub(crate) port: u16,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl SmtpSink {
    /// One that takes passwords in clear.
    pub(crate) fn start() -> Self {
        Self::with(None)
    }

    /// One that offers STARTTLS (RFC 3207), and logs nobody in before it.
    pub(crate) fn with_starttls(shown: Arc<ServerConfig>) -> Self {
        Self::with(Some(shown))
    }

    fn with(starttls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let port = listener.local_addr().expect("an address").port();
        let inbox = Inbox::default();
        let mails = inbox.mails.clone();
        // Ends with the process of the test.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = answer(stream, inbox.clone(), starttls.clone());
            }
        });
        Self { port, mails }
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.mails.lock().expect("not poisoned").clone()
    }
}

fn answer(mut stream: TcpStream, inbox: Inbox, starttls: Option<Arc<ServerConfig>>) -> std::io::Result<()> {
    let mut builder = SessionBuilder::new("sink.example");
    builder.enable_auth(mailin::AuthMechanism::Plain);
    match starttls {
        Some(_) => builder.enable_start_tls(),
        None => builder.insecure_enable_plaintext_auth(),
    };
    let mut session = builder.build(stream.peer_addr()?.ip(), inbox);
    stream.write_all(&session.greeting().buffer()?)?;
    if let (Some(stream), Some(shown)) = (talk(stream, &mut session)?, starttls) {
        let connection = ServerConnection::new(shown).map_err(std::io::Error::other)?;
        session.tls_active();
        talk(StreamOwned::new(connection, stream), &mut session)?;
    }
    Ok(())
}

/// Until one side ends it, or until TLS is to begin on the connection.
fn talk<S: Read + Write>(stream: S, session: &mut Session<Inbox>) -> std::io::Result<Option<S>> {
    let mut lines = BufReader::new(stream);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        let answer = session.process(&line);
        line.clear();
        if answer.action != Action::NoReply {
            lines.get_mut().write_all(&answer.buffer()?)?;
        }
        match answer.action {
            Action::Close => break,
            Action::UpgradeTls => return Ok(Some(lines.into_inner())),
            _ => {}
        }
    }
    Ok(None)
}
