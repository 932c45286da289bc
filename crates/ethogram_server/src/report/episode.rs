//! What a report has of an episode: its description, its fields, its pictures.

use serde_json::Value;

use super::{
    film::{self, is_filmed, without_film},
    maker::Maker,
    request::{EpisodeChoice, NamedEpisode, ReportEpisode},
    run::{DescribedRun, keep_json},
};
use crate::{error::ApiResult, limits::REPORT_FIELD_BYTES_MAX};

/// Steps of one question about explanations, as many as the server takes.
pub const BLOCK: u64 = 64;

/// Shares of the worst outcomes that the policy panel offers.
const TAILS: [&str; 3] = ["0.05", "0.1", "0.25"];

/// An episode whose steps `from <= step < to` are taken.
pub struct PlannedEpisode {
    pub run: String,
    pub run_name: String,
    pub episode: u64,
    pub from: u64,
    pub to: u64,
    /// Steps that were recorded.
    pub steps: u64,
    detail: Value,
    fields: Vec<PlannedField>,
    /// A film stands for pictures that were not recorded.
    filmed: bool,
}

struct PlannedField {
    name: String,
    image: bool,
    wide: bool,
}

/// Looks an episode up; `None` where it was neither recorded nor filmed.
pub async fn plan(maker: &mut Maker<'_>, run: &DescribedRun, ask: &ReportEpisode) -> ApiResult<Option<PlannedEpisode>> {
    let found = chosen(&run.recorded, ask.episode).or_else(|| chosen(&run.filmed, ask.episode));
    let Some(episode) = found else { return Ok(None) };
    let mut detail = maker.asker.json(&["runs", &run.id, "episodes", &episode.to_string()], &[], None).await?;
    let steps = detail["steps"].as_u64().unwrap_or(0);
    let to = ask.to.unwrap_or(u64::MAX).min(steps);
    let has_film = is_filmed(&detail["episode"]["extra"]);
    if ask.from >= to && !(steps == 0 && has_film) {
        return Ok(None);
    }
    let from = ask.from.min(to);
    let mut fields = Vec::new();
    let all = detail["fields"].as_array().cloned().unwrap_or_default();
    let mut listed = Vec::new();
    for field in all {
        let name = field["name"].as_str().unwrap_or_default().to_owned();
        let width =
            field["shape"].as_array().map_or(1, |shape| shape.iter().filter_map(Value::as_u64).product::<u64>());
        let image = field["image"].as_bool().unwrap_or(false);
        // What an average is of, and what an attribution is asked about, is chosen in the browser.
        if field["axis"] != "step" || name == "smooth" || name.starts_with("attribution/") {
            continue;
        }
        let bytes = width.saturating_mul(8).saturating_mul(to - from);
        if !image && bytes > REPORT_FIELD_BYTES_MAX {
            maker.left_out.push(format!("{name} of episode {episode} of {}: too large for a page", run.name));
            continue;
        }
        fields.push(PlannedField { image, wide: width > 1 && !field["dtype"].is_null(), name });
        listed.push(field);
    }
    let filmed = has_film && !fields.iter().any(|field| field.image);
    detail["fields"] = listed.into();
    detail["steps"] = to.into();
    Ok(Some(PlannedEpisode {
        run: run.id.clone(),
        run_name: run.name.clone(),
        episode,
        from,
        to,
        steps,
        detail,
        fields,
        filmed,
    }))
}

fn asked_of(name: &str) -> (&'static str, String) {
    ("names", name.to_owned())
}

fn chosen(recorded: &[(u64, f64)], choice: EpisodeChoice) -> Option<u64> {
    let found = match choice {
        EpisodeChoice::Index(index) => recorded.iter().find(|(episode, _)| *episode == index),
        EpisodeChoice::Named(NamedEpisode::Last) => recorded.last(),
        EpisodeChoice::Named(NamedEpisode::Best) => {
            // A return that is no number is none; of equal ones the newest counts.
            let finite = recorded.iter().filter(|(_, total)| total.is_finite());
            finite.max_by(|(_, one), (_, other)| one.total_cmp(other)).or(recorded.last())
        }
    };
    found.map(|(episode, _)| *episode)
}

