//! Points as a table of text.

use std::io::{self, Write};

use super::Table;

/// A line of names, then one a point. Numbers read back as they are; what is missing is empty; `NaN` is itself.
pub fn write_csv(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    let header: Vec<String> = table.names().map(quoted).collect();
    writeln!(to, "{}", header.join(","))?;
    for row in 0..table.rows() {
        let said: Vec<String> = table.said(row).map(|(_, text)| quoted(&text)).collect();
        let (origin, fields) = said.split_at(3);
        let place = table.place(row).iter().map(f32::to_string);
        let line: Vec<String> = origin.iter().cloned().chain(place).chain(fields.iter().cloned()).collect();
        writeln!(to, "{}", line.join(","))?;
    }
    Ok(())
}

/// In quotation marks where a comma, a mark or a new line stands in it.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_must_be_is_quoted() {
        assert_eq!(quoted("value"), "value");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}
