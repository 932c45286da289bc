//! Content-addressed bytes of a run.

use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_128;

use crate::layout::{BLOBS_FOLDER, make_folder, read_file, replace_file};
use crate::{Blob, Error, Result};

/// Largest blob that is written or read.
pub const BLOB_BYTES_MAX: u64 = 16 << 30;

/// The name of these bytes: xxh3-128 as 32 hex digits.
pub fn blob_hash(bytes: &[u8]) -> String {
    format!("{:032x}", xxh3_128(bytes))
}

/// True when `name` is the hash of the bytes fed to `hash`.
pub(crate) fn blob_hash_matches(name: &str, hash: &xxhash_rust::xxh3::Xxh3) -> bool {
    name == format!("{:032x}", hash.digest128())
}

fn blob_path(run_dir: &Path, hash: &str) -> Result<PathBuf> {
    // The hash becomes a file name, so it is nothing but hex digits.
    let sound = hash.len() == 32 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !sound {
        return Err(Error::NotFound {
            what: format!("blob {:?}; a hash is 32 hex digits", hash.chars().take(64).collect::<String>()),
        });
    }
    Ok(run_dir.join(BLOBS_FOLDER).join(hash))
}

/// Stores bytes under their hash; nothing is written when they are there already.
pub(crate) fn write_blob(run_dir: &Path, hash: &str, bytes: &[u8], durable: bool) -> Result<()> {
    let path = blob_path(run_dir, hash)?;
    if path.metadata().is_ok_and(|found| found.len() == bytes.len() as u64) {
        return Ok(());
    }
    let folder = run_dir.join(BLOBS_FOLDER);
    make_folder(&folder, durable)?;
    replace_file(&path, bytes, durable)
}

/// How many bytes a blob has, by its file alone.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub(crate) fn blob_length(run_dir: &Path, hash: &str) -> Result<u64> {
    let found = blob_path(run_dir, hash)?.metadata();
    found.map(|found| found.len()).map_err(|_| Error::NotFound { what: format!("blob {hash}") })
}

/// Reads a blob and checks it against its hash.
///
/// # Errors
/// [`Error::NotFound`] when there is none, [`Error::Corrupt`] when the bytes have another hash.
pub fn read_blob(run_dir: &Path, hash: &str) -> Result<Blob> {
    let path = blob_path(run_dir, hash)?;
    let bytes = match read_file(&path, BLOB_BYTES_MAX) {
        Err(error) if error.is_not_found() => return Err(Error::NotFound { what: format!("blob {hash}") }),
        other => other?,
    };
    let found = blob_hash(&bytes);
    if found != hash {
        return Err(Error::Corrupt { what: "blob".into(), expected: hash.into(), found, path });
    }
    Ok(bytes.into())
}
