//! What people say of a run, its episodes and moments in them; `meta/notes.json`. No training process writes it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::columns::STEP_MAX;
use crate::document::{DocumentFile, Stored, Version, check_text, parse, text_of};
use crate::{Error, FeatureLabel, Result};

/// Where the notes of a run lie, relative to it.
pub const NOTES_FILE: &str = "meta/notes.json";
/// Longest document, in bytes of compact JSON.
pub const NOTES_BYTES_MAX: usize = 256 << 10;
/// Longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 200;
/// Longest description or note, in characters.
pub const TEXT_CHARS_MAX: usize = 20_000;
/// Longest tag, in characters.
pub const TAG_CHARS_MAX: usize = 100;
/// Most tags of a run or an episode.
pub const TAGS_MAX: usize = 100;
/// Most hotspots of an episode.
pub const HOTSPOTS_MAX: usize = 1_000;
/// Most probes of an episode.
pub const PROBES_MAX: usize = 200;
/// Largest index of an episode.
const EPISODE_MAX: u64 = 1 << 53;
/// Longest file that is read: what is short in compact JSON takes more with its line breaks and indents.
const FILE_BYTES_MAX: u64 = 8 * NOTES_BYTES_MAX as u64;

/// What people say of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notes {
    /// Shown instead of the run's name; `None` where nobody gave one.
    pub title: Option<String>,
    /// Free text, shown as it is.
    pub description: String,
    /// Free words.
    pub tags: Vec<String>,
    /// By index of the episode.
    pub episodes: BTreeMap<u64, EpisodeNotes>,
    /// Of features of layers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<FeatureLabel>,
}

/// What people call a run: of its [`Notes`], what a table of runs shows and searches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Shown instead of the run's name; `None` where nobody gave one.
    pub title: Option<String>,
    /// Free words.
    pub tags: Vec<String>,
}

impl From<Notes> for Words {
    fn from(notes: Notes) -> Self {
        Self { title: notes.title, tags: notes.tags }
    }
}

/// What people say of an episode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EpisodeNotes {
    /// `None` where nobody gave one.
    pub title: Option<String>,
    /// Free text, shown as it is.
    pub description: String,
    /// Free words.
    pub tags: Vec<String>,
    /// By first step, then last.
    pub hotspots: Vec<Hotspot>,
    /// By name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<Probe>,
}

/// A question that was asked of the policy and is worth asking again: a step, and edits of what it received there.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Unique in its episode.
    pub name: String,
    /// Which step.
    pub step: u64,
    /// As the web app writes them into addresses; the store does not read them.
    pub edits: String,
}

/// Some steps of an episode that are worth a look.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hotspot {
    /// First step.
    pub from: u64,
    /// Last step, which belongs to it; the first where it is a moment.
    pub to: u64,
    /// A few words.
    #[serde(default)]
    pub title: String,
    /// Free text, shown as it is.
    #[serde(default)]
    pub note: String,
}

impl Notes {
    /// Brings the document into the order in which it is kept: hotspots by step, tags once each. An episode of which nothing is said
    /// stays: people took away what a script had said.
    ///
    /// # Errors
    /// Something is over a limit, which is named, or cannot be kept.
    pub fn checked(mut self) -> Result<Self> {
        check_said(None, self.title.as_deref(), &self.description, &mut self.tags)?;
        for (&episode, notes) in &mut self.episodes {
            check_most(&format!("episode {episode}: index"), EPISODE_MAX, episode)?;
            check_said(Some(episode), notes.title.as_deref(), &notes.description, &mut notes.tags)?;
            notes.check_hotspots(episode)?;
            notes.check_probes(episode)?;
        }
        FeatureLabel::check_all(&mut self.features)?;
        let bytes = serde_json::to_vec(&self).map_or(0, |text| text.len());
        check_most("bytes of the notes of a run", NOTES_BYTES_MAX as u64, bytes as u64)?;
        Ok(self)
    }
}

