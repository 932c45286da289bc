//! Lines of a text file, read while it grows.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use ethogram_store::{Error, Result};

/// Longest line that is read.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// Bytes of a file that are read before somebody asks for all of it.
pub const HEAD_BYTES_MAX: u64 = 64 << 20;
/// Bytes before the place that was read up to, by which it is known whether the file is still the same.
const TAIL_BYTES: usize = 4 << 10;

/// How far a text file was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Bytes read, whole lines all.
    position: u64,
    /// The first line, as it was.
    first: Vec<u8>,
    /// The last bytes that were read, as they were.
    tail: Vec<u8>,
    /// Which file it was: its device, and its number there.
    identity: (u64, u64),
    is_behind: bool,
}

/// A line, or what stands for one that was too long.
pub type Line<'a> = std::result::Result<&'a str, &'static str>;

impl Lines {
    /// The file has more than was read.
    pub fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Calls `each` with the lines that are new, without their ends. The last one counts only once its end is written.
    /// When the file is another than before, so that all its lines are new, `begin` is called first. What lies `budget` bytes behind
    /// what was read before waits for the next time.
    pub fn read_new(
        &mut self,
        path: &Path,
        budget: u64,
        mut begin: impl FnMut(),
        mut each: impl FnMut(Line<'_>),
    ) -> Result<()> {
        let failed = |source| Error::Io { action: "read", path: path.to_owned(), source };
        let mut file = File::open(path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        let (length, identity) = (found.len(), (found.dev(), found.ino()));
        if self.position == 0 || identity != self.identity || length < self.position || !self.begins(&file) {
            *self = Self { identity, ..Self::default() };
            begin();
        }
        self.is_behind = false;
        if length == self.position {
            return Ok(());
        }
        let end = self.position.saturating_add(budget);
        file.seek(SeekFrom::Start(self.position)).map_err(failed)?;
        let mut reader = BufReader::with_capacity(64 << 10, file);
        let mut line = Vec::new();
        loop {
            line.clear();
            if self.position >= end {
                self.is_behind = length > self.position;
                return self.keep_tail(reader.get_ref()).map_err(failed);
            }
            let read = read_line(&mut reader, &mut line).map_err(failed)?;
            if !line.ends_with(b"\n") {
                return self.keep_tail(reader.get_ref()).map_err(failed);
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

impl Lines {
    /// Whether a file begins with what was read, by its first line and by the bytes that were read last. A table that gets another
    /// column is written anew by its logger: its first line is another then. One of another training has other rows.
    fn begins(&self, file: &File) -> bool {
        let is_there = |bytes: &[u8], at: u64| {
            let mut found = vec![0; bytes.len()];
            file.read_exact_at(&mut found, at).is_ok() && found == bytes
        };
        is_there(&self.first, 0) && is_there(&self.tail, self.position - self.tail.len() as u64)
    }

    fn keep_tail(&mut self, file: &File) -> std::io::Result<()> {
        let from = self.position.saturating_sub(TAIL_BYTES as u64);
        self.tail.resize((self.position - from) as usize, 0);
        file.read_exact_at(&mut self.tail, from)
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
        lines.read_new(path, u64::MAX, || began = true, each).expect("read");
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
            // Longer, with the same first line: another training.
            ("a,b,c\n1,9,\n3,4,5\n6,7,8\n", &["a,b,c", "1,9,", "3,4,5", "6,7,8"], true),
            ("a,b,c\n", &["a,b,c"], true),
        ] {
            std::fs::write(&path, text).expect("written");
            check(&mut lines, &path, expected, anew);
        }
    }

    #[test]
    fn a_file_that_is_put_in_place_of_another_is_read_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, other) = (folder.path().join("x.csv"), folder.path().join("y.csv"));
        let mut lines = Lines::default();
        let head = format!("a\n1\n{}", "2\n".repeat(TAIL_BYTES));
        std::fs::write(&path, &head).expect("written");
        lines.read_new(&path, u64::MAX, || {}, |_| {}).expect("read");
        // Its last bytes are the same; what lies before them is not.
        std::fs::write(&other, format!("{}3\n", head.replacen('1', "7", 1))).expect("written");
        std::fs::rename(&other, &path).expect("renamed");
        let (mut found, mut began) = (Vec::new(), false);
        let each = |line: Line<'_>| found.push(line.expect("text").to_owned());
        lines.read_new(&path, u64::MAX, || began = true, each).expect("read");
        assert_eq!((began, found.len(), &found[1][..]), (true, TAIL_BYTES + 3, "7"));
    }

    #[test]
    fn no_more_is_read_at_a_time_than_was_asked_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.csv");
        std::fs::write(&path, "a\n1\n2\n3\n").expect("written");
        let mut lines = Lines::default();
        for (budget, expected, behind) in [(3, &["a", "1"][..], true), (1, &["2"], true), (9, &["3"], false)] {
            let mut found = Vec::new();
            lines.read_new(&path, budget, || {}, |line| found.push(line.expect("text").to_owned())).expect("read");
            assert_eq!(
                (&found[..], lines.is_behind()),
                (&expected.iter().map(|x| (*x).to_owned()).collect::<Vec<_>>()[..], behind)
            );
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
