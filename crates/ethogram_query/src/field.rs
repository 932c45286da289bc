//! Fields of an episode: what can be asked for, and the answer.

use std::ops::Range;
use std::sync::Arc;

use ethogram_model::Cancel;
use ethogram_store::{Column, ColumnData, FieldInfo, Revision, RunId, RunSource};

use crate::catalogue::standard;
use crate::derivation::{self, cache::Cache};
use crate::explanation::ATTRIBUTION_PREFIX;
use crate::{Error, Params, Result, RunHandle, nearest_names};

/// Asks for rows of one field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldRequest {
    /// Of which run.
    pub run: RunId,
    /// Of which episode.
    pub episode: u64,
    /// For example `reward` or `advantage`. A logged field hides a derived one of the same name; `derived/advantage` asks past it.
    pub name: String,
    /// Parameters of a derived field; logged fields take none.
    pub params: Params,
    /// Steps; cut to the episode. One that ends before it starts holds none.
    pub range: Range<u64>,
}

impl FieldRequest {
    /// All steps of one field, with default parameters.
    pub fn all(run: &RunId, episode: u64, name: &str) -> Self {
        Self { run: run.clone(), episode, name: name.to_owned(), params: Params::new(), range: 0..u64::MAX }
    }
}

/// Rows of one field.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The rows.
    pub column: Column,
    /// Where they came from.
    pub origin: Origin,
    /// Revision of the run that they were read at.
    pub revision: Revision,
}

/// Where a field came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// By the training process.
    Logged,
    /// From other fields, here.
    Derived,
}

impl Origin {
    /// `logged` or `derived`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Logged => "logged",
            Self::Derived => "derived",
        }
    }
}

/// A field that an episode has, or could have.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldEntry {
    /// Name, axis, type and shape of a row.
    pub info: FieldInfo,
    /// Where it comes from.
    pub origin: Origin,
    /// What it means, in a sentence; empty for fields of the user's own.
    pub doc: &'static str,
    /// How it is computed, when derived.
    pub formula: Option<&'static str>,
    /// Its unit, where it has one.
    pub unit: Option<&'static str>,
}

/// Most bytes of one answer.
pub const FIELD_BYTES_MAX: u64 = 256 << 20;

/// What a text counts for beside its letters.
const TEXT_BYTES: u64 = size_of::<String>() as u64;

/// Asks past a logged field for the derived one of the same name.
pub const DERIVED_PREFIX: &str = "derived/";

impl FieldEntry {
    /// It was logged, not derived.
    pub fn is_logged(&self) -> bool {
        matches!(self.origin, Origin::Logged)
    }

    pub(crate) fn logged(info: FieldInfo) -> Self {
        let standard = standard(&info.name);
        Self {
            origin: Origin::Logged,
            doc: standard.map_or("", |field| field.doc),
            formula: None,
            unit: standard.and_then(|field| field.unit),
            info,
        }
    }
}

/// Rows of a field of one episode, logged or derived.
pub(crate) fn read(
    handle: &RunHandle,
    cache: &Cache,
    episode: u64,
    name: &str,
    params: &Params,
    range: Range<u64>,
) -> Result<Arc<Field>> {
    let range = range.start..range.end.max(range.start);
    let source = handle.source();
    let logged = source.step_fields(episode)?;
    if let Some(info) = logged.iter().find(|info| info.name == name) {
        if let Some((param, value)) = params.iter().next() {
            return Err(Error::BadParam {
                field: name.to_owned(),
                param: param.clone(),
                expected: format!("no parameters, for it was logged; ask for {DERIVED_PREFIX}{name} to derive it"),
                found: value.to_string(),
            });
        }
        let revision = source.revision();
        let column = read_logged(source.as_ref(), episode, info, range)?;
        return Ok(Arc::new(Field { column, origin: Origin::Logged, revision }));
    }
    if let Some(method) = name.strip_prefix(DERIVED_PREFIX).unwrap_or(name).strip_prefix(ATTRIBUTION_PREFIX) {
        let revision = source.revision();
        let column = handle.attribution(episode, method, params, range, &Cancel::default())?;
        return Ok(Arc::new(Field { column, origin: Origin::Derived, revision }));
    }
    let derivation = derivation::find(name.strip_prefix(DERIVED_PREFIX).unwrap_or(name));
    let Some(derivation) = derivation else {
        handle.episode(episode)?;
        let logged: Vec<_> = logged.into_iter().map(|info| info.name).collect();
        let known = handle.fields(episode)?;
        let nearest = nearest_names(name, known.iter().map(|entry| entry.info.name.as_str()));
        return Err(Error::NoField {
            run: handle.id().clone(),
            episode,
            field: name.to_owned(),
            logged: if logged.is_empty() { "nothing".into() } else { logged.join(", ") },
            nearest,
        });
    };
    let scope = derivation::Scope { handle, cache, episode, logged: &logged };
    let (column, revision) = scope.derive(derivation, params)?;
    Ok(Arc::new(Field { column: slice(&column, range), origin: Origin::Derived, revision }))
}

/// Rows of a logged field, if they are not too many.
pub(crate) fn read_logged(source: &dyn RunSource, episode: u64, info: &FieldInfo, range: Range<u64>) -> Result<Column> {
    let rows = range.end.min(source.step_count(episode)?).saturating_sub(range.start);
    let row_bytes = info
        .dtype
        .map_or(TEXT_BYTES, |dtype| dtype.size() as u64)
        .saturating_mul(info.shape.iter().fold(1_u64, |product, &n| product.saturating_mul(n as u64)));
    let bytes = rows.saturating_mul(row_bytes);
    if bytes > FIELD_BYTES_MAX {
        let what = format!("bytes of {:?} (FIELD_BYTES_MAX)", info.name);
        return Err(Error::TooLarge { what, limit: FIELD_BYTES_MAX, found: bytes });
    }
    Ok(source.steps(episode, &info.name, range)?)
}

/// The rows of `column` whose index on the axis is in `range`.
fn slice(column: &Column, range: Range<u64>) -> Column {
    let rows = column.rows();
    let index = |at: u64| usize::try_from(at.saturating_sub(column.first)).unwrap_or(rows).min(rows);
    let (start, end) = (index(range.start), index(range.end));
    let data = match &column.data {
        ColumnData::Numeric(bytes) => {
            let width = column.row_bytes();
            ColumnData::Numeric(bytes[start * width..end * width].to_vec())
        }
        ColumnData::Text(rows) => ColumnData::Text(rows[start..end].to_vec()),
    };
    let valid = column.valid.as_ref().map(|valid| valid[start..end].to_vec());
    Column { info: column.info.clone(), first: column.first + start as u64, data, valid }
}
