//! What a check returns. A pass can't be built without a measured value.

use greenlight_reports::{Component, Failure, Limit, Measured};
use std::fmt::Display;
use std::num::NonZeroU64;

/// `Ok` is a pass with its measurements; `Err` says how the check stopped.
pub type Verdict = Result<Pass, Halt>;

/// A claim that holds. It has at least one measured value, and all are within their limits.
#[derive(Debug)]
pub struct Pass {
    measured: Vec<Measured>,
    concern: Option<Halt>,
}

/// Why there is no pass.
#[derive(Debug)]
pub enum Halt {
    /// Found out, and the claim is false. Without a blame of its own the check's applies.
    Failed {
        /// What is wrong.
        what: String,
        /// The value found.
        found: String,
        /// The value expected.
        expected: String,
        /// What to do about it.
        fix: String,
        /// Where to look first, if not where the check says.
        blame: Option<Component>,
        /// `file:line` of the assertion.
        at: String,
    },
    /// Could not find out. `?` makes these.
    Errored(String),
    /// Does not apply here, because.
    Skipped(String),
}

/// `?` on any error means "could not find out".
impl<E: Into<anyhow::Error>> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Errored(format!("{:#}", error.into()))
    }
}

impl From<Pass> for Verdict {
    fn from(pass: Pass) -> Self {
        Ok(pass)
    }
}

/// Why a number is no measurement.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MeasureError {
    /// Nothing was sampled.
    #[error("{0} rests on no sample")]
    NoSample(String),
    /// Not a finite number.
    #[error("{0} or its limit is not a finite number")]
    NotFinite(String),
}

/// A pass in the making, which is none yet: only a measurement turns it into a [`Pass`].
#[derive(Debug, Default)]
#[must_use]
pub struct PassBuilder(());

impl PassBuilder {
    /// Starts one.
    pub fn new() -> Self {
        Self(())
    }

    /// See [`Pass::measured`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn measured(self, name: &str, value: f64, limit: Limit, n: usize) -> Verdict {
        Pass { measured: vec![], concern: None }.measured(name, value, limit, n)
    }

    /// See [`Pass::counted`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn counted(self, name: &str, count: usize, limit: Limit) -> Verdict {
        Pass { measured: vec![], concern: None }.counted(name, count, limit)
    }
}

impl Pass {
    /// Adds a value that rests on `n` samples.
    ///
    /// # Errors
    /// Failed when it is outside its limit; errored when it is no number or rests on nothing.
    #[track_caller]
    pub fn measured(mut self, name: &str, value: f64, limit: Limit, n: usize) -> Verdict {
        let n = u64::try_from(n).ok().and_then(NonZeroU64::new).ok_or_else(|| MeasureError::NoSample(name.into()))?;
        let (Limit::AtLeast(bound) | Limit::AtMost(bound) | Limit::Exactly(bound)) = limit;
        if !value.is_finite() || !bound.is_finite() {
            return Err(MeasureError::NotFinite(name.into()).into());
        }
        if !limit.holds(value) {
            return Err(failed(
                format!("{name} is outside its limit"),
                format!("{value:.3} over {n} samples"),
                limit,
                format!(
                    "find out what changed; the limit stands under `limits` in config/staging_tests.yaml or in the check ({name})"
                ),
                None,
            ));
        }
        self.measured.push(Measured { name: name.into(), value, limit, n });
        Ok(self)
    }

    /// Adds a count of things that were tried; the count is also the number of samples.
    ///
    /// # Errors
    /// As [`Pass::measured`].
    #[track_caller]
    #[expect(clippy::cast_precision_loss, reason = "counts of a check are far below 2^52")]
    pub fn counted(self, name: &str, count: usize, limit: Limit) -> Verdict {
        self.measured(name, count as f64, limit, count)
    }

    /// The claim holds today, and something about it will hurt: the check ends as `Warned`. What is no failure made by
    /// [`failed`] is returned as it is.
    ///
    /// # Errors
    /// Whatever else than a failure was given.
    pub fn warned(mut self, concern: Halt) -> Verdict {
        if !matches!(concern, Halt::Failed { .. }) {
            return Err(concern);
        }
        self.concern.get_or_insert(concern);
        Ok(self)
    }

    pub(crate) fn into_parts(self) -> (Vec<Measured>, Option<Halt>) {
        (self.measured, self.concern)
    }
}

