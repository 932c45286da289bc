//! `testdata/heat_colours.txt`: what the browser's code makes of the same numbers. `web/src/charts/heat_colours.test.ts` writes it
//! (`npx vitest run heat_colours -u`) and fails when it is stale.

use std::fmt::Write as _;

/// The words of each line that begins with this one.
pub fn lines(kind: &str) -> Vec<Vec<&'static str>> {
    let all = include_str!("../testdata/heat_colours.txt").lines();
    let words = all.map(|line| line.split_whitespace().collect::<Vec<_>>());
    words.filter(|words| words.first() == Some(&kind)).map(|words| words[1..].to_vec()).collect()
}

/// Two digits a byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("text takes all");
        hex
    })
}
