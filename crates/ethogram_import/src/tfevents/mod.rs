//! Event files of TensorBoard, as TensorFlow, PyTorch, tensorboardX and JAX write them.
//!
//! Of scalars it is known what there is of each tag, and their points are kept in a cache that may let go of them; of tensors, histograms,
//! pictures and texts the place is. What is not kept is read again when somebody asks for it: points by reading the same pieces of
//! the files in the same order, so that restarts void what they voided at first.
//! Of several files in a folder all are read, in the order of their names, and all are looked at again when the folder grows.

mod decode;
mod event;
pub(crate) mod histogram;
mod hparams;
pub(crate) mod picture;
pub(crate) mod protobuf;
mod record;
mod sink;
mod tags;
mod tensor;

use std::path::PathBuf;
use std::sync::Arc;

use ethogram_store::{Axis, Lost, Result, TensorKind, TensorRow};

use crate::part::{FileSeen, Folder, Part};
use crate::point_cache::PointCache;
use crate::point_columns::PointColumns;
use crate::points::Scalars;
use crate::tables::{Place, Tables};
use event::{Event, What};
use record::{Next, RecordReader};
use sink::Sink;
use tags::Tags;

/// Most pieces in which files that grow side by side are read; then all are read anew, each in one piece.
const PIECES_MAX: usize = 1 << 16;

/// Whether a file of this name holds events.
pub fn is_event_file(name: &str) -> bool {
    name.contains("tfevents")
}

/// The event files of a folder.
pub struct EventFiles {
    files: Vec<EventFile>,
    tags: Tags,
    tables: Tables,
    behind: bool,
    folder: PathBuf,
    cache: Arc<PointCache>,
    /// What was read, in this order.
    pieces: Vec<Piece>,
    scalars_only: bool,
}

struct EventFile {
    name: String,
    records: RecordReader,
    /// 2 since 2017. Before that, and where it is not told, a step that goes back means that the process began anew.
    version: u32,
    largest_step: i64,
}

/// A file, read on to a place.
#[derive(Clone, Copy)]
struct Piece {
    file: usize,
    to: u64,
}

