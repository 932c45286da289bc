//! Verifies sealed files.

use std::path::Path;
use std::sync::Arc;

use super::{Check, hash_file, why};
use crate::files::{Files, LocalFiles};
use crate::layout::Kind;
use crate::manifest::{FileEntry, Sealed};
use crate::sealed::{Rollup, SealedFrames, SealedScalars, SealedSteps, SealedTensors, Table};
use crate::{Error, Result};

impl Check {
    pub(super) fn sealed(&mut self, writer_dir: &Path, sealed: &Sealed) {
        let folder = writer_dir.join(sealed.kind.folder());
        let what = format!("{} rows of segments {} to {}", sealed.rows, sealed.first, sealed.last);
        if self.sealed_hash(&folder, &sealed.file, &what)
            && let Err(error) = self.sealed_rows(writer_dir, sealed)
        {
            self.lost(&folder.join(&sealed.file.file), &what, &why(&error));
        }
        let Some(rollup) = &sealed.rollup else { return };
        if self.sealed_hash(&folder, rollup, "buckets of scalars")
            && let Err(error) = check_rollup(writer_dir, rollup)
        {
            self.lost(&folder.join(&rollup.file), "buckets of scalars", &why(&error));
        }
    }

    /// The whole file is what the manifest says. False, and told, when it is not.
    fn sealed_hash(&mut self, folder: &Path, entry: &FileEntry, what: &str) -> bool {
        let path = folder.join(&entry.file);
        let found = match hash_file(&path, |hash| format!("{:016x}", hash.digest())) {
            Ok(found) => found,
            Err(error) => {
                self.lost(&path, what, &why(&error));
                return false;
            }
        };
        self.report.files += 1;
        self.report.bytes += found.1;
        if found != (entry.xxh3.clone(), entry.bytes) {
            self.lost(&path, what, "checksum differs from the manifest");
            return false;
        }
        true
    }

    /// Every row can be read, and the index opens.
    fn sealed_rows(&mut self, writer_dir: &Path, sealed: &Sealed) -> Result<()> {
        let path = format!("{}/{}", sealed.kind.folder(), sealed.file.file);
        let file = writer_dir.join(&path);
        let files: Arc<dyn Files> = Arc::new(LocalFiles::new(writer_dir));
        let open = |files: &Arc<dyn Files>| Table::open(Arc::clone(files), path.clone(), &sealed.file);
        let count = match sealed.kind {
            Kind::Frames => {
                let frames = SealedFrames::open(files, path, &sealed.file)?;
                for place in frames.groups() {
                    let group = frames.read_group(place)?;
                    let field = Arc::clone(&frames.fields()[place.field as usize]);
                    self.group(&file, place.episode, &field, group.first, group.count, &group.bytes);
                }
                self.report.rows += frames.groups().len() as u64;
                frames.groups().len() as u64
            }
            Kind::Scalars => SealedScalars::open(Arc::clone(&files), path.clone(), &sealed.file)
                .and_then(|scalars| self.table(&file, sealed.kind, scalars.table()))?,
            Kind::Steps => SealedSteps::open(Arc::clone(&files), path.clone(), &sealed.file)
                .and_then(|steps| self.table(&file, sealed.kind, steps.table()))?,
            Kind::Tensors => SealedTensors::open(Arc::clone(&files), path.clone(), &sealed.file)
                .and_then(|tensors| self.table(&file, sealed.kind, tensors.table()))?,
            Kind::Episodes | Kind::Checkpoints => self.table(&file, sealed.kind, &open(&files)?)?,
        };
        if count == sealed.rows {
            return Ok(());
        }
        let (expected, found) = (format!("{} rows", sealed.rows), format!("{count}"));
        Err(Error::Corrupt { what: "rows".into(), expected, found, path: file })
    }

    fn table(&mut self, file: &Path, kind: Kind, table: &Table) -> Result<u64> {
        for group in 0..table.groups() {
            let batch = table.read(table.group_rows(group), None)?;
            self.rows(file, kind, &batch);
        }
        Ok(table.rows())
    }
}

fn check_rollup(writer_dir: &Path, entry: &FileEntry) -> Result<()> {
    let files: Arc<dyn Files> = Arc::new(LocalFiles::new(writer_dir));
    let rollup = Rollup::open(files, format!("{}/{}", Kind::Scalars.folder(), entry.file), entry)?;
    rollup.tags().iter().try_for_each(|tag| rollup.read(tag.axis, &tag.tag).map(|_| ()))
}
