//! A default as somebody would write it in the YAML.

use super::evaluate::{Value, ValueForm};
use super::resolve::Type;

/// Absent when any part of it is unknown.
pub(crate) fn render(value: &Value, kind: &Type) -> Option<String> {
    Some(match (&value.form, kind) {
        (ValueForm::Bool(value), Type::Plain("bool")) => value.to_string(),
        (ValueForm::Text(text), Type::Plain("string")) => text.clone(),
        (ValueForm::Int(number), Type::Plain("int" | "uint" | "float")) => number.to_string(),
        (ValueForm::Float(number), Type::Plain("float")) => number.to_string(),
        (ValueForm::Int(number), Type::Plain("duration")) => duration(*number),
        (ValueForm::List(values), Type::List(inner)) => {
            let items: Option<Vec<_>> = values.iter().map(|value| render(value, inner)).collect();
            format!("[{}]", items?.join(", "))
        }
        (ValueForm::Map(values), Type::Map(inner)) => {
            let entry = |(key, value): &(Value, Value)| {
                let key = match &key.form {
                    ValueForm::Int(number) => number.to_string(),
                    ValueForm::Text(text) => text.clone(),
                    _ => return None,
                };
                Some(format!("{key}: {}", render(value, inner)?))
            };
            format!("{{{}}}", values.iter().map(entry).collect::<Option<Vec<_>>>()?.join(", "))
        }
        // Within a list or a map; a section of its own has its defaults at its keys.
        (ValueForm::Struct(values), Type::Struct(fields)) => {
            let mut parts = Vec::new();
            for field in &fields.fields {
                if let (Some(key), Some(value)) = (field.key(), values.get(&field.name)) {
                    parts.push(format!("{key}: {}", render(value, &field.kind)?));
                }
            }
            format!("{{{}}}", parts.join(", "))
        }
        _ => return None,
    })
}

/// As Go writes a duration: `7.5s`, `500ms`, `5m0s`.
fn duration(ns: i128) -> String {
    let (sign, ns) = if ns < 0 { ("-", -ns) } else { ("", ns) };
    let decimal = |unit: i128| {
        let (whole, rest) = (ns / unit, ns % unit);
        let digits = unit.to_string().len() - 1;
        let fraction = format!("{rest:0digits$}");
        let fraction = fraction.trim_end_matches('0');
        if rest == 0 { whole.to_string() } else { format!("{whole}.{fraction}") }
    };
    let text = match ns {
        0 => "0s".to_owned(),
        1..1_000 => format!("{ns}ns"),
        1_000..1_000_000 => format!("{}µs", decimal(1_000)),
        1_000_000..1_000_000_000 => format!("{}ms", decimal(1_000_000)),
        _ => {
            let (minutes, seconds) = (ns / 60_000_000_000, decimal(1_000_000_000));
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{seconds}s"),
                (0, minutes) => format!("{minutes}m{}s", below_a_minute(ns)),
                (hours, minutes) => format!("{hours}h{minutes}m{}s", below_a_minute(ns)),
            }
        }
    };
    format!("{sign}{text}")
}

/// The seconds of a longer duration.
fn below_a_minute(ns: i128) -> String {
    let rest = ns % 60_000_000_000;
    let text = format!("{}.{:09}", rest / 1_000_000_000, rest % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_written_as_go_writes_them() {
        // What Go 1.24 prints for the same nanoseconds.
        for (ns, text) in [
            (7_500_000_000, "7.5s"),
            (500_000_000, "500ms"),
            (300_000_000_000, "5m0s"),
            (90_500_000_000, "1m30.5s"),
            (3_600_000_000_000, "1h0m0s"),
            (1_500, "1.5µs"),
            (0, "0s"),
            (-2_000_000_000, "-2s"),
        ] {
            assert_eq!(duration(ns), text);
        }
    }
}
