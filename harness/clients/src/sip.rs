//! A caller over SIP and UDP (RFC 3261), as small as a probe may be: no registration, no credentials, no media.

use crate::sip_message::SipResponse;
use crate::sip_transaction::Dialog;
use crate::unreachable::{Unreachable, Why};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::time::Instant as Deadline;

/// Long enough for a call that rings a bridge and is refused.
const DEADLINE: Duration = Duration::from_secs(10);
/// A callee that rang answers CANCEL and BYE at once.
const AFTERWARDS: Duration = Duration::from_secs(3);

/// What became of an INVITE.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InviteOutcome {
    /// The provisional answers in their order, repeated ones too: 100, 180, 180.
    pub provisional: Vec<u16>,
    /// The final answer; none if there was none in time.
    pub final_status: Option<u16>,
    /// That answer as a whole.
    pub response: Option<SipResponse>,
    /// From the INVITE to the final answer, or to the end of waiting.
    pub time: Duration,
    /// The final answer that a CANCEL provoked after the waiting: 487 is right. Only sent if it rang.
    pub after_cancel: Option<u16>,
    /// The answer to our BYE, if the call was taken.
    pub bye_status: Option<u16>,
}

/// A caller, one call at a time on a socket of its own.
#[derive(Debug, Clone)]
pub struct SipClient {
    target: SocketAddr,
    caller: String,
    deadline: Duration,
}

impl SipClient {
    /// A caller `greenlight` that waits ten seconds for a final answer.
    pub fn new(target: SocketAddr) -> Self {
        Self { target, caller: "greenlight".into(), deadline: DEADLINE }
    }

    /// Calls as this user: a number, for a trunk that looks at it.
    #[must_use]
    pub fn caller(mut self, user: impl Into<String>) -> Self {
        self.caller = user.into();
        self
    }

    /// Waits that long for a final answer.
    #[must_use]
    pub fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// OPTIONS; none if nobody answered in time.
    ///
    /// # Errors
    /// When the port is closed, or what came is not SIP.
    pub async fn options(&self) -> Result<Option<SipResponse>, Unreachable> {
        self.ask("OPTIONS").await
    }

    /// Any request that opens no dialog, such as MESSAGE; none if nobody answered in time.
    ///
    /// # Errors
    /// When the port is closed, or what came is not SIP.
    pub async fn ask(&self, method: &str) -> Result<Option<SipResponse>, Unreachable> {
        let started = Instant::now();
        let result = self.asked(method).await;
        let said = match &result {
            Ok(Some(response)) => response.status.to_string(),
            Ok(None) => "no answer in time".into(),
            Err(why) => why.to_string(),
        };
        tracing::info!("{method} sip:{} -> {said} in {} ms", self.target, started.elapsed().as_millis());
        result.map_err(|why| self.unreachable(why))
    }

    async fn asked(&self, method: &str) -> Result<Option<SipResponse>, Why> {
        let deadline = Deadline::now() + self.deadline;
        let mut dialog = Dialog::open(self.target, &self.caller, "").await?;
        let branch = dialog.branch();
        dialog.request(method, &branch, "", deadline, &mut Vec::new()).await
    }

    /// Calls `to_user` with this SDP offer, which may be empty. A call that is taken is hung up at once; one that still
    /// rings when the time is up is cancelled.
    ///
    /// # Errors
    /// When the port is closed, or what came is not SIP.
    pub async fn invite(&self, to_user: &str, sdp: &str) -> Result<InviteOutcome, Unreachable> {
        let result = self.called(to_user, sdp).await;
        match &result {
            Ok(outcome) => tracing::info!(
                "INVITE sip:{to_user}@{} -> {:?} after {:?} in {} ms",
                self.target,
                outcome.final_status,
                outcome.provisional,
                outcome.time.as_millis()
            ),
            Err(why) => tracing::info!("INVITE sip:{to_user}@{} -> {why}", self.target),
        }
        result.map_err(|why| self.unreachable(why))
    }

    async fn called(&self, to_user: &str, sdp: &str) -> Result<InviteOutcome, Why> {
        let started = Instant::now();
        let deadline = Deadline::now() + self.deadline;
        let mut dialog = Dialog::open(self.target, &self.caller, to_user).await?;
        let mut outcome = InviteOutcome::default();
        let branch = dialog.branch();
        let answer = dialog.request("INVITE", &branch, sdp, deadline, &mut outcome.provisional).await?;
        outcome.time = started.elapsed();
        outcome.final_status = answer.as_ref().map(|response| response.status);
        match &answer {
            Some(response) => outcome.bye_status = dialog.finish(response, &branch, AFTERWARDS).await?,
            None if !outcome.provisional.is_empty() => {
                let late = dialog.cancel(&branch, AFTERWARDS).await?;
                outcome.after_cancel = late.as_ref().map(|response| response.status);
                if let Some(response) = &late {
                    outcome.bye_status = dialog.finish(response, &branch, AFTERWARDS).await?;
                }
            }
            None => {}
        }
        outcome.response = answer;
        Ok(outcome)
    }

    fn unreachable(&self, why: Why) -> Unreachable {
        Unreachable { url: format!("sip:{}", self.target), why }
    }
}

/// An offer of PCMU, PCMA and telephone events, with media to be sent to this address (RFC 4566).
pub fn audio_offer(media: SocketAddr) -> String {
    let (ip, port) = (media.ip(), media.port());
    let family = if ip.is_ipv4() { "IP4" } else { "IP6" };
    format!(
        "v=0\r\no=greenlight 1 1 IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 8 101\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n\
         a=sendrecv\r\n"
    )
}
