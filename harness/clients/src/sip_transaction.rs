//! The caller's side of SIP transactions over UDP (RFC 3261, section 17.1): retransmissions, ACK, CANCEL, BYE.

use crate::sip_message::{SipRequest, SipResponse};
use crate::unreachable::{Unreachable, Why};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::{Instant as Deadline, timeout_at};

/// RFC 3261, section 17.1.1.1: the first retransmission.
const T1: Duration = Duration::from_millis(500);
/// The longest interval between retransmissions of anything but INVITE.
const T2: Duration = Duration::from_secs(4);
/// The longest datagram of IPv4.
const DATAGRAM_BYTES_MAX: usize = 65_507;

/// One dialog, or what would become one, on a socket of its own.
pub(crate) struct Dialog {
    socket: UdpSocket,
    sent_by: String,
    uri: String,
    from: String,
    to: String,
    contact: String,
    call_id: String,
    sequence: u32,
    route: Vec<String>,
    /// The ACK of a 2xx, to be repeated as often as the 2xx is.
    ack: Option<String>,
    /// A final answer to the INVITE that came while something else was waited for.
    late: Option<SipResponse>,
}

impl Dialog {
    /// Opens the socket; the user is empty for requests to the server itself.
    pub(crate) async fn open(target: SocketAddr, caller: &str, user: &str) -> Result<Self, Why> {
        let local: IpAddr = match target.ip() {
            ip if ip.is_loopback() => ip,
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((local, 0)).await.map_err(why)?;
        // Connected, so that a closed port is told from silence.
        socket.connect(target).await.map_err(why)?;
        let sent_by = socket.local_addr().map_err(why)?.to_string();
        let at = if user.is_empty() { "" } else { "@" };
        let uri = format!("sip:{user}{at}{target}");
        Ok(Self {
            socket,
            from: format!("<sip:{caller}@{sent_by}>;tag={:016x}", rand::random::<u64>()),
            to: format!("<{uri}>"),
            contact: format!("<sip:{caller}@{sent_by}>"),
            call_id: format!("{:016x}@{sent_by}", rand::random::<u64>()),
            sequence: 1,
            route: Vec::new(),
            ack: None,
            late: None,
            sent_by,
            uri,
        })
    }

    /// A new transaction's name, with the cookie of RFC 3261, section 8.1.1.7.
    pub(crate) fn branch(&self) -> String {
        format!("z9hG4bK{:016x}", rand::random::<u64>())
    }

    /// Sends a request, repeats it as its kind demands, and waits for its final answer; none if the time is up.
    pub(crate) async fn request(
        &mut self,
        method: &str,
        branch: &str,
        body: &str,
        deadline: Deadline,
        provisional: &mut Vec<u16>,
    ) -> Result<Option<SipResponse>, Why> {
        let text = self.text(method, branch, body);
        let invite = method == "INVITE";
        let mut interval = T1;
        self.send(&text).await?;
        let mut again = Some(Deadline::now() + interval);
        loop {
            let wake = again.map_or(deadline, |again| again.min(deadline));
            match self.receive(wake).await? {
                None if Deadline::now() >= deadline => return Ok(None),
                None => {
                    self.send(&text).await?;
                    // Timer A of an INVITE doubles without end, timer E of the rest up to T2.
                    interval = if invite { interval * 2 } else { (interval * 2).min(T2) };
                    again = Some(Deadline::now() + interval);
                }
                Some(response) if response.branch() == Some(branch) && response.method() == Some(method) => {
                    if response.status >= 200 {
                        return Ok(Some(response));
                    }
                    provisional.push(response.status);
                    // "Proceeding": an INVITE is not repeated any more, the rest every T2.
                    interval = T2;
                    again = if invite { None } else { Some(Deadline::now() + T2) };
                }
                Some(response) => self.stray(response).await?,
            }
        }
    }

    /// Acknowledges a final answer to the INVITE; a call that was taken is ended, and the answer to BYE returned.
    pub(crate) async fn finish(
        &mut self,
        response: &SipResponse,
        invite_branch: &str,
        within: Duration,
    ) -> Result<Option<u16>, Why> {
        self.to = response.header("To").unwrap_or_default().to_owned();
        if response.status >= 300 {
            // Section 17.1.1.3: the ACK of a refusal belongs to the INVITE's transaction.
            let ack = self.text("ACK", invite_branch, "");
            self.send(&ack).await?;
            return Ok(None);
        }
        // Section 13.2.2.4: the ACK of a 2xx is a request of its own, within the dialog.
        self.uri = response.contact().unwrap_or(&self.uri).to_owned();
        self.route = response.route();
        let ack = self.text("ACK", &self.branch(), "");
        self.send(&ack).await?;
        self.ack = Some(ack);
        self.sequence += 1;
        let (branch, deadline) = (self.branch(), Deadline::now() + within);
        let answer = self.request("BYE", &branch, "", deadline, &mut Vec::new()).await?;
        Ok(answer.map(|response| response.status))
    }

    /// Cancels an INVITE that rings (section 9.1) and waits for its final answer.
    pub(crate) async fn cancel(&mut self, invite_branch: &str, within: Duration) -> Result<Option<SipResponse>, Why> {
        let deadline = Deadline::now() + within;
        self.request("CANCEL", invite_branch, "", deadline, &mut Vec::new()).await?;
        while self.late.is_none() {
            match self.receive(deadline).await? {
                Some(response) => self.stray(response).await?,
                None => break,
            }
        }
        Ok(self.late.take())
    }

    /// An answer to something else than what is waited for.
    async fn stray(&mut self, response: SipResponse) -> Result<(), Why> {
        if response.method() == Some("INVITE") && response.status >= 200 {
            match &self.ack {
                Some(ack) => self.send(ack).await?,
                None => self.late = Some(response),
            }
        }
        Ok(())
    }

    fn text(&self, method: &str, branch: &str, body: &str) -> String {
        let request = SipRequest {
            method,
            uri: &self.uri,
            sent_by: &self.sent_by,
            branch,
            from: &self.from,
            to: &self.to,
            call_id: &self.call_id,
            // The ACK of a 2xx is written before the number rises for BYE.
            sequence: self.sequence,
            contact: &self.contact,
            route: &self.route,
            body,
        };
        request.text()
    }

    async fn send(&self, text: &str) -> Result<(), Why> {
        self.socket.send(text.as_bytes()).await.map(drop).map_err(why)
    }

    /// The next response, or none if the time is up. Requests of the other side are not answered.
    async fn receive(&self, deadline: Deadline) -> Result<Option<SipResponse>, Why> {
        let mut datagram = vec![0; DATAGRAM_BYTES_MAX];
        loop {
            let length = match timeout_at(deadline, self.socket.recv(&mut datagram)).await {
                Err(_) => return Ok(None),
                Ok(length) => length.map_err(why)?,
            };
            let bytes = datagram.get(..length).unwrap_or_default();
            if bytes.starts_with(b"SIP/") {
                let response = SipResponse::parse(bytes);
                return response.map(Some).map_err(|error| Why::Other(format!("a malformed answer: {error:#}")));
            }
        }
    }
}

fn why(error: std::io::Error) -> Why {
    Unreachable::of("", &error).why
}

#[cfg(test)]
mod tests {
    use crate::sip::{InviteOutcome, SipClient, audio_offer};
    use crate::unreachable::Why;
    use std::time::Duration;
    use tokio::net::UdpSocket;
    use tokio::time::timeout;

