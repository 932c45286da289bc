//! Deriving at one episode: finding the inputs, asking the cache, computing.

use std::sync::Arc;

use ethogram_store::{Axis, Column, ColumnData, EpisodeRow, FieldInfo, Revision, RunInfo};
use xxhash_rust::xxh3::Xxh3;

use super::cache::{Cache, Key};
use super::{DERIVATIONS, DTYPE, Derivation, Input, InputName, Inputs, find};
use crate::field::{FIELD_BYTES_MAX, read_logged};
use crate::param::{ParamValue, resolve};
use crate::{Error, FieldEntry, Origin, Params, Result, RunHandle};

/// Episodes that are looked at together on the way back to an earlier one.
const EARLIER_EPISODES: u64 = 256;

/// Rows of a derived field, one a step of the episode.
#[derive(Clone, Debug, PartialEq)]
pub struct Derived {
    /// Shape of a row.
    pub shape: Vec<usize>,
    /// Row after row; rows that are missing hold zeros.
    pub values: Vec<f32>,
    /// False where there is no answer.
    pub valid: Vec<bool>,
}

impl Derived {
    /// One number a row.
    pub fn numbers(rows: &[Option<f64>]) -> Self {
        Self {
            shape: vec![],
            values: rows.iter().map(|row| row.unwrap_or(0.0) as f32).collect(),
            valid: rows.iter().map(Option::is_some).collect(),
        }
    }

    /// `width` numbers a row.
    pub fn vectors(width: usize, rows: &[Option<Vec<f64>>]) -> Self {
        let mut values = Vec::with_capacity(rows.len() * width);
        for row in rows {
            match row {
                Some(row) => values.extend(row.iter().map(|&value| value as f32)),
                None => values.resize(values.len() + width, 0.0),
            }
        }
        Self { shape: vec![width], values, valid: rows.iter().map(Option::is_some).collect() }
    }

    fn into_column(self, name: &str) -> Column {
        let bytes = self.values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let valid = if self.valid.iter().all(|&valid| valid) { None } else { Some(self.valid) };
        Column { info: info(name, self.shape), first: 0, data: ColumnData::Numeric(bytes), valid }
    }
}

fn info(name: &str, shape: Vec<usize>) -> FieldInfo {
    FieldInfo { name: name.to_owned(), axis: Axis::Step, dtype: Some(DTYPE), shape, image: false, stack_axis: None }
}

/// One episode, as derivations see it.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub handle: &'a RunHandle,
    pub cache: &'a Cache,
    pub episode: u64,
    pub logged: &'a [FieldInfo],
}

