//! What a report is to have.

use serde::{Deserialize, Serialize};

use crate::{
    error::{ApiError, ApiResult},
    limits::{REPORT_EPISODES_MAX, REPORT_QUESTIONS_MAX, REPORT_RUNS_MAX, REPORT_TEXT_BYTES_MAX},
};

/// The body of `POST /api/reports`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportRequest {
    /// Its heading; the names of its runs when empty.
    pub title: String,
    /// Free text at its beginning, shown as it is.
    pub note: String,
    /// Ids of runs, in the order in which people read them.
    pub runs: Vec<String>,
    /// Which scalars: patterns in which `*` stands for anything, or regular expressions between slashes; all when there are none.
    pub tags: Vec<String>,
    /// Which episodes, none unless they are named.
    pub episodes: Vec<ReportEpisode>,
    /// Asked about every step of every episode.
    pub explanations: Vec<ReportExplanation>,
    /// Layers taken apart, over every step of every episode.
    pub features: Vec<ReportFeatures>,
    /// The command that makes it again; made up from the rest when empty.
    pub command: String,
}

/// An episode of a report.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReportEpisode {
    /// Id of its run.
    pub run: String,
    /// Which.
    pub episode: EpisodeChoice,
    /// First step.
    #[serde(default)]
    pub from: u64,
    /// The step after the last; left out for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
}

/// Which episode of a run.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum EpisodeChoice {
    /// By its index.
    Index(u64),
    /// By what it is among those that were recorded.
    Named(NamedEpisode),
}

/// An episode by what it is.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum NamedEpisode {
    /// That with the largest return; of several the newest.
    Best,
    /// The newest.
    Last,
}

impl EpisodeChoice {
    /// As people type it: `3`, `best` or `last`.
    ///
    /// **Errors**: a text that says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "best" => Ok(Self::Named(NamedEpisode::Best)),
            "last" => Ok(Self::Named(NamedEpisode::Last)),
            _ => text
                .parse()
                .map(Self::Index)
                .map_err(|_| format!("expected an episode as a whole number, best or last, found {text:?}")),
        }
    }
}

impl std::fmt::Display for EpisodeChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Index(index) => write!(f, "{index}"),
            Self::Named(NamedEpisode::Best) => f.write_str("best"),
            Self::Named(NamedEpisode::Last) => f.write_str("last"),
        }
    }
}

/// A question about each step.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct ReportExplanation {
    /// Name of the method.
    pub method: String,
    /// What is explained.
    #[serde(default = "action")]
    pub target: String,
    /// The hidden layer that is looked at; the observation when left out.
    #[serde(default)]
    pub layer: Option<String>,
}

/// A layer taken apart.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct ReportFeatures {
    /// Which layer; the recommended one when left out.
    #[serde(default)]
    pub layer: Option<String>,
    /// `activations`, or a target.
    #[serde(default = "activations")]
    pub of: String,
    /// Into how many features.
    #[serde(default = "factors")]
    pub factors: usize,
}

fn action() -> String {
    "action".into()
}

fn activations() -> String {
    "activations".into()
}

fn factors() -> usize {
    8
}

impl ReportRequest {
    /// **Errors**: 400 and 413, before any work.
    pub fn check(&self) -> ApiResult<()> {
        if self.runs.is_empty() {
            return Err(ApiError::bad_request("runs: a report is about one run at least, found none"));
        }
        let texts = [
            ("bytes of the title", &self.title),
            ("bytes of the note", &self.note),
            ("bytes of the command", &self.command),
        ];
        let counts = [
            ("runs of a report", self.runs.len(), REPORT_RUNS_MAX),
            ("tags of a report", self.tags.len(), REPORT_QUESTIONS_MAX),
            ("episodes of a report", self.episodes.len(), REPORT_EPISODES_MAX),
            ("explanations of a report", self.explanations.len(), REPORT_QUESTIONS_MAX),
            ("features of a report", self.features.len(), REPORT_QUESTIONS_MAX),
        ];
        let texts = texts.iter().map(|(what, text)| (*what, text.len(), REPORT_TEXT_BYTES_MAX));
        for (what, found, most) in counts.into_iter().chain(texts) {
            if found > most {
                return Err(ApiError::too_large(what, found as u64, most as u64));
            }
        }
        for one in &self.episodes {
            if !self.runs.contains(&one.run) {
                let message = format!("episodes: run {:?} is not among the runs of the report", one.run);
                return Err(ApiError::bad_request(message));
            }
            if one.to.is_some_and(|to| to <= one.from) {
                let message =
                    format!("steps: expected the first before the end, found {}..{}", one.from, one.to.unwrap_or(0));
                return Err(ApiError::bad_request(message));
            }
        }
        Ok(())
    }

