//! Datasets of Minari in the Arrow format: a folder an episode.
//!
//! Row *t* holds what came back for action *t*, as everywhere here; the last row of a file is the final observation, and what stands
//! in its other columns only fills them.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array as _, ArrayRef, ArrowPrimitiveType, RecordBatch};
use arrow_ipc::reader::FileReader;
use arrow_schema::{ArrowError, DataType};
use ethogram_store::{Axis, Column, ColumnData, Dtype, EpisodeEnd, EpisodeRow, Error, FieldInfo, Result, Space};
use serde_json::Value;

use crate::arrow_blocks;
use crate::part::{FileSeen, Folder, Part};
use crate::space::space_of_minari;
use crate::tables::{HeldSteps, StepField, Tables, why};
use crate::tfevents::picture;

const METADATA: &str = "metadata.json";
/// Longest metadata that is read.
const METADATA_BYTES_MAX: u64 = 16 << 20;
/// Largest file of one episode.
const EPISODE_BYTES_MAX: u64 = 1 << 30;
/// Most episodes of a dataset.
const EPISODES_MAX: u64 = 1_000_000;
/// Episodes whose ends are looked up when the dataset is opened; of the others only their files would tell.
const ENDS_READ_MAX: u64 = 1_000;
/// Bytes of the files of these episodes, together. Of each only the last flags are unpacked.
const ENDS_BYTES_MAX: u64 = 1 << 30;
/// Most bytes of the pictures of one episode.
const PICTURES_BYTES_MAX: u64 = 1 << 30;
/// How deep observations may be nested.
const DEPTH_MAX: usize = 16;

/// Whether a folder holds a dataset: `data/metadata.json`, and episodes beside it.
pub fn is_dataset(folder: &Folder) -> bool {
    let data = folder.path.join("data");
    folder.folders.iter().any(|name| name == "data") && data.join(METADATA).is_file() && data.join("0").is_dir()
}

/// A dataset.
#[derive(Default)]
pub struct Minari {
    data: PathBuf,
    seen: Option<FileSeen>,
    tables: Tables,
    observation: Option<Space>,
    action: Option<Space>,
    held: HeldSteps,
}

impl Part for Minari {
    fn format(&self) -> &'static str {
        "minari"
    }

    fn catch_up(&mut self, folder: &Folder, _: u64) -> Result<()> {
        if !is_dataset(folder) {
            return Ok(());
        }
        let data = Folder::list(&folder.path.join("data"))?;
        let seen = data.file(METADATA).cloned();
        if seen == self.seen {
            return Ok(());
        }
        *self = Self { data: data.path.clone(), seen, ..Self::default() };
        self.read()
    }

    fn tables(&self) -> &Tables {
        &self.tables
    }

    fn steps(&self, episode: u64) -> Result<Option<Arc<Vec<StepField>>>> {
        if !self.tables.episodes.has(episode) {
            return Ok(None);
        }
        self.held.of(episode, || self.fields(episode)).map(Some)
    }

    fn held_bytes(&self) -> usize {
        self.held.bytes()
    }
}

