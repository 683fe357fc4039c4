//! What the tools print, as numbers.

use anyhow::{Context as _, Result};
use serde_json::Value;

/// A round of load, as its generator tells it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Round {
    /// Requests that were answered with 200.
    pub(super) requests: f64,
    /// How long the load itself took; none if the generator does not say.
    pub(super) wall_s: Option<f64>,
    pub(super) p99_ms: f64,
}

/// The last line of ours: one object of JSON.
pub(super) fn ours(stderr: &str) -> Result<Value> {
    let last = stderr.lines().last().unwrap_or_default();
    serde_json::from_str(last).with_context(|| format!("greenlight-bench said {last:?}"))
}

pub(super) fn our_round(stderr: &str) -> Result<Round> {
    let said = ours(stderr)?;
    let number = |name: &str| said[name].as_f64();
    let requests = number("requests").context("no `requests`")?;
    Ok(Round { requests, wall_s: number("wall_s"), p99_ms: number("p99_ms").unwrap_or(f64::NAN) })
}

/// What our script's `handleSummary` hands on of k6's own data.
pub(super) fn k6(stdout: &str) -> Result<Round> {
    let said: Value = serde_json::from_str(stdout.trim()).context("reading k6's summary")?;
    let metric = |name: &str, value: &str| said["metrics"][name]["values"][value].as_f64();
    let failed = metric("http_req_failed", "passes").context("no `http_req_failed`")?;
    anyhow::ensure!(failed == 0.0, "{failed} requests of k6 failed");
    Ok(Round {
        requests: metric("http_reqs", "count").context("no `http_reqs`")?,
        wall_s: said["state"]["testRunDurationMs"].as_f64().map(|ms| ms / 1e3),
        p99_ms: metric("http_req_duration", "p(99)").context("no p(99)")?,
    })
}

/// `oha --output-format json`.
pub(super) fn oha(stdout: &str) -> Result<Round> {
    let said: Value = serde_json::from_str(stdout).context("reading oha's JSON")?;
    Ok(Round {
        requests: said["statusCodeDistribution"]["200"].as_f64().context("no answers with 200")?,
        wall_s: said["summary"]["total"].as_f64(),
        p99_ms: said["latencyPercentiles"]["p99"].as_f64().context("no p99")? * 1e3,
    })
}

/// `wrk --latency`.
pub(super) fn wrk(stdout: &str) -> Result<Round> {
    anyhow::ensure!(!stdout.contains("Non-2xx"), "wrk was refused:\n{stdout}");
    let line = |what: &str| stdout.lines().map(str::trim).find(|line| line.contains(what));
    let total = line(" requests in ").context("wrk says no total")?;
    let (requests, rest) = total.split_once(" requests in ").context("no total")?;
    let wall = rest.split(',').next().and_then(seconds);
    let p99 = line("99%").and_then(|line| seconds(line.trim_start_matches("99%").trim())).context("no 99%")?;
    Ok(Round { requests: requests.trim().parse()?, wall_s: wall, p99_ms: p99 * 1e3 })
}

/// `10.00s`, `1.20ms`, `305.00us`, `1.02m`.
fn seconds(text: &str) -> Option<f64> {
    let units = [("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0)];
    units.into_iter().find_map(|(unit, factor)| Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * factor))
}

#[cfg(test)]
mod tests {
    use super::{Round, k6, oha, our_round, wrk};

    fn is(found: &Round, requests: f64, wall_s: f64, p99_ms: f64) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        near(found.requests, requests) && near(found.wall_s.unwrap_or(0.0), wall_s) && near(found.p99_ms, p99_ms)
    }

    /// Recorded from k6 v1.2.3, with what is not read left out.
    #[test]
    fn k6_is_read() {
        let said = r#"{"metrics":{"http_req_duration":{"type":"trend","contains":"time","values":{"p(99)":6.850795899999998}},"http_reqs":{"type":"counter","contains":"default","values":{"count":3914,"rate":3904.719278836937}},"http_req_failed":{"type":"rate","contains":"default","values":{"rate":0,"passes":0,"fails":3914}}},"state":{"isStdErrTTY":false,"testRunDurationMs":1002.376796,"isStdOutTTY":false}}"#;
        let round = k6(said).expect("read");
        assert!(is(&round, 3914.0, 1.002376796, 6.850795899999998), "{round:?}");
        let failed = k6(&said.replace(r#""passes":0"#, r#""passes":7"#)).expect_err("failures").to_string();
        assert_eq!(failed, "7 requests of k6 failed");
    }

    /// Recorded from oha 1.16.0, with what is not read left out.
    #[test]
    fn oha_is_read() {
        let said = r#"{"summary": {"successRate": 1.0, "total": 1.00403497, "requestsPerSec": 13531.401202091596, "totalData": 244458, "sizePerRequest": 18}, "latencyPercentiles": {"p95": 0.000661095, "p99": 0.003659357, "p99.9": 0.008828658}, "statusCodeDistribution": {"200": 13581}, "errorDistribution": {"aborted due to deadline": 5}}"#;
        let round = oha(said).expect("read");
        assert!(is(&round, 13_581.0, 1.00403497, 3.659357), "{round:?}");
        assert!(oha(&said.replace("\"200\"", "\"500\"")).is_err());
    }

    /// Recorded from wrk 4.1.0 of Debian 12.
    #[test]
    fn wrk_is_read() {
        let said = "Running 2s test @ http://127.0.0.1:43349/\n  1 threads and 50 connections\n  Thread Stats   Avg      Stdev     Max   +/- Stdev\n    Latency     2.50ms    3.41ms  32.95ms   90.10%\n    Req/Sec    23.90k    10.94k   38.11k    65.00%\n  Latency Distribution\n     50%    1.08ms\n     75%    2.88ms\n     90%    5.87ms\n     99%   17.27ms\n  47737 requests in 2.04s, 4.23MB read\nRequests/sec:  23412.39\nTransfer/sec:      2.08MB\n";
        let round = wrk(said).expect("read");
        assert!(is(&round, 47_737.0, 2.04, 17.27), "{round:?}");
        let round = wrk(&said.replace("17.27ms", "305.00us")).expect("read");
        assert!(is(&round, 47_737.0, 2.04, 0.305), "{round:?}");
        assert!(wrk(&format!("{said}  Non-2xx or 3xx responses: 7\n")).is_err());
    }

    #[test]
    fn our_last_line_is_read() {
        let said =
            "All 50 users launched.\n\n{\"child_cpu_s\":2.12,\"p99_ms\":20.5,\"requests\":50000,\"wall_s\":4.25}\n";
        let round = our_round(said).expect("read");
        assert!(is(&round, 50_000.0, 4.25, 20.5), "{round:?}");
        assert!(our_round("error: 7 of 50000 requests failed\n").is_err());
    }
}
