//! Whether livekit-server answers at a port of this machine. Who it is, is said by its container's image.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Where this machine reaches a port that is published on an address.
pub(super) fn place_of(bind: IpAddr, port: u16) -> SocketAddr {
    let host = if bind.is_unspecified() { IpAddr::from([127, 0, 0, 1]) } else { bind };
    SocketAddr::new(host, port)
}

/// Nothing when it answers, else what it does instead.
pub(crate) async fn answer_of(bind: IpAddr, port: u16) -> Option<String> {
    let asked = async {
        let place = place_of(bind, port);
        let mut stream = TcpStream::connect(place).await?;
        stream.write_all(format!("GET / HTTP/1.1\r\nhost: {place}\r\nconnection: close\r\n\r\n").as_bytes()).await?;
        let mut answer = String::new();
        stream.take(4096).read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    match timeout(Duration::from_secs(2), asked).await {
        Ok(Ok(answer)) if answer.starts_with("HTTP/1.1 200 ") => None,
        Ok(Ok(answer)) => Some(answer.lines().next().unwrap_or("an empty answer").to_owned()),
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("no answer within 2 s".to_owned()),
    }
}
