//! A ClientHello made by hand, up to TLS 1.2: a library that can't speak TLS 1.0 proves nothing about who accepts it.

use crate::http::Http;
use crate::unreachable::{Unreachable, Why};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// A ServerHello takes milliseconds.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The longest record that may come (RFC 5246, section 6.2.3).
const RECORD_BYTES_MAX: usize = (1 << 14) + 2048;

/// The highest version that a hello offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegacyVersion {
    /// RFC 2246.
    Tls10,
    /// RFC 4346.
    Tls11,
    /// RFC 5246.
    Tls12,
}

impl LegacyVersion {
    /// The version's number on the wire: 0x0301 is TLS 1.0.
    pub fn wire(self) -> u16 {
        match self {
            Self::Tls10 => 0x0301,
            Self::Tls11 => 0x0302,
            Self::Tls12 => 0x0303,
        }
    }
}

/// What a server said to a hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HelloAnswer {
    /// It goes on with the handshake.
    ServerHello {
        /// The version that it chose, such as 0x0303.
        version: u16,
        /// The cipher suite that it chose.
        cipher_suite: u16,
    },
    /// It refused (RFC 5246, section 7.2).
    Alert {
        /// 1 is a warning, 2 is fatal.
        level: u8,
        /// 40 is handshake_failure, 70 protocol_version, 112 unrecognized_name.
        description: u8,
    },
    /// It ended the connection without a word.
    Closed,
}

/// Suites of the time with RSA and ECDSA certificates, with and without forward secrecy.
const SUITES: &[u16] = &[0xc00a, 0xc014, 0xc009, 0xc013, 0x0039, 0x0033, 0x0035, 0x002f, 0xc012, 0x000a];
/// Those that came with TLS 1.2.
const SUITES_12: &[u16] = &[0xc02c, 0xc030, 0xc02b, 0xc02f, 0x009f, 0x009e, 0x009d, 0x009c, 0x003d, 0x003c];

/// Sends a hello to `address` (`host:port`) that offers `version` at most, and reads the first record that comes back.
///
/// # Errors
/// When nothing listens there, nothing came in five seconds, or what came is not TLS.
pub async fn raw_client_hello(
    address: &str,
    version: LegacyVersion,
    server_name: &str,
    trust: &Http,
) -> Result<HelloAnswer, Unreachable> {
    let result = match timeout(TIMEOUT, exchange(address, &hello(version, server_name), trust)).await {
        Ok(result) => result,
        Err(_) => Err(Why::Timeout),
    };
    tracing::info!("hello {version:?} to {address} as {server_name:?} -> {result:?}");
    result.map_err(|why| Unreachable { url: format!("tls://{address}"), why })
}

async fn exchange(address: &str, hello: &[u8], trust: &Http) -> Result<HelloAnswer, Why> {
    let io = |error: io::Error| Unreachable::of("", &error).why;
    let mut tcp = trust.proxy.connect(address).await.map_err(io)?;
    let answered = async {
        tcp.write_all(hello).await?;
        let mut header = [0; 5];
        tcp.read_exact(&mut header).await?;
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        // Content types are 20 to 23 and versions 3.x; a text such as HTTP's 400 has no length to read.
        let tls = (20..=23).contains(&header[0]) && header[1] == 3 && length <= RECORD_BYTES_MAX;
        let mut body = vec![0; if tls { length } else { 0 }];
        tcp.read_exact(&mut body).await?;
        io::Result::Ok((header[0], body))
    };
    match answered.await {
        Ok((kind, body)) => read(kind, &body).ok_or_else(|| Why::Other("what came back is not TLS".into())),
        // The connection was there, so its end is the answer.
        Err(error) => match io(error) {
            Why::Closed => Ok(HelloAnswer::Closed),
            why => Err(why),
        },
    }
}

/// Reads a record's content (RFC 5246, sections 6.2.1, 7.2 and 7.4.1.3).
fn read(kind: u8, body: &[u8]) -> Option<HelloAnswer> {
    match (kind, body) {
        (21, &[level, description, ..]) => Some(HelloAnswer::Alert { level, description }),
        (22, &[2, _, _, _, major, minor, ref rest @ ..]) => {
            // 32 bytes of random, then the session id with its length.
            let session = usize::from(*rest.get(32)?);
            let suite = rest.get(33 + session..35 + session)?;
            let cipher_suite = u16::from_be_bytes([suite[0], suite[1]]);
            Some(HelloAnswer::ServerHello { version: u16::from_be_bytes([major, minor]), cipher_suite })
        }
        _ => None,
    }
}

