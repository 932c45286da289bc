//! Event files of TensorBoard, as TensorFlow, PyTorch, tensorboardX and JAX write them.
//!
//! Scalars are kept in memory; of tensors, histograms, pictures and texts only the place is, and they are read again when asked for.
//! Of several files in a folder all are read, in the order of their names, and all are looked at again when the folder grows.

mod decode;
mod event;
mod histogram;
mod hparams;
pub(crate) mod picture;
pub(crate) mod protobuf;
mod record;
mod tensor;

use std::collections::HashMap;

use ethogram_store::{Axis, Lost, Result, TensorKind, TensorRow};
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

use crate::config::config_from_table;
use crate::part::{FileSeen, Folder, Part};
use crate::points::Scalars;
use crate::tables::{Place, Tables, TensorPlaces};
use event::{Data, Event, SummaryValue, What};
use record::{Next, RecordReader};

/// Longest text in which hyper-parameters are looked for.
const CONFIG_TEXT_BYTES_MAX: usize = 1 << 20;

/// Whether a file of this name holds events.
pub fn is_event_file(name: &str) -> bool {
    name.contains("tfevents")
}

/// The event files of a folder.
#[derive(Default)]
pub struct EventFiles {
    files: Vec<EventFile>,
    tags: HashMap<Box<[u8]>, Tag, Xxh3DefaultBuilder>,
    tables: Tables,
    behind: bool,
    folder: std::path::PathBuf,
}

struct EventFile {
    name: String,
    records: RecordReader,
    /// 2 since 2017. Before that, and where it is not told, a step that goes back means that the process began anew.
    version: u32,
    largest_step: i64,
}

/// What was learnt of a tag.
#[derive(Clone, Debug)]
struct Tag {
    name: String,
    /// The plug-in of TensorBoard that it is for.
    plugin: String,
    /// Its number among the scalars.
    scalar: Option<usize>,
}

impl Part for EventFiles {
    fn format(&self) -> &'static str {
        "tfevents"
    }

    fn catch_up(&mut self, folder: &Folder, budget: u64) -> Result<()> {
        let listed: Vec<&FileSeen> = folder.files.iter().filter(|file| is_event_file(&file.name)).collect();
        let is_gone = |known: &EventFile| {
            let now = listed.iter().find(|file| file.name == known.name);
            now.is_none_or(|now| now.length < known.records.position())
        };
        if self.files.iter().any(is_gone) {
            // What was read of a file that was replaced cannot be told from the rest.
            *self = Self::default();
        }
        self.folder.clone_from(&folder.path);
        for file in listed {
            if self.files.iter().all(|known| known.name != file.name) {
                let records = RecordReader::open(&folder.locate(file))?;
                self.files.push(EventFile { name: file.name.clone(), records, version: 0, largest_step: i64::MIN });
            }
        }
        let mut left = budget;
        self.behind = false;
        for at in 0..self.files.len() {
            left = left.saturating_sub(self.read(at, left)?);
        }
        self.tables.settle();
        Ok(())
    }

    fn is_behind(&self) -> bool {
        self.behind
    }

    fn tables(&self) -> &Tables {
        &self.tables
    }

    fn tensor(&self, kind: TensorKind, place: &Place) -> Result<TensorRow> {
        decode::row(&self.folder.join(&self.files[place.file as usize].name), kind, place)
    }

    fn leftovers(&self) -> Vec<Lost> {
        let torn = self.files.iter().filter(|file| file.records.unread() > 0);
        let lost = torn.map(|file| Lost {
            file: file.name.clone(),
            what: format!("the last {} bytes", file.records.unread()),
            why: "a record that is not whole: its writer was stopped".into(),
        });
        lost.collect()
    }
}

impl EventFiles {
    /// Reads what is new in one file, about `budget` bytes at most; how many it was.
    fn read(&mut self, at: usize, budget: u64) -> Result<u64> {
        let Self { files, tags, tables, behind, .. } = self;
        let EventFile { name, records, version, largest_step } = &mut files[at];
        records.look()?;
        let begin = records.position();
        let end = begin.saturating_add(budget);
        while records.position() < end {
            let (offset, bytes) = match records.next()? {
                Next::End => {
                    records.rest();
                    return Ok(records.position() - begin);
                }
                Next::Unsound { range, why } => {
                    tables.lost.note(name, format!("bytes {} to {}", range.start, range.end), why);
                    continue;
                }
                Next::Record { offset, bytes } => (offset, bytes),
            };
            let Ok(event) = Event::read(bytes) else {
                tables.lost.note(name, format!("the record at byte {offset}"), "it is no event");
                continue;
            };
            match event.what {
                What::FileVersion(text) => *version = version_of(text),
                What::Start if *version >= 2 => tables.purge(event.step),
                What::Summary(summary) => {
                    let place = Place {
                        step: event.step,
                        time_us: event.time_us(),
                        file: at as u32,
                        offset,
                        length: bytes.len() as u32,
                        value: 0,
                        element: 0,
                    };
                    let anew = *version < 2 && event.step < *largest_step;
                    let mut index = 0;
                    let read = event::values(summary, |value| {
                        let mut sink = Sink { name, tags, tables };
                        sink.value(&value, Place { value: index, ..place }, anew);
                        index += 1;
                    });
                    if read.is_err() {
                        tables.lost.note(name, format!("the record at byte {offset}"), "its summary is no message");
                    }
                    *largest_step = event.step.max(if anew { event.step } else { *largest_step });
                }
                What::Start | What::Other => {}
            }
            if tables.about.created_us.is_none() {
                tables.about.created_us = Some(event.time_us()).filter(|time| *time > 0);
            }
        }
        *behind |= records.unread() > 0;
        Ok(records.position() - begin)
    }
}

