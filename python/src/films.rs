//! Films that `RecordVideo` made while a run was written, attached to the episodes that they show.

use std::path::{Path, PathBuf};

use ethogram_store::{
    EpisodeRow, Error, FILM_BYTES_MAX, FILMS_MAX, FilmName, Result, RunReader, RunSource as _, RunWriter, attach_film,
    film_alone, is_film_alone,
};

/// Which episodes films may belong to.
pub struct Those {
    /// Played to evaluate, or to learn from; `None` for both.
    pub evaluation: Option<bool>,
    /// Begun at this time or later, microseconds since 1970; so are the films.
    pub since_us: i64,
}

/// What became of the films.
#[derive(Default)]
pub struct Attached {
    /// How many are attached now that were not.
    pub count: u64,
    /// Those that could not be, and why.
    pub left: Vec<(String, String)>,
}

/// Copies the films in `folder` into the run and says in the rows of their episodes that they have one. What is attached already stays;
/// where no episode was counted, a film stands for one of which nothing else is known, whose index `allot` gives.
///
/// # Errors
/// The folder or the run cannot be read, or the disk fails.
pub fn attach(writer: &RunWriter, folder: &Path, those: &Those, allot: &dyn Fn() -> u64) -> Result<Attached> {
    let mut attached = Attached::default();
    let films = films_in(folder, those.since_us)?;
    if films.is_empty() {
        return Ok(attached);
    }
    writer.flush()?;
    let all = RunReader::open(writer.path())?.episodes(0..u64::MAX)?;
    let is_own = |row: &&EpisodeRow| {
        row.started_us >= those.since_us && those.evaluation.is_none_or(|wanted| wanted == row.evaluation)
    };
    let mut counted: Vec<EpisodeRow> = all.iter().filter(is_own).filter(|row| !is_film_alone(row)).cloned().collect();
    for (shows, name, path) in films {
        if all.iter().any(|row| row.extra.get("video").is_some_and(|known| *known == name)) {
            continue;
        }
        match read(&path).and_then(|(bytes, modified_us)| {
            let (mut row, first_step) = match (shows.place(&counted), shows) {
                (Some(place), _) if counted[place.row].extra.contains_key("video") => {
                    return Err("its episode has another film already".to_owned());
                }
                (Some(place), _) => (counted[place.row].clone(), place.first_step),
                (None, FilmName::Episode(number)) if counted.is_empty() => {
                    let index = if all.is_empty() { number } else { allot() };
                    let evaluation = those.evaluation.unwrap_or(false);
                    (EpisodeRow { evaluation, ..film_alone(index, modified_us) }, 0)
                }
                (None, _) => return Err("no episode of the run is known to be the one that it shows".to_owned()),
            };
            let size = bytes.len() as u64;
            let written = writer.blob(bytes).and_then(|hash| {
                attach_film(&mut row.extra, &name, &hash, size, first_step);
                if let Some(known) = counted.iter_mut().find(|known| known.episode == row.episode) {
                    known.clone_from(&row);
                }
                writer.episode(row)?;
                // Films are large: the next one waits for room.
                writer.flush()
            });
            written.map_err(|error| error.to_string())
        }) {
            Ok(()) => attached.count += 1,
            Err(why) => attached.left.push((name, why)),
        }
    }
    Ok(attached)
}

/// The films of a folder that were made since, by what they show. Links are none: they may lead anywhere.
fn films_in(folder: &Path, since_us: i64) -> Result<Vec<(FilmName, String, PathBuf)>> {
    let failed = |source| Error::Io { action: "list", path: folder.to_owned(), source };
    let mut films = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)?.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let Some(shows) = FilmName::parse(&name) else { continue };
        let is_new = |found: std::fs::Metadata| found.is_file() && modified_us(&found) >= since_us;
        if entry.path().symlink_metadata().is_ok_and(is_new) {
            films.push((shows, name, entry.path()));
        }
    }
    films.sort();
    films.truncate(FILMS_MAX);
    Ok(films)
}

/// The bytes of a film, and when they were written. **Errors**: why it is none.
fn read(path: &Path) -> std::result::Result<(Vec<u8>, i64), String> {
    let found = path.symlink_metadata().map_err(|error| error.to_string())?;
    if found.len() > FILM_BYTES_MAX {
        return Err(format!("it has {} bytes, over the limit of {FILM_BYTES_MAX} (FILM_BYTES_MAX)", found.len()));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    if bytes.get(4..8) != Some(b"ftyp") {
        return Err("expected an mp4, found no `ftyp` at its beginning".to_owned());
    }
    Ok((bytes, modified_us(&found)))
}

fn modified_us(found: &std::fs::Metadata) -> i64 {
    let since = found.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_micros() as i64)
}
