//! What a Go expression is worth, as far as it is a literal, a constant or simple arithmetic.
//!
//! Whatever is more than that is unknown and stays so: a default that somebody guessed would be worse than none.

use super::golang::{Expr, Form, TypeExpr};
use super::package::Package;
use super::resolve::{Scope, Type, World};
use anyhow::Result;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A value and where it is literally written.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    pub(crate) form: ValueForm,
    pub(crate) source: String,
}

#[derive(Debug, Clone)]
pub(crate) enum ValueForm {
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    /// By the names of the fields.
    Struct(BTreeMap<String, Value>),
    List(Vec<Value>),
    Map(Vec<(Value, Value)>),
    /// The words of an expression that is not evaluated.
    Unknown(String),
}

impl World {
    /// Evaluates an expression that stands in a scope, where a value of this type is expected.
    pub(crate) fn evaluate(&mut self, scope: &Scope, expr: &Expr, expected: &Type) -> Result<Value> {
        let here = |form| Value { form, source: scope.source(expr.line) };
        let unknown = || here(ValueForm::Unknown(expr.text.clone()));
        Ok(match &expr.form {
            Form::Int(number) => here(ValueForm::Int(*number)),
            Form::Float(number) => here(ValueForm::Float(*number)),
            Form::Text(text) => here(ValueForm::Text(text.clone())),
            Form::Name(name) if name == "true" || name == "false" => here(ValueForm::Bool(name == "true")),
            Form::Name(name) => self.value_of(scope.package.clone(), name, expected)?.unwrap_or_else(unknown),
            Form::Negated(inner) => match self.evaluate(scope, inner, expected)? {
                Value { form: ValueForm::Int(number), source } => Value { form: ValueForm::Int(-number), source },
                Value { form: ValueForm::Float(number), source } => Value { form: ValueForm::Float(-number), source },
                _ => unknown(),
            },
            Form::Binary(left, sign, right) => {
                let left = self.evaluate(scope, left, expected)?.form;
                let right = self.evaluate(scope, right, expected)?.form;
                calculate(&left, *sign, &right).map_or_else(unknown, here)
            }
            Form::Select(operand, name) => self.select(scope, operand, name, expected)?.unwrap_or_else(unknown),
            Form::Literal(kind, entries) => {
                let kind = match kind {
                    Some(kind) => self.resolve(scope, kind)?,
                    None => expected.clone(),
                };
                self.literal(scope, &kind, entries)?.map_or_else(unknown, here)
            }
            Form::Call(function, arguments) => self.call(scope, function, arguments, expected)?.unwrap_or_else(unknown),
            Form::Other => unknown(),
        })
    }

    /// A constant or variable of a package by its name.
    pub(crate) fn value_of(&mut self, package: Rc<Package>, name: &str, expected: &Type) -> Result<Option<Value>> {
        let Some(declared) = package.values.get(name) else { return Ok(None) };
        let scope = Scope { package: package.clone(), file: declared.file };
        let (kind, expr) = &declared.what;
        let expected = match kind {
            Some(kind) => self.resolve(&scope, kind)?,
            None => expected.clone(),
        };
        self.evaluate(&scope, expr, &expected).map(Some)
    }

    /// `package.Name`, or a field of a value.
    fn select(&mut self, scope: &Scope, operand: &Expr, name: &str, expected: &Type) -> Result<Option<Value>> {
        if let Form::Name(package) = &operand.form
            && scope.package.files[scope.file].imports.contains_key(package)
        {
            if package == "time" {
                let value = |unit| Value { form: ValueForm::Int(unit), source: scope.source(operand.line) };
                return Ok(unit_ns(name).map(value));
            }
            return match self.imported(scope, package)? {
                Some(package) => self.value_of(package, name, expected),
                None => Ok(None),
            };
        }
        Ok(match self.evaluate(scope, operand, &Type::Other)?.form {
            ValueForm::Struct(mut fields) => fields.remove(name),
            _ => None,
        })
    }

