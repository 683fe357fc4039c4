//! A span of time as people write it: `60s`, `5m`, `2h`.

use std::time::Duration;

/// A run of few checks takes seconds: what comes more often is load.
const MIN: Duration = Duration::from_secs(10);
const MAX: Duration = Duration::from_hours(24);

/// Reads one between ten seconds and a day.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return Err("write a number and its unit: 60s, 5m or 2h".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_| "write a number and its unit: 60s, 5m or 2h".to_owned())?;
    let span = Duration::from_secs(number.saturating_mul(factor));
    match span {
        _ if span < MIN => Err("at least 10s".to_owned()),
        _ if span > MAX => Err("at most 24h".to_owned()),
        _ => Ok(span),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn spans_have_a_unit_and_bounds() {
        for (text, seconds) in [("10s", 10), ("60s", 60), ("5m", 300), ("2h", 7_200), ("24h", 86_400)] {
            assert_eq!(parse(text).map(|span| span.as_secs()), Ok(seconds), "{text}");
        }
        for text in ["", "60", "s", "5 m", "-5m", "1.5m", "5M", "1d", "9s", "0s", "25h", "99999999999999999999s"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
