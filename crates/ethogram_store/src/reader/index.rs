//! What there is to read: the writers of a run, their sealed files, and the batches that commit logs vouch for.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::batches::Place;
use super::lost::{LostList, why};
use super::sealed::{Replaced, SealedUnit};
use crate::layout::{Kind, live_numbers, writer_dirs};
use crate::live::LiveSegment;
use crate::log::Record;
use crate::manifest::Manifest;
use crate::{Files, Lost, Result};

/// Most segments of one kind of one writer that are read.
const SEGMENTS_MAX: usize = 1 << 20;

/// Most gaps between the segments of one kind of one writer that are named.
const GAPS_TOLD_MAX: usize = 8;

/// All writers of a run.
#[derive(Debug)]
pub(super) struct Index {
    run_dir: PathBuf,
    files: Arc<dyn Files>,
    watch: FolderWatch,
    /// By folder name, that is by the time at which they began.
    writers: BTreeMap<String, Writer>,
    next_id: u32,
}

/// One writer's folder.
#[derive(Debug)]
struct Writer {
    id: u32,
    dir: PathBuf,
    watch: FolderWatch,
    manifest: u32,
    kinds: [Segments; 6],
}

/// The segments of one kind of one writer: sealed ones by their first number, then live ones.
#[derive(Debug, Default)]
struct Segments {
    watch: FolderWatch,
    sealed: BTreeMap<u32, Arc<SealedUnit>>,
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
    /// Why the log could not be read.
    failure: Option<String>,
}

/// Some rows, in the order in which they were written.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// A sealed file.
    Sealed(Arc<SealedUnit>),
    /// A batch of a live segment.
    Batch(Place),
}

impl Part {
    /// Tells it from all other parts, and from itself before it was sealed.
    pub(super) fn id(&self) -> [u32; 3] {
        match self {
            Self::Sealed(unit) => [unit.id, u32::MAX, u32::MAX],
            Self::Batch(place) => [place.writer, place.number, place.record.sequence],
        }
    }

    /// Notes that rows of an episode in it could not be read.
    pub(super) fn note(&self, lost: &LostList, episode: u64, error: &crate::Error) {
        match self {
            Self::Sealed(unit) => {
                unit.note(lost, format!("{} of episode {episode}", unit.entry.kind.folder()), error);
            }
            Self::Batch(place) => lost.note_error(place.file.path(), place.what(), error),
        }
    }
}

/// Where rows lie: a sealed file, or the live segment of a writer.
#[derive(Clone, Debug)]
pub(super) enum Unit {
    /// A sealed file.
    Sealed(Arc<SealedUnit>),
    /// Writer and number of a live segment.
    Live(u32, u32),
}

/// How far a reader of all rows of a kind has come.
#[derive(Debug, Default)]
pub(super) struct Seen {
    live: HashMap<(u32, u32), usize>,
    sealed: HashSet<u32>,
}

/// What a reader has not seen.
#[derive(Debug, Default)]
pub(super) struct Unseen {
    /// Rows that were read in part have been sealed meanwhile: all that was read must be forgotten, `parts` holds it again.
    pub(super) restart: bool,
    /// Oldest first.
    pub(super) parts: Vec<Part>,
}

impl Index {
    pub(super) fn new(run_dir: &Path, files: Arc<dyn Files>) -> Self {
        Self { run_dir: run_dir.to_owned(), files, watch: FolderWatch::default(), writers: BTreeMap::new(), next_id: 0 }
    }

    /// Looks for what is new: writers, manifests, segments, records. Returns whether anything was.
    pub(super) fn refresh(&mut self, lost: &LostList) -> Result<bool> {
        let mut grown = false;
        if self.watch.may_have_changed(&self.run_dir) {
            for dir in writer_dirs(&self.run_dir)? {
                let Some(name) = dir.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
                if !self.writers.contains_key(&name) {
                    let id = self.next_id;
                    self.next_id += 1;
                    let (watch, kinds) = (FolderWatch::default(), Default::default());
                    self.writers.insert(name, Writer { id, dir, watch, manifest: 0, kinds });
                    grown = true;
                }
            }
        }
        for (name, writer) in &mut self.writers {
            for kind in Kind::ALL {
                grown |= writer.kinds[kind.index()].refresh(&writer.dir, kind);
            }
            // After the segments: of those it takes the place of, the last batches are known then, if they can be had at all.
            if writer.watch.may_have_changed(&writer.dir) {
                match Manifest::newest(&*self.files, name) {
                    Ok((manifest, unsound)) => {
                        for (file, why) in unsound {
                            lost.note(&self.run_dir.join(file), "a list of sealed files".into(), why);
                        }
                        if manifest.number > writer.manifest {
                            grown = true;
                            writer.adopt(name, manifest, &self.files, &mut self.next_id);
                        }
                    }
                    Err(error) => lost.note_error(&writer.dir, "the list of sealed files".into(), &error),
                }
            }
        }
        Ok(grown)
    }