    fn literal(&mut self, scope: &Scope, kind: &Type, entries: &[(Option<Expr>, Expr)]) -> Result<Option<ValueForm>> {
        match kind {
            Type::Struct(fields) | Type::Own(_, fields) => {
                let mut values = BTreeMap::new();
                for (key, expr) in entries {
                    // Fields without their names are not written in configuration.
                    let Some(Expr { form: Form::Name(name), .. }) = key else { return Ok(None) };
                    let field = fields.fields.iter().find(|field| field.name == *name);
                    let expected = field.map_or(Type::Other, |field| field.kind.clone());
                    values.insert(name.clone(), self.evaluate(scope, expr, &expected)?);
                }
                Ok(Some(ValueForm::Struct(values)))
            }
            Type::List(inner) => {
                if entries.iter().any(|(key, _)| key.is_some()) {
                    return Ok(None);
                }
                let values: Result<_> = entries.iter().map(|(_, expr)| self.evaluate(scope, expr, inner)).collect();
                Ok(Some(ValueForm::List(values?)))
            }
            Type::Map(inner) => {
                let mut values = Vec::new();
                for (key, expr) in entries {
                    let Some(key) = key else { return Ok(None) };
                    values.push((self.evaluate(scope, key, &Type::Other)?, self.evaluate(scope, expr, inner)?));
                }
                Ok(Some(ValueForm::Map(values)))
            }
            Type::Plain(_) | Type::Other => Ok(None),
        }
    }

    /// A conversion, or a function of which all that is known is what it returns.
    fn call(&mut self, scope: &Scope, function: &Expr, arguments: &[Expr], expected: &Type) -> Result<Option<Value>> {
        let (package, name) = match &function.form {
            Form::Name(name) => (Some(scope.package.clone()), name),
            Form::Select(operand, name) => match &operand.form {
                Form::Name(package) => (self.imported(scope, package)?, name),
                _ if arguments.is_empty() => return self.method(scope, operand, name, expected),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        if let [argument] = arguments {
            let is_type = match &function.form {
                Form::Name(_) => {
                    scope.package.types.contains_key(name)
                        || matches!(self.resolve(scope, &TypeExpr::Name(name.clone()))?, Type::Plain(_))
                }
                _ => package.is_some_and(|package| package.types.contains_key(name)),
            };
            return if is_type { self.evaluate(scope, argument, expected).map(Some) } else { Ok(None) };
        }
        let Some(package) = package.filter(|_| arguments.is_empty()) else { return Ok(None) };
        let Some(declared) = package.functions.get(name) else { return Ok(None) };
        let scope = Scope { package: package.clone(), file: declared.file };
        self.evaluate(&scope, &declared.what, expected).map(Some)
    }

    /// A method of another package's constant, such as `mime.MimeTypePCMU.String()`.
    fn method(&mut self, scope: &Scope, operand: &Expr, name: &str, expected: &Type) -> Result<Option<Value>> {
        let Form::Select(package, constant) = &operand.form else { return Ok(None) };
        let Form::Name(package) = &package.form else { return Ok(None) };
        let Some(package) = self.imported(scope, package)? else { return Ok(None) };
        let Some(declared) = package.switches.get(&(name.to_owned(), constant.clone())) else { return Ok(None) };
        let scope = Scope { package: package.clone(), file: declared.file };
        self.evaluate(&scope, &declared.what, expected).map(Some)
    }
}

/// The units of Go's time package, in nanoseconds.
fn unit_ns(name: &str) -> Option<i128> {
    Some(match name {
        "Nanosecond" => 1,
        "Microsecond" => 1_000,
        "Millisecond" => 1_000_000,
        "Second" => 1_000_000_000,
        "Minute" => 60_000_000_000,
        "Hour" => 3_600_000_000_000,
        _ => return None,
    })
}

fn calculate(left: &ValueForm, sign: char, right: &ValueForm) -> Option<ValueForm> {
    if let (ValueForm::Int(left), ValueForm::Int(right)) = (left, right) {
        return match sign {
            '+' => left.checked_add(*right),
            '-' => left.checked_sub(*right),
            '*' => left.checked_mul(*right),
            '/' => left.checked_div(*right),
            _ => None,
        }
        .map(ValueForm::Int);
    }
    let (left, right) = (number(left)?, number(right)?);
    Some(ValueForm::Float(match sign {
        '+' => left + right,
        '-' => left - right,
        '*' => left * right,
        '/' => left / right,
        _ => return None,
    }))
}

#[expect(clippy::cast_precision_loss, reason = "numbers of a configuration are far below 2^53")]
fn number(form: &ValueForm) -> Option<f64> {
    match form {
        ValueForm::Int(number) => Some(*number as f64),
        ValueForm::Float(number) => Some(*number),
        _ => None,
    }
}
