//! What a request costs its generator, on a target that is never the slower side.

use super::command::Effort;
use super::machine::{load_average, processors};
use super::measure::{Cost, Line, run};
use super::page::{Goal, Limit, Section, figure};
use super::parse::{self, Round};
use super::peers;
use super::programs::{folder, write};
use super::server::Server;
use super::stats::{abba, median, spread};
use anyhow::{Context as _, Result};

const USERS: usize = 50;
const PATH: &str = "/twirp/livekit.RoomService/ListRooms";
const TOKEN: &str = "Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJiZW5jaCIsInN1YiI6IiIsIm5iZiI6MTc5NTQ1MDAwMCwiZXhwIjoxNzk1NDUwNjAwLCJ2aWRlbyI6eyJyb29tTGlzdCI6dHJ1ZX19.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// The generator must be busy for this share of its processor, and the target must not be.
const BUSY: f64 = 0.9;
/// Tries of a turn until its generator was the saturated side.
const TRIES: usize = 3;

/// Somebody who sends load.
struct Generator {
    name: &'static str,
    version: String,
    line: Line,
    read: fn(&Cost) -> Result<Round>,
}

/// A turn that counts.
struct Turn {
    round: Round,
    per_cpu_s: f64,
    busy: f64,
    target_busy: f64,
}

/// Runs the contest.
pub(super) fn section(program: &str, effort: &Effort) -> Result<Section> {
    // Generator and target on a processor each: who of them is saturated is then a question of its own.
    let (own, other) = if processors() > 1 { (Some(0), Some(1)) } else { (None, None) };
    let server = Server::start(program, other)?;
    let mut notes =
        vec!["p99 is each generator's own word; goose's goes in steps, and ours is over every request.".to_owned()];
    let generators = generators(program, &server.url, own, effort, &mut notes)?;
    let mut turns: Vec<Vec<Turn>> = generators.iter().map(|_| Vec::new()).collect();
    let mut void = vec![0; generators.len()];
    for order in abba(generators.len(), effort.rounds) {
        for index in order {
            for _ in 0..if effort.quick { 1 } else { TRIES } {
                let turn = turn(&generators[index], &server)?;
                let is_void = turn.busy < BUSY || turn.target_busy > BUSY;
                say(&generators[index], &turn, is_void);
                if !is_void || effort.quick {
                    turns[index].push(turn);
                    break;
                }
                void[index] += 1;
            }
        }
    }
    Ok(Section { notes, ..written(&generators, &turns, &void, effort) })
}

fn turn(generator: &Generator, server: &Server) -> Result<Turn> {
    let before = server.cpu_s();
    let cost = run(&generator.line).with_context(|| generator.name)?;
    let target_s = server.cpu_s() - before;
    let round = (generator.read)(&cost).with_context(|| format!("reading what {} said", generator.name))?;
    let wall_s = round.wall_s.unwrap_or(cost.wall_s);
    Ok(Turn {
        round,
        per_cpu_s: round.requests / cost.cpu_s,
        busy: cost.cpu_s / wall_s,
        target_busy: target_s / wall_s,
    })
}

fn say(generator: &Generator, turn: &Turn, is_void: bool) {
    eprintln!(
        "bench    {:<24} {:>8.0} requests a processor second, p99 {:>7.2} ms, busy {:>3.0} %, target {:>3.0} %, load {:.1}{}",
        generator.name,
        turn.per_cpu_s,
        turn.round.p99_ms,
        turn.busy * 100.0,
        turn.target_busy * 100.0,
        load_average(),
        if is_void { "  VOID" } else { "" }
    );
}

fn generators(
    program: &str,
    url: &str,
    own: Option<usize>,
    effort: &Effort,
    notes: &mut Vec<String>,
) -> Result<Vec<Generator>> {
    let seconds = if effort.quick { 2 } else { effort.seconds };
    let (users, duration) = (USERS.to_string(), format!("{seconds}s"));
    let ours = peers::ourselves();
    let by_us = |name, engine: &str, a_second: usize| {
        // Ours take a number of requests and no time: about as many as fit into a round.
        let rounds = (a_second * seconds / USERS).max(1).to_string();
        let words = [program, "load", "--url", url, "--engine", engine, "--users", &users, "--rounds", &rounds];
        Generator {
            name,
            version: ours.clone(),
            line: Line::new(words).on(own),
            read: |cost| parse::our_round(&cost.stderr),
        }
    };
    let (goose_rate, native_rate) = if effort.quick { (2_000, 5_000) } else { (10_000, 50_000) };
    let time = seconds.to_string();
    let mut all = vec![
        by_us("greenlight, goose", "goose", goose_rate),
        by_us("greenlight, native", "native", native_rate),
        Generator {
            name: "a minimal goose program",
            version: "goose 0.19, in greenlight-bench".into(),
            line: Line::new([program, "goose", "--url", url, "--users", &users, "--seconds", &time]).on(own),
            read: |cost| parse::our_round(&cost.stderr),
        },
    ];
    if !effort.quick {
        foreign(&Asked { target: format!("{url}{PATH}"), users, duration, own }, &mut all, notes)?;
    }
    Ok(all)
}

/// What every peer is asked for.
struct Asked {
    target: String,
    users: String,
    duration: String,
    own: Option<usize>,
}

