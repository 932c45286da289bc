//! Which episodes the films of a run show.

use std::collections::BTreeMap;

use ethogram_store::{EpisodeRow, FilmName, attach_film, film_alone};

use crate::tables::{Film, LostTable};

/// Tells the episodes of their films. Where nobody counted the episodes, a film stands for one of which nothing else is known; a film
/// that cannot be placed is noted.
pub fn join(rows: &mut Vec<EpisodeRow>, films: &BTreeMap<FilmName, Film>, lost: &mut LostTable) {
    // Placed among those that were counted, before any is added.
    let counted = rows.clone();
    let one_environment = counted.iter().all(|row| row.env_index == 0);
    let by_step_only = films.keys().all(|shows| matches!(shows, FilmName::Step(_)));
    for (at, (shows, film)) in films.iter().enumerate() {
        let (row, first_step) = match (shows.place(&counted), *shows) {
            (Some(place), _) => (counted[place.row].clone(), place.first_step),
            (None, FilmName::Episode(number)) if one_environment => (film_alone(number, film.modified_us), 0),
            // Nothing says where episodes begin: each film is one.
            (None, FilmName::Step(number)) if counted.is_empty() && by_step_only => {
                let global_step = i64::try_from(number).unwrap_or(i64::MAX);
                (EpisodeRow { global_step, ..film_alone(at as u64, film.modified_us) }, 0)
            }
            (None, _) => {
                lost.note(&film.name, "the film", "no log of the run tells of the episode that it shows");
                continue;
            }
        };
        let place = rows.binary_search_by_key(&row.episode, |known| known.episode);
        let place = place.unwrap_or_else(|place| {
            rows.insert(place, row);
            place
        });
        let extra = &mut rows[place].extra;
        if extra.contains_key("video_blob") {
            lost.note(&film.name, "the film", "its episode has another film already");
            continue;
        }
        attach_film(extra, &film.name, &film.hash, film.bytes, first_step);
    }
}
