//! Films that `RecordVideo` made while a run was written, attached to the episodes that they show.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use ethogram_store::{
    EpisodeRow, Error, FILM_BYTES_MAX, FILMS_MAX, FilmName, Result, RunReader, RunSource as _, RunWriter, attach_film,
    film_alone, is_film_alone,
};

/// Which films are attached, and to which episodes.
pub struct Those {
    /// Played to evaluate, or to learn from; `None` for both.
    pub evaluation: Option<bool>,
    /// Begun at this time or later, microseconds since 1970; so are the films.
    pub since_us: i64,
    /// Whether the training goes on: a film that is still written, or whose episode is still played, is left for later.
    pub live: bool,
    /// Global steps of the run over time: microseconds since 1970, and the step, in order.
    pub steps: Vec<(i64, i64)>,
}

impl Those {
    /// The run's global step at a time; 0 where nothing tells.
    fn step_at(&self, time_us: i64) -> i64 {
        let after = self.steps.partition_point(|(at, _)| *at <= time_us);
        self.steps.get(after.saturating_sub(1)).map_or(0, |(_, step)| *step)
    }
}

/// The name of a film that could not be attached, and why.
pub type Left = (String, String);

/// What became of the films.
#[derive(Default)]
pub struct Attached {
    /// How many are attached now that were not.
    pub count: u64,
    /// How many are left for later.
    pub waiting: u64,
    /// Those that could not be, and why.
    pub left: Vec<Left>,
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
    let attached_before: HashSet<&str> = all.iter().filter_map(|row| row.extra.get("video")?.as_str()).collect();
    let only_films = all.iter().all(is_film_alone);
    let mut taken: HashSet<u64> = all.iter().map(|row| row.episode).collect();
    for (shows, name, path) in films {
        if attached_before.contains(name.as_str()) {
            continue;
        }
        let place = shows.place(&counted);
        let played = place.is_some_and(|place| counted[place.row].ended_us.is_some());
        // Who counts no episodes says at the end only that a film is placed nowhere.
        if those.live && !(played || place.is_none() && only_films && matches!(shows, FilmName::Episode(_))) {
            attached.waiting += 1;
            continue;
        }
        match read(&path).and_then(|film| {
            if those.live && !is_whole(&film.bytes) {
                return Ok(false);
            }
            if film.bytes.get(4..8) != Some(b"ftyp") {
                return Err("expected an mp4, found no `ftyp` at its beginning".to_owned());
            }
            let (mut row, first_step) = match (place, shows) {
                (Some(place), _) if counted[place.row].extra.contains_key("video") => {
                    return Err("its episode has another film already".to_owned());
                }
                (Some(place), _) => (counted[place.row].clone(), place.first_step),
                (None, FilmName::Episode(number)) if counted.is_empty() => {
                    let index = if only_films && !taken.contains(&number) { number } else { allot() };
                    let evaluation = those.evaluation.unwrap_or(false);
                    let global_step = those.step_at(film.modified_us);
                    (EpisodeRow { evaluation, global_step, ..film_alone(index, film.modified_us) }, 0)
                }
                (None, _) => return Err("no episode of the run is known to be the one that it shows".to_owned()),
            };
            let size = film.bytes.len() as u64;
            let written = writer.blob(film.bytes).and_then(|hash| {
                attach_film(&mut row.extra, &name, &hash, size, first_step);
                taken.insert(row.episode);
                if let Some(known) = counted.iter_mut().find(|known| known.episode == row.episode) {
                    known.clone_from(&row);
                }
                writer.episode(row)?;
                // Films are large: the next one waits for room.
                writer.flush()
            });
            written.map(|()| true).map_err(|error| error.to_string())
        }) {
            Ok(true) => attached.count += 1,
            Ok(false) => attached.waiting += 1,
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

/// A film as it lies in its folder.
struct Film {
    bytes: Vec<u8>,
    modified_us: i64,
}

/// Reads a film. **Errors**: why it cannot be had.
fn read(path: &Path) -> std::result::Result<Film, String> {
    let found = path.symlink_metadata().map_err(|error| error.to_string())?;
    if found.len() > FILM_BYTES_MAX {
        return Err(format!("it has {} bytes, over the limit of {FILM_BYTES_MAX} (FILM_BYTES_MAX)", found.len()));
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    Ok(Film { bytes, modified_us: modified_us(&found) })
}

/// Was an mp4 written to its end? Then its boxes fill it, and one of them says where the pictures lie (ISO/IEC 14496-12, 4.2).
fn is_whole(bytes: &[u8]) -> bool {
    let (mut at, mut has_places) = (0_usize, false);
    while let Some(head) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let short = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let long = || Some(u64::from_be_bytes(*bytes.get(at + 8..)?.first_chunk()?));
        let Some(length) = (if short == 1 { long() } else { Some(u64::from(short)) }) else { return false };
        has_places |= head[4..] == *b"moov";
        let end = usize::try_from(length).ok().filter(|length| *length >= 8).and_then(|length| at.checked_add(length));
        let Some(end) = end else { return false };
        at = end;
    }
    at == bytes.len() && has_places
}

fn modified_us(found: &std::fs::Metadata) -> i64 {
    let since = found.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_micros() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_film_is_whole_when_its_boxes_fill_it() {
        let part =
            |kind: &[u8; 4], body: usize| [&(body as u32 + 8).to_be_bytes(), kind.as_slice(), &vec![7; body]].concat();
        let whole = [part(b"ftyp", 8), part(b"mdat", 100), part(b"moov", 20)].concat();
        assert!(is_whole(&whole));
        let long =
            [part(b"ftyp", 8), [&1_u32.to_be_bytes(), b"mdat".as_slice(), &20_u64.to_be_bytes(), &[0; 4]].concat()];
        assert!(is_whole(&[&long.concat()[..], &part(b"moov", 4)].concat()));
        for cut in 0..whole.len() {
            assert!(!is_whole(&whole[..cut]), "{cut} bytes");
        }
        let open = [part(b"ftyp", 8), [&0_u32.to_be_bytes(), b"mdat".as_slice(), &[0; 50]].concat()].concat();
        assert!(!is_whole(&open), "a box that is not closed yet");
        assert!(!is_whole(&[&part(b"moov", 4)[..], &[255; 40]].concat()), "a length past the end");
    }

    #[test]
    fn the_step_of_a_film_is_that_of_its_time() {
        let those = |steps| Those { evaluation: None, since_us: 0, live: true, steps };
        assert_eq!(those(vec![]).step_at(5), 0);
        let steps = vec![(10, 100), (20, 200)];
        let found: Vec<i64> = [5, 10, 19, 20, 99].iter().map(|at| those(steps.clone()).step_at(*at)).collect();
        assert_eq!(found, [100, 100, 100, 200, 200]);
    }
}
