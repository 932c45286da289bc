//! Arrangements of panels that people saved, by project: `ROOT/.ethogram/layouts/`, one file a project. What a layout says is
//! the web app's affair; here it is an object of JSON.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_64;

use crate::document::{DocumentFile, Stored, check_text};
use crate::layout::check_name;
use crate::status::now_us;
use crate::{Error, Result};

/// Longest layout, in bytes of compact JSON.
pub const LAYOUT_BYTES_MAX: usize = 64 << 10;
/// Most layouts of a project.
pub const LAYOUTS_MAX: usize = 100;
/// Longest name of a layout, in characters.
pub const LAYOUT_NAME_CHARS_MAX: usize = 200;
/// Longest file that is read: indents make the text of a deeply nested layout many times longer, so layouts are kept compact.
const FILE_BYTES_MAX: u64 = (LAYOUTS_MAX * (LAYOUT_BYTES_MAX + 4_096)) as u64;

/// A saved arrangement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// What people call it.
    pub name: String,
    /// What it says.
    pub layout: Map<String, Value>,
    /// When it was saved last, microseconds since 1970.
    pub updated_us: i64,
}

/// What lies in the file of a project.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Saved {
    /// For people who look into the folder.
    project: String,
    layouts: Vec<Layout>,
}

/// Layouts of a project below a root, by name; none when nobody saved any.
///
/// # Errors
/// The file cannot be read, or understood.
pub fn read_layouts(root: &Path, project: &str) -> Result<Vec<Layout>> {
    check_name(project)?;
    let stored: Stored<Saved> = file(root, project).read()?;
    let mut layouts = stored.document?.layouts;
    layouts.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(layouts)
}

/// Saves a layout under a name, in place of one that had it. It is on the disk when this returns.
/// A file that cannot be understood is kept beside the new one, as `….json.bad-1`.
///
/// # Errors
/// A name or layout over its limit, [`Error::ReadOnly`] when nothing may be written there.
pub fn save_layout(root: &Path, project: &str, name: &str, layout: Map<String, Value>) -> Result<Layout> {
    check_name(project)?;
    if name.trim().is_empty() {
        return Err(Error::BadDocument { what: "the name of a layout".into(), why: "it is empty" });
    }
    check_text("the name of a layout", name, LAYOUT_NAME_CHARS_MAX, false)?;
    let bytes = serde_json::to_vec(&layout).map_or(0, |text| text.len());
    if bytes > LAYOUT_BYTES_MAX {
        let what = "bytes of a layout".into();
        return Err(Error::TooLarge { what, limit: LAYOUT_BYTES_MAX as u64, found: bytes as u64 });
    }
    let new = Layout { name: name.to_owned(), layout, updated_us: now_us() };
    file(root, project).change(None, |mut saved: Saved| {
        saved.layouts.retain(|old| old.name != new.name);
        if saved.layouts.len() >= LAYOUTS_MAX {
            let what = format!("number of layouts of project {project:?}");
            return Err(Error::TooLarge { what, limit: LAYOUTS_MAX as u64, found: LAYOUTS_MAX as u64 + 1 });
        }
        saved.layouts.push(new.clone());
        Ok((text_of_saved(saved, project), new))
    })
}

/// Removes a layout. False when there was none of that name.
///
/// # Errors
/// The file cannot be understood, or nothing may be written there.
pub fn remove_layout(root: &Path, project: &str, name: &str) -> Result<bool> {
    if read_layouts(root, project)?.iter().all(|layout| layout.name != name) {
        return Ok(false);
    }
    file(root, project).change(None, |mut saved: Saved| {
        saved.layouts.retain(|layout| layout.name != name);
        Ok((text_of_saved(saved, project), true))
    })
}

fn text_of_saved(mut saved: Saved, project: &str) -> Vec<u8> {
    project.clone_into(&mut saved.project);
    saved.layouts.sort_by(|a, b| a.name.cmp(&b.name));
    serde_json::to_vec(&saved).unwrap_or_default()
}

fn file(root: &Path, project: &str) -> DocumentFile {
    DocumentFile::new(root, &[".ethogram", "layouts"], file_name(project), "layouts of the project", FILE_BYTES_MAX)
}

