//! Films that somebody else made of episodes, as Gymnasium's `RecordVideo` calls them, and where an episode says that it has one.

use serde_json::{Map, Value};

use crate::{EpisodeEnd, EpisodeRow};

/// Largest film that is attached or given out, in bytes.
pub const FILM_BYTES_MAX: u64 = 128 << 20;
/// Most films of a run.
pub const FILMS_MAX: usize = 10_000;
/// Episodes and steps beyond this are none that anybody played.
const NUMBER_MAX: u64 = 1 << 40;

/// What the name of a film says that it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FilmName {
    /// `rl-video-episode-12.mp4`: that episode of the environment, counted from 0, from its reset.
    Episode(u64),
    /// `rl-video-step-1000.mp4`: from when the environment had taken so many steps.
    Step(u64),
}

/// Where a film belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilmPlace {
    /// Index into the rows that were looked through.
    pub row: usize,
    /// Step of the episode that the first frame shows.
    pub first_step: u64,
}

impl FilmName {
    /// What the name of a file says; `None` when it is not that of such a film.
    pub fn parse(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(".mp4")?;
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|number| plain && *number < NUMBER_MAX)
        };
        // Stable-Baselines3 has the end of a film in its name, too: `rl-video-step-400-to-step-600`.
        let stem = match stem.rsplit_once("-to-step-") {
            Some((begin, end)) if number(end).is_some() => begin,
            _ => stem,
        };
        match (stem.rsplit_once("episode-"), stem.rsplit_once("step-")) {
            (Some((_, digits)), _) if number(digits).is_some() => number(digits).map(Self::Episode),
            (_, Some((_, digits))) => number(digits).map(Self::Step),
            _ => None,
        }
    }

    /// The episode among `rows` that the film shows. `RecordVideo` counts the resets and steps of one environment, the first
    /// where there are several: so do we. `None` when no row is known to be it.
    pub fn place(self, rows: &[EpisodeRow]) -> Option<FilmPlace> {
        let mut own = rows.iter().enumerate().filter(|(_, row)| row.env_index == 0 && row.agent.is_none());
        match self {
            Self::Episode(number) => {
                let (row, _) = own.nth(usize::try_from(number).ok()?)?;
                Some(FilmPlace { row, first_step: 0 })
            }
            Self::Step(number) => {
                let mut taken = 0_u64;
                own.find_map(|(row, known)| {
                    let first_step = number.checked_sub(taken)?;
                    taken = taken.saturating_add(known.length);
                    (first_step < known.length).then_some(FilmPlace { row, first_step })
                })
            }
        }
    }
}

/// The row that a film stands for, of an episode that nobody counted; `time_us` is when the film was written.
pub fn film_alone(episode: u64, time_us: i64) -> EpisodeRow {
    EpisodeRow {
        episode,
        env_index: 0,
        agent: None,
        seed: None,
        end: EpisodeEnd::Unknown,
        episode_return: f64::NAN,
        length: 0,
        global_step: 0,
        started_us: time_us,
        ended_us: Some(time_us),
        recorded: false,
        evaluation: false,
        checkpoint: None,
        env_return: None,
        extra: Map::new(),
    }
}

/// Is this a row that only a film stands for?
pub fn is_film_alone(row: &EpisodeRow) -> bool {
    row.end == EpisodeEnd::Unknown && row.length == 0 && row.extra.contains_key("video_blob")
}

/// Says in the `extra` of an episode that it has a film (`docs/format.md`, Films).
pub fn attach_film(extra: &mut Map<String, Value>, name: &str, hash: &str, bytes: u64, first_step: u64) {
    extra.insert("video".into(), name.into());
    extra.insert("video_blob".into(), hash.into());
    extra.insert("video_bytes".into(), bytes.into());
    extra.insert("video_first_step".into(), first_step.into());
}

/// Whether an episode has a film.
pub fn has_film(row: &EpisodeRow) -> bool {
    row.extra.get("video_blob").is_some_and(Value::is_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(of: &[(u32, u64)]) -> Vec<EpisodeRow> {
        let row = |(at, &(env_index, length)): (usize, &(u32, u64))| EpisodeRow {
            env_index,
            end: EpisodeEnd::Terminated,
            episode_return: 0.0,
            length,
            ..film_alone(at as u64, 0)
        };
        of.iter().enumerate().map(row).collect()
    }

    #[test]
    fn row_b15_the_name_of_a_film_says_what_it_shows() {
        for (name, expected) in [
            ("rl-video-episode-0.mp4", Some(FilmName::Episode(0))),
            ("CartPole-episode-125.mp4", Some(FilmName::Episode(125))),
            ("rl-video-step-1000.mp4", Some(FilmName::Step(1000))),
            ("episode-3-step-40.mp4", Some(FilmName::Step(40))),
            ("rl-video-step-400-to-step-600.mp4", Some(FilmName::Step(400))),
            ("rl-video-step-x-to-step-600.mp4", None),
            ("step-40-episode-3.mp4", Some(FilmName::Episode(3))),
            ("rl-video-episode-1.meta.json", None),
            ("rl-video-episode-x.mp4", None),
            ("rl-video-episode-+1.mp4", None),
            ("rl-video-episode-99999999999999999999.mp4", None),
            ("film.mp4", None),
        ] {
            assert_eq!(FilmName::parse(name), expected, "{name}");
        }
    }

    #[test]
    fn row_b15_films_are_counted_in_the_first_environment() {
        let rows = rows(&[(0, 10), (1, 99), (0, 5), (1, 99), (0, 7)]);
        let place = |row, first_step| Some(FilmPlace { row, first_step });
        assert_eq!(FilmName::Episode(0).place(&rows), place(0, 0));
        assert_eq!(FilmName::Episode(2).place(&rows), place(4, 0));
        assert_eq!(FilmName::Episode(3).place(&rows), None);
        assert_eq!(FilmName::Step(9).place(&rows), place(0, 9));
        assert_eq!(FilmName::Step(10).place(&rows), place(2, 0));
        assert_eq!(FilmName::Step(21).place(&rows), place(4, 6));
        assert_eq!(FilmName::Step(22).place(&rows), None);
        assert_eq!(FilmName::Step(0).place(&[]), None);
    }
}