/// A whole record with a ClientHello (RFC 5246, section 7.4.1.2).
fn hello(version: LegacyVersion, server_name: &str) -> Vec<u8> {
    let modern = version == LegacyVersion::Tls12;
    let suites: Vec<u16> = SUITES_12.iter().filter(|_| modern).chain(SUITES).copied().collect();
    let mut body = version.wire().to_be_bytes().to_vec();
    body.extend(rand::random::<[u8; 32]>());
    body.push(0); // No session to resume.
    body.extend(with_length(&words(&suites)));
    body.extend([1, 0]); // One compression method: null.
    body.extend(with_length(&extensions(modern, server_name)));
    let length = u32::try_from(body.len()).unwrap_or_default().to_be_bytes();
    let message = [&[1, length[1], length[2], length[3]], &body[..]].concat();
    // The record says TLS 1.0 (RFC 5246, appendix E.1): old servers refuse a higher one here.
    [&[22, 3, 1][..], &with_length(&message)].concat()
}

fn extensions(modern: bool, server_name: &str) -> Vec<u8> {
    let mut all = Vec::new();
    // RFC 6066, section 3: a name, not an address.
    if !server_name.is_empty() && server_name.parse::<std::net::IpAddr>().is_err() {
        let entry = [&[0], &with_length(server_name.as_bytes())[..]].concat();
        all.extend(extension(0, &with_length(&entry)));
    }
    // RFC 8422: x25519, secp256r1, secp384r1; uncompressed points.
    all.extend(extension(10, &with_length(&words(&[0x001d, 0x0017, 0x0018]))));
    all.extend(extension(11, &[1, 0]));
    if modern {
        // RFC 5246, section 7.4.1.4.1, with RSA-PSS of RFC 8446: SHA-256, SHA-384, SHA-1.
        let schemes = [0x0403, 0x0503, 0x0804, 0x0805, 0x0401, 0x0501, 0x0203, 0x0201];
        all.extend(extension(13, &with_length(&words(&schemes))));
    }
    // RFC 5746: an empty renegotiation_info, without which OpenSSL 3 refuses the handshake.
    all.extend(extension(0xff01, &[0]));
    all
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &with_length(content)].concat()
}

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// The content behind its length in two bytes.
fn with_length(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes()[..], content].concat()
}

#[cfg(test)]
mod tests {
    use super::{HelloAnswer, LegacyVersion, hello, read};

    fn bytes(hex: &str) -> Vec<u8> {
        let hex: String = hex.split_whitespace().collect();
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
    }

    #[test]
    fn a_tls_1_0_hello_is_laid_out_as_the_rfcs_say() {
        let mut record = hello(LegacyVersion::Tls10, "a.example");
        record[11..43].fill(0);
        // Written by hand from RFC 2246 7.4.1.2, RFC 6066 3, RFC 8422 5.1 and RFC 5746 3.4.
        let expected = "16 0301 006a 01 000066 0301
            0000000000000000000000000000000000000000000000000000000000000000 00
            0014 c00a c014 c009 c013 0039 0033 0035 002f c012 000a 01 00
            0029 0000 000e 000c 00 0009 612e6578616d706c65
            000a 0008 0006 001d 0017 0018 000b 0002 01 00 ff01 0001 00";
        assert_eq!(record, bytes(expected));
    }

    #[test]
    fn only_tls_1_2_brings_signature_algorithms_and_its_suites() {
        let (old, new) = (hello(LegacyVersion::Tls11, "a.example"), hello(LegacyVersion::Tls12, "a.example"));
        assert_eq!((old[9], old[10], new[9], new[10]), (3, 2, 3, 3));
        // 20 bytes of suites, 22 of the extension.
        assert_eq!(new.len() - old.len(), 42);
        assert_ne!(hello(LegacyVersion::Tls12, "a")[11..43], hello(LegacyVersion::Tls12, "a")[11..43]);
    }

    #[test]
    fn answers_are_read() {
        let random = "00".repeat(32);
        let with_session = bytes(&format!("02 000000 0303 {random} 02 abcd c02f 00"));
        let server = HelloAnswer::ServerHello { version: 0x0303, cipher_suite: 0xc02f };
        assert_eq!(read(22, &with_session), Some(server));
        let without = bytes(&format!("02 000000 0301 {random} 00 002f 00"));
        assert_eq!(read(22, &without), Some(HelloAnswer::ServerHello { version: 0x0301, cipher_suite: 0x002f }));
        // protocol_version, fatal (RFC 5246, section 7.2).
        assert_eq!(read(21, &[2, 70]), Some(HelloAnswer::Alert { level: 2, description: 70 }));
        for (kind, body) in
            [(b'H', &b"TTP/1.1 400"[..]), (22, &[2, 0, 0][..]), (21, &[2][..]), (22, &with_session[..8])]
        {
            assert_eq!(read(kind, body), None);
        }
    }
}
