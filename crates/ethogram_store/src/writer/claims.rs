//! Which episodes a writer may number, when several processes write one run at once.

use std::fs::{File, OpenOptions, TryLockError};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::layout::io_error;
use crate::{Error, Result};

/// The folder of a run with a file for each block of indices, named by the first of them.
const FOLDER: &str = "claims";

/// The block of episode indices that this writer numbers from. It holds a lock on the file of the block for as long as it lives,
/// so that nobody else numbers from it meanwhile; a writer that resumes the run afterwards goes on with it.
#[derive(Debug)]
pub(super) struct Claims {
    folder: PathBuf,
    next: u64,
    /// The end of the block held, and its file, whose lock goes with it.
    held: Option<(u64, File)>,
    /// The block that was held from the beginning because the writer that numbered from it is gone.
    inherited: Option<u64>,
    /// The disk did not take a claim, or knows no locks: indices are counted as if nobody else wrote.
    alone: bool,
}

impl Claims {
    /// Indices in a block.
    pub(super) const BLOCK: u64 = 1_000;

    /// Numbers a new run.
    pub(super) fn new(run_dir: &Path) -> Self {
        Self { folder: run_dir.join(FOLDER), next: 0, held: None, inherited: None, alone: false }
    }

    /// Goes on with a run: after its last episode, if no living writer numbers from that block, else in a block of its own.
    /// `count` says what follows the last episode, and is asked again once the block is held.
    pub(super) fn resume(run_dir: &Path, count: impl Fn() -> Result<u64>) -> Result<Self> {
        let mut claims = Self::new(run_dir);
        claims.next = count()?;
        let block = claims.next / Self::BLOCK;
        let is_known = claims.path(block).is_file();
        if let Ok(Some(file)) = claims.open(block, false) {
            claims.inherited = is_known.then_some(block);
            let end = (block + 1) * Self::BLOCK;
            // Its last owner may have gone on until a moment ago.
            claims.next = count()?.max(claims.next);
            claims.held = (claims.next < end).then_some((end, file));
        }
        Ok(claims)
    }

    /// The episodes, ascending, that writers who are gone may have numbered: blocks that nobody holds, and the one that was taken over.
    pub(super) fn left(&self) -> Vec<Range<u64>> {
        let names = std::fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
        let firsts = names.filter_map(|name| name.to_str()?.parse::<u64>().ok());
        let mut blocks: Vec<u64> = firsts.map(|first| first / Self::BLOCK).collect();
        blocks.sort_unstable();
        let is_free = |block| matches!(self.open(block, false), Ok(Some(_)));
        let mut left: Vec<Range<u64>> = Vec::new();
        for block in blocks.into_iter().filter(|&block| self.inherited == Some(block) || is_free(block)) {
            let (first, end) = (block * Self::BLOCK, (block + 1) * Self::BLOCK);
            match left.last_mut().filter(|before| before.end == first) {
                Some(before) => before.end = end,
                None => left.push(first..end),
            }
        }
        left
    }

    /// An index that no episode has, here or in another process.
    pub(super) fn next(&mut self) -> u64 {
        let within = self.held.as_ref().is_some_and(|(end, _)| (*end - Self::BLOCK..*end).contains(&self.next));
        if !within && !self.alone {
            self.claim();
        }
        self.next += 1;
        self.next - 1
    }

    /// An index that was chosen elsewhere is taken.
    pub(super) fn skip(&mut self, episode: u64) {
        self.next = self.next.max(episode.saturating_add(1));
    }

    /// The run has ended here: whoever resumes it, in this process or another, may go on with the block.
    pub(super) fn release(&mut self) {
        self.held = None;
        self.alone = true;
    }

    /// Takes the first block at or after the next index that nobody ever had.
    fn claim(&mut self) {
        for block in self.next / Self::BLOCK.. {
            match self.open(block, true) {
                Ok(Some(file)) => {
                    self.next = self.next.max(block * Self::BLOCK);
                    self.held = Some(((block + 1) * Self::BLOCK, file));
                    return;
                }
                Ok(None) => {}
                Err(_) => {
                    self.alone = true;
                    return;
                }
            }
        }
    }

    fn path(&self, block: u64) -> PathBuf {
        self.folder.join(format!("{:016}", block * Self::BLOCK))
    }

    /// The locked file of a block; `None` when another has it, or `only_new` and it was there before.
    fn open(&self, block: u64, only_new: bool) -> Result<Option<File>> {
        std::fs::create_dir_all(&self.folder).map_err(|source| io_error("create", &self.folder, source))?;
        let path = self.path(block);
        let mut options = OpenOptions::new();
        options.write(true);
        let opened = if only_new { options.create_new(true).open(&path) } else { options.create(true).open(&path) };
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(None),
            Err(source) => return Err(io_error("create", &path, source)),
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(Error::Io { action: "lock", path, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_writer_after_another_counts_on_and_two_at_once_do_not_meet() {
        let run = tempfile::tempdir().expect("a folder");
        let mut first = Claims::new(run.path());
        assert_eq!([first.next(), first.next()], [0, 1]);
        let mut beside = Claims::resume(run.path(), || Ok(2)).expect("resumed");
        assert_eq!([beside.next(), beside.next(), first.next()], [1_000, 1_001, 2]);
        assert_eq!(beside.left(), [], "both go on");
        first.skip(5);
        assert_eq!(first.next(), 6);
        beside.release();
        let mut after = Claims::resume(run.path(), || Ok(1_002)).expect("resumed");
        assert_eq!(after.left(), vec![1_000..2_000; 1], "the first goes on");
        assert_eq!(after.next(), 1_002);
        // The first one's block is full, the next is taken, the one after that is new.
        first.skip(998);
        assert_eq!([first.next(), first.next()], [999, 2_000]);
        first.skip(7_500);
        assert_eq!(first.next(), 7_501);
        first.release();
        drop(after);
        let last = Claims::resume(run.path(), || Ok(7_502)).expect("resumed");
        assert_eq!(last.left(), [0..3_000, 7_000..8_000]);
    }

    #[test]
    fn what_a_dying_writer_still_logged_is_counted_once_its_block_is_held() {
        let run = tempfile::tempdir().expect("a folder");
        let asked = std::cell::Cell::new(0);
        let count = || {
            asked.set(asked.get() + 1);
            Ok(if asked.get() == 1 { 7 } else { 9 })
        };
        assert_eq!(Claims::resume(run.path(), count).expect("resumed").next(), 9);
    }

    #[test]
    fn where_nothing_can_be_claimed_one_counts_alone() {
        let run = tempfile::tempdir().expect("a folder");
        std::fs::write(run.path().join(FOLDER), "a file, where a folder should be").expect("written");
        let mut claims = Claims::new(run.path());
        assert_eq!([claims.next(), claims.next()], [0, 1]);
    }
}
