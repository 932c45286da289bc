//! Files beside the log of a run, named in it by strangers.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ethogram_store::{Error, Result};
use serde_json::Value;

/// The folder `files` of a run. Nothing outside of it is opened.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The folder of the run.
    pub run: PathBuf,
}

impl Files {
    /// Of the run in this folder.
    pub fn of(run: &Path) -> Self {
        Self { run: run.to_owned() }
    }

    /// Where the file lies of which `value` tells the `path`.
    ///
    /// # Errors
    /// It is told nowhere, leads out of the folder, is not there, or has more than `most` bytes.
    pub fn locate(&self, value: &Value, most: u64) -> Result<(PathBuf, u64)> {
        let told = value["path"].as_str().filter(|told| !told.is_empty());
        let told = told.ok_or_else(|| self.corrupt("a value", "the path of a file", "one that lies in an artifact"))?;
        let outside = || {
            let what = format!("the path {told:?}");
            self.corrupt(&what, "a file of the run", "one outside of its folder")
        };
        let steps_out = |part| !matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir);
        if Path::new(told).components().any(steps_out) {
            return Err(outside());
        }
        let named = self.run.join("files").join(told);
        let failed = |source| Error::Io { action: "read", path: named.clone(), source };
        // Links may lead on, but not out.
        let root = self.run.canonicalize().map_err(failed)?.join("files");
        let path = named.canonicalize().map_err(failed)?;
        if !path.starts_with(&root) {
            return Err(outside());
        }
        let found = std::fs::metadata(&path).map_err(failed)?;
        if !found.is_file() {
            return Err(self.corrupt(&format!("the path {told:?}"), "a file", "something else"));
        }
        if found.len() > most {
            return Err(Error::TooLarge { what: format!("file {told}"), limit: most, found: found.len() });
        }
        Ok((path, found.len()))
    }

    /// The bytes of that file. Where the log says their SHA-256, they are what was logged.
    ///
    /// # Errors
    /// As [`Files::locate`], and when the file was changed since.
    pub fn read(&self, value: &Value, most: u64) -> Result<Vec<u8>> {
        let (path, length) = self.locate(value, most)?;
        let failed = |source| Error::Io { action: "read", path: path.clone(), source };
        let mut bytes = Vec::with_capacity(length as usize);
        File::open(&path).map_err(failed)?.take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > most {
            return Err(Error::TooLarge { what: path.display().to_string(), limit: most, found: bytes.len() as u64 });
        }
        let found = hex(ring::digest::digest(&ring::digest::SHA256, &bytes).as_ref());
        match value["sha256"].as_str() {
            Some(told) if told != found => Err(Error::Corrupt {
                what: "the file".into(),
                expected: format!("the SHA-256 {}, as it was logged", told.chars().take(64).collect::<String>()),
                found,
                path,
            }),
            _ => Ok(bytes),
        }
    }

    fn corrupt(&self, what: &str, expected: &str, found: &str) -> Error {
        let (what, expected, found) = (what.to_owned(), expected.to_owned(), found.to_owned());
        Error::Corrupt { what, expected, found, path: self.run.clone() }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
