//! What this machine is, and what its processes use.

use std::collections::BTreeMap;
use std::fs;

/// Processors, their model, memory and kernel in one line.
pub(super) fn described() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("").trim_matches(['\t', ' ', ':']);
    let memory = read("/proc/meminfo");
    let kib = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse().ok());
    let gib = kib.map_or(f64::NAN, |kib: f64| kib / 1_048_576.0);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{} processors ({model}), {gib:.0} GiB of memory, Linux {}", processors(), kernel.trim())
}

pub(super) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

/// Processes that run or want to, averaged over the last minute.
pub(super) fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(f64::NAN)
}

/// Ticks of 10 ms that a process has computed, user and system: fields 14 and 15 of proc(5).
pub(super) fn cpu_s_of(process: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11).map_while(|field| field.parse::<f64>().ok());
    Some((fields.next()? + fields.next()?) / 100.0)
}

/// Raises `peaks` to the largest resident size that each process below `root` has had, by name.
pub(super) fn peaks_below(root: u32, peaks: &mut Vec<(String, u64)>) {
    let mut parents = BTreeMap::new();
    let mut seen = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(status) = fs::read_to_string(entry.path().join("status")) else { continue };
        let Some((name, parent, kib)) = status_of(&status) else { continue };
        parents.insert(id, parent);
        seen.insert(id, (named(id, name), kib, own_kib(&status)));
    }
    let is_below =
        |id: u32| std::iter::successors(Some(id), |id| parents.get(id).copied()).take(64).any(|id| id == root);
    let mut raise = |name: String, kib: u64| match peaks.iter_mut().find(|(known, _)| *known == name) {
        Some((_, peak)) => *peak = kib.max(*peak),
        None => peaks.push((name, kib)),
    };
    for (id, (name, kib, own)) in seen {
        if is_below(id) {
            raise(format!("{name} own"), own);
            raise(name, kib);
        }
    }
}

/// Memory that is no page of a file: what the process has asked for itself.
fn own_kib(status: &str) -> u64 {
    let anonymous = status.lines().find_map(|line| line.strip_prefix("RssAnon:")?.trim().strip_suffix(" kB"));
    anonymous.and_then(|kib| kib.trim().parse().ok()).unwrap_or_default()
}

/// A child of our own binary is told from its parent by its hidden argument.
fn named(id: u32, name: String) -> String {
    let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    if String::from_utf8_lossy(&line).contains("\0__load") { name + " __load" } else { name }
}

/// Name, parent and largest resident size.
fn status_of(text: &str) -> Option<(String, u32, u64)> {
    let field = |name: &str| text.lines().find_map(|line| Some(line.strip_prefix(name)?.trim()));
    let kib = field("VmHWM:")?.strip_suffix(" kB")?.trim().parse().ok()?;
    Some((field("Name:")?.to_owned(), field("PPid:")?.parse().ok()?, kib))
}

#[cfg(test)]
mod tests {
    use super::{cpu_s_of, peaks_below, status_of};

    /// Shortened from `/proc/self/status` of Linux 6.1.
    #[test]
    fn the_peak_is_the_kernels_own() {
        let text = "Name:\tgreenlight-veri\nUmask:\t0022\nPPid:\t4711\nVmPeak:\t  900000 kB\nVmHWM:\t   52340 kB\nVmRSS:\t   41000 kB\n";
        assert_eq!(status_of(text), Some(("greenlight-veri".into(), 4711, 52_340)));
        assert_eq!(super::own_kib("VmRSS:\t   41000 kB\nRssAnon:\t   21340 kB\nRssFile:\t   19660 kB\n"), 21_340);
        assert_eq!(status_of("Name:\tkthreadd\nPPid:\t0\n"), None);
    }

    #[test]
    fn this_process_is_below_itself() {
        let mut peaks = Vec::new();
        peaks_below(std::process::id(), &mut peaks);
        assert!(peaks.iter().any(|(_, kib)| *kib > 500), "{peaks:?}");
        assert!(cpu_s_of(std::process::id()).is_some());
    }
}
