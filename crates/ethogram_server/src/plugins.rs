//! Viewers that people put into a folder: what is there, and the text of each. Nothing of them runs here.
//!
//! A plug-in is a folder with a `manifest.json` and one module. Browsers run the module in a frame without an origin and without a network
//! (see [`FRAME_POLICY`]); it is told the numbers of the step in view and draws. A folder is looked through at each request: a plug-in that is
//! dropped in appears with the next look.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// Folder of plug-ins beside the runs.
pub const FOLDER: &str = "viewers";
/// Largest manifest.
pub const MANIFEST_BYTES_MAX: u64 = 64 << 10;
/// Largest module.
pub const MODULE_BYTES_MAX: u64 = 4 << 20;
/// Plug-ins of one folder.
pub const PLUGINS_MAX: usize = 100;
/// Fields that one plug-in is told.
pub const FIELDS_MAX: usize = 32;

/// The page in which a module runs.
pub const FRAME_PATH: &str = "/plugin_frame.html";
/// Its text: it waits for a module, runs it, and hands steps on.
pub const FRAME: &str = include_str!("plugin_frame.html");
/// What it may do: run scripts that it was given as text, show pictures made of data. No origin, no connection, no form, no other page.
pub const FRAME_POLICY: &str = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' blob:; \
    style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// A plug-in as people wrote it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plugin {
    /// The name of its folder.
    pub name: String,
    /// What its tab is called.
    pub title: String,
    /// One sentence.
    pub doc: String,
    /// Fields of the step that it is told.
    pub fields: Vec<String>,
    /// Beginnings of the names of the environments that it is for; all when empty.
    pub environments: Vec<String>,
    /// Height that it would like, in CSS pixels.
    pub height: u32,
    /// Whether it is told attributions, too.
    pub attribution: bool,
}

/// A folder that is no plug-in, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The folder.
    pub path: String,
    /// What is wrong.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    title: String,
    module: String,
    #[serde(default)]
    doc: String,
    #[serde(default)]
    fields: Vec<String>,
    #[serde(default)]
    environments: Vec<String>,
    #[serde(default = "usual_height")]
    height: u32,
    #[serde(default)]
    attribution: bool,
}

fn usual_height() -> u32 {
    320
}

/// Every plug-in of these folders by name, and what looks like one but is none. Of two with one name the first folder's is taken.
pub fn list(folders: &[PathBuf]) -> (Vec<Plugin>, Vec<Skipped>) {
    let (mut plugins, mut skipped) = (Vec::<Plugin>::new(), Vec::new());
    for folder in folders {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        let mut paths: Vec<_> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect();
        paths.sort();
        for path in paths {
            let mut skip = |why: String| skipped.push(Skipped { path: path.display().to_string(), why });
            if plugins.len() >= PLUGINS_MAX {
                skip(format!("more than {PLUGINS_MAX} plug-ins"));
                break;
            }
            match read(&path) {
                Ok((plugin, _)) if plugins.iter().all(|other| other.name != plugin.name) => plugins.push(plugin),
                Ok(_) => skip("another folder has a plug-in of this name".to_owned()),
                Err(why) => skip(why),
            }
        }
    }
    plugins.sort_by(|a, b| a.name.cmp(&b.name));
    (plugins, skipped)
}

/// The text of a plug-in's module.
///
/// **Errors**: none of that name, or why it cannot be read.
pub fn module(folders: &[PathBuf], name: &str) -> Result<String, String> {
    check_name(name)?;
    let path = folders.iter().map(|folder| folder.join(name)).find(|path| path.is_dir());
    let path = path.ok_or_else(|| format!("no plug-in {name:?}"))?;
    let (_, module) = read(&path)?;
    text(&module, MODULE_BYTES_MAX)
}

/// A plug-in, and where its module is.
fn read(path: &Path) -> Result<(Plugin, PathBuf), String> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    check_name(name)?;
    let manifest = text(&inside(path, "manifest.json")?, MANIFEST_BYTES_MAX)?;
    let manifest: Manifest = serde_json::from_str(&manifest).map_err(|error| format!("manifest.json: {error}"))?;
    let is_script = Path::new(&manifest.module).extension().is_some_and(|ending| ending == "js" || ending == "mjs");
    if !is_script {
        return Err(format!("manifest.json: expected a module NAME.js or NAME.mjs, found {:?}", manifest.module));
    }
    if manifest.fields.len() > FIELDS_MAX {
        return Err(format!("manifest.json: expected at most {FIELDS_MAX} fields, found {}", manifest.fields.len()));
    }
    let module = inside(path, &manifest.module)?;
    let plugin = Plugin {
        name: name.to_owned(),
        title: manifest.title,
        doc: manifest.doc,
        fields: manifest.fields,
        environments: manifest.environments,
        height: manifest.height.clamp(80, 2_000),
        attribution: manifest.attribution,
    };
    Ok((plugin, module))
}