impl EpisodeNotes {
    fn check_hotspots(&mut self, episode: u64) -> Result<()> {
        let of = |what: &str| format!("{what} of episode {episode}");
        check_most(&of("number of hotspots"), HOTSPOTS_MAX as u64, self.hotspots.len() as u64)?;
        for spot in &self.hotspots {
            check_most(&of("a step of a hotspot"), STEP_MAX, spot.from.max(spot.to))?;
            if spot.to < spot.from {
                let what = format!("the hotspot from step {} to step {} of episode {episode}", spot.from, spot.to);
                return Err(Error::BadDocument { what, why: "it ends before it begins" });
            }
            check_text(&of("the title of a hotspot"), &spot.title, TITLE_CHARS_MAX, false)?;
            check_text(&of("the note of a hotspot"), &spot.note, TEXT_CHARS_MAX, true)?;
        }
        self.hotspots.sort();
        Ok(())
    }
}

impl EpisodeNotes {
    fn check_probes(&mut self, episode: u64) -> Result<()> {
        let of = |what: &str| format!("{what} of episode {episode}");
        check_most(&of("number of probes"), PROBES_MAX as u64, self.probes.len() as u64)?;
        for probe in &self.probes {
            check_most(&of("the step of a probe"), STEP_MAX, probe.step)?;
            if probe.name.trim().is_empty() {
                return Err(Error::BadDocument { what: of("the name of a probe"), why: "it is empty" });
            }
            check_text(&of("the name of a probe"), &probe.name, TITLE_CHARS_MAX, false)?;
            check_text(&of("the edits of a probe"), &probe.edits, TEXT_CHARS_MAX, false)?;
        }
        self.probes.sort();
        if let Some(twice) = self.probes.windows(2).find(|pair| pair[0].name == pair[1].name) {
            let what = format!("the probe {:?} of episode {episode}", twice[0].name);
            return Err(Error::BadDocument { what, why: "another probe has that name" });
        }
        Ok(())
    }
}

/// Checks what a run and an episode have in common; keeps the first of equal tags.
fn check_said(episode: Option<u64>, title: Option<&str>, description: &str, tags: &mut Vec<String>) -> Result<()> {
    let of = |what: &str| match episode {
        None => format!("{what} of the run"),
        Some(episode) => format!("{what} of episode {episode}"),
    };
    check_text(&of("the title"), title.unwrap_or_default(), TITLE_CHARS_MAX, false)?;
    check_text(&of("the description"), description, TEXT_CHARS_MAX, true)?;
    check_most(&of("number of tags"), TAGS_MAX as u64, tags.len() as u64)?;
    for tag in tags.iter() {
        if tag.trim().is_empty() {
            return Err(Error::BadDocument { what: of("a tag"), why: "it is empty" });
        }
        check_text(&of("a tag"), tag, TAG_CHARS_MAX, false)?;
    }
    let mut known = std::collections::BTreeSet::new();
    tags.retain(|tag| known.insert(tag.clone()));
    Ok(())
}

fn check_most(what: &str, limit: u64, found: u64) -> Result<()> {
    if found <= limit { Ok(()) } else { Err(Error::TooLarge { what: what.to_owned(), limit, found }) }
}

/// The notes of the run in a folder; empty when nobody wrote any.
///
/// # Errors
/// The file cannot be read. One that cannot be understood is a [`Stored`] value.
pub fn read_notes(run_dir: &Path) -> Result<Stored<Notes>> {
    Ok(held_to_limits(file(run_dir).read()?, &run_dir.join(NOTES_FILE)))
}

/// Notes from the bytes of their file, which lies at `path`.
pub fn parse_notes(bytes: &[u8], path: &Path) -> Stored<Notes> {
    held_to_limits(parse(bytes, WHAT, path.to_owned()), path)
}

/// A file that somebody wrote by hand is held to the same limits as ours.
fn held_to_limits(stored: Stored<Notes>, path: &Path) -> Stored<Notes> {
    let corrupt = |error: Error| match error {
        Error::Corrupt { .. } => error,
        other => Error::Corrupt {
            what: WHAT.into(),
            expected: "notes within their limits".into(),
            found: other.to_string(),
            path: path.to_owned(),
        },
    };
    Stored { version: stored.version, document: stored.document.and_then(Notes::checked).map_err(corrupt) }
}