    /// The command that makes the report again, for the runs of folders that are called as their ids are.
    pub fn command_line(&self) -> String {
        if !self.command.is_empty() {
            return self.command.clone();
        }
        let mut words = vec!["ethogram".to_owned(), "report".to_owned()];
        words.extend(self.runs.iter().map(|run| quoted(run)));
        words.extend(["-o".to_owned(), "report.html".to_owned()]);
        let mut option = |name: &str, value: &str| words.extend([format!("--{name}"), quoted(value)]);
        let mut seen = Vec::new();
        for one in &self.episodes {
            if !seen.contains(&one.episode) {
                seen.push(one.episode);
                option("episode", &one.episode.to_string());
            }
        }
        if let Some(one) = self.episodes.iter().find(|one| one.from > 0 || one.to.is_some()) {
            option("steps", &format!("{}..{}", one.from, one.to.map_or(String::new(), |to| to.to_string())));
        }
        self.tags.iter().for_each(|tag| option("tag", tag));
        let mut each = |name: &str, all: Vec<&str>| {
            let mut told: Vec<&str> = Vec::new();
            for one in all {
                if !told.contains(&one) {
                    told.push(one);
                    option(name, one);
                }
            }
        };
        each("method", self.explanations.iter().map(|one| one.method.as_str()).collect());
        each("target", self.explanations.iter().map(|one| one.target.as_str()).collect());
        each("layer", self.explanations.iter().filter_map(|one| one.layer.as_deref()).collect());
        if let Some(features) = self.features.first() {
            option("features", &features.factors.to_string());
            option("features-of", &features.of);
            if let Some(layer) = &features.layer {
                option("features-layer", layer);
            }
        }
        if !self.title.is_empty() {
            option("title", &self.title);
        }
        if !self.note.is_empty() {
            option("note", &self.note);
        }
        words.join(" ")
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || "-_./:=@%+,".contains(sign);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_says_what_was_asked_for() {
        let request: ReportRequest = serde_json::from_value(serde_json::json!({
            "runs": ["01J", "it's"], "title": "A < B", "tags": ["losses/*"],
            "episodes": [{"run": "01J", "episode": "best", "from": 3, "to": 9}, {"run": "it's", "episode": 4}],
            "explanations": [{"method": "saliency"}, {"method": "saliency", "target": "value"}],
        }))
        .expect("a request");
        request.check().expect("sound");
        assert_eq!(
            request.command_line(),
            r"ethogram report 01J 'it'\''s' -o report.html --episode best --episode 4 --steps 3..9 --tag 'losses/*' --method saliency --target action --target value --title 'A < B'"
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let check = |value: serde_json::Value| serde_json::from_value::<ReportRequest>(value).expect("a body").check();
        assert!(check(serde_json::json!({})).is_err());
        let far = serde_json::json!({"runs": ["a"], "episodes": [{"run": "b", "episode": 0}]});
        assert!(check(far).expect_err("a stranger").message.contains("\"b\" is not among"));
        let empty = serde_json::json!({"runs": ["a"], "episodes": [{"run": "a", "episode": 0, "from": 5, "to": 5}]});
        assert!(check(empty).expect_err("no steps").message.contains("5..5"));
        let many = serde_json::json!({"runs": vec!["a"; REPORT_RUNS_MAX + 1]});
        assert_eq!(check(many).expect_err("too many").code, "too_large");
        assert!(EpisodeChoice::parse("first").is_err());
    }
}