fn foreign(asked: &Asked, all: &mut Vec<Generator>, notes: &mut Vec<String>) -> Result<()> {
    let Asked { target, users, duration, own } = asked;
    let place = folder("load")?;
    let mut add = |name, version, line: Line, read| all.push(Generator { name, version, line: line.on(*own), read });
    if let Some(k6) = peers::or_note(peers::k6(), notes) {
        let script = write(&place, "peak.js", &k6_script(duration))?.display().to_string();
        let words =
            [k6.path.as_str(), "run", "--quiet", "--no-usage-report", "--log-output=none", "--no-thresholds", &script];
        add("k6", k6.version.clone(), Line::new(words).env("TARGET", target), |cost| parse::k6(&cost.stdout));
    }
    if let Some(oha) = peers::or_note(peers::cargo("oha"), notes) {
        let body = write(&place, "body.bin", "\n\u{1}r")?.display().to_string();
        let authorization = format!("authorization: {TOKEN}");
        let shape = [oha.path.as_str(), "--no-tui", "--output-format", "json", "-z", duration, "-c", users];
        let request = ["-m", "POST", "-T", "application/protobuf", "-H", &authorization, "-D", &body, target];
        let line = Line::new(shape.into_iter().chain(request));
        add("oha", oha.version.clone(), line, |cost| parse::oha(&cost.stdout));
    }
    if let Some(wrk) = peers::or_note(peers::wrk(), notes) {
        let script = write(&place, "peak.lua", &wrk_script())?.display().to_string();
        let (connections, duration) = (format!("-c{users}"), format!("-d{duration}"));
        let words = [wrk.path.as_str(), "-t1", &connections, &duration, "--latency", "-s", &script, target];
        add("wrk", wrk.version.clone(), Line::new(words), |cost| parse::wrk(&cost.stdout));
    }
    Ok(())
}

/// k6 at its fastest: answers thrown away, no tags, one function.
fn k6_script(duration: &str) -> String {
    format!(
        "import http from 'k6/http';\n\nexport const options = {{\n  vus: {USERS},\n  duration: '{duration}',\n  \
         discardResponseBodies: true,\n  systemTags: ['status'],\n  summaryTrendStats: ['p(99)'],\n}};\n\
         const body = new Uint8Array([10, 1, 114]).buffer;\n\
         const params = {{ headers: {{ 'content-type': 'application/protobuf', authorization: '{TOKEN}' }} }};\n\n\
         export default function () {{\n  http.post(__ENV.TARGET, body, params);\n}}\n\n\
         export function handleSummary(data) {{\n  return {{ stdout: JSON.stringify(data) }};\n}}\n"
    )
}

fn wrk_script() -> String {
    format!(
        "wrk.method = \"POST\"\nwrk.body = \"\\n\\1r\"\nwrk.headers[\"content-type\"] = \"application/protobuf\"\n\
         wrk.headers[\"authorization\"] = \"{TOKEN}\"\n"
    )
}

fn written(generators: &[Generator], turns: &[Vec<Turn>], void: &[usize], effort: &Effort) -> Section {
    let per_cpu_s = |index: usize| turns[index].iter().map(|turn| turn.per_cpu_s).collect::<Vec<_>>();
    let head = [
        "",
        "requests a generator's processor second",
        "spread",
        "p99, ms",
        "generator busy",
        "target busy",
        "rounds",
        "void",
    ];
    let mut table = vec![head.map(str::to_owned).to_vec()];
    for (index, generator) in generators.iter().enumerate() {
        let values = per_cpu_s(index);
        let of = |value: fn(&Turn) -> f64| median(&turns[index].iter().map(value).collect::<Vec<_>>());
        table.push(vec![
            generator.name.to_owned(),
            figure(median(&values)),
            format!("{} %", figure(spread(&values) * 100.0)),
            figure(of(|turn| turn.round.p99_ms)),
            format!("{} %", figure(of(|turn| turn.busy) * 100.0)),
            format!("{} %", figure(of(|turn| turn.target_busy) * 100.0)),
            values.len().to_string(),
            void[index].to_string(),
        ]);
    }
    let at = |name: &str| generators.iter().position(|generator| generator.name == name);
    let ratio = |ours: &str, theirs: &str| {
        let (ours, theirs) = (per_cpu_s(at(ours)?), per_cpu_s(at(theirs)?));
        // Half of the rounds at least must have counted on both sides.
        let enough = |values: &[f64]| values.len() * 2 >= effort.rounds;
        (enough(&ours) && enough(&theirs)).then(|| median(&ours) / median(&theirs))
    };
    let goal = |text, found, limit| Goal { text, found, limit: Limit::AtLeast(limit), unit: " ×" };
    let (goose, native) = ("greenlight, goose", "greenlight, native");
    let goals = vec![
        goal("goose beside k6", ratio(goose, "k6"), 2.0),
        goal("goose beside a minimal goose program", ratio(goose, "a minimal goose program"), 0.95),
        goal("native beside oha", ratio(native, "oha"), 1.0),
        goal("native beside k6", ratio(native, "k6"), 4.0),
        goal("native beside wrk (no goal)", ratio(native, "wrk"), 0.0),
    ];
    let about = format!(
        "POST of the same 3 bytes with the same headers over {USERS} kept connections, as fast as answers come. Generator \
         and target are pinned to a processor each. The processor time of a generator is that of the whole program with \
         its start and its report; for ours also of the process that reads the samples. A round is void unless the \
         generator computed for at least {:.0} % of the round and the target for at most as much; a void round is \
         repeated, {TRIES} tries in all, and who has no round that counts has no figure.",
        BUSY * 100.0
    );
    let commands = generators.iter().map(|it| [it.name.to_owned(), it.version.clone(), it.line.shown()]).collect();
    Section { title: "Load", about, table, goals, commands, notes: vec![] }
}