impl Part for EventFiles {
    fn format(&self) -> &'static str {
        "tfevents"
    }

    fn catch_up(&mut self, folder: &Folder, budget: u64) -> Result<()> {
        let listed: Vec<&FileSeen> = folder.files.iter().filter(|file| is_event_file(&file.name)).collect();
        let is_gone = |known: &EventFile| {
            let now = listed.iter().find(|file| file.name == known.name);
            now.is_none_or(|now| now.length < known.records.position() || known.records.is_replaced())
        };
        if self.files.iter().any(is_gone) || self.pieces.len() >= PIECES_MAX {
            // What was read of a file that was replaced cannot be told from the rest.
            *self = Self::new(&self.cache);
        }
        if budget == u64::MAX && (self.behind || self.files.is_empty()) {
            // Somebody asks who will ask for points, too: they are kept this time, and what was read is read again for them.
            *self = Self::new(&self.cache);
            self.tables.scalars.keep();
        }
        self.folder.clone_from(&folder.path);
        for file in listed {
            if self.files.iter().all(|known| known.name != file.name) {
                let records = RecordReader::new(&folder.locate(file));
                self.files.push(EventFile::new(&file.name, records));
            }
        }
        self.tables.scalars.resume();
        let mut left = budget;
        self.behind = false;
        let mut failed = Ok(());
        for at in 0..self.files.len() {
            match self.read_on(at, left) {
                Ok(read) => left = left.saturating_sub(read),
                Err(error) => failed = failed.and(Err(error)),
            }
        }
        self.tables.settle();
        if self.tables.scalars.take_unsure() {
            self.read_again(None)?;
        }
        failed
    }

    fn is_behind(&self) -> bool {
        self.behind
    }

    fn tables(&self) -> &Tables {
        &self.tables
    }

    fn recall(&mut self, axis: Axis, tag: &str) -> Result<Option<Arc<PointColumns>>> {
        debug_assert_eq!(axis, Axis::GlobalStep, "event files know no other");
        self.read_again(Some(tag))
    }

    fn tensor(&self, kind: TensorKind, place: &Place) -> Result<TensorRow> {
        decode::row(&self.folder.join(&self.files[place.file as usize].name), kind, place)
    }

    fn tensor_bytes(&self, kind: TensorKind, place: &Place) -> Result<u64> {
        decode::bytes(&self.folder.join(&self.files[place.file as usize].name), kind, place)
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

impl EventFile {
    fn new(name: &str, records: RecordReader) -> Self {
        Self { name: name.to_owned(), records, version: 0, largest_step: i64::MIN }
    }
}

impl EventFiles {
    /// Nothing was read yet; points will be kept in `cache`.
    pub fn new(cache: &Arc<PointCache>) -> Self {
        Self {
            files: Vec::new(),
            tags: Tags::default(),
            tables: Tables { scalars: Scalars::kept_in(cache), ..Tables::default() },
            behind: false,
            folder: PathBuf::new(),
            cache: Arc::clone(cache),
            pieces: Vec::new(),
            scalars_only: false,
        }
    }

    /// Reads what is new in one file, about `budget` bytes at most; how many it was.
    fn read_on(&mut self, at: usize, budget: u64) -> Result<u64> {
        let begin = self.files[at].records.position();
        let read = self.files[at].records.look().and_then(|_| self.read(at, begin.saturating_add(budget)));
        let records = &mut self.files[at].records;
        records.rest();
        let to = records.position();
        self.behind |= records.unread() > 0 && to >= begin.saturating_add(budget);
        match self.pieces.last_mut() {
            _ if to == begin => {}
            Some(piece) if piece.file == at => piece.to = to,
            _ => self.pieces.push(Piece { file: at, to }),
        }
        read.map(|()| to - begin)
    }

    /// Reads all pieces of the files once more, for the sake of the points of scalars. Gives those of the wanted one.
    fn read_again(&mut self, wanted: Option<&str>) -> Result<Option<Arc<PointColumns>>> {
        let mut again = self.replay(self.tables.scalars.once_more(wanted))?;
        if again.tables.scalars.take_unsure() {
            // Steps that went back void points of one tag each: that can only be followed with all points at hand.
            again = self.replay(self.tables.scalars.once_more(wanted).unbounded())?;
        }
        let before = self.tables.scalars.count();
        let points = self.tables.scalars.take_over(again.tables.scalars);
        if wanted.is_some() && self.tables.scalars.count() < before {
            // The files are damaged since they were read first.
            self.tables.lost.learn(again.tables.lost);
        }
        Ok(points)
    }

    fn replay(&self, scalars: Scalars) -> Result<Self> {
        let mut again = Self { folder: self.folder.clone(), scalars_only: true, ..Self::new(&self.cache) };
        again.tables.scalars = scalars;
        let files = self.files.iter().map(|file| EventFile::new(&file.name, file.records.once_more()));
        again.files = files.collect();
        for piece in &self.pieces {
            let records = &mut again.files[piece.file].records;
            records.look()?;
            records.cut(piece.to);
            again.read(piece.file, piece.to)?;
            // What was damaged may have ended a little earlier, as the file was shorter then.
            again.files[piece.file].records.skip_to(piece.to);
        }
        Ok(again)
    }

    /// Reads the records of a file that begin before `end`.
    fn read(&mut self, at: usize, end: u64) -> Result<()> {
        let Self { files, tags, tables, scalars_only, .. } = self;
        let EventFile { name, records, version, largest_step } = &mut files[at];
        while records.position() < end {
            let (offset, bytes) = match records.next()? {
                Next::End => return Ok(()),
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
                        let mut sink = Sink { name, tags, tables, scalars_only: *scalars_only };
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
        Ok(())
    }
}

/// The number in `brain.Event:2`; 0 when there is none.
fn version_of(text: &[u8]) -> u32 {
    let digits = text.strip_prefix(b"brain.Event:").and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
