//! The child's side: reads a job, lets goose run its users, writes what it has seen.

use crate::generator::{Watch, processors};
use crate::job::{Engine, Job};
use crate::native;
use crate::operation::Crowd;
use crate::record::{Ended, Record};
use crate::timetable::Timetable;
use anyhow::{Context as _, Result, anyhow};
use goose::client::GooseClientBuilder;
use goose::config::GooseConfiguration;
use goose::goose::{Scenario, Transaction};
use goose::{GooseAttack, metrics::GooseCoordinatedOmissionMitigation};
use std::io::{BufRead as _, BufWriter, Read as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout};

/// The hidden argument.
pub(crate) const ARGUMENT: &str = "__load";
/// Time for goose to have launched every user.
const START_TIMEOUT: Duration = Duration::from_secs(20);
/// Time for goose to notice that its users have ended.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs a load if this process was started as a generator. To be asked before a main does anything else; with a status
/// the main must end.
pub fn child_if_asked() -> Option<ExitCode> {
    (std::env::args_os().nth(1)? == ARGUMENT).then(|| match main() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    })
}

fn main() -> Result<()> {
    greenlight_clients::install_crypto_provider();
    let (job, gone) = read_job()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = run(job) => ended,
            _ = gone => Err(anyhow!("the program that wanted this load is gone")),
        }
    });
    // What still waits for the target waits for nobody.
    runtime.shutdown_background();
    ended
}

/// The job, and what tells that the parent is gone: its end of the pipe is open as long as it wants the load.
fn read_job() -> Result<(Job, oneshot::Receiver<()>)> {
    let mut stdin = std::io::stdin().lock();
    let mut line = String::new();
    stdin.read_line(&mut line).context("reading the job")?;
    let job = serde_json::from_str(&line).ok().context("the job is not understood")?;
    let (sender, gone) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
        let _ = sender.send(());
    });
    drop(stdin);
    Ok((job, gone))
}

async fn run(job: Job) -> Result<()> {
    match job.engine {
        Engine::Goose => load(job).await,
        Engine::Native => {
            let (sender, receiver) = channel();
            let writer = std::thread::spawn(move || write(&receiver));
            native::load(job, sender).await?;
            writer.join().map_err(|_| anyhow!("writing panicked"))?
        }
    }
}

async fn load(job: Job) -> Result<()> {
    let (longest, saturate) = (job.longest(), job.saturate);
    let (sender, receiver) = channel();
    let writer = std::thread::spawn(move || write(&receiver));
    let crowd = Arc::new(Crowd::new(Timetable::new(job, sender))?);
    let mut watch = Watch::start();
    let mut attack = tokio::spawn(attack(crowd.clone()));
    let begin = tokio::select! {
        begin = timeout(START_TIMEOUT, crowd.begun()) => begin.context("the users did not start in time")?.context("no start")?,
        ended = &mut attack => return Err(anyhow!("goose ended before its users had started: {:?}", ended?.err())),
    };
    watch.begin(saturate);
    let began_unix_s = unix_s(begin);
    tokio::select! {
        () = crowd.all_answered() => {}
        () = sleep_until(begin + longest) => {}
    }
    let (cpu_s, lag_ms) = watch.so_far();
    drop(watch);
    let (sender, samples, wall_s, cut_off) = crowd.timetable.end(Instant::now()).context("it ended twice")?;
    let counted_by_goose = match cut_off {
        true => 0,
        false => timeout(END_TIMEOUT, attack).await.context("goose did not end")???,
    };
    let open_at_once = crowd.open_at_once();
    let processors = processors();
    let ended =
        Ended { samples, counted_by_goose, began_unix_s, wall_s, cpu_s, processors, lag_ms, open_at_once, cut_off };
    sender.send(Record::Ended(Box::new(ended))).ok().context("nobody writes")?;
    drop(sender);
    writer.join().map_err(|_| anyhow!("writing panicked"))?
}

/// Seconds since 1970, by the clock from which [`Ended::began_unix_s`] is: what a check does meanwhile is told by it too.
pub fn now_unix_s() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// A moment by the clock that all processes share.
pub(crate) fn unix_s(moment: Instant) -> f64 {
    let (ahead, ago) = (moment.saturating_duration_since(Instant::now()), moment.elapsed());
    now_unix_s() + ahead.as_secs_f64() - ago.as_secs_f64()
}

/// Lets goose run the users; gives the number of requests that it counted.
async fn attack(crowd: Arc<Crowd>) -> Result<usize> {
    let job = &crowd.timetable.job;
    let mut configuration = GooseConfiguration::default();
    // Our clients know the target; goose only wants one to be named.
    configuration.host = Some("http://127.0.0.1".into());
    configuration.users = Some(job.users);
    // All within a second. They wait for each other before the first of them does anything.
    configuration.increase_rate = Some(job.users.to_string());
    configuration.iterations = Some(job.rounds);
    // Response times run from when a request was due: there is no gap to fill with made-up ones.
    configuration.co_mitigation = Some(GooseCoordinatedOmissionMitigation::Disabled);
    configuration.quiet = 2;
    configuration.no_print_metrics = true;
    configuration.no_error_summary = true;
    configuration.no_telnet = true;
    configuration.running_metrics = Some(0);
    let rounds = crowd.clone();
    let transaction = Transaction::new(Arc::new(move |user| {
        let crowd = rounds.clone();
        Box::pin(async move { crowd.round(user).await })
    }));
    let attack = GooseAttack::initialize_with_config(configuration)?
        // One client that nobody uses instead of one for each user: it reads the machine's certificates.
        .set_client_builder_without_cookies(GooseClientBuilder::new().without_cookies())?
        .register_scenario(Scenario::new("users").register_transaction(transaction));
    // Its Display names no option.
    let metrics = Box::pin(attack.execute()).await.map_err(|error| anyhow!("goose: {error:?}"))?;
    Ok(metrics.requests.values().map(|request| request.success_count + request.fail_count).sum())
}

/// Writes records until the last sender is gone.
fn write(receiver: &Receiver<Record>) -> Result<()> {
    let mut stdout = BufWriter::new(std::io::stdout());
    for record in receiver {
        serde_json::to_writer(&mut stdout, &record)?;
        stdout.write_all(b"\n")?;
    }
    Ok(stdout.flush()?)
}