impl PlannedEpisode {
    /// Questions of [`PlannedEpisode::keep`].
    pub fn questions(&self) -> u64 {
        2 + 2 * u64::from(self.filmed)
            + self.fields.iter().map(|field| if field.wide && !field.image { 2 } else { 1 }).sum::<u64>()
    }

    /// Blocks of steps.
    pub fn blocks(&self) -> u64 {
        (self.to - self.from).div_ceil(BLOCK)
    }

    /// The steps of each block.
    pub fn ranges(&self) -> impl Iterator<Item = (u64, u64)> {
        let to = self.to;
        (self.from..to).step_by(BLOCK as usize).map(move |first| (first, to.min(first + BLOCK)))
    }

    /// Whether a field is numbers to be read rather than a picture to be seen.
    pub fn is_vector(&self, name: &str) -> bool {
        let fields = self.detail["fields"].as_array();
        let field = fields.and_then(|fields| fields.iter().find(|field| field["name"] == name));
        let is_flat = |field: &Value| field["shape"].as_array().is_none_or(|shape| shape.len() < 2);
        field.is_some_and(|field| field["image"] != true && is_flat(field))
    }

    /// Keeps the description, every field and every picture, or the film that stands for pictures.
    pub async fn keep(&self, maker: &mut Maker<'_>) -> ApiResult<()> {
        let episode = self.episode.to_string();
        let path = ["runs", &self.run, "episodes", &episode];
        let mut detail = self.detail.clone();
        if !(self.filmed && film::keep(maker, self).await?) {
            without_film(&mut detail["episode"]["extra"]);
        }
        keep_json(maker, &path, &[], &detail).await?;
        let range = [("from", self.from.to_string()), ("to", self.to.to_string())];
        for field in &self.fields {
            let PlannedField { name, image, wide } = field;
            let asked = (if *image { "field" } else { "names" }, name.clone());
            let route = if *image { "frames" } else { "fields" };
            let [from, to] = range.clone();
            let answer = maker.asker.ask(&[&path[..], &[route]].concat(), &[asked.clone(), from, to], None).await?;
            let phase = if *image { "pictures" } else { "fields" };
            maker.keep_answer(phase, &[&path[..], &[route]].concat(), &[asked], &answer).await?;
            if name == "cvar" {
                for tail in TAILS {
                    let tailed = [asked_of(name), ("cvar.alpha", tail.to_owned())];
                    let [from, to] = range.clone();
                    let query = [&tailed[..], &[from, to]].concat();
                    let answer = maker.asker.ask(&[&path[..], &["fields"]].concat(), &query, None).await?;
                    maker.book.keep(&[&path[..], &["fields"]].concat(), &tailed, &answer.bytes, None).await?;
                }
            }
            if *wide && !image {
                let asked = [("name", name.clone())];
                // A field without finite numbers has no extent, and needs none.
                match maker.asker.ask(&[&path[..], &["extents"]].concat(), &asked, None).await {
                    Ok(answer) => {
                        maker.keep_answer(phase, &[&path[..], &["extents"]].concat(), &asked, &answer).await?;
                    }
                    Err(_) => maker.done(phase)?,
                }
            }
        }
        // Found events are of the steps before the end of the report, and only where the episode has what they need.
        match maker.asker.json(&[&path[..], &["events"]].concat(), &[], None).await {
            Ok(events) => keep_json(maker, &[&path[..], &["events"]].concat(), &[], &events).await,
            Err(_) => maker.done("events"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn episodes_are_chosen_by_what_they_are() {
        let recorded = [(2, 5.0), (4, f64::NAN), (7, 9.0), (8, 9.0), (9, 1.0)];
        let check = |text: &str| chosen(&recorded, EpisodeChoice::parse(text).expect("a choice"));
        assert_eq!((check("best"), check("last"), check("4"), check("5")), (Some(8), Some(9), Some(4), None));
        let broken = [(1, f64::NAN)];
        assert_eq!(chosen(&broken, EpisodeChoice::Named(NamedEpisode::Best)), Some(1));
        assert_eq!(chosen(&[], EpisodeChoice::Named(NamedEpisode::Best)), None);
    }
}