/// Letters, digits, `-` and `_`: a name that means nothing else in a path or an address.
fn check_name(name: &str) -> Result<(), String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.len() <= 64 && name.chars().all(is_plain) {
        return Ok(());
    }
    Err(format!("expected a folder named with letters, digits, - and _, at most 64 of them; found {name:?}"))
}

/// A file that lies in the folder itself, wherever links may lead.
fn inside(folder: &Path, file: &str) -> Result<PathBuf, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if file.is_empty() || file.starts_with('.') || !file.chars().all(is_plain) {
        return Err(format!("expected the plain name of a file, found {file:?}"));
    }
    let home = folder.canonicalize().map_err(|error| error.to_string())?;
    let path = folder.join(file).canonicalize().map_err(|error| format!("{file}: {error}"))?;
    if path.parent() == Some(&home) { Ok(path) } else { Err(format!("{file} leads out of its folder")) }
}

fn text(path: &Path, bytes_max: u64) -> Result<String, String> {
    let name = path.file_name().unwrap_or_default().display();
    let file = fs::File::open(path).map_err(|error| format!("{name}: {error}"))?;
    if !file.metadata().is_ok_and(|about| about.is_file()) {
        return Err(format!("{name}: expected a file"));
    }
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(|error| format!("{name}: {error}"))?;
    if bytes.len() as u64 > bytes_max {
        return Err(format!("{name}: expected at most {bytes_max} bytes, found more"));
    }
    String::from_utf8(bytes).map_err(|_| format!("{name}: expected UTF-8"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;

    fn plugin(root: &Path, name: &str, manifest: &str) -> PathBuf {
        let folder = root.join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("manifest.json"), manifest).unwrap();
        fs::write(folder.join("viewer.js"), "export default () => {}").unwrap();
        folder
    }

    #[test]
    fn r_14_a_folder_that_is_dropped_in_appears_and_a_broken_one_says_why() {
        let root = tempfile::tempdir().unwrap();
        let folders = [root.path().to_owned(), root.path().join("absent")];
        assert_eq!(list(&folders), (vec![], vec![]));
        plugin(root.path(), "compass", r#"{"title": "Compass", "module": "viewer.js", "fields": ["observation"]}"#);
        plugin(root.path(), "broken", r#"{"title": "Broken"}"#);
        plugin(root.path(), "odd name", r#"{"title": "Odd", "module": "viewer.js"}"#);
        plugin(root.path(), "page", r#"{"title": "Page", "module": "viewer.html"}"#);
        let (found, skipped) = list(&folders);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].height, found[0].fields.len()), ("compass", 320, 1));
        let whys: Vec<&str> = skipped.iter().map(|skipped| skipped.why.as_str()).collect();
        assert_eq!(skipped.len(), 3, "{whys:?}");
        assert!(
            whys[0].contains("module") && whys[1].contains("odd name") && whys[2].contains("viewer.html"),
            "{whys:?}"
        );
        assert_eq!(module(&folders, "compass").unwrap(), "export default () => {}");
    }

    #[test]
    fn nothing_outside_the_folder_is_read() {
        let root = tempfile::tempdir().unwrap();
        let viewers = root.path().join("viewers");
        fs::write(root.path().join("secret.js"), "secret").unwrap();
        for (name, file) in [("up", "../secret.js"), ("root", "/etc/passwd.js"), ("hidden", ".secret.js")] {
            plugin(&viewers, name, &format!(r#"{{"title": "x", "module": {file:?}}}"#));
            assert!(module(std::slice::from_ref(&viewers), name).unwrap_err().contains("plain name"), "{name}");
        }
        #[cfg(unix)]
        {
            let folder = plugin(&viewers, "link", r#"{"title": "x", "module": "link.js"}"#);
            std::os::unix::fs::symlink(root.path().join("secret.js"), folder.join("link.js")).unwrap();
            assert!(module(std::slice::from_ref(&viewers), "link").unwrap_err().contains("leads out"));
        }
        for name in ["..", "../up", "a/b", "", "%2e%2e"] {
            assert!(module(std::slice::from_ref(&viewers), name).is_err(), "{name}");
        }
    }

    #[test]
    fn what_is_too_large_or_no_text_is_named() {
        let root = tempfile::tempdir().unwrap();
        let folder = plugin(root.path(), "large", r#"{"title": "x", "module": "viewer.js"}"#);
        fs::write(folder.join("viewer.js"), vec![b' '; MODULE_BYTES_MAX as usize + 1]).unwrap();
        assert!(module(&[root.path().to_owned()], "large").unwrap_err().contains("4194304 bytes"));
        fs::write(folder.join("viewer.js"), [0xff, 0xfe]).unwrap();
        assert!(module(&[root.path().to_owned()], "large").unwrap_err().contains("UTF-8"));
    }
}
