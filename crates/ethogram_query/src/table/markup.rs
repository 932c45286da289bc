//! A table for people: Markdown, LaTeX and plain text.

use std::io::{self, Write};

use super::{Cell, Cells, Table};

const MISSING: &str = "–";

pub(super) fn write_markdown(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    let escaped = |text: &str| {
        let text = text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;");
        text.split(['\n', '\r']).collect::<Vec<_>>().join(" ")
    };
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    writeln!(to, "{}", line(table.columns.iter().map(|column| escaped(&column.name)).collect()))?;
    let rule = |cells: &Cells| if is_number(cells) { "---:" } else { "---" }.to_owned();
    writeln!(to, "{}", line(table.columns.iter().map(|column| rule(&column.cells)).collect()))?;
    for row in 0..table.rows() {
        let cells = table.columns.iter().map(|column| shown(column.cells.at(row), &escaped));
        writeln!(to, "{}", line(cells.collect()))?;
    }
    Ok(())
}

pub(super) fn write_latex(table: &Table, to: &mut dyn Write) -> io::Result<()> {
    let escaped = |text: &str| {
        let mut safe = String::new();
        for sign in text.chars() {
            match sign {
                '\\' => safe.push_str("\\textbackslash{}"),
                '~' => safe.push_str("\\textasciitilde{}"),
                '^' => safe.push_str("\\textasciicircum{}"),
                '&' | '%' | '$' | '#' | '_' | '{' | '}' => safe.extend(['\\', sign]),
                '\n' | '\r' => safe.push(' '),
                _ => safe.push(sign),
            }
        }
        safe
    };
    let places: String = table.columns.iter().map(|column| if is_number(&column.cells) { 'r' } else { 'l' }).collect();
    writeln!(to, "\\begin{{tabular}}{{{places}}}\n\\toprule")?;
    let names: Vec<String> = table.columns.iter().map(|column| escaped(&column.name)).collect();
    writeln!(to, "{} \\\\\n\\midrule", names.join(" & "))?;
    for row in 0..table.rows() {
        let cells: Vec<String> =
            table.columns.iter().map(|column| in_latex(&shown(column.cells.at(row), &escaped))).collect();
        writeln!(to, "{} \\\\", cells.join(" & "))?;
    }
    writeln!(to, "\\bottomrule\n\\end{{tabular}}")
}

pub(super) fn text(table: &Table) -> String {
    let escaped = |text: &str| text.split(['\n', '\r']).collect::<Vec<_>>().join(" ");
    let head = table.columns.iter().map(|column| escaped(&column.name)).collect();
    let row = |row| table.columns.iter().map(|column| shown(column.cells.at(row), &escaped)).collect();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain((0..table.rows()).map(row)).collect();
    let lines = lined_up(&rows, |column| is_number(&table.columns[column].cells));
    lines.into_iter().map(|line| line + "\n").collect()
}

/// A line a row, cells below each other; `is_right` says which columns end together.
pub(crate) fn lined_up(rows: &[Vec<String>], is_right: impl Fn(usize) -> bool) -> Vec<String> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let cell = |(column, cell): (usize, &String)| {
        let width = widths[column];
        if is_right(column) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    };
    let line = |row: &Vec<String>| row.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ");
    rows.iter().map(|row| line(row).trim_end().to_owned()).collect()
}

/// Signs of numbers that fonts of LaTeX may lack.
fn in_latex(cell: &str) -> String {
    cell.replace(MISSING, "--").replace('−', "$-$").replace('∞', "$\\infty$")
}

fn is_number(cells: &Cells) -> bool {
    matches!(cells, Cells::Integers(_) | Cells::Numbers(_))
}

fn shown(cell: Cell<'_>, escaped: &dyn Fn(&str) -> String) -> String {
    match cell {
        Cell::Missing => MISSING.to_owned(),
        Cell::Integer(number) => number.to_string(),
        Cell::Number(number) => ethogram_video::text_from_number(number),
        Cell::Truth(truth) => truth.to_string(),
        Cell::Text(text) => escaped(text),
    }
}
