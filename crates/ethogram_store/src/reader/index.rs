//! What there is to read: the writers of a run, their segments, and the batches that their commit logs vouch for.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::batches::Place;
use super::lost::LostList;
use crate::layout::{Kind, live_numbers, writer_dirs};
use crate::live::LiveSegment;
use crate::log::Record;
use crate::{Lost, Result};

/// Most segments of one kind of one writer that are read.
const SEGMENTS_MAX: usize = 1 << 20;

/// All writers of a run.
#[derive(Debug)]
pub(super) struct Index {
    run_dir: PathBuf,
    watch: FolderWatch,
    /// By folder name, that is by the time at which they began.
    pub(super) writers: BTreeMap<PathBuf, Writer>,
    next_id: u32,
}

/// One writer's folder.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) id: u32,
    kinds: [Segments; 6],
}

/// The live segments of one kind of one writer.
#[derive(Debug, Default)]
struct Segments {
    watch: FolderWatch,
    live: BTreeMap<u32, Live>,
}

#[derive(Debug)]
struct Live {
    segment: LiveSegment,
    /// A later segment was there before the log was read last: it will not grow any more.
    complete: bool,
    /// Batches of each episode, by place in the log; only where batches belong to episodes.
    episodes: HashMap<u64, Vec<u32>>,
    indexed: usize,
}

/// How far a reader of all rows of a kind has come.
#[derive(Debug, Default)]
pub(super) struct Seen {
    live: HashMap<(u32, u32), usize>,
}

impl Index {
    pub(super) fn new(run_dir: &Path) -> Self {
        Self { run_dir: run_dir.to_owned(), watch: FolderWatch::default(), writers: BTreeMap::new(), next_id: 0 }
    }

    /// Looks for what is new: writers, segments, records. Returns whether anything was.
    pub(super) fn refresh(&mut self, lost: &LostList) -> Result<bool> {
        let mut grown = false;
        if self.watch.may_have_changed(&self.run_dir) {
            for dir in writer_dirs(&self.run_dir)? {
                if !self.writers.contains_key(&dir) {
                    let id = self.next_id;
                    self.next_id += 1;
                    self.writers.insert(dir, Writer { id, kinds: Default::default() });
                    grown = true;
                }
            }
        }
        for (dir, writer) in &mut self.writers {
            for kind in Kind::ALL {
                grown |= writer.kinds[kind.index()].refresh(dir, kind, lost);
            }
        }
        Ok(grown)
    }

    /// Batches of a kind that `seen` has not, oldest first; from then on it has.
    pub(super) fn unseen(&self, kind: Kind, seen: &mut Seen) -> Vec<Place> {
        let mut places = Vec::new();
        for writer in self.writers.values() {
            for (&number, live) in &writer.kinds[kind.index()].live {
                let batches = live.segment.batches();
                let known = seen.live.entry((writer.id, number)).or_default();
                places.extend(batches[*known..].iter().map(|record| live.place(writer.id, kind, record)));
                *known = batches.len();
            }
        }
        places
    }

    /// Batches of an episode, oldest first.
    pub(super) fn of_episode(&self, kind: Kind, episode: u64) -> Vec<Place> {
        let mut places = Vec::new();
        for writer in self.writers.values() {
            for live in writer.kinds[kind.index()].live.values() {
                let batches = live.segment.batches();
                let own = live.episodes.get(&episode).into_iter().flatten();
                places.extend(own.map(|&at| live.place(writer.id, kind, &batches[at as usize])));
            }
        }
        places
    }

    /// Largest index of an episode that has steps or frames.
    pub(super) fn largest_episode(&self) -> Option<u64> {
        let kinds = self.writers.values().flat_map(|writer| &writer.kinds);
        kinds.flat_map(|segments| segments.live.values()).flat_map(|live| live.episodes.keys()).max().copied()
    }

    /// Logs that end in a damage.
    pub(super) fn lost(&self) -> Vec<Lost> {
        let mut lost = Vec::new();
        for writer in self.writers.values() {
            for live in writer.kinds.iter().flat_map(|segments| segments.live.values()) {
                let Some(why) = live.segment.unsound() else { continue };
                let path = live.segment.log_path();
                let file = path.strip_prefix(&self.run_dir).unwrap_or(path).display().to_string();
                let what = format!("all after record {}", live.segment.batches().len());
                lost.push(Lost { file, what, why: why.into() });
            }
        }
        lost
    }
}

impl Segments {
    fn refresh(&mut self, writer_dir: &Path, kind: Kind, lost: &LostList) -> bool {
        if self.watch.may_have_changed(&writer_dir.join(kind.folder())) {
            for number in live_numbers(writer_dir, kind).unwrap_or_default() {
                if self.live.len() >= SEGMENTS_MAX {
                    break;
                }
                self.live.entry(number).or_insert_with(|| Live {
                    segment: LiveSegment::new(writer_dir, kind, number),
                    complete: false,
                    episodes: HashMap::new(),
                    indexed: 0,
                });
            }
        }
        let newest = self.live.keys().next_back().copied();
        let mut grown = false;
        for (&number, live) in self.live.iter_mut().filter(|(_, live)| !live.complete) {
            match live.segment.refresh() {
                Ok(new) => grown |= new,
                Err(error) => lost.note_error(live.segment.log_path(), "all that it vouches for".into(), &error),
            }
            live.index();
            live.complete = Some(number) != newest && live.segment.unsound().is_none();
        }
        grown
    }
}

impl Live {
    fn index(&mut self) {
        let batches = self.segment.batches();
        for (at, record) in batches.iter().enumerate().skip(self.indexed) {
            if record.episode != Record::NO_EPISODE {
                self.episodes.entry(record.episode).or_default().push(at as u32);
            }
        }
        self.indexed = batches.len();
    }

    fn place(&self, writer: u32, kind: Kind, record: &Record) -> Place {
        Place { writer, kind, number: self.segment.number(), file: Arc::clone(self.segment.file()), record: *record }
    }
}

/// Tells by a folder's time of change whether it need be listed again.
#[derive(Debug, Default)]
struct FolderWatch {
    listed: Option<(SystemTime, SystemTime)>,
}

impl FolderWatch {
    /// Clocks of file systems tick this coarsely at worst; a change within one tick of a listing may have gone unseen by it.
    const COARSE: Duration = Duration::from_secs(2);

    fn may_have_changed(&mut self, folder: &Path) -> bool {
        let now = SystemTime::now();
        let Ok(changed) = std::fs::metadata(folder).and_then(|metadata| metadata.modified()) else {
            self.listed = None;
            return false;
        };
        let same = self.listed.is_some_and(|(known, listed)| {
            let settled = listed.duration_since(known).is_ok_and(|since| since > Self::COARSE);
            known == changed && settled
        });
        self.listed = Some((changed, now));
        !same
    }
}
