//! What a run is called in a benchmark: its algorithm, its task and its seed.

use std::str::FromStr;

use ethogram_store::RunInfo;
use serde_json::Value;

/// Where the name of an algorithm, or of a task, is found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Facet {
    /// As an algorithm: the first of `algo`, `algorithm` and `exp_name` in the config, else the run's group, else its name. As a task:
    /// the environment's id, else the first of `env_id`, `env`, `gym_id` and `env_name` in the config, else the project.
    #[default]
    Auto,
    /// The run's group.
    Group,
    /// The environment's id.
    EnvId,
    /// The run's name.
    Name,
    /// The run's project.
    Project,
    /// A member of the config; dots lead into nested ones: `optimizer.lr`.
    Config(String),
}

const ALGORITHM_KEYS: [&str; 3] = ["algo", "algorithm", "exp_name"];
const TASK_KEYS: [&str; 4] = ["env_id", "env", "gym_id", "env_name"];

impl FromStr for Facet {
    type Err = String;

    /// `auto`, `group`, `env_id`, `name`, `project`, or a key of the config, which may be written `config:KEY` where it is one of these.
    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "" => {
                return Err("expected auto, group, env_id, name, project or a key of the config, found nothing".into());
            }
            "auto" => Self::Auto,
            "group" => Self::Group,
            "env_id" => Self::EnvId,
            "name" => Self::Name,
            "project" => Self::Project,
            key => Self::Config(key.strip_prefix("config:").unwrap_or(key).to_owned()),
        })
    }
}

impl Facet {
    pub(super) fn algorithm(&self, info: &RunInfo) -> Option<String> {
        let keys = || ALGORITHM_KEYS.iter().find_map(|key| config_text(&info.config, key));
        match self {
            Self::Auto => keys().or_else(|| some(info.group.as_deref())).or_else(|| some(Some(&info.name))),
            chosen => chosen.plain(info),
        }
    }

    pub(super) fn task(&self, info: &RunInfo) -> Option<String> {
        let keys = || TASK_KEYS.iter().find_map(|key| config_text(&info.config, key));
        match self {
            Self::Auto => Self::EnvId.plain(info).or_else(keys).or_else(|| some(Some(&info.project))),
            // Scripts that make their environment themselves tell its id in the config.
            Self::EnvId => Self::EnvId.plain(info).or_else(keys),
            chosen => chosen.plain(info),
        }
    }

    fn plain(&self, info: &RunInfo) -> Option<String> {
        match self {
            Self::Auto => None,
            Self::Group => some(info.group.as_deref()),
            Self::EnvId => some(info.env.as_ref().map(|env| env.id.as_str())),
            Self::Name => some(Some(&info.name)),
            Self::Project => some(Some(&info.project)),
            Self::Config(key) => config_text(&info.config, key),
        }
    }
}

fn some(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A member of the config as text; of what is nested, by its path with dots.
pub(super) fn config_text(config: &Value, key: &str) -> Option<String> {
    let found = config.get(key).or_else(|| key.split('.').try_fold(config, |value, part| value.get(part)))?;
    match found {
        Value::String(text) => some(Some(text)),
        Value::Number(_) | Value::Bool(_) => Some(found.to_string()),
        _ => None,
    }
}

/// Members of the config that are no objects themselves, by their path, as text.
pub(super) fn config_members(config: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    config_values(config).into_iter().map(|(path, value)| (path, text(value))).collect()
}

/// The same as they are.
pub(super) fn config_values(config: &Value) -> Vec<(String, &Value)> {
    fn walk<'a>(path: &str, value: &'a Value, found: &mut Vec<(String, &'a Value)>) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    walk(&path, value, found);
                }
            }
            other => found.push((path.to_owned(), other)),
        }
    }
    let mut found = Vec::new();
    walk("", config, &mut found);
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn algorithms_and_tasks_are_found_where_people_write_them() {
        let run = |config: Value, group: Option<&str>| RunInfo {
            config,
            group: group.map(str::to_owned),
            name: "pong-1".into(),
            project: "atari".into(),
            ..RunInfo::default()
        };
        let auto = |info: &RunInfo| (Facet::Auto.algorithm(info), Facet::Auto.task(info));
        let both = |a: &str, b: &str| (Some(a.to_owned()), Some(b.to_owned()));
        assert_eq!(
            auto(&run(json!({"exp_name": "dqn_atari", "env_id": "Pong-v5"}), None)),
            both("dqn_atari", "Pong-v5")
        );
        assert_eq!(auto(&run(json!({"algo": "ppo", "exp_name": "x"}), Some("g"))), both("ppo", "atari"));
        assert_eq!(auto(&run(json!({}), Some("g"))), both("g", "atari"));
        assert_eq!(auto(&run(json!({}), None)), both("pong-1", "atari"));
        let nested = run(json!({"optimizer": {"lr": 0.1}, "group": true}), None);
        let of = |text: &str| text.parse::<Facet>().expect("a facet").algorithm(&nested);
        assert_eq!(of("optimizer.lr"), Some("0.1".into()));
        assert_eq!((of("config:group"), of("group"), of("optimizer")), (Some("true".into()), None, None));
        assert!("".parse::<Facet>().is_err());
    }
}
