//! `docs/security.md`: each threat names the test that shows what keeps it out.

use crate::root::SourceFile;

/// Tests and files that are named and not there, and threats without a test.
pub fn shown(files: &[SourceFile]) -> Vec<String> {
    let Some(docs) = files.iter().find(|file| file.path == "docs/security.md") else {
        return vec!["docs/security.md: missing".to_owned()];
    };
    docs.text.lines().enumerate().flat_map(|(line, text)| complaints(line + 1, text, files)).collect()
}

fn complaints(line: usize, text: &str, files: &[SourceFile]) -> Vec<String> {
    let cells: Vec<&str> = text.trim().trim_matches('|').split(" | ").map(str::trim).collect();
    let [threat, _, tests] = cells[..] else { return vec![] };
    if !text.starts_with('|') || threat == "threat" || threat.starts_with("---") {
        return vec![];
    }
    let named: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
    if named.is_empty() {
        return vec![format!("docs/security.md:{line}: no test shows {threat:?}")];
    }
    let missing = named.into_iter().filter(|name| !is_there(name, files));
    missing.map(|name| format!("docs/security.md:{line}: there is no test {name}")).collect()
}

/// A file, or a function with that name.
fn is_there(name: &str, files: &[SourceFile]) -> bool {
    let function = format!("fn {name}(");
    files.iter().any(|file| file.path == name || (file.is(&["rs"]) && file.text.contains(&function)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_threat_without_a_test_is_told() {
        let docs = "| threat | what keeps it out | test |\n| --- | --- | --- |\n| a | b | `is_there`, `x.spec.ts` |\n\
                    | c | d | `is_gone` |\n| e | f | none |\n";
        let tests = file("crates/x/tests/it/a.rs", "    async fn is_there() {}");
        let found = shown(&[file("docs/security.md", docs), tests, file("x.spec.ts", "")]);
        let expected = ["docs/security.md:4: there is no test is_gone", "docs/security.md:5: no test shows \"e\""];
        assert_eq!(found, expected);
    }
}
