//! HAProxy through its runtime API: which server gets new traffic, and a state that a reload keeps.

use crate::failure::Failure;
use crate::files::write_whole;
use greenlight_config::HaproxySpec;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// An answer takes milliseconds.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Administrative states (HAProxy management guide, `show servers state`): maintenance and drain, both set by hand.
const FORCED_MAINTENANCE: u32 = 0x01;
const FORCED_DRAIN: u32 = 0x08;
/// The operational state of a server that is up.
const RUNNING: u32 = 2;

/// A server as HAProxy sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Server {
    /// Whether it is up.
    pub(crate) running: bool,
    /// Whether new traffic may go to it.
    pub(crate) ready: bool,
}

/// Asks one question.
async fn ask(place: &str, question: &str) -> Result<String, Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::unknown(format!("the balancer's runtime API {place}: {error}"));
    let asked = async {
        match place.contains('/') {
            true => converse(UnixStream::connect(place).await?, question).await,
            false => converse(TcpStream::connect(place).await?, question).await,
        }
    };
    match timeout(TIMEOUT, asked).await {
        Ok(answer) => answer.map_err(|error| failed(&error)),
        Err(_) => Err(failed(&"no answer within 5 s")),
    }
}

async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, question: &str) -> std::io::Result<String> {
    stream.write_all(format!("{question}\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// The servers of the backend, by name.
pub(crate) async fn servers(spec: &HaproxySpec) -> Result<BTreeMap<String, Server>, Failure> {
    let said = ask(&spec.runtime_api, &format!("show servers state {}", spec.backend)).await?;
    read(&said).map_err(|problem| Failure::unknown(format!("the balancer's runtime API: {problem}")))
}

/// Sets the state of a server: `ready`, `drain` or `maint`. HAProxy is silent when it has done so.
pub(crate) async fn set(spec: &HaproxySpec, server: &str, state: &str) -> Result<(), Failure> {
    let said = ask(&spec.runtime_api, &format!("set server {}/{server} state {state}", spec.backend)).await?;
    match said.trim().is_empty() {
        true => Ok(()),
        false => Err(Failure::red(format!("the balancer refuses `state {state}` for {server}: {}", said.trim()))),
    }
}

/// Writes the state of all servers to the file from which a reload takes it.
pub(crate) async fn persist(spec: &HaproxySpec, file: &Path) -> Result<(), Failure> {
    let said = ask(&spec.runtime_api, "show servers state").await?;
    write_whole(file, said.as_bytes())
        .map_err(|error| Failure::unknown(format!("cannot write the balancer's state to {}: {error}", file.display())))
}

/// Reads version 1 of the answer, by the names in its heading.
fn read(said: &str) -> Result<BTreeMap<String, Server>, String> {
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let version = lines.next().unwrap_or_default();
    if version != "1" {
        return Err(format!("`show servers state` answers {version:?} and not version 1"));
    }
    let heading: Vec<&str> = lines.next().unwrap_or_default().trim_start_matches("# ").split(' ').collect();
    let column =
        |name: &str| heading.iter().position(|known| *known == name).ok_or_else(|| format!("no column {name}"));
    let (name, operational, administrative) =
        (column("srv_name")?, column("srv_op_state")?, column("srv_admin_state")?);
    let mut servers = BTreeMap::new();
    for line in lines {
        let fields: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| fields.get(at).and_then(|text| text.parse::<u32>().ok()).ok_or("a field is no number");
        let state = number(administrative)?;
        let server = Server {
            running: number(operational)? == RUNNING,
            ready: state & (FORCED_MAINTENANCE | FORCED_DRAIN) == 0,
        };
        servers.insert((*fields.get(name).ok_or("a line is too short")?).to_owned(), server);
    }
    Ok(servers)
}

#[cfg(test)]
mod tests {
    use super::{Server, read};

    /// Recorded from HAProxy 2.6: blue ready, green in maintenance since its start.
    const SAID: &str = "1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
3 nodes 1 blue 172.18.0.3 2 0 1 1 5 6 3 4 6 0 0 0 rtc-blue 7880 - 0 0 - - 0
3 nodes 2 green - 0 5 1 1 12 1 0 0 14 0 0 0 rtc-green 7880 - 0 0 - - 0

";

    #[test]
    fn servers_are_read_by_the_names_of_the_columns() {
        let servers = read(SAID).expect("read");
        assert_eq!(servers["blue"], Server { running: true, ready: true });
        assert_eq!(servers["green"], Server { running: false, ready: false });
        let drained = SAID.replace("172.18.0.3 2 0 1", "172.18.0.3 2 8 1");
        assert_eq!(read(&drained).expect("read")["blue"], Server { running: true, ready: false });
        assert!(read("Can't find backend.\n").is_err());
        assert!(read("").is_err());
    }
}
