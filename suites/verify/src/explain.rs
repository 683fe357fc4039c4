//! What `--explain` says about a check, all of it out of the check itself.

use greenlight_fixtures::catalogue;
use greenlight_harness::Check;

/// Claim, harm, fix, proof and source of a check.
pub(crate) fn explain(check: &Check) -> String {
    let mut lines = vec![
        format!("{}   {}", check.id, check.title),
        format!("  claim     {}", check.source.claim()),
        format!("  hurts     {}", check.source.hurts()),
        format!("  blame     {}", check.blame),
        format!("  fix       {}", check.fix),
    ];
    let needs: Vec<String> = check.needs.iter().map(ToString::to_string).collect();
    if !needs.is_empty() {
        lines.push(format!("  needs     {}", needs.join(", ")));
    }
    let known = catalogue();
    for fault in check.proven_by {
        let lands = known.iter().find(|entry| entry.fault == *fault).map(|entry| entry.lands().to_string());
        lines.push(format!("  proven by {fault}, planted in: {}", lands.unwrap_or_default()));
    }
    lines.push(format!("  source    {}:{}", check.source.file, check.source.line));
    lines.push(format!("  see red   cargo verify --test {} --plant {}", check.id, check.proven_by[0]));
    lines.join("\n") + "\n"
}
