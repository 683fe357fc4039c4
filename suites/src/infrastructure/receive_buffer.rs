//! The kernel drops no packets at the nodes' media ports because a receive buffer is full.
//! Then every caller of the node hears gaps at once, while the network loses nothing and no log says a word.

use greenlight_harness::prelude::*;
use greenlight_harness::{UdpSocket, udp_received};

pub(super) const CHECK: Check = Check {
    id: "infrastructure.receive_buffer",
    title: "no media is dropped for want of a buffer",
    tags: &[],
    blame: Component::LivekitServer,
    needs: &[Capability::Processes, Capability::ConfigFiles],
    timeout: secs(30),
    lane: Lane::Shared,
    proven_by: &[Fault::MediaBufferOverrun],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str = "give the machine `sysctl net.core.rmem_max=5000000` or more and start the node again; if that is set, the node gets too little processor time: look at its CPU limit and at what runs beside it";

async fn check(ctx: &Ctx) -> Verdict {
    let operator = ctx.operator()?;
    let allowed = ctx.limits().media_drops_percent_max;
    let (mut sockets, mut worst) = (0, 0.0_f64);
    for node in ctx.configured().await? {
        let part = &node.file.part;
        let Some(Ok(port)) = node.setting("rtc.udp_port").map(str::parse::<u16>) else {
            skip!(
                "{part} has no single `rtc.udp_port`, and which sockets of a range are media can't be told from here"
            );
        };
        let (mut media, mut dropped) = (0, 0);
        for family in ["net/udp", "net/udp6"] {
            let open = UdpSocket::parse(&operator.process(part, family).await?)?;
            for socket in open.iter().filter(|socket| socket.port == port) {
                (media, dropped) = (media + 1, dropped + socket.drops);
            }
        }
        ensure!(media, > 0, format!("{part} listens on no UDP port {port}"), fix = "compare `rtc.udp_port` with the log");
        let taken = udp_received(&operator.process(part, "net/snmp").await?)?;
        // Since the process began; where nothing has come yet, nothing was dropped either.
        let percent = dropped as f64 / (dropped + taken).max(1) as f64 * 100.0;
        if percent > allowed {
            let found = format!("{dropped} dropped, {taken} taken: {percent:.1} %");
            let what = format!("{part} loses packets that have reached its machine");
            return Err(failed(what, found, format!("at most {allowed} %"), FIX, None));
        }
        (sockets, worst) = (sockets + media, worst.max(percent));
    }
    ctx.pass().measured("media_dropped_percent", worst, AtMost(allowed), sockets)
}
