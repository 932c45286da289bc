//! What Stable-Baselines3 leaves behind.

use ethogram_store::{Axis, RunSource};

use crate::{data, open, points};

/// Numbers of a column as Python would print them.
fn column(name: &str, file: &str, column: &str) -> Vec<Option<f64>> {
    let text = std::fs::read_to_string(data(name).join(file)).expect("a table");
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let at = lines.next().expect("a head").split(',').position(|name| name == column).expect("a column");
    lines.map(|line| line.split(',').nth(at).and_then(|cell| cell.parse().ok())).collect()
}

#[test]
fn row_b15_progress_csv_is_read_where_cells_are_not_empty() {
    let name = "sb3-dqn-cartpole-seed1";
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(data(name).join("progress.csv"), folder.path().join("progress.csv")).expect("copied");
    let run = open(folder.path());
    assert_eq!(run.format(), "sb3");
    let (steps, losses) =
        (column(name, "progress.csv", "time/total_timesteps"), column(name, "progress.csv", "train/loss"));
    assert!(losses.iter().any(Option::is_none), "the log has empty cells");
    let expected: Vec<_> =
        steps.iter().zip(&losses).filter_map(|(step, loss)| Some((step.unwrap_or(-1.0) as i64, (*loss)?))).collect();
    let found = points(&run, "train/loss");
    assert_eq!(found.step.into_iter().zip(found.value).collect::<Vec<_>>(), expected);
    assert!(found.time_us.is_sorted());
    assert_eq!(run.lost(), []);
}

#[test]
fn progress_json_holds_the_same() {
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    for (folder, file) in folders.iter().zip(["progress.csv", "progress.json"]) {
        std::fs::copy(data("sb3-ppo-cartpole-seed1").join(file), folder.path().join(file)).expect("copied");
    }
    let [csv, json] = folders.each_ref().map(|folder| open(folder.path()));
    let tags = |run: &ethogram_import::ForeignRun| {
        run.scalar_tags().into_iter().map(|tag| (tag.tag, tag.count)).collect::<Vec<_>>()
    };
    assert_eq!(tags(&csv), tags(&json));
    for (tag, _) in tags(&csv) {
        // What came in single precision stands in the table in fewer digits.
        let single = |run: &ethogram_import::ForeignRun| {
            points(run, &tag).value.into_iter().map(|value| value as f32).collect::<Vec<_>>()
        };
        assert_eq!(single(&csv), single(&json), "{tag}");
    }
}

#[test]
fn event_files_and_tables_of_one_folder_are_one_run() {
    let name = "sb3-ppo-cartpole-seed1";
    let run = open(&data(name));
    assert_eq!(run.format(), "tfevents+sb3");
    // In single precision, as the event file has it; what only the table holds is there, too.
    let losses: Vec<f64> =
        column(name, "progress.csv", "train/loss").into_iter().flatten().map(|x| f64::from(x as f32)).collect();
    assert_eq!(points(&run, "train/loss").value, losses);
    assert!(points(&run, "train/n_updates").step.len() > 5);
    assert_eq!(run.lost(), []);
}

#[test]
fn row_b15_monitor_files_are_episodes() {
    let name = "sb3-dqn-cartpole-seed1";
    let run = open(&data(name));
    let rows = run.episodes(0..u64::MAX).expect("episodes");
    let returns: Vec<f64> = column(name, "0.monitor.csv", "r").into_iter().flatten().collect();
    let lengths: Vec<f64> = column(name, "0.monitor.csv", "l").into_iter().flatten().collect();
    assert_eq!(rows.iter().map(|row| row.episode_return).collect::<Vec<_>>(), returns);
    assert_eq!(rows.iter().map(|row| row.length as f64).collect::<Vec<_>>(), lengths);
    assert_eq!(rows[0].started_us, 1_795_228_710_651_140);
    assert_eq!(rows[0].ended_us, Some(1_795_228_710_651_140 + 2_531_940));
    assert_eq!(rows[2].global_step, (lengths[0] + lengths[1]) as i64);
    assert_eq!(run.info().env.expect("an environment").id, "CartPole-v1");
    assert_eq!(run.counts().expect("counts").episodes, rows.len() as u64);
}

#[test]
fn environments_side_by_side_are_told_apart() {
    let run = open(&data("sb3-zoo-ppo-lunarlander-v2"));
    let rows = run.episodes(0..u64::MAX).expect("episodes");
    assert_eq!(run.info().env.expect("an environment").num_envs, 4);
    let of_env = |env: u32| rows.iter().filter(|row| row.env_index == env).count();
    for env in 0..4 {
        let told =
            column("sb3-zoo-ppo-lunarlander-v2", &format!("{env}.monitor.csv"), "r").into_iter().flatten().count();
        assert_eq!(of_env(env), told, "environment {env}");
    }
    assert!(rows.is_sorted_by_key(|row| row.ended_us));
}

