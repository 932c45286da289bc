//! Lines of a text file, read while it grows.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use ethogram_store::{Error, Result};

/// Longest line that is read.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// How far a text file was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Bytes read, whole lines all.
    position: u64,
    /// The first line, as it was.
    first: Vec<u8>,
}

/// A line, or what stands for one that was too long.
pub type Line<'a> = std::result::Result<&'a str, &'static str>;

impl Lines {
    /// Calls `each` with the lines that are new, without their ends. The last one counts only once its end is written.
    /// True when the file is another than before, so that all its lines are new: then `begin` is called first.
    pub fn read_new(&mut self, path: &Path, mut begin: impl FnMut(), mut each: impl FnMut(Line<'_>)) -> Result<()> {
        let failed = |source| Error::Io { action: "read", path: path.to_owned(), source };
        let mut file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        // A table that gets another column is written anew by its logger: its first line is another then.
        let mut first = vec![0; self.first.len()];
        let same = length >= self.position && file.read_exact(&mut first).is_ok() && first == self.first;
        if !same || self.position == 0 {
            *self = Self::default();
            begin();
        }
        if length == self.position {
            return Ok(());
        }
        file.seek(SeekFrom::Start(self.position)).map_err(failed)?;
        let mut reader = BufReader::with_capacity(64 << 10, file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = read_line(&mut reader, &mut line).map_err(failed)?;
            if !line.ends_with(b"\n") {
                return Ok(());
            }
            if self.position == 0 {
                self.first.clone_from(&line);
            }
            self.position += read;
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            if read as usize > line.len() {
                each(Err("the line is over the limit of 1 MiB"));
            } else {
                each(std::str::from_utf8(text).map_err(|_| "the line is no UTF-8"));
            }
        }
    }
}

/// Reads to the end of a line; how many bytes that was. Of a long line only the beginning and its end are kept.
fn read_line(reader: &mut impl std::io::BufRead, line: &mut Vec<u8>) -> std::io::Result<u64> {
    let mut read = 0;
    loop {
        let bytes = reader.fill_buf()?;
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let used = end.map_or(bytes.len(), |end| end + 1);
        let room = LINE_BYTES_MAX.saturating_sub(line.len());
        line.extend_from_slice(&bytes[..used.min(room)]);
        let ended = end.is_some();
        if ended && !line.ends_with(b"\n") {
            // One byte shorter than what was read, at least: so it is known that it was cut.
            line.pop();
            line.push(b'\n');
        }
        reader.consume(used);
        read += used as u64;
        if ended || used == 0 {
            return Ok(read);
        }
    }
}

/// The cells of a line of a table; a cell may be in quotes.
pub fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut signs = line.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '"' if quoted && signs.peek() == Some(&'"') => {
                signs.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            sign => cell.push(sign),
        }
    }
    cells.push(cell);
    cells
}

/// A number as Python writes it; `None` for an empty cell or a word.
pub fn number(cell: &str) -> Option<f64> {
    match cell.trim() {
        "True" | "true" => Some(1.0),
        "False" | "false" => Some(0.0),
        text => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &mut Lines, path: &Path, expected: &[&str], anew: bool) {
        let (mut found, mut began) = (Vec::new(), false);
        let each = |line: Line<'_>| found.push(line.map_or_else(ToOwned::to_owned, str::to_owned));
        lines.read_new(path, || began = true, each).expect("read");
        assert_eq!((found, began), (expected.iter().map(|line| (*line).to_owned()).collect(), anew));
    }

    #[test]
    fn lines_come_once_they_are_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.csv");
        let mut lines = Lines::default();
        for (text, expected, anew) in [
            ("a,b\n1,", &["a,b"][..], true),
            ("a,b\n1,2\r\n3", &["1,2"], false),
            ("a,b\n1,2\r\n3", &[], false),
            ("a,b,c\n1,2,\n3,4,5\n", &["a,b,c", "1,2,", "3,4,5"], true),
            ("a,b,c\n", &["a,b,c"], true),
        ] {
            std::fs::write(&path, text).expect("written");
            check(&mut lines, &path, expected, anew);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.csv");
        std::fs::write(&path, format!("a\n{}\nb\n", "x".repeat(3 << 20))).expect("written");
        check(&mut Lines::default(), &path, &["a", "the line is over the limit of 1 MiB", "b"], true);
    }

    #[test]
    fn cells_may_be_quoted() {
        assert_eq!(cells(r#"1,,"a,b","say ""x""",nan"#), ["1", "", "a,b", r#"say "x""#, "nan"]);
        assert_eq!([number("nan").map(f64::is_nan), number("").map(f64::is_nan)], [Some(true), None]);
        assert_eq!((number("True"), number("-inf"), number("adam")), (Some(1.0), Some(f64::NEG_INFINITY), None));
    }
}
