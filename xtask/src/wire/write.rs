//! TypeScript of Rust types, laid out as prettier lays it out.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use syn::{Data, Fields, GenericArgument, PathArguments, Type};

use super::read::{Item, Serde, Sources, comment};
use super::{FINITE, name_of};

/// Longest line, as in web/.prettierrc.
const WIDTH: usize = 110;

/// `export interface …` or `export type …`, with comments.
pub fn declaration(item: &Item, name: &str, sources: &Sources) -> Result<String> {
    let told = Serde::of(&item.definition.attrs)?;
    let doc = documented(&comment(&item.definition.attrs), "");
    let scope = Scope { item, sources };
    Ok(match &item.definition.data {
        Data::Struct(data) => {
            let members = scope.members(&data.fields, "  ")?;
            format!("{doc}export interface {name} {{\n{members}}}\n")
        }
        Data::Enum(data) => {
            let all_plain = data.variants.iter().all(|variant| matches!(variant.fields, Fields::Unit));
            let mut parts = Vec::new();
            for variant in &data.variants {
                let told_of_it = Serde::of(&variant.attrs)?;
                let plain = variant.ident.to_string();
                let wire = told_of_it.rename.unwrap_or_else(|| renamed(&plain, told.rename_all.as_deref()));
                parts.push(match &variant.fields {
                    Fields::Unit if all_plain => format!("'{wire}'"),
                    Fields::Named(_) => {
                        let tag = match &told.tag {
                            Some(tag) => format!("      {tag}: '{wire}';\n"),
                            None if told.untagged => String::new(),
                            None => bail!("the generator knows tagged and untagged variants alone, not {plain}"),
                        };
                        let members = scope.members(&variant.fields, "      ")?;
                        format!("{{\n{tag}{members}    }}")
                    }
                    _ => bail!("the generator does not know variants like {plain}"),
                });
            }
            format!("{doc}{}", union(name, &parts))
        }
        Data::Union(_) => bail!("a union is nothing that is sent"),
    })
}

/// A union on one line when it fits; else a line a part.
fn union(name: &str, parts: &[String]) -> String {
    let line = format!("export type {name} = {};\n", parts.join(" | "));
    if line.trim_end().len() <= WIDTH && !line.trim_end().contains('\n') {
        return line;
    }
    let lines: Vec<String> = parts.iter().map(|part| format!("  | {part}")).collect();
    format!("export type {name} =\n{};\n", lines.join("\n"))
}

/// A type whose members are written, in the file that it stands in.
struct Scope<'a> {
    item: &'a Item,
    sources: &'a Sources,
}

