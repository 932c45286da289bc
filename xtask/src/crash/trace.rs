//! What a process did to its files, in the order in which it was done, as `shim.c` wrote it down.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What.
    pub done: Done,
    /// The file; numbers are used again once a file is gone.
    pub inode: u64,
    /// Microseconds since 1970.
    pub time_us: i64,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// A file was made.
    Create(PathBuf),
    /// Bytes were written at an offset.
    Write(u64, Vec<u8>),
    /// A file was cut to this length.
    Cut(u64),
    /// All that was written into a file was brought to disk.
    SyncFile,
    /// The names in a folder were brought to disk.
    SyncFolder(PathBuf),
    /// A file got another name, which it took from any file that had it.
    Rename(PathBuf, PathBuf),
    /// A file got a second name.
    Link(PathBuf),
    /// A name was taken away.
    Unlink(PathBuf),
    /// A folder was made.
    Folder(PathBuf),
}

const HEAD_BYTES: usize = 40;

/// Reads what was written down; of the last entry a killed process may have left a part.
pub fn read(file: &Path) -> Result<Vec<Event>> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    let mut events = Vec::new();
    let mut rest = &bytes[..];
    while let Some((event, after)) = next(rest)? {
        events.push(event);
        rest = after;
    }
    Ok(events)
}

fn next(bytes: &[u8]) -> Result<Option<(Event, &[u8])>> {
    let Some((head, rest)) = bytes.split_at_checked(HEAD_BYTES) else { return Ok(None) };
    let number = |at: usize, length: usize| {
        head[at..at + length].iter().rev().fold(0_u64, |number, &byte| number << 8 | u64::from(byte))
    };
    let Some((first, rest)) = rest.split_at_checked(number(4, 4) as usize) else { return Ok(None) };
    let Some((second, rest)) = rest.split_at_checked(number(8, 4) as usize) else { return Ok(None) };
    let path = |bytes: &[u8]| PathBuf::from(String::from_utf8_lossy(bytes).into_owned());
    let (inode, offset, time_us) = (number(16, 8), number(24, 8), number(32, 8) as i64);
    let done = match head[0] {
        b'C' => Done::Create(path(first)),
        b'W' => Done::Write(offset, first.to_vec()),
        b'T' => Done::Cut(offset),
        b'S' => Done::SyncFile,
        b'D' => Done::SyncFolder(path(first)),
        b'R' => Done::Rename(path(first), path(second)),
        b'L' => Done::Link(path(second)),
        b'U' => Done::Unlink(path(first)),
        b'M' => Done::Folder(path(first)),
        other => bail!("the trace has an entry of kind {other}"),
    };
    Ok(Some((Event { done, inode, time_us }, rest)))
}
