//! The part of Go that configuration is written in: types, literals and constants, as values of our own.
//!
//! The syntax tree borrows its text and knows many forms; these few own what they hold and name the line it stands on.

use anyhow::{Context, Result, ensure};
use tree_sitter::{Node, Parser, Tree};

/// A type, as it is written.
#[derive(Debug, Clone)]
pub(crate) enum TypeExpr {
    Name(String),
    /// Of another package, which is named as the file's imports name it.
    Of(String, String),
    Pointer(Box<Self>),
    List(Box<Self>),
    Map(Box<Self>),
    Struct(Vec<Field>),
    /// What no configuration is made of, such as a function.
    Other,
}

/// A field of a struct type.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// Absent for an embedded field, which is named by its type.
    pub(crate) name: Option<String>,
    pub(crate) kind: TypeExpr,
    /// What stands behind `yaml:` in its tag.
    pub(crate) yaml: Option<String>,
    pub(crate) line: usize,
}

/// An expression, and the line on which it begins.
#[derive(Debug, Clone)]
pub(crate) struct Expr {
    pub(crate) form: Form,
    pub(crate) line: usize,
    pub(crate) text: String,
}

#[derive(Debug, Clone)]
pub(crate) enum Form {
    Int(i128),
    Float(f64),
    Text(String),
    Name(String),
    Select(Box<Expr>, String),
    Negated(Box<Expr>),
    Binary(Box<Expr>, char, Box<Expr>),
    /// Entries with their keys where they have some; the type is absent within a list or map, whose type says it.
    Literal(Option<TypeExpr>, Vec<(Option<Expr>, Expr)>),
    Call(Box<Expr>, Vec<Expr>),
    /// Anything else: it is never guessed what it is worth.
    Other,
}

/// Parses a file of Go.
pub(crate) fn parse(text: &str) -> Result<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_go::LANGUAGE.into()).context("loading the grammar of Go")?;
    let tree = parser.parse(text, None).context("parsing Go")?;
    ensure!(!tree.root_node().has_error(), "not the Go that the grammar knows");
    Ok(tree)
}

/// The named children, without comments.
pub(crate) fn children<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| child.kind() != "comment").collect()
}

/// Calls back with every node of a kind below this one.
pub(crate) fn collect<'t>(node: Node<'t>, kind: &str, found: &mut dyn FnMut(Node<'t>)) {
    for child in children(node) {
        if child.kind() == kind {
            found(child);
        } else {
            collect(child, kind, found);
        }
    }
}

pub(crate) fn text<'s>(node: Node<'_>, source: &'s str) -> &'s str {
    source.get(node.byte_range()).unwrap_or_default()
}

pub(crate) fn line(node: Node<'_>) -> usize {
    node.start_position().row + 1
}

/// The words of a field of a node, or nothing.
pub(crate) fn named<'s>(node: Node<'_>, field: &str, source: &'s str) -> Option<&'s str> {
    node.child_by_field_name(field).map(|child| text(child, source))
}

pub(crate) fn type_expr(node: Node<'_>, source: &str) -> TypeExpr {
    let inner = |field: &str| node.child_by_field_name(field).map_or(TypeExpr::Other, |node| type_expr(node, source));
    match node.kind() {
        "type_identifier" => TypeExpr::Name(text(node, source).to_owned()),
        "qualified_type" => match (named(node, "package", source), named(node, "name", source)) {
            (Some(package), Some(name)) => TypeExpr::Of(package.to_owned(), name.to_owned()),
            _ => TypeExpr::Other,
        },
        "pointer_type" => {
            TypeExpr::Pointer(Box::new(children(node).first().map_or(TypeExpr::Other, |node| type_expr(*node, source))))
        }
        "slice_type" | "array_type" => TypeExpr::List(Box::new(inner("element"))),
        "map_type" => TypeExpr::Map(Box::new(inner("value"))),
        "struct_type" => {
            let list = children(node).into_iter().flat_map(children);
            TypeExpr::Struct(list.flat_map(|field| fields(field, source)).collect())
        }
        _ => TypeExpr::Other,
    }
}

