//! Which episodes a writer may number, when several processes write one run at once.

use std::fs::{File, OpenOptions, TryLockError};
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
    /// The disk did not take a claim, or knows no locks: indices are counted as if nobody else wrote.
    alone: bool,
}

impl Claims {
    /// Indices in a block.
    pub(super) const BLOCK: u64 = 1_000;

    /// Numbers a new run.
    pub(super) fn new(run_dir: &Path) -> Self {
        Self { folder: run_dir.join(FOLDER), next: 0, held: None, alone: false }
    }

    /// Goes on with a run: after its last episode, if no living writer numbers from that block, else in a block of its own.
    /// `count` says what follows the last episode, and is asked again once the block is held.
    pub(super) fn resume(run_dir: &Path, count: impl Fn() -> Result<u64>) -> Result<Self> {
        let mut claims = Self::new(run_dir);
        claims.next = count()?;
        let block = claims.next / Self::BLOCK;
        if let Ok(Some(file)) = claims.open(block, false) {
            let end = (block + 1) * Self::BLOCK;
            // Its last owner may have gone on until a moment ago.
            claims.next = count()?.max(claims.next);
            claims.held = (claims.next < end).then_some((end, file));
        }
        Ok(claims)
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

    /// The locked file of a block; `None` when another has it, or `only_new` and it was there before.
    fn open(&self, block: u64, only_new: bool) -> Result<Option<File>> {
        std::fs::create_dir_all(&self.folder).map_err(|source| io_error("create", &self.folder, source))?;
        let path = self.folder.join(format!("{:016}", block * Self::BLOCK));
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
        first.skip(5);
        assert_eq!(first.next(), 6);
        beside.release();
        let mut after = Claims::resume(run.path(), || Ok(1_002)).expect("resumed");
        assert_eq!(after.next(), 1_002);
        // The first one's block is full, the next is taken, the one after that is new.
        first.skip(998);
        assert_eq!([first.next(), first.next()], [999, 2_000]);
        first.skip(7_500);
        assert_eq!(first.next(), 7_501);
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
