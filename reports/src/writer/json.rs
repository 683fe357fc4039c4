//! Canonical JSON: sorted keys, no white space, so that equal reports have equal bytes.

use crate::Report;
use serde::Serialize;
use serde_json::Value;

/// The report as one line of canonical JSON.
///
/// # Errors
/// When a number in it is not finite.
pub fn json(report: &Report) -> serde_json::Result<Vec<u8>> {
    let mut text = canonical_json(report)?;
    text.push('\n');
    Ok(text.into_bytes())
}

/// Any value as canonical JSON. Keys are sorted by their bytes.
///
/// # Errors
/// When the value has no JSON form.
pub fn canonical_json<T: Serialize>(value: &T) -> serde_json::Result<String> {
    let mut text = String::new();
    write(&serde_json::to_value(value)?, &mut text)?;
    Ok(text)
}

/// Sorts by itself, since whether `serde_json`'s map is sorted depends on a feature that any crate may switch on.
fn write(value: &Value, text: &mut String) -> serde_json::Result<()> {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort();
            text.push('{');
            for (index, key) in keys.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(key)?);
                text.push(':');
                write(&fields[key], text)?;
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, text)?;
            }
            text.push(']');
        }
        leaf => text.push_str(&serde_json::to_string(leaf)?),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::canonical_json;

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value: serde_json::Value =
            serde_json::from_str(r#"{ "b": [ {"z": 1, "a": null} ], "a": "é\n" }"#).expect("json");
        assert_eq!(canonical_json(&value).expect("canonical"), r#"{"a":"é\n","b":[{"a":null,"z":1}]}"#);
    }
}
