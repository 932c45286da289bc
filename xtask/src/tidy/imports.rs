//! Who may import whom. A crate earns its place by the wrong import it makes impossible.

use crate::root::SourceFile;

/// A folder under `crates/` (or the Python package), and the crates of ours that it may depend on.
const CRATES: &[(&str, &[&str])] = &[
    ("crates/ethogram_store", &[]),
    ("crates/ethogram_random", &[]),
    ("crates/ethogram_analysis", &["ethogram_random"]),
    ("crates/ethogram_model", &["ethogram_random"]),
    ("crates/ethogram_video", &[]),
    ("crates/ethogram_query", &["ethogram_store", "ethogram_analysis", "ethogram_model", "ethogram_video"]),
    ("crates/ethogram_import", &["ethogram_store"]),
    ("crates/ethogram_server", &["ethogram_query", "ethogram_store"]),
    ("crates/ethogram_cli", &["ethogram_server", "ethogram_import", "ethogram_query", "ethogram_store"]),
    ("python", &["ethogram_cli", "ethogram_query", "ethogram_store", "ethogram_analysis", "ethogram_model"]),
    ("xtask", &["ethogram_query", "ethogram_store", "ethogram_analysis", "ethogram_model"]),
    ("fuzz", &["ethogram_server", "ethogram_import", "ethogram_query", "ethogram_store", "ethogram_model"]),
];

/// A folder under `web/src`, and the folders beside it that it may import.
const WEB: &[(&str, &[&str])] = &[
    ("api", &["workers"]),
    ("workers", &[]),
    ("theme", &[]),
    ("charts", &["theme"]),
    ("ui", &["theme"]),
    ("state", &["api", "theme"]),
    ("replay", &["charts", "state", "api", "ui", "theme", "workers"]),
    ("curves", &["charts", "state", "api", "ui", "theme"]),
    ("features", &["charts", "replay", "state", "api", "ui", "theme", "workers"]),
    ("panels", &["curves", "charts", "replay", "state", "api", "ui", "theme"]),
    ("viewers", &["panels", "features", "curves", "charts", "replay", "state", "api", "ui", "theme", "workers"]),
    ("shell", &["viewers", "state", "api", "ui", "theme"]),
];

/// Dependencies between our crates that the table does not allow, and crates that are not in it.
pub fn crates(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with("Cargo.toml") && file.path != "Cargo.toml") {
        let folder = file.path.trim_end_matches("/Cargo.toml");
        let Some((_, allowed)) = CRATES.iter().find(|(known, _)| *known == folder) else {
            complaints.push(format!("{}: not in the table of crates; say what it may import", file.path));
            continue;
        };
        // Tests may use anything: a dev-dependency cannot be imported by the crate itself.
        let mut dev = false;
        for (number, line) in file.text.lines().enumerate() {
            if line.starts_with('[') {
                dev = line.contains("dev-dependencies");
            }
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if !dev && name.starts_with("ethogram_") && !allowed.contains(&name) {
                complaints.push(format!("{}:{}: may not depend on {name}", file.path, number + 1));
            }
        }
    }
    complaints
}

/// Imports between the folders of the web app that the table does not allow; a viewer may not import another viewer.
pub fn web(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.is(&["ts", "svelte"]) && !file.path.contains(".test.")) {
        let Some((folder, rest)) = file.path.strip_prefix("web/src/").and_then(|path| path.split_once('/')) else {
            continue;
        };
        let Some((_, allowed)) = WEB.iter().find(|(known, _)| *known == folder) else {
            complaints.push(format!("{}: folder {folder} is not in the table; say what it may import", file.path));
            continue;
        };
        for (number, line) in file.text.lines().enumerate() {
            let Some(target) = relative_import(line) else { continue };
            let Some(resolved) = resolve(&file.path, target) else { continue };
            let Some(inside) = resolved.strip_prefix("web/src/") else { continue };
            let (to, to_rest) = inside.split_once('/').unwrap_or((inside, ""));
            let place = format!("{}:{}", file.path, number + 1);
            if to != folder && !allowed.contains(&to) {
                complaints.push(format!("{place}: {folder} may not import {to}"));
            }
            let viewer = |path: &str| path.split_once('/').map(|(name, _)| name.to_owned());
            if folder == "viewers"
                && to == "viewers"
                && !rest.starts_with("registry")
                && let (Some(from), Some(other)) = (viewer(rest), viewer(to_rest))
                && from != other
            {
                complaints.push(format!("{place}: viewer {from} may not import viewer {other}"));
            }
        }
    }
    complaints
}

/// The path in `from '…'` or `import('…')` of a line, when it is relative.
fn relative_import(line: &str) -> Option<&str> {
    let after = ["from '", "import '", "import('", "new URL('"]
        .iter()
        .find_map(|opening| line.find(opening).map(|at| &line[at + opening.len()..]))?;
    let target = &after[..after.find('\'')?];
    target.starts_with('.').then_some(target)
}

/// `target` as seen from the file at `path`, without `.` and `..`.
fn resolve(path: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_store_that_imports_the_query_layer_is_refused() {
        let manifest =
            "[dependencies]\nethogram_query.workspace = true\n[dev-dependencies]\nethogram_server.workspace = true";
        let found = crates(&[file("crates/ethogram_store/Cargo.toml", manifest)]);
        assert_eq!(found, ["crates/ethogram_store/Cargo.toml:2: may not depend on ethogram_query"]);
    }

    #[test]
    fn a_chart_that_imports_state_is_refused() {
        let found =
            web(&[file("web/src/charts/line.ts", "import { x } from '../state/x';\nimport y from '../theme/y';")]);
        assert_eq!(found, ["web/src/charts/line.ts:1: charts may not import state"]);
    }

    #[test]
    fn a_viewer_that_imports_a_viewer_is_refused() {
        let found = web(&[file("web/src/viewers/runs/Runs.svelte", "import x from '../replay/x';")]);
        assert_eq!(found, ["web/src/viewers/runs/Runs.svelte:1: viewer runs may not import viewer replay"]);
    }
}
