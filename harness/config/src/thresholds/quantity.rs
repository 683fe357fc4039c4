//! A number with its unit. Every number of a threshold has one, except counts.

use std::fmt;

/// A unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Microseconds.
    Us,
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
    /// Hundredths.
    Percent,
    /// Times in a second.
    PerSecond,
    /// 1024 bytes.
    KiB,
    /// 1024 KiB.
    MiB,
    /// 1024 MiB.
    GiB,
    /// Things counted: written without a unit.
    Count,
}

/// What a unit measures. Values of samples are in its base: milliseconds, percent, times in a second, MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dimension {
    Time,
    Share,
    Frequency,
    Memory,
    Count,
}

impl Unit {
    /// Every unit with its sign.
    pub(crate) const SIGNS: &'static [(&'static str, Self)] = &[
        ("us", Self::Us),
        ("ms", Self::Ms),
        ("s", Self::S),
        ("%", Self::Percent),
        ("/s", Self::PerSecond),
        ("KiB", Self::KiB),
        ("MiB", Self::MiB),
        ("GiB", Self::GiB),
    ];

    pub(crate) fn sign(self) -> &'static str {
        Self::SIGNS.iter().find(|(_, unit)| *unit == self).map_or("", |(sign, _)| sign)
    }

    pub(crate) fn dimension(self) -> Dimension {
        match self {
            Self::Us | Self::Ms | Self::S => Dimension::Time,
            Self::Percent => Dimension::Share,
            Self::PerSecond => Dimension::Frequency,
            Self::KiB | Self::MiB | Self::GiB => Dimension::Memory,
            Self::Count => Dimension::Count,
        }
    }

    /// How many of the base one of these is.
    fn factor(self) -> f64 {
        match self {
            Self::Us => 1e-3,
            Self::S => 1e3,
            Self::KiB => 1.0 / 1024.0,
            Self::GiB => 1024.0,
            Self::Ms | Self::Percent | Self::PerSecond | Self::MiB | Self::Count => 1.0,
        }
    }
}

impl Dimension {
    /// The signs of its units, for a message.
    pub(crate) fn signs(self) -> String {
        let of_it = Unit::SIGNS.iter().filter(|(_, unit)| unit.dimension() == self).map(|(sign, _)| *sign);
        of_it.collect::<Vec<_>>().join(", ")
    }
}

/// A number with its unit, finite and not below zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity {
    pub(crate) number: f64,
    pub(crate) unit: Unit,
}

impl Quantity {
    /// In milliseconds, percent, times in a second, MiB, or plain.
    pub fn in_base(self) -> f64 {
        self.number * self.unit.factor()
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.number, self.unit.sign())
    }
}
