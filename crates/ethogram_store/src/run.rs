//! The identity of a run (`run.json`, immutable) and its state (`status.json`, replaced atomically).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{RunCounts, Space};

/// A ULID: 26 characters, sorts by time of creation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

impl RunId {
    /// A new one, of now.
    pub fn new() -> Self {
        Self(ulid::Ulid::generate().to_string())
    }
}

impl Default for RunId {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was started: written once, never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunInfo {
    /// Version of the run format, [`RunInfo::FORMAT_VERSION`] when we write it.
    pub format_version: u32,
    /// Unique for ever.
    pub id: RunId,
    /// For people.
    pub name: String,
    /// Runs that belong together.
    pub project: String,
    /// Runs to be averaged over seeds share a group.
    pub group: Option<String>,
    /// Free words.
    pub tags: Vec<String>,
    /// What the author said of it.
    pub notes: String,
    /// Microseconds since 1970, UTC.
    pub created_us: i64,
    /// Hyper-parameters, nested as given; secrets are filtered by name before they come here.
    pub config: Value,
    /// The environment, when known.
    pub env: Option<EnvSpec>,
    /// Version control state of the training script.
    pub code: Option<CodeState>,
    /// `sys.argv`, secrets filtered.
    pub command: Vec<String>,
    /// Host name.
    pub host: String,
    /// Python version, platform, packages and hardware.
    pub system: BTreeMap<String, Value>,
    /// Discount of training, for derived fields; 0.99 is assumed when absent.
    pub gamma: Option<f64>,
}

impl RunInfo {
    /// The version that this crate writes, and the newest it reads.
    pub const FORMAT_VERSION: u32 = 1;
}

impl Default for RunInfo {
    fn default() -> Self {
        Self {
            format_version: Self::FORMAT_VERSION,
            id: RunId::new(),
            name: String::new(),
            project: "default".into(),
            group: None,
            tags: vec![],
            notes: String::new(),
            created_us: 0,
            config: Value::Object(serde_json::Map::new()),
            env: None,
            code: None,
            command: vec![],
            host: String::new(),
            system: BTreeMap::new(),
            gamma: None,
        }
    }
}

/// What the agent acts in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EnvSpec {
    /// For example `Breakout-v5`.
    pub id: String,
    /// What the policy receives.
    pub observation_space: Option<Space>,
    /// What the policy chooses from.
    pub action_space: Option<Space>,
    /// One name an action, by action id.
    pub action_meanings: Vec<String>,
    /// How each action is drawn, one a name, where its name does not tell: `joystick:up-right+fire`, `arrow:left`, `engine:main`,
    /// `keys:A+B`, `chip:JUMP`.
    pub action_glyphs: Vec<String>,
    /// Groups of actions that people want to see as one.
    pub action_groups: Vec<ActionGroup>,
    /// One name an element of a vector observation.
    pub observation_names: Vec<String>,
    /// One unit an element of a vector observation; empty text where it has none.
    pub observation_units: Vec<String>,
    /// Steps a second at which people should watch it.
    pub fps: Option<f64>,
    /// Smallest and largest reward, where known.
    pub reward_range: Option<(f64, f64)>,
    /// Number of environments side by side.
    pub num_envs: u32,
    /// Agents of a multi-agent environment; empty otherwise.
    pub agents: Vec<String>,
}

/// Actions that are seen as one, for example all that go left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActionGroup {
    /// For example `left`.
    pub name: String,
    /// Action ids.
    pub actions: Vec<i64>,
}

/// Version control state of the training script.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CodeState {
    /// Full commit hash.
    pub commit: String,
    /// Branch name.
    pub branch: String,
    /// There were changes that no commit holds.
    pub dirty: bool,
    /// `git diff`, cut at 256 KiB.
    pub diff: String,
}

/// How the run stands. Replaced atomically, at least every 10 seconds while it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunStatus {
    /// As the writer said it last.
    pub state: RunState,
    /// When the writer last said so, microseconds since 1970.
    pub heartbeat_us: i64,
    /// When it ended, if it did.
    pub ended_us: Option<i64>,
    /// Process id of the writer.
    pub pid: u32,
    /// Times it was continued by a new process.
    pub resumed: u32,
    /// Largest global step logged.
    pub global_step: Option<i64>,
    /// Episodes that began, ended or not.
    pub episodes: u64,
    /// Episodes whose steps were recorded, ended or not.
    pub recorded: u64,
    /// Episodes that have a film; `None` of a run whose writer did not count them yet.
    pub filmed: Option<u64>,
    /// Checkpoints; `None` likewise.
    pub checkpoints: Option<u64>,
    /// Values dropped because the queue was full or the disk failed.
    pub dropped: u64,
    /// The first error of the disk, told once.
    pub fault: Option<String>,
    /// Last value of each scalar, for tables; at most 200.
    pub summary: BTreeMap<String, f64>,
}

impl Default for RunStatus {
    fn default() -> Self {
        Self {
            state: RunState::Running,
            heartbeat_us: 0,
            ended_us: None,
            pid: 0,
            resumed: 0,
            global_step: None,
            episodes: 0,
            recorded: 0,
            filmed: None,
            checkpoints: None,
            dropped: 0,
            fault: None,
            summary: BTreeMap::new(),
        }
    }
}

impl RunStatus {
    /// What the writer says of how much there is, beside parts that were found to be lost.
    pub fn counts(&self, lost: usize) -> RunCounts {
        let Self { episodes, recorded, filmed, checkpoints, .. } = *self;
        RunCounts { episodes, recorded, filmed, checkpoints, lost }
    }

    /// A writer that has not been heard of for this long is taken for crashed.
    pub const HEARTBEAT_LIMIT_US: i64 = 60_000_000;

    /// The state to show at `now_us`: a running run whose heartbeat is too old has crashed.
    pub fn state_at(&self, now_us: i64) -> RunState {
        if self.state == RunState::Running && now_us.saturating_sub(self.heartbeat_us) > Self::HEARTBEAT_LIMIT_US {
            RunState::Crashed
        } else {
            self.state
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_of_any_time_is_compared() {
        let status = |heartbeat_us| RunStatus { state: RunState::Running, heartbeat_us, ..RunStatus::default() };
        assert_eq!(status(i64::MIN).state_at(i64::MAX), RunState::Crashed);
        assert_eq!(status(i64::MAX).state_at(i64::MIN), RunState::Running);
    }
}

/// Whether a run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// A process is logging.
    Running,
    /// Closed in order.
    Finished,
    /// The process ended without closing.
    Crashed,
}