/// A failure at the caller's place in the source.
#[track_caller]
pub fn failed(
    what: impl Display,
    found: impl Display,
    expected: impl Display,
    fix: impl Display,
    blame: Option<Component>,
) -> Halt {
    let place = std::panic::Location::caller();
    Halt::Failed {
        what: what.to_string(),
        found: found.to_string(),
        expected: expected.to_string(),
        fix: fix.to_string(),
        blame,
        at: format!("{}:{}", place.file(), place.line()),
    }
}

impl Halt {
    /// The failure for the report, with the check's blame where it names none. `None` for the other kinds.
    pub(crate) fn failure(&self, default_blame: Component) -> Option<Failure> {
        let Self::Failed { what, found, expected, fix, blame, at } = self else {
            return None;
        };
        Some(Failure {
            what: what.clone(),
            found: found.clone(),
            expected: expected.clone(),
            fix: fix.clone(),
            blame: blame.unwrap_or(default_blame),
            at: at.clone(),
        })
    }
}

/// Holds a value against an expected one: `ensure!(value, == 200, "what is wrong", fix = "what to do")`.
///
/// Both values are shown in the failure. `blame = Component::…` names another component than the check's.
#[macro_export]
macro_rules! ensure {
    ($value:expr, $op:tt $expected:expr, $what:expr, $(blame = $blame:expr,)? fix = $fix:expr $(,)?) => {
        // A match keeps temporaries of both sides alive, as assert_eq! does.
        match (&$value, &$expected) {
            (value, expected) => {
                if !(*value $op *expected) {
                    let sign = match stringify!($op) { "==" => "", other => other };
                    let expected = format!("{sign} {expected:?}");
                    return Err($crate::prelude::failed(
                        $what, format!("{value:?}"), expected.trim(), $fix, $crate::blame!($($blame)?),
                    ));
                }
            }
        }
    };
}

/// The optional blame of [`ensure!`] and [`ensure_ok!`].
#[doc(hidden)]
#[macro_export]
macro_rules! blame {
    () => {
        None
    };
    ($component:expr) => {
        Some($component)
    };
}

/// Takes the value of an RPC that must succeed; a refusal of the server is a failure, silence an error.
#[macro_export]
macro_rules! ensure_ok {
    ($reply:expr, $what:expr, $(blame = $blame:expr,)? fix = $fix:expr $(,)?) => {
        match $reply {
            Ok(value) => value,
            Err(refusal) => {
                return Err($crate::prelude::failed($what, refusal, "success", $fix, $crate::blame!($($blame)?)));
            }
        }
    };
}

/// Takes the session of a join that must succeed. A refusal by the server is a failure; silence, or something that is
/// no join, is an error.
#[macro_export]
macro_rules! ensure_joined {
    ($join:expr, $what:expr, $(blame = $blame:expr,)? fix = $fix:expr $(,)?) => {
        match $join {
            Ok(session) => session,
            Err($crate::clients::JoinError::Refused(answer)) => {
                return Err($crate::prelude::failed($what, answer, "a session", $fix, $crate::blame!($($blame)?)));
            }
            Err($crate::clients::JoinError::Left(leave)) => {
                let found = format!("Leave with reason {} and action {}", leave.reason, leave.action);
                return Err($crate::prelude::failed($what, found, "a session", $fix, $crate::blame!($($blame)?)));
            }
            Err($crate::clients::JoinError::NoMedia(missing)) => return Err($crate::prelude::no_media(&missing)),
            Err(other) => return Err(other.into()),
        }
    };
}

/// A participant was let in and can't be heard.
#[track_caller]
pub fn no_media(missing: &anyhow::Error) -> Halt {
    failed(
        "a participant is let in, and no media path comes up",
        format!("{missing:#}"),
        "ICE and DTLS within ten seconds",
        "open the media ports (rtc.udp_port or rtc.port_range_*, rtc.tcp_port) from here to the nodes, and let rtc.node_ip be an address that callers reach; `cargo verify --test signal.media_addresses` shows what joins are told",
        Some(Component::Configuration),
    )
}

/// Ends the check as not applicable here: `skip!("the target offers no TURN")`.
#[macro_export]
macro_rules! skip {
    ($($reason:tt)+) => {
        return Err($crate::prelude::Halt::Skipped(format!($($reason)+)))
    };
}

#[cfg(test)]
mod tests {
    use super::{Halt, PassBuilder, Verdict};
    use greenlight_reports::Limit::{AtLeast, AtMost};

