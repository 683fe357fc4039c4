//! Waivers: failures that are known and accepted for the time being, as data.

use crate::version::Version;
use serde::Deserialize;
use std::fmt;

/// One accepted failure. It ends by itself: with a version that mends it, or on a day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The id of the check.
    pub check: String,
    /// The failure that is known, as the check words it: another failure of the same check is not accepted.
    pub what: String,
    /// Why the failure is accepted.
    pub reason: String,
    /// Where it is tracked.
    pub link: String,
    /// Who answers for it.
    pub owner: String,
    /// `<1.13.6`: only while every node's version is below that. One of this and `expires` must be there.
    #[serde(default)]
    pub applies_to: Option<String>,
    /// `2027-01-31`: only up to and including that day, in UTC.
    #[serde(default)]
    pub expires: Option<String>,
}

impl Waiver {
    /// What is wrong with it, for the reader of the file; empty when nothing is.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, text) in [
            ("check", &self.check),
            ("what", &self.what),
            ("reason", &self.reason),
            ("link", &self.link),
            ("owner", &self.owner),
        ] {
            if text.trim().is_empty() {
                problems.push(format!("a waiver has an empty `{name}`"));
            }
        }
        let check = &self.check;
        match (&self.applies_to, &self.expires) {
            (None, None) => problems
                .push(format!("the waiver of {check} never ends; give it `applies_to: \"<VERSION\"` or `expires`")),
            (applies_to, expires) => {
                if let Some(text) = applies_to
                    && below(text).is_none()
                {
                    problems.push(format!("the waiver of {check} applies to {text:?}; write \"<1.13.6\""));
                }
                if let Some(text) = expires
                    && date(text).is_none()
                {
                    problems.push(format!("the waiver of {check} expires {text:?}; write 2027-01-31"));
                }
            }
        }
        problems
    }

    /// Whether it accepts a failure of this check, on nodes of these versions, on this day (year, month, day). Without
    /// a version to compare, a waiver that depends on one does not apply.
    pub fn applies(&self, check: &str, versions: &[&str], today: (u16, u8, u8)) -> bool {
        let by_version = match self.applies_to.as_deref().map(below) {
            None => true,
            Some(None) => false,
            Some(Some(bound)) => {
                let older = |text: &&str| text.parse::<Version>().is_ok_and(|version| version < bound);
                !versions.is_empty() && versions.iter().all(older)
            }
        };
        let by_date = match self.expires.as_deref().map(date) {
            None => true,
            Some(last) => last.is_some_and(|last| today <= last),
        };
        let ends = self.applies_to.is_some() || self.expires.is_some();
        self.check == check && ends && by_version && by_date
    }
}

/// Until when the waiver holds.
impl fmt::Display for Waiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.applies_to, &self.expires) {
            (Some(version), Some(day)) => write!(f, "livekit-server {version}, at most until {day}"),
            (Some(version), None) => write!(f, "livekit-server {version}"),
            (None, day) => f.write_str(day.as_deref().unwrap_or("never")),
        }
    }
}

fn below(text: &str) -> Option<Version> {
    text.strip_prefix('<')?.parse().ok()
}

fn date(text: &str) -> Option<(u16, u8, u8)> {
    let mut parts = text.split('-');
    let day = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let is_a_day = (1..=12).contains(&day.1) && (1..=31).contains(&day.2) && text.len() == 10;
    (is_a_day && parts.next().is_none()).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::Waiver;

    fn waiver(applies_to: Option<&str>, expires: Option<&str>) -> Waiver {
        Waiver {
            check: "security.a".into(),
            what: "a token is echoed".into(),
            reason: "known".into(),
            link: "livekit#4756".into(),
            owner: "us".into(),
            applies_to: applies_to.map(str::to_owned),
            expires: expires.map(str::to_owned),
        }
    }

    const TODAY: (u16, u8, u8) = (2026, 11, 23);

    #[test]
    fn a_version_bound_ends_with_the_release_that_mends_it() {
        let waiver = waiver(Some("<1.13.6"), None);
        let applies = |versions: &[&str]| waiver.applies("security.a", versions, TODAY);
        assert!(applies(&["1.13.5", "1.13.5"]) && applies(&["1.7.0"]) && applies(&["1.13.5-rc1"]));
        assert!(!applies(&["1.13.6"]) && !applies(&["1.13.5", "1.13.6"]) && !applies(&["1.14.0"]));
        // 1.9 is older than 1.13, as versions go.
        assert!(applies(&["1.9.12"]));
        assert!(!applies(&[]) && !applies(&["unknown"]));
        assert!(!waiver.applies("security.b", &["1.13.5"], TODAY));
    }

    #[test]
    fn a_day_ends_a_waiver_and_nothing_lasts_for_ever() {
        let until = |day| waiver(None, Some(day)).applies("security.a", &["1.13.5"], TODAY);
        assert!(until("2026-11-23") && until("2027-01-01"));
        assert!(!until("2026-11-22") && !until("tomorrow") && !until("2026-13-01"));
        assert!(!waiver(None, None).applies("security.a", &["1.13.5"], TODAY));
        assert_eq!(waiver(None, None).problems().len(), 1);
        assert_eq!(waiver(Some("1.13.6"), Some("soon")).problems().len(), 2);
        assert!(waiver(Some("<1.13.6"), Some("2027-01-31")).problems().is_empty());
    }
}
