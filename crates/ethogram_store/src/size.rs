//! How much room a run takes.

use std::path::Path;

use crate::files::LocalFiles;
use crate::layout::{BLOBS_FOLDER, DERIVED_FOLDER, Kind, io_error, live_number, names_in, writer_dirs};
use crate::manifest::Manifest;
use crate::{Error, Result};

/// The room a run takes, by what it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct RunSize {
    /// Everything below the run's folder.
    pub files: u64,
    /// Bytes of that.
    pub bytes: u64,
    /// Folders of writers.
    pub writers: u64,
    /// What was logged, one entry a kind, in the order of [`Kind::ALL`]; kinds without files left out.
    pub kinds: Vec<KindSize>,
    /// Content-addressed bytes.
    pub blob_bytes: u64,
    /// The cache of derived fields, which may be deleted.
    pub derived_bytes: u64,
}

/// The room that one kind of rows takes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct KindSize {
    /// Which.
    pub kind: Kind,
    /// Bytes of live segments and their logs.
    pub live_bytes: u64,
    /// Live segments.
    pub live_segments: u64,
    /// Bytes of sealed files and rollups.
    pub sealed_bytes: u64,
    /// Sealed files.
    pub sealed_files: u64,
    /// Rows in sealed files.
    pub sealed_rows: u64,
}

/// Most files that are counted.
const FILES_MAX: u64 = 10_000_000;
/// Deepest folder that is looked into.
const DEPTH_MAX: usize = 16;

/// Measures a run; nothing is read but names, lengths and manifests.
pub fn size(run_dir: &Path) -> Result<RunSize> {
    let mut size = RunSize::default();
    (size.files, size.bytes) = count(run_dir, 0)?;
    size.blob_bytes = count(&run_dir.join(BLOBS_FOLDER), 0)?.1;
    size.derived_bytes = count(&run_dir.join(DERIVED_FOLDER), 0)?.1;
    let writers = writer_dirs(run_dir)?;
    size.writers = writers.len() as u64;
    for kind in Kind::ALL {
        let mut found =
            KindSize { kind, live_bytes: 0, live_segments: 0, sealed_bytes: 0, sealed_files: 0, sealed_rows: 0 };
        for writer_dir in &writers {
            let (manifest, _) = Manifest::newest(&LocalFiles::new(writer_dir), "")?;
            for sealed in manifest.of_kind(kind) {
                found.sealed_files += 1;
                found.sealed_rows += sealed.rows;
                found.sealed_bytes += sealed.file.bytes + sealed.rollup.as_ref().map_or(0, |rollup| rollup.bytes);
            }
            let folder = writer_dir.join(kind.folder());
            for name in names_in(&folder)? {
                if live_number(&name).is_some_and(|number| manifest.holding(kind, number).is_none()) {
                    found.live_segments += u64::from(name.ends_with(".arrows"));
                    found.live_bytes += folder.join(name).metadata().map_or(0, |metadata| metadata.len());
                }
            }
        }
        if found.live_bytes + found.sealed_bytes > 0 {
            size.kinds.push(found);
        }
    }
    Ok(size)
}

/// Files below a folder and their bytes; links are not followed.
fn count(folder: &Path, depth: usize) -> Result<(u64, u64)> {
    let listed = match std::fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok((0, 0)),
        Err(source) => return Err(io_error("list", folder, source)),
    };
    let (mut files, mut bytes) = (0, 0);
    for entry in listed.flatten() {
        // A file may be gone before it is looked at: the run may be alive.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() && depth < DEPTH_MAX {
            let below = count(&entry.path(), depth + 1)?;
            files += below.0;
            bytes += below.1;
        } else if metadata.is_file() {
            files += 1;
            bytes += metadata.len();
        }
        if files > FILES_MAX {
            let what = format!("number of files in {}", folder.display());
            return Err(Error::TooLarge { what, limit: FILES_MAX, found: files });
        }
    }
    Ok((files, bytes))
}
