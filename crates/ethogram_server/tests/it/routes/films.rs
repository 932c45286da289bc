//! Films that somebody else made of episodes.

use ethogram_server::ServeOptions;
use ethogram_store::{EpisodeRow, RunState, attach_film};

use super::video::unchunked;
use crate::{
    http::Served,
    runs::{RUN, STEPS, episode, finished, info, start},
};

const FILMED: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAX";

/// A server with a run whose episodes have: a film, none, a file that is no film, and a film that is not there.
async fn filmed() -> (tempfile::TempDir, Served, Vec<u8>) {
    let root = tempfile::tempdir().expect("a folder");
    finished(root.path());
    let served = Served::start(&[root.path().to_owned()], ServeOptions::default()).await;
    let made = served.get(&format!("/api/runs/{RUN}/episodes/0/video?fps=12.5&scale=2&bars=none")).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let film = unchunked(&made.body);
    served.stop().await;

    let run = start(root.path(), info(FILMED, "filmed"));
    let with = |index: u64, bytes: Option<&[u8]>| {
        let mut row = EpisodeRow { env_index: 0, ..episode(index) };
        let hash = bytes.map_or_else(|| "0".repeat(32), |bytes| run.blob(bytes.to_vec()).expect("written"));
        let size = bytes.map_or(9, <[u8]>::len) as u64;
        attach_film(&mut row.extra, "rl-video-episode-0.mp4\"\r\nX-Evil: 1", &hash, size, 5);
        run.episode(row).expect("logged");
    };
    with(0, Some(&film));
    run.episode(episode(1)).expect("logged");
    with(2, Some(b"<script>alert(1)</script>"));
    with(3, None);
    run.close(RunState::Finished).expect("closed");
    let served = Served::start(&[root.path().to_owned()], ServeOptions::default()).await;
    (root, served, film)
}

/// B-15: a film says how many frames it has, how fast, from which step on; its file comes whole or in the parts that a player asks for.
#[tokio::test]
async fn row_b15_a_film_is_described_and_sent_in_parts() {
    let (_root, served, film) = filmed().await;
    let path = format!("/api/runs/{FILMED}/episodes/0/film");
    let told = served.json(&path).await;
    assert_eq!(told["frames"], STEPS + 1);
    assert_eq!((&told["fps"], &told["first_step"], &told["codec"]), (&12.5.into(), &5.into(), &"avc1".into()));
    assert_eq!(told["bytes"], film.len());

    let path = format!("{path}.mp4");
    let whole = served.get(&path).await;
    assert_eq!((whole.status, whole.header("content-type")), (200, "video/mp4"));
    assert_eq!((whole.header("accept-ranges"), whole.header("x-content-type-options")), ("bytes", "nosniff"));
    assert_eq!(whole.header("content-disposition"), "inline; filename=\"rl-video-episode-0.mp4___X-Evil__1\"");
    assert!(whole.body == film, "the file as it is");
    let tag = whole.header("etag").to_owned();

    let part = served.ask("GET", &path, &[("Range", "bytes=4-11")], b"").await;
    assert_eq!((part.status, part.body.as_slice()), (206, b"ftypisom".as_slice()));
    assert_eq!(part.header("content-range"), format!("bytes 4-11/{}", film.len()));
    let other = served.ask("GET", &path, &[("Range", "bytes=4-11"), ("If-Range", "\"x\"")], b"").await;
    assert_eq!((other.status, other.body.len()), (200, film.len()), "another file than the player began with");
    let same = served.ask("GET", &path, &[("Range", "bytes=4-11"), ("If-Range", &tag)], b"").await;
    assert_eq!(same.status, 206);
    let beyond = served.ask("GET", &path, &[("Range", "bytes=999999999-")], b"").await;
    assert_eq!((beyond.status, beyond.header("content-range")), (416, format!("bytes */{}", film.len()).as_str()));
    let known = served.ask("GET", &path, &[("If-None-Match", &tag)], b"").await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    served.stop().await;
}

/// B-15: what is no film is never sent as one.
#[tokio::test]
async fn row_b15_what_is_no_film_is_an_error() {
    let (_root, served, _) = filmed().await;
    for (index, status, code) in
        [(1, 404, "not_found"), (2, 422, "bad_film"), (3, 404, "not_found"), (99, 404, "not_found")]
    {
        for path in ["film", "film.mp4"] {
            let answer = served.get(&format!("/api/runs/{FILMED}/episodes/{index}/{path}")).await;
            assert_eq!((answer.status, answer.error_code().as_str()), (status, code), "{index} {path}");
        }
    }
    served.stop().await;
}
