//! Films of episodes that Gymnasium's `RecordVideo` leaves behind, as CleanRL has them: `videos/RUN/rl-video-episode-N.mp4`.
//!
//! A film is attached to the episode that its name tells; its bytes are asked for like those of a checkpoint. Nothing is decoded here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ethogram_store::{Blob, Error, Result};
use serde_json::{Map, Value};

use crate::part::{FileSeen, Folder, Part};
use crate::tables::Tables;

/// Largest film that is given out.
const FILM_BYTES_MAX: u64 = 1 << 30;
/// Most films of a run.
const FILMS_MAX: usize = 10_000;

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
        let places = places(&folder.path);
        let listed = places.into_iter().map(|place| {
            let films = Folder::list(&place).map(|folder| folder.files).unwrap_or_default();
            let films = films.into_iter().filter(|file| episode_of(&file.name).is_some()).take(FILMS_MAX);
            (place, films.collect::<Vec<_>>())
        });
        let listed: Vec<_> = listed.filter(|(_, films)| !films.is_empty()).collect();
        if listed == self.seen {
            return Ok(());
        }
        *self = Self::default();
        for (place, files) in &listed {
            for file in files {
                let Some(episode) = episode_of(&file.name) else { continue };
                let path = place.join(&file.name);
                let hash = hash_of(&path, file);
                let mut extra = Map::new();
                extra.insert("video".into(), Value::String(file.name.clone()));
                extra.insert("video_blob".into(), Value::String(hash.clone()));
                extra.insert("video_bytes".into(), file.length.into());
                self.tables.attached.entry(episode).or_insert((file.modified_us, extra));
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

/// The episode in `rl-video-episode-12.mp4`.
fn episode_of(name: &str) -> Option<u64> {
    let stem = name.strip_suffix(".mp4")?;
    let (_, digits) = stem.rsplit_once("episode-")?;
    digits.parse().ok().filter(|episode| *episode < 1 << 40)
}

/// A name as of a hash, another when the file is: a film is not read for it.
fn hash_of(path: &Path, file: &FileSeen) -> String {
    let mut told = path.as_os_str().as_encoded_bytes().to_vec();
    told.extend(file.length.to_le_bytes());
    told.extend(file.modified_us.to_le_bytes());
    ethogram_store::blob_hash(&told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_episode_is_in_the_name() {
        for (name, expected) in [
            ("rl-video-episode-0.mp4", Some(0)),
            ("CartPole-episode-125.mp4", Some(125)),
            ("rl-video-step-1000.mp4", None),
            ("rl-video-episode-1.meta.json", None),
            ("rl-video-episode-x.mp4", None),
        ] {
            assert_eq!(episode_of(name), expected, "{name}");
        }
    }
}
