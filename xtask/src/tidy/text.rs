//! Rules about the text of single files.

use crate::root::SourceFile;

/// Over this many lines a file holds a second noun.
const LINES: usize = 650;

/// Source files that are too long.
pub fn long_files(files: &[SourceFile]) -> Vec<String> {
    files
        .iter()
        .filter(|file| file.is(&["rs", "py", "ts", "svelte"]) && !file.path.contains(".gen."))
        .map(|file| (file, file.text.lines().count()))
        .filter(|(_, lines)| *lines > LINES)
        .map(|(file, lines)| format!("{}: {lines} lines, over {LINES}; look for the second noun", file.path))
        .collect()
}

/// Skipped tests and unfinished parts.
pub fn stubs(files: &[SourceFile]) -> Vec<String> {
    // Written in halves, so that this file does not find itself.
    let marks = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[", "ignore"),
        concat!("NotImplemented", "Error"),
        concat!("pytest.mark.", "skip"),
        concat!("test.", "skip("),
        concat!("it.", "skip("),
        concat!("test.", "fixme"),
        concat!("it.", "only("),
        concat!("test.", "only("),
    ];
    lines(files, &["rs", "py", "ts", "svelte"])
        .filter(|(_, _, line)| marks.iter().any(|mark| line.contains(mark)))
        .map(|(path, number, line)| format!("{path}:{number}: {}", line.trim()))
        .collect()
}

/// Colours written outside the theme.
pub fn literal_colours(files: &[SourceFile]) -> Vec<String> {
    lines(files, &["ts", "svelte", "css"])
        .filter(|(path, _, _)| {
            path.starts_with("web/src/") && !path.starts_with("web/src/theme/") && !path.contains(".test.")
        })
        .filter(|(_, _, line)| has_hex_colour(line))
        .map(|(path, number, line)| format!("{path}:{number}: {}; use a token of web/src/theme", line.trim()))
        .collect()
}

/// Whether the line holds `#rgb`, `#rrggbb` or `#rrggbbaa` that is not part of a longer word.
fn has_hex_colour(line: &str) -> bool {
    line.match_indices('#').any(|(at, _)| {
        let digits = line[at + 1..].bytes().take_while(u8::is_ascii_hexdigit).count();
        let next = line[at + 1 + digits..].bytes().next();
        let before = line[..at].bytes().next_back();
        matches!(digits, 3 | 6 | 8)
            && !next.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
            && !before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'/' || byte == b'&')
    })
}

/// Every line of the files with these extensions: path, number from 1, text.
fn lines<'a>(files: &'a [SourceFile], extensions: &'a [&str]) -> impl Iterator<Item = (&'a str, usize, &'a str)> {
    files
        .iter()
        .filter(|file| file.is(extensions))
        .flat_map(|file| file.text.lines().enumerate().map(|(index, line)| (file.path.as_str(), index + 1, line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_colours_are_seen_and_anchors_are_not() {
        for colour in ["color: #fff;", "'#a1b2c3'", "#00112233"] {
            assert!(has_hex_colour(colour), "{colour}");
        }
        for other in ["href=\"#/runs\"", "#each rows", "{#if add}", "&#123;", "private #cache = 1", "issue #12"] {
            assert!(!has_hex_colour(other), "{other}");
        }
    }
}
