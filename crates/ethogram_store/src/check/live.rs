//! Verifies live segments.

use std::path::Path;

use super::rebuild::{Found, log_of, walk};
use super::{Check, why};
use crate::Result;
use crate::layout::{Kind, log_path, read_file, replace_file, segment_path};
use crate::live::LiveSegment;
use crate::log::{LogTail, Record};

/// Largest segment that is read.
const SEGMENT_BYTES_MAX: u64 = 4 << 30;

impl Check {
    pub(super) fn live(&mut self, writer_dir: &Path, kind: Kind, number: u32) -> Result<()> {
        let path = segment_path(writer_dir, kind, number);
        let log = log_path(writer_dir, kind, number);
        let mut records: Vec<Record> = Vec::new();
        let mut tail = LogTail::new(log.clone());
        let read = tail.read_new(&mut records);
        let damage = match &read {
            Err(error) if !error.is_not_found() => Some(why(error)),
            Err(_) => Some("no log".into()),
            Ok(()) => tail.unsound().map(str::to_owned),
        };
        let bytes = match read_file(&path, SEGMENT_BYTES_MAX) {
            Ok(bytes) => bytes,
            // The log comes first: a segment that was never begun is nothing lost.
            Err(error) if error.is_not_found() && records.is_empty() => return Ok(()),
            Err(error) => {
                self.lost(&path, "the segment", &why(&error));
                return Ok(());
            }
        };
        self.report.files += 1 + u64::from(read.is_ok());
        self.report.bytes += bytes.len() as u64 + (records.len() * Record::BYTES) as u64;
        self.vouched(writer_dir, kind, number);

        // While the run is written, the log is about to say of the end of the segment what it says of the rest.
        if bytes.is_empty() || (damage.is_none() && self.running) {
            return Ok(());
        }
        let end = records.last().map_or(0, Record::end);
        let found = walk(&bytes, end as usize, kind, &records);
        if found.batches.is_empty() && found.unreadable.is_empty() {
            if let Some(why) = &damage {
                self.lost(&log, "what the log said behind its last sound record", why);
            }
        } else if damage.is_some() || !found.batches.is_empty() {
            self.unverified(&path, &found, damage.as_deref().unwrap_or("the writer died before its log said so"));
        }
        if self.repair && (damage.is_some() || !found.batches.is_empty()) {
            // What the sound records say stays; what follows is new.
            replace_file(&log, &log_of(&records, &found), true)?;
            let name = log.strip_prefix(&self.run_dir).unwrap_or(&log).display().to_string();
            self.report.repaired.push(name);
        }
        Ok(())
    }

    /// What the log vouches for.
    fn vouched(&mut self, writer_dir: &Path, kind: Kind, number: u32) {
        let mut segment = LiveSegment::new(writer_dir, kind, number);
        if segment.refresh().is_err() {
            return;
        }
        let path = segment.file().path().to_owned();
        for record in segment.batches() {
            match segment.read(record) {
                Ok(batch) => self.rows(&path, kind, &batch),
                Err(error) => self.lost(&path, &what(kind, record), &why(&error)),
            }
        }
    }

    fn unverified(&mut self, path: &Path, found: &Found, why: &str) {
        for (record, batch) in &found.batches {
            let part = self.part(path, &what(found.kind, record), why);
            self.report.unverified.push(part);
            self.rows(path, found.kind, batch);
        }
        for range in &found.unreadable {
            let what = format!("bytes {} to {}", range.start, range.end);
            self.lost(path, &what, "no log vouches for them and they are no whole message");
        }
    }
}

fn what(kind: Kind, record: &Record) -> String {
    let episode = match record.episode {
        Record::NO_EPISODE => String::new(),
        episode => format!(" of episode {episode}"),
    };
    format!("{} rows of {}, steps {} to {}{episode}", record.rows, kind.folder(), record.first, record.last)
}