/// One declaration may name several fields.
fn fields(node: Node<'_>, source: &str) -> Vec<Field> {
    let Some(kind) = node.child_by_field_name("type") else { return Vec::new() };
    let mut cursor = node.walk();
    let names: Vec<_> = node.children_by_field_name("name", &mut cursor).map(|name| text(name, source)).collect();
    // An embedded pointer's star is not part of its type in the grammar, and means nothing for the keys.
    let kind = type_expr(kind, source);
    let yaml = named(node, "tag", source).and_then(yaml_tag);
    let field = |name: Option<&str>| Field {
        name: name.map(str::to_owned),
        kind: kind.clone(),
        yaml: yaml.clone(),
        line: line(node),
    };
    if names.is_empty() { vec![field(None)] } else { names.into_iter().map(|name| field(Some(name))).collect() }
}

/// `port,omitempty` out of a tag as it stands in the source.
fn yaml_tag(tag: &str) -> Option<String> {
    let (_, rest) = tag.split_once("yaml:\"")?;
    Some(rest.split_once('"')?.0.to_owned())
}

pub(crate) fn expr(node: Node<'_>, source: &str) -> Expr {
    let words = text(node, source).split_whitespace().collect::<Vec<_>>().join(" ");
    Expr { form: form(node, source), line: line(node), text: words }
}

fn form(node: Node<'_>, source: &str) -> Form {
    let inner = |field: &str| node.child_by_field_name(field).map(|node| Box::new(expr(node, source)));
    let words = text(node, source);
    let found = match node.kind() {
        "int_literal" => int(words).map(Form::Int),
        "float_literal" => words.replace('_', "").parse().ok().map(Form::Float),
        "interpreted_string_literal" => quoted(words).map(Form::Text),
        "raw_string_literal" => Some(Form::Text(words.trim_matches('`').to_owned())),
        "identifier" | "true" | "false" | "nil" | "iota" => Some(Form::Name(words.to_owned())),
        "parenthesized_expression" | "literal_element" => {
            return children(node).first().map_or(Form::Other, |node| form(*node, source));
        }
        "literal_value" => Some(Form::Literal(None, entries(node, source))),
        "selector_expression" => inner("operand").zip(named(node, "field", source)).map(select),
        "unary_expression" => match named(node, "operator", source) {
            Some("-") => inner("operand").map(Form::Negated),
            Some("&") => inner("operand").map(|operand| operand.form),
            _ => None,
        },
        "binary_expression" => {
            let operator = named(node, "operator", source).and_then(|word| word.parse().ok());
            inner("left").zip(operator).zip(inner("right")).map(|((left, sign), right)| Form::Binary(left, sign, right))
        }
        "composite_literal" => node.child_by_field_name("body").map(|body| {
            let kind = node.child_by_field_name("type").map(|node| type_expr(node, source));
            Form::Literal(kind, entries(body, source))
        }),
        "call_expression" => inner("function").zip(node.child_by_field_name("arguments")).map(|(function, list)| {
            Form::Call(function, children(list).into_iter().map(|node| expr(node, source)).collect())
        }),
        _ => None,
    };
    found.unwrap_or(Form::Other)
}

fn select((operand, field): (Box<Expr>, &str)) -> Form {
    Form::Select(operand, field.to_owned())
}

fn entries(body: Node<'_>, source: &str) -> Vec<(Option<Expr>, Expr)> {
    let entry = |node: Node<'_>| {
        let of = |field| node.child_by_field_name(field).map(|node| expr(node, source));
        match (of("key"), of("value")) {
            (key, Some(value)) => (key, value),
            _ => (None, expr(node, source)),
        }
    };
    children(body).into_iter().map(entry).collect()
}

/// Whole numbers as configuration writes them; a leading zero would be octal and is not read.
fn int(words: &str) -> Option<i128> {
    let digits = words.replace('_', "");
    match digits.strip_prefix("0x") {
        Some(digits) => i128::from_str_radix(digits, 16).ok(),
        None if digits.len() > 1 && digits.starts_with('0') => None,
        None => digits.parse().ok(),
    }
}

/// A text without escapes; one with some is not read rather than read wrongly.
fn quoted(words: &str) -> Option<String> {
    let inner = words.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains('\\')).then(|| inner.to_owned())
}