    #[test]
    fn a_value_within_its_limit_passes() {
        let pass =
            PassBuilder::new().counted("tries", 2, AtLeast(2.0)).and_then(|p| p.measured("ms", 3.5, AtMost(4.0), 7));
        let (measured, _) = pass.expect("a pass").into_parts();
        assert_eq!(measured.len(), 2);
        assert_eq!((measured[0].n.get(), measured[1].n.get()), (2, 7));
    }

    #[test]
    fn a_value_outside_its_limit_fails() {
        let verdict = PassBuilder::new().measured("join_ms_p95", 2500.0, AtMost(2000.0), 50);
        let Err(Halt::Failed { found, expected, at, .. }) = verdict else { panic!("{verdict:?}") };
        assert_eq!((found.as_str(), expected.as_str()), ("2500.000 over 50 samples", "<= 2000"));
        assert!(at.contains("verdict.rs:"), "{at}");
    }

    #[test]
    fn nothing_measured_is_never_a_pass() {
        for verdict in [
            PassBuilder::new().counted("tries", 0, AtLeast(0.0)),
            PassBuilder::new().measured("ms", f64::NAN, AtMost(1.0), 1),
            PassBuilder::new().measured("ms", f64::NEG_INFINITY, AtMost(1.0), 1),
            PassBuilder::new().measured("ms", 1.0, AtMost(f64::INFINITY), 1),
        ] {
            assert!(matches!(verdict, Err(Halt::Errored(_))), "{verdict:?}");
        }
    }

    fn checked(status: u16) -> Verdict {
        crate::ensure!(status, == 200, "a valid token was refused", fix = "compare the keys");
        PassBuilder::new().counted("tries", 1, AtLeast(1.0))
    }

    fn looked_up(text: &str) -> Verdict {
        let number: usize = text.parse()?;
        PassBuilder::new().counted("number", number, AtLeast(1.0))
    }

    #[test]
    fn wrong_and_unknown_are_told_apart() {
        let Err(Halt::Failed { found, expected, fix, .. }) = checked(401) else { panic!("not failed") };
        assert_eq!((found.as_str(), expected.as_str(), fix.as_str()), ("401", "200", "compare the keys"));
        assert!(checked(200).is_ok());
        assert!(matches!(looked_up("no number"), Err(Halt::Errored(_))));
    }

    fn joined(join: Result<(), crate::clients::JoinError>) -> Verdict {
        let () = crate::ensure_joined!(join, "no join", blame = crate::reports::Component::Keys, fix = "look");
        PassBuilder::new().counted("joins", 1, AtLeast(1.0))
    }

    fn called(reply: Result<(), &str>) -> Verdict {
        let () = crate::ensure_ok!(reply, "refused", fix = "look");
        PassBuilder::new().counted("calls", 1, AtLeast(1.0))
    }

    #[test]
    fn a_refusal_is_a_failure_and_silence_an_error() {
        use crate::clients::{Answer, JoinError};
        use crate::reports::Component;
        let answer = Answer { status: 401, body: "no".into(), ..Answer::default() };
        let refused = joined(Err(JoinError::Refused(answer))).expect_err("refused");
        let failure = refused.failure(Component::Redis).expect("a failure");
        assert_eq!((failure.found.as_str(), failure.blame), ("401 \"no\"", Component::Keys));
        let silent = joined(Err(JoinError::Protocol(anyhow::anyhow!("odd"))));
        assert!(matches!(silent, Err(Halt::Errored(_))), "{silent:?}");
        assert!(joined(Ok(())).is_ok() && called(Ok(())).is_ok());
        let failure = called(Err("404")).expect_err("refused").failure(Component::Redis).expect("a failure");
        assert_eq!((failure.found.as_str(), failure.blame), ("404", Component::Redis));
    }

    #[test]
    fn the_sign_and_the_whole_chain_of_causes_are_shown() {
        let compared = || -> Verdict {
            crate::ensure!(3, >= 5, "too few", fix = "wait");
            PassBuilder::new().counted("tries", 1, AtLeast(1.0))
        };
        let Err(Halt::Failed { expected, .. }) = compared() else { panic!("not failed") };
        assert_eq!(expected, ">= 5");
        let Halt::Errored(chain) = Halt::from(anyhow::anyhow!("inner").context("outer")) else { panic!("not errored") };
        assert_eq!(chain, "outer: inner");
    }
}
