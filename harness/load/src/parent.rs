//! The parent's side: starts the child, hands it the job, and believes only what is complete.

use crate::child::ARGUMENT;
use crate::job::Job;
use crate::record::{Ended, Record, Sample};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// This very program, also when its file was replaced meanwhile.
const PROGRAM: &str = "/proc/self/exe";
/// Time for the child beside the load itself: to start its users, and to notice their end.
const AROUND: Duration = Duration::from_secs(30);
/// Of what the child says when it goes wrong.
const WORDS_BYTES_MAX: u64 = 2_000;

/// A complete load.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadRun {
    /// Every operation that was planned, answered or not.
    pub samples: Vec<Sample>,
    /// What the generator says of itself.
    pub ended: Ended,
}

/// Why nothing is known: none of these says anything about the target.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The child could not be started or spoken to.
    #[error("the load generator could not be used: {0}")]
    Io(#[from] std::io::Error),
    /// The job could not be written down.
    #[error("the load could not be described: {0}")]
    Job(#[from] serde_json::Error),
    /// It ended without its last record.
    #[error("the load generator ended without its last record: {0}")]
    NoEnd(String),
    /// Its records contradict each other.
    #[error("the load generator's records do not agree: {0}")]
    Torn(String),
    /// It did not end.
    #[error("the load generator did not end within {} s", .0.as_secs())]
    Timeout(Duration),
}

/// Runs the job in a child process, which is killed when this future is dropped.
///
/// # Errors
/// [`LoadError`]: never the target's doing.
pub async fn run(job: &Job) -> Result<LoadRun, LoadError> {
    let line = serde_json::to_string(job)? + "\n";
    let mut child = Command::new(PROGRAM)
        .arg(ARGUMENT)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C at the terminal is the parent's to hear.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let exchange = async {
        let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(std::io::Error::other("no pipes").into());
        };
        let mut words = Vec::new();
        let hear = async {
            let mut stderr = stderr.take(WORDS_BYTES_MAX);
            stderr.read_to_end(&mut words).await?;
            // The rest is thrown away, and not left in the way of a child that writes it.
            tokio::io::copy(&mut stderr.into_inner(), &mut tokio::io::sink()).await
        };
        let (read, _) = tokio::join!(talk(stdin, stdout, &line), hear);
        let (samples, ended) = read?;
        match ended {
            Some(ended) => complete(job, samples, ended),
            None => Err(LoadError::NoEnd(String::from_utf8_lossy(&words).trim().to_owned())),
        }
    };
    let bound = job.longest() + AROUND;
    let run = timeout(bound, exchange).await.map_err(|_| LoadError::Timeout(bound))?;
    // Its last word is spoken; what it still waits for is not waited for here.
    let _ = child.kill().await;
    run
}

async fn talk(
    mut stdin: ChildStdin,
    stdout: ChildStdout,
    line: &str,
) -> Result<(Vec<Sample>, Option<Ended>), LoadError> {
    // A child that is gone already says why on its standard error.
    let _ = stdin.write_all(line.as_bytes()).await;
    let _ = stdin.flush().await;
    let (mut samples, mut ended) = (Vec::new(), None);
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        match serde_json::from_str(&line) {
            Ok(Record::Sample(sample)) if ended.is_none() => samples.push(sample),
            Ok(Record::Answered(answered)) if ended.is_none() => samples.extend(answered.samples()),
            Ok(Record::Sample(_) | Record::Answered(_)) => {
                return Err(LoadError::Torn("a sample stands after the last record".into()));
            }
            Ok(Record::Ended(last)) => ended = Some(*last),
            // goose prints what it likes; a sample that is lost so is missed when they are counted.
            Err(_) => {}
        }
    }
    // Held until here: its end tells the child that nobody wants the load any more.
    drop(stdin);
    Ok((samples, ended))
}

/// Counts: planned, received, said by the child, and said by goose.
fn complete(job: &Job, samples: Vec<Sample>, ended: Ended) -> Result<LoadRun, LoadError> {
    let (planned, received) = (job.operations(), samples.len());
    if received != planned || ended.samples != received {
        let said = ended.samples;
        return Err(LoadError::Torn(format!("{planned} samples were planned, {said} announced, {received} received")));
    }
    if !ended.cut_off && ended.counted_by_goose != received {
        return Err(LoadError::Torn(format!("goose counted {} requests of {received}", ended.counted_by_goose)));
    }
    Ok(LoadRun { samples, ended })
}

#[cfg(test)]
mod tests {
    use super::{LoadError, complete, run};
    use crate::timetable::tests::{calls, sample};
    use crate::{Ended, Operation};

    fn ended(samples: usize, counted_by_goose: usize, cut_off: bool) -> Ended {
        let (wall_s, cpu_s, processors, lag_ms, open_at_once) = (1.0, 0.1, 2, vec![0.1], 0);
        Ended { samples, counted_by_goose, began_unix_s: 0.0, wall_s, cpu_s, processors, lag_ms, open_at_once, cut_off }
    }

    #[test]
    fn only_a_whole_load_is_believed() {
        // Two users with three calls each.
        let (job, six) = (calls(2, 3), vec![sample(Operation::ListRooms); 6]);
        assert!(complete(&job, six.clone(), ended(6, 6, false)).is_ok());
        assert!(complete(&job, six.clone(), ended(6, 0, true)).is_ok());
        for (samples, end) in [
            (six[..5].to_vec(), ended(6, 6, false)),
            (six[..5].to_vec(), ended(5, 5, false)),
            (six.clone(), ended(7, 7, false)),
            (six.clone(), ended(6, 5, false)),
        ] {
            let torn = complete(&job, samples, end);
            assert!(matches!(torn, Err(LoadError::Torn(_))), "{torn:?}");
        }
    }

    /// The program that runs this test takes the hidden argument for a filter, and ends with status 0.
    #[tokio::test]
    async fn a_child_that_ends_without_its_last_record_has_said_nothing() {
        let nothing = run(&calls(1, 1)).await;
        assert!(matches!(nothing, Err(LoadError::NoEnd(_))), "{nothing:?}");
    }
}
