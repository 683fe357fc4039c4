//! Every key that a configuration type takes, with its kind, its default and where both are written.

use super::evaluate::{Value, ValueForm};
use super::render::render;
use super::resolve::Type;
use anyhow::{Result, ensure};
use std::collections::BTreeMap;

/// One key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) kind: &'static str,
    pub(crate) source: String,
    pub(crate) default: Default,
}

/// What the sources say of a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Default {
    /// Nothing: the type's own zero holds, or code decides.
    Unstated,
    /// A value and where it is written.
    Stated(String, String),
    /// An expression that is not evaluated, and where it is written.
    Computed(String, String),
}

/// The keys by their paths.
pub(crate) fn keys(kind: &Type, defaults: &Value) -> Result<BTreeMap<String, Key>> {
    let mut found = BTreeMap::new();
    section(kind, Some(defaults), "", &mut found)?;
    Ok(found)
}

fn section(kind: &Type, defaults: Option<&Value>, path: &str, found: &mut BTreeMap<String, Key>) -> Result<()> {
    let Type::Struct(fields) = kind else { return Ok(()) };
    for field in &fields.fields {
        let default = defaults.and_then(|value| match &value.form {
            ValueForm::Struct(values) => values.get(&field.name),
            // Of a section that is computed as a whole nothing is known.
            ValueForm::Unknown(_) => Some(value),
            _ => None,
        });
        if field.is_inline() {
            section(&field.kind, default, path, found)?;
            continue;
        }
        let Some(key) = field.key() else { continue };
        let path = if path.is_empty() { key } else { format!("{path}.{key}") };
        value(&field.kind, default, path, &field.source, found)?;
    }
    Ok(())
}

fn value(
    kind: &Type,
    default: Option<&Value>,
    path: String,
    source: &str,
    found: &mut BTreeMap<String, Key>,
) -> Result<()> {
    let word = match kind {
        Type::Plain(word) | Type::Own(word, _) => *word,
        Type::Struct(_) => "section",
        Type::List(_) => "list",
        Type::Map(_) => "map",
        // YAML has no word for it, so it is no key.
        Type::Other => return Ok(()),
    };
    let default_of_key = match (kind, default) {
        (Type::Struct(_), _) | (_, None) => Default::Unstated,
        (_, Some(value)) => match render(value, kind) {
            Some(text) => Default::Stated(text, value.source.clone()),
            None => Default::Computed(words(value), value.source.clone()),
        },
    };
    let key = Key { kind: word, source: source.to_owned(), default: default_of_key };
    ensure!(found.insert(path.clone(), key).is_none(), "{path} is declared twice, last in {source}");
    match kind {
        Type::Struct(_) => section(kind, default, &path, found),
        Type::List(inner) => value(inner, None, format!("{path}[]"), source, found),
        Type::Map(inner) => value(inner, None, format!("{path}.*"), source, found),
        _ => Ok(()),
    }
}

/// The first expression in a value that is not evaluated.
fn words(value: &Value) -> String {
    let first = |values: &mut dyn Iterator<Item = &Value>| values.map(words).find(|words| !words.is_empty());
    match &value.form {
        ValueForm::Unknown(words) => Some(words.clone()),
        ValueForm::Struct(values) => first(&mut values.values()),
        ValueForm::List(values) => first(&mut values.iter()),
        ValueForm::Map(values) => first(&mut values.iter().flat_map(|(key, value)| [key, value])),
        _ => None,
    }
    .unwrap_or_default()
}