impl Minari {
    fn read(&mut self) -> Result<()> {
        let metadata = json(&self.data.join(METADATA))?;
        let text = |name: &str| metadata[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let space = |name: &str| text(name).and_then(|text| space_of_minari(&text));
        (self.observation, self.action) = (space("observation_space"), space("action_space"));
        let about = &mut self.tables.about;
        (about.observation_space, about.action_space) = (self.observation.clone(), self.action.clone());
        let spec: Value = text("env_spec").and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        about.env_id = spec["id"].as_str().map(str::to_owned);
        about.notes = text("description");
        for name in ["dataset_id", "algorithm_name", "author", "minari_version"] {
            if let Some(value) = metadata.get(name).filter(|value| !value.is_null()) {
                self.tables.config.insert(name.to_owned(), value.clone());
            }
        }
        let count = metadata["total_episodes"].as_u64().unwrap_or(0);
        if count > EPISODES_MAX {
            let what = "episodes of the dataset".to_owned();
            return Err(Error::TooLarge { what, limit: EPISODES_MAX, found: count });
        }
        let (time_us, mut steps) = (self.seen.as_ref().map_or(0, |file| file.modified_us), 0_u64);
        let mut budget = if count <= ENDS_READ_MAX { ENDS_BYTES_MAX } else { 0 };
        for episode in 0..count {
            let about = match json(&self.data.join(episode.to_string()).join(METADATA)) {
                Ok(about) => about,
                Err(error) => {
                    self.tables.lost.note(&format!("data/{episode}"), "the episode", why(&error));
                    continue;
                }
            };
            let length = about["total_steps"].as_u64().unwrap_or(0);
            let end = if budget > 0 { self.end(episode, &mut budget) } else { EpisodeEnd::Unknown };
            self.tables.episodes.push(EpisodeRow {
                episode,
                env_index: 0,
                agent: None,
                seed: about["seed"].as_i64(),
                end,
                episode_return: about["rewards_sum"].as_f64().unwrap_or(f64::NAN),
                length,
                global_step: i64::try_from(steps).unwrap_or(i64::MAX),
                started_us: time_us,
                ended_us: Some(time_us),
                recorded: true,
                evaluation: false,
                checkpoint: None,
                env_return: about["rewards_sum"].as_f64(),
                extra: serde_json::Map::new(),
            });
            steps = steps.saturating_add(length);
        }
        Ok(())
    }

    /// How an episode ended: what its last action brought. The bytes of its files are taken from the budget.
    fn end(&mut self, episode: u64, budget: &mut u64) -> EpisodeEnd {
        match last_flags(&self.data.join(episode.to_string()), budget) {
            Ok([Some(true), Some(true)]) => EpisodeEnd::Both,
            Ok([Some(true), _]) => EpisodeEnd::Terminated,
            Ok([_, Some(true)]) => EpisodeEnd::Truncated,
            Ok([Some(false), Some(false)]) => EpisodeEnd::Open,
            Ok(_) => EpisodeEnd::Unknown,
            Err(error) => {
                self.tables.lost.note(&format!("data/{episode}"), "the steps of the episode", why(&error));
                EpisodeEnd::Unknown
            }
        }
    }

    /// All fields of an episode.
    fn fields(&self, episode: u64) -> Result<Vec<StepField>> {
        let folder = self.data.join(episode.to_string());
        let batches = batches(&folder)?;
        let mut fields: Vec<StepField> = Vec::new();
        let mut room = PICTURES_BYTES_MAX;
        for batch in &batches {
            for (column, array) in batch.schema().fields().iter().zip(batch.columns()) {
                let (name, space) = match column.name().as_str() {
                    "observations" => ("observation", self.observation.as_ref()),
                    "actions" => ("action", self.action.as_ref()),
                    "rewards" => ("reward", None),
                    "terminations" => ("terminated", None),
                    "truncations" => ("truncated", None),
                    "infos" => ("info", None),
                    other => (other, None),
                };
                collect(name, array, space, 0, &mut Collected { fields: &mut fields, room: &mut room }).map_err(
                    |found| {
                        let what = format!("bytes of the pictures of {}", folder.display());
                        Error::TooLarge { what, limit: PICTURES_BYTES_MAX, found }
                    },
                )?;
            }
        }
        for field in &mut fields {
            let column = &mut field.column;
            // Only the observation has a row more than the actions; in the other columns it is filled up.
            if field.info.name != "observation" && !field.info.name.starts_with("observation/") {
                drop_last(column);
            }
        }
        fields.sort_by(|a, b| a.info.name.cmp(&b.info.name));
        Ok(fields)
    }
}

fn json(path: &Path) -> Result<Value> {
    let failed = |source| Error::Io { action: "read", path: path.to_owned(), source };
    let found = std::fs::metadata(path).map_err(failed)?;
    if !found.is_file() {
        // To open a pipe would wait for whoever writes into it.
        return Err(failed(std::io::Error::other("expected a file, found a folder, a pipe or a device")));
    }
    if found.len() > METADATA_BYTES_MAX {
        let what = path.display().to_string();
        return Err(Error::TooLarge { what, limit: METADATA_BYTES_MAX, found: found.len() });
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    serde_json::from_str(&text).map_err(|error| Error::Corrupt {
        what: "metadata".into(),
        expected: "JSON".into(),
        found: error.to_string(),
        path: path.to_owned(),
    })
}

/// The record batches of all parts of an episode.
fn batches(folder: &Path) -> Result<Vec<RecordBatch>> {
    let (mut batches, mut unpacked) = (Vec::new(), 0_u64);
    for part in parts(&Folder::list(folder)?)? {
        unpacked = unpacked.saturating_add(part.unpacked);
        if unpacked > arrow_blocks::UNPACKED_BYTES_MAX {
            let (limit, what) = (arrow_blocks::UNPACKED_BYTES_MAX, format!("unpacked bytes of {}", folder.display()));
            return Err(Error::TooLarge { what, limit, found: unpacked });
        }
        let read: Vec<RecordBatch> =
            part.read(|file| FileReader::try_new(file, None)?.collect::<std::result::Result<_, _>>())?;
        batches.extend(read);
    }
    Ok(batches)
}

/// Whether the last action of an episode terminated and truncated it. Only these columns are unpacked, and of these the last rows.
fn last_flags(folder: &Path, budget: &mut u64) -> Result<[Option<bool>; 2]> {
    let listed = Folder::list(folder)?;
    let bytes: u64 = listed.files.iter().filter(|file| is_part(file)).map(|file| file.length).sum();
    *budget = budget.saturating_sub(bytes);
    let mut flags = [Vec::new(), Vec::new()];
    for part in parts(&listed)?.into_iter().rev() {
        let found = part.read(|file| {
            let names = ["terminations", "truncations"];
            let schema = FileReader::try_new(file, None)?.schema();
            let columns: Vec<usize> = names.iter().filter_map(|name| schema.index_of(name).ok()).collect();
            let mut reader = FileReader::try_new(file, Some(columns))?;
            let mut found = [Vec::new(), Vec::new()];
            for index in (0..reader.num_batches()).rev() {
                reader.set_index(index)?;
                let Some(batch) = reader.next().transpose()? else { break };
                for (flags, name) in found.iter_mut().zip(names) {
                    let column = batch.column_by_name(name).and_then(|column| column.as_boolean_opt());
                    let rows = column.into_iter().flat_map(|column| column.values().iter().rev());
                    flags.extend(rows.take(2));
                }
                if found.iter().all(|flags| flags.len() >= 2) {
                    break;
                }
            }
            Ok(found)
        })?;
        flags.iter_mut().zip(found).for_each(|(flags, found)| flags.extend(found));
        if flags.iter().all(|flags| flags.len() >= 2) {
            break;
        }
    }
    // The last row only fills the columns up.
    Ok(flags.map(|flags| flags.get(1).copied()))
}

/// A file of an episode, looked at.
struct EpisodePart {
    path: PathBuf,
    file: File,
    /// What all of it takes once it is unpacked.
    unpacked: u64,
}

fn is_part(file: &FileSeen) -> bool {
    Path::new(&file.name).extension().is_some_and(|end| end == "arrow")
}

/// The files of an episode, in the order of their names.
fn parts(listed: &Folder) -> Result<Vec<EpisodePart>> {
    let part = |file: &FileSeen| {
        let path = listed.locate(file);
        if file.length > EPISODE_BYTES_MAX {
            let (limit, found) = (EPISODE_BYTES_MAX, file.length);
            return Err(Error::TooLarge { what: path.display().to_string(), limit, found });
        }
        let opened = File::open(&path).map_err(|source| Error::Io { action: "open", path: path.clone(), source })?;
        let (mut part, length) = (EpisodePart { path, file: opened, unpacked: 0 }, file.length);
        // The file carries no checksum, and Arrow's reader panics on some that are damaged.
        let read = catch_unwind(AssertUnwindSafe(|| arrow_blocks::check(&mut part.file, length)));
        part.unpacked = read.map_err(|_| part.corrupt("a damaged one".into()))?.map_err(|found| part.corrupt(found))?;
        Ok(part)
    };
    listed.files.iter().filter(|file| is_part(file)).map(part).collect()
}

impl EpisodePart {
    fn corrupt(&self, found: String) -> Error {
        Error::Corrupt {
            what: "steps of the episode".into(),
            expected: "an Arrow file".into(),
            found,
            path: self.path.clone(),
        }
    }

    fn read<T>(&self, read: impl FnOnce(&File) -> std::result::Result<T, ArrowError>) -> Result<T> {
        let read = catch_unwind(AssertUnwindSafe(|| read(&self.file)));
        read.map_err(|_| self.corrupt("a damaged one".into()))?.map_err(|error| self.corrupt(error.to_string()))
    }
}

/// Where the leaves of columns go.
struct Collected<'a> {
    fields: &'a mut Vec<StepField>,
    /// Bytes that pictures may still take.
    room: &'a mut u64,
}

/// Adds the leaves of a column to the fields.
///
/// **Errors**: bytes of pictures for which there is no room.
fn collect(
    name: &str,
    array: &ArrayRef,
    space: Option<&Space>,
    depth: usize,
    to: &mut Collected<'_>,
) -> std::result::Result<(), u64> {
    if depth > DEPTH_MAX {
        return Ok(());
    }
    if let DataType::Struct(parts) = array.data_type() {
        for (part, child) in parts.iter().zip(array.as_struct().columns()) {
            let inner = space.and_then(|space| part_of(space, part.name()));
            collect(
                &format!("{name}/{}", part.name().replace('%', "%25").replace('/', "%2F")),
                child,
                inner,
                depth + 1,
                to,
            )?;
        }
        return Ok(());
    }
    let Some((dtype, shape, data)) = leaf(array, space, to.room)? else { return Ok(()) };
    let info = || FieldInfo {
        name: name.to_owned(),
        axis: Axis::Step,
        dtype,
        shape: shape.clone(),
        image: dtype == Some(Dtype::Uint8) && shape.len() >= 2 && shape.iter().product::<usize>() >= 1_024,
        stack_axis: None,
    };
    match to.fields.iter_mut().find(|field| field.info.name == name) {
        Some(known) if known.info.dtype == dtype && known.info.shape == shape => match (&mut known.column.data, data) {
            (ColumnData::Numeric(known), ColumnData::Numeric(more)) => known.extend(more),
            (ColumnData::Text(known), ColumnData::Text(more)) => known.extend(more),
            _ => {}
        },
        Some(_) => {}
        None => {
            to.fields.push(StepField { info: info(), column: Column { info: info(), first: 0, data, valid: None } });
        }
    }
    Ok(())
}

fn part_of<'a>(space: &'a Space, name: &str) -> Option<&'a Space> {
    match space {
        Space::Dict { spaces } => spaces.iter().find(|(known, _)| known == name).map(|(_, space)| space),
        // Parts of tuples are called `_index_0`, ….
        Space::Tuple { spaces } => spaces.get(name.rsplit('_').next()?.parse::<usize>().ok()?),
        _ => None,
    }
}