/// A name that no project can lead out of the folder with, and that two projects do not share, not even where `A` is `a`.
fn file_name(project: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '_' };
    let start: String = project.chars().take(64).map(plain).collect();
    format!("{start}.{:016x}.json", xxh3_64(project.as_bytes()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn layout(value: Value) -> Map<String, Value> {
        let Value::Object(layout) = value else { panic!("{value} is no object") };
        layout
    }

    #[test]
    fn layouts_are_saved_replaced_and_removed() {
        let root = tempfile::tempdir().expect("a folder");
        assert_eq!(read_layouts(root.path(), "pong").expect("none"), []);
        assert!(!remove_layout(root.path(), "pong", "wide").expect("nothing to do"));
        assert!(!root.path().join(".ethogram").exists(), "reading writes nothing");
        save_layout(root.path(), "pong", "wide", layout(json!({ "columns": 3 }))).expect("saved");
        save_layout(root.path(), "pong", "a", layout(json!({}))).expect("saved");
        let last = save_layout(root.path(), "pong", "wide", layout(json!({ "columns": [1, 2.5] }))).expect("saved");
        let found = read_layouts(root.path(), "pong").expect("layouts");
        assert_eq!(found.iter().map(|layout| layout.name.as_str()).collect::<Vec<_>>(), ["a", "wide"]);
        assert_eq!(found[1], last);
        assert_eq!(read_layouts(root.path(), "Pong").expect("another project"), []);
        assert!(remove_layout(root.path(), "pong", "wide").expect("removed"));
        assert_eq!(read_layouts(root.path(), "pong").expect("layouts").len(), 1);
    }

    #[test]
    fn no_project_leaves_the_folder_or_shares_a_file() {
        let projects =
            ["..", "../../etc/passwd", "a/b", "a_b", "A/B", "a\\b", "CON", "x".repeat(512).as_str(), "räuber"]
                .map(file_name);
        let mut names: Vec<String> = projects.to_vec();
        for name in &names {
            assert!(name.len() < 100 && !name.contains(['/', '\\']) && !name.starts_with('.'), "{name}");
            assert_eq!(*name, name.to_ascii_lowercase());
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), projects.len());
        assert!(read_layouts(Path::new("/"), "").is_err_and(|error| error.is_bad_input()));
    }

    #[test]
    fn what_is_too_large_is_refused_by_name() {
        let root = tempfile::tempdir().expect("a folder");
        let save = |name: &str, map| save_layout(root.path(), "pong", name, map).map_err(|error| error.to_string());
        let large = layout(json!({ "x": "y".repeat(LAYOUT_BYTES_MAX) }));
        assert_eq!(save("a", large), Err("bytes of a layout is 65544, over the limit of 65536".into()));
        let error = "number of characters of the name of a layout is 201, over the limit of 200";
        assert_eq!(save(&"n".repeat(201), Map::new()), Err(error.into()));
        assert_eq!(save(" ", Map::new()), Err("the name of a layout cannot be stored: it is empty".into()));
        for index in 0..LAYOUTS_MAX {
            save(&format!("{index}"), Map::new()).expect("saved");
        }
        let error = "number of layouts of project \"pong\" is 101, over the limit of 100";
        assert_eq!(save("one more", Map::new()), Err(error.into()));
        save("7", Map::new()).expect("one of them may be replaced");
    }

    #[test]
    fn a_damaged_file_is_told_of_and_kept() {
        let root = tempfile::tempdir().expect("a folder");
        save_layout(root.path(), "pong", "a", Map::new()).expect("saved");
        let path = root.path().join(".ethogram/layouts").join(file_name("pong"));
        std::fs::write(&path, "{").expect("written");
        assert!(read_layouts(root.path(), "pong").is_err_and(|error| error.is_corrupt()));
        assert!(remove_layout(root.path(), "pong", "a").is_err_and(|error| error.is_corrupt()));
        save_layout(root.path(), "pong", "b", Map::new()).expect("saved");
        assert_eq!(read_layouts(root.path(), "pong").expect("layouts").len(), 1);
        let kept = path.with_file_name(format!("{}.bad-1", file_name("pong")));
        assert_eq!(std::fs::read_to_string(kept).expect("kept"), "{");
    }
}