impl Scope<'_> {
    fn members(&self, fields: &Fields, indent: &str) -> Result<String> {
        let Fields::Named(fields) = fields else { bail!("expected named members") };
        let mut text = String::new();
        for field in &fields.named {
            let told = Serde::of(&field.attrs)?;
            if told.skip {
                continue;
            }
            let ident = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
            let name = told.rename.unwrap_or_else(|| ident.trim_start_matches("r#").to_owned());
            if told.flatten {
                let Some(inner) = self.named(&field.ty)? else { bail!("{name}: expected a type of ours to flatten") };
                let Data::Struct(data) = &inner.definition.data else { bail!("{name}: expected a struct to flatten") };
                let scope = Scope { item: inner, sources: self.sources };
                text.push_str(&scope.members(&data.fields, indent)?);
                continue;
            }
            let finite = FINITE.contains(&format!("{}::{ident}", self.item.name()).as_str());
            let (mark, ty) = match (told.skip_none, argument_of(&field.ty, "Option")) {
                (true, Some(inner)) => ("?", self.type_of(inner, finite)?),
                (true, None) => bail!("{name}: expected an Option"),
                (false, _) => (if told.skip_empty { "?" } else { "" }, self.type_of(&field.ty, finite)?),
            };
            text.push_str(&documented(&comment(&field.attrs), indent));
            writeln!(text, "{indent}{name}{mark}: {ty};")?;
        }
        Ok(text)
    }

    /// The type of ours that a Rust type names.
    fn named(&self, ty: &Type) -> Result<Option<&Item>> {
        let Type::Path(path) = ty else { return Ok(None) };
        let Some(last) = path.path.segments.last() else { return Ok(None) };
        self.sources.meant(&last.ident.to_string(), &self.item.module)
    }

    fn type_of(&self, ty: &Type, finite: bool) -> Result<String> {
        match ty {
            Type::Reference(reference) => return self.type_of(&reference.elem, finite),
            Type::Slice(slice) => return Ok(array(&self.type_of(&slice.elem, finite)?)),
            Type::Array(array_of) => return Ok(array(&self.type_of(&array_of.elem, finite)?)),
            Type::Tuple(tuple) => {
                let parts = tuple.elems.iter().map(|part| self.type_of(part, finite)).collect::<Result<Vec<_>>>()?;
                return Ok(format!("[{}]", parts.join(", ")));
            }
            _ => {}
        }
        let Type::Path(path) = ty else { bail!("the generator does not know this kind of type") };
        let Some(last) = path.path.segments.last() else { bail!("a type without a name") };
        let arguments: Vec<&Type> = match &last.arguments {
            PathArguments::AngleBracketed(list) => {
                let types = list.args.iter().filter_map(|argument| match argument {
                    GenericArgument::Type(ty) => Some(ty),
                    _ => None,
                });
                types.collect()
            }
            _ => vec![],
        };
        let name = last.ident.to_string();
        Ok(match (name.as_str(), arguments.as_slice()) {
            ("String" | "str", []) => "string".into(),
            ("bool", []) => "boolean".into(),
            ("u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize", []) => "number".into(),
            ("f32" | "f64", []) if finite => "number".into(),
            ("f32" | "f64", []) => "number | null".into(),
            ("Value", []) => "Json".into(),
            ("Option", [inner]) => {
                let inner = self.type_of(inner, finite)?;
                if inner == "null" || inner.ends_with("| null") { inner } else { format!("{inner} | null") }
            }
            ("Vec", [inner]) => array(&self.type_of(inner, finite)?),
            ("Box" | "Arc", [inner]) => self.type_of(inner, finite)?,
            ("BTreeMap" | "Map", [key, value]) => {
                let value = self.type_of(value, finite)?;
                // The keys of an object are texts, whatever they were; of an enumeration some may be missing.
                match self.named(key)?.filter(|item| matches!(item.definition.data, Data::Enum(_))) {
                    Some(item) => format!("Partial<Record<{}, {value}>>", name_of(item)?),
                    None => format!("Record<string, {value}>"),
                }
            }
            (_, []) => match self.sources.meant(&name, &self.item.module)? {
                Some(item) => self.reference(item, finite)?,
                None => bail!("{name} is no type that serde writes in the server or the store"),
            },
            _ => bail!("the generator does not know {name}<…>"),
        })
    }

    /// A type of ours: by name, or what it stands for when it is a new name for one thing.
    fn reference(&self, item: &Item, finite: bool) -> Result<String> {
        if Serde::of(&item.definition.attrs)?.transparent
            && let Data::Struct(data) = &item.definition.data
            && let Some(inner) = data.fields.iter().next()
        {
            return Scope { item, sources: self.sources }.type_of(&inner.ty, finite);
        }
        Ok(name_of(item)?.to_owned())
    }
}

fn array(of: &str) -> String {
    if of.contains(" | ") { format!("({of})[]") } else { format!("{of}[]") }
}

fn argument_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(list) = &last.arguments else { return None };
    match list.args.first()? {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

fn renamed(name: &str, rule: Option<&str>) -> String {
    match rule {
        Some("lowercase") => name.to_lowercase(),
        Some("snake_case") => {
            let mut text = String::new();
            for (at, letter) in name.char_indices() {
                if letter.is_uppercase() && at > 0 {
                    text.push('_');
                }
                text.extend(letter.to_lowercase());
            }
            text
        }
        _ => name.to_owned(),
    }
}

/// A comment of TypeScript; references of rustdoc become plain code.
fn documented(lines: &[String], indent: &str) -> String {
    let text = lines.join("\n").replace("[`", "`").replace("`]", "`").replace("*/", "* /");
    let lines: Vec<&str> = text.trim().lines().collect();
    match lines.as_slice() {
        [] => String::new(),
        [only] => format!("{indent}/** {only} */\n"),
        several => {
            let body = several.iter().map(|line| format!("{indent} * {line}").trim_end().to_owned() + "\n");
            format!("{indent}/**\n{}{indent} */\n", body.collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rule_that_serde_was_given() {
        assert_eq!(renamed("MultiDiscrete", Some("snake_case")), "multi_discrete");
        assert_eq!(renamed("Uint8", Some("lowercase")), "uint8");
        assert_eq!(renamed("Uint8", None), "Uint8");
    }

    #[test]
    fn long_unions_take_a_line_a_part() {
        let short = ["'a'".to_owned(), "'b'".to_owned()];
        assert_eq!(union("T", &short), "export type T = 'a' | 'b';\n");
        let long: Vec<String> = (0..30).map(|at| format!("'{at:05}'")).collect();
        assert!(union("T", &long).starts_with("export type T =\n  | '00000'\n  | '00001'\n"));
    }

    #[test]
    fn a_comment_cannot_end_itself() {
        assert_eq!(documented(&["a */ b, [`X`]".into()], "  "), "  /** a * / b, `X` */\n");
        assert_eq!(documented(&["a".into(), String::new(), "b".into()], ""), "/**\n * a\n *\n * b\n */\n");
    }
}