type Leaf = (Option<Dtype>, Vec<usize>, ColumnData);

/// The rows of an array that is no struct; `None` when they are nothing that a field can hold.
fn leaf(array: &ArrayRef, space: Option<&Space>, room: &mut u64) -> std::result::Result<Option<Leaf>, u64> {
    if array.null_count() > 0 {
        return Ok(None);
    }
    match array.data_type() {
        DataType::Binary => pictures(array.as_binary::<i32>().iter(), room),
        DataType::LargeBinary => pictures(array.as_binary::<i64>().iter(), room),
        _ => Ok(values(array, space)),
    }
}

/// Rows of numbers or texts.
fn values(array: &ArrayRef, space: Option<&Space>) -> Option<Leaf> {
    if let Some((dtype, bytes)) = numbers(array) {
        return Some((Some(dtype), vec![], ColumnData::Numeric(bytes)));
    }
    match array.data_type() {
        DataType::FixedSizeList(_, length) => {
            let list = array.as_fixed_size_list();
            let length = usize::try_from(*length).ok()?;
            let from = list.value_offset_at(0);
            let (dtype, bytes) = numbers(&list.values().slice(from, length * list.len()))?;
            let told = match space {
                Some(Space::Box { shape, .. } | Space::MultiDiscrete { shape, .. } | Space::MultiBinary { shape }) => {
                    Some(shape.clone())
                }
                _ => None,
            };
            let count = |shape: &Vec<usize>| shape.iter().try_fold(1_usize, |product, side| product.checked_mul(*side));
            let shape = told.filter(|shape| count(shape) == Some(length)).unwrap_or_else(|| vec![length]);
            Some((Some(dtype), shape, ColumnData::Numeric(bytes)))
        }
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            Some((
                None,
                vec![],
                ColumnData::Text(texts.iter().map(|text| text.unwrap_or_default().to_owned()).collect()),
            ))
        }
        _ => None,
    }
}

