//! Crates, as `cargo metadata` resolves them for every platform.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Component;
use crate::root::root;

/// What people install: the package for Python, which holds the command and the server.
const SHIPPED: &str = "ethogram_python";

/// Every crate of a registry that the workspace locks.
pub fn components() -> Result<Vec<Component>> {
    let metadata = metadata()?;
    let packages: BTreeMap<&str, &Value> =
        list(&metadata["packages"])?.iter().filter_map(|package| Some((package["id"].as_str()?, package))).collect();
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"]["nodes"])?.iter().filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let first = packages.iter().find(|(_, package)| package["name"] == SHIPPED).map(|(id, _)| *id);
    let shipped = reached(first.with_context(|| format!("no package {SHIPPED:?} in the workspace"))?, &nodes);
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).context("Cargo.lock")?;
    let hashes = hashes(&lock);
    let of_registry = packages.iter().filter(|(_, package)| package["source"].is_string());
    let component = |(&id, &package): (&&str, &&Value)| {
        let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
        let (name, version) = (text("name"), text("version"));
        let needs = nodes.get(id).map_or(&[][..], |node| node["dependencies"].as_array().map_or(&[], Vec::as_slice));
        let needs = needs.iter().filter_map(|needed| packages.get(needed.as_str()?).copied().map(purl));
        Component {
            purl: purl(package),
            licence: text("license").replace('/', " OR ").split_whitespace().collect::<Vec<_>>().join(" "),
            hash: hashes.get(&(name.clone(), version.clone())).map(|digits| ("SHA-256", digits.clone())),
            shipped: shipped.contains(id),
            needs: needs.collect::<BTreeSet<_>>().into_iter().collect(),
            name,
            version,
        }
    };
    Ok(of_registry.map(component).collect())
}

fn metadata() -> Result<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--format-version", "1", "--locked", "--offline", "--all-features"]).current_dir(root());
    let output = command.output().context("cargo metadata did not start")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo metadata failed; `cargo fetch` first? {said}");
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// What a package needs when it runs, and all that these need: neither to build it nor to test it.
fn reached<'a>(first: &'a str, nodes: &BTreeMap<&'a str, &'a Value>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![first];
    while let Some(id) = waiting.pop() {
        if !reached.insert(id) {
            continue;
        }
        let needs = nodes.get(id).and_then(|node| node["deps"].as_array()).map_or(&[][..], Vec::as_slice);
        let at_run_time = |needed: &&Value| {
            needed["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
        };
        waiting.extend(needs.iter().filter(at_run_time).filter_map(|needed| needed["pkg"].as_str()));
    }
    reached
}

fn purl(package: &Value) -> String {
    let text = |key: &str| package[key].as_str().unwrap_or_default();
    format!("pkg:cargo/{}@{}", text("name"), text("version"))
}

/// SHA-256 by name and version.
fn hashes(lock: &str) -> BTreeMap<(String, String), String> {
    let of = |entry: &str| {
        let member = |key: &str| {
            let line = entry.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""))?;
            line.strip_suffix('"').map(str::to_owned)
        };
        Some(((member("name")?, member("version")?), member("checksum")?))
    };
    lock.split("[[package]]").filter_map(of).collect()
}

fn list(value: &Value) -> Result<&Vec<Value>> {
    value.as_array().context("cargo metadata has another form than expected")
}
