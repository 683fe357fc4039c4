//! No header of an answer tells the version of the software in front or behind. That it is nginx tells nobody much.
//! A version in every answer tells an attacker which of the published holes to try.

use greenlight_harness::prelude::*;

pub(super) const CHECK: Check = Check {
    id: "security.no_version_banner",
    title: "answers tell no version of any software",
    tags: &["security"],
    blame: Component::Balancer,
    needs: &[Capability::Api],
    timeout: secs(40),
    lane: Lane::Shared,
    proven_by: &[Fault::BalancerTellsVersion],
    fix: FIX,
    source: source!(),
    run: run!(check),
};

const FIX: &str =
    "remove the header at the balancer (HAProxy: `http-response del-header server`, nginx: `server_tokens off`)";

const BANNERS: &[&str] = &["server", "x-powered-by", "via", "x-aspnet-version", "x-served-by"];

async fn check(ctx: &Ctx) -> Verdict {
    let good = ctx.join_token(&ctx.name("room"), "caller").sign()?;
    let answers = [
        ("/", 200, ctx.entry().get("/", None).await?),
        ("/rtc/validate", 200, ctx.signal().validate(&good).await?),
        ("an unknown path", 404, ctx.entry().get("/nowhere", None).await?),
    ];
    let mut looked_at = 0;
    for (what, status, answer) in answers {
        ensure!(answer.status, == status, format!("{what} is answered wrongly"), blame = Component::LivekitServer, fix = "run `cargo verify --suite infrastructure`");
        for name in BANNERS {
            let told = answer.header(name).filter(|value| tells_version(name, value));
            ensure!(told, == None, format!("the answer of {what} tells a version in {name}"), fix = FIX);
        }
        looked_at += 1;
    }
    ctx.pass().counted("answers", looked_at, Exactly(3.0))
}

/// `product/version` (RFC 9110, section 10.2.4). A `Via` begins with the version of HTTP, which is none (section 7.6.3).
fn tells_version(name: &str, value: &str) -> bool {
    let has_digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    name == "x-aspnet-version" || value.split('/').skip(1).any(has_digit) && !(name == "via" && only_protocols(value))
}

/// `HTTP/1.1 proxy`, in each of its parts.
fn only_protocols(value: &str) -> bool {
    value.split(',').all(|hop| {
        let mut words = hop.split_whitespace();
        words.next().is_some_and(|protocol| !protocol.contains('/') || protocol.starts_with("HTTP/"))
            && words.all(|word| !word.contains('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::tells_version;

    /// As nginx, Apache, PHP, Caddy and the examples of RFC 9110 have them.
    #[test]
    fn a_name_is_no_version() {
        for (name, value, expected) in [
            ("server", "nginx/1.22.1", true),
            ("server", "nginx", false),
            ("server", "cloudflare", false),
            ("server", "Apache/2.4.57 (Debian)", true),
            ("server", "CERN/3.0 libwww/2.17", true),
            ("x-powered-by", "PHP/8.2.7", true),
            ("x-powered-by", "Express", false),
            ("x-aspnet-version", "4.0.30319", true),
            ("via", "1.1 Caddy", false),
            ("via", "HTTP/1.1 GWA", false),
            ("via", "1.0 fred, 1.1 p.example.net", false),
            ("via", "1.1 varnish (Varnish/6.0)", true),
        ] {
            assert_eq!(tells_version(name, value), expected, "{name}: {value}");
        }
    }
}
