//! Datasets of Minari.

use ethogram_store::{EpisodeEnd, RunSource};

use crate::{data, open, reference};

#[test]
fn episodes_of_a_dataset_are_recorded_episodes() {
    let name = "minari-cartpole-arrow";
    let (run, reference) = (open(&data(name)), reference(name));
    assert_eq!((run.format(), run.lost()), ("minari", vec![]));
    let rows = run.episodes(0..u64::MAX).expect("episodes");
    let returns: Vec<f64> = rows.iter().map(|row| row.episode_return).collect();
    assert_eq!(serde_json::json!(returns), reference["returns"]);
    assert_eq!(rows.iter().map(|row| row.length).sum::<u64>(), reference["total_steps"]);
    assert_eq!((rows[0].end, rows[1].end, rows[1].seed), (EpisodeEnd::Truncated, EpisodeEnd::Terminated, Some(101)));
    let info = run.info();
    let env = info.env.expect("an environment");
    assert_eq!(env.id, "CartPole-v1");
    assert_eq!(env.observation_space.expect("a space").leaves("observation").expect("leaves")[0].shape, [4]);
    for row in rows {
        let names: Vec<_> = run.step_fields(row.episode).expect("fields").into_iter().map(|field| field.name).collect();
        assert_eq!(names, ["action", "observation", "reward", "terminated", "truncated"]);
        assert_eq!(run.step_count(row.episode).expect("steps"), row.length + 1, "the final observation is a row");
        let column = |field: &str| run.steps(row.episode, field, 0..u64::MAX).expect("rows");
        let rewards = column("reward");
        let valid = rewards.valid.clone().expect("the final observation has no reward");
        assert_eq!(valid.iter().filter(|valid| **valid).count() as u64, row.length);
        let sum: f64 = rewards.to_f64().iter().take(row.length as usize).sum();
        assert!((sum - row.episode_return).abs() < 1e-9);
        let observation = column("observation");
        assert_eq!((observation.info.shape.clone(), observation.valid.clone()), (vec![4], None));
    }
    // As Arrow's own reader gives them.
    let first = run.steps(0, "observation", 499..501).expect("rows").to_f64();
    let expected =
        [0.264_983_206_987_381, -0.187_777_996_063_232_42, -0.007_949_588_820_338_25, 0.297_992_259_263_992_3];
    assert_eq!(first[..4], expected);
    assert_eq!(run.steps(0, "action", 499..500).expect("rows").to_f64(), [1.0]);
}

#[test]
fn a_damaged_episode_costs_only_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        std::fs::create_dir_all(to).expect("a folder");
        for entry in std::fs::read_dir(from).expect("listed").flatten().filter(|entry| entry.path().is_file()) {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
        }
    };
    let from = data("minari-cartpole-arrow").join("data");
    copy(&from, &folder.path().join("data"));
    for episode in 0..6 {
        copy(&from.join(episode.to_string()), &folder.path().join(format!("data/{episode}")));
    }
    let path = folder.path().join("data/1/part-0.arrow");
    let sound = std::fs::read(&path).expect("read");
    for at in (0..sound.len()).step_by(97) {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x55;
        std::fs::write(&path, &bytes[..if at % 2 == 0 { bytes.len() } else { at }]).expect("written");
        let run = open(folder.path());
        // Arrow has no checksums: what is read may be wrong, but nothing panics, and the others are whole.
        let _ = run.steps(1, "observation", 0..u64::MAX);
        assert_eq!(run.steps(3, "reward", 0..u64::MAX).expect("rows").rows(), 50, "byte {at}");
    }
}
