//! The variables that a livekit-server reads: those of its named flags, and those that it makes out of its keys.
//!
//! Which kinds of keys get a variable is read in the server's own code, since it was not the same in every version.

use super::golang::{Expr, Form, children, collect, expr, named, parse, text};
use super::modules::SERVER;
use super::resolve::{Scope, Type, World};
use anyhow::{Context, Result, ensure};
use std::collections::{BTreeMap, BTreeSet};
use tree_sitter::Node;

/// One variable: what it sets, the kind of its value, and where that is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) kind: &'static str,
    pub(crate) source: String,
}

/// A flag that is written by hand in the server's main file.
struct Flag {
    name: String,
    kind: &'static str,
    variables: Vec<String>,
    line: usize,
}

/// Every variable, by name and key.
pub(crate) fn variables(world: &mut World, config: &Type, config_file: &Scope) -> Result<BTreeSet<Variable>> {
    let main = world.package(&format!("{SERVER}/cmd/server"))?.context("no package cmd/server")?;
    let file = main.files.iter().position(|file| file.path.ends_with("main.go")).context("no main.go")?;
    let flags = named_flags(&main.files[file].text)?;
    ensure!(!flags.is_empty(), "main.go has no list baseFlags");
    let scope = Scope { package: main.clone(), file };
    let mut found = BTreeSet::new();
    for flag in &flags {
        for name in &flag.variables {
            let source = scope.source(flag.line);
            found.insert(Variable { name: name.clone(), key: flag.name.clone(), kind: flag.kind, source });
        }
    }
    let reads = kinds_with_a_variable(&config_file.package.files[config_file.file].text)?;
    let taken = flags.iter().map(|flag| flag.name.as_str()).collect();
    generated(config, "", &taken, &reads, &mut found);
    Ok(found)
}

/// Follows the server's `ToCLIFlagNames`: sections are entered, and what a named flag is called already is left out.
fn generated(
    kind: &Type,
    prefix: &str,
    taken: &BTreeSet<&str>,
    reads: &BTreeMap<String, bool>,
    found: &mut BTreeSet<Variable>,
) {
    let (Type::Struct(fields) | Type::Own(_, fields)) = kind else { return };
    for field in &fields.fields {
        let tag = field.yaml.as_deref().unwrap_or_default();
        let path = match (tag.split(',').next().unwrap_or_default(), tag == ",inline", prefix) {
            ("", false, _) | (_, true, "") => continue,
            (_, true, prefix) => prefix.to_owned(),
            (key, false, "") => key.to_owned(),
            (key, false, prefix) => format!("{prefix}.{key}"),
        };
        if taken.contains(path.as_str()) {
            continue;
        }
        match &field.kind {
            Type::Struct(_) | Type::Own(..) if !field.is_pointer => generated(&field.kind, &path, taken, reads, found),
            Type::Plain(word) if reads.get(reflected(word)).copied().unwrap_or_default() => {
                let name = format!("LIVEKIT_{}", path.to_uppercase().replace('.', "_"));
                found.insert(Variable { name, key: path, kind: word, source: field.source.clone() });
            }
            _ => {}
        }
    }
}

/// The name that Go's reflection has for a kind; widths of one kind are treated alike by the server.
fn reflected(kind: &str) -> &'static str {
    match kind {
        "bool" => "Bool",
        "string" => "String",
        "uint" => "Uint32",
        "float" => "Float64",
        "duration" => "Int64",
        _ => "Int",
    }
}

/// Of the cases in `GenerateCLIFlags`, whether the flag that they make reads a variable.
fn kinds_with_a_variable(source: &str) -> Result<BTreeMap<String, bool>> {
    let tree = parse(source)?;
    let function = children(tree.root_node())
        .into_iter()
        .find(|node| named(*node, "name", source) == Some("GenerateCLIFlags"))
        .context("no function GenerateCLIFlags")?;
    let mut found = BTreeMap::new();
    collect(function, "expression_case", &mut |case| {
        let reads = text(case, source).contains("envVar");
        for value in case.child_by_field_name("value").map(children).unwrap_or_default() {
            if let Some(kind) = named(value, "field", source) {
                found.insert(kind.to_owned(), reads);
            }
        }
    });
    ensure!(found.contains_key("Bool") && found.contains_key("Float64"), "GenerateCLIFlags has other cases than known");
    Ok(found)
}

/// The literals `&cli.StringFlag{…}` in the list `baseFlags` of the main file.
fn named_flags(source: &str) -> Result<Vec<Flag>> {
    let tree = parse(source)?;
    let mut found = Vec::new();
    // Those of its commands, such as `create-join-token`, are no part of a configuration.
    collect(tree.root_node(), "var_spec", &mut |spec| {
        if named(spec, "name", source) == Some("baseFlags") {
            collect(spec, "composite_literal", &mut |node| literals(node, source, &mut found));
        }
    });
    Ok(found)
}

fn literals(node: Node<'_>, source: &str, found: &mut Vec<Flag>) {
    let kind = named(node, "type", source).unwrap_or_default();
    let Form::Literal(_, entries) = expr(node, source).form else { return };
    let kind = match kind {
        "cli.BoolFlag" => "bool",
        "cli.StringFlag" | "cli.StringSliceFlag" => "string",
        "cli.IntFlag" => "int",
        // A list of flags, or a command with some within.
        _ => {
            let body = node.child_by_field_name("body");
            return body
                .into_iter()
                .for_each(|body| collect(body, "composite_literal", &mut |node| literals(node, source, found)));
        }
    };
    let of = |name: &str| {
        let is = |key: &Option<Expr>| matches!(key, Some(Expr { form: Form::Name(key), .. }) if key == name);
        entries.iter().find(|(key, _)| is(key)).map(|(_, value)| &value.form)
    };
    let Some(Form::Text(name)) = of("Name") else { return };
    let words: Vec<&Expr> = match (of("EnvVars"), of("Sources")) {
        (Some(Form::Literal(_, list)), _) => list.iter().map(|(_, value)| value).collect(),
        (_, Some(Form::Call(_, list))) => list.iter().collect(),
        _ => Vec::new(),
    };
    let text = |word: &&Expr| if let Form::Text(text) = &word.form { Some(text.clone()) } else { None };
    let variables = words.iter().filter_map(text).collect();
    found.push(Flag { name: name.clone(), kind, variables, line: node.start_position().row + 1 });
}
