//! One edit on the lines of a text. Whether it did what was wanted is looked at by the caller.

use super::edit::Edit;
use super::lines::{Span, indent, is_blank, span};

const FLOW: &str = "it does not stand on lines of its own; change it by hand";
/// As livekit-server's sample has it, where the file itself shows nothing.
const STEP: usize = 2;

pub(super) fn apply(text: &str, edit: &Edit) -> Result<String, &'static str> {
    // A carriage return stays at the end of its line: in a file of both kinds each line keeps its own.
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let ended = lines.last().is_some_and(String::is_empty);
    if ended {
        lines.pop();
    }
    match edit {
        Edit::Remove { path } => {
            let there = span(text, path).ok_or(FLOW)?;
            remove(&mut lines, there);
        }
        Edit::Move { path, to } => {
            let there = span(text, path).ok_or(FLOW)?;
            let name = to.rsplit('.').next().unwrap_or(to);
            let mut block: Vec<String> = lines[there.first..there.behind].to_vec();
            block[0] = renamed(&block[0], path.rsplit('.').next().unwrap_or(path), name).ok_or(FLOW)?;
            let same_section =
                path.rsplit_once('.').map(|(above, _)| above) == to.rsplit_once('.').map(|(above, _)| above);
            if same_section {
                lines.splice(there.first..there.behind, block);
            } else {
                remove(&mut lines, there);
                insert(&mut lines, to, block, there.indent)?;
            }
        }
        Edit::Set { path, value } => match span(text, path) {
            Some(there) if there.behind == there.first + 1 => {
                lines[there.first] = with_value(&lines[there.first], value).ok_or(FLOW)?;
            }
            Some(_) => return Err("its value goes over several lines; change it by hand"),
            None => {
                let name = path.rsplit('.').next().unwrap_or(path);
                insert(&mut lines, path, vec![format!("{name}: {value}")], 0)?;
            }
        },
    }
    let mut out = lines.join("\n");
    if ended && !text.is_empty() {
        out.push('\n');
    }
    Ok(out)
}

fn remove(lines: &mut Vec<String>, there: Span) {
    lines.drain(there.first..there.behind);
}

/// The line with another name before its colon.
fn renamed(line: &str, old: &str, new: &str) -> Option<String> {
    let at = line.find(old)?;
    Some(format!("{}{new}{}", &line[..at], &line[at + old.len()..]))
}

/// The line with another value behind its colon; a comment behind stays.
fn with_value(line: &str, value: &str) -> Option<String> {
    let (line, ending) = line.strip_suffix('\r').map_or((line, ""), |line| (line, "\r"));
    let (before, rest) = line.split_once(':')?;
    let comment = rest.find(" #").map(|at| rest[at..].to_owned()).unwrap_or_default();
    Some(format!("{before}: {value}{comment}{ending}"))
}

/// Puts a block of lines where its path belongs. The deepest section that is there takes it; what is missing is made.
fn insert(lines: &mut Vec<String>, path: &str, block: Vec<String>, block_indent: usize) -> Result<(), &'static str> {
    let names: Vec<&str> = path.split('.').collect();
    let text = lines.join("\n");
    let above = (1..names.len()).rev().map(|length| names[..length].join(".")).find_map(|path| {
        let depth = path.split('.').count();
        span(&text, &path).map(|there| (there, depth))
    });
    let (at, base, depth) = match above {
        Some((there, depth)) => {
            let head = lines[there.first].split(" #").next().unwrap_or_default().trim_end();
            if !head.ends_with(':') {
                return Err("the section that it belongs to is written on one line; change it by hand");
            }
            let first_below = lines[there.first + 1..there.behind].iter().find(|line| !is_blank(line));
            let base = first_below.map_or(there.indent + STEP, |line| indent(line));
            (there.behind, base, depth)
        }
        // Not behind the end of a document, and not into comments at the end of the file.
        None => (lines.iter().rposition(|line| !is_blank(line) && line != "...").map_or(0, |last| last + 1), 0, 0),
    };
    let mut made: Vec<String> = Vec::new();
    for (level, name) in names[depth..names.len() - 1].iter().enumerate() {
        made.push(format!("{}{name}:", " ".repeat(base + level * STEP)));
    }
    // New lines end as the one before them does.
    let ending = if at.checked_sub(1).is_some_and(|above| lines[above].ends_with('\r')) { "\r" } else { "" };
    made.iter_mut().for_each(|line| line.push_str(ending));
    let block: Vec<String> =
        block.iter().map(|line| if line.ends_with('\r') { line.clone() } else { format!("{line}{ending}") }).collect();
    let own = base + (names.len() - 1 - depth) * STEP;
    made.extend(block.iter().map(|line| match line.trim().is_empty() {
        true => line.clone(),
        false => {
            format!("{}{}", " ".repeat((own + indent(line)).saturating_sub(block_indent)), line.trim_start_matches(' '))
        }
    }));
    lines.splice(at..at, made);
    Ok(())
}
