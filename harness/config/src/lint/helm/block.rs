//! The configuration inside of a chart's values as a text of its own.

/// The lines below a key, without their indentation, and the line on which they begin. None where the value stands on the
/// key's own line.
pub(crate) fn block(text: &str, key_line: usize) -> Option<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let key = lines.get(key_line.checked_sub(1)?)?;
    let said = key.split_once(':')?.1.trim();
    let plain =
        said.is_empty() || said.starts_with('#') || (said.starts_with('&') && !said.contains(char::is_whitespace));
    let indent = indent_of(key);
    let is_below = |line: &&&str| is_blank(line) || indent_of(line) > indent;
    let below: Vec<&str> = lines[key_line..].iter().take_while(is_below).copied().collect();
    let inner = below.iter().filter(|line| !is_blank(line)).map(|line| indent_of(line)).min()?;
    let cut = |line: &&str| if is_blank(line) { String::new() } else { line[inner..].to_owned() };
    plain.then(|| (below.iter().map(cut).map(|line| line + "\n").collect(), key_line + 1))
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// A comment may stand anywhere.
fn is_blank(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::block;

    #[test]
    fn a_section_is_a_text_with_the_same_lines() {
        let text = "replicaCount: 2\nlivekit: # of the server\n  # LAN\n  rtc:\n    udp_port: 7882\n\n# between\n  keys:\n    a: b\nimage: {}\n";
        let (inner, line) = block(text, 2).expect("a block");
        assert_eq!((inner.as_str(), line), ("\nrtc:\n  udp_port: 7882\n\n\nkeys:\n  a: b\n", 3));
        assert_eq!(block("livekit: {rtc: {}}\n", 1), None);
        assert_eq!(block("a:\n  livekit:\n    port: 1\n  b: 2\n", 2), Some(("port: 1\n".to_owned(), 3)));
        assert_eq!(block("livekit:\n", 1), None);
        assert_eq!(block("livekit:\n", 9), None);
    }
}
