//! A film in a file of its own.

use std::fs::{self, File};
use std::io::BufWriter;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ethogram_video::Format;

use super::Video;
use crate::{Error, Result};

impl Video<'_> {
    /// Makes the film in a file, in place of one that has the name. A film that could not be made to its end leaves nothing behind.
    pub fn write_file(&self, path: &Path, progress: &mut dyn FnMut(u64) -> ControlFlow<()>) -> Result<()> {
        let failed = |source: std::io::Error| {
            let text = format!("{source}: {}", path.display());
            Error::from(ethogram_video::Error::Io(std::io::Error::new(source.kind(), text)))
        };
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let unfinished = Unfinished(path.with_file_name(name));
        let file = File::create(&unfinished.0).map_err(failed)?;
        self.write(BufWriter::new(file), progress)?.into_inner().map_err(|error| failed(error.into_error()))?;
        fs::rename(&unfinished.0, path).map_err(failed)
    }

    /// The format that a name ends in. **Errors**: it ends in none.
    pub fn format_of(path: &Path) -> Result<Format> {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        Format::from_name(ending).ok_or_else(|| {
            let (option, expected) = ("file", "a name that ends in .mp4 or .gif".to_owned());
            let found = path.display().to_string();
            ethogram_video::Error::BadOption { option, expected, found }.into()
        })
    }
}

/// Removed unless it was renamed.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After the film got its name there is nothing to remove.
        let _ = fs::remove_file(&self.0);
    }
}