    /// What a callee received, and the value of one of its headers.
    fn header<'a>(request: &'a str, name: &str) -> &'a str {
        request.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).expect(name)
    }

    /// An answer as section 8.2.6 makes it out of the request.
    fn answer(request: &str, status: &str) -> String {
        let (via, from, to) = (header(request, "Via"), header(request, "From"), header(request, "To"));
        let tag = if to.contains("tag=") { "" } else { ";tag=callee" };
        let rest = format!("Call-ID: {}\r\nCSeq: {}", header(request, "Call-ID"), header(request, "CSeq"));
        format!(
            "SIP/2.0 {status}\r\nVia: {via}\r\nFrom: {from}\r\nTo: {to}{tag}\r\n{rest}\r\n\
             Contact: <sip:callee@127.0.0.1:9>\r\nContent-Length: 0\r\n\r\n"
        )
    }

    /// A callee that gives each request the answers that the script has for its method and its turn.
    async fn call(script: fn(&str, usize) -> Vec<&'static str>, within: Duration) -> (InviteOutcome, Vec<String>) {
        let callee = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let client = SipClient::new(callee.local_addr().expect("an address")).within(within);
        let mut seen: Vec<String> = Vec::new();
        let calling = client.invite("+15550001", "");
        let answering = async {
            let mut invite = String::new();
            loop {
                let mut datagram = [0; 4096];
                let (length, caller) = callee.recv_from(&mut datagram).await.expect("a request");
                let request = String::from_utf8_lossy(&datagram[..length]).into_owned();
                let method = request.split(' ').next().expect("a method").to_owned();
                if method == "INVITE" {
                    invite.clone_from(&request);
                }
                let turn = seen.iter().filter(|earlier| earlier.starts_with(&method)).count();
                for status in script(&method, turn) {
                    // "487" answers the INVITE, whatever was asked.
                    let to = if status.starts_with("487") { &invite } else { &request };
                    callee.send_to(answer(to, status).as_bytes(), caller).await.expect("sent");
                }
                seen.push(request);
            }
        };
        let outcome = tokio::select! {
            outcome = calling => outcome.expect("an outcome"),
            () = answering => unreachable!("a callee answers for ever"),
        };
        // The last ACK may still be on its way.
        let mut datagram = [0; 4096];
        while let Ok(Ok(length)) = timeout(Duration::from_millis(200), callee.recv(&mut datagram)).await {
            seen.push(String::from_utf8_lossy(&datagram[..length]).into_owned());
        }
        (outcome, seen)
    }

    fn methods(seen: &[String]) -> Vec<&str> {
        seen.iter().map(|request| request.split(' ').next().expect("a method")).collect()
    }

    #[tokio::test]
    async fn a_refusal_is_acknowledged_in_its_transaction() {
        let script =
            |method: &str, _| if method == "INVITE" { vec!["100 Trying", "180 Ringing", "486 Busy"] } else { vec![] };
        let (outcome, seen) = call(script, Duration::from_secs(5)).await;
        assert_eq!((outcome.provisional, outcome.final_status), (vec![100, 180], Some(486)));
        assert_eq!(methods(&seen), ["INVITE", "ACK"]);
        // RFC 3261, section 17.1.1.3: same branch, same number, the To of the answer.
        assert_eq!(header(&seen[0], "Via"), header(&seen[1], "Via"));
        assert_eq!(header(&seen[1], "CSeq"), "1 ACK");
        assert!(header(&seen[1], "To").ends_with(";tag=callee"));
    }

    #[tokio::test]
    async fn a_lost_invite_is_sent_again_after_500_ms() {
        let script = |method: &str, turn| if (method, turn) == ("INVITE", 1) { vec!["404 Not Found"] } else { vec![] };
        let (outcome, seen) = call(script, Duration::from_secs(5)).await;
        assert_eq!(outcome.final_status, Some(404));
        assert_eq!(methods(&seen), ["INVITE", "INVITE", "ACK"]);
        assert_eq!(seen[0], seen[1]);
        assert!(outcome.time >= Duration::from_millis(500), "{:?}", outcome.time);
    }

    #[tokio::test]
    async fn a_call_that_is_taken_is_hung_up() {
        let script = |method: &str, _| match method {
            "INVITE" => vec!["200 OK"],
            "BYE" => vec!["200 OK"],
            _ => vec![],
        };
        let (outcome, seen) = call(script, Duration::from_secs(5)).await;
        assert_eq!((outcome.final_status, outcome.bye_status), (Some(200), Some(200)));
        assert_eq!(methods(&seen), ["INVITE", "ACK", "BYE"]);
        // Section 13.2.2.4: a transaction of its own with the INVITE's number; section 12.2.1.1: to the Contact.
        assert_ne!(header(&seen[0], "Via"), header(&seen[1], "Via"));
        assert_eq!((header(&seen[1], "CSeq"), header(&seen[2], "CSeq")), ("1 ACK", "2 BYE"));
        assert!(seen[2].starts_with("BYE sip:callee@127.0.0.1:9 SIP/2.0\r\n"), "{}", seen[2]);
    }

    #[tokio::test]
    async fn a_call_that_only_rings_is_cancelled() {
        let script = |method: &str, _| match method {
            "INVITE" => vec!["180 Ringing"],
            "CANCEL" => vec!["200 OK", "487 Request Terminated"],
            _ => vec![],
        };
        let (outcome, seen) = call(script, Duration::from_millis(700)).await;
        assert_eq!((outcome.final_status, outcome.after_cancel), (None, Some(487)));
        // It rang, so the INVITE is not repeated after 500 ms.
        assert_eq!(methods(&seen), ["INVITE", "CANCEL", "ACK"]);
        assert_eq!(header(&seen[0], "Via"), header(&seen[1], "Via"));
        assert_eq!(header(&seen[1], "CSeq"), "1 CANCEL");
    }

    #[tokio::test]
    async fn silence_is_no_error_and_a_closed_port_is_one() {
        let silent = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let address = silent.local_addr().expect("an address");
        let client = SipClient::new(address).within(Duration::from_millis(50));
        assert_eq!(client.options().await.expect("silence"), None);
        drop(silent);
        assert_eq!(client.options().await.expect_err("a closed port").why, Why::Refused);
    }

    #[test]
    fn an_offer_names_where_media_goes() {
        let offer = audio_offer(([127, 0, 0, 1], 4000).into());
        assert!(
            offer.starts_with("v=0\r\no=greenlight 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n")
        );
        assert!(offer.contains("\r\nm=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\n"), "{offer}");
    }
}
