//! Curves, episodes, steps and benchmarks as tables in files that other tools read.

mod benchmark;
mod csv;
mod episodes;
mod format;
mod json;
mod markup;
mod npz;
mod parquet;
mod points;
mod steps;

use std::io::{self, Write};

pub use format::TableFile;
pub use npz::NpzArchive;
pub use points::PointsRequest;
pub use steps::{STEP_ELEMENTS_MAX, StepsRequest};

pub(crate) use markup::lined_up;

use crate::{Error, Result};

/// Most cells of a table that is made in memory.
pub const TABLE_CELLS_MAX: u64 = 20_000_000;
/// Most rows of a table that is made to be read by people.
pub const TABLE_READ_ROWS_MAX: u64 = 10_000;

/// Columns of the same length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// In the order that people see.
    pub columns: Vec<TableColumn>,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct TableColumn {
    /// Its name.
    pub name: String,
    /// Its values.
    pub cells: Cells,
}

/// Values of one type; `None` where nothing was logged. NaN is a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// Whole numbers.
    Integers(Vec<Option<i64>>),
    /// Numbers.
    Numbers(Vec<Option<f64>>),
    /// True or false.
    Truths(Vec<Option<bool>>),
    /// Texts.
    Texts(Vec<Option<String>>),
}

/// One cell, for formats of rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Missing,
    Integer(i64),
    Number(f64),
    Truth(bool),
    Text(&'a str),
}

impl Cells {
    fn len(&self) -> usize {
        match self {
            Self::Integers(cells) => cells.len(),
            Self::Numbers(cells) => cells.len(),
            Self::Truths(cells) => cells.len(),
            Self::Texts(cells) => cells.len(),
        }
    }

    fn at(&self, row: usize) -> Cell<'_> {
        match self {
            Self::Integers(cells) => cells[row].map_or(Cell::Missing, Cell::Integer),
            Self::Numbers(cells) => cells[row].map_or(Cell::Missing, Cell::Number),
            Self::Truths(cells) => cells[row].map_or(Cell::Missing, Cell::Truth),
            Self::Texts(cells) => cells[row].as_deref().map_or(Cell::Missing, Cell::Text),
        }
    }
}

impl Table {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.cells.len())
    }

    /// Writes it as a file of this kind.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for more rows than people read, where the format is for them, and for an `.npz` of 4 GiB; what `to` refuses.
    pub fn write(&self, format: TableFile, to: &mut dyn Write) -> Result<()> {
        if format.is_for_reading() {
            self.check_read(format.name())?;
        }
        if format == TableFile::Npz {
            check_npz(npz::bytes_of(self), npz::NPZ_BYTES_MAX)?;
        }
        let written = match format {
            TableFile::Csv => csv::write(self, to),
            TableFile::Json => json::write(self, to),
            TableFile::Markdown => markup::write_markdown(self, to),
            TableFile::Latex => markup::write_latex(self, to),
            TableFile::Npz => npz::write(self, to),
            TableFile::Parquet => parquet::write(self, to),
        };
        written.map_err(|source| Error::NotWritten { what: format!("the table as {}", format.name()), source })
    }

    /// For people: in columns that line up, a dash where a cell is missing.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for more rows than people read.
    pub fn to_text(&self) -> Result<String> {
        self.check_read("text")?;
        Ok(markup::text(self))
    }

    fn check_read(&self, format: &str) -> Result<()> {
        let rows = self.rows() as u64;
        if rows <= TABLE_READ_ROWS_MAX {
            return Ok(());
        }
        let what = format!("rows of a table in {format} (TABLE_READ_ROWS_MAX; csv and parquet take more)");
        Err(Error::TooLarge { what, limit: TABLE_READ_ROWS_MAX, found: rows })
    }

    /// As [`Table::write`] does, in memory.
    ///
    /// # Errors
    /// As [`Table::write`].
    pub fn to_bytes(&self, format: TableFile) -> Result<Vec<u8>> {
        self.to_bytes_within(format, u64::MAX)
    }

    /// The same, if it is at most so many bytes: no more of them are ever held.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond `limit`, and as [`Table::write`].
    pub fn to_bytes_within(&self, format: TableFile, limit: u64) -> Result<Vec<u8>> {
        if format == TableFile::Npz {
            check_npz(npz::bytes_of(self), limit)?;
        }
        let mut file = Within { bytes: Vec::new(), limit, found: 0 };
        let written = self.write(format, &mut file);
        if file.found > limit {
            let what = format!("bytes of the table as {}", format.name());
            return Err(Error::TooLarge { what, limit, found: file.found });
        }
        written.map(|()| file.bytes)
    }

    pub(crate) fn push(&mut self, name: impl Into<String>, cells: Cells) {
        self.columns.push(TableColumn { name: name.into(), cells });
    }
}

/// What is written, held as long as it is not too much.
struct Within {
    bytes: Vec<u8>,
    limit: u64,
    found: u64,
}

impl Write for Within {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        self.found = self.found.saturating_add(more.len() as u64);
        if self.found > self.limit {
            return Err(io::Error::other("over the limit"));
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// **Errors**: an archive of so many bytes is over the limit.
fn check_npz(found: u64, limit: u64) -> Result<()> {
    if found <= limit {
        return Ok(());
    }
    let what = "bytes of the table as npz (each text takes the room of the longest; parquet takes less)".into();
    Err(Error::TooLarge { what, limit, found })
}

/// **Errors**: a table of so many cells is over [`TABLE_CELLS_MAX`].
fn check_cells(rows: u64, columns: u64) -> Result<()> {
    let found = rows.saturating_mul(columns);
    if found <= TABLE_CELLS_MAX {
        return Ok(());
    }
    Err(Error::TooLarge { what: "cells of the table (TABLE_CELLS_MAX)".into(), limit: TABLE_CELLS_MAX, found })
}

/// A number as text that reads back as the same double.
fn text_of_number(number: f64) -> String {
    match number {
        number if number.is_nan() => "NaN".into(),
        f64::INFINITY => "inf".into(),
        f64::NEG_INFINITY => "-inf".into(),
        number => format!("{number:?}"),
    }
}

fn other(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(error.to_string())
}

#[cfg(test)]
mod tests;
