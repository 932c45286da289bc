//! A film that somebody else made of an episode, for example Gymnasium's `RecordVideo`.

use ethogram_store::{Blob, Error as StoreError, FILM_BYTES_MAX};
use ethogram_video::FilmTimes;
use serde_json::Value;

use crate::{Error, Result, RunHandle};

/// A film as it is, and what it says of itself. What an episode's row says of it is in `docs/format.md`, Films.
pub struct AttachedFilm {
    /// Of the file.
    pub name: String,
    /// What its bytes are called.
    pub hash: String,
    /// The file.
    pub bytes: Blob,
    /// Step of the episode that the first frame shows; frame *k* shows the step *k* later.
    pub first_step: u64,
    /// Its frames.
    pub times: FilmTimes,
}

impl RunHandle {
    /// The film of an episode.
    ///
    /// # Errors
    /// [`Error::NoFilm`] when it has none; that the file is gone, too large, or no mp4.
    pub fn attached_film(&self, episode: u64) -> Result<AttachedFilm> {
        let extra = self.episode(episode)?.extra;
        let text = |name: &str| extra.get(name).and_then(Value::as_str);
        let Some(hash) = text("video_blob") else {
            return Err(Error::NoFilm { run: self.id().clone(), episode });
        };
        // Said beforehand, so that what is too large is not read.
        let told = extra.get("video_bytes").and_then(Value::as_u64).unwrap_or(0);
        let fits = |found: u64| {
            let what = format!("bytes of the film of episode {episode} (FILM_BYTES_MAX)");
            let error = StoreError::TooLarge { what, limit: FILM_BYTES_MAX, found };
            if found > FILM_BYTES_MAX { Err(error) } else { Ok(()) }
        };
        fits(told)?;
        fits(self.source().blob_bytes(hash)?.unwrap_or(0))?;
        let bytes = self.source().blob(hash)?;
        fits(bytes.len() as u64)?;
        let times = FilmTimes::of_mp4(&bytes)?;
        let first_step = extra.get("video_first_step").and_then(Value::as_u64).unwrap_or(0);
        let name = text("video").unwrap_or("film.mp4").to_owned();
        Ok(AttachedFilm { name, hash: hash.to_owned(), bytes, first_step, times })
    }
}