/// Replaces the notes of the run in a folder, if they still are those `seen`; gives them as they are kept.
/// The change is on the disk when this returns.
///
/// # Errors
/// [`Error::Changed`] when somebody else wrote in between, [`Error::ReadOnly`] when nothing may be written there,
/// and those of [`Notes::checked`].
pub fn write_notes(run_dir: &Path, notes: Notes, seen: Version) -> Result<Stored<Notes>> {
    let notes = notes.checked()?;
    let text = text_of(&notes);
    let version = Version::of(&text);
    file(run_dir).change(Some(seen), |_: Notes| Ok((text, ())))?;
    Ok(Stored { version, document: Ok(notes) })
}

const WHAT: &str = "notes of the run";

fn file(run_dir: &Path) -> DocumentFile {
    DocumentFile::new(run_dir, &["meta"], "notes.json", WHAT, FILE_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(from: u64, to: u64, title: &str) -> Hotspot {
        Hotspot { from, to, title: title.into(), note: String::new() }
    }

    fn with_episode(episode: u64, notes: EpisodeNotes) -> Notes {
        Notes { episodes: BTreeMap::from([(episode, notes)]), ..Notes::default() }
    }

    #[test]
    fn what_was_written_is_read_in_order() {
        let run = tempfile::tempdir().expect("a folder");
        let before = read_notes(run.path()).expect("read");
        assert_eq!(before.document.expect("none yet"), Notes::default());
        let said = EpisodeNotes {
            tags: vec!["loop".into(), "odd".into(), "loop".into()],
            hotspots: vec![spot(9, 12, "b"), spot(3, 3, "a")],
            ..EpisodeNotes::default()
        };
        let mut notes = with_episode(3, said);
        notes.title = Some("the one with the <b>loop</b>".into());
        notes.episodes.insert(4, EpisodeNotes::default());
        let written = write_notes(run.path(), notes, before.version).expect("written");
        let kept = written.document.expect("kept");
        assert_eq!(kept.episodes[&4], EpisodeNotes::default(), "what people took away");
        assert_eq!(kept.episodes[&3].tags, ["loop", "odd"]);
        assert_eq!(kept.episodes[&3].hotspots, [spot(3, 3, "a"), spot(9, 12, "b")]);
        let read = read_notes(run.path()).expect("read");
        assert_eq!((read.version, read.document.expect("sound")), (written.version, kept));
        let again = write_notes(run.path(), Notes::default(), before.version);
        assert!(again.is_err_and(|error| error.is_changed()));
    }

    #[test]
    fn the_document_is_as_the_web_app_and_people_see_it() {
        let said = EpisodeNotes { hotspots: vec![spot(3, 9, "tunnel")], ..EpisodeNotes::default() };
        let text = serde_json::to_string(&with_episode(3, said)).expect("json");
        let expected = r#"{"title":null,"description":"","tags":[],"episodes":{"3":{"title":null,"description":"","tags":[],"hotspots":[{"from":3,"to":9,"title":"tunnel","note":""}]}}}"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Notes>("{}").expect("empty"), Notes::default());
    }

    #[test]
    fn probes_are_kept_by_name_each_once() {
        let probe = |name: &str| Probe { name: name.into(), step: 7, edits: "e1:0.5".into() };
        let of = |probes: Vec<Probe>| with_episode(3, EpisodeNotes { probes, ..EpisodeNotes::default() });
        let kept = of(vec![probe("no ball"), probe("a tunnel")]).checked().expect("kept");
        assert_eq!(kept.episodes[&3].probes, [probe("a tunnel"), probe("no ball")]);
        let text = serde_json::to_string(&kept.episodes[&3].probes[0]).expect("json");
        assert_eq!(text, r#"{"name":"a tunnel","step":7,"edits":"e1:0.5"}"#);
        let check = |probes: Vec<Probe>, expected: &str| {
            assert_eq!(of(probes).checked().expect_err(expected).to_string(), expected);
        };
        check(
            vec![probe("a"), probe("a")],
            "the probe \"a\" of episode 3 cannot be stored: another probe has that name",
        );
        check(vec![probe(" ")], "the name of a probe of episode 3 cannot be stored: it is empty");
        check(
            (0..201).map(|at| probe(&at.to_string())).collect(),
            "number of probes of episode 3 is 201, over the limit of 200",
        );
    }

    #[test]
    fn what_cannot_be_kept_is_refused_by_name() {
        let check = |notes: Notes, expected: &str| {
            assert_eq!(notes.checked().expect_err(expected).to_string(), expected);
        };
        let title = |count: usize| Some("é".repeat(count));
        Notes { title: title(TITLE_CHARS_MAX), ..Notes::default() }.checked().expect("200 characters are no more");
        check(
            Notes { title: title(201), ..Notes::default() },
            "number of characters of the title of the run is 201, over the limit of 200",
        );
        check(
            Notes { title: Some("a\nb".into()), ..Notes::default() },
            "the title of the run cannot be stored: it holds a control character",
        );
        check(Notes { tags: vec![" ".into()], ..Notes::default() }, "a tag of the run cannot be stored: it is empty");
        check(
            Notes { tags: vec!["x".into(); 101], ..Notes::default() },
            "number of tags of the run is 101, over the limit of 100",
        );
        let of = |hotspots: Vec<Hotspot>| with_episode(7, EpisodeNotes { hotspots, ..EpisodeNotes::default() });
        check(
            of(vec![spot(5, 4, "")]),
            "the hotspot from step 5 to step 4 of episode 7 cannot be stored: it ends before it begins",
        );
        check(
            of(vec![spot(0, STEP_MAX + 1, "")]),
            "a step of a hotspot of episode 7 is 100000001, over the limit of 100000000",
        );
        check(of(vec![spot(0, 0, ""); 1_001]), "number of hotspots of episode 7 is 1001, over the limit of 1000");
        let long = Notes { description: "x".repeat(20_000), ..Notes::default() };
        let fourteen = (0..14).map(|index| {
            let said = EpisodeNotes { description: long.description.clone(), ..EpisodeNotes::default() };
            (index, said)
        });
        let error = Notes { episodes: fourteen.collect(), ..long.clone() }.checked().expect_err("300 kB");
        assert!(error.to_string().starts_with("bytes of the notes of a run is 30"), "{error}");
    }

    #[test]
    fn a_file_written_by_hand_is_held_to_the_limits() {
        let check = |text: &str| parse_notes(text.as_bytes(), Path::new("notes.json")).document;
        assert!(check(r#"{"tags": ["a"]}"#).is_ok());
        for bad in [
            r#"{"tags": [""]}"#,
            r#"{"titel": "x"}"#,
            r#"{"episodes": {"-1": {}}}"#,
            r#"{"episodes": {"1": {"hotspots": [{"from": 2, "to": 1}]}}}"#,
        ] {
            assert!(check(bad).is_err_and(|error| error.is_corrupt()), "{bad}");
        }
    }

    #[test]
    fn the_largest_document_can_be_read_back() {
        let run = tempfile::tempdir().expect("a folder");
        let tags: Vec<String> = (0..TAGS_MAX).map(|tag| format!("{tag}")).collect();
        let said = EpisodeNotes { tags, ..EpisodeNotes::default() };
        let mut notes = Notes::default();
        while notes.clone().checked().is_ok() {
            let next = notes.episodes.len() as u64;
            notes.episodes.extend((next..next + 20).map(|episode| (episode, said.clone())));
        }
        notes.episodes.retain(|episode, _| *episode < 400);
        write_notes(run.path(), notes.clone(), Version::default()).expect("written");
        assert_eq!(read_notes(run.path()).expect("read").document.expect("sound"), notes);
    }

    #[test]
    fn no_bytes_of_a_file_make_it_panic() {
        let text =
            text_of(&with_episode(3, EpisodeNotes { hotspots: vec![spot(1, 2, "x")], ..EpisodeNotes::default() }));
        for at in 0..text.len() {
            let _ = parse_notes(&text[..at], Path::new("notes.json"));
            for flip in [1, 0x20, 0x80] {
                let mut other = text.clone();
                other[at] ^= flip;
                let _ = parse_notes(&other, Path::new("notes.json"));
            }
        }
    }
}
