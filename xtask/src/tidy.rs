//! The house style that a machine can check. Each rule is a function from the files of the checkout to complaints.

mod features;
mod imports;
mod security;
mod text;

use anyhow::{Result, bail};

use crate::root::{SourceFile, source_files};

/// A rule: its name and what it finds wrong, one line each with the place first.
type Rule = (&'static str, fn(&[SourceFile]) -> Vec<String>);

/// All rules.
const RULES: &[Rule] = &[
    ("crates import only what ARCHITECTURE.md allows", imports::crates),
    ("web folders import only what ARCHITECTURE.md allows", imports::web),
    ("files have one noun", text::long_files),
    ("no test is skipped and no part is a stub", text::stubs),
    ("colours come from the theme", text::literal_colours),
    ("generated files are not stale", |_| crate::wire::stale().into_iter().collect()),
    ("every `yes` of the feature table has a test named after its row", features::claims),
    ("every threat of docs/security.md has a test", security::shown),
];

/// Runs all rules and prints what they find.
pub fn run() -> Result<()> {
    let files = source_files()?;
    let mut complaints = 0;
    for (name, rule) in RULES {
        for complaint in rule(&files) {
            println!("{name}: {complaint}");
            complaints += 1;
        }
    }
    if complaints > 0 {
        bail!("{complaints} complaints");
    }
    println!("tidy: {} rules hold over {} files", RULES.len(), files.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkout_is_tidy() {
        let files = source_files().expect("git lists the files");
        let complaints: Vec<String> = RULES
            .iter()
            .flat_map(|(name, rule)| rule(&files).into_iter().map(move |complaint| format!("{name}: {complaint}")))
            .collect();
        assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    }
}
