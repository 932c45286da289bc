//! Films of episodes that Gymnasium's `RecordVideo` leaves behind, as CleanRL has them: `videos/RUN/rl-video-episode-N.mp4`.
//!
//! A film is attached to the episode that its name tells; its bytes are asked for like those of a checkpoint. Nothing is decoded here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ethogram_store::{Blob, Error, FILM_BYTES_MAX, FILMS_MAX, FilmName, Result};

use crate::part::{FileSeen, Folder, Part};
use crate::tables::{Film, Tables};

/// The films of a run.
#[derive(Default)]
pub struct Videos {
    seen: Vec<(PathBuf, Vec<FileSeen>)>,
    films: BTreeMap<String, PathBuf>,
    tables: Tables,
}

impl Part for Videos {
    fn format(&self) -> &'static str {
        "videos"
    }

    fn catch_up(&mut self, folder: &Folder, _: u64) -> Result<()> {
        let listed = places(&folder.path).into_iter().map(|place| {
            let films = Folder::list(&place).map(|folder| folder.files).unwrap_or_default();
            let films = films.into_iter().filter(|file| FilmName::parse(&file.name).is_some()).take(FILMS_MAX);
            (place, films.collect::<Vec<_>>())
        });
        let listed: Vec<_> = listed.filter(|(_, films)| !films.is_empty()).collect();
        if listed == self.seen {
            return Ok(());
        }
        *self = Self::default();
        for (place, files) in &listed {
            for file in files {
                let Some(shows) = FilmName::parse(&file.name) else { continue };
                let path = place.join(&file.name);
                let hash = hash_of(&path, file);
                let film = Film {
                    name: file.name.clone(),
                    hash: hash.clone(),
                    bytes: file.length,
                    modified_us: file.modified_us,
                };
                // Of two that show the same, the one nearer to the run counts.
                self.tables.films.entry(shows).or_insert(film);
                self.films.insert(hash, path);
            }
        }
        self.seen = listed;
        Ok(())
    }

    fn tables(&self) -> &Tables {
        &self.tables
    }

    fn blob(&self, hash: &str) -> Result<Option<Blob>> {
        let Some(path) = self.films.get(hash) else { return Ok(None) };
        let failed = |source| Error::Io { action: "read", path: path.clone(), source };
        let length = std::fs::metadata(path).map_err(failed)?.len();
        if length > FILM_BYTES_MAX {
            let what = path.display().to_string();
            return Err(Error::TooLarge { what, limit: FILM_BYTES_MAX, found: length });
        }
        Ok(Some(std::fs::read(path).map_err(failed)?.into()))
    }
}

/// Where films of a run may lie: in it, and as CleanRL has it in `videos` beside the folder `runs`.
fn places(run: &Path) -> Vec<PathBuf> {
    let mut places = vec![run.to_owned(), run.join("videos"), run.join("video")];
    if let (Some(name), Some(above)) = (run.file_name(), run.parent().filter(|above| above.ends_with("runs"))) {
        places.extend(above.parent().map(|above| above.join("videos").join(name)));
    }
    places
}

/// A name as of a hash, another when the file is: a film is not read for it.
pub fn hash_of(path: &Path, file: &FileSeen) -> String {
    let mut told = path.as_os_str().as_encoded_bytes().to_vec();
    told.extend(file.length.to_le_bytes());
    told.extend(file.modified_us.to_le_bytes());
    ethogram_store::blob_hash(&told)
}