    /// Rows of a kind that `seen` has not, oldest first; from then on it has.
    pub(super) fn unseen(&self, kind: Kind, seen: &mut Seen) -> Unseen {
        let mut unseen = Unseen::default();
        let sealed = self
            .writers
            .values()
            .flat_map(|writer| writer.kinds[kind.index()].sealed.values().map(move |unit| (writer.id, unit)));
        for (writer, unit) in sealed {
            if seen.sealed.contains(&unit.id) || unit.replaces.is_empty() {
                continue;
            }
            let of_live = |number: u32| seen.live.get(&(writer, number)).copied().unwrap_or(0);
            let whole = unit.replaces.iter().all(|replaced| match *replaced {
                Replaced::Live { number, batches } => batches == Some(of_live(number)),
                Replaced::Sealed { id } => seen.sealed.contains(&id),
            });
            let nothing = unit.replaces.iter().all(|replaced| match *replaced {
                Replaced::Live { number, .. } => of_live(number) == 0,
                Replaced::Sealed { id } => !seen.sealed.contains(&id),
            });
            if whole {
                seen.sealed.insert(unit.id);
            } else if !nothing {
                unseen.restart = true;
            }
        }
        if unseen.restart {
            *seen = Seen::default();
        }
        for writer in self.writers.values() {
            let segments = &writer.kinds[kind.index()];
            for unit in segments.sealed.values() {
                if seen.sealed.insert(unit.id) {
                    unseen.parts.push(Part::Sealed(Arc::clone(unit)));
                }
            }
            for (&number, live) in &segments.live {
                let batches = live.segment.batches();
                let known = seen.live.entry((writer.id, number)).or_default();
                let fresh = batches[(*known).min(batches.len())..].iter();
                unseen.parts.extend(fresh.map(|record| Part::Batch(live.place(writer.id, kind, record))));
                *known = batches.len();
            }
        }
        unseen
    }

    /// All that rows of a kind lie in, oldest first.
    pub(super) fn units(&self, kind: Kind) -> Vec<Unit> {
        let mut units = Vec::new();
        for writer in self.writers.values() {
            let segments = &writer.kinds[kind.index()];
            units.extend(segments.sealed.values().map(|unit| Unit::Sealed(Arc::clone(unit))));
            units.extend(segments.live.keys().map(|&number| Unit::Live(writer.id, number)));
        }
        units
    }

    /// Where rows of an episode lie, oldest first.
    pub(super) fn of_episode(&self, kind: Kind, episode: u64) -> Vec<Part> {
        let mut parts = Vec::new();
        for writer in self.writers.values() {
            let segments = &writer.kinds[kind.index()];
            let sealed = segments.sealed.values().filter(|unit| unit.may_hold(episode));
            parts.extend(sealed.map(|unit| Part::Sealed(Arc::clone(unit))));
            for live in segments.live.values() {
                let batches = live.segment.batches();
                let own = live.episodes.get(&episode).into_iter().flatten();
                parts.extend(own.map(|&at| Part::Batch(live.place(writer.id, kind, &batches[at as usize]))));
            }
        }
        parts
    }

    /// Largest index of an episode that has steps or frames.
    pub(super) fn largest_episode(&self) -> Option<u64> {
        let kinds = || self.writers.values().flat_map(|writer| &writer.kinds);
        let live = kinds().flat_map(|segments| segments.live.values()).flat_map(|live| live.episodes.keys().copied());
        let sealed = kinds().flat_map(|segments| segments.sealed.values());
        live.chain(sealed.filter_map(|unit| unit.entry.episodes.map(|(_, last)| last))).max()
    }

    /// Logs that end in a damage, and segments that are not there while later ones are.
    pub(super) fn lost(&self) -> Vec<Lost> {
        let mut lost = Vec::new();
        for (name, writer) in &self.writers {
            for kind in Kind::ALL {
                let Some(what) = writer.kinds[kind.index()].gaps() else { continue };
                let why = "later ones are there: it was removed, or could not be written";
                lost.push(Lost { file: format!("{name}/{}", kind.folder()), what, why: why.into() });
            }
            for live in writer.kinds.iter().flat_map(|segments| segments.live.values()) {
                let failure = live.failure.as_deref().filter(|_| live.segment.batches().is_empty());
                let Some(why) = live.segment.unsound().or(failure) else { continue };
                let path = live.segment.log_path();
                let file = path.strip_prefix(&self.run_dir).unwrap_or(path).display().to_string();
                let what = format!("all after batch {}", live.segment.batches().len());
                lost.push(Lost { file, what, why: why.into() });
            }
        }
        lost
    }
}

