//! A table as RFC 4180 has it.

use std::io::{self, Write};

use super::{Cell, Table, text_of_number};

pub(super) fn write(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    let names: Vec<String> = table.columns.iter().map(|column| quoted(&column.name)).collect();
    writeln!(to, "{}", names.join(","))?;
    let mut line = String::new();
    for row in 0..table.rows() {
        line.clear();
        for (at, column) in table.columns.iter().enumerate() {
            if at > 0 {
                line.push(',');
            }
            match column.cells.at(row) {
                Cell::Missing => {}
                Cell::Integer(number) => line.push_str(&number.to_string()),
                Cell::Number(number) => line.push_str(&text_of_number(number)),
                Cell::Truth(truth) => line.push_str(if truth { "true" } else { "false" }),
                Cell::Text(text) => line.push_str(&quoted(text)),
            }
        }
        writeln!(to, "{line}")?;
    }
    Ok(())
}

/// Text as a cell: quoted where it must be. Text that a spreadsheet would take for a formula is led by an apostrophe.
fn quoted(text: &str) -> String {
    let led = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    let is_plain = !led.is_empty() && !led.contains(['"', ',', '\n', '\r']);
    if is_plain { led } else { format!("\"{}\"", led.replace('"', "\"\"")) }
}
