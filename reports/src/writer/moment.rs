//! Moments of a report as writers need them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The moment in milliseconds since 1970; `None` when it is no RFC 3339 date.
pub(super) fn millis(moment: &str) -> Option<i64> {
    let moment = OffsetDateTime::parse(moment, &Rfc3339).ok()?;
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok()
}
