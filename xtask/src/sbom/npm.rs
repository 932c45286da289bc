//! npm packages of the web app, as `package-lock.json` has them.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::Component;
use crate::root::root;

/// Packages that are needed to build the app by their own account, but are compiled into it.
const COMPILED_IN: [&str; 1] = ["svelte"];

/// Every locked package.
pub fn components() -> Result<Vec<Component>> {
    let text = std::fs::read_to_string(root().join("web/package-lock.json")).context("web/package-lock.json")?;
    let lock: Value = serde_json::from_str(&text).context("web/package-lock.json")?;
    let packages = lock["packages"].as_object().context("web/package-lock.json has no packages")?;
    let compiled = compiled_in(packages);
    let locked = packages.iter().filter(|(path, _)| !path.is_empty());
    Ok(locked.map(|(path, package)| component(path, package, packages, compiled.contains(path.as_str()))).collect())
}

fn component(path: &str, package: &Value, packages: &Map<String, Value>, is_compiled_in: bool) -> Component {
    let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
    let name = name_of(path);
    let needs: BTreeSet<String> = needs(path, package, packages).map(|(path, needed)| purl(path, needed)).collect();
    Component {
        purl: purl(path, package),
        name: name.to_owned(),
        version: text("version"),
        licence: text("license"),
        hash: package["integrity"]
            .as_str()
            .and_then(|text| text.strip_prefix("sha512-"))
            .and_then(hex)
            .map(|digits| ("SHA-512", digits)),
        shipped: is_compiled_in
            || (package["dev"] != true && package["devOptional"] != true && package["optional"] != true),
        needs: needs.into_iter().collect(),
    }
}

/// Where packages lie that are compiled into the app, with all that they need.
fn compiled_in(packages: &Map<String, Value>) -> BTreeSet<&str> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&str> =
        packages.keys().map(String::as_str).filter(|path| COMPILED_IN.contains(&name_of(path))).collect();
    while let Some(path) = waiting.pop() {
        if reached.insert(path) {
            waiting.extend(needs(path, &packages[path], packages).map(|(path, _)| path));
        }
    }
    reached
}

/// The packages that one needs: the nearest of that name, from its own folder up.
fn needs<'a>(
    path: &'a str,
    package: &'a Value,
    packages: &'a Map<String, Value>,
) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let names = package["dependencies"].as_object().into_iter().flat_map(Map::keys);
    names.filter_map(move |name| {
        let mut folder = path;
        loop {
            let below = if folder.is_empty() {
                format!("node_modules/{name}")
            } else {
                format!("{folder}/node_modules/{name}")
            };
            if let Some((path, found)) = packages.get_key_value(&below) {
                return Some((path.as_str(), found));
            }
            if folder.is_empty() {
                return None;
            }
            folder = folder.rfind("/node_modules/").map_or("", |at| &folder[..at]);
        }
    })
}

fn name_of(path: &str) -> &str {
    path.rfind("node_modules/").map_or(path, |at| &path[at + "node_modules/".len()..])
}

fn purl(path: &str, package: &Value) -> String {
    let name = name_of(path).replacen('@', "%40", 1);
    format!("pkg:npm/{name}@{}", package["version"].as_str().unwrap_or_default())
}

/// Base64 as hexadecimal digits; `None` when it is none.
fn hex(base64: &str) -> Option<String> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut text, mut bits, mut count) = (String::new(), 0_u32, 0);
    for byte in base64.trim_end_matches('=').bytes() {
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        bits = (bits << 6 | digit as u32) & 0xff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            let byte = bits >> count & 0xff;
            text.extend([byte >> 4, byte & 15].into_iter().filter_map(|digit| char::from_digit(digit, 16)));
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_told_in_hexadecimal_digits() {
        assert_eq!(hex("aGVsbG8=").as_deref(), Some("68656c6c6f"));
        assert_eq!(hex("/+8=").as_deref(), Some("ffef"));
        assert_eq!(hex("*"), None);
    }

    #[test]
    fn names_are_told_from_their_places() {
        assert_eq!(name_of("node_modules/a/node_modules/@b/c"), "@b/c");
        assert_eq!(purl("node_modules/@b/c", &serde_json::json!({ "version": "1.2.3" })), "pkg:npm/%40b/c@1.2.3");
    }
}