/// Encoded pictures, one a row, all of one shape.
///
/// **Errors**: the bytes that they take, when that is more than there is room for: none is decoded then.
fn pictures<'a>(
    rows: impl Iterator<Item = Option<&'a [u8]>> + Clone,
    room: &mut u64,
) -> std::result::Result<Option<Leaf>, u64> {
    let Some(shape) = rows.clone().next().flatten().and_then(|row| picture::shape(row).ok()) else { return Ok(None) };
    let bytes = shape.iter().fold(rows.clone().count() as u64, |product, &side| product.saturating_mul(side as u64));
    *room = room.checked_sub(bytes).ok_or(bytes)?;
    let mut data = Vec::new();
    for row in rows {
        let Some(encoded) = row.filter(|row| picture::shape(row).is_ok_and(|own| own == shape)) else {
            return Ok(None);
        };
        let Ok(picture) = picture::pixels(encoded) else { return Ok(None) };
        if picture.shape() != shape {
            return Ok(None);
        }
        data.extend_from_slice(picture.data());
    }
    Ok(Some((Some(Dtype::Uint8), shape, ColumnData::Numeric(data))))
}

fn numbers(array: &ArrayRef) -> Option<(Dtype, Vec<u8>)> {
    fn of<T: ArrowPrimitiveType>(array: &ArrayRef, dtype: Dtype) -> (Dtype, Vec<u8>) {
        (dtype, array.as_primitive::<T>().values().inner().as_slice().to_vec())
    }
    Some(match array.data_type() {
        DataType::Boolean => (Dtype::Bool, array.as_boolean().values().iter().map(u8::from).collect()),
        DataType::UInt8 => of::<UInt8Type>(array, Dtype::Uint8),
        DataType::UInt16 => of::<UInt16Type>(array, Dtype::Uint16),
        DataType::UInt32 => of::<UInt32Type>(array, Dtype::Uint32),
        DataType::UInt64 => of::<UInt64Type>(array, Dtype::Uint64),
        DataType::Int8 => of::<Int8Type>(array, Dtype::Int8),
        DataType::Int16 => of::<Int16Type>(array, Dtype::Int16),
        DataType::Int32 => of::<Int32Type>(array, Dtype::Int32),
        DataType::Int64 => of::<Int64Type>(array, Dtype::Int64),
        DataType::Float16 => of::<Float16Type>(array, Dtype::Float16),
        DataType::Float32 => of::<Float32Type>(array, Dtype::Float32),
        DataType::Float64 => of::<Float64Type>(array, Dtype::Float64),
        _ => return None,
    })
}

fn drop_last(column: &mut Column) {
    let row = column.row_bytes();
    match &mut column.data {
        ColumnData::Numeric(bytes) => bytes.truncate(bytes.len().saturating_sub(row)),
        ColumnData::Text(texts) => drop(texts.pop()),
    }
}
