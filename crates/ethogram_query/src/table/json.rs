//! A table as a list of objects, a line each.

use std::io::{self, Write};

use serde_json::Value;

use super::{Cell, Table, text_of_number};

pub(super) fn write(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    let names: Vec<String> = table.columns.iter().map(|column| Value::from(column.name.as_str()).to_string()).collect();
    write!(to, "[")?;
    for row in 0..table.rows() {
        write!(to, "{}\n{{", if row == 0 { "" } else { "," })?;
        for (at, (name, column)) in names.iter().zip(&table.columns).enumerate() {
            let value = match column.cells.at(row) {
                Cell::Missing => Value::Null,
                Cell::Integer(number) => number.into(),
                // JSON has no such numbers.
                Cell::Number(number) if !number.is_finite() => text_of_number(number).into(),
                Cell::Number(number) => number.into(),
                Cell::Truth(truth) => truth.into(),
                Cell::Text(text) => text.into(),
            };
            write!(to, "{}{name}: {value}", if at == 0 { "" } else { ", " })?;
        }
        write!(to, "}}")?;
    }
    writeln!(to, "\n]")
}
