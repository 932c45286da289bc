//! The feature table of README.md: a row may say `yes` only when a test is named after it.

use crate::root::SourceFile;

/// Rows that say `yes` without a test of their name.
pub fn claims(files: &[SourceFile]) -> Vec<String> {
    let Some(readme) = files.iter().find(|file| file.path == "README.md") else {
        return vec!["README.md: missing".to_owned()];
    };
    claimed(&readme.text)
        .into_iter()
        .filter(|row| !files.iter().any(|file| names_row(file, row)))
        .map(|row| format!("README.md: {row} says yes, but no test is named after it"))
        .collect()
}

/// The ids of rows such as `| D-1 | … | yes |`.
fn claimed(readme: &str) -> Vec<String> {
    readme
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
            let (id, state) = (*cells.first()?, *cells.last()?);
            let (letter, number) = id.split_once('-')?;
            let row = matches!(letter, "D" | "R" | "A" | "U" | "B") && number.parse::<u32>().is_ok();
            (row && state == "yes").then(|| id.to_owned())
        })
        .collect()
}

/// Whether a test in this file carries the row's name: `row_d1_…` in Rust, `test_row_d1_…` in Python, `D-1: …` in TypeScript.
fn names_row(file: &SourceFile, row: &str) -> bool {
    let snake = format!("row_{}_", row.to_lowercase().replace('-', ""));
    let title = format!("{row}:");
    (file.is(&["rs"]) && file.text.contains(&format!("fn {snake}")))
        || (file.is(&["py"]) && file.text.contains(&format!("def test_{snake}")))
        || (file.is(&["ts"])
            && (file.path.contains(".test.") || file.path.contains(".spec."))
            && file.text.contains(&title))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_claim_without_a_test_is_refused() {
        let readme = file("README.md", "| D-1 | One call | yes |\n| D-2 | Import | not yet |\n| A-1 | Record | yes |");
        let test = file("python/tests/test_rows.py", "def test_row_d1_reads_back():");
        assert_eq!(claims(&[readme, test]), ["README.md: A-1 says yes, but no test is named after it"]);
    }

    #[test]
    fn a_prefix_of_a_row_is_not_the_row() {
        let readme = file("README.md", "| D-1 | One call | yes |");
        let test = file("crates/x/tests/it/a.rs", "fn row_d16_offline() {}");
        assert_eq!(claims(&[readme, test]).len(), 1);
    }
}