/// The number in `brain.Event:2`; 0 when there is none.
fn version_of(text: &[u8]) -> u32 {
    let digits = text.strip_prefix(b"brain.Event:").and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// Where values go.
struct Sink<'a> {
    name: &'a str,
    tags: &'a mut HashMap<Box<[u8]>, Tag, Xxh3DefaultBuilder>,
    tables: &'a mut Tables,
}

impl Sink<'_> {
    fn value(&mut self, value: &SummaryValue<'_>, place: Place, anew: bool) {
        if let Some((b"hparams", content)) = value.plugin {
            match hparams::hparams(content) {
                Ok(hparams) => self.tables.config.extend(hparams),
                Err(_) => self.lost(value, "its hyper-parameters are no message"),
            }
            return;
        }
        if !self.tags.contains_key(value.tag) {
            self.learn(value);
        }
        let Some(tag) = self.tags.get_mut(value.tag) else {
            self.lost(value, "there are more than 100,000 tags");
            return;
        };
        if let (Data::Simple(number), Some(scalar), false) = (value.data, tag.scalar, anew) {
            // The common case first: nothing is looked up or allocated.
            if !self.tables.scalars.push(scalar, place.step, place.time_us, f64::from(number)) {
                self.full();
            }
            return;
        }
        let tag = tag.clone();
        if anew {
            self.tables.purge_tag(&tag.name, place.step);
        }
        match value.data {
            Data::None => {}
            Data::Simple(number) => self.scalar(&tag, value, place, f64::from(number)),
            Data::Image(_) => self.place(TensorKind::Image, tag.name, place),
            Data::Histogram(_) => self.place(TensorKind::Distribution, tag.name, place),
            Data::Audio => self.lost(value, "sounds are not read"),
            Data::Tensor(bytes) => self.tensor(&tag, value, place, bytes),
        }
    }

    fn tensor(&mut self, tag: &Tag, value: &SummaryValue<'_>, place: Place, bytes: &[u8]) {
        let kind = match tag.plugin.as_str() {
            "images" => TensorKind::Image,
            "histograms" => TensorKind::Distribution,
            "text" => TensorKind::Text,
            "audio" => return self.lost(value, "sounds are not read"),
            plugin => match decode::kind(bytes) {
                Ok((TensorKind::Tensor, true)) if plugin.is_empty() || plugin == "scalars" => {
                    return match decode::number(bytes) {
                        Some(number) => self.scalar(tag, value, place, number),
                        None => self.lost(value, "the tensor is not what its head says"),
                    };
                }
                Ok((kind, _)) => kind,
                Err(why) => return self.lost(value, why),
            },
        };
        match kind {
            TensorKind::Image => {
                let pictures = decode::pictures(bytes).unwrap_or(0);
                if pictures == 0 {
                    return self.lost(value, "pictures are a tensor of width, height and encoded bytes");
                }
                for element in 0..pictures {
                    let name = if element == 0 { tag.name.clone() } else { format!("{}/{element}", tag.name) };
                    self.place(kind, name, Place { element, ..place });
                }
            }
            TensorKind::Text => {
                let text = Some(bytes).filter(|bytes| bytes.len() <= CONFIG_TEXT_BYTES_MAX).and_then(decode::text);
                if let Some(config) = text.filter(|_| names_config(&tag.name)).and_then(|text| config_from_table(&text))
                {
                    self.tables.config.extend(config);
                }
                self.place(kind, tag.name.clone(), place);
            }
            _ => self.place(kind, tag.name.clone(), place),
        }
    }

    fn scalar(&mut self, tag: &Tag, value: &SummaryValue<'_>, place: Place, number: f64) {
        let Some(scalar) = tag.scalar.or_else(|| self.tables.scalars.number(Axis::GlobalStep, &tag.name)) else {
            return self.lost(value, "there are more than 100,000 tags of scalars");
        };
        if tag.scalar.is_none()
            && let Some(known) = self.tags.get_mut(value.tag)
        {
            known.scalar = Some(scalar);
        }
        if !self.tables.scalars.push(scalar, place.step, place.time_us, number) {
            self.full();
        }
    }

    fn place(&mut self, kind: TensorKind, name: String, place: Place) {
        let tensors = self.tables.tensors.entry((Axis::GlobalStep, name));
        let tensors = tensors.or_insert_with(|| TensorPlaces { kind, places: Vec::new() });
        if tensors.kind == kind && tensors.places.len() < Tables::PLACES_MAX {
            tensors.places.push(place);
        } else {
            self.tables.lost.note(self.name, "tensors", "a tag holds another kind before, or more than 10 million");
        }
    }

    fn learn(&mut self, value: &SummaryValue<'_>) {
        if self.tags.len() >= Scalars::TAGS_MAX {
            return;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let plugin = value.plugin.map(|(name, _)| text(name)).unwrap_or_default();
        self.tags.insert(value.tag.into(), Tag { name: text(value.tag), plugin, scalar: None });
    }

    fn lost(&mut self, value: &SummaryValue<'_>, why: &str) {
        let tag: String = String::from_utf8_lossy(value.tag).chars().take(128).collect();
        self.tables.lost.note(self.name, format!("values of {tag:?}"), why);
    }

    fn full(&mut self) {
        self.tables.lost.note(self.name, "points", "the run has more than 2^26, the most that are held");
    }
}

/// Texts that hold hyper-parameters are called so.
fn names_config(tag: &str) -> bool {
    let tag = tag.to_lowercase();
    ["hyper", "hparam", "config", "args", "param", "settings"].iter().any(|word| tag.contains(word))
}
