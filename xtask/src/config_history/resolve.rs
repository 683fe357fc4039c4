//! From what a type is called to what it is, through packages and modules.

use super::golang::TypeExpr;
use super::modules::Modules;
use super::package::Package;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Where a name stands: names mean something only in the file that uses them.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) package: Rc<Package>,
    pub(crate) file: usize,
}

impl Scope {
    /// `livekit-server v1.13.5 pkg/config/config.go:57`.
    pub(crate) fn source(&self, line: usize) -> String {
        let module = &self.package.module;
        let name = module.path.rsplit('/').next().unwrap_or(&module.path);
        format!("{name} {} {}:{line}", module.version, self.package.files[self.file].path)
    }
}

/// A type, as far as configuration goes.
#[derive(Debug, Clone)]
pub(crate) enum Type {
    /// Bool, string, int, uint, float or duration.
    Plain(&'static str),
    /// A type that reads its YAML by itself, under the word for it; with its fields, which variables still reach.
    Own(&'static str, Rc<Struct>),
    Struct(Rc<Struct>),
    List(Rc<Type>),
    Map(Rc<Type>),
    /// A function, an interface: nothing that YAML could hold.
    Other,
}

/// The fields that YAML reaches.
#[derive(Debug, Default)]
pub(crate) struct Struct {
    pub(crate) fields: Vec<StructField>,
}

#[derive(Debug)]
pub(crate) struct StructField {
    pub(crate) name: String,
    /// What stands behind `yaml:`, with its options.
    pub(crate) yaml: Option<String>,
    pub(crate) kind: Type,
    pub(crate) is_pointer: bool,
    pub(crate) source: String,
}

impl StructField {
    /// The key of the field; none when its own fields stand in its place.
    pub(crate) fn key(&self) -> Option<String> {
        if self.is_inline() {
            return None;
        }
        match self.yaml.as_deref().map(|tag| tag.split(',').next().unwrap_or_default()) {
            Some("") | None => Some(self.name.to_lowercase()),
            Some(name) => Some(name.to_owned()),
        }
    }

    pub(crate) fn is_inline(&self) -> bool {
        self.yaml.as_deref().is_some_and(|tag| tag.split(',').skip(1).any(|option| option == "inline"))
    }
}

/// Every package that was needed so far.
pub(crate) struct World {
    pub(crate) modules: Modules,
    packages: BTreeMap<String, Rc<Package>>,
}

impl World {
    pub(crate) fn new(modules: Modules) -> Self {
        Self { modules, packages: BTreeMap::new() }
    }

    /// A package by its import path; absent for Go's own.
    pub(crate) fn package(&mut self, import: &str) -> Result<Option<Rc<Package>>> {
        if let Some(package) = self.packages.get(import) {
            return Ok(Some(package.clone()));
        }
        let Some((module, folder)) = self.modules.of_package(import)? else { return Ok(None) };
        let package = Rc::new(Package::read(module, &folder)?);
        self.packages.insert(import.to_owned(), package.clone());
        Ok(Some(package))
    }

    /// The package that a file calls by this name.
    pub(crate) fn imported(&mut self, scope: &Scope, name: &str) -> Result<Option<Rc<Package>>> {
        let Some(import) = scope.package.files[scope.file].imports.get(name).cloned() else { return Ok(None) };
        self.package(&import)
    }

    /// What a type is, seen from where it is named.
    pub(crate) fn resolve(&mut self, scope: &Scope, kind: &TypeExpr) -> Result<Type> {
        Ok(match kind {
            TypeExpr::Pointer(inner) => self.resolve(scope, inner)?,
            TypeExpr::List(inner) => Type::List(Rc::new(self.resolve(scope, inner)?)),
            TypeExpr::Map(inner) => Type::Map(Rc::new(self.resolve(scope, inner)?)),
            TypeExpr::Struct(_) => Type::Struct(Rc::new(self.fields(scope, kind)?)),
            TypeExpr::Of(package, name) if package == "time" && name == "Duration" => Type::Plain("duration"),
            TypeExpr::Of(package, name) => match self.imported(scope, package)? {
                Some(package) => self.declared(package, name)?,
                None => Type::Other,
            },
            TypeExpr::Name(name) => match plain(name) {
                Some(plain) => Type::Plain(plain),
                None if scope.package.types.contains_key(name) => self.declared(scope.package.clone(), name)?,
                None => Type::Other,
            },
            TypeExpr::Other => Type::Other,
        })
    }

    /// A type by its name in its package.
    pub(crate) fn declared(&mut self, package: Rc<Package>, name: &str) -> Result<Type> {
        let declared =
            package.types.get(name).with_context(|| format!("{} has no type {name}", package.module.path))?;
        let (kind, scope) = (declared.what.clone(), Scope { package: package.clone(), file: declared.file });
        if package.own_yaml.contains(name) {
            // What such a type takes is code; the words for the known ones are those of the linter.
            let word = match name {
                "PortRange" => "port_range",
                "NodeIP" => "node_ip",
                "RoomConfiguration" => return Ok(Type::Own("any", Rc::default())),
                _ => bail!("{name} of {} reads its YAML by itself; give it a kind", package.module.path),
            };
            return Ok(Type::Own(word, Rc::new(self.fields(&scope, &kind)?)));
        }
        self.resolve(&scope, &kind)
    }

    fn fields(&mut self, scope: &Scope, kind: &TypeExpr) -> Result<Struct> {
        let TypeExpr::Struct(fields) = kind else { return Ok(Struct::default()) };
        let mut found = Vec::new();
        for field in fields {
            let name = field.name.clone().or_else(|| type_name(&field.kind)).context("a field without a name")?;
            if !name.starts_with(|letter: char| letter.is_uppercase()) || field.yaml.as_deref() == Some("-") {
                continue;
            }
            found.push(StructField {
                name,
                yaml: field.yaml.clone(),
                kind: self.resolve(scope, &field.kind)?,
                is_pointer: matches!(field.kind, TypeExpr::Pointer(_)),
                source: scope.source(field.line),
            });
        }
        Ok(Struct { fields: found })
    }
}

/// An embedded field is called as its type.
fn type_name(kind: &TypeExpr) -> Option<String> {
    match kind {
        TypeExpr::Name(name) | TypeExpr::Of(_, name) => Some(name.clone()),
        TypeExpr::Pointer(inner) => type_name(inner),
        _ => None,
    }
}

fn plain(name: &str) -> Option<&'static str> {
    Some(match name {
        "bool" => "bool",
        "string" => "string",
        "int" | "int8" | "int16" | "int32" | "int64" | "rune" => "int",
        "uint" | "uint8" | "uint16" | "uint32" | "uint64" | "byte" => "uint",
        "float32" | "float64" => "float",
        _ => return None,
    })
}
