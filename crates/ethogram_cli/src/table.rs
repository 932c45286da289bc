//! Rows of text in columns that line up.

use std::fmt::Write as _;

/// On which side of its column a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// The table, a line a row, `head` first. All rows are as long as `head`.
pub fn text_from_rows<const N: usize>(head: [(&str, Side); N], rows: &[[String; N]]) -> String {
    let widths: [usize; N] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].0.chars().count()]).max().unwrap_or(0)
    });
    let mut text = String::new();
    let titles = head.map(|(title, _)| title.to_owned());
    for row in std::iter::once(&titles).chain(rows) {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let gap = if column == 0 { "" } else { "  " };
            let width = widths[column];
            // Writing to a string does not fail.
            let _ = match head[column].1 {
                Side::Left => write!(line, "{gap}{cell:<width$}"),
                Side::Right => write!(line, "{gap}{cell:>width$}"),
            };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [["pong é".to_owned(), "7".to_owned()], ["b".to_owned(), "1,000".to_owned()]];
        let text = text_from_rows([("name", Side::Left), ("step", Side::Right)], &rows);
        assert_eq!(text, "name     step\npong é      7\nb       1,000\n");
    }
}
