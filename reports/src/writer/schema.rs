//! The keywords of JSON Schema draft 7 that CTRF's schema uses, for tests; any other keyword is an error.

use serde_json::Value;

/// What of the value does not fit the schema, one line each.
pub(super) fn violations(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, schema, value, "", &mut found);
    found
}

fn check(root: &Value, schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    for (keyword, rule) in schema.as_object().expect("a schema") {
        let holds = match keyword.as_str() {
            "$schema" | "title" | "description" | "definitions" => true,
            "type" => is_a(value, rule.as_str().expect("one type")),
            "const" => value == rule,
            "enum" => rule.as_array().expect("values").contains(value),
            "minLength" => {
                value.as_str().is_none_or(|text| text.chars().count() as u64 >= rule.as_u64().expect("a length"))
            }
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= rule.as_u64().expect("a length")),
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().expect("a number")),
            "pattern" => {
                assert_eq!(rule, r"^[0-9]+\.[0-9]+\.[0-9]+$", "a pattern that is not known here");
                let parts: Vec<&str> = value.as_str().unwrap_or_default().split('.').collect();
                parts.len() == 3 && parts.iter().all(|part| part.parse::<u64>().is_ok())
            }
            "format" => value.as_str().is_none_or(|text| is_formatted(text, rule.as_str().expect("a format"))),
            "required" => {
                rule.as_array().expect("names").iter().all(|name| value.get(name.as_str().expect("a name")).is_some())
            }
            "anyOf" => rule.as_array().expect("schemas").iter().any(|one| {
                let mut tried = Vec::new();
                check(root, one, value, path, &mut tried);
                tried.is_empty()
            }),
            "$ref" => {
                let pointer = rule.as_str().expect("a reference").trim_start_matches('#');
                check(root, root.pointer(pointer).expect("a definition"), value, path, found);
                true
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, rule, item, &format!("{path}/{index}"), found);
                }
                true
            }
            "properties" => {
                for (name, of) in rule.as_object().expect("properties") {
                    if let Some(inner) = value.get(name) {
                        check(root, of, inner, &format!("{path}/{name}"), found);
                    }
                }
                true
            }
            "additionalProperties" => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    if schema.get("properties").and_then(|known| known.get(name)).is_none() {
                        match rule.as_bool() {
                            Some(allowed) if !allowed => found.push(format!("{path}/{name}: unknown")),
                            Some(_) => {}
                            None => check(root, rule, inner, &format!("{path}/{name}"), found),
                        }
                    }
                }
                true
            }
            other => panic!("{other} is a keyword that is not known here"),
        };
        if !holds {
            found.push(format!("{path}: {value} breaks {keyword} {rule}"));
        }
    }
}

fn is_a(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        other => panic!("{other} is a type that is not known here"),
    }
}

fn is_formatted(text: &str, format: &str) -> bool {
    match format {
        "uuid" => {
            let lengths: Vec<usize> = text.split('-').map(str::len).collect();
            lengths == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
        }
        other => panic!("{other} is a format that is not known here"),
    }
}
