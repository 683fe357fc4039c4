//! Values that can't be read as what the variable takes: each ends the start with exit status 0.

use super::variables::Variable;
use crate::lint::findings::{Findings, words};
use crate::lint::known::server_environment;
use crate::lint::scalars::is_template;
use crate::lint::types::shown_value;

/// A shorter time than this, in nanoseconds, was meant in another unit.
const NANOSECONDS_MIN: i64 = 1_000_000;

pub(super) fn check(variables: &[Variable], findings: &mut Findings) {
    let known = server_environment();
    for variable in variables {
        let Some(kind) = known.get(variable.name.as_str()) else {
            continue;
        };
        let value = variable.value.as_str();
        if value.is_empty() || is_template(value) {
            continue;
        }
        match *kind {
            "duration" => duration(variable, findings),
            "bool" if !is_bool(value) => refused(variable, "true or false", findings),
            "int" if whole(value).is_none() => refused(variable, "a whole number", findings),
            "uint" if whole(value).is_none_or(|number| number < 0) => {
                refused(variable, "a whole number from 0", findings)
            }
            "float" if value.parse::<f64>().is_err() => refused(variable, "a number", findings),
            _ => {}
        }
    }
}

fn refused(variable: &Variable, expected: &str, findings: &mut Findings) {
    let (found, fix) = if variable.value.contains("://") {
        let fix =
            "Kubernetes sets this for a Service of that name: rename the Service, or set enableServiceLinks: false";
        (variable.value.as_str(), fix.to_owned())
    } else {
        (variable.value.as_str(), format!("write {expected}"))
    };
    let what = format!("{} takes {expected}: the server ends with exit status 0", variable.name);
    findings.wrong("env_wrong_type", variable.line, words(shown_value(found), what, fix));
}

fn duration(variable: &Variable, findings: &mut Findings) {
    match whole(&variable.value) {
        None => {
            let what = "up to 1.13.7 a duration in a variable is a number of nanoseconds, without unit: the server ends \
                        with exit status 0";
            let fix =
                "write it in the configuration file, where units are right, or count nanoseconds (5s is 5000000000)";
            findings.wrong("env_duration", variable.line, words(shown_value(&variable.value), what, fix));
        }
        Some(number) if number != 0 && number.abs() < NANOSECONDS_MIN => {
            let what = "a number is taken as nanoseconds: this is less than a millisecond";
            let fix = "write it in the configuration file with a unit, or count nanoseconds (5s is 5000000000)";
            findings.wrong("env_duration", variable.line, words(shown_value(&variable.value), what, fix));
        }
        Some(_) => {}
    }
}

/// What Go's `strconv.ParseBool` takes.
fn is_bool(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "TRUE" | "true" | "True" | "0" | "f" | "F" | "FALSE" | "false" | "False")
}

fn whole(text: &str) -> Option<i64> {
    crate::lint::scalars::integer(text)
}
