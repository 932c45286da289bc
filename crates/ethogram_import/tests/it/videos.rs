//! Films beside the logs of CleanRL.

use std::path::Path;
use std::sync::Arc;

use ethogram_import::{ForeignOpener, ForeignRun, convert};
use ethogram_store::{Opener as _, RunReader, RunSource, check};

use crate::events::Events;

#[test]
fn row_b15_films_of_cleanrl_belong_to_their_episodes() {
    let root = tempfile::tempdir().expect("a folder");
    let name = "CartPole-v1__ppo__1__1700000000";
    Events::new()
        .scalar("charts/episodic_return", 100, 20.0)
        .write(&root.path().join(format!("runs/{name}/events.out.tfevents.1.host")));
    let films = root.path().join("videos").join(name);
    std::fs::create_dir_all(&films).expect("a folder");
    for (episode, bytes) in [(0, "first"), (8, "second")] {
        std::fs::write(films.join(format!("rl-video-episode-{episode}.mp4")), bytes).expect("written");
    }
    let run = only_run(root.path());
    assert_eq!((run.format(), run.info().group.as_deref()), ("tfevents+videos", Some("CartPole-v1__ppo")));
    let rows = run.episodes(0..100).expect("episodes");
    assert_eq!(rows.iter().map(|row| row.episode).collect::<Vec<_>>(), [0, 8]);
    assert!(rows.iter().all(|row| row.episode_return.is_nan()), "the return of an episode is not known");
    let hash = rows[1].extra["video_blob"].as_str().expect("a hash");
    assert_eq!(&*run.blob(hash).expect("a film"), b"second");
    assert!(run.blob("00000000000000000000000000000000").is_err_and(|error| error.is_not_found()));
}

/// The one run below a folder.
fn only_run(root: &Path) -> Arc<ForeignRun> {
    let opener = ForeignOpener::default();
    let paths = opener.find(root).expect("runs");
    assert_eq!(paths.len(), 1, "{paths:?}");
    opener.open_folder(&paths[0]).expect("opened").expect("a run")
}

/// B-15: `ethogram import` takes films along: they lie in the run under the hash of their bytes, and a check finds nothing wrong.
#[test]
fn row_b15_films_come_along_into_a_run_of_ours() {
    let (root, to) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let folder = root.path().join("CartPole-v1__dqn__1__1700000000");
    Events::new().scalar("losses/td_loss", 1, 0.5).write(&folder.join("events.out.tfevents.1.host"));
    std::fs::write(folder.join("rl-video-episode-3.mp4"), "a film").expect("written");
    let done = convert(&only_run(root.path()), to.path(), &|_, _| {}).expect("converted");
    assert!(done.skipped.is_empty(), "{:?}", done.skipped);
    let made = RunReader::open(&done.path).expect("a run");
    let row = made.episodes(0..10).expect("episodes").remove(0);
    assert_eq!((row.episode, row.extra["video"].as_str()), (3, Some("rl-video-episode-3.mp4")));
    assert_eq!((row.extra["video_bytes"].as_u64(), row.extra["video_first_step"].as_u64()), (Some(6), Some(0)));
    let hash = row.extra["video_blob"].as_str().expect("a hash");
    assert_eq!(hash, ethogram_store::blob_hash(b"a film"));
    assert_eq!(&*made.blob(hash).expect("a film"), b"a film");
    assert!(check(&done.path, false).expect("checked").is_sound());
}

/// B-15: films that begin at a step of the environment belong to the episode that it was in, as the monitor counted them.
#[test]
fn row_b15_films_by_step_are_placed_by_the_lengths_of_episodes() {
    let root = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(root.path().join(name), text).expect("written");
    write(
        "monitor.csv",
        "#{\"t_start\": 1700000000.0, \"env_id\": \"CartPole-v1\"}\nr,l,t\n9.0,9,0.5\n20.0,20,1.0\n5.0,5,2.0\n",
    );
    for step in [0, 12, 29, 34] {
        write(&format!("rl-video-step-{step}.mp4"), "a film");
    }
    let run = only_run(root.path());
    let rows = run.episodes(0..10).expect("episodes");
    let films: Vec<(&str, u64)> = rows
        .iter()
        .map(|row| {
            (row.extra["video"].as_str().expect("a name"), row.extra["video_first_step"].as_u64().expect("a step"))
        })
        .collect();
    assert_eq!(films, [("rl-video-step-0.mp4", 0), ("rl-video-step-12.mp4", 3), ("rl-video-step-29.mp4", 0)]);
    assert_eq!(rows.iter().map(|row| row.length).collect::<Vec<_>>(), [9, 20, 5], "what was counted stays");
    let lost = run.lost();
    assert!(lost.len() == 1 && lost[0].file == "rl-video-step-34.mp4", "{lost:?}");
}

/// B-15: without anybody who counted, each film by step is an episode that began there.
#[test]
fn row_b15_films_by_step_stand_alone_where_nobody_counted() {
    let root = tempfile::tempdir().expect("a folder");
    Events::new().scalar("losses/td_loss", 1, 0.5).write(&root.path().join("run/events.out.tfevents.1.host"));
    for step in [500, 2000] {
        std::fs::write(root.path().join(format!("run/rl-video-step-{step}.mp4")), "a film").expect("written");
    }
    let rows = only_run(root.path()).episodes(0..10).expect("episodes");
    assert_eq!(rows.iter().map(|row| (row.episode, row.global_step)).collect::<Vec<_>>(), [(0, 500), (1, 2000)]);
}
