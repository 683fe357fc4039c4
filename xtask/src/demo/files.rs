//! The demo's files, as an operator would write them for a machine of his.

use super::engine::SERVER;
use super::place::Place;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// The half of the API key that is a name.
const KEY: &str = "APIdemo";

/// Writes all of them. `suites` is the program that has the checks.
pub(super) fn write(place: &Place, root: &Path, suites: &Path) -> Result<()> {
    let Place { name, ports, secret, .. } = place;
    let state = place.path("haproxy");
    fs::create_dir_all(&state).with_context(|| format!("making {}", state.display()))?;
    place.put("haproxy/state", "")?;
    place.put("haproxy.cfg", &haproxy(name))?;
    place.put("livekit.yaml", &livekit(place, ""))?;
    let [_, tcp, udp] = ports.blue;
    place.put("blue.yaml", &livekit(place, &format!("  tcp_port: {tcp}\n  udp_port: {udp}\n")))?;
    let url = format!("http://127.0.0.1:{}", ports.clients);
    place.put(
        "env",
        &format!("export LIVEKIT_URL={url}\nexport LIVEKIT_API_KEY={KEY}\nexport LIVEKIT_API_SECRET={secret}\n"),
    )?;
    place.put("deployment.yaml", &deployment(place, root, suites))
}

fn livekit(place: &Place, ports: &str) -> String {
    let Place { name, secret, .. } = place;
    format!(
        "port: 7880
redis:
  address: {name}-redis:6379
rtc:
  node_ip: 127.0.0.1
  use_external_ip: false
{ports}keys:
  {KEY}: {secret}
"
    )
}

/// As docs/deploy.md wants it: a server a colour, both out of service until they are given traffic, and a state that a
/// reload keeps.
fn haproxy(name: &str) -> String {
    include_str!("haproxy.cfg").replace("{name}", name).replace("{state}", "state")
}

fn deployment(place: &Place, root: &Path, suites: &Path) -> String {
    let Place { name, ports, .. } = place;
    let of = |[http, tcp, udp]: [u16; 3]| format!("{{http: {http}, rtc_tcp: {tcp}, rtc_udp: {udp}}}");
    let (blue, green, runtime_api, clients) = (of(ports.blue), of(ports.green), ports.runtime_api, ports.clients);
    // JSON is YAML, whatever there is in a path.
    let quoted = |path: &Path| serde_json::Value::from(path.display().to_string()).to_string();
    let [key, report, required] =
        ["config/greenlight.pub.pem", "target/greenlight/report.json", "config/required_checks.txt"]
            .map(|file| quoted(&root.join(file)));
    let suites = quoted(suites);
    let [on_the_colour, on_the_balancer] = ["verify", "watch"].map(|step| quoted(&place.path(step)));
    format!(
        "# Written by `cargo xtask demo up`; `cargo xtask demo down` removes it with all that it speaks of.
format: 1
keys: [{key}]
state: records
environments:
  demo:
    # As demanding as production: every check there is, an hour ago at most.
    gate: {{report: {report}, required_file: {required}, age_max_s: 3600}}
    artefact: {{image: \"{SERVER}\", version: 1.13.5}}
    soak_s: 10
    driver:
      docker:
        name: {name}
        network: {name}
        config: livekit.yaml
        bind: 127.0.0.1
        blue: {blue}
        green: {green}
        balancer: {{runtime_api: \"127.0.0.1:{runtime_api}\", backend: nodes, blue: blue, green: green, state_file: haproxy/state}}
        # The suites on the colour: a deploy says where it is by LIVEKIT_URL; the key comes from the file env beside this one.
        # While the other colour has the traffic, rooms over both are tried: they must be on one Redis.
        verify:
          name: suites
          run:
            - sh
            - -c
            - exec \"$0\" --target url --tag smoke --out \"$1\" ${{GREENLIGHT_OTHER_URL:+--node new=$LIVEKIT_URL --node old=$GREENLIGHT_OTHER_URL}}
            - {suites}
            - {on_the_colour}
          timeout_s: 120
        # The suites on what callers reach, again and again for soak_s.
        watch:
          name: callers
          run: [{suites}, --url, \"http://127.0.0.1:{clients}\", --tag, smoke, --out, {on_the_balancer}]
          timeout_s: 60
        drain_timeout_s: 120
"
    )
}
