//! What a disk may hold after the power was cut: all that was brought to it, and of the rest whatever chance leaves.
//!
//! The rules are those of POSIX and no file system's: bytes last once their file was synced, names once their folder was. Of writes that
//! were not, any sectors may be there, in any order, and a file may be longer than what is there of it, with zeros between.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::trace::{Done, Event};
use crate::random::Random;

const SECTOR_BYTES: usize = 512;

/// What becomes of names whose folder was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// As with a journal: in their order up to some moment, at least up to the last sync of anything.
    InOrder,
    /// Each is there or not.
    ByChance,
}

/// What is left: files and folders (`None`) by path.
pub type Left = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// A change of bytes, and when.
enum Change<'a> {
    Write(u64, &'a [u8]),
    Cut(u64),
}

#[derive(Default)]
struct File<'a> {
    changes: Vec<(usize, Change<'a>)>,
    /// All changes before this event are on disk.
    synced: usize,
}

/// A change of names, and when.
struct Naming<'a> {
    at: usize,
    take: Option<&'a Path>,
    /// A file by its number, or a folder.
    put: Option<(&'a Path, Option<usize>)>,
}

/// What the disk may hold when the power is cut after these events.
pub fn after_power_cut(events: &[Event], names: Names, random: &mut Random) -> Left {
    let (mut files, mut namings): (Vec<File<'_>>, Vec<Naming<'_>>) = (Vec::new(), Vec::new());
    let mut by_inode: HashMap<u64, usize> = HashMap::new();
    let mut folders_synced: HashMap<&Path, usize> = HashMap::new();
    let mut last_sync = 0;
    for (at, event) in events.iter().enumerate() {
        let known = by_inode.get(&event.inode).copied();
        match &event.done {
            Done::Create(path) => {
                // The number may have been another file's.
                by_inode.insert(event.inode, files.len());
                namings.push(Naming { at, take: None, put: Some((path, Some(files.len()))) });
                files.push(File::default());
            }
            Done::Write(offset, bytes) => {
                if let Some(file) = known {
                    files[file].changes.push((at, Change::Write(*offset, bytes)));
                }
            }
            Done::Cut(length) => {
                if let Some(file) = known {
                    files[file].changes.push((at, Change::Cut(*length)));
                }
            }
            Done::SyncFile => {
                last_sync = at;
                if let Some(file) = known {
                    files[file].synced = at;
                }
            }
            Done::SyncFolder(path) => {
                last_sync = at;
                folders_synced.insert(path, at);
            }
            Done::Rename(from, to) => {
                namings.push(Naming { at, take: Some(from), put: known.map(|file| (&**to, Some(file))) });
            }
            Done::Link(path) => namings.push(Naming { at, take: None, put: known.map(|file| (&**path, Some(file))) }),
            Done::Unlink(path) => namings.push(Naming { at, take: Some(path), put: None }),
            Done::Folder(path) => namings.push(Naming { at, take: None, put: Some((path, None)) }),
        }
    }
    let kept_until = last_sync + random.within(0..(events.len() - last_sync) as u64 + 1) as usize;
    let is_kept = |naming: &Naming<'_>, random: &mut Random| {
        let parents = naming.take.into_iter().chain(naming.put.map(|(path, _)| path)).filter_map(Path::parent);
        let is_synced =
            parents.into_iter().all(|folder| folders_synced.get(folder).is_some_and(|synced| *synced > naming.at));
        is_synced
            || match names {
                Names::InOrder => naming.at < kept_until,
                Names::ByChance => random.within(0..2) == 0,
            }
    };
    let mut placed: BTreeMap<&Path, Option<usize>> = BTreeMap::new();
    for naming in &namings {
        if !is_kept(naming, random) {
            continue;
        }
        if let Some(path) = naming.take {
            placed.remove(path);
        }
        placed.extend(naming.put);
    }
    let contents: HashMap<usize, Vec<u8>> =
        placed.values().flatten().map(|&file| (file, content(&files[file], random))).collect();
    let left =
        placed.into_iter().map(|(path, file)| (path.to_owned(), file.and_then(|file| contents.get(&file).cloned())));
    left.collect()
}

