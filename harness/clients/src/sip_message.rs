//! SIP messages as text (RFC 3261, section 7): responses that are read, requests that are written.

use anyhow::{Context, Result, bail, ensure};
use std::fmt::Write as _;

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipResponse {
    /// 100 to 699.
    pub status: u16,
    /// The text behind the status.
    pub reason: String,
    /// Every header in its order; compact names are written out, folded lines are one.
    pub headers: Vec<(String, String)>,
    /// The body, as long as `Content-Length` says.
    pub body: String,
}

/// The compact names that RFC 3261 defines (section 20).
const COMPACT: &[(&str, &str)] = &[
    ("i", "Call-ID"),
    ("m", "Contact"),
    ("e", "Content-Encoding"),
    ("l", "Content-Length"),
    ("c", "Content-Type"),
    ("f", "From"),
    ("s", "Subject"),
    ("k", "Supported"),
    ("t", "To"),
    ("v", "Via"),
];

/// Headers without which nothing is a response (RFC 3261, section 8.2.6.2).
const REQUIRED: &[&str] = &["Via", "From", "To", "Call-ID", "CSeq"];

impl SipResponse {
    /// Reads a datagram.
    ///
    /// # Errors
    /// When it is no response as RFC 3261 writes them, or shorter than its `Content-Length` says.
    pub fn parse(datagram: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(datagram).context("a SIP message that is not UTF-8")?;
        let (head, body) = text.split_once("\r\n\r\n").context("a SIP message without an end of its headers")?;
        let (first, lines) = head.split_once("\r\n").context("a SIP message without headers")?;
        let (status, reason) = status_line(first)?;
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines.split("\r\n") {
            if line.starts_with([' ', '\t']) {
                let (_, value) = headers.last_mut().context("a folded line before the first header")?;
                let _ = write!(value, " {}", line.trim());
                continue;
            }
            let (name, value) = line.split_once(':').with_context(|| format!("a header without a colon: {line:?}"))?;
            let name = name.trim();
            let full =
                COMPACT.iter().find(|(short, _)| short.eq_ignore_ascii_case(name)).map_or(name, |(_, full)| full);
            headers.push((full.to_owned(), value.trim().to_owned()));
        }
        let mut response = Self { status, reason, headers, body: String::new() };
        for name in REQUIRED {
            ensure!(response.header(name).is_some(), "a SIP response without {name}");
        }
        let length = match response.header("Content-Length") {
            Some(length) => length.parse().with_context(|| format!("Content-Length is {length:?}"))?,
            None => body.len(),
        };
        let body = body.get(..length).with_context(|| format!("{} bytes of body, expected {length}", body.len()))?;
        response.body = body.to_owned();
        Ok(response)
    }

    /// The first value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Every value of a header in its order.
    pub fn header_all(&self, name: &str) -> Vec<&str> {
        let same = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value.as_str()).collect()
    }

    /// The branch of the topmost Via, which names the transaction.
    pub(crate) fn branch(&self) -> Option<&str> {
        let top = self.header("Via")?.split(',').next()?;
        top.split(';').find_map(|parameter| parameter.trim().strip_prefix("branch=")).map(str::trim)
    }

    /// The method of the request that is answered.
    pub(crate) fn method(&self) -> Option<&str> {
        self.header("CSeq")?.split_ascii_whitespace().nth(1)
    }

    /// The URI of the Contact, at which the other side wants requests of the dialog.
    pub(crate) fn contact(&self) -> Option<&str> {
        let value = self.header("Contact")?;
        match value.split_once('<') {
            Some((_, rest)) => rest.split_once('>').map(|(uri, _)| uri),
            None => value.split(';').next(),
        }
    }

    /// The route of the dialog as its caller has to write it (RFC 3261, section 12.1.2).
    pub(crate) fn route(&self) -> Vec<String> {
        let recorded = self.header_all("Record-Route").join(",");
        let mut route: Vec<String> =
            recorded.split(',').map(str::trim).filter(|uri| !uri.is_empty()).map(str::to_owned).collect();
        route.reverse();
        route
    }
}

