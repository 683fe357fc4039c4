//! What a stranger sees at the first run: a server that was started by hand, with one setting that hurts. Every line is
//! held to the golden file; what differs from run to run is taken out first. `GREENLIGHT_BLESS=1` writes it anew.

use crate::address::text;
use crate::server::Server;
use anyhow::{Context as _, Result, ensure};
use greenlight_fixtures::Engine;
use std::fs;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const GOLDEN: &str = "tests/remote/first_run.expected";
/// What the first run may take, from the command to its verdict.
const LONGEST: Duration = Duration::from_secs(60);

pub(crate) fn first_run(_: &Runtime, _: &Engine) -> Result<()> {
    let server = Server::start_with("greenlight/livekit-server:v1.13.5", "limit: {max_room_name_length: 200}\n")?;
    let out = tempfile::tempdir()?;
    let folder = out.path().to_str().context("a path of letters")?;
    let began = Instant::now();
    // No seed: lines are compared in any order.
    let output = server.address.command_into(out.path(), &[])?.output()?;
    let took = began.elapsed();
    let said = text(&output);
    ensure!(output.status.code() == Some(1), "{}:\n{said}", output.status);
    ensure!(took < LONGEST, "it took {} s:\n{said}", took.as_secs());
    let found = normal(&said, folder, server.port);
    if std::env::var_os("GREENLIGHT_BLESS").is_some() {
        fs::write(GOLDEN, &found)?;
    }
    let wanted = fs::read_to_string(GOLDEN).context(GOLDEN)?;
    ensure!(found == wanted, "{}", difference(&wanted, &found));
    Ok(())
}

/// Without run id, ports, node ids, times and seed. Results come in any order and are sorted; everything else keeps its
/// place.
fn normal(said: &str, folder: &str, port: u16) -> String {
    let run_id = said.split("rooms glt-").nth(1).and_then(|rest| rest.get(..5)).unwrap_or_default();
    let text =
        said.replace(folder, "OUT").replace(&format!("glt-{run_id}"), "glt-RUN").replace(&format!(":{port}"), ":PORT");
    let mut lines: Vec<String> = text.lines().map(|line| of_line(&line.replace(run_id, "RUN"))).collect();
    let is_result = |line: &String| {
        ["passed  ", "failed  ", "skipped ", "warned  ", "errored "]
            .iter()
            .any(|word| line.trim_start().starts_with(word))
    };
    for block in lines.chunk_by_mut(|a, b| is_result(a) && is_result(b)) {
        block.sort();
    }
    lines.join("\n") + "\n"
}

/// Numbers before a unit of time are N, and so are what follows `seed` and ids of nodes.
fn of_line(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let is_number = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_digit() || c == '.');
    let word = |(index, word): (usize, &&str)| {
        let next = words.get(index + 1).copied().unwrap_or_default();
        let of_time = is_number(word) && ["s", "ms", "s,", "ms,", "s;", "ms;"].contains(&next);
        let of_seed = index > 0 && words[index - 1] == "seed";
        match word {
            word if of_time || of_seed => word.chars().map(|_| 'N').next().unwrap_or('N').to_string(),
            word if word.starts_with("ND_") => "ND".to_owned(),
            word => (*word).to_owned(),
        }
    };
    // Columns are as wide as their numbers.
    let joined = words.iter().enumerate().map(word).collect::<Vec<_>>().join(" ");
    let mut text = joined;
    while text.contains("    N ") {
        text = text.replace("    N ", "   N ");
    }
    text
}

fn difference(wanted: &str, found: &str) -> String {
    let (wanted, found): (Vec<&str>, Vec<&str>) = (wanted.lines().collect(), found.lines().collect());
    let only = |these: &[&str], those: &[&str], mark: &str| -> Vec<String> {
        these.iter().filter(|line| !those.contains(line)).map(|line| format!("{mark} {line}")).collect()
    };
    let mut lines = only(&wanted, &found, "-");
    lines.extend(only(&found, &wanted, "+"));
    if lines.is_empty() {
        lines.push("the same lines in another order".into());
    }
    lines.join("\n")
}
