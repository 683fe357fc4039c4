//! A target that does as little as a target can, so that the generator is what is measured.

use anyhow::Result;
use serde_json::{Value, json};
use std::io::Read as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A ListRoomsResponse with one room, of name `r`.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/protobuf\r\nContent-Length: 18\r\n\r\n\x0a\x10\x0a\x0bRM_abcdefgh\x12\x01r";

/// Serves on one thread until standard input ends; the address goes to standard error.
pub(crate) fn serve() -> Result<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        eprintln!("http://{}", listener.local_addr()?);
        let mut ended = tokio::task::spawn_blocking(|| std::io::stdin().lock().read_to_end(&mut Vec::new()));
        loop {
            tokio::select! {
                stream = listener.accept() => {
                    let (stream, _) = stream?;
                    stream.set_nodelay(true)?;
                    tokio::spawn(answer(stream));
                }
                _ = &mut ended => return Ok(json!({})),
            }
        }
    })
}

async fn answer(mut stream: TcpStream) {
    let mut bytes = Vec::with_capacity(4096);
    while let Ok(1..) = stream.read_buf(&mut bytes).await {
        while let Some(length) = request_length(&bytes) {
            bytes.drain(..length);
            if stream.write_all(ANSWER).await.is_err() {
                return;
            }
        }
    }
}

/// Bytes of the first request, if it is there as a whole.
fn request_length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let body = bytes[..head].split(|byte| *byte == b'\n').find_map(content_length).unwrap_or(0);
    (bytes.len() >= head + body).then_some(head + body)
}

fn content_length(line: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    let name = line.get(..NAME.len())?;
    let value = line.get(NAME.len()..)?;
    name.eq_ignore_ascii_case(NAME).then(|| std::str::from_utf8(value).ok()?.trim().parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::{ANSWER, request_length};

    /// The framing of RFC 9112, sections 2 and 6.3.
    #[test]
    fn a_request_ends_with_its_body() {
        assert_eq!(request_length(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET"), Some(27));
        assert_eq!(request_length(b"POST / HTTP/1.1\r\nCONTENT-LENGTH: 3\r\n\r\nab"), None);
        assert_eq!(request_length(b"POST / HTTP/1.1\r\nCONTENT-LENGTH: 3\r\n\r\nabcd"), Some(41));
        assert_eq!(request_length(b"GET / HTTP/1.1\r\n"), None);
    }

    #[test]
    fn the_answer_is_as_long_as_it_says() {
        let head = ANSWER.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
        assert_eq!(ANSWER.len() - head, 18);
    }
}
