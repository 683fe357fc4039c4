//! The version of a livekit-server, as it is compared.

use serde::Deserialize;
use std::fmt;
use std::str::FromStr;

/// `1.13.5`. What stands behind a hyphen, as in `1.13.5-rc1`, counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Version {
    /// Counts first.
    pub major: u32,
    /// Counts when `major` is equal.
    pub minor: u32,
    /// Counts when both are equal.
    pub patch: u32,
}

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no version; write three numbers, as in 1.13.5")]
pub struct NotAVersion(String);

impl Version {
    /// A version whose numbers are known.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }
}

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        parse(text).ok_or_else(|| NotAVersion(text.to_owned()))
    }
}

impl TryFrom<String> for Version {
    type Error = NotAVersion;

    fn try_from(text: String) -> Result<Self, NotAVersion> {
        text.parse()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

fn parse(text: &str) -> Option<Version> {
    let mut parts = text.trim().trim_start_matches('v').split('-').next()?.split('.').map(|part| part.parse().ok());
    let version = Version::new(parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(version)
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions_are_compared_as_numbers() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert_eq!(version("v1.13.5"), Version::new(1, 13, 5));
        assert_eq!(version("1.13.5-rc1"), version("1.13.5"));
        assert!(version("1.9.12") < version("1.13.0") && version("1.13.5") < version("1.13.10"));
        assert_eq!(version("v1.7.0").to_string(), "1.7.0");
        for text in ["", "1.13", "1.13.5.1", "latest", "1.x.0"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