#[test]
fn evaluations_are_means_over_their_episodes() {
    let run = open(&data("sb3-zoo-dqn-cartpole-v1"));
    let found = points(&run, "eval/mean_reward");
    assert_eq!(found.step.len(), 5);
    assert!(found.value.iter().all(|value| (0.0..=500.0).contains(value)), "{:?}", found.value);
    assert_eq!(points(&run, "eval/mean_ep_length").value, found.value, "a step of CartPole is worth 1");
}

#[test]
fn a_table_that_gets_a_column_is_read_anew_and_one_that_grows_is_read_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("progress.csv");
    std::fs::write(&path, "time/total_timesteps,a\n1,10\n").expect("written");
    let run = open(folder.path());
    assert_eq!(points(&run, "a").value, [10.0]);
    std::fs::write(&path, "time/total_timesteps,a\n1,10\n2,20\n3,").expect("written");
    run.refresh().expect("refreshed");
    assert_eq!(points(&run, "a").value, [10.0, 20.0]);
    std::fs::write(&path, "time/total_timesteps,a,b\n1,10,\n2,20,\n3,nan,5\nbroken\n").expect("written");
    run.refresh().expect("refreshed");
    assert_eq!((points(&run, "b").step, points(&run, "a").value.len()), (vec![3], 3));
    assert!(points(&run, "a").value[2].is_nan());
    assert_eq!(run.lost().len(), 1);
    let buckets = run.scalar_buckets(Axis::GlobalStep, "a", 0..10, 1).expect("buckets");
    assert_eq!((buckets.count, buckets.finite), (vec![3], vec![2]));
}

#[test]
fn a_monitor_that_begins_anew_and_one_that_is_damaged() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("monitor.csv");
    std::fs::write(&path, "#{\"t_start\": 1000.0, \"env_id\": \"X-v0\"}\nr,l,t,is_success\n1.5,3,2.0,True\nx,y\n")
        .expect("written");
    let run = open(folder.path());
    let rows = run.episodes(0..9).expect("episodes");
    assert_eq!((rows.len(), &rows[0].extra["is_success"]), (1, &serde_json::Value::Bool(true)));
    assert_eq!(run.lost().len(), 1);
    std::fs::write(&path, "#{\"t_start\": 2000.0, \"env_id\": \"X-v0\"}\nr,l,t\n7,1,1.0\n8,1,2.0\n").expect("written");
    run.refresh().expect("refreshed");
    let rows = run.episodes(0..9).expect("episodes");
    assert_eq!(rows.iter().map(|row| row.episode_return).collect::<Vec<_>>(), [7.0, 8.0]);
}

#[test]
fn a_monitor_of_three_columns_is_read_as_any_other() {
    let rows: Vec<[String; 3]> = (0..500)
        .map(|at| [format!("{}.5", 7 - at), (at % 9).to_string(), format!("{:.6}", f64::from(at) * 0.3)])
        .collect();
    let plain = |row: &[String; 3]| row.join(",");
    let quoted = |row: &[String; 3]| format!("\"{}\",{},{}", row[0], row[1], row[2]);
    let turned = |row: &[String; 3]| format!("{},{},{}", row[2], row[0], row[1]);
    let read = |head: &str, line: &dyn Fn(&[String; 3]) -> String| {
        let folder = tempfile::tempdir().expect("a folder");
        let lines: Vec<String> = rows.iter().map(line).collect();
        let text =
            format!("#{{\"t_start\": 1000.0, \"env_id\": \"X-v0\"}}\n{head}\n{}\nx,1,2\n1,2\n", lines.join("\n"));
        std::fs::write(folder.path().join("monitor.csv"), text).expect("written");
        let run = open(folder.path());
        let lost: Vec<String> = run.lost().into_iter().map(|lost| lost.what).collect();
        assert_eq!(lost, ["a row (2 times)"], "{head}");
        run.episodes(0..u64::MAX).expect("episodes")
    };
    let expected = read("r,l,t", &quoted);
    assert_eq!(expected.len(), 500);
    assert_eq!((expected[3].episode_return, expected[3].length, expected[3].ended_us), (4.5, 3, Some(1_000_900_000)));
    assert_eq!(read("r,l,t", &plain), expected);
    assert_eq!(read("t,r,l", &turned), expected);
}
