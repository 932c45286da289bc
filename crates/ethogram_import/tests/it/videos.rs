//! Films beside the logs of CleanRL.

use ethogram_import::ForeignOpener;
use ethogram_store::{Opener as _, RunSource};

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
    let opener = ForeignOpener::default();
    let paths = opener.find(root.path()).expect("runs");
    assert_eq!(paths.len(), 1, "{paths:?}");
    let run = opener.open_folder(&paths[0]).expect("opened").expect("a run");
    assert_eq!((run.format(), run.info().group.as_deref()), ("tfevents+videos", Some("CartPole-v1__ppo")));
    let rows = run.episodes(0..100).expect("episodes");
    assert_eq!(rows.iter().map(|row| row.episode).collect::<Vec<_>>(), [0, 8]);
    assert!(rows.iter().all(|row| row.episode_return.is_nan()), "the return of an episode is not known");
    let hash = rows[1].extra["video_blob"].as_str().expect("a hash");
    assert_eq!(&*run.blob(hash).expect("a film"), b"second");
    assert!(run.blob("00000000000000000000000000000000").is_err_and(|error| error.is_not_found()));
}