/// The bytes of a file as chance has them.
fn content(file: &File<'_>, random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (at, change) in &file.changes {
        let is_synced = *at < file.synced;
        match change {
            Change::Cut(length) if is_synced || random.within(0..2) == 0 => bytes.resize(*length as usize, 0),
            Change::Cut(_) => {}
            Change::Write(offset, written) => {
                let (begin, fate) = (*offset as usize, if is_synced { 3 } else { random.within(0..4) });
                if fate == 0 {
                    continue; // Nothing of it, not even the length.
                }
                if bytes.len() < begin + written.len() {
                    bytes.resize(begin + written.len(), 0);
                }
                for (sector, part) in written.chunks(SECTOR_BYTES).enumerate() {
                    let is_there = fate == 3 || (fate == 2 && random.within(0..2) == 0);
                    if is_there {
                        let from = begin + sector * SECTOR_BYTES;
                        bytes[from..from + part.len()].copy_from_slice(part);
                    }
                }
            }
        }
    }
    bytes
}

/// Puts what is left below another folder. What has no folder any more cannot be reached, and is not there.
pub fn put(left: &Left, from: &Path, to: &Path) -> Result<()> {
    for (path, bytes) in left {
        let Ok(below) = path.strip_prefix(from) else { continue };
        let target = to.join(below);
        if !target.parent().is_some_and(Path::is_dir) {
            continue;
        }
        match bytes {
            None => std::fs::create_dir_all(&target)?,
            Some(bytes) => std::fs::write(&target, bytes)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(done: Done, inode: u64) -> Event {
        Event { done, inode, time_us: 0 }
    }

    fn path(text: &str) -> PathBuf {
        PathBuf::from(text)
    }

    /// Every way in which a cut may fall out, about.
    fn ways(events: &[Event], names: Names) -> Vec<Left> {
        (0..400).map(|seed| after_power_cut(events, names, &mut Random::new(seed))).collect()
    }

    #[test]
    fn what_was_synced_is_there_and_the_rest_by_chance() {
        let events = [
            event(Done::Create(path("/r/a")), 7),
            event(Done::Write(0, b"one".to_vec()), 7),
            event(Done::SyncFile, 7),
            event(Done::SyncFolder(path("/r")), 1),
            event(Done::Write(3, b"two".to_vec()), 7),
        ];
        for names in [Names::InOrder, Names::ByChance] {
            let found: std::collections::BTreeSet<Vec<u8>> =
                ways(&events, names).iter().map(|left| left[Path::new("/r/a")].clone().expect("a file")).collect();
            let expected = [&b"one"[..], b"one\0\0\0", b"onetwo"].map(<[u8]>::to_vec);
            assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn a_name_lasts_only_once_its_folder_was_synced() {
        let synced = [
            event(Done::Create(path("/r/a.tmp")), 7),
            event(Done::Write(0, b"one".to_vec()), 7),
            event(Done::SyncFile, 7),
            event(Done::Rename(path("/r/a.tmp"), path("/r/a")), 7),
        ];
        let names = |left: &Left| left.keys().map(|path| path.display().to_string()).collect::<Vec<_>>();
        let found: std::collections::BTreeSet<Vec<String>> = ways(&synced, Names::ByChance).iter().map(names).collect();
        assert!(found.contains(&vec![]) && found.contains(&vec!["/r/a".to_owned()]), "{found:?}");
        let with_folder = [&synced[..], &[event(Done::SyncFolder(path("/r")), 1)]].concat();
        for left in ways(&with_folder, Names::ByChance) {
            assert_eq!(left[Path::new("/r/a")].as_deref(), Some(&b"one"[..]));
        }
    }

    #[test]
    fn an_inode_that_is_used_again_is_another_file() {
        let events = [
            event(Done::Create(path("/r/a")), 7),
            event(Done::Write(0, b"one".to_vec()), 7),
            event(Done::SyncFile, 7),
            event(Done::Unlink(path("/r/a")), 7),
            event(Done::Create(path("/r/b")), 7),
            event(Done::SyncFolder(path("/r")), 1),
        ];
        for left in ways(&events, Names::ByChance) {
            assert_eq!(left, Left::from([(path("/r/b"), Some(vec![]))]));
        }
    }
}