fn status_line(line: &str) -> Result<(u16, String)> {
    let Some(rest) = line.strip_prefix("SIP/2.0 ") else {
        bail!("{line:?} is no status line of SIP/2.0");
    };
    let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    ensure!(status.len() == 3, "{status:?} is no status of three digits");
    let status = status.parse().ok().filter(|status| (100..700).contains(status));
    Ok((status.with_context(|| format!("{line:?} has no status"))?, reason.to_owned()))
}

/// A request about to be written.
pub(crate) struct SipRequest<'a> {
    pub(crate) method: &'a str,
    pub(crate) uri: &'a str,
    /// `host:port` that answers go to.
    pub(crate) sent_by: &'a str,
    pub(crate) branch: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) call_id: &'a str,
    pub(crate) sequence: u32,
    pub(crate) contact: &'a str,
    pub(crate) route: &'a [String],
    /// SDP, or empty.
    pub(crate) body: &'a str,
}

impl SipRequest<'_> {
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "{} {} SIP/2.0\r\nVia: SIP/2.0/UDP {};branch={};rport\r\nMax-Forwards: 70\r\n",
            self.method, self.uri, self.sent_by, self.branch
        );
        for route in self.route {
            let _ = write!(text, "Route: {route}\r\n");
        }
        let _ = write!(
            text,
            "From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {} {}\r\n",
            self.from, self.to, self.call_id, self.sequence, self.method
        );
        if matches!(self.method, "INVITE" | "OPTIONS") {
            let _ = write!(text, "Contact: {}\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n", self.contact);
            text.push_str("Accept: application/sdp\r\n");
        }
        text.push_str("User-Agent: greenlight\r\n");
        if !self.body.is_empty() {
            text.push_str("Content-Type: application/sdp\r\n");
        }
        let _ = write!(text, "Content-Length: {}\r\n\r\n{}", self.body.len(), self.body);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{SipRequest, SipResponse};

    /// RFC 3261, section 24.2, "F9 200 OK Bob -> biloxi.com proxy", with its folded Via lines; the SDP is not shown
    /// there, so 131 bytes stand for it.
    fn f9() -> String {
        let head = "SIP/2.0 200 OK\r\n\
            Via: SIP/2.0/UDP server10.biloxi.com\r\n   ;branch=z9hG4bK4b43c2ff8.1\r\n   ;received=192.0.2.3\r\n\
            Via: SIP/2.0/UDP bigbox3.site3.atlanta.com\r\n   ;branch=z9hG4bK77ef4c2312983.1\r\n   ;received=192.0.2.2\r\n\
            Via: SIP/2.0/UDP pc33.atlanta.com\r\n   ;branch=z9hG4bKnashds8\r\n   ;received=192.0.2.1\r\n\
            To: Bob <sip:bob@biloxi.com>;tag=a6c85cf\r\n\
            From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n\
            Call-ID: a84b4c76e66710\r\nCSeq: 314159 INVITE\r\nContact: <sip:bob@192.0.2.4>\r\n\
            Content-Type: application/sdp\r\nContent-Length: 131\r\n\r\n";
        format!("{head}{}", "x".repeat(131))
    }

    #[test]
    fn the_200_of_the_rfc_is_read() {
        let ok = SipResponse::parse(f9().as_bytes()).expect("a response");
        assert_eq!((ok.status, ok.reason.as_str(), ok.body.len()), (200, "OK", 131));
        assert_eq!(ok.header_all("via").len(), 3);
        assert_eq!(ok.branch(), Some("z9hG4bK4b43c2ff8.1"));
        assert_eq!(ok.method(), Some("INVITE"));
        assert_eq!(ok.contact(), Some("sip:bob@192.0.2.4"));
        assert_eq!(ok.header("TO"), Some("Bob <sip:bob@biloxi.com>;tag=a6c85cf"));
    }

    #[test]
    fn the_registrar_s_200_and_compact_names_are_read() {
        // RFC 3261, section 24.1, F2, one of its headers in compact form; no Content-Length, which UDP allows.
        let text = "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP bobspc.biloxi.com:5060;branch=z9hG4bKnashds7\r\n ;received=192.0.2.4\r\n\
            To: Bob <sip:bob@biloxi.com>;tag=2493k59kd\r\nf: Bob <sip:bob@biloxi.com>;tag=456248\r\n\
            i: 843817637684230@998sdasdh09\r\nCSeq: 1826 REGISTER\r\nContact: <sip:bob@192.0.2.4>\r\nExpires: 7200\r\n\r\n";
        let ok = SipResponse::parse(text.as_bytes()).expect("a response");
        assert_eq!(ok.branch(), Some("z9hG4bKnashds7"));
        assert_eq!((ok.header("Call-ID"), ok.method()), (Some("843817637684230@998sdasdh09"), Some("REGISTER")));
    }

    #[test]
    fn a_route_is_the_recorded_one_backwards() {
        let recorded =
            f9().replace("CSeq:", "Record-Route: <sip:p3;lr>, <sip:p2;lr>\r\nRecord-Route: <sip:p1;lr>\r\nCSeq:");
        let ok = SipResponse::parse(recorded.as_bytes()).expect("a response");
        assert_eq!(ok.route(), ["<sip:p1;lr>", "<sip:p2;lr>", "<sip:p3;lr>"]);
    }

    #[test]
    fn what_breaks_the_grammar_is_refused() {
        let good = f9();
        for (from, to) in [
            ("SIP/2.0 200 OK", "SIP/1.0 200 OK"),
            ("SIP/2.0 200 OK", "SIP/2.0 2000 OK"),
            ("SIP/2.0 200 OK", "SIP/2.0 099 OK"),
            ("SIP/2.0 200 OK", "BYE sip:a SIP/2.0"),
            ("Call-ID: ", "Call "),
            ("CSeq: 314159 INVITE\r\n", ""),
            ("Content-Length: 131", "Content-Length: 132"),
            ("Content-Length: 131", "Content-Length: x"),
        ] {
            assert!(good.contains(from));
            SipResponse::parse(good.replacen(from, to, 1).as_bytes()).expect_err(to);
        }
        SipResponse::parse(good.replacen("\r\n", "\n", 100).as_bytes()).expect_err("bare line feeds");
    }

    #[test]
    fn a_request_has_what_rfc_3261_demands() {
        // Section 8.1.1: To, From, CSeq, Call-ID, Max-Forwards, Via; 8.1.1.8 Contact in an INVITE; 20.14 the length.
        let request = SipRequest {
            method: "INVITE",
            uri: "sip:bob@192.0.2.4:5060",
            sent_by: "127.0.0.1:5099",
            branch: "z9hG4bK776asdhds",
            from: "<sip:alice@127.0.0.1:5099>;tag=1928301774",
            to: "<sip:bob@192.0.2.4:5060>",
            call_id: "a84b4c76e66710",
            sequence: 1,
            contact: "<sip:alice@127.0.0.1:5099>",
            route: &["<sip:p1;lr>".to_owned()],
            body: "v=0\r\n",
        };
        let expected = "INVITE sip:bob@192.0.2.4:5060 SIP/2.0\r\n\
            Via: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bK776asdhds;rport\r\nMax-Forwards: 70\r\nRoute: <sip:p1;lr>\r\n\
            From: <sip:alice@127.0.0.1:5099>;tag=1928301774\r\nTo: <sip:bob@192.0.2.4:5060>\r\n\
            Call-ID: a84b4c76e66710\r\nCSeq: 1 INVITE\r\nContact: <sip:alice@127.0.0.1:5099>\r\n\
            Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\nAccept: application/sdp\r\nUser-Agent: greenlight\r\n\
            Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n";
        assert_eq!(request.text(), expected);
        let ack = SipRequest { method: "ACK", body: "", route: &[], ..request }.text();
        assert!(!ack.contains("Contact") && ack.ends_with("Content-Length: 0\r\n\r\n"), "{ack}");
    }
}