impl Writer {
    /// Reads sealed files in place of the live segments that they hold.
    fn adopt(&mut self, name: &str, manifest: Manifest, files: &Arc<dyn Files>, next_id: &mut u32) {
        self.manifest = manifest.number;
        let mut before: Vec<BTreeMap<u32, Arc<SealedUnit>>> =
            self.kinds.iter_mut().map(|segments| std::mem::take(&mut segments.sealed)).collect();
        for entry in manifest.sealed {
            let segments = &mut self.kinds[entry.kind.index()];
            let before = &mut before[entry.kind.index()];
            if let Some(same) = before.get(&entry.first).filter(|unit| unit.entry == entry) {
                segments.sealed.insert(entry.first, Arc::clone(same));
                continue;
            }
            let within = entry.first..=entry.last;
            let mut replaces = Vec::new();
            let mut rows = 0;
            for (_, unit) in before.range(within.clone()) {
                rows += unit.entry.rows;
                replaces.push(Replaced::Sealed { id: unit.id });
            }
            let numbers: Vec<u32> = segments.live.range(within).map(|(&number, _)| number).collect();
            for number in numbers {
                let Some(mut live) = segments.live.remove(&number) else { continue };
                // The writer may have added batches since; its log stays for a while after it was sealed.
                let batches = live.segment.refresh().is_ok().then(|| live.segment.batches().len());
                rows += live.segment.batches().iter().map(|record| u64::from(record.rows)).sum::<u64>();
                replaces.push(Replaced::Live { number, batches });
            }
            // Of an object store's segments some rows may never have come: whoever saw all that did has not seen all.
            if rows != entry.rows {
                for replaced in &mut replaces {
                    if let Replaced::Live { batches, .. } = replaced {
                        *batches = None;
                    }
                }
            }
            let unit = SealedUnit::new(*next_id, Arc::clone(files), name, entry, replaces);
            *next_id += 1;
            segments.sealed.insert(unit.entry.first, Arc::new(unit));
        }
    }
}

impl Segments {
    fn refresh(&mut self, writer_dir: &Path, kind: Kind) -> bool {
        if self.watch.may_have_changed(&writer_dir.join(kind.folder())) {
            for number in live_numbers(writer_dir, kind).unwrap_or_default() {
                if self.live.len() >= SEGMENTS_MAX {
                    break;
                }
                if self.is_sealed(number) {
                    continue;
                }
                self.live.entry(number).or_insert_with(|| Live {
                    segment: LiveSegment::new(writer_dir, kind, number),
                    complete: false,
                    episodes: HashMap::new(),
                    indexed: 0,
                    failure: None,
                });
            }
        }
        let newest = self.live.keys().next_back().copied();
        let mut grown = false;
        self.live.retain(|&number, live| {
            if live.complete {
                return true;
            }
            live.failure = None;
            match live.segment.refresh() {
                Ok(new) => grown |= new,
                // Sealed since the folder was listed: the manifest tells.
                Err(_) if live.segment.batches().is_empty() && !live.segment.file().path().exists() => return false,
                Err(error) => live.failure = Some(why(&error)),
            }
            live.index();
            live.complete = Some(number) != newest && live.segment.unsound().is_none() && live.failure.is_none();
            true
        });
        grown
    }

    /// Segments before the last that lie nowhere, in words. A writer numbers them from 0 and leaves none out.
    fn gaps(&self) -> Option<String> {
        let mut there: Vec<(u32, u32)> = self.sealed.iter().map(|(&first, unit)| (first, unit.entry.last)).collect();
        there.extend(self.live.keys().map(|&number| (number, number)));
        there.sort_unstable();
        let (mut next, mut gaps, mut told) = (0, 0, Vec::new());
        for (first, last) in there {
            if first > next {
                gaps += 1;
                match first - 1 {
                    _ if gaps > GAPS_TOLD_MAX => {}
                    end if end == next => told.push(format!("segment {next}")),
                    end => told.push(format!("segments {next} to {end}")),
                }
            }
            next = next.max(last.saturating_add(1));
        }
        if gaps > GAPS_TOLD_MAX {
            told.push(format!("{} more gaps", gaps - GAPS_TOLD_MAX));
        }
        (!told.is_empty()).then(|| told.join(", "))
    }

    fn is_sealed(&self, number: u32) -> bool {
        self.sealed.range(..=number).next_back().is_some_and(|(_, unit)| unit.entry.last >= number)
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
