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
            let told = answer.header_all(name).into_iter().find(|value| tells_version(name, value));
            ensure!(told, == None, format!("the answer of {what} tells a version in {name}"), fix = FIX);
        }
        looked_at += 1;
    }
    ctx.pass().counted("answers", looked_at, Exactly(3.0))
}

/// Two numbers with a dot between, or `product/version` (RFC 9110, section 10.2.4). A `Via` begins with the version of HTTP
/// and an address, which are none (section 7.6.3).
fn tells_version(name: &str, value: &str) -> bool {
    match name {
        "x-aspnet-version" => true,
        "via" => value.split(',').any(|hop| {
            let mut words = hop.split_whitespace().skip(1);
            let by = words.next().is_some_and(|by| !is_address(by) && has_version(by));
            by || words.any(has_version)
        }),
        _ => has_version(value),
    }
}

fn has_version(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(3).any(|three| three[0].is_ascii_digit() && three[1] == b'.' && three[2].is_ascii_digit())
        || bytes.windows(2).any(|two| two[0] == b'/' && two[1].is_ascii_digit())
}

/// `address` or `address:port`.
fn is_address(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok() || text.parse::<std::net::SocketAddr>().is_ok()
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
            ("via", "1.1 10.0.0.7:8080", false),
            ("via", "1.1 nginx-1.22", true),
            ("server", "Jetty(9.4.31.v20200723)", true),
            ("server", "nginx-1.22", true),
            ("server", "openresty/v1.21", true),
            ("server", "Apache/2", true),
            ("x-powered-by", "PHP 8.1", true),
        ] {
            assert_eq!(tells_version(name, value), expected, "{name}: {value}");
        }
    }
}
