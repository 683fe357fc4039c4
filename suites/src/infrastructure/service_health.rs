//! Every node, and the balancer in front of them, answers `GET /` with 200 `OK`.
//! A node that does not takes no calls, and since `/` is a probe of Redis, 406 means that no node does.

use greenlight_harness::clients::Endpoint;
use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "infrastructure.service_health",
    title: "every node and the balancer answer GET / with 200 OK",
    tags: &["smoke"],
    blame: Component::LivekitServer,
    needs: &[],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[
        Fault::RedisStopped,
        Fault::NodeStopped,
        Fault::CertificateExpired,
        Fault::CertificateOtherName,
        Fault::CertificateOtherIssuer,
        Fault::HealthMisquoted,
    ],
    fix: "`curl -i URL/` on each node and on the balancer, then the log of the one that does not say 200 OK",
    source: source!(),
    run: run!(check),
};

/// A round robin over two nodes shows each of them twice.
const ROUNDS: usize = 4;

async fn check(ctx: &Ctx) -> Verdict {
    let mut slowest = Duration::ZERO;
    let mut asked = 0;
    let entry = ("the balancer".to_owned(), ctx.entry(), Component::Balancer);
    let nodes = ctx.nodes().iter().map(|node| (node.name.clone(), &node.endpoint, Component::LivekitServer));
    for (name, endpoint, blame) in nodes.chain([entry]) {
        for _ in 0..ROUNDS {
            slowest = slowest.max(healthy(&name, endpoint, blame).await?);
            asked += 1;
        }
    }
    let expected = ROUNDS * (ctx.nodes().len() + 1);
    ctx.pass().counted("healthy_answers", asked, Exactly(expected as f64))?.measured(
        "health_ms_max",
        slowest.as_secs_f64() * 1e3,
        AtMost(ctx.limits().health_ms_max),
        asked,
    )
}

async fn healthy(name: &str, endpoint: &Endpoint, blame: Component) -> Result<Duration, Halt> {
    let started = Instant::now();
    match endpoint.get("/", None).await {
        Ok(answer) if answer.status == 200 && answer.body == "OK" => Ok(started.elapsed()),
        Ok(answer) if answer.status == 406 => Err(failed(
            format!("{name} is not ready"),
            answer,
            "200 \"OK\"",
            "the node's last message through Redis is over 4 s old: check Redis and the way to it",
            Some(Component::Redis),
        )),
        Ok(answer) => Err(failed(
            format!("{name} does not answer as livekit-server does"),
            answer,
            "200 \"OK\"",
            "see what listens there: HAProxy says 503 when it knows no healthy node",
            Some(blame),
        )),
        Err(Unreachable { why: Why::Certificate(problem), .. }) => Err(failed(
            format!("the certificate of {name} is not accepted"),
            problem,
            "a valid certificate",
            "renew the certificate, make the balancer load it again, and look at it with `openssl s_client -connect HOST:PORT`",
            Some(Component::Certificate),
        )),
        Err(unreachable) => Err(failed(
            format!("{name} gives no answer"),
            unreachable,
            "200 \"OK\"",
            "is the process running? A livekit-server that could not start ends with status 0: read its log",
            Some(blame),
        )),
    }
}
