//! `cargo xtask sbom`: what Ethogram is made of, as `CycloneDX` 1.5: crates from `cargo metadata`, npm packages from `package-lock.json`,
//! Python packages from the pins. The same checkout gives the same bytes. Fails where a licence is not one that we may pass on.

mod crates;
mod licence;
mod npm;
mod python;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};

/// `cargo xtask sbom`
#[derive(Args)]
pub struct SbomArgs {
    /// Write it here instead of to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Something that Ethogram is made of, or made with.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Component {
    name: String,
    version: String,
    /// Its address: `pkg:cargo/axum@0.8.9`.
    purl: String,
    /// SPDX; empty where the package does not say.
    licence: String,
    /// Algorithm and hexadecimal digits.
    hash: Option<(&'static str, String)>,
    /// Part of what people install. Others build or test it.
    shipped: bool,
    /// Addresses of what it needs.
    needs: Vec<String>,
}

/// Writes the list.
pub fn run(args: &SbomArgs) -> Result<()> {
    let components = components()?;
    let refused = licence::refused(&components);
    if !refused.is_empty() {
        bail!("licences that cannot be passed on:\n{}", refused.join("\n"));
    }
    let text = format!("{:#}\n", document(&components));
    match &args.out {
        Some(path) => std::fs::write(path, text).with_context(|| path.display().to_string())?,
        None => print!("{text}"),
    }
    let shipped = components.iter().filter(|component| component.shipped).count();
    eprintln!("{} components, {shipped} of them shipped", components.len());
    Ok(())
}

/// All components by address, each once.
fn components() -> Result<Vec<Component>> {
    let mut all: BTreeMap<String, Component> = BTreeMap::new();
    for component in crates::components()?.into_iter().chain(npm::components()?).chain(python::components()?) {
        let known = all.entry(component.purl.clone()).or_insert_with(|| component.clone());
        known.shipped |= component.shipped;
    }
    Ok(all.into_values().collect())
}

fn document(components: &[Component]) -> Value {
    let entries: Vec<Value> = components.iter().map(entry).collect();
    let needs = |component: &Component| json!({ "ref": component.purl, "dependsOn": component.needs });
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "ethogram",
                "name": "ethogram",
                "version": env!("CARGO_PKG_VERSION"),
                "licenses": [{ "expression": env!("CARGO_PKG_LICENSE") }],
            },
        },
        "components": entries,
        "dependencies": components.iter().map(needs).collect::<Vec<_>>(),
    })
}

fn entry(component: &Component) -> Value {
    let mut entry = json!({
        "type": "library",
        "bom-ref": component.purl,
        "name": component.name,
        "version": component.version,
        "scope": if component.shipped { "required" } else { "excluded" },
        "purl": component.purl,
    });
    if !component.licence.is_empty() {
        entry["licenses"] = json!([{ "expression": component.licence }]);
    }
    if let Some((algorithm, digits)) = &component.hash {
        entry["hashes"] = json!([{ "alg": algorithm, "content": digits }]);
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_locked_is_listed_once_and_may_be_passed_on() {
        let components = components().expect("the lists of the checkout");
        let find = |purl: &str| {
            let at = components.binary_search_by(|component| component.purl.as_str().cmp(purl));
            &components[at.unwrap_or_else(|_| panic!("{purl} is not listed"))]
        };
        let lock = include_str!("../../Cargo.lock");
        let locked = lock.matches("\nsource = \"registry+").count();
        let crates = components.iter().filter(|component| component.purl.starts_with("pkg:cargo/"));
        assert_eq!(crates.count(), locked, "every crate of Cargo.lock");
        let (_, axum) = lock.split_once("name = \"axum\"\nversion = \"").expect("axum is locked");
        let axum = find(&format!("pkg:cargo/axum@{}", axum.split('"').next().expect("a version")));
        assert!(axum.shipped && axum.hash.as_ref().is_some_and(|(_, digits)| digits.len() == 64), "{axum:?}");
        assert!(!axum.needs.is_empty());
        assert!(components.iter().any(|one| one.name == "svelte" && one.shipped), "compiled into the app");
        assert!(components.iter().any(|one| one.name == "proptest" && !one.shipped), "only tests use it");
        assert!(components.iter().any(|one| one.purl.starts_with("pkg:pypi/numpy@")));
        assert_eq!(licence::refused(&components), Vec::<String>::new());
    }

    #[test]
    fn what_is_needed_is_listed_too() {
        let components = components().expect("the lists of the checkout");
        let document = document(&components);
        let listed: std::collections::BTreeSet<&str> = document["components"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|one| one["bom-ref"].as_str())
            .collect();
        assert_eq!(listed.len(), components.len(), "each address once");
        for needs in document["dependencies"].as_array().expect("a list") {
            for needed in needs["dependsOn"].as_array().expect("a list") {
                assert!(listed.contains(needed.as_str().expect("an address")), "{needed} of {needs}");
            }
        }
    }
}
