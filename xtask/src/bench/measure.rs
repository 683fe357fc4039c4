//! What a program costs: its own processor time and that of every process it waited for, as bash's `time` says.

use anyhow::{Context as _, Result, bail, ensure};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What stands on the command line, and where it runs.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    pub(super) words: Vec<String>,
    pub(super) folder: Option<String>,
    pub(super) environment: Vec<(String, String)>,
    /// Pins it to this processor.
    pub(super) processor: Option<usize>,
}

impl Line {
    pub(super) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        Self { words: words.into_iter().map(str::to_owned).collect(), ..Self::default() }
    }

    #[must_use]
    pub(super) fn folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.display().to_string());
        self
    }

    #[must_use]
    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub(super) fn on(mut self, processor: Option<usize>) -> Self {
        self.processor = processor;
        self
    }

    fn all_words(&self) -> Vec<String> {
        let pin = self.processor.map(|number| ["taskset".to_owned(), "-c".into(), number.to_string()]);
        pin.into_iter().flatten().chain(self.words.clone()).collect()
    }

    /// As a person would type it, without the folders of this machine.
    pub(super) fn shown(&self) -> String {
        let variables = self.environment.iter().map(|(name, value)| format!("{name}={value}"));
        let text = variables.chain(self.all_words()).map(quoted).collect::<Vec<_>>().join(" ");
        text.replace(&format!("{}/", super::programs::root().display()), "")
    }
}

/// For a shell to read, with a long word cut.
fn quoted(word: String) -> String {
    let word = word.replace('\n', "\\n");
    let word = if word.len() > 60 { format!("{}…", word.chars().take(40).collect::<String>()) } else { word };
    match word.contains([' ', '\'', '\\', '*', '{']) {
        true => format!("'{word}'"),
        false => word,
    }
}

/// What one run of a program cost, and what it said.
#[derive(Debug, Clone, Default)]
pub(super) struct Cost {
    pub(super) wall_s: f64,
    /// User and system.
    pub(super) cpu_s: f64,
    /// Largest resident sizes that were seen, in KiB, by name of process.
    pub(super) peaks_kib: Vec<(String, u64)>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Runs it to its end. Output goes to files: whoever writes much must not wait for us.
///
/// # Errors
/// When it can't be run or does not end with status 0.
pub(super) fn run(line: &Line) -> Result<Cost> {
    run_watched(line, false)
}

/// The same, and looks at the memory of everything it started.
pub(super) fn run_watched(line: &Line, watched: bool) -> Result<Cost> {
    let folder = super::programs::folder("measure")?;
    let [times, stdout, stderr] = ["times", "stdout", "stderr"].map(|name| folder.join(name));
    let mut command = Command::new("bash");
    command
        .args(["-c", r#"TIMEFORMAT='%R %U %S'; { time "$@" 2>&4; } 4>&2 2>"$0""#])
        .arg(&times)
        .args(line.all_words())
        .env("LC_ALL", "C")
        .envs(line.environment.clone())
        .stdin(Stdio::null())
        .stdout(fs::File::create(&stdout)?)
        .stderr(fs::File::create(&stderr)?);
    if let Some(folder) = &line.folder {
        command.current_dir(folder);
    }
    let mut child = command.spawn().context("running bash")?;
    let root = child.id();
    let (sender, ended) = std::sync::mpsc::channel();
    let waiting = std::thread::spawn(move || {
        let status = child.wait();
        let _ = sender.send(());
        status
    });
    let mut peaks_kib = Vec::new();
    if watched {
        while ended.recv_timeout(Duration::from_millis(50)).is_err() {
            super::machine::peaks_below(root, &mut peaks_kib);
        }
    }
    let status = waiting.join().map_err(|_| anyhow::anyhow!("waiting panicked"))??;
    let text = |path| -> Result<String> { Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned()) };
    let (stdout, stderr) = (text(&stdout)?, text(&stderr)?);
    if !status.success() {
        let said = [stdout, stderr].concat();
        let last: Vec<&str> = said.lines().rev().take(15).collect();
        bail!("`{}` ended with {status}:\n{}", line.shown(), last.into_iter().rev().collect::<Vec<_>>().join("\n"));
    }
    let (wall_s, cpu_s) = times_of(&text(&times)?)?;
    Ok(Cost { wall_s, cpu_s, peaks_kib, stdout, stderr })
}

/// Real, and user and system together.
fn times_of(text: &str) -> Result<(f64, f64)> {
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    ensure!(numbers.len() == 3, "bash's `time` said {text:?}");
    Ok((numbers[0], numbers[1] + numbers[2]))
}

#[cfg(test)]
mod tests {
    use super::{Line, run, times_of};

    /// Recorded from bash 5.2 with `TIMEFORMAT='%R %U %S'`.
    #[test]
    fn the_times_are_those_of_bash() {
        let (wall_s, cpu_s) = times_of("1.204 1.057 0.146\n").expect("times");
        assert!((wall_s - 1.204).abs() < 1e-9 && (cpu_s - 1.203).abs() < 1e-9);
        assert!(times_of("bash: no: command not found\n").is_err());
    }

    #[test]
    fn what_computes_costs_and_what_fails_says_why() {
        let busy = run(&Line::new(["bash", "-c", "i=0; while ((i++ < 100000)); do :; done; echo out; echo err >&2"]));
        let busy = busy.expect("run");
        assert!(busy.cpu_s > 0.01 && busy.wall_s > 0.01, "{busy:?}");
        assert_eq!((busy.stdout.as_str(), busy.stderr.as_str()), ("out\n", "err\n"));
        let failed = run(&Line::new(["bash", "-c", "echo reason >&2; exit 3"])).expect_err("status 3").to_string();
        assert!(failed.contains("exit status: 3") && failed.ends_with("reason"), "{failed}");
    }
}
