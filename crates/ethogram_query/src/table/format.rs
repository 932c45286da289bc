//! Kinds of files that a table can be.

use std::path::Path;
use std::str::FromStr;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFile {
    /// RFC 4180; a missing cell is empty, NaN is `NaN`.
    Csv,
    /// A list of objects; a missing cell is `null`, NaN and infinities are the texts `"NaN"`, `"inf"`, `"-inf"`.
    Json,
    /// Parquet, packed by zstd; a missing cell is null.
    Parquet,
    /// `NumPy`'s archive of arrays, one a column; where cells are missing `NAME/valid` says which are not.
    Npz,
    /// GitHub's; a missing cell is a dash.
    Markdown,
    /// `tabular` with the rules of `booktabs`; a missing cell is a dash.
    Latex,
}

impl TableFile {
    /// Every kind, in the order that people see.
    pub const ALL: [Self; 6] = [Self::Csv, Self::Json, Self::Parquet, Self::Npz, Self::Markdown, Self::Latex];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Parquet => "parquet",
            Self::Npz => "npz",
            Self::Markdown => "markdown",
            Self::Latex => "latex",
        }
    }

    /// How the names of such files end.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Latex => "tex",
            other => other.name(),
        }
    }

    /// As browsers and servers say it.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Npz => "application/octet-stream",
            Self::Markdown | Self::Latex => "text/plain; charset=utf-8",
        }
    }

    /// It is looked at, and not read by programs.
    pub fn is_for_reading(self) -> bool {
        matches!(self, Self::Markdown | Self::Latex)
    }

    /// The kind that the name of a file ends in. **Errors**: none, saying which there are.
    pub fn of_path(path: &Path) -> Result<Self, String> {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let found = Self::ALL.into_iter().find(|kind| kind.ending().eq_ignore_ascii_case(ending));
        found.ok_or_else(|| {
            let endings: Vec<String> = Self::ALL.iter().map(|kind| format!(".{}", kind.ending())).collect();
            format!("expected a name that ends in {}, found {}", endings.join(", "), path.display())
        })
    }
}

impl FromStr for TableFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == text || kind.ending() == text);
        found.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|kind| kind.name()).collect();
            format!("expected one of {}, found {text:?}", names.join(", "))
        })
    }
}