impl Scope<'_> {
    /// All rows of a derived field, and the revision that they are of.
    pub fn derive(&self, derivation: &'static dyn Derivation, params: &Params) -> Result<(Arc<Column>, Revision)> {
        self.derive_below(derivation, params, &[])
    }

    /// `above` are the derivations that wait for this one.
    fn derive_below(
        &self,
        derivation: &'static dyn Derivation,
        params: &Params,
        above: &[&'static str],
    ) -> Result<(Arc<Column>, Revision)> {
        let name = derivation.name();
        let params = resolve(name, derivation.params(), params, self.handle.info().gamma)?;
        let key = Key::new(self.handle.id(), self.episode, name, &params);
        // Read before the inputs: if the run grows meanwhile, the next question finds the entry out of date.
        let revision = self.handle.source().revision();
        let column = self.cache.get(&key, revision, |computed| {
            let episode = self.handle.episode(self.episode)?;
            let inputs = self.gather(derivation, &params, &episode, above)?;
            let fingerprint = fingerprint(&inputs);
            if let Some(column) = computed.filter(|computed| computed.fingerprint == fingerprint) {
                return Ok((Arc::clone(&column.column), fingerprint));
            }
            let column = derivation.derive(&inputs, &params)?.into_column(name);
            debug_assert_eq!(column.rows(), inputs.rows, "{name} has a row a step");
            Ok((Arc::new(column), fingerprint))
        })?;
        Ok((column, revision))
    }

    fn gather<'a>(
        &'a self,
        derivation: &'static dyn Derivation,
        params: &Params,
        episode: &'a EpisodeRow,
        above: &[&'static str],
    ) -> Result<Inputs<'a>> {
        let steps = self.handle.source().step_count(self.episode)?;
        let bytes = steps.saturating_mul(size_of::<f64>() as u64);
        if bytes > FIELD_BYTES_MAX {
            let what = format!("bytes of {:?} over {steps} steps (FIELD_BYTES_MAX)", derivation.name());
            return Err(Error::TooLarge { what, limit: FIELD_BYTES_MAX, found: bytes });
        }
        let rows = steps as usize;
        let path: Vec<_> = above.iter().copied().chain([derivation.name()]).collect();
        let mut columns = Vec::with_capacity(derivation.inputs().len());
        for input in derivation.inputs() {
            let column = self.input(derivation, input, params, &path)?;
            if column.is_none() && input.required {
                return Err(Error::MissingInput {
                    field: derivation.name().to_owned(),
                    episode: self.episode,
                    needs: names(input, params).join(" or "),
                    hint: input.hint,
                });
            }
            columns.push(column);
        }
        let earlier = self.earlier(derivation, params, &path)?;
        Ok(Inputs { columns, earlier, rows, episode, run: self.handle.info() })
    }

    /// What the derivation takes of an episode before this one.
    fn earlier(
        &self,
        derivation: &'static dyn Derivation,
        params: &Params,
        path: &[&'static str],
    ) -> Result<Vec<Arc<Column>>> {
        let wanted = derivation.earlier();
        if wanted.is_empty() {
            return Ok(vec![]);
        }
        let (mut end, mut many) = (self.episode, EARLIER_EPISODES);
        while end > 0 {
            let start = end.saturating_sub(many);
            let rows = self.handle.source().episodes(start..end)?;
            for row in rows.iter().rev().filter(|row| row.recorded) {
                let logged = self.handle.source().step_fields(row.episode)?;
                let scope = Scope { episode: row.episode, logged: &logged, ..*self };
                let columns: Option<Vec<_>> = wanted
                    .iter()
                    .map(|input| scope.input(derivation, input, params, path).transpose())
                    .collect::<Option<Result<Vec<_>>>>()
                    .transpose()?;
                if let Some(columns) = columns {
                    return Ok(columns);
                }
            }
            (end, many) = (start, many.saturating_mul(2));
        }
        let needed: Vec<_> = wanted.iter().flat_map(|input| names(input, params)).collect();
        Err(Error::MissingInput {
            field: derivation.name().to_owned(),
            episode: self.episode,
            needs: format!("{} in a recorded episode before it", needed.join(" and ")),
            hint: wanted[0].hint,
        })
    }

    fn input(
        &self,
        derivation: &'static dyn Derivation,
        input: &Input,
        params: &Params,
        path: &[&'static str],
    ) -> Result<Option<Arc<Column>>> {
        let Some(found) = resolve_input(input, params, self.logged, self.handle.info(), path) else { return Ok(None) };
        if !input.shape.fits(&found.info) {
            let dtype = found.info.dtype.map_or("text", ethogram_store::Dtype::name);
            return Err(Error::BadInput {
                field: derivation.name().to_owned(),
                input: found.info.name,
                expected: input.shape.describe().to_owned(),
                found: format!("{dtype} {:?}", found.info.shape),
            });
        }
        let column = match found.derivation {
            None => Arc::new(read_logged(self.handle.source().as_ref(), self.episode, &found.info, 0..u64::MAX)?),
            Some(derivation) => self.derive_below(derivation, &Params::new(), path)?.0,
        };
        Ok(Some(column))
    }
}

/// A field that an input can be taken from.
struct Found {
    info: FieldInfo,
    derivation: Option<&'static dyn Derivation>,
}

/// The field that `input` is, by the logged fields alone; nothing is read. `path` are the derivations that wait for it.
fn resolve_input(
    input: &Input,
    params: &Params,
    logged: &[FieldInfo],
    run: &RunInfo,
    path: &[&'static str],
) -> Option<Found> {
    let names = names(input, params);
    let found = names.iter().find_map(|name| logged.iter().find(|info| info.name == *name));
    if let Some(info) = found {
        return Some(Found { info: info.clone(), derivation: None });
    }
    names.iter().find_map(|name| {
        let derivation = find(name).filter(|derivation| !path.contains(&derivation.name()))?;
        let info = describe(derivation, logged, run, path)?;
        Some(Found { info, derivation: Some(derivation) })
    })
}

/// What a derivation with default parameters would give; `None` when an input is not there or does not fit.
fn describe(
    derivation: &'static dyn Derivation,
    logged: &[FieldInfo],
    run: &RunInfo,
    path: &[&'static str],
) -> Option<FieldInfo> {
    let path: Vec<_> = path.iter().copied().chain([derivation.name()]).collect();
    let params = resolve(derivation.name(), derivation.params(), &Params::new(), None).ok()?;
    let mut infos = Vec::new();
    for input in derivation.inputs() {
        let found = resolve_input(input, &params, logged, run, &path).filter(|found| input.shape.fits(&found.info));
        if found.is_none() && input.required {
            return None;
        }
        infos.push(found.map(|found| found.info));
    }
    Some(info(derivation.name(), derivation.row_shape(&infos, run)?))
}

fn names<'a>(input: &Input, params: &'a Params) -> Vec<&'a str> {
    match input.name {
        InputName::AnyOf(names) => names.to_vec(),
        InputName::Param(param) => match params.get(param) {
            Some(ParamValue::Text(name)) => vec![name.as_str()],
            _ => vec![],
        },
    }
}

/// Changes whenever an input does.
fn fingerprint(inputs: &Inputs) -> u128 {
    let mut hash = Xxh3::new();
    hash.update(&(inputs.rows as u64).to_le_bytes());
    hash.update(&[inputs.episode.end as u8]);
    hash.update(&inputs.episode.length.to_le_bytes());
    for column in inputs.columns.iter().map(Option::as_ref).chain(inputs.earlier.iter().map(Some)) {
        let Some(column) = column else {
            hash.update(b"\0none");
            continue;
        };
        hash.update(column.info.name.as_bytes());
        hash.update(&[column.info.dtype.map_or(255, |dtype| dtype as u8)]);
        for n in &column.info.shape {
            hash.update(&n.to_le_bytes());
        }
        if let ColumnData::Numeric(bytes) = &column.data {
            hash.update(bytes);
        }
        if let Some(valid) = &column.valid {
            hash.update(&valid.iter().map(|&valid| u8::from(valid)).collect::<Vec<_>>());
        }
    }
    hash.digest128()
}

/// Fields that can be derived from these logged ones, in the order of the registry; those of a logged name are left out. `follows` says
/// whether an episode was recorded before, from which some take what they need.
pub(crate) fn entries(logged: &[FieldInfo], run: &RunInfo, follows: bool) -> Vec<FieldEntry> {
    let hidden = |derivation: &&&dyn Derivation| {
        (follows || derivation.earlier().is_empty()) && logged.iter().all(|info| info.name != derivation.name())
    };
    let entry = |derivation: &&'static dyn Derivation| {
        Some(FieldEntry {
            info: describe(*derivation, logged, run, &[])?,
            origin: Origin::Derived,
            doc: derivation.doc(),
            formula: Some(derivation.formula()),
            unit: derivation.unit(),
        })
    };
    DERIVATIONS.iter().filter(hidden).filter_map(entry).collect()
}
