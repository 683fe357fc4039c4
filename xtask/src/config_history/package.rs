//! The declarations of one package: its types, constants, variables and the functions that only return something.

use super::golang::{Expr, TypeExpr, children, collect, expr, named, parse, text, type_expr};
use super::modules::Module;
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use tree_sitter::Node;

/// A declaration and the file in which it stands.
#[derive(Debug, Clone)]
pub(crate) struct Declared<T> {
    /// An index into the package's files.
    pub(crate) file: usize,
    pub(crate) what: T,
}

/// A file of a package.
#[derive(Debug)]
pub(crate) struct File {
    /// Its path within the module.
    pub(crate) path: String,
    /// From the name that the file uses to the package's import path.
    pub(crate) imports: BTreeMap<String, String>,
    /// Its whole text, for what is read in another way.
    pub(crate) text: String,
}

#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) module: Module,
    pub(crate) files: Vec<File>,
    pub(crate) types: BTreeMap<String, Declared<TypeExpr>>,
    /// Constants and variables: a name is one of both.
    pub(crate) values: BTreeMap<String, Declared<(Option<TypeExpr>, Expr)>>,
    /// Functions without arguments whose body is one `return`.
    pub(crate) functions: BTreeMap<String, Declared<Expr>>,
    /// By the method and the constant: what a method returns that is one `switch` over the constants of its type.
    pub(crate) switches: BTreeMap<(String, String), Declared<Expr>>,
    /// The types that read their YAML by themselves.
    pub(crate) own_yaml: BTreeSet<String>,
}

impl Package {
    /// Reads the package in a folder of a module. Its tests are not part of it.
    pub(crate) fn read(module: Module, folder: &str) -> Result<Self> {
        let directory = module.folder.join(folder);
        let mut names = Vec::new();
        for entry in fs::read_dir(&directory).with_context(|| format!("reading {folder} of {}", module.path))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".go") && !name.ends_with("_test.go") {
                names.push(name);
            }
        }
        names.sort();
        let mut package = Self {
            module,
            files: Vec::new(),
            types: BTreeMap::new(),
            values: BTreeMap::new(),
            functions: BTreeMap::new(),
            switches: BTreeMap::new(),
            own_yaml: BTreeSet::new(),
        };
        for name in names {
            let text = fs::read_to_string(directory.join(&name)).with_context(|| format!("reading {name}"))?;
            let path = format!("{folder}/{name}").trim_start_matches('/').to_owned();
            package.add(path.clone(), text).with_context(|| format!("reading {path} of {}", package.module.path))?;
        }
        Ok(package)
    }

    fn add(&mut self, path: String, source: String) -> Result<()> {
        let tree = parse(&source)?;
        let file = self.files.len();
        let mut imports = BTreeMap::new();
        for node in children(tree.root_node()) {
            match node.kind() {
                "import_declaration" => collect(node, "import_spec", &mut |spec| import(spec, &source, &mut imports)),
                "type_declaration" => {
                    for spec in children(node) {
                        if let (Some(name), Some(kind)) =
                            (named(spec, "name", &source), spec.child_by_field_name("type"))
                        {
                            let what = type_expr(kind, &source);
                            self.types.entry(name.to_owned()).or_insert(Declared { file, what });
                        }
                    }
                }
                "const_declaration" => collect(node, "const_spec", &mut |spec| self.value(file, spec, &source)),
                "var_declaration" => collect(node, "var_spec", &mut |spec| self.value(file, spec, &source)),
                "function_declaration" => self.function(file, node, &source),
                "method_declaration" => self.method(file, node, &source),
                _ => {}
            }
        }
        self.files.push(File { path, imports, text: source });
        Ok(())
    }

    fn value(&mut self, file: usize, spec: Node<'_>, source: &str) {
        let mut cursor = spec.walk();
        // The comma between two names has the same field name in the grammar.
        let names: Vec<Node<'_>> =
            spec.children_by_field_name("name", &mut cursor).filter(|node| node.kind() == "identifier").collect();
        let values = spec.child_by_field_name("value").map(children).unwrap_or_default();
        let kind = spec.child_by_field_name("type").map(|node| type_expr(node, source));
        for (name, value) in names.into_iter().zip(values) {
            let what = (kind.clone(), expr(value, source));
            self.values.entry(text(name, source).to_owned()).or_insert(Declared { file, what });
        }
    }

    fn function(&mut self, file: usize, node: Node<'_>, source: &str) {
        let arguments = node.child_by_field_name("parameters").map(children).unwrap_or_default();
        let statements: Vec<_> =
            node.child_by_field_name("body").map(children).unwrap_or_default().into_iter().flat_map(children).collect();
        if let (Some(name), true, [only]) = (named(node, "name", source), arguments.is_empty(), statements.as_slice())
            && only.kind() == "return_statement"
            && let [value] = children(*only).into_iter().flat_map(children).collect::<Vec<_>>().as_slice()
        {
            self.functions.insert(name.to_owned(), Declared { file, what: expr(*value, source) });
        }
    }

    fn method(&mut self, file: usize, node: Node<'_>, source: &str) {
        let Some(name) = named(node, "name", source) else { return };
        let receiver = named(node, "receiver", source).unwrap_or_default().trim_matches(['(', ')']);
        if name == "UnmarshalYAML"
            && let Some(of) = receiver.split([' ', '*']).next_back()
        {
            self.own_yaml.insert(of.to_owned());
        }
        let itself = receiver.split(' ').next();
        collect(node, "expression_switch_statement", &mut |switch| {
            if named(switch, "value", source) == itself {
                collect(switch, "expression_case", &mut |case| self.case(file, name, case, source));
            }
        });
    }

    fn case(&mut self, file: usize, method: &str, case: Node<'_>, source: &str) {
        let mut returned = Vec::new();
        collect(case, "return_statement", &mut |node| returned.extend(children(node).into_iter().flat_map(children)));
        let [value] = returned.as_slice() else { return };
        let constants = case.child_by_field_name("value").map(children).unwrap_or_default();
        for constant in constants.iter().filter(|node| node.kind() == "identifier") {
            let key = (method.to_owned(), text(*constant, source).to_owned());
            self.switches.insert(key, Declared { file, what: expr(*value, source) });
        }
    }
}

fn import(spec: Node<'_>, source: &str, imports: &mut BTreeMap<String, String>) {
    let Some(path) = named(spec, "path", source) else { return };
    let path = path.trim_matches('"');
    // A last part such as `v3` is the version; the package is called as the part before it.
    let is_version = |part: &&str| part.strip_prefix('v').is_some_and(|digits| digits.parse::<u32>().is_ok());
    let last = path.rsplit('/').find(|part| !is_version(part)).unwrap_or(path);
    imports.insert(named(spec, "name", source).unwrap_or(last).to_owned(), path.to_owned());
}
