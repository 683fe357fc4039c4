//! What the kernel says of a process, as proc(5) describes the files under `/proc/<pid>`.

use anyhow::{Context as _, Result, ensure};

/// A UDP socket in the network of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UdpSocket {
    /// The port it listens on.
    pub port: u16,
    /// Packets that the kernel dropped, for the greatest part because the socket's buffer was full.
    pub drops: u64,
}

impl UdpSocket {
    /// Every socket in the text of `net/udp` or `net/udp6`.
    ///
    /// # Errors
    /// When it is another text.
    pub fn parse(text: &str) -> Result<Vec<Self>> {
        let mut lines = text.lines();
        let head = lines.next().unwrap_or_default();
        ensure!(head.trim_end().ends_with("drops"), "the kernel counts no dropped packets here: {head:?}");
        lines.map(|line| Self::line(line).with_context(|| format!("in the line {line:?} of net/udp"))).collect()
    }

    fn line(line: &str) -> Result<Self> {
        let mut fields = line.split_whitespace();
        let (_, port) = fields.nth(1).and_then(|address| address.rsplit_once(':')).context("no address")?;
        let drops = fields.next_back().context("no drops")?.parse()?;
        Ok(Self { port: u16::from_str_radix(port, 16)?, drops })
    }
}

/// UDP packets that were handed to the processes of a network, in the text of `net/snmp`. Those dropped for want of a
/// buffer are not among them.
///
/// # Errors
/// When it is another text.
pub fn udp_received(text: &str) -> Result<u64> {
    let mut rows = text.lines().filter_map(|line| line.strip_prefix("Udp: "));
    let (names, values) = (rows.next().context("no Udp in net/snmp")?, rows.next().context("no numbers of Udp")?);
    let column = names.split(' ').position(|name| name == "InDatagrams").context("no InDatagrams")?;
    Ok(values.split(' ').nth(column).context("a row too short")?.parse()?)
}

/// How many files and sockets a process may have open, in the text of `limits`: the soft limit, which is the one that
/// counts.
///
/// # Errors
/// When it is another text.
pub fn open_files_max(text: &str) -> Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files")).context("no `Max open files`")?;
    match line.split_whitespace().next().context("no soft limit")? {
        "unlimited" => Ok(u64::MAX),
        number => number.parse().with_context(|| format!("{number:?} as a limit")),
    }
}

#[cfg(test)]
mod tests {
    use super::{UdpSocket, open_files_max, udp_received};

    /// Lines as Linux 6.18 prints them.
    const UDP: &str = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  330: 00000000:0D96 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 81233 2 0000000000000000 0
  512: 0B00007F:A1B2 00000000:0000 07 00000000:00000400 00:00000000 00000000  1000        0 81234 2 0000000000000000 4711
";
    const UDP6: &str = "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  330: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 81235 2 0000000000000000 12
";

    #[test]
    fn drops_are_read_of_both_families() {
        let found = UdpSocket::parse(UDP).expect("udp");
        assert_eq!(found, [UdpSocket { port: 3478, drops: 0 }, UdpSocket { port: 41394, drops: 4711 }]);
        assert_eq!(UdpSocket::parse(UDP6).expect("udp6"), [UdpSocket { port: 8080, drops: 12 }]);
        assert!(UdpSocket::parse("  sl  local_address rem_address st").is_err());
        assert!(UdpSocket::parse(&UDP.replace("0D96", "no port")).is_err());
    }

    #[test]
    fn received_packets_are_read_by_their_name() {
        let snmp = "Tcp: RtoAlgorithm RtoMin\nTcp: 1 200\nUdp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors\nUdp: 77 1 13 80 13\nUdpLite: InDatagrams\nUdpLite: 5\n";
        assert_eq!(udp_received(snmp).expect("received"), 77);
        assert!(udp_received("Tcp: 1").is_err());
    }

    #[test]
    fn the_soft_limit_counts() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \nMax processes             unlimited            unlimited            processes \nMax open files            1024                 524288               files     \n";
        assert_eq!(open_files_max(limits).expect("a limit"), 1024);
        assert_eq!(open_files_max("Max open files  unlimited unlimited files").expect("none"), u64::MAX);
        assert!(open_files_max("Max processes 1 1").is_err());
    }
}
