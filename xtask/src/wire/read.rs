//! Rust sources, as far as they say what serde makes of a type.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Expr, Lit, Meta, Token};

/// All types that can be sent, by name.
pub struct Sources {
    items: BTreeMap<String, Vec<Item>>,
}

/// A type that serde writes.
pub struct Item {
    /// Name of the file that it stands in, without its end.
    pub module: String,
    pub definition: DeriveInput,
}

impl Item {
    pub fn name(&self) -> String {
        self.definition.ident.to_string()
    }
}

impl Sources {
    pub fn read(root: &Path, folders: &[&str]) -> Result<Self> {
        let mut items: BTreeMap<String, Vec<Item>> = BTreeMap::new();
        for folder in folders {
            for path in rust_files(&root.join(folder))? {
                let text = std::fs::read_to_string(&path)?;
                let file = syn::parse_file(&text).with_context(|| path.display().to_string())?;
                let module = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                for definition in file.items.into_iter().filter_map(definition_of) {
                    let item = Item { module: module.clone(), definition };
                    items.entry(item.name()).or_default().push(item);
                }
            }
        }
        Ok(Self { items })
    }

    /// The type at a path such as `run::RunInfo`.
    pub fn find(&self, path: &str) -> Result<&Item> {
        let Some((module, name)) = path.rsplit_once("::") else {
            bail!("expected a module and a name, found {path:?}")
        };
        let of_name = self.items.get(name).map(Vec::as_slice).unwrap_or_default();
        let mut found = of_name.iter().filter(|item| item.module == module);
        match (found.next(), found.next()) {
            (Some(item), None) => Ok(item),
            (None, _) => bail!("there is no such type that serde writes; it may have been moved or renamed"),
            (Some(_), Some(_)) => bail!("several types are called so"),
        }
    }

    /// The type that `name` means in the file `module`: its own, else the only one that is sent.
    pub fn meant(&self, name: &str, module: &str) -> Result<Option<&Item>> {
        let Some(of_name) = self.items.get(name) else { return Ok(None) };
        if let Some(own) = of_name.iter().find(|item| item.module == module) {
            return Ok(Some(own));
        }
        let sent: Vec<&Item> = of_name.iter().filter(|item| super::name_of(item).is_ok()).collect();
        match sent.as_slice() {
            [only] => Ok(Some(only)),
            [] => Ok(of_name.first()),
            _ => bail!("{name} may be several types"),
        }
    }
}

fn rust_files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn definition_of(item: syn::Item) -> Option<DeriveInput> {
    let definition = match item {
        syn::Item::Struct(item) => DeriveInput::from(item),
        syn::Item::Enum(item) => DeriveInput::from(item),
        _ => return None,
    };
    let derives = definition.attrs.iter().filter(|attribute| attribute.path().is_ident("derive"));
    let writes = derives.flat_map(|attribute| {
        attribute.parse_args_with(Punctuated::<syn::Path, Token![,]>::parse_terminated).unwrap_or_default()
    });
    let is_sent = writes.into_iter().any(|path| path.segments.last().is_some_and(|last| last.ident == "Serialize"));
    (is_sent && !matches!(definition.data, Data::Union(_))).then_some(definition)
}

/// What serde was told about a type, a member or a variant.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "serde is told so many things")]
pub struct Serde {
    pub rename_all: Option<String>,
    pub rename: Option<String>,
    pub tag: Option<String>,
    pub untagged: bool,
    pub transparent: bool,
    pub flatten: bool,
    pub skip: bool,
    pub skip_none: bool,
    pub skip_empty: bool,
}

impl Serde {
    /// **Errors**: something that this generator does not know, so that it never guesses.
    pub fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut told = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            for meta in attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)? {
                let name = meta.path().get_ident().map(ToString::to_string).unwrap_or_default();
                match (name.as_str(), text_of(&meta)) {
                    ("rename_all", Some(text)) => told.rename_all = Some(text),
                    ("rename", Some(text)) => told.rename = Some(text),
                    ("tag", Some(text)) => told.tag = Some(text),
                    ("skip_serializing_if", Some(text)) if text == "Option::is_none" => told.skip_none = true,
                    ("skip_serializing_if", Some(text)) if text == "Vec::is_empty" => told.skip_empty = true,
                    ("untagged", None) => told.untagged = true,
                    ("transparent", None) => told.transparent = true,
                    ("flatten", None) => told.flatten = true,
                    ("skip" | "skip_serializing", None) => told.skip = true,
                    // Of no importance for what is written.
                    ("default" | "deny_unknown_fields" | "alias", _) => {}
                    (other, _) => bail!("the generator does not know serde({other}); teach it in xtask/src/wire"),
                }
            }
        }
        Ok(told)
    }
}

fn text_of(meta: &Meta) -> Option<String> {
    let Meta::NameValue(pair) = meta else { return None };
    match &pair.value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// The comment of a type, a member or a variant, a line each.
pub fn comment(attributes: &[Attribute]) -> Vec<String> {
    let docs = attributes.iter().filter(|attribute| attribute.path().is_ident("doc"));
    docs.filter_map(|attribute| text_of(&attribute.meta)).map(|line| line.trim().to_owned()).collect()
}
