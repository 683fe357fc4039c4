//! What is free on mounted file systems, as `df -P -k` says.

use anyhow::{Context as _, Result, ensure};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

const KIB: u64 = 1024;
/// `df` hangs on a network file system whose server is gone.
const DF_TIMEOUT: Duration = Duration::from_secs(10);

/// A mounted file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSystem {
    /// Where it is mounted.
    pub mount: String,
    /// What it holds, in bytes, without what is reserved for root.
    pub size_bytes: u64,
    /// What of that is free, in bytes.
    pub free_bytes: u64,
}

impl FileSystem {
    /// The arguments with which `df` says what [`Self::parse`] reads.
    pub const DF: [&'static str; 3] = ["df", "-P", "-k"];

    /// The file systems in the output of `df -P -k` (POSIX.1-2024, df: the portable format). Left out is what the engine
    /// mounts over files of the kernel, and what has no size.
    ///
    /// # Errors
    /// When it is no such output.
    pub fn parse(text: &str) -> Result<Vec<Self>> {
        let mut lines = text.lines();
        let head = lines.next().unwrap_or_default();
        ensure!(head.starts_with("Filesystem") && head.contains("1024-blocks"), "not the output of df -P -k: {head:?}");
        let mut found = Vec::new();
        for line in lines {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [_, _, used, available, _, mount @ ..] = &fields[..] else {
                anyhow::bail!("not a line of df: {line:?}")
            };
            let mount = mount.join(" ");
            let number = |field: &str| field.parse::<u64>().with_context(|| format!("in the line {line:?} of df"));
            let (used, free) = (number(used)?, number(available)?);
            if !of_the_kernel(&mount) && used + free > 0 {
                found.push(Self { mount, size_bytes: (used + free) * KIB, free_bytes: free * KIB });
            }
        }
        Ok(found)
    }

    /// The file system of this machine that a folder stands on.
    ///
    /// # Errors
    /// When `df` does not say.
    pub async fn of(folder: &Path) -> Result<Self> {
        let [program, arguments @ ..] = Self::DF;
        let mut command = Command::new(program);
        command.args(arguments).arg("--").arg(folder).env("LC_ALL", "C").stdin(Stdio::null()).kill_on_drop(true);
        let output = timeout(DF_TIMEOUT, command.output()).await.context("df gave no answer")?;
        let output = output.context("running df, which is part of every Linux system")?;
        let text = String::from_utf8_lossy(&output.stdout);
        Self::parse(&text)?.pop().with_context(|| format!("df says nothing of {}", folder.display()))
    }

    /// Free share of the size.
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 53 bits")]
    pub fn free_percent(&self) -> f64 {
        self.free_bytes as f64 / self.size_bytes as f64 * 100.0
    }

    /// Free mebibytes.
    #[expect(clippy::cast_precision_loss, reason = "sizes of disks are below 2^52 KiB")]
    pub fn free_mib(&self) -> f64 {
        (self.free_bytes / KIB) as f64 / 1024.0
    }
}

/// `/dev` itself holds device files, and what is mounted over files of `/proc` and `/sys` hides them.
fn of_the_kernel(mount: &str) -> bool {
    mount == "/dev" || ["/proc", "/sys"].iter().any(|place| mount.starts_with(place))
}

#[cfg(test)]
mod tests {
    use super::FileSystem;

    /// As `docker exec … df -P -k` printed it in a Redis container (Docker 20.10, coreutils 9.1).
    const RECORDED: &str = "Filesystem     1024-blocks     Used Available Capacity Mounted on
overlay          264212084 48027540  47473724      51% /
tmpfs                65536        0     65536       0% /dev
tmpfs             12342044        0  12342044       0% /sys/fs/cgroup
shm                  65536    64000      1536      98% /dev/shm
/dev/vda         264212084 48027540  47473724      51% /etc/hosts
tmpfs             12342044        0  12342044       0% /proc/acpi
";

    #[test]
    fn what_df_said_is_read() {
        let found = FileSystem::parse(RECORDED).expect("a listing");
        let mounts: Vec<_> = found.iter().map(|system| system.mount.as_str()).collect();
        assert_eq!(mounts, ["/", "/dev/shm", "/etc/hosts"]);
        assert_eq!(found[1].free_bytes, 1_572_864);
        assert!((found[1].free_mib() - 1.5).abs() < 0.001);
        // df itself said 98 % used, rounded up, and 51 % of a disk that keeps much for root.
        assert!((found[1].free_percent() - 2.34).abs() < 0.01, "{}", found[1].free_percent());
        assert!((found[0].free_percent() - 49.71).abs() < 0.01, "{}", found[0].free_percent());
    }

    #[test]
    fn something_else_is_refused() {
        for text in ["", "df: unrecognized option", "Filesystem 1024-blocks\noverlay a b c d /"] {
            assert!(FileSystem::parse(text).is_err(), "{text:?}");
        }
    }

    #[tokio::test]
    async fn the_folder_for_temporary_files_is_on_a_file_system() {
        let found = FileSystem::of(&std::env::temp_dir()).await.expect("a file system");
        assert!(found.size_bytes >= found.free_bytes && found.size_bytes > 0, "{found:?}");
    }
}
